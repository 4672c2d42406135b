//! `POST /v2/eventwithhash`: registers one event, with the hashes of uploaded files.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use common::{clock::rfc3339_millis, http::cadde::LedgerError, ids::UserId};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use provenance_model::{
    batch::Jti,
    core::{Actor, CoreParts, Subject},
    event::Event,
    event_id::{looks_owned, of_ledger},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    AppState, error,
    extended::{EXTENDED, wants_extended},
    upload,
};
use crate::domain::{
    access::LedgerCaller,
    parties::{Facts, Made, SENT},
    store::{Columns, Recorded},
    submission::{Accepted, Call, Single, Submission},
};

/// 64 B: what a predecessor counts at least among the bytes of an event, however short its id is.
const EDGE: usize = 64;

/// Longest idempotency key, in bytes.
const MAX_KEY: usize = 256;

/// Registers one event (CADDE 4.0, `eventwithhash`).
///
/// `multipart/form-data` with a part `request` (the event as JSON) and any number of parts `upfile`, whose SHA-256 go to the
/// data tags. With `Idempotency-Key` the same request may be repeated; with `x-cadde-prov-allow-pending: 1` predecessors may
/// arrive later.
#[utoipa::path(post, path = "/v2/eventwithhash", tag = "events",
    request_body(content_type = "multipart/form-data", content = String),
    responses((status = 200, description = "The id of the event: `{\"cdleventid\": …}`"),
        (status = 400, description = "The event does not fit the data model, its id exists, a predecessor or a user that it names does not, or its time has not come"),
        (status = 401, description = "No token, or one that is not accepted"),
        (status = 403, description = "The caller is no party of the event, or the connector is not registered"),
        (status = 409, description = "The idempotency key was used for another request"),
        (status = 429, description = "The caller has registered too much lately"),
        (status = 503, description = "The ledger cannot record now")))]
pub(super) async fn register(
    State(app): State<AppState>,
    request: Request,
) -> Result<Response, LedgerError> {
    let (parts, body) = request.into_parts();
    let caller = app.identify(&parts).await?;
    app.ledger.sequencer.check_room().map_err(error::submit)?;
    let write = app.ledger.writes.begin(caller.payer()).await?;
    let key = key(&parts.headers)?.map(|key| caller.own_key(key));
    let allow_pending = parts
        .headers
        .get("x-cadde-prov-allow-pending")
        .is_some_and(|v| v == "1");
    let is_extended = wants_extended(&parts.headers);
    let max = app.ledger.config.max_upload.bytes();
    let read = upload::read(Request::from_parts(parts, body), max, &write).await?;
    let mut event = Event::parse(&read.event).map_err(|e| error::invalid_event(&e))?;
    write.keep(read.event.len().max(event.previous().len() * EDGE))?;
    event
        .set_hashes(&read.hashes)
        .map_err(|e| error::invalid_event(&e))?;
    if event.id().is_some_and(looks_owned) {
        let reason = "cdleventid must not be a UUID of version 8: those belong to connectors";
        return Err(error::INVALID_EVENT.naming(reason).into());
    }
    check_time(&app, &event)?;
    let actor = caller
        .registers(event.event_type(), event.provider(), event.consumer())
        .map_err(|_| &error::FOREIGN_PARTY)?;
    if !caller.is_nobody() {
        check_users(&app, &caller, &actor, &event).await?;
    }
    let submission = prepare(
        &app,
        actor,
        caller.jti.as_deref().and_then(Jti::new).as_ref(),
        event,
        allow_pending,
        key,
    );
    let decided = app
        .ledger
        .sequencer
        .submit(vec![submission])
        .await
        .map_err(error::submit)?;
    match decided.into_iter().next() {
        Some(Ok(accepted)) => Ok(answer(accepted, is_extended)),
        Some(Err(refused)) => Err(error::refused(&refused)),
        None => unreachable!("the sequencer decides about each submission"),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, LedgerError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=MAX_KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err((&error::INVALID_KEY).into()),
    }
}

/// 1 h: how far ahead of the ledger's clock the time of an event may be.
const AHEAD: Duration = Duration::hours(1);

/// 14 h: as far ahead of UTC a time without an offset may be.
const EASTERNMOST: Duration = Duration::hours(14);

