//! Who asks, and whether they may have it: everything that is decided before the first byte is fetched.

use std::sync::Arc;

use auth_client::{ConnectorRole, RegistryError, State, TokenError, VerifiedToken};
use common::http::authorization::{AuthorizationError, bearer};
use common::ids::{ExchangeId, UserId};
use common::listener::Peer;
use http::HeaderMap;

use super::Provider;
use super::config::{ApiType, Record};
use super::error::FileError;
use super::sources::Source;
use crate::authorization::{Contract, Decision, Subject};
use crate::exchange::headers::{self, SentExchangeId};
use crate::exchange::{Options, RequestError};
use crate::upstream::{ResourceUrl, strip_slash};

/// A request for a file, read but not yet judged.
#[derive(Debug)]
pub(super) struct FileRequest {
    pub resource: ResourceUrl,
    pub options: Options,
    pub exchange_id: SentExchangeId,
}

impl FileRequest {
    /// Reads the headers of a request.
    pub(super) fn parse(fields: &HeaderMap) -> Result<Self, FileError> {
        headers::check_unambiguous(fields)?;
        let resource = headers::required(fields, &headers::RESOURCE_URL)?;
        let api_type = headers::required(fields, &headers::RESOURCE_API_TYPE)?;
        if ApiType::parse(api_type).is_none() {
            return Err(FileError::ApiType(api_type.to_owned()));
        }
        Ok(Self {
            resource: ResourceUrl::parse(strip_slash(resource)).map_err(RequestError::Url)?,
            options: headers::options(fields)?,
            exchange_id: headers::exchange_id(fields),
        })
    }
}

/// How a receiver connector behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerKind {
    /// One of ours: it records its side by itself, naming our event.
    Own,
    /// One that registers its `Received` with the user's token as soon as it has the body.
    Reference,
    /// The same without a token: it cannot register anything.
    ReferenceWithoutToken,
}

/// An exchange that may happen.
#[derive(Debug)]
pub(super) struct Permit {
    pub source: Arc<Source>,
    pub kind: PeerKind,
    /// The token's user, or the participant of the receiver connector.
    pub consumer: UserId,
    pub contract: Option<Contract>,
    /// The event of the resource's creation, unless nothing is recorded.
    pub creation: Option<String>,
}

impl Provider {
    /// For whom the connector `peer` is registered, if it is an active receiver.
    pub(super) async fn participant(&self, peer: &Peer) -> Result<UserId, FileError> {
        let found = self.registrations.connector(&peer.id).await;
        let registration = found.map_err(|error| match error {
            RegistryError::Barred => FileError::Suspended(self.connector_id.clone()),
            RegistryError::Unavailable(_) => FileError::Registry(error.to_string()),
        })?;
        registration
            .filter(|found| found.state == State::Active && found.role == ConnectorRole::Receiver)
            .map(|found| found.user_id)
            .ok_or_else(|| FileError::NotRegistered(peer.id.clone()))
    }

    /// The token that came along, if one did. One that is sent has to be good, also for open data.
    pub(super) async fn token(
        &self,
        fields: &HeaderMap,
        peer: &Peer,
    ) -> Result<Option<Arc<VerifiedToken>>, FileError> {
        let text = match bearer(fields) {
            Ok(text) => text,
            Err(AuthorizationError::Missing) => return Ok(None),
            Err(AuthorizationError::Scheme) => return Err(FileError::NotBearer),
            Err(AuthorizationError::Malformed) => {
                return Err(FileError::Token(TokenError::Malformed));
            }
        };
        let token = self.tokens.verify(text).await.map_err(FileError::Token)?;
        token
            .claims
            .check_binding(Some(&peer.certificate.thumbprint()))
            .and_then(|()| token.claims.check_audience(&self.connector_id))
            .map_err(FileError::Token)?;
        Ok(Some(token))
    }

    /// Decides on a request by the data sources, the grants and what is known of the resource.
    pub(super) fn decide(
        &self,
        request: &FileRequest,
        token: Option<&VerifiedToken>,
        participant: UserId,
    ) -> Result<Permit, FileError> {
        let source = self
            .sources
            .find(&request.resource)
            .ok_or(FileError::NoSource)?;
        let contract = self.granted(source, request.resource.as_str(), token)?;
        if source.contract {
            let named = contract
                .as_ref()
                .filter(|contract| !contract.trade_id.is_empty());
            let named = named.ok_or(FileError::NoTrade)?;
            if named.contract_url.is_empty() {
                return Err(FileError::NoContractUrl);
            }
        }
        // Judged here, so that nothing is fetched in vain.
        request
            .options
            .check(&source.options)
            .map_err(RequestError::Options)?;
        let creation = match source.record {
            Record::Off => None,
            Record::WithUser if token.is_none() => return Err(FileError::NoUser),
            Record::Always | Record::WithUser => Some(
                source
                    .creation(&request.resource)
                    .ok_or(FileError::NoCreation)?
                    .to_owned(),
            ),
        };
        Ok(Permit {
            source: Arc::clone(source),
            kind: kind(token, request.exchange_id.id),
            consumer: token.map_or(participant, |token| token.claims.user.clone()),
            contract,
            creation,
        })
    }

    fn granted(
        &self,
        source: &Source,
        target: &str,
        token: Option<&VerifiedToken>,
    ) -> Result<Option<Contract>, FileError> {
        if !source.authorization {
            return Ok(None);
        }
        let claims = &token.ok_or(FileError::NoToken)?.claims;
        let subject = Subject {
            user: &claims.user,
            orgs: claims.orgs(),
            aal: claims.assurance(),
            extras: claims.extras.as_deref(),
        };
        let grants = self
            .grants
            .current()
            .map_err(|_| FileError::GrantsOutOfReach)?;
        match grants.decide(target, &subject) {
            Decision::NotRegistered => Err(FileError::NothingGranted),
            Decision::Refused => Err(FileError::NotGranted),
            Decision::Granted(contract) => Ok(contract.cloned()),
        }
    }
}

/// A bound token is only ever sent by one of ours; where there is no token, our exchange id tells.
fn kind(token: Option<&VerifiedToken>, exchange_id: Option<ExchangeId>) -> PeerKind {
    match (token, exchange_id) {
        (Some(token), _) if token.claims.is_bound() => PeerKind::Own,
        (Some(_), _) => PeerKind::Reference,
        (None, Some(_)) => PeerKind::Own,
        (None, None) => PeerKind::ReferenceWithoutToken,
    }
}
