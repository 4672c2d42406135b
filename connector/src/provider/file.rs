//! `GET /cadde/api/v4/file` of the provider connector.

use std::sync::Arc;

use auth_client::VerifiedToken;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use common::http::Refused;
use common::ids::{EventId, ExchangeId};
use common::listener::{ConnectionInfo, Peer};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::Body as _;
use provenance_model::{
    batch::Jti,
    event_id::{Nonce, OwnedId},
};
use provenance_outbox::{Kind, Reservation};

use super::Provider;
use super::config::Delivery;
use super::decision::{FileRequest, PeerKind, Permit};
use super::fetch;
use crate::exchange::headers::{
    self, CONTRACT_ID, CONTRACT_TYPE, CONTRACT_URL, PROVENANCE, PROVENANCE_NONCE, PROVENANCE_URL,
};
use crate::exchange::{
    Allowed, Asking, Budget, Caller, Exchange, RecordError, Recording, Role, TraceContext,
    attachment, collect, refusals,
};
use crate::upstream::UpstreamError;

/// Answers a receiver connector.
pub(super) async fn get(State(provider): State<Arc<Provider>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    let mut exchange = Some(Exchange::begin(
        Role::Provider,
        TraceContext::continue_or_start(&request.headers),
    ));
    match provider.answer(&request, &mut exchange).await {
        Ok(response) => response,
        Err(error) => {
            if let Some(exchange) = exchange.take() {
                exchange.refused(&error);
            }
            error.log();
            refusals::respond(&error, Role::Provider)
        }
    }
}

