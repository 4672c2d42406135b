//! Who may write what, and who may read what.

pub(super) mod reading;

use rstest::rstest;

use super::*;

/// A member of the consumer's organisation; see [`token_claims`].
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
