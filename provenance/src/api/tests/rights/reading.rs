//! Who reads what of a lineage.

use rstest::rstest;

use super::{NURSE, OTHER_RECEIVER, event};
use crate::api::tests::*;

/// A's Create ← A's Sent to B ← B's Received ← B's Update, and what C attaches to each of them.
pub(in crate::api::tests) struct Story {
    pub(in crate::api::tests) create: String,
    pub(in crate::api::tests) sent: String,
    pub(in crate::api::tests) received: String,
    pub(in crate::api::tests) update: String,
    pub(in crate::api::tests) notes: Vec<String>,
}

pub(in crate::api::tests) async fn story(world: &LedgerFixture) -> Story {
    let after = |event_type: &str, provider: &str, consumer: Option<&str>, previous: &[&str]| {
        let mut event = event(event_type, Some(provider), consumer);
        event["cdlpreviousevents"] = json!(previous);
        event
    };
    let create = world
        .registered(PROVIDER, &after("Create", PROVIDER, None, &[]))
        .await;
    let (sent, received) = (world.id(), world.id());
    for (connector, item) in [
        (RECEIVER_CONNECTOR, world.received(&received, &sent)),
        (PROVIDER_CONNECTOR, world.sent(&sent, &create)),
    ] {
        let answer = world.deliver_as(connector, &[item]).await;
        assert_eq!(answer.body["results"][0]["status"], "created");
    }
    let update = world
        .registered(CONSUMER, &after("Update", CONSUMER, None, &[&received]))
        .await;
    let mut notes = Vec::new();
    for previous in [&create, &sent, &received, &update] {
        // Of its own, of A as it says, and addressed to A and to B.
        for (provider, consumer) in [
            (STRANGER, None),
            (PROVIDER, Some(STRANGER)),
            (STRANGER, Some(PROVIDER)),
            (STRANGER, Some(CONSUMER)),
        ] {
            for event_type in ["Update", "Received"] {
                let note = after(event_type, provider, consumer, &[previous]);
                notes.push(world.registered(STRANGER, &note).await);
            }
        }
        // By a connector, too.
        let id = world.id();
        let mut item = world.item("Received", STRANGER, &id, previous);
        item["event"]["datauser"] = STRANGER.into();
        let answer = world.deliver_as(OTHER_RECEIVER, &[item]).await;
        assert_eq!(
            answer.body["results"][0]["status"], "created",
            "{}",
            answer.body
        );
        notes.push(id);
    }
    Story {
        create,
        sent,
        received,
        update,
        notes,
    }
}

/// Which events of an answer show more than that they are there.
pub(in crate::api::tests) fn readable(answer: &Answer) -> Vec<&str> {
    let events = answer.body.as_array().expect("an array of events");
    events
        .iter()
        .filter(|event| event.get("cdlorganization").is_some())
        .map(|event| event["cdleventid"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn naming_an_event_gives_no_right_to_it() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    for note in &story.notes {
        for direction in ["BACKWARD", "BOTH"] {
            let path = format!("{note}?direction={direction}");
            let seen = world.lineage_as(STRANGER, &path, &[]).await;
            assert_eq!(readable(&seen), [note.as_str()]);
            assert!(
                !seen.body.to_string().contains(CONSUMER)
                    || seen.body.to_string().matches(CONSUMER).count() == 1
            );
        }
    }
}

#[tokio::test]
async fn whoever_received_reads_back_to_the_origin() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    let whole = [
        story.create.as_str(),
        &story.sent,
        &story.received,
        &story.update,
    ];
    for (who, expected) in [
        (CONSUMER, &whole[..]),
        (NURSE, &whole[..]),
        (PROVIDER, &whole[..3]),
        (CLERK, &whole[..3]),
        (STRANGER, &[]),
    ] {
        let seen = world.lineage_as(who, &story.update, &[]).await;
        assert_eq!(ids(&seen), whole, "{who}");
        assert_eq!(readable(&seen), expected, "{who}");
    }
    // Whoever B passes the result on to sees where it came from.
    let mut passed = event("Sent", Some(CONSUMER), Some("guest-d"));
    passed["cdlpreviousevents"] = json!([story.update]);
    let passed = world.registered(CONSUMER, &passed).await;
    let seen = world.lineage_as("guest-d", &passed, &[]).await;
    assert_eq!(readable(&seen).len(), 5);
}

#[tokio::test]
async fn what_strangers_attach_is_not_in_an_owners_view() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    let whole = [
        story.create.as_str(),
        &story.sent,
        &story.received,
        &story.update,
    ];
    for who in [PROVIDER, CONSUMER, STRANGER] {
        for direction in ["FORWARD", "BOTH"] {
            for (at, start) in whole.iter().enumerate() {
                let path = format!("{start}?direction={direction}");
                let seen = world.lineage_as(who, &path, &[]).await;
                let from = if direction == "BOTH" { 0 } else { at };
                assert_eq!(ids(&seen), whole[from..], "{who} from {start}");
                let text = seen.body.to_string();
                assert!(story.notes.iter().all(|note| !text.contains(note)));
            }
        }
    }
    // An open ledger is as existing ones are: it shows everything to everybody.
    let open = LedgerFixture::within(
        LedgerConfig {
            read: crate::domain::access::ReadPolicy::Open,
            ..limits()
        },
        world.folder,
    )
    .await;
    let path = format!("{}?direction=FORWARD", story.create);
    let seen = open.lineage_as(STRANGER, &path, &[]).await;
    assert_eq!(ids(&seen).len(), 4 + story.notes.len());
    assert_eq!(readable(&seen).len(), 4 + story.notes.len());
    let next = seen.body[0]["cdlnextevents"].as_array().unwrap();
    assert_eq!(next.len(), 10);
}

