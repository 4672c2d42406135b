//! `GET /v2/lineage/{cdleventid}`.

use rstest::rstest;

use super::*;
use crate::{api::extended::EXTENDED, domain::access::ReadPolicy};

/// Create ← Sent ← Received, registered by provider and consumer.
async fn exchange(world: &LedgerFixture) -> [String; 3] {
    let event = |event_type: &str, previous: &[&str]| {
        json!({
            "cdldatamodelversion": "2.0", "cdleventtype": event_type, "dataprovider": PROVIDER, "datauser": CONSUMER,
            "cdlpreviousevents": previous,
        })
    };
    let create = world.registered(PROVIDER, &create()).await;
    let sent = world.registered(PROVIDER, &event("Sent", &[&create])).await;
    let received = world
        .registered(CONSUMER, &event("Received", &[&sent]))
        .await;
    [create, sent, received]
}

#[rstest]
#[case("", &[], &[0, 1, 2])]
#[case("?direction=BACKWARD&depth=-1", &[], &[0, 1, 2])]
#[case("?depth=1", &[], &[1, 2])]
#[case("?depth=0", &[], &[2])]
#[case("?direction=FORWARD", &[], &[2])]
#[case("", &[("x-depth", "1")], &[1, 2])]
#[case("", &[("x-direction", "FORWARD")], &[2])]
#[case("?direction=BACKWARD&depth=2", &[("x-direction", "FORWARD"), ("x-depth", "0")], &[0, 1, 2])]
#[tokio::test]
async fn the_query_goes_before_headers_and_headers_before_defaults(
    #[case] query: &str,
    #[case] headers: &[(&str, &str)],
    #[case] expected: &[usize],
) {
    let world = LedgerFixture::new().await;
    let all = exchange(&world).await;
    let answer = world
        .lineage_as(PROVIDER, &format!("{}{query}", all[2]), headers)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected: Vec<&str> = expected.iter().map(|i| all[*i].as_str()).collect();
    assert_eq!(ids(&answer), expected);
}

#[rstest]
#[case("?direction=backward")]
#[case("?direction=")]
#[case("?depth=-2")]
#[case("?depth=one")]
#[case("?depth=1.5")]
#[tokio::test]
async fn other_parameters_are_refused(#[case] query: &str) {
    let world = LedgerFixture::new().await;
    let all = exchange(&world).await;
    let answer = world
        .lineage_as(PROVIDER, &format!("{}{query}", all[2]), &[])
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn both_goes_to_ancestors_and_descendants_but_not_to_siblings() {
    let world = LedgerFixture::new().await;
    let [create, sent, received] = exchange(&world).await;
    let sibling = json!({ "cdldatamodelversion": "2.0", "cdleventtype": "Sent", "dataprovider": PROVIDER,
        "cdlpreviousevents": [create] });
    let sibling = world.registered(PROVIDER, &sibling).await;
    let answer = world
        .lineage_as(PROVIDER, &format!("{sent}?direction=BOTH"), &[])
        .await;
    assert_eq!(
        ids(&answer),
        [create.as_str(), sent.as_str(), received.as_str()]
    );
    // Its successors in ledger order, also those that are not in the answer.
    assert_eq!(answer.body[0]["cdlnextevents"], json!([sent, sibling]));
    assert_eq!(answer.body[2]["cdlnextevents"], json!([]));
}

#[tokio::test]
async fn an_unknown_event_is_not_found_and_ids_are_decoded() {
    let world = LedgerFixture::new().await;
    assert_eq!(
        world.lineage_as(PROVIDER, "unknown", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let mut event = create();
    event["cdleventid"] = "a/b c%".into();
    world.registered(PROVIDER, &event).await;
    assert_eq!(
        ids(&world.lineage_as(PROVIDER, "a%2Fb%20c%25", &[]).await),
        ["a/b c%"]
    );
}

#[tokio::test]
async fn others_see_that_an_event_is_there_and_nothing_of_it() {
    let world = LedgerFixture::with(LedgerConfig {
        read: ReadPolicy::Party,
        ..limits()
    })
    .await;
    let [create, sent, received] = exchange(&world).await;
    // The consumer is a party of Sent and Received, not of Create.
    let answer = world
        .lineage_as(CONSUMER, &received, &[("accept", EXTENDED)])
        .await;
    assert_eq!(
        ids(&answer),
        [create.as_str(), sent.as_str(), received.as_str()]
    );
    let redacted = answer.body[0].as_object().unwrap();
    let members: Vec<&str> = redacted.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "cdleventid",
            "cdleventtype",
            "cdlnextevents",
            "cdlpreviousevents",
            "commitment"
        ]
    );
    assert_eq!(redacted["cdlnextevents"], json!([sent]));
    assert_eq!(answer.body[1]["dataprovider"], PROVIDER);
    assert_eq!(answer.body[2]["datauser"], CONSUMER);

    let answer = world
        .lineage_as(STRANGER, &received, &[("accept", EXTENDED)])
        .await;
    for event in answer.body.as_array().unwrap() {
        assert!(
            event.get("dataprovider").is_none() && event.get("ledger").is_none(),
            "{event}"
        );
    }
    // The provider is a party of all three.
    let answer = world.lineage_as(PROVIDER, &received, &[]).await;
    assert!(
        answer
            .body
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["dataprovider"] == PROVIDER)
    );
}

