//! A ledger, and what is submitted to it.

use std::{sync::Arc, time::Duration};

use common::{clock::ManualClock, ids::UserId, process::Readiness};
use provenance_model::{
    core::{Actor, ActorAuth, CoreParts, Subject},
    event::Event,
    json,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use time::macros::datetime;

use crate::{
    config::LedgerConfig,
    domain::{
        access::{LedgerCaller, ReadPolicy, Viewer},
        lineage::{Direction, Effort, LineageQuery},
        parties::{Facts, Made},
        sequencer::{Sequencer, SequencerLimits},
        store::{Columns, Index, LedgerReader, LedgerStore, Lineage, Node, ReadError, Recorded},
        submission::{Accepted, Call, Decision, DuplicateTypes, Refused, Single, Submission},
    },
};

/// A place for one ledger.
pub(crate) trait Site {
    type Store: LedgerStore;
    type Reader: LedgerReader;

    /// Opens it, once more if it was opened before.
    fn open(&self) -> impl Future<Output = (Self::Store, Self::Reader)>;
}

/// An open ledger.
pub(crate) struct Ledger {
    pub(crate) sequencer: Sequencer,
    reader: Arc<dyn LedgerReader>,
    pub(crate) clock: Arc<ManualClock>,
}

/// How long keys are remembered here.
pub(super) const KEYS: Duration = Duration::from_hours(1);

impl Ledger {
    pub(crate) async fn open(site: &impl Site) -> Self {
        let (store, reader) = site.open().await;
        let clock = Arc::new(ManualClock::new(datetime!(2026-11-22 01:02:03.004 UTC)));
        let limits = SequencerLimits {
            queue: 10_000,
            queue_bytes: 256 << 20,
            disk: None,
            watermark: LedgerConfig::default().watermark(),
            keep_keys: KEYS,
            patience: Duration::from_secs(10),
        };
        let check = Readiness::default().register("ledger");
        let sequencer = Sequencer::start(store, clock.clone(), limits, check).expect("a thread");
        Self {
            sequencer,
            reader: Arc::new(reader),
            clock,
        }
    }

    pub(crate) async fn submit(&self, all: Vec<Submission>) -> Vec<Decision> {
        self.sequencer
            .submit(all)
            .await
            .expect("the database works")
    }

    /// Records one, which has to be new.
    pub(super) async fn create(&self, one: Submission) -> Recorded {
        match self.submit(vec![one]).await.remove(0) {
            Ok(Accepted::Created(recorded)) => recorded,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn refuse(&self, one: Submission) -> Refused {
        self.submit(vec![one])
            .await
            .remove(0)
            .expect_err("it is refused")
    }

    /// One answer, with its place if it is a page.
    pub(super) async fn read(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Lineage>, ReadError> {
        self.reader.lineage(query, viewer).await
    }

    pub(super) async fn ask(
        &self,
        query: LineageQuery,
        viewer: Viewer,
    ) -> Result<Option<Vec<Node>>, ReadError> {
        let found = self.reader.lineage(query, viewer).await?;
        Ok(found.map(|lineage| lineage.nodes))
    }

    /// The ids of a whole lineage, in the order of the answer, as somebody who may see all sees them.
    pub(super) async fn lineage(&self, id: &str, direction: Direction) -> Vec<String> {
        let found = self
            .ask(query(id, direction), viewer("anybody", ReadPolicy::Open))
            .await;
        let nodes = found
            .expect("the database works")
            .expect("the event is there");
        nodes.into_iter().map(|node| node.id).collect()
    }
}

pub(super) fn query(id: &str, direction: Direction) -> LineageQuery {
    LineageQuery {
        id: id.to_owned(),
        direction,
        depth: None,
        limit: 1000,
        max_bytes: 64 << 20,
        page: None,
        effort: Effort::Long,
    }
}

pub(super) fn viewer(user: &str, policy: ReadPolicy) -> Viewer {
    Viewer::new(
        &LedgerCaller::user(&UserId::parse(user).expect("a user ID")),
        policy,
    )
}

fn actor(client: &str) -> Actor {
    Actor {
        auth: ActorAuth::Mtls,
        cert: None,
        client: Some(client.to_owned()),
        acts_for: None,
        user: "clerk".to_owned(),
    }
}

/// An event that a connector delivers, sent from `provider` to `consumer`.
pub(crate) fn sent(id: &str, previous: &[&str], provider: &str, consumer: &str) -> Submission {
    let body = json!({
        "cdleventid": id, "cdleventtype": "Sent", "dataprovider": provider, "datauser": consumer,
        "cdlpreviousevents": previous,
    });
    let actor = actor("p.example");
    let text = json::canonical(&body);
    Submission {
        id: id.to_owned(),
        content: Sha256::digest(&text).into(),
        subject: Subject::Event,
        parts: CoreParts::new(Subject::Event, text, &actor),
        previous: previous.iter().map(|id| (*id).to_owned()).collect(),
        columns: Columns {
            facts: Facts {
                event_type: Some("Sent".to_owned()),
                provider: Some(provider.to_owned()),
                consumer: Some(consumer.to_owned()),
                made: Some(Made::by(&actor, None, None)),
            },
            organization: Some("ledger.example".to_owned()),
            timestamp: Some("2026-11-22T01:02:03.004Z".to_owned()),
            tags: Vec::new(),
        },
        actor,
        by: Call::Batch,
    }
}

/// The same, whoever the parties.
pub(crate) fn event(id: &str, previous: &[&str]) -> Submission {
    sent(id, previous, "p", "c")
}

/// Evidence under `id`.
pub(super) fn evidence(id: &str) -> Submission {
    Submission {
        content: [8; 32],
        subject: Subject::Evidence,
        columns: Columns::of_evidence("transfer-aborted"),
        ..event(id, &[])
    }
}

/// A single registration of an event of `kind` about the data at `uri`, with this hash.
pub(super) fn single(id: &str, kind: &str, uri: &str, sha256: &str) -> Submission {
    let text = json!({
        "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": kind, "dataprovider": "p",
        "cdldatatags": [{ "cdluri": uri, "cdlsha256hash": sha256 }],
    });
    let event = Event::parse(text.to_string().as_bytes()).expect("it fits the model");
    let types = DuplicateTypes::default();
    let is_checked = types.check.iter().any(|one| one == kind);
    Submission {
        content: Sha256::digest(event.canonical()).into(),
        parts: CoreParts::new(Subject::Event, event.canonical(), &actor("p.example")),
        columns: Columns {
            facts: Facts {
                event_type: Some(kind.to_owned()),
                provider: Some("p".to_owned()),
                consumer: None,
                made: Some(Made {
                    user: "p".to_owned(),
                    ..Made::default()
                }),
            },
            tags: event.tags(),
            ..Columns::default()
        },
        by: Call::Single(Box::new(Single {
            duplicates: event
                .single_tag()
                .filter(|_| is_checked)
                .map(|tag| (tag, Arc::new(types))),
            event,
            allow_pending: false,
            key: None,
        })),
        ..self::event(id, &[])
    }
}

impl Submission {
    /// With an idempotency key, if it is a single registration.
    pub(super) fn keyed(mut self, key: &str) -> Self {
        if let Call::Single(single) = &mut self.by {
            single.key = Some(key.to_owned());
        }
        self
    }

    /// With these predecessors, which may arrive later or not.
    pub(super) fn after(mut self, previous: &[&str], allow_pending: bool) -> Self {
        self.previous = previous.iter().map(|id| (*id).to_owned()).collect();
        if let Call::Single(single) = &mut self.by {
            single.event.set_previous(self.previous.clone());
            single.allow_pending = allow_pending;
        }
        self
    }
}

/// The places that were given, and nothing where a submission was refused.
pub(crate) fn places(decisions: &[Decision]) -> Vec<Option<Index>> {
    decisions
        .iter()
        .map(|decision| match decision {
            Ok(Accepted::Created(recorded)) => Some(recorded.idx),
            _ => None,
        })
        .collect()
}
