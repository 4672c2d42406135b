//! Who may write what, and who may read what.

use rstest::rstest;

use super::*;

/// A member of the consumer's organisation; see [`Registered`].
const NURSE: &str = "clerk-of-consumer-b";
/// A connector of the provider, one of the consumer, and two of somebody else.
const OTHER_PROVIDER: &str = "provider.c.example";
pub(super) const OTHER_RECEIVER: &str = "receiver.c.example";

const TYPES: [&str; 6] = ["Create", "Publish", "Sent", "Received", "Update", "Other"];

pub(super) fn event(event_type: &str, provider: Option<&str>, consumer: Option<&str>) -> Value {
    let mut event = json!({
        "cdldatamodelversion": "2.0", "cdleventtype": event_type, "cdleventid": "",
    });
    if let Some(provider) = provider {
        event["dataprovider"] = provider.into();
    }
    if let Some(consumer) = consumer {
        event["datauser"] = consumer.into();
    }
    event
}

/// Everybody who may try to write an event of provider A for consumer B.
#[derive(Debug, Clone, Copy)]
enum Who {
    Token(&'static str),
    Connector(&'static str),
}

const EVERYBODY: [Who; 9] = [
    Who::Token(PROVIDER),
    Who::Token(CONSUMER),
    Who::Token(CLERK),
    Who::Token(NURSE),
    Who::Token(STRANGER),
    Who::Connector(PROVIDER_CONNECTOR),
    Who::Connector(RECEIVER_CONNECTOR),
    Who::Connector(OTHER_PROVIDER),
    Who::Connector(OTHER_RECEIVER),
];

impl LedgerFixture {
    async fn register_by(&self, who: Who, event: &Value) -> Answer {
        match who {
            Who::Token(user) => self.register_as(user, event, &[]).await,
            Who::Connector(id) => send(&self.peer, Form::event(event).request(&[]), Some(id)).await,
        }
    }
}

/// Every type of event by everybody, on both listeners, as single registration.
#[tokio::test]
async fn an_event_is_registered_by_its_parties_alone() {
    let world = LedgerFixture::new().await;
    let mut recorded = 0;
    for event_type in TYPES {
        for who in EVERYBODY {
            let is_party = match who {
                Who::Token(user) => user != STRANGER,
                Who::Connector(PROVIDER_CONNECTOR) => event_type != "Received",
                Who::Connector(RECEIVER_CONNECTOR) => event_type != "Sent",
                Who::Connector(_) => false,
            };
            let expected = if is_party {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            let event = event(event_type, Some(PROVIDER), Some(CONSUMER));
            let answer = world.register_by(who, &event).await;
            assert_eq!(answer.status, expected, "{event_type} by {who:?}");
            if !is_party {
                assert_eq!(answer.body["message_id"], "foreign-party");
            }
            recorded += i64::from(is_party);
        }
    }
    assert_eq!(world.events(), recorded);
}

/// The same in the batch, where a connector states a user.
#[tokio::test]
async fn a_batch_holds_what_its_connector_did() {
    let world = LedgerFixture::new().await;
    let users = [PROVIDER, CONSUMER, STRANGER, CLERK];
    let connectors = [
        PROVIDER_CONNECTOR,
        RECEIVER_CONNECTOR,
        OTHER_PROVIDER,
        OTHER_RECEIVER,
    ];
    for event_type in ["Sent", "Received"] {
        for connector in connectors {
            for user in users {
                for evidence in [false, true] {
                    let (id, previous) = (world.id(), world.id());
                    let item = if evidence {
                        world.aborted(event_type, user, &id, &previous)
                    } else {
                        world.item(event_type, user, &id, &previous)
                    };
                    let answer = world.deliver_as(connector, &[item]).await;
                    let result = &answer.body["results"][0];
                    // What a receiver's connector says of its user nobody else can know.
                    let is_taken = match event_type {
                        "Sent" => connector == PROVIDER_CONNECTOR && user == PROVIDER,
                        _ => connector.starts_with("receiver.") && user == CONSUMER,
                    };
                    let expected = if is_taken { "created" } else { "rejected" };
                    let what = format!("{event_type} by {connector} for {user}: {result}");
                    assert_eq!(result["status"], expected, "{what}");
                    if !is_taken {
                        assert_eq!(result["problem"]["status"], 403, "{what}");
                        assert_eq!(result["retry"], false, "{what}");
                    }
                }
            }
        }
    }
}

#[rstest]
#[case(None, None)]
#[case(Some(""), Some(""))]
#[tokio::test]
async fn an_event_of_nobody_is_its_actors(
    #[case] provider: Option<&str>,
    #[case] consumer: Option<&str>,
) {
    let world = LedgerFixture::new().await;
    for who in EVERYBODY {
        let answer = world
            .register_by(who, &event("Update", provider, consumer))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{who:?}");
        let id = answer.body["cdleventid"].as_str().unwrap();
        let seen = world.lineage_as(STRANGER, id, &[]).await;
        let is_own = matches!(
            who,
            Who::Token(STRANGER) | Who::Connector(OTHER_PROVIDER | OTHER_RECEIVER)
        );
        assert_eq!(
            seen.body[0].get("cdlorganization").is_some(),
            is_own,
            "{who:?}"
        );
    }
}

#[tokio::test]
async fn whoever_acts_for_an_organisation_is_recorded_so() {
    let world = LedgerFixture::new().await;
    for (who, party) in [(CLERK, PROVIDER), (NURSE, CONSUMER)] {
        world
            .registered(who, &event("Update", Some(PROVIDER), Some(CONSUMER)))
            .await;
        let core = world.cores("Update").pop().unwrap();
        let actor = json!({ "auth": "bearer", "for": party, "user": who });
        assert_eq!(core["actor"], actor);
    }
}

#[rstest]
#[case(Some("unknown-x"), Some(CONSUMER), "dataprovider")]
#[case(Some(PROVIDER), Some("unknown-x"), "datauser")]
#[case(Some(PROVIDER), Some("no/user"), "datauser")]
#[tokio::test]
async fn users_that_are_named_exist(
    #[case] provider: Option<&str>,
    #[case] consumer: Option<&str>,
    #[case] member: &str,
) {
    let world = LedgerFixture::new().await;
    let who = if provider == Some(PROVIDER) {
        PROVIDER
    } else {
        CONSUMER
    };
    let answer = world
        .register_as(who, &event("Update", provider, consumer), &[])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body["message_id"], "unknown-user");
    let message = answer.body["message"].as_str().unwrap();
    assert!(message.contains(member), "{message}");
    assert_eq!(world.events(), 0);
}

#[rstest]
#[case::of_a_reference_provider(PROVIDER, CONSUMER, true)]
#[case::of_ours_by_its_user("ours-a", CONSUMER, false)]
#[case::of_ours_by_itself("ours-a", "ours-a", false)]
#[case::of_ours_by_a_member("ours-a", "clerk-of-ours-a", false)]
#[case::of_one_without_connectors_by_its_user("none-a", CONSUMER, false)]
#[case::of_one_without_connectors_by_itself("none-a", "none-a", true)]
#[case::of_one_without_connectors_by_a_member("none-a", "clerk-of-none-a", true)]
#[case::of_ours_by_an_addressed_token("ours-a", "consumer-b-to-ours-a", false)]
#[case::of_one_without_connectors_by_an_addressed_token("none-a", "consumer-b-to-none-a", false)]
#[tokio::test]
async fn what_our_connectors_deliver_nobody_registers_by_token(
    #[case] provider: &str,
    #[case] who: &str,
    #[case] is_taken: bool,
) {
    let world = LedgerFixture::new().await;
    let sent = event("Sent", Some(provider), Some(CONSUMER));
    let answer = world.register_as(who, &sent, &[]).await;
    let expected = if is_taken {
        StatusCode::OK
    } else {
        StatusCode::FORBIDDEN
    };
    assert_eq!(answer.status, expected);
    if !is_taken {
        assert_eq!(answer.body["message_id"], "sent-by-token");
    }
    // Whatever it is called otherwise.
    let other = event("sent", Some(provider), Some(CONSUMER));
    if !who.contains("-to-") {
        assert_eq!(
            world.register_as(who, &other, &[]).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn users_that_a_batch_names_exist() {
    let world = LedgerFixture::new().await;
    let mut item = world.sent(&world.id(), &world.id());
    item["event"]["datauser"] = "unknown-x".into();
    let good = world.sent(&world.id(), &world.id());
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item, good]).await;
    let results = &answer.body["results"];
    assert_eq!(results[0]["problem"]["status"], 403, "{results}");
    assert_eq!(results[1]["status"], "created");
}

#[rstest]
#[case("2025-01-01T00:59:59.000Z", true)]
#[case("2025-01-01T01:00:01.000Z", false)]
#[case("2025-01-01T09:30:00+09:00", true)]
#[case("2025-01-01T10:00:01+09:00", false)]
#[case("2024-01-01", true)]
#[case("2025-01-01T09:30:00", true)]
#[case("2026-01-01", false)]
#[case("9999", false)]
#[case("tomorrow", false)]
#[tokio::test]
async fn a_time_has_come(#[case] time: &str, #[case] is_taken: bool) {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["cdltimestamp"] = time.into();
    let answer = world.register_as(PROVIDER, &event, &[]).await;
    if is_taken {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    } else {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.body["message_id"], "time-ahead");
    }
}

/// What a token that is meant for provider A may do with the ledger: be the provider's, for a `Sent` to its user.
#[tokio::test]
async fn an_addressed_token_is_good_for_one_thing() {
    let world = LedgerFixture::new().await;
    let origin = world
        .registered(PROVIDER, &event("Create", Some(PROVIDER), None))
        .await;
    let addressed = format!("{CONSUMER}-to-{PROVIDER}");
    for event_type in TYPES {
        let mut event = event(event_type, Some(PROVIDER), Some(CONSUMER));
        event["cdlpreviousevents"] = json!([origin]);
        let answer = world.register_as(&addressed, &event, &[]).await;
        let expected = if event_type == "Sent" {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(answer.status, expected, "{event_type}");
    }
    let to_others = event("Sent", Some(PROVIDER), Some(STRANGER));
    let answer = world.register_as(&addressed, &to_others, &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        world.lineage_as(&addressed, &origin, &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
    let core = world.cores("Sent").pop().unwrap();
    let actor = json!({ "auth": "bearer", "for": PROVIDER, "user": CONSUMER });
    assert_eq!(core["actor"], actor);
    // So it gives its user a right to the origin, as the provider's own would.
    let sent = core["event"]["cdleventid"].as_str().unwrap().to_owned();
    let seen = world.lineage_as(CONSUMER, &sent, &[]).await;
    assert_eq!(seen.body[0]["dataprovider"], PROVIDER);
    let seen = world
        .lineage_as(PROVIDER, &format!("{origin}?direction=FORWARD"), &[])
        .await;
    assert_eq!(ids(&seen), [origin.as_str(), sent.as_str()]);
}

#[tokio::test]
async fn only_the_providers_own_events_are_its_duplicates_and_updates() {
    let world = LedgerFixture::new().await;
    let tagged = |event_type: &str, consumer: Option<&str>| {
        let mut event = event(event_type, Some(PROVIDER), consumer);
        event["cdldatatags"] = json!([{ "cdluri": "https://d.example/x", "cdlsha256hash": AAA }]);
        event
    };
    // B names A as the provider, which it may where it is the consumer.
    let foreign = [
        world
            .registered(CONSUMER, &tagged("Create", Some(CONSUMER)))
            .await,
        world
            .registered(CONSUMER, &tagged("Update", Some(CONSUMER)))
            .await,
    ];
    let own = world.registered(PROVIDER, &tagged("Create", None)).await;
    assert!(!foreign.contains(&own));
    let core = world.cores("Create").pop().unwrap();
    assert_eq!(core["event"]["cdlpreviousevents"], json!([]));
    // A member's is the provider's.
    assert_eq!(world.registered(CLERK, &tagged("Create", None)).await, own);
    // And B's is not B's original of A either: it is registered again.
    let again = world
        .registered(CONSUMER, &tagged("Publish", Some(CONSUMER)))
        .await;
    assert_eq!(again, own, "there is an original of the provider now");
}

/// A's Create ← A's Sent to B ← B's Received ← B's Update, and what C attaches to each of them.
pub(super) struct Story {
    pub(super) create: String,
    pub(super) sent: String,
    pub(super) received: String,
    pub(super) update: String,
    pub(super) notes: Vec<String>,
}

pub(super) async fn story(world: &LedgerFixture) -> Story {
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
pub(super) fn readable(answer: &Answer) -> Vec<&str> {
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
