//! Tokens: made, refreshed, exchanged, checked.

mod id_token;
mod issuer;
pub mod keys;
mod login;

pub use id_token::IdTokenHint;
pub use issuer::{ExchangeError, Issued, TokenIssuer, families_since};
pub(in crate::domain) use login::span;
pub use login::{LoginError, Logins, TokenPair};
