//! Who asks, and whether they may have it: everything that is decided before the first byte is fetched.

use std::sync::{Arc, atomic::Ordering};

use auth_client::{
    Binding, CallerError, ConnectorRegistration, ConnectorRole, MeantFor, Party, Profile,
    RegistryError, TokenError, VerifiedToken,
};
use common::{
    http::{
        Refused,
        authorization::{AuthorizationError, bearer},
    },
    ids::UserId,
    listener::Peer,
};
use http::HeaderMap;

use super::{
    Provider,
    config::{ApiType, Record},
    sources::Source,
};
use crate::{
    authorization::{Contract, Decision, Subject},
    exchange::{
        Options,
        headers::{self, SentExchangeId},
        reading, refusals,
    },
    identity::is_barred,
    upstream::{ResourceUrl, strip_slash},
};

/// A request for a file, read but not yet judged.
#[derive(Debug)]
pub(super) struct FileRequest {
    pub resource: ResourceUrl,
    pub options: Options,
    pub exchange_id: SentExchangeId,
}

impl FileRequest {
    /// Reads the headers of a request.
    pub(super) fn parse(fields: &HeaderMap) -> Result<Self, Refused> {
        reading::check_unambiguous(fields)?;
        let resource = reading::required(fields, &headers::RESOURCE_URL)?;
        let api_type = reading::required(fields, &headers::RESOURCE_API_TYPE)?;
        if ApiType::parse(api_type).is_none() {
            return Err(refusals::API_TYPE.because(api_type));
        }
        Ok(Self {
            resource: ResourceUrl::parse(strip_slash(resource))?,
            options: reading::options(fields)?,
            exchange_id: headers::exchange_id(fields),
        })
    }
}