impl Provider {
    async fn answer(
        &self,
        request: &Parts,
        exchange: &mut Option<Exchange>,
    ) -> Result<Response, Refused> {
        let fields = &request.headers;
        let log = exchange
            .as_mut()
            .expect("it is taken only when the answer is ready");
        log.provider = Some(self.owner.clone());
        log.resource = headers::for_log(fields, &headers::RESOURCE_URL);
        log.resource_type = headers::for_log(fields, &headers::RESOURCE_API_TYPE);
        log.has_token = headers::present(fields, &header::AUTHORIZATION).is_some();
        let budget = Budget::start(self.deadlines, Allowed::read(fields));
        let info = request
            .extensions
            .get::<ConnectionInfo>()
            .ok_or(&refusals::NO_IDENTITY)?;
        let peer = Peer::of(info).ok_or(&refusals::NO_IDENTITY)?;
        log.peer = Some(peer.id.clone());

        let wanted = FileRequest::parse(fields)?;
        log.id = wanted.exchange_id.id;
        log.sent_id.clone_from(&wanted.exchange_id.other);
        log.place = Some(
            self.admission
                .enter(Asking::Connector(peer.id.clone()), log.has_token)
                .ok_or(&refusals::BUSY)?,
        );
        let checked = budget.checks(self.caller(fields, &peer)).await;
        let asker = checked.ok_or_else(|| refusals::AUTH_AWAY.because("no answer in time"))??;
        if let Some(token) = &asker.token
            && let Some(place) = &mut log.place
            && !self
                .admission
                .is_shared(place, &peer.id, &token.claims.user)
        {
            return Err((&refusals::BUSY).into());
        }
        if let Some(source) = self.sources.find(&wanted.resource) {
            log.wants_grant = Some(source.authorization);
            log.wants_contract = Some(source.contract);
        }
        let permit = self.decide(&wanted, &asker)?;
        log.consumer = Some(permit.consumer.clone());
        let recording = self.recording(&wanted, &permit, asker.token.as_deref())?;
        let mut nonce = None;
        if let Recording::Outbox(reservation) | Recording::Ledger(reservation) = &recording {
            log.id = Some(reservation.exchange_id);
            nonce = reservation.nonce;
        }
        let opened = fetch::open(
            &self.source_client,
            &self.sources,
            &permit.source,
            &wanted.resource,
            &wanted.options,
            &budget,
        );
        let (source, body) = opened.await?.into_parts();
        let recording = recording.of_body(body.framing());
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, &budget).await;
        let collected = collected.map_err(|error| refusals::source(UpstreamError::Body(error)))?;
        let mut caller = Caller::new(info, request.version);
        if permit.kind != PeerKind::Own {
            caller = caller.that_does_not_count();
        }
        let delivered = self
            .recorder
            .deliver(collected, announced, recording, &caller, &budget, exchange)
            .await?;
        let event = delivered.event.map(|id| (id, nonce));
        let answer = self.answer_headers(&wanted, &permit, event);
        let mut response = Response::new(delivered.body);
        *response.headers_mut() = answer;
        let media_type = source.headers.get(header::CONTENT_TYPE).cloned();
        let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        Ok(response)
    }

    /// What is to be recorded of an exchange, and whether it can be.
    fn recording(
        &self,
        asked: &FileRequest,
        permit: &Permit,
        token: Option<&VerifiedToken>,
    ) -> Result<Recording, Refused> {
        let Some(creation) = &permit.creation else {
            return Ok(Recording::Off);
        };
        let outbox = self.recorder.outbox();
        if let Err(full) = outbox.check_room() {
            if outbox.is_required() {
                return Err(RecordError::Outbox(full).into());
            }
            tracing::warn!(reason = %full, "an exchange goes unrecorded");
            return Ok(Recording::Off);
        }
        let now = self.recorder.clock().now();
        let OwnedId { id, nonce } = self.recorder.new_event();
        let reservation = Reservation {
            exchange_id: asked
                .exchange_id
                .id
                .unwrap_or_else(|| ExchangeId::new_v7(now)),
            event_id: id,
            nonce: Some(nonce),
            jti: token.and_then(|token| Jti::new(&token.claims.jti)),
            kind: Kind::Sent {
                provider: self.owner.clone(),
                predecessor: creation.clone(),
            },
            consumer: permit.consumer.clone(),
            user_id: self.owner.clone(),
            end: None,
            resource: Some(asked.resource.as_str().to_owned()),
        };
        if self.delivery == Delivery::Async && permit.kind != PeerKind::Reference {
            return Ok(Recording::Outbox(reservation));
        }
        // Known to be away: said now, instead of breaking off a transfer at its end.
        match outbox.status().ledger.failing {
            Some((_, reason)) => Err(refusals::LEDGER_AWAY.because(reason)),
            None => Ok(Recording::Ledger(reservation)),
        }
    }

    /// The headers of the answer but for the media type. The five of CADDE are always there; a reference receiver
    /// without a token gets them empty, because it could not register what they ask for.
    fn answer_headers(
        &self,
        asked: &FileRequest,
        permit: &Permit,
        event: Option<(EventId, Option<Nonce>)>,
    ) -> HeaderMap {
        let mut answer = HeaderMap::with_capacity(13);
        for name in headers::ANSWER_HEADERS {
            answer.insert(name, HeaderValue::from_static(""));
        }
        if permit.kind != PeerKind::ReferenceWithoutToken {
            if let Some((event, nonce)) = event {
                answer.insert(PROVENANCE, text(&event.to_string()));
                // By it a receiver of ours sees that the event is this connector's. Others have no use for it.
                if let Some(nonce) = nonce.filter(|_| permit.kind == PeerKind::Own) {
                    answer.insert(PROVENANCE_NONCE, text(&nonce.to_string()));
                }
                answer.insert(PROVENANCE_URL, self.ledger_url.clone());
            }
            if let Some(contract) = &permit.contract {
                answer.insert(CONTRACT_ID, text(&contract.trade_id));
                answer.insert(CONTRACT_TYPE, text(&contract.contract_type));
                answer.insert(CONTRACT_URL, text(&contract.contract_url));
            }
        }
        answer.insert(
            header::CONTENT_DISPOSITION,
            attachment(&asked.resource.file_name()),
        );
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        answer
    }
}

/// Grants and event ids are checked to be ASCII when they are registered.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}
