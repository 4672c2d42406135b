//! Calls to the next hop: which URLs and addresses are allowed, connections, and the HTTP/1.1 client on top.

mod client;
mod coding;
mod dial;
mod follow;
mod framing;
mod resource_url;
mod rules;

pub use client::{Call, Client, ClientTls, PooledBody, path_and_query};
pub use coding::{CodingError, content_coding};
use common::tls::IdentityError;
pub use dial::{DialError, PublicTlsError, anchors, public_tls};
pub use follow::{FollowError, file_headers, follow};
pub use framing::{Ends, Framing, FramingError};
pub use resource_url::{MAX_URL_BYTES, Origin, ResourceUrl, UrlError, UrlPrefix, strip_slash};
pub use rules::PrefixSet;

/// Why the next hop gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection.
    #[error("no connection to {origin}")]
    Dial {
        /// Where to.
        origin: Origin,
        /// Why not.
        #[source]
        source: DialError,
    },
    /// The server's certificate names another connector than the one that was expected.
    #[error("the certificate of {origin} names {found:?} instead of {expected}")]
    Identity {
        /// Where to.
        origin: Origin,
        /// Whom the location record names.
        expected: String,
        /// Whom the certificate names, if anybody.
        found: Option<String>,
    },
    /// The server's certificate is good, and nobody may be spoken to on its word.
    #[error("nobody is known behind the certificate of {origin}")]
    Unidentified {
        /// Where to.
        origin: Origin,
        /// Why.
        #[source]
        source: IdentityError,
    },
    /// No headers within the time allowed.
    #[error("no answer of {0} in time")]
    TimedOut(Origin),
    /// The connection broke before the headers were in, or carried something else than HTTP.
    #[error("the exchange with {origin} broke")]
    Broken {
        /// Where to.
        origin: Origin,
        /// How.
        #[source]
        source: hyper::Error,
    },
    /// The answer has a body that cannot be taken for whole, whatever comes of it.
    #[error("the answer of {origin} cannot be taken for whole")]
    Framing {
        /// Where to.
        origin: Origin,
        /// Why not.
        #[source]
        source: FramingError,
    },
    /// The body broke, stalled or had another length than announced.
    #[error("the body broke off")]
    Body(#[source] BodyError),
}

impl UpstreamError {
    /// Whether it took too long, rather than failed.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::TimedOut(_)
            | Self::Dial {
                source: DialError::TimedOut,
                ..
            } => true,
            Self::Body(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// Whether an answer came whose end says nothing.
    pub fn is_framing(&self) -> bool {
        matches!(self, Self::Framing { .. })
    }
}

/// Why a body did not arrive whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    /// Nothing came for the longest pause allowed.
    #[error("nothing came for too long")]
    Idle,
    /// The whole exchange took too long.
    #[error("the exchange took too long")]
    TooLong,
    /// Somebody without whom it does not go on was suspended.
    #[error("somebody whom the transfer depends on was suspended")]
    Suspended,
    /// The body's length is not the announced one.
    #[error("{announced} bytes were announced, {arrived} arrived")]
    Length {
        /// What the header said.
        announced: u64,
        /// What came.
        arrived: u64,
    },
}

impl BodyError {
    /// Whether it took too long, rather than failed.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Idle | Self::TooLong)
    }
}
