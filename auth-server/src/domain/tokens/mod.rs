//! Tokens: made, refreshed, exchanged, checked.

mod issuer;
pub mod keys;
mod login;

pub use issuer::{ExchangeError, Issued, TokenIssuer, families_since};
pub use login::{LoginError, Logins, TokenPair};