#[tokio::test]
async fn redacted_events_do_not_show_what_is_outside_the_answer() {
    let world = LedgerFixture::new().await;
    let [create, sent, _] = exchange(&world).await;
    let answer = world
        .lineage_as(STRANGER, &format!("{sent}?depth=0"), &[])
        .await;
    assert_eq!(answer.body[0]["cdlpreviousevents"], json!([]));
    assert_eq!(answer.body[0]["cdlnextevents"], json!([]));
    let answer = world.lineage_as(STRANGER, &sent, &[]).await;
    assert_eq!(answer.body[1]["cdlpreviousevents"], json!([create]));
}

#[tokio::test]
async fn an_open_ledger_shows_bodies_to_all_and_cores_to_parties() {
    let world = LedgerFixture::with(LedgerConfig {
        read: ReadPolicy::Open,
        ..limits()
    })
    .await;
    let [_, _, received] = exchange(&world).await;
    let answer = world
        .lineage_as(STRANGER, &received, &[("accept", EXTENDED)])
        .await;
    for event in answer.body.as_array().unwrap() {
        assert_eq!(event["dataprovider"], PROVIDER);
        assert!(event.get("ledger").is_none());
    }
}

#[tokio::test]
async fn the_extended_form_adds_the_core_of_ones_own() {
    let world = LedgerFixture::new().await;
    let [_, _, received] = exchange(&world).await;
    let plain = world.lineage_as(PROVIDER, &received, &[]).await;
    assert_eq!(plain.headers["content-type"], "application/json");
    assert!(plain.body[0].get("ledger").is_none());
    let accept = [(
        "accept",
        "text/html, application/vnd.cadde.provenance+json;q=0.9",
    )];
    let extended = world.lineage_as(PROVIDER, &received, &accept).await;
    assert_eq!(extended.headers["content-type"], EXTENDED);
    for event in extended.body.as_array().unwrap() {
        let members: Vec<&String> = event["ledger"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["core"]);
        let core: Value = serde_json::from_str(event["ledger"]["core"].as_str().unwrap()).unwrap();
        assert_eq!(core["event"]["cdleventid"], event["cdleventid"]);
    }
}

#[tokio::test]
async fn a_clients_own_member_ledger_gives_way_in_the_extended_form() {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["ledger"] = "own".into();
    let id = world.registered(PROVIDER, &event).await;
    assert_eq!(
        world.lineage_as(PROVIDER, &id, &[]).await.body[0]["ledger"],
        "own"
    );
    let extended = world
        .lineage_as(PROVIDER, &id, &[("accept", EXTENDED)])
        .await;
    assert!(extended.body[0]["ledger"]["core"].is_string());
}

#[tokio::test]
async fn a_connector_reads_what_it_submitted_and_what_concerns_its_participant() {
    let world = LedgerFixture::new().await;
    let create = world.registered(PROVIDER, &create()).await;
    let (sent, received) = (world.id(), world.id());
    world
        .deliver_as(PROVIDER_CONNECTOR, &[world.sent(&sent, &create)])
        .await;
    let mut item = world.received(&received, &sent);
    item["user_id"] = "guest-d".into();
    item["event"]["datauser"] = "guest-d".into();
    world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    let read = |connector: &'static str| {
        let request = Request::get(format!("/v2/lineage/{received}"))
            .body(Body::empty())
            .unwrap();
        async { send(&world.peer, request, Some(connector)).await }
    };
    let own = read(RECEIVER_CONNECTOR).await;
    assert_eq!(own.body[2]["datauser"], "guest-d");
    // Another connector of the same participant is no party of what a guest received.
    let other = read("second.b.example").await;
    assert!(other.body[2].get("datauser").is_none());
    assert_eq!(other.body[1]["datauser"], CONSUMER);
    assert_eq!(read("unknown.example").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_lineage_beyond_the_limit_is_refused_and_not_cut() {
    let world = LedgerFixture::with(LedgerConfig {
        max_lineage: 2,
        ..limits()
    })
    .await;
    let [_, _, received] = exchange(&world).await;
    let answer = world.lineage_as(PROVIDER, &received, &[]).await;
    assert_eq!(
        (answer.status, &answer.body["message_id"]),
        (StatusCode::BAD_REQUEST, &json!("lineage-too-large"))
    );
    assert_eq!(
        ids(&world
            .lineage_as(PROVIDER, &format!("{received}?depth=1"), &[])
            .await)
        .len(),
        2
    );
}

#[tokio::test]
async fn an_id_that_is_no_text_has_no_event() {
    let world = LedgerFixture::new().await;
    let answer = world.lineage_as(PROVIDER, "%FF%00", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.body["type"], "error");
}

#[tokio::test]
async fn a_long_answer_comes_in_pieces_and_whole() {
    let world = LedgerFixture::new().await;
    let create = world.registered(PROVIDER, &create()).await;
    // Half of them are sent to somebody else, and redacted.
    for to in [CONSUMER, "guest-d"] {
        let item = |_| {
            let mut item = world.sent(&world.id(), &create);
            item["event"]["datauser"] = to.into();
            item
        };
        let items: Vec<Value> = (0..150).map(item).collect();
        let answer = world.deliver_as(PROVIDER_CONNECTOR, &items).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    let path = format!("{create}?direction=FORWARD");
    let answer = world
        .lineage_as(CONSUMER, &path, &[("accept", EXTENDED)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key("content-length"));
    let events = answer
        .body
        .as_array()
        .expect("an array, and nothing cut off");
    assert_eq!(events.len(), 301);
    assert_eq!(events[0]["cdlnextevents"].as_array().unwrap().len(), 300);
    let own = |event: &&Value| event.get("ledger").is_some();
    assert_eq!(events.iter().filter(own).count(), 150);
    assert_eq!(events[300]["cdlpreviousevents"], json!([create]));
}
