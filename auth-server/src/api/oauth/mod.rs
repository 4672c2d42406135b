//! OAuth 2.0: tokens (RFC 6749, RFC 8693, RFC 8705), introspection (RFC 7662), revocation (RFC 7009), discovery (RFC 8414).

mod asked;
pub mod discovery;
mod error;
mod form;
pub mod introspect;
pub mod revoke;
pub mod token;

pub use error::OAuthError;
pub use form::Form;