/// Who asks.
#[derive(Debug)]
pub(super) struct Requester {
    /// The receiver connector.
    pub receiver: ConnectorRegistration,
    /// The user's token, where one came along.
    pub token: Option<Arc<VerifiedToken>>,
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

impl PeerKind {
    /// Whether it could register what the headers of an answer ask for. One that could not gets the five of CADDE empty.
    pub fn has_token(self) -> bool {
        self != Self::ReferenceWithoutToken
    }
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
    /// Whether this connector is registered for the provider whose data it offers. Asked until that is known: what is recorded under
    /// a wrong configuration the ledger would refuse for good. While nobody answers, others decide.
    async fn check_own(&self) -> Result<(), Refused> {
        if self.is_own_known.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.registrations.connector(&self.connector_id).await {
            Ok(Some(own)) if own.role != ConnectorRole::Provider || own.user_id != self.owner => {
                let (role, user) = (own.role, own.user_id);
                let reason =
                    format!("this connector is registered as {role:?} connector of {user}");
                Err(refusals::OF_ANOTHER.because(reason))
            }
            Ok(Some(_)) => {
                self.is_own_known.store(true, Ordering::Relaxed);
                Ok(())
            }
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Who calls: an active receiver, and the user whose token came along, if one did. One that is sent has to be good, also
    /// for open data.
    pub(super) async fn caller(
        &self,
        fields: &HeaderMap,
        peer: &Peer,
    ) -> Result<Requester, Refused> {
        self.check_own().await?;
        let sent = match bearer(fields) {
            Ok(text) => Ok(Some(text)),
            Err(AuthorizationError::Missing) => Ok(None),
            Err(AuthorizationError::Scheme) => Err((&refusals::NOT_BEARER).into()),
            Err(AuthorizationError::Malformed) => Err(refusals::token(TokenError::Malformed)),
        };
        let meant_for = MeantFor::Provider {
            connector: &self.connector_id,
            user: &self.owner,
        };
        let readable = sent.as_ref().ok().copied().flatten();
        let found = self
            .callers
            .identify(Binding::Certificate(peer), readable, meant_for)
            .await;
        let found = match found {
            Err(CallerError::Registry(RegistryError::Barred)) => {
                return Err(refusals::PROVIDER_BARRED.naming(&self.connector_id));
            }
            Err(CallerError::Token(TokenError::Unavailable(_)))
                if is_barred(self.registrations.as_ref()).await =>
            {
                return Err(refusals::PROVIDER_BARRED.naming(&self.connector_id));
            }
            // Who is no receiver is told so, whatever came along.
            Err(CallerError::Token(error)) if !matches!(error, TokenError::Unavailable(_)) => {
                let party = self.callers.party(&peer.id).await;
                receiver(party.map_err(refusals::caller)?, peer)?;
                return Err(refusals::token(error));
            }
            found => found.map_err(refusals::caller)?,
        };
        let party = found.party;
        let party = party.ok_or_else(|| refusals::NOT_REGISTERED.naming(&peer.id))?;
        let receiver = receiver(party, peer)?;
        sent?;
        Ok(Requester {
            receiver,
            token: found.token,
        })
    }

    /// Decides on a request by the data sources, the grants and what is known of the resource.
    pub(super) fn decide(
        &self,
        request: &FileRequest,
        asker: &Requester,
    ) -> Result<Permit, Refused> {
        let token = asker.token.as_deref();
        let source = self
            .sources
            .find(&request.resource)
            .ok_or(&refusals::NO_SOURCE)?;
        let contract = self.granted(source, request.resource.as_str(), token)?;
        if source.contract {
            let named = contract
                .as_ref()
                .filter(|contract| !contract.trade_id.is_empty());
            let named = named.ok_or(&refusals::NO_TRADE)?;
            if named.contract_url.is_empty() {
                return Err((&refusals::NO_CONTRACT_URL).into());
            }
        }
        // Judged here, so that nothing is fetched in vain.
        request.options.check(&source.options)?;
        let creation = match source.record {
            Record::Off => None,
            Record::WithUser if token.is_none() => {
                return Err((&refusals::RECORD_NEEDS_TOKEN).into());
            }
            Record::Always | Record::WithUser => Some(self.creation(source, &request.resource)?),
        };
        Ok(Permit {
            source: Arc::clone(source),
            kind: kind(asker),
            consumer: token.map_or_else(
                || asker.receiver.user_id.clone(),
                |token| token.claims.user.clone(),
            ),
            contract,
            creation,
        })
    }

    /// The event that made the resource: as the catalogue has it, or else the configuration of its source.
    fn creation(&self, source: &Source, resource: &ResourceUrl) -> Result<String, Refused> {
        let listed = self.origins.event_of(resource.as_str());
        let listed = listed.or_else(|| self.origins.event_of(resource.url().as_str()));
        match (listed, source.creation(resource)) {
            (Some(event), _) => Ok(event.to_string()),
            (None, Some(event)) => Ok(event.to_owned()),
            (None, None) => Err((&refusals::NO_CREATION).into()),
        }
    }

    fn granted(
        &self,
        source: &Source,
        target: &str,
        token: Option<&VerifiedToken>,
    ) -> Result<Option<Contract>, Refused> {
        if !source.authorization {
            return Ok(None);
        }
        self.may(target, token)
    }

    /// Whether the user of `token` has a grant on `target`, and of which contract.
    pub(super) fn may(
        &self,
        target: &str,
        token: Option<&VerifiedToken>,
    ) -> Result<Option<Contract>, Refused> {
        let claims = &token.ok_or(&refusals::TOKEN_MISSING)?.claims;
        let subject = Subject {
            user: &claims.user,
            orgs: claims.orgs(),
            aal: claims.assurance(),
            extras: claims.extras.as_deref(),
        };
        let grants = self.grants.current();
        let grants = grants.map_err(|_| &refusals::GRANTS_AWAY)?;
        match grants.decide(target, &subject) {
            Decision::NotRegistered => Err((&refusals::NOTHING_GRANTED).into()),
            Decision::Refused => Err((&refusals::NOT_GRANTED).into()),
            Decision::Granted(contract) => Ok(contract.cloned()),
        }
    }
}

/// The receiver connector that `party` is.
fn receiver(party: Party, peer: &Peer) -> Result<ConnectorRegistration, Refused> {
    match party {
        Party::Connector(found) if found.role == ConnectorRole::Receiver => Ok(found),
        _ => Err(refusals::NOT_REGISTERED.naming(&peer.id)),
    }
}

/// What a receiver is, its registration says, with or without a token. One from before there were profiles says it from the first
/// token on that its connector exchanged, which is known here as soon as that token is: what is kept of a registration may be older.
fn kind(asker: &Requester) -> PeerKind {
    match (asker.receiver.profile, &asker.token) {
        (Profile::Kakehashi1, _) => PeerKind::Own,
        (Profile::Cadde4, Some(token)) if token.claims.is_bound() => PeerKind::Own,
        (Profile::Cadde4, Some(_)) => PeerKind::Reference,
        (Profile::Cadde4, None) => PeerKind::ReferenceWithoutToken,
    }
}
