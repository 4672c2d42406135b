//! Who calls, as far as connection and headers say.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        authorization::{self, AuthorizationError},
        context,
        problem::Problem,
    },
    listener::{ConnectionInfo, ListenerKind, Peer, network},
    tls::PeerCertificate,
};
use http::{HeaderMap, request::Parts};
use secrecy::ExposeSecret as _;

use super::state::AppState;
use crate::domain::{client::Client, secrets};

/// Connection and headers of a request whose client has yet to be authenticated.
#[derive(Debug, Clone)]
pub struct UnverifiedRequest {
    /// The connection.
    pub connection: ConnectionInfo,
    /// The headers.
    pub headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for UnverifiedRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let connection = parts.extensions.get::<ConnectionInfo>().cloned();
        let connection =
            connection.ok_or_else(|| Problem::internal("a listener gave no connection along"))?;
        Ok(Self {
            connection,
            headers: parts.headers.clone(),
        })
    }
}

impl UnverifiedRequest {
    /// Who calls, and what is still to be read.
    ///
    /// # Errors
    /// The answer, where no listener gave the request.
    pub async fn split(request: Request) -> Result<(Self, Body), Response> {
        let (mut parts, body) = request.into_parts();
        let caller = Self::from_request_parts(&mut parts, &()).await;
        let caller = caller.map_err(IntoResponse::into_response)?;
        Ok((caller, body))
    }
}

/// A client that proved who it is.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The client.
    pub client: Arc<Client>,
    /// The certificate it came with.
    pub certificate: Option<Arc<PeerCertificate>>,
}

impl Authenticated {
    /// Checks the parameter `client_id`, where the request has one, once the body was read.
    ///
    /// # Errors
    /// [`ClientError::Mismatch`].
    pub fn check_id(&self, client_id: Option<&str>) -> Result<(), ClientError> {
        if client_id.is_none_or(|id| id.eq_ignore_ascii_case(&self.client.id)) {
            return Ok(());
        }
        let reason = ClientError::Mismatch;
        metrics::counter!("auth_clients_refused_total").increment(1);
        tracing::info!(request.id = %context::request_id(), %reason, client.id = self.client.id, "client authentication failed");
        Err(reason)
    }
}

/// Why a client is not authenticated. The reason is for the log: the answer is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nothing was presented.
    #[error("no credentials were presented")]
    Missing,
    /// The header is unreadable.
    #[error("the Authorization header is unreadable")]
    Malformed,
    /// There is no such client that may act, or it has no way in here.
    #[error("the client is unknown, suspended, or has no way in at this address")]
    Unknown,
    /// The secret is wrong.
    #[error("the secret is wrong")]
    Secret,
    /// Certificate, credentials and `client_id` do not name one client.
    #[error("certificate, credentials and client_id name different clients")]
    Mismatch,
    /// Too many were refused that came from the same network. Whose credentials are right is never told this.
    #[error("too many clients of this network were refused; the next may try in {0:?}")]
    Throttled(std::time::Duration),
}

impl UnverifiedRequest {
    /// Who calls: to be asked before a body is read.
    ///
    /// At `peer` the certificate is the credential (`tls_client_auth`, RFC 8705 §2.1); a secret sent along must be right and
    /// of the same client. At `public` it takes the secret (`client_secret_basic`, RFC 6749 §2.3.1), so a client that has
    /// only a certificate has no way in there.
    pub fn authenticate(&self, state: &AppState) -> Result<Authenticated, ClientError> {
        let outcome = match state.listener {
            ListenerKind::Peer => self.by_certificate(state),
            ListenerKind::Public => self.by_secret(state),
        };
        if let Err(reason) = &outcome {
            metrics::counter!("auth_clients_refused_total").increment(1);
            let network = network(self.connection.remote.ip());
            if let Some(wait) = state.refused_clients.add(network) {
                return Err(ClientError::Throttled(wait));
            }
            tracing::info!(request.id = %context::request_id(), %reason, remote = %self.connection.remote.ip(), "client authentication failed");
        }
        outcome
    }

    fn by_certificate(&self, state: &AppState) -> Result<Authenticated, ClientError> {
        let peer = Peer::of(&self.connection).ok_or(ClientError::Missing)?;
        let client = state
            .directory
            .active_client(peer.id.as_str())
            .filter(|client| client.has_certificate())
            .ok_or(ClientError::Unknown)?;
        if let Some(basic) = self.basic()? {
            if !basic.id.eq_ignore_ascii_case(&client.id) {
                return Err(ClientError::Mismatch);
            }
            check_secret(&client, basic.secret.expose_secret())?;
        }
        Ok(Authenticated {
            client,
            certificate: Some(peer.certificate),
        })
    }

    fn by_secret(&self, state: &AppState) -> Result<Authenticated, ClientError> {
        let basic = self.basic()?.ok_or(ClientError::Missing)?;
        let given = basic.id;
        // Connector IDs are DNS names, which people type in any case.
        let client = state
            .directory
            .active_client(&given)
            .or_else(|| {
                state
                    .directory
                    .active_client(&given.to_ascii_lowercase())
                    .filter(|c| c.has_certificate())
            })
            .filter(|client| client.secret_on_public)
            .ok_or(ClientError::Unknown)?;
        check_secret(&client, basic.secret.expose_secret())?;
        Ok(Authenticated {
            client,
            certificate: None,
        })
    }

    fn basic(&self) -> Result<Option<authorization::Basic>, ClientError> {
        match authorization::basic(&self.headers) {
            Ok(basic) => Ok(Some(basic)),
            Err(AuthorizationError::Missing) => Ok(None),
            Err(AuthorizationError::Scheme | AuthorizationError::Malformed) => {
                Err(ClientError::Malformed)
            }
        }
    }
}

fn check_secret(client: &Client, secret: &str) -> Result<(), ClientError> {
    match &client.secret_hash {
        Some(kept) if secrets::matches(secret, kept) => Ok(()),
        _ => Err(ClientError::Secret),
    }
}

/// The id of the current request, for the audit trail.
pub fn request_id() -> Option<String> {
    let id = context::request_id();
    (!id.0.is_nil()).then(|| id.to_string())
}
