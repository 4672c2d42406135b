//! What the authentication server knows and decides. No HTTP, no SQL.
//!
//! [`store`] says what is asked of a database, [`directory`] holds all registrations in memory, [`registrar`] changes both,
//! [`certifier`] issues and revokes certificates, [`tokens`] issues and checks tokens, [`sign_in`] is how people come to them in a browser.

pub mod certifier;
pub mod client;
pub mod directory;
pub mod password;
pub mod registrar;
pub mod secrets;
pub mod sign_in;
pub mod store;
pub mod throttle;
pub mod tokens;
