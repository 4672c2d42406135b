//! `GET /cadde/api/v4/file` of the provider connector.

use std::sync::Arc;

use auth_client::VerifiedToken;
use axum::{body::Body, extract::State, response::Response};
use common::{
    http::Refused,
    ids::ExchangeId,
    listener::{ConnectionInfo, Peer},
};
use http::{HeaderMap, HeaderValue, Request, header, request::Parts};
use http_body::Body as _;
use provenance_model::{batch::Jti, event_id::OwnedId};
use provenance_outbox::{Kind, Reservation};

use super::{
    Provider,
    config::Delivery,
    decision::{FileRequest, PeerKind, Permit},
    fetch,
};
use crate::{
    exchange::{
        Allowed, Asking, Budget, Downstream, Exchange, Opened, Recording, Role, TraceContext,
        attachment, collect,
        headers::{
            self, CONTRACT_ID, CONTRACT_TYPE, CONTRACT_URL, PROVENANCE, PROVENANCE_NONCE,
            PROVENANCE_URL,
        },
        refusals,
    },
    upstream::{CodingError, UpstreamError, content_coding},
};

/// Answers a receiver connector.
pub(super) async fn get(State(provider): State<Arc<Provider>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    let trace = TraceContext::continue_or_start(&request.headers);
    let mut exchange = Exchange::begin(Role::Provider, trace);
    let opened = provider.open(&request, &mut exchange).await;
    provider.recorder.answer(opened, exchange).await
}

impl Provider {
    async fn open(&self, request: &Parts, log: &mut Exchange) -> Result<Box<Opened>, Refused> {
        let fields = &request.headers;
        log.provider = Some(self.owner.clone());
        log.asked(fields);
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
        let mut of_record = HeaderMap::new();
        if let Recording::Outbox(reservation) | Recording::Ledger(reservation) = &recording {
            log.id = Some(reservation.exchange_id);
            of_record = self.headers_of(reservation, permit.kind);
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
        let coding = passable_coding(&source.headers, permit.kind)?;
        let recording = recording.of_body(body.framing());
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, &budget).await;
        let collected = collected.map_err(|error| refusals::source(UpstreamError::Body(error)))?;
        let mut caller = Downstream::new(info, request.version);
        if permit.kind != PeerKind::Own {
            caller = caller.that_does_not_count();
        }
        let mut answer = headers::of_answer(attachment(&wanted.resource.file_name()));
        answer.insert(header::CONTENT_TYPE, headers::media_type(&source.headers));
        answer.extend(coding.map(|coding| (header::CONTENT_ENCODING, coding)));
        if let Some(contract) = permit.contract.as_ref().filter(|_| permit.kind.has_token()) {
            answer.insert(CONTRACT_ID, text(&contract.trade_id));
            answer.insert(CONTRACT_TYPE, text(&contract.contract_type));
            answer.insert(CONTRACT_URL, text(&contract.contract_url));
        }
        Ok(Box::new(Opened {
            body: collected,
            announced,
            recording,
            caller,
            budget,
            headers: answer,
            of_record,
        }))
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
        if !self.recorder.can_record()? {
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
        match self.recorder.outbox().status().ledger.failing {
            Some((_, reason)) => Err(refusals::LEDGER_AWAY.because(reason)),
            None => Ok(Recording::Ledger(reservation)),
        }
    }

    /// The headers that name the record.
    fn headers_of(&self, reservation: &Reservation, kind: PeerKind) -> HeaderMap {
        let mut named = HeaderMap::new();
        if !kind.has_token() {
            return named;
        }
        named.insert(PROVENANCE, text(&reservation.event_id.to_string()));
        // By it a receiver of ours sees that the event is this connector's. Others have no use for it.
        if let Some(nonce) = reservation.nonce.filter(|_| kind == PeerKind::Own) {
            named.insert(PROVENANCE_NONCE, text(&nonce.to_string()));
        }
        named.insert(PROVENANCE_URL, self.ledger_url.clone());
        named
    }
}

/// How the content is coded, where the receiver can be told of it. Reference receivers decode what comes and pass the header on
/// nevertheless, and their caller fails.
fn passable_coding(source: &HeaderMap, kind: PeerKind) -> Result<Option<HeaderValue>, Refused> {
    let refused = |error| refusals::coded(&refusals::SOURCE_CODED, error);
    match content_coding(source).map_err(refused)? {
        Some(coding) if kind != PeerKind::Own => {
            let name = String::from_utf8_lossy(coding.as_bytes()).into_owned();
            Err(refused(CodingError(name)))
        }
        coding => Ok(coding),
    }
}

/// Grants and event ids are checked to be ASCII when they are registered.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}
