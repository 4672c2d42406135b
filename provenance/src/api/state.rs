//! What the handlers work with.

use std::sync::Arc;

use common::{
    clock::SharedClock,
    http::{cadde::LedgerError, refusals},
    ids::ConnectorId,
    listener::{ConnectionInfo, ListenerKind, Peer},
};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use provenance_model::batch::Registration;

use super::{
    error,
    limits::{Batches, Lineages},
    writes::Writes,
};
use crate::{
    config::{LedgerConfig, Unauthenticated},
    domain::{
        access::{Authority, AuthorityError, LedgerCaller},
        sequencer::Sequencer,
        store::LedgerReader,
    },
};

/// What the handlers of one listener work with.
#[derive(Clone)]
pub struct AppState {
    pub(super) ledger: Arc<Ledger>,
    pub(super) listener: ListenerKind,
}

/// The ledger behind both listeners.
pub struct Ledger {
    /// The writing side.
    pub sequencer: Sequencer,
    /// The reading side.
    pub reader: Arc<dyn LedgerReader>,
    /// The authentication server.
    pub authority: Arc<dyn Authority>,
    /// The time.
    pub clock: SharedClock,
    /// Rules and limits.
    pub config: LedgerConfig,
    /// `cdlorganization` of what is recorded.
    pub organization: String,
    /// The batch requests that are open.
    pub batches: Batches,
    /// What is registered one by one.
    pub writes: Writes,
    /// The lineages that are read and sent.
    pub lineages: Lineages,
}

impl AppState {
    /// Who makes the request `parts`: the holder of a token on `public`, the connector of the certificate on `peer`.
    pub(super) async fn identify(&self, parts: &Parts) -> Result<LedgerCaller, LedgerError> {
        let ledger = &self.ledger;
        let status = ledger.config.auth_status;
        match self.listener {
            ListenerKind::Public => {
                let Some(token) = token(&parts.headers) else {
                    return match ledger.config.unauthenticated {
                        Unauthenticated::Refuse => Err(error::token_missing(status)),
                        Unauthenticated::Loopback | Unauthenticated::Anywhere => {
                            Ok(LedgerCaller::nobody())
                        }
                    };
                };
                let member = ledger
                    .authority
                    .member(token)
                    .await
                    .map_err(|e| error::authority(&e, status))?;
                Ok(LedgerCaller::member(member))
            }
            ListenerKind::Peer => {
                let peer = parts.extensions.get::<ConnectionInfo>().and_then(Peer::of);
                let peer = peer.ok_or(&refusals::NO_IDENTITY)?;
                let registration = self
                    .registration(&peer.id)
                    .await
                    .map_err(|e| error::authority(&e, status))?;
                let registration = registration.ok_or(&refusals::NOT_REGISTERED)?;
                Ok(LedgerCaller::registered(
                    &peer.id,
                    peer.certificate.sha256_hex(),
                    &registration,
                ))
            }
        }
    }

    pub(super) async fn registration(
        &self,
        id: &ConnectorId,
    ) -> Result<Option<Registration>, AuthorityError> {
        self.ledger.authority.connector(id).await
    }
}

/// The access token: `Authorization` with or without the scheme `Bearer`, else `ID_Token`. Existing connectors send the bare
/// token, manuals show it with the scheme.
fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers
        .get(AUTHORIZATION)
        .or_else(|| headers.get("id_token"))?
        .to_str()
        .ok()?
        .trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    };
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("authorization", "tok")], Some("tok"))]
    #[case(&[("authorization", "Bearer tok")], Some("tok"))]
    #[case(&[("authorization", "bearer  tok ")], Some("tok"))]
    #[case(&[("id_token", "tok")], Some("tok"))]
    #[case(&[("id_token", "other"), ("authorization", "tok")], Some("tok"))]
    #[case(&[("authorization", "Bearer ")], None)]
    #[case(&[("authorization", "")], None)]
    #[case(&[], None)]
    fn tokens_are_found_in_all_their_forms(
        #[case] headers: &[(&str, &str)],
        #[case] found: Option<&str>,
    ) {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<HeaderName>().unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        assert_eq!(token(&headers), found);
    }
}