/// A ledger of the version before, in which edges were not told apart.
#[tokio::test]
async fn edges_of_before_are_told_apart_when_the_ledger_opens() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    let path = world.folder.path().join("ledger.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(
        "INSERT INTO edge(next_idx, ord, prev_idx) SELECT next_idx, ord, prev_idx FROM stranger_edge;
         DROP TABLE stranger_edge;
         ALTER TABLE record DROP COLUMN made;
         DELETE FROM _sqlx_migrations WHERE version = 4;",
    )
    .unwrap();
    drop(conn);
    let world = LedgerFixture::within(limits(), world.folder).await;
    let path = format!("{}?direction=FORWARD", story.create);
    let seen = world.lineage_as(PROVIDER, &path, &[]).await;
    let whole = [
        story.create.as_str(),
        &story.sent,
        &story.received,
        &story.update,
    ];
    assert_eq!(ids(&seen), whole);
    // And what is new is judged by what is old.
    let mut item = world.received(&world.id(), &story.sent);
    item["event"]["datauser"] = CONSUMER.into();
    let id = item["event"]["cdleventid"].as_str().unwrap().to_owned();
    world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    let seen = world.lineage_as(PROVIDER, &path, &[]).await;
    assert!(ids(&seen).contains(&id.as_str()));
    assert_eq!(
        readable(&world.lineage_as(CONSUMER, &id, &[]).await).len(),
        3
    );
}

/// An original with a hundred thousand events of its provider's behind it, and as many of a stranger's.
#[tokio::test]
async fn a_hundred_thousand_successors_come_in_pages() {
    const MANY: i64 = 100_000;
    let world = LedgerFixture::new().await;
    let create = world
        .registered(PROVIDER, &event("Create", Some(PROVIDER), None))
        .await;
    let conn = rusqlite::Connection::open(world.folder.path().join("ledger.db")).unwrap();
    let many = |first: i64, who: &str, edges: &str| {
        format!(
            "WITH RECURSIVE n(i) AS (VALUES ({first}) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {first} + {MANY})
             INSERT INTO record(idx, id, kind, commitment, salt, core, etype, provider, rx_ms, actor)
             SELECT i, 'e' || i, 1, zeroblob(32), zeroblob(32),
               '{{\"actor\":{{\"auth\":\"bearer\",\"user\":\"{who}\"}},\"event\":{{\"cdleventid\":\"e' || i ||
               '\",\"cdlorganization\":\"l\"}},\"prev\":[],\"v\":1}}', 'Received', '{who}', 0, 'user:{who}' FROM n;
             INSERT INTO {edges}(next_idx, ord, prev_idx) SELECT idx, 0, 0 FROM record WHERE idx >= {first};"
        )
    };
    conn.execute_batch(&many(1, PROVIDER, "edge")).unwrap();
    conn.execute_batch(&many(1 + MANY, STRANGER, "stranger_edge"))
        .unwrap();
    drop(conn);
    let read = async |query: &str| {
        let path = format!("{create}?direction=FORWARD&{query}");
        world.lineage_as(PROVIDER, &path, &[]).await
    };
    let whole = read("depth=-1").await;
    assert_eq!(whole.body["message_id"], "lineage-too-large");
    let first = read("limit=40").await;
    assert_eq!(ids(&first).len(), 40);
    assert_eq!(first.body[0]["cdlnextevents"].as_array().unwrap().len(), 40);
    let next = first.headers["x-cadde-next-bookmark"].to_str().unwrap();
    let second = read(&format!("limit=40&bookmark={next}")).await;
    assert_eq!((ids(&second)[0], readable(&second).len()), ("e40", 40));
    // To its end, which is the provider's last and nobody else's.
    let last = read(&format!("limit=40&bookmark={}.{}", MANY - 9, MANY - 10)).await;
    assert_eq!(ids(&last).len(), 10);
    assert_eq!(*ids(&last).last().unwrap(), format!("e{MANY}"));
    assert!(!last.headers.contains_key("x-cadde-next-bookmark"));
    // And from behind the original is reached.
    let back = world.lineage_as(PROVIDER, "e7?limit=5", &[]).await;
    assert_eq!(ids(&back), ["e7", create.as_str()]);
}

#[rstest]
#[case("limit=0", "invalid-limit")]
#[case("limit=-1", "invalid-limit")]
#[case("limit=100001", "invalid-limit")]
#[case("limit=x", "invalid-limit")]
#[case("bookmark=1.0", "invalid-limit")]
#[case("limit=1&bookmark=", "invalid-bookmark")]
#[case("limit=1&bookmark=0.0", "invalid-bookmark")]
#[case("limit=1&bookmark=1.5", "invalid-bookmark")]
#[case("limit=1&bookmark=99999999999999999999.0", "invalid-bookmark")]
#[tokio::test]
async fn pages_that_are_none_are_refused(#[case] query: &str, #[case] kind: &str) {
    let world = LedgerFixture::new().await;
    let id = world
        .registered(PROVIDER, &event("Create", Some(PROVIDER), None))
        .await;
    let answer = world
        .lineage_as(PROVIDER, &format!("{id}?{query}"), &[])
        .await;
    assert_eq!(
        (answer.status, &answer.body["message_id"]),
        (StatusCode::BAD_REQUEST, &json!(kind))
    );
}
