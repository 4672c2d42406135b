//! Whom a request comes from.

use auth_client::{Binding, MeantFor, Role};
use common::{
    http::{
        Refused,
        authorization::{AuthorizationError, bearer},
        refusals,
    },
    listener::{ConnectionInfo, Peer},
};
use http::HeaderMap;

use super::{AppState, error};
use crate::domain::{Author, LocationCaller, Person};

/// The caller by its certificate alone; a token that comes along is not looked at.
pub(super) async fn registered(
    app: &AppState,
    connection: &ConnectionInfo,
) -> Result<(Peer, LocationCaller), Refused> {
    caller(app, connection, None).await
}

/// The caller by certificate and, where one was sent, token. A token that is sent has to be for managing this server.
pub(super) async fn identified(
    app: &AppState,
    connection: &ConnectionInfo,
    headers: &HeaderMap,
) -> Result<(Peer, LocationCaller), Refused> {
    let token = match bearer(headers) {
        Ok(token) => Some(token),
        Err(AuthorizationError::Missing) => None,
        Err(AuthorizationError::Scheme | AuthorizationError::Malformed) => {
            // Strangers learn nothing of how their requests look.
            registered(app, connection).await?;
            return Err((&refusals::TOKEN_REFUSED).into());
        }
    };
    caller(app, connection, token).await
}

async fn caller(
    app: &AppState,
    connection: &ConnectionInfo,
    token: Option<&str>,
) -> Result<(Peer, LocationCaller), Refused> {
    let peer = Peer::of(connection).ok_or(&refusals::NO_IDENTITY)?;
    let found = app
        .callers
        .identify(
            Binding::Certificate(&peer),
            token,
            MeantFor::Managing(&app.own),
        )
        .await
        .map_err(error::caller)?;
    let person = found.claims().map(|claims| Person {
        user: claims.user.clone(),
        is_operator: claims.has_role(Role::Operator),
    });
    let holder = found.party.ok_or(&refusals::NOT_REGISTERED)?;
    let caller = LocationCaller {
        holder: holder.into(),
        certificate_id: peer.id.clone(),
        person,
    };
    Ok((peer, caller))
}

/// The caller as the history names it.
pub(super) fn author(peer: &Peer, caller: &LocationCaller) -> Author {
    Author {
        user: caller.person.as_ref().map(|person| person.user.clone()),
        certificate_id: peer.id.clone(),
        certificate_sha256: peer.certificate.sha256_hex(),
        request_id: common::http::context::request_id().to_string(),
    }
}
