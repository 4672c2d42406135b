//! An outbox of the version before there were owners of ids: its file as that version left it, half of its ids used by others.

use std::path::Path;

use common::ids::EventId;
use provenance_outbox::{DeliveryError, Outbox, OutboxConfig, Transport};
use rstest::rstest;

use super::{claims::WAYS, *};

/// That version's file, to the letter.
const FILE: &str = include_str!("../../../outbox/testdata/format-1.sql");

/// The connector's way to the ledger.
struct ToLedger {
    router: Router,
    connector: &'static str,
}

impl Transport for ToLedger {
    async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
        let request = Request::post("/v2/events:batch").header("content-type", "application/json");
        let request = request.body(Body::from(body)).expect("a request");
        let answer = send(&self.router, request, Some(self.connector)).await;
        if answer.status != StatusCode::OK {
            return Err(DeliveryError::Unreachable(answer.body.to_string()));
        }
        Ok(answer.body.to_string().into())
    }
}

/// What that version wrote for the record `id` in `state`.
fn request(
    world: &LedgerFixture,
    side: &str,
    user: &str,
    id: &str,
    create: &str,
    state: i64,
) -> Value {
    match state {
        0 => json!({
            "exchange_id": world.id(), "event_id": id, "kind": side.to_lowercase(), "provider": PROVIDER, "predecessor": create,
            "consumer": CONSUMER, "user_id": user,
        }),
        1 => world.item(side, user, id, create),
        _ => world.aborted(side, user, id, create),
    }
}

fn insert(path: &Path, rows: &[(Uuid, i64, Value)]) {
    let conn = rusqlite::Connection::open(path).expect("a file");
    conn.execute_batch(FILE).expect("SQL");
    for (id, state, request) in rows {
        conn.execute(
            "INSERT INTO record VALUES (?1, 1, ?2, 1735689600000, ?3, 'http://d.example/a', NULL)",
            rusqlite::params![id.as_bytes(), state, request.to_string().into_bytes()],
        )
        .expect("a row");
    }
}

#[rstest]
#[case::provider(PROVIDER_CONNECTOR, "Sent", PROVIDER)]
#[case::receiver(RECEIVER_CONNECTOR, "Received", CONSUMER)]
#[tokio::test]
async fn a_file_of_before_is_delivered_whoever_used_its_ids(
    #[case] connector: &'static str,
    #[case] side: &str,
    #[case] user: &str,
) {
    let world = LedgerFixture::new().await;
    let create = world.registered(PROVIDER, &create()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let (mut rows, mut squatted) = (Vec::new(), 0);
    for state in 0..3 {
        for way in WAYS {
            for is_squatted in [false, true] {
                let id = world.id();
                rows.push((
                    id.parse().unwrap(),
                    state,
                    request(&world, side, user, &id, &create, state),
                ));
                if is_squatted {
                    assert!(world.squat(way, &id, None).await, "{way:?}");
                    squatted += 1;
                }
            }
        }
    }
    insert(&path, &rows);
    let config = OutboxConfig {
        disk_headroom: ByteSize(0),
        ..OutboxConfig::new(path)
    };
    let owner = ConnectorId::parse(connector).unwrap();
    let outbox = Outbox::open(config, &owner, world.clock.clone()).unwrap();
    outbox.start_delivery(ToLedger {
        router: world.peer.clone(),
        connector,
    });
    tokio::time::timeout(Duration::from_mins(1), outbox.drained())
        .await
        .expect("everything is delivered");
    let status = outbox.status();
    assert_eq!((status.open, status.undelivered, status.parked), (0, 0, 0));
    for (id, state, _) in &rows {
        let receipt = outbox.receipt(&EventId(*id)).await.unwrap();
        let core: Value = serde_json::from_str(&receipt.unwrap().core.unwrap()).unwrap();
        assert_eq!(core["actor"]["client"], connector);
        let recorded = match state {
            1 => &core["event"]["cdleventid"],
            _ => &core["evidence"]["id"],
        };
        assert_eq!(*recorded, id.to_string());
    }
    assert_eq!(world.cores("correction").len(), squatted);
    outbox.close(Duration::from_secs(5)).await;
}
