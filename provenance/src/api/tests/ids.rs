//! Whose the ids of events are.

use provenance_model::event_id;
use rstest::rstest;

use super::{
    batch::{problem, statuses},
    *,
};

/// A connector of another receiver.
const SECOND: &str = "second.b.example";

#[tokio::test]
async fn an_id_of_version_8_is_taken_from_its_connector_alone() {
    let world = LedgerFixture::new().await;
    let create = world.registered(PROVIDER, &create()).await;
    let (sent, true_record) = world.owned(PROVIDER_CONNECTOR, world.sent("", &create));
    let with_nonce = |mut item: Value| {
        item["nonce"] = true_record["nonce"].clone();
        item
    };
    let squats = [
        (SECOND, with_nonce(world.received(&sent, &create))),
        (
            RECEIVER_CONNECTOR,
            with_nonce(world.received(&sent, &create)),
        ),
        (
            SECOND,
            with_nonce(world.aborted("Received", CONSUMER, &sent, &create)),
        ),
        ("provider.c.example", true_record.clone()),
        // Wrong in every other way too: that is not looked at.
        (
            SECOND,
            with_nonce(json!({"kind": "event", "event": {"cdleventid": sent}})),
        ),
    ];
    let squat = async || {
        let mut answers = Vec::new();
        for (connector, item) in &squats {
            let answer = world
                .deliver_as(connector, std::slice::from_ref(item))
                .await;
            assert_eq!(problem(&answer, 0), ("forbidden".to_owned(), 403, false));
            answers.push(answer.body);
        }
        answers
    };
    let before = squat().await;
    let items = std::slice::from_ref(&true_record);
    let first = world.deliver_as(PROVIDER_CONNECTOR, items).await;
    assert_eq!(statuses(&first), ["created"]);
    let core: Value = serde_json::from_str(
        first.body["results"][0]["receipt"]["core"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(core["nonce"], true_record["nonce"]);
    // Nobody learns from a refusal whether the id is taken.
    assert_eq!(squat().await, before);
    let again = world.deliver_as(PROVIDER_CONNECTOR, items).await;
    assert_eq!(statuses(&again), ["exists"]);
    assert_eq!(world.events(), 2);
}

#[rstest]
#[case::none(Value::Null)]
#[case::empty(json!(""))]
#[case::short(json!("00".repeat(15)))]
#[case::long(json!("00".repeat(17)))]
#[case::capitals(json!("AB".repeat(16)))]
#[case::no_digits(json!("zz".repeat(16)))]
#[case::braces(json!(format!("{{{}}}", "00".repeat(16))))]
#[case::number(json!(0))]
#[case::list(json!([]))]
#[tokio::test]
async fn a_nonce_has_one_form(#[case] nonce: Value) {
    let world = LedgerFixture::new().await;
    let (_, mut item) = world.owned(RECEIVER_CONNECTOR, world.received("", "x"));
    item["nonce"] = nonce;
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item.clone()]).await;
    assert_eq!(problem(&answer, 0), ("invalid".to_owned(), 422, false));
    item.as_object_mut().unwrap().remove("nonce");
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(problem(&answer, 0).0, "invalid");
    assert_eq!(world.events(), 0);
}

#[rstest]
#[case("01941f29-7c00-7000-8000-000000000001")]
#[case("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b")]
#[case("00000000-0000-0000-0000-000000000000")]
#[tokio::test]
async fn an_id_without_an_owner_has_no_nonce(#[case] id: &str) {
    let world = LedgerFixture::new().await;
    let mut item = world.received(id, "x");
    item["nonce"] = "00".repeat(16).into();
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(problem(&answer, 0).0, "invalid");
}

/// Spellings of one id, the canonical one first.
fn spellings(id: &str) -> Vec<String> {
    let digits = id.replace('-', "");
    vec![
        id.to_owned(),
        id.to_uppercase(),
        format!("{{{id}}}"),
        format!("({id})"),
        format!("urn:uuid:{id}"),
        format!("URN:UUID:{}", id.to_uppercase()),
        digits.clone(),
        digits.to_uppercase(),
        format!("{{{digits}}}"),
        format!(" {id} "),
    ]
}

