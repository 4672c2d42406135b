//! Which format the file has.

/// Version of the tables, in `user_version`.
pub(super) const FORMAT: i64 = 2;
