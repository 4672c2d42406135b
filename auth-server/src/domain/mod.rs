//! What the authentication server knows and decides. No HTTP, no SQL.
//!
//! [`store`] says what is asked of a database, [`directory`] holds all registrations in memory, [`registrar`] changes both,
//! [`certifier`] issues and revokes certificates, [`tokens`] issues and checks tokens.

pub mod certifier;
pub mod client;
pub mod directory;
pub mod password;
pub mod registrar;
pub mod secrets;
pub mod store;
pub mod throttle;
pub mod tokens;
