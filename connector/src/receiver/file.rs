//! `GET /cadde/api/v4/file` of the receiver connector.

use std::sync::Arc;

use auth_client::{
    Binding, CallerError, MeantFor, RegistryError, State as Standing, TokenError, VerifiedToken,
};
use axum::{body::Body, extract::State, response::Response};
use common::{
    http::{
        Refused,
        authorization::{AuthorizationError, bearer},
    },
    ids::{ExchangeId, UserId},
    listener::{ConnectionInfo, network},
};
use http::{HeaderMap, Request, request::Parts};
use provenance_model::{batch::Jti, event_id::OwnedId};
use provenance_outbox::{Kind, Reservation};

use super::{
    Receiver,
    egress::EgressEntry,
    request::{FileRequest, Origin},
};
use crate::{
    exchange::{
        Allowed, Asking, Budget, Downstream, Exchange, Opened, Options, Permit, Recording, Role,
        TraceContext, refusals,
    },
    identity::is_barred,
    upstream::ResourceUrl,
};

/// The path of the exchange, of both connectors.
pub(super) const FILE: &str = "/cadde/api/v4/file";

/// Answers an application.
pub(super) async fn get(State(receiver): State<Arc<Receiver>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    let trace = TraceContext::continue_or_start(&request.headers);
    let mut exchange = Exchange::begin(Role::Receiver, trace);
    let opened = receiver.open(&request, &mut exchange).await;
    receiver.recorder.answer(opened, exchange).await
}

/// Who asks.
pub(super) struct Requester {
    pub token: Option<Arc<VerifiedToken>>,
    /// The token's user, or the participant that this connector is registered for.
    pub user: UserId,
}

/// What both ways of fetching need to know of an exchange.
pub(super) struct Fetch {
    pub asker: Requester,
    pub exchange_id: ExchangeId,
    pub budget: Budget,
    pub caller: Downstream,
    pub trace: TraceContext,
    /// Whether it can be recorded; if not, it need not be.
    pub can_record: bool,
    /// The token that the provider got.
    pub jti: Option<Jti>,
}

/// Where the data comes from.
enum Route<'a> {
    Provider(&'a UserId, &'a Options),
    Direct(&'a ResourceUrl, &'a EgressEntry),
}

impl Receiver {
    async fn open(&self, request: &Parts, log: &mut Exchange) -> Result<Box<Opened>, Refused> {
        let fields = &request.headers;
        let budget = Budget::start(self.deadlines, Allowed::default());
        let now = self.recorder.clock().now();
        let exchange_id = ExchangeId::new_v7(now);
        log.id = Some(exchange_id);
        log.asked(fields);
        let trace = log.trace;

        let asked = FileRequest::parse(fields)?;
        // Refused before anybody is asked: what cannot succeed, whoever wants it.
        let way = match &asked.origin {
            Origin::Provider { provider, options } => {
                log.provider = Some(provider.clone());
                Route::Provider(provider, options)
            }
            Origin::Direct(url) => {
                log.is_direct = true;
                Route::Direct(url, self.egress.find(url).ok_or(&refusals::NOT_LISTED)?)
            }
        };
        let can_record = self.recorder.can_record()?;
        let info = request.extensions.get::<ConnectionInfo>();
        let (place, who) = self.who(fields, info, &budget).await?;
        log.place = Some(place);
        log.consumer = Some(who.user.clone());
        let caller = info.map_or_else(Downstream::unknown, |info| {
            Downstream::new(info, request.version)
        });
        let fetch = Fetch {
            asker: who,
            exchange_id,
            budget,
            caller,
            trace,
            can_record,
            jti: None,
        };
        match way {
            Route::Provider(provider, options) => {
                self.forward(&asked, provider, options, fetch, log).await
            }
            Route::Direct(url, exit) => self.direct(url, exit, fetch).await,
        }
    }

    /// Who asks, and their place among what is under way.
    pub(super) async fn who(
        &self,
        fields: &HeaderMap,
        info: Option<&ConnectionInfo>,
        budget: &Budget,
    ) -> Result<(Permit, Requester), Refused> {
        let checks = async {
            let token = match self.token(fields).await {
                Err(CallerError::Token(TokenError::Unavailable(_)))
                    if is_barred(self.registrations.as_ref()).await =>
                {
                    return Err((&refusals::RECEIVER_BARRED).into());
                }
                judged => judged.map_err(refusals::caller)?,
            };
            let place = self.place(token.as_deref(), info)?;
            Ok::<_, Refused>((place, self.asker(token).await?))
        };
        let checked = budget.checks(checks).await;
        checked.ok_or_else(|| refusals::AUTH_AWAY.because("no answer in time"))?
    }

    /// The token that came along, if one did. One that is sent has to be good, also for open data, and a user's own: nobody
    /// brings a receiver what was made for somebody.
    async fn token(&self, fields: &HeaderMap) -> Result<Option<Arc<VerifiedToken>>, CallerError> {
        let text = match bearer(fields) {
            Ok(text) => text,
            Err(AuthorizationError::Missing) => return Ok(None),
            Err(AuthorizationError::Scheme | AuthorizationError::Malformed) => {
                return Err(CallerError::Token(TokenError::Malformed));
            }
        };
        let found = self
            .callers
            .identify(Binding::Nothing, Some(text), MeantFor::Anybody)
            .await?;
        Ok(found.token)
    }

    fn place(
        &self,
        token: Option<&VerifiedToken>,
        info: Option<&ConnectionInfo>,
    ) -> Result<Permit, Refused> {
        let asking = match (token, info) {
            (Some(token), _) => Asking::User(token.claims.user.clone()),
            (None, Some(info)) => Asking::Network(network(info.remote.ip())),
            (None, None) => Asking::Unknown,
        };
        self.admission
            .enter(asking, token.is_some())
            .ok_or_else(|| (&refusals::BUSY).into())
    }

    async fn asker(&self, token: Option<Arc<VerifiedToken>>) -> Result<Requester, Refused> {
        if let Some(token) = token {
            if self.own_users_only {
                let participant = self.participant().await?;
                let claims = &token.claims;
                let is_own =
                    claims.user == participant || claims.orgs().contains(&participant.as_str());
                if !is_own {
                    return Err(refusals::OTHER_USER.because(claims.user.to_string()));
                }
            }
            return Ok(Requester {
                user: token.claims.user.clone(),
                token: Some(token),
            });
        }
        let user = self.participant().await?;
        Ok(Requester { token: None, user })
    }

    /// The participant that this connector is registered for.
    async fn participant(&self) -> Result<UserId, Refused> {
        let found = self.registrations.connector(&self.connector_id).await;
        let found = found.map_err(|error| match error {
            RegistryError::Barred => (&refusals::RECEIVER_BARRED).into(),
            RegistryError::Unavailable(_) => refusals::AUTH_AWAY.because(error),
        })?;
        found
            .filter(|found| found.state == Standing::Active)
            .map(|found| found.user_id)
            .ok_or_else(|| (&refusals::RECEIVER_BARRED).into())
    }

    /// The record of an exchange of `fetch`.
    pub(super) fn recording(&self, fetch: &Fetch, kind: Kind, resource: &str) -> Recording {
        let OwnedId { id, nonce } = self.recorder.new_event();
        Recording::Outbox(Reservation {
            exchange_id: fetch.exchange_id,
            event_id: id,
            nonce: Some(nonce),
            jti: fetch.jti.clone(),
            kind,
            consumer: fetch.asker.user.clone(),
            user_id: fetch.asker.user.clone(),
            end: None,
            resource: Some(resource.to_owned()),
        })
    }
}
