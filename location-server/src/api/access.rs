//! Whom a request comes from.

use common::http::authorization::{AuthorizationError, bearer};
use common::listener::{ConnectionInfo, Peer};
use http::HeaderMap;

use super::AppState;
use super::error::Failure;
use crate::domain::{Author, Caller};

/// The caller by its certificate alone; a token that comes along is not looked at.
pub(super) async fn registered(
    app: &AppState,
    connection: &ConnectionInfo,
) -> Result<(Peer, Caller), Failure> {
    let peer = Peer::of(connection).ok_or_else(Failure::no_identity)?;
    let holder = app
        .authority
        .holder(&peer.id)
        .await?
        .ok_or_else(Failure::not_registered)?;
    let caller = Caller {
        holder,
        certificate_id: peer.id.clone(),
        person: None,
    };
    Ok((peer, caller))
}

/// The caller by certificate and, where one was sent, token. A token that is sent has to be good.
pub(super) async fn identified(
    app: &AppState,
    connection: &ConnectionInfo,
    headers: &HeaderMap,
) -> Result<(Peer, Caller), Failure> {
    let (peer, caller) = registered(app, connection).await?;
    let person = match bearer(headers) {
        Ok(token) => Some(
            app.authority
                .person(token, &peer.certificate.thumbprint())
                .await?,
        ),
        Err(AuthorizationError::Missing) => None,
        Err(AuthorizationError::Scheme | AuthorizationError::Malformed) => {
            return Err(Failure::bad_token());
        }
    };
    Ok((peer, Caller { person, ..caller }))
}

/// The caller as the history names it.
pub(super) fn author(peer: &Peer, caller: &Caller) -> Author {
    Author {
        user: caller.person.as_ref().map(|person| person.user.clone()),
        certificate_id: peer.id.clone(),
        certificate_sha256: peer.certificate.sha256_hex(),
        request_id: common::http::context::request_id().to_string(),
    }
}
