//! Runs one function of the exchange path so and so often, for `scripts/bench-gate`, which counts its instructions.
//!
//! Counted, not timed: under valgrind a number of instructions is the same however busy the machine is, and, but for
//! SHA-256, on every processor of its kind.

use std::{hint::black_box, path::Path, sync::Arc};

use anyhow::Context as _;
use common::{
    clock::{Clock as _, SystemClock},
    config::ByteSize,
    ids::{ConnectorId, ExchangeId, UserId},
};
use common_db::DatabaseConfig;
use connector::{
    authorization::{Assignee, Grant, GrantIndex, Subject},
    exchange::BodyDigest,
    provider::{SourceConfig, Sources},
    upstream::ResourceUrl,
};
use provenance::{
    domain::{
        moment::Moment,
        parties::{Facts, Made},
        rules::{self, Effort},
        store::{Columns, LedgerStore as _, LedgerTx as _},
        submission::{Call, Submission},
    },
    store::open_sqlite,
};
use provenance_model::{
    batch::InItem,
    commitment::{Commitment, Salt},
    core::{self, Actor, ActorAuth, CoreParts},
    event_id::{EventIds, OwnedId},
    json,
};
use provenance_outbox::{Digest, Kind, Outbox, OutboxConfig, Reservation};

const RESOURCE: &str = "http://data.example/domain-a/traffic/2025/01/flow.csv";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("usage: hot-paths NAME TIMES")?;
    let times: usize = arguments.next().context("how often?")?.parse()?;
    match name.as_str() {
        "resource" => resource(times),
        "grant" => grant(times),
        "hash" => {
            hash(times);
            Ok(())
        }
        "item" => item(times),
        "record" => record(times),
        "event" => event(times),
        _ => anyhow::bail!("there is no {name}: resource, grant, hash, item, record, event"),
    }
}

/// Reads a resource URL and finds its data source among ten.
fn resource(times: usize) -> anyhow::Result<()> {
    let source = |n: usize| {
        let url = format!("http://data.example/domain-{n}").parse()?;
        anyhow::Ok(SourceConfig::new(url))
    };
    let mut configured = (0..9).map(source).collect::<anyhow::Result<Vec<_>>>()?;
    configured.push(SourceConfig::new("http://data.example/domain-a".parse()?));
    let sources = Sources::new(&configured)?;
    for _ in 0..times {
        let url = ResourceUrl::parse(black_box(RESOURCE))?;
        black_box(sources.find(&url).context("no source")?);
    }
    Ok(())
}

/// Decides by the grants of a hundred resources.
fn grant(times: usize) -> anyhow::Result<()> {
    let user = user()?;
    let grants = (0..100).map(|n| Grant {
        target: format!("{RESOURCE}.{n}"),
        assignee: Assignee {
            user: Some(user.clone()),
            ..Assignee::default()
        },
        contract: None,
    });
    let index = GrantIndex::new(grants);
    let subject = Subject {
        user: &user,
        orgs: Vec::new(),
        aal: 0,
        extras: None,
    };
    let target = format!("{RESOURCE}.50");
    for _ in 0..times {
        black_box(index.decide(black_box(&target), &subject));
    }
    Ok(())
}

/// Hashes a body of 64 KiB.
fn hash(times: usize) {
    let body = vec![7; 64 << 10];
    for _ in 0..times {
        black_box(BodyDigest::of(black_box(&body)));
    }
}

/// Reads one item of a batch and commits to it.
fn item(times: usize) -> anyhow::Result<()> {
    let owner = owner()?;
    let OwnedId { id, nonce } = EventIds::new(owner.clone()).next(SystemClock.now());
    let text = serde_json::json!({
        "exchange_id": ExchangeId::new_v7(SystemClock.now()), "user_id": user()?, "kind": "event", "nonce": nonce,
        "event": {
            "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": "Sent", "cdltimestamp": "2025-01-01T00:00:02.000Z",
            "dataprovider": user()?, "datauser": user()?, "cdlpreviousevents": ["019a0000-0000-7000-8000-000000000000"],
        },
        "dig": {"len": 1024, "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"},
    })
    .to_string();
    let types = ["Sent".to_owned(), "Received".to_owned()];
    for _ in 0..times {
        let item = InItem::parse(black_box(&text), &types, &owner)
            .map_err(|why| anyhow::anyhow!("{why}"))?;
        let core = json::canonical_object(&item.object);
        black_box(Commitment::new(&Salt([7; 32]), &core));
    }
    Ok(())
}

