//! Typed client of the authentication server.
//!
//! Every service that accepts tokens or certificates of the data space depends on this crate and on nothing else of the
//! authentication server:
//!
//! * [`Callers`] decides who calls, by certificate, registration and token together: every endpoint asks it and nothing else.
//! * [`TokenVerifier`] checks an access token: shape, issuer, signature, times, then introspection through a cache.
//! * [`TokenExchange`] turns a user's token into one for somebody else (RFC 8693, RFC 8705).
//! * [`CodeFlow`] signs people in at the authentication server, for a server with screens.
//! * [`Registry`] looks up who a connector is registered for.
//! * [`Membership`] is how a service begins: its certificate, whom it trusts, and the [`Callers`].
//! * [`enrol`] gets the process's first certificate by a one-time code and renews it.
//! * [`api`] holds the bodies of the authentication server's own API, [`OperatorClient`] calls it.
//!
//! A process is known to the authentication server by its client certificate: its client id is the certificate's DNS name,
//! its method `tls_client_auth` (RFC 8705 §2.1). So nothing here holds a client secret, except [`OperatorClient`], which
//! works for a person.

pub mod api;
mod asked;
mod callers;
mod claims;
mod code_flow;
mod config;
pub mod enrol;
mod exchange;
mod id_token;
mod introspect;
mod jwks;
mod membership;
mod operator;
mod registry;
mod token_error;
mod verify;

pub use api::{ConnectorRegistration, ConnectorRole, State};
pub use asked::{ExchangedTokens, Registrations, SignsPeopleIn};
pub use callers::{Binding, Caller, CallerError, Callers, Facts, MeantFor, Party};
pub use claims::{Act, Audience, Cnf, Role, TokenClaims, TokenKind};
pub use code_flow::{
    CodeFlow, Person, PersonsDomain, PersonsParticipant, SignInAnswer, SignInError, SignInRequest,
    SignedInTokens,
};
pub use common::profile::Profile;
pub use config::{AuthConfig, IntrospectionMode};
pub use exchange::{ExchangedToken, TokenExchange};
pub use membership::{JoinError, Membership};
pub use operator::{OperatorClient, OperatorError};
pub use registry::{Registry, RegistryError};
pub use token_error::TokenError;
pub use verify::{TokenVerifier, VerifiedToken};

// For what is fuzzed.
#[doc(hidden)]
pub use self::verify::Shape;
