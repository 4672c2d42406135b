//! The place of a record.

/// Place of a record in the ledger, counted from 0 without gaps.
pub type Index = i64;