/// Records exchanges, each in a commit of its own, in a file below the current directory.
fn record(times: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(Path::new("."))?;
    let (clock, ids) = (Arc::new(SystemClock), EventIds::new(owner()?));
    let config = OutboxConfig {
        disk_headroom: ByteSize(0),
        ..OutboxConfig::new(folder.path().join("outbox.db"))
    };
    let outbox = Outbox::open(config, &owner()?, clock)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for _ in 0..times {
            let now = SystemClock.now();
            let OwnedId { id, nonce } = ids.next(now);
            let reservation = Reservation {
                exchange_id: ExchangeId::new_v7(now),
                event_id: id,
                nonce: Some(nonce),
                jti: None,
                kind: Kind::Sent {
                    provider: user()?,
                    predecessor: "019a0000-0000-7000-8000-000000000000".to_owned(),
                },
                consumer: user()?,
                user_id: user()?,
                end: None,
                resource: Some(RESOURCE.to_owned()),
            };
            let digest = Digest {
                sha256: [7; 32],
                sha512: None,
                len: 1024,
            };
            outbox.record(reservation, digest, now).await?;
        }
        anyhow::Ok(())
    })
}

/// Records of one transaction of the ledger, as many as connectors under load deliver.
const GROUP: usize = 64;

/// Decides about events and writes them, each the `Received` of a `Sent` before it, in a ledger below the current directory.
fn event(times: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(Path::new("."))?;
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut store, _, _) = runtime.block_on(open_sqlite(&DatabaseConfig::new(url)))?;
    let (owner, user) = (owner()?, user()?.to_string());
    let ids = EventIds::new(owner.clone());
    let mut sent = "019a0000-0000-7000-8000-000000000000".to_owned();
    let mut left = times;
    while left > 0 {
        let moment = Moment::new(SystemClock.now());
        let mut effort = Effort::of_a_group();
        let mut tx = store.begin()?;
        for n in 0..left.min(GROUP) {
            let kind = if n % 2 == 0 { "Sent" } else { "Received" };
            let id = ids.next(moment.at).id.to_string();
            let one = submission(kind, &id, &sent, &user, &owner);
            let decision = rules::apply(&mut tx, black_box(&one), &moment, &mut effort)?;
            anyhow::ensure!(decision.is_ok(), "{decision:?}");
            sent = id;
        }
        tx.commit()?;
        left = left.saturating_sub(GROUP);
    }
    Ok(())
}

fn submission(
    kind: &str,
    id: &str,
    previous: &str,
    user: &str,
    connector: &ConnectorId,
) -> Submission {
    let actor = Actor {
        auth: ActorAuth::Mtls,
        cert: Some("5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef".to_owned()),
        client: Some(connector.to_string()),
        acts_for: None,
        user: user.to_owned(),
    };
    let body = serde_json::json!({
        "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": kind, "cdltimestamp": "2025-01-01T00:00:02.000Z",
        "dataprovider": user, "datauser": user, "cdlpreviousevents": [previous],
    });
    let subject = core::Subject::Event;
    let made = Made {
        jti: Some("019a0000-0000-7000-8000-000000000001".to_owned()),
        sha256: actor.cert.clone(),
        len: Some(1024),
        ..Made::by(&actor, None, None)
    };
    Submission {
        id: id.to_owned(),
        content: [7; 32],
        subject,
        parts: CoreParts::new(subject, json::canonical(&body), &actor),
        previous: vec![previous.to_owned()],
        columns: Columns {
            facts: Facts {
                event_type: Some(kind.to_owned()),
                provider: Some(user.to_owned()),
                consumer: Some(user.to_owned()),
                made: Some(made),
            },
            ..Columns::default()
        },
        actor,
        by: Call::Batch,
    }
}

fn owner() -> anyhow::Result<ConnectorId> {
    Ok(ConnectorId::parse("provider.a.example")?)
}

fn user() -> anyhow::Result<UserId> {
    Ok(UserId::parse("user1@dataex.example")?)
}
