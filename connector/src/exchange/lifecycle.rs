//! One exchange under way: its place, and what its one log line will say.

use std::time::Instant;

use common::{
    http::{
        Refused,
        context::{self, RequestId},
    },
    ids::{ConnectorId, EventId, ExchangeId, UserId},
};
use http::{HeaderMap, StatusCode, header};

use super::{
    admission::Permit,
    digest::BodyDigest,
    headers,
    meters::{Meters, Outcome},
    role::Role,
    standing::Party,
    trace_context::TraceContext,
};

/// An exchange from its request to its end. Whatever the end is, it is logged and counted once; dropped without one, the
/// caller has left.
#[derive(Debug)]
pub struct Exchange {
    role: Role,
    started: Instant,
    request_id: RequestId,
    ended: bool,
    /// The trace that both connectors belong to.
    pub trace: TraceContext,
    /// Id of the exchange, unique for its sender only.
    pub id: Option<ExchangeId>,
    /// What the caller sent as the id of the exchange where it is none.
    pub sent_id: Option<String>,
    /// The place it takes among those under way.
    pub place: Option<Permit>,
    /// The provider's user ID.
    pub provider: Option<UserId>,
    /// The user, or the participant of the receiver connector.
    pub consumer: Option<UserId>,
    /// The connector at the other end.
    pub peer: Option<ConnectorId>,
    /// The resource as it was asked for.
    pub resource: String,
    /// How it is offered.
    pub resource_type: String,
    /// Whether a token came along.
    pub has_token: bool,
    /// Whether the data source wants a grant; known to the provider alone.
    pub wants_grant: Option<bool>,
    /// Whether the data source wants a contract; known to the provider alone.
    pub wants_contract: Option<bool>,
    /// Id of the record of this side.
    pub event: Option<EventId>,
    /// Whether the data came without a provider connector.
    pub is_direct: bool,
    /// Bytes that have passed, for the case that the caller leaves.
    pub passed: u64,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
enum End<'a> {
    Completed(&'a BodyDigest),
    Refused {
        status: StatusCode,
        message_id: &'a str,
    },
    Failed {
        cause: &'a str,
        passed: u64,
    },
    Left {
        passed: u64,
    },
}

impl End<'_> {
    const fn outcome<'m>(&self, meters: &'m Meters) -> &'m Outcome {
        match self {
            Self::Completed(_) => &meters.completed,
            Self::Refused { .. } => &meters.refused,
            Self::Failed { .. } => &meters.failed,
            Self::Left { .. } => &meters.left,
        }
    }

    const fn passed(&self) -> u64 {
        match self {
            Self::Completed(digest) => digest.len,
            Self::Refused { .. } => 0,
            Self::Failed { passed, .. } | Self::Left { passed } => *passed,
        }
    }
}

impl Exchange {
    /// An exchange that has just been asked for, in the context of the current request.
    pub fn begin(role: Role, trace: TraceContext) -> Self {
        Self {
            role,
            started: Instant::now(),
            request_id: context::request_id(),
            ended: false,
            trace,
            id: None,
            sent_id: None,
            place: None,
            provider: None,
            consumer: None,
            peer: None,
            resource: String::new(),
            resource_type: String::new(),
            has_token: false,
            wants_grant: None,
            wants_contract: None,
            event: None,
            is_direct: false,
            passed: 0,
        }
    }

    /// Takes over what the headers of the request say, as far as a log line may have it.
    pub fn asked(&mut self, fields: &HeaderMap) {
        self.resource = headers::for_log(fields, &headers::RESOURCE_URL);
        self.resource_type = headers::for_log(fields, &headers::RESOURCE_API_TYPE);
        self.has_token = headers::present(fields, &header::AUTHORIZATION).is_some();
    }

    /// The side that this process is on.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Without whom it does not go on.
    pub(super) fn parties(&self) -> Vec<Party> {
        let users = [&self.consumer, &self.provider].into_iter().flatten();
        let mut parties: Vec<_> = users.cloned().map(Party::User).collect();
        match (&self.peer, &self.provider) {
            (Some(peer), _) => parties.push(Party::Connector(peer.clone())),
            // A provider of which nobody says by which connector it offers.
            (None, Some(provider)) => parties.push(Party::Provider(provider.clone())),
            (None, None) => {}
        }
        parties
    }

    /// All bytes were released.
    pub fn completed(mut self, digest: &BodyDigest) {
        self.end(End::Completed(digest));
    }

    /// It was refused before its headers.
    pub fn refused(mut self, refused: &Refused) {
        let message_id = self.role.message_id(refused);
        self.end(End::Refused {
            status: refused.status,
            message_id,
        });
    }

    /// It broke.
    pub fn failed(mut self, cause: &str, passed: u64) {
        self.end(End::Failed { cause, passed });
    }

    /// The caller went away.
    pub fn left(mut self, passed: u64) {
        self.end(End::Left { passed });
    }

    fn end(&mut self, end: End<'_>) {
        self.ended = true;
        let elapsed = self.started.elapsed();
        let meters = Meters::of(self.role);
        let outcome = end.outcome(meters);
        outcome.count.increment(1);
        meters.bytes.increment(end.passed());
        meters.duration.record(elapsed);
        self.log(
            &end,
            outcome.name,
            u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        );
    }

    /// The trace line of CADDE 4.0 (`log_type` to `contract_enable` are its fields), with what an operator needs to
    /// follow one exchange over both connectors. No token, no option value ever stands in it.
    fn log(&self, end: &End<'_>, outcome: &str, duration_ms: u64) {
        let mut digits = [0; 64];
        let (digest, refusal, cause) = match end {
            End::Completed(digest) => (digest.hex(&mut digits), None, None),
            End::Refused { status, message_id } => {
                (None, Some((status.as_u16(), *message_id)), None)
            }
            End::Failed { cause, .. } => (None, None, Some(*cause)),
            End::Left { .. } => (None, None, None),
        };
        tracing::info!(
            log_type = "browsing",
            "type" = "data_exchange",
            role = self.role.label(),
            outcome,
            consumer_id = self.consumer.as_ref().map(UserId::as_str),
            provider_id = self.provider.as_ref().map(UserId::as_str),
            resource_url = self.resource,
            resource_type = self.resource_type,
            authorization = self.has_token,
            authorization_enable = self.wants_grant,
            contract_enable = self.wants_contract,
            direct = self.is_direct,
            exchange.id = self.id.map(display),
            exchange.sent_id = self.sent_id,
            event.id = self.event.map(display),
            peer.id = self.peer.as_ref().map(ConnectorId::as_str),
            request.id = %self.request_id,
            trace.id = self.trace.trace_id(),
            status = refusal.map(|(status, _)| status),
            message_id = refusal.map(|(_, id)| id),
            cause,
            size_bytes = end.passed(),
            sha256 = digest,
            duration_ms,
            "exchange"
        );
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.ended {
            let passed = self.passed;
            self.end(End::Left { passed });
        }
    }
}
