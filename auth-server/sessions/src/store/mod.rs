//! The database behind [`SessionStore`](crate::domain::store::SessionStore).

#[cfg(test)]
mod conformance;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use self::sql::SqlSessions;