#[tokio::test]
async fn nobody_states_an_id_of_version_8_in_any_spelling() {
    let world = LedgerFixture::new().await;
    let create_id = world.registered(PROVIDER, &create()).await;
    let (sent, true_record) = world.owned(PROVIDER_CONNECTOR, world.sent("", &create_id));
    let claimed = async || {
        for spelling in spellings(&sent) {
            let mut event = create();
            event["cdleventid"] = spelling.clone().into();
            let answer = world.register_as(PROVIDER, &event, &[]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{spelling}");
            let request = Form::event(&event).request(&[]);
            let answer = send(&world.peer, request, Some(PROVIDER_CONNECTOR)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{spelling}");
        }
        for spelling in &spellings(&sent)[1..] {
            let mut item = true_record.clone();
            item["event"]["cdleventid"] = spelling.clone().into();
            let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item]).await;
            assert_eq!(problem(&answer, 0).0, "invalid", "{spelling}");
        }
    };
    claimed().await;
    assert_eq!(world.events(), 1);
    let answer = world
        .deliver_as(PROVIDER_CONNECTOR, std::slice::from_ref(&true_record))
        .await;
    assert_eq!(statuses(&answer), ["created"]);
    claimed().await;
    assert_eq!(world.events(), 2);
}

#[tokio::test]
async fn ids_that_the_ledger_gives_are_nobody_elses() {
    let world = LedgerFixture::new().await;
    let given = world.registered(PROVIDER, &create()).await;
    assert!(event_id::looks_owned(&given));
    let mut item = world.sent(&given, "x");
    item["nonce"] = "00".repeat(16).into();
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item]).await;
    assert_eq!(problem(&answer, 0).0, "forbidden");
    // Any other id may be stated, as before.
    for id in ["urn:example:1", "01941f29-7c00-7000-8000-000000000001"] {
        let mut event = create();
        event["cdleventid"] = id.into();
        assert_eq!(world.registered(PROVIDER, &event).await, id);
    }
}

#[tokio::test]
async fn what_is_of_a_time_to_come_waits_for_it() {
    let world = LedgerFixture::new().await;
    let at = |minutes| world.clock.now() + time::Duration::minutes(minutes);
    let text = |minutes| common::clock::rfc3339_millis(at(minutes));
    let owner = ConnectorId::parse(RECEIVER_CONNECTOR).unwrap();
    let with_id = |minutes| {
        let OwnedId { id, nonce } = EventIds::new(owner.clone()).next(at(minutes));
        let mut item = world.received(&id.to_string(), "x");
        item["nonce"] = nonce.to_string().into();
        item
    };
    let near = with_id(60);
    let far = with_id(62);
    let old_form = world.received("01941f62-3f40-7000-8000-000000000001", "x");
    let stated = |minutes| {
        let mut item = world.received(&world.id(), "x");
        item["event"]["cdltimestamp"] = text(minutes).into();
        item
    };
    let mut evidence = world.aborted("Received", CONSUMER, &world.id(), "x");
    evidence["evidence"]["time"] = text(62).into();
    let waiting = [far, old_form, stated(62), evidence];
    for item in &waiting {
        let answer = world
            .deliver_as(RECEIVER_CONNECTOR, std::slice::from_ref(item))
            .await;
        assert_eq!(problem(&answer, 0), ("unavailable".to_owned(), 503, true));
    }
    assert_eq!(world.events(), 0);
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[near, stated(60)])
        .await;
    assert_eq!(statuses(&answer), ["created", "created"]);
    world.clock.advance(Duration::from_mins(2));
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &waiting).await;
    assert_eq!(statuses(&answer), ["created"; 4]);
}

#[tokio::test]
async fn what_came_without_an_event_is_evidence_of_the_receiver_alone() {
    let world = LedgerFixture::new().await;
    let evidence = json!({
        "kind": "evidence", "exchange_id": world.id(), "user_id": CONSUMER,
        "evidence": {
            "type": "received-unsent", "id": "", "source_url": "https://data.example/a", "dataprovider": PROVIDER,
            "datauser": CONSUMER, "time": "2025-01-01T00:00:05.000Z",
        },
        "dig": { "sha256": "ab".repeat(32), "len": 3 },
    });
    let (id, item) = world.owned(RECEIVER_CONNECTOR, evidence.clone());
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(statuses(&answer), ["created"]);
    let core = &world.cores("received-unsent")[0];
    assert_eq!(
        (&core["evidence"]["id"], &core["prev"]),
        (&json!(id), &json!([]))
    );
    assert_eq!(core["dig"]["len"], 3);
    // It is no event: nothing follows it, and no lineage has it.
    assert_eq!(
        world.lineage_as(CONSUMER, &id, &[]).await.status,
        StatusCode::NOT_FOUND
    );
    for (connector, user) in [
        (PROVIDER_CONNECTOR, PROVIDER),
        (RECEIVER_CONNECTOR, STRANGER),
    ] {
        let (_, mut item) = world.owned(connector, evidence.clone());
        item["user_id"] = user.into();
        let answer = world.deliver_as(connector, &[item]).await;
        assert_eq!(problem(&answer, 0), ("forbidden".to_owned(), 403, false));
    }
}