/// Refuses a time that has not come. Searches compare times as texts, so one that is no time must not sort behind it either.
fn check_time(app: &AppState, event: &Event) -> Result<(), LedgerError> {
    let Some(text) = event.timestamp() else {
        return Ok(());
    };
    let latest = app.ledger.clock.now() + AHEAD;
    let is_ahead = match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(time) => time > latest,
        Err(_) => *text > *rfc3339_millis(latest + EASTERNMOST),
    };
    if is_ahead {
        return Err((&error::TIME_AHEAD).into());
    }
    Ok(())
}

/// Refuses users that nobody is or was, and a `Sent` by token of a provider whose connectors deliver by themselves.
async fn check_users(
    app: &AppState,
    caller: &LedgerCaller,
    actor: &Actor,
    event: &Event,
) -> Result<(), LedgerError> {
    let named = [
        ("dataprovider", event.provider()),
        ("datauser", event.consumer()),
    ];
    for (member, user) in named {
        let Some(user) = user else { continue };
        let known = match UserId::parse(user) {
            Ok(user) => app.ledger.authority.known(&user).await,
            Err(_) => Ok(None),
        };
        let status = app.ledger.config.auth_status;
        let known = known.map_err(|e| error::authority(&e, status))?;
        let known = known.ok_or_else(|| error::UNKNOWN_USER.naming(member))?;
        let is_sent = member == "dataprovider" && event.event_type() == SENT;
        // A connector of the peer listener speaks for itself.
        if is_sent && caller.side.is_none() {
            let is_own = caller.audience.is_empty()
                && (actor.user == user || actor.acts_for.as_deref() == Some(user));
            if !known.takes_sent_by_token(is_own) {
                return Err((&error::SENT_BY_TOKEN).into());
            }
        }
    }
    Ok(())
}

fn prepare(
    app: &AppState,
    actor: Actor,
    jti: Option<&Jti>,
    mut event: Event,
    allow_pending: bool,
    key: Option<String>,
) -> Submission {
    // What was submitted, before the system's own members: by it a repetition is known.
    let content = Sha256::digest(event.canonical()).into();
    let now = app.ledger.clock.now();
    event.set_defaults(
        &app.ledger.organization,
        || of_ledger(now).to_string(),
        || rfc3339_millis(now),
    );
    let types = &app.ledger.config.duplicates;
    let is_checked = types.check.iter().any(|t| t == event.event_type());
    let duplicates = if is_checked {
        event.single_tag().map(|tag| (tag, Arc::new(types.clone())))
    } else {
        None
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Submission {
        id: owned(event.id()).unwrap_or_default(),
        content,
        subject: Subject::Event,
        parts: CoreParts::new(Subject::Event, event.canonical(), &actor)
            .with_jti(jti.map(Jti::as_str)),
        previous: event.previous().to_vec(),
        columns: Columns {
            facts: Facts {
                event_type: Some(event.event_type().to_owned()),
                provider: owned(event.provider()),
                consumer: owned(event.consumer()),
                made: Some(Made::by(&actor, jti, None)),
            },
            organization: Some(app.ledger.organization.clone()),
            timestamp: owned(event.timestamp()),
            tags: event.tags(),
        },
        actor,
        by: Call::Single(Box::new(Single {
            event,
            duplicates,
            allow_pending,
            key,
        })),
    }
}

fn answer(accepted: Accepted, is_extended: bool) -> Response {
    let (id, recorded) = match accepted {
        Accepted::Created(recorded) | Accepted::Exists(recorded) => {
            (recorded.id.clone(), Some(recorded))
        }
        // Somebody else's record, perhaps: its id is all there is to tell.
        Accepted::Duplicate(id) => (id, None),
    };
    let mut body = json!({ "cdleventid": id });
    if !is_extended {
        return Json(body).into_response();
    }
    if let Some(recorded) = recorded {
        body["ledger"] = receipt(&recorded);
    }
    (StatusCode::OK, [(CONTENT_TYPE, EXTENDED)], body.to_string()).into_response()
}

fn receipt(recorded: &Recorded) -> Value {
    let mut receipt = json!({});
    if let Some(salt) = recorded.salt {
        receipt["salt"] = salt.to_base64().into();
    }
    if let Some(core) = &recorded.core {
        receipt["core"] = core.clone().into();
    }
    receipt
}
