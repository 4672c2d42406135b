//! Items that a connector may submit, made submissions of.

use std::collections::HashMap;

use common::{
    clock::unix_millis,
    ids::{ConnectorId, UserId},
    listener::Peer,
};
use provenance_model::{
    batch::{EvidenceKind, InBody, InItem, ItemResult, Jti, Registration, may_submit},
    core::{CoreParts, Subject},
    event,
    event_id::unix_ms,
    json,
};
use time::OffsetDateTime;

use super::results::{FORBIDDEN, UNAVAILABLE, reject, reject_unread};
use crate::{
    api::AppState,
    domain::{
        access::{AuthorityError, LedgerCaller},
        parties::{Facts, Made},
        store::Columns,
        submission::{Call, Submission},
    },
};

/// Reads an item that the connector may submit, or says why not.
pub(super) fn read(
    app: &AppState,
    registration: &Result<Registration, AuthorityError>,
    text: &str,
    connector: &ConnectorId,
) -> Result<InItem, Box<ItemResult>> {
    let item = InItem::parse(text, &app.ledger.config.batch_event_types, connector)
        .map_err(reject_unread)?;
    let no = |kind, why: &str| reject(Some(item.id.to_string()), kind, why);
    let registration = registration
        .as_ref()
        .map_err(|error| no(&UNAVAILABLE, &error.to_string()))?;
    may_submit(registration, &item).map_err(|why| no(&FORBIDDEN, &why))?;
    if item.id.get_version_num() == 7 {
        if !app.ledger.config.v7_ids {
            return Err(no(&FORBIDDEN, NO_OWNER));
        }
        metrics::counter!("ledger_v7_ids_total").increment(1);
    }
    if is_ahead(&item, app.ledger.clock.now()) {
        return Err(no(&UNAVAILABLE, AHEAD));
    }
    Ok(item)
}

/// A submission, if those exist whom it names.
pub(super) struct Prepared {
    pub(super) submission: Submission,
    pub(super) named: [(&'static str, Option<UserId>); 2],
}

impl Prepared {
    pub(super) fn new(app: &AppState, peer: &Peer, item: InItem) -> Self {
        // But for what could not be registered, perhaps for that very reason.
        let is_named = item.body != InBody::Evidence(EvidenceKind::Unregistrable);
        let who = |user: &Option<UserId>| user.clone().filter(|_| is_named);
        Self {
            named: [
                ("dataprovider", who(&item.provider)),
                ("datauser", who(&item.consumer)),
            ],
            submission: submission(app, &peer.id, peer.certificate.sha256_hex(), item),
        }
    }

    /// The submission, or who of those it names does not exist, as far as `users` tells.
    pub(super) fn named_exist(
        self,
        users: &HashMap<UserId, Result<bool, AuthorityError>>,
    ) -> Result<Submission, Box<ItemResult>> {
        for (member, user) in &self.named {
            let (kind, why) = match user.as_ref().and_then(|user| users.get(user)) {
                None | Some(Ok(true)) => continue,
                Some(Ok(false)) => (&FORBIDDEN, format!("{member} is no registered user")),
                Some(Err(error)) => (&UNAVAILABLE, error.to_string()),
            };
            return Err(reject(Some(self.submission.id), kind, &why));
        }
        Ok(self.submission)
    }
}

/// Why an id that says nothing of its owner is refused where the configuration says so.
const NO_OWNER: &str = "ids of version 7 are no longer taken here (ledger.v7_ids)";

/// How far the clock of a connector may be ahead of the ledger's.
const MAX_AHEAD: time::Duration = time::Duration::hours(1);

/// Why an item has to wait whose time or whose id is of a time to come. It is right once that time is there, or the clocks are.
const AHEAD: &str = "its id or its time is more than an hour ahead of the ledger's clock";

fn is_ahead(item: &InItem, now: OffsetDateTime) -> bool {
    let latest = now.saturating_add(MAX_AHEAD);
    item.time > latest || unix_ms(&item.id).is_some_and(|ms| ms > unix_millis(latest))
}

fn submission(
    app: &AppState,
    connector: &ConnectorId,
    certificate: String,
    item: InItem,
) -> Submission {
    let actor = LedgerCaller::connector(connector, certificate, &item.user_id).actor;
    let InItem {
        id,
        nonce,
        exchange_id,
        body,
        mut object,
        provider,
        consumer,
        previous,
        dig,
        jti,
        sig,
        more,
        content,
        ..
    } = item;
    let text = |name: &str| {
        object
            .get(name)
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
    };
    let timestamp = text("cdltimestamp");
    let (subject, event_type, organization, tags) = match body {
        InBody::Event { event_type } => {
            let organization = app.ledger.organization.clone();
            let tags = event::tags(&object);
            object.insert("cdlorganization".to_owned(), organization.clone().into());
            (Subject::Event, event_type, Some(organization), tags)
        }
        InBody::Evidence(kind) => (
            Subject::Evidence,
            evidence_type(kind).to_owned(),
            None,
            Vec::new(),
        ),
    };
    let parts = CoreParts::new(subject, json::canonical_object(&object), &actor)
        .with_dig(dig.as_ref())
        .with_jti(jti.as_ref().map(Jti::as_str))
        .with_xid(Some(&exchange_id.to_string()))
        .with_nonce(nonce)
        .with_sig(sig.as_deref())
        .with_more(&more);
    let columns = Columns {
        facts: Facts {
            event_type: Some(event_type),
            provider: provider.map(String::from),
            consumer: consumer.map(String::from),
            made: (subject == Subject::Event).then(|| Made::by(&actor, jti.as_ref(), dig.as_ref())),
        },
        organization,
        timestamp,
        tags,
    };
    Submission {
        id: id.to_string(),
        actor,
        content,
        subject,
        parts,
        previous,
        columns,
        by: Call::Batch,
    }
}

const fn evidence_type(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::TransferAborted => "transfer-aborted",
        EvidenceKind::Direct => "direct",
        EvidenceKind::ReceivedUnsent => "received-unsent",
        EvidenceKind::Unregistrable => "unregistrable",
        EvidenceKind::VoucherSent => "voucher-sent",
        EvidenceKind::VoucherReceived => "voucher-received",
    }
}
