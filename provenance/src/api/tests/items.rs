//! The form of a batch and of its items.

use provenance_model::batch::{MAX_BODY_BYTES, MAX_ITEM_BYTES, MAX_ITEMS};
use rstest::rstest;

use super::{
    batch::{problem, statuses},
    *,
};

#[rstest]
#[case::exchange("/exchange_id", json!("x"))]
#[case::exchange_of_version_4("/exchange_id", json!("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b"))]
#[case::exchange_in_capitals("/exchange_id", json!("01941F29-7C00-7000-8000-000000000001"))]
#[case::user("/user_id", json!("a/b"))]
#[case::kind("/kind", json!("statement"))]
#[case::no_dig("/dig", Value::Null)]
#[case::digest("/dig/sha256", json!("AB"))]
#[case::length("/dig/len", json!(-1))]
#[case::evidence_too("/evidence", json!({}))]
#[case::version("/event/cdldatamodelversion", json!("1.0"))]
#[case::event_type("/event/cdleventtype", json!("Create"))]
#[case::id("/event/cdleventid", json!("no uuid"))]
#[case::id_with_braces("/event/cdleventid", json!("{01941f29-7c00-7000-8000-000000000001}"))]
#[case::time("/event/cdltimestamp", json!("yesterday"))]
#[case::next("/event/cdlnextevents", json!([]))]
#[case::no_predecessor("/event/cdlpreviousevents", json!([]))]
#[case::two_predecessors("/event/cdlpreviousevents", json!(["a", "b"]))]
#[case::long_predecessor("/event/cdlpreviousevents", json!(["x".repeat(257)]))]
#[case::large_number("/event/own", json!(9_007_199_254_740_993_u64))]
#[case::root_member("/event/_id", json!(1))]
#[tokio::test]
async fn items_outside_the_schema_are_invalid(#[case] at: &str, #[case] value: Value) {
    let world = LedgerFixture::new().await;
    let mut item = world.received(&world.id(), &world.id());
    let (parent, name) = at.rsplit_once('/').unwrap();
    item.pointer_mut(parent).unwrap()[name] = value;
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(
        problem(&answer, 0),
        ("invalid".to_owned(), 422, false),
        "{}",
        answer.body
    );
    assert_eq!(world.events(), 0);
}

#[tokio::test]
async fn members_of_a_later_version_are_kept_and_committed_to() {
    let world = LedgerFixture::new().await;
    let mut item = world.received(&world.id(), "x");
    item["later"] = json!({"b": 1, "a": ["é", null]});
    item["prev"] = json!("a member of cores");
    item["dig"]["md5"] = json!("cd");
    let mut broken = world.aborted("Received", CONSUMER, &world.id(), "x");
    broken["evidence"]["later"] = json!(true);
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[item.clone(), broken.clone()])
        .await;
    assert_eq!(statuses(&answer), ["created", "created"], "{}", answer.body);
    let core = |n: usize| -> Value {
        let text = answer.body["results"][n]["receipt"]["core"].as_str();
        serde_json::from_str(text.expect("a core")).expect("JSON")
    };
    let first = core(0);
    assert_eq!(
        first["more"],
        json!({"later": {"b": 1, "a": ["é", null]}, "prev": "a member of cores"})
    );
    assert_eq!(first["dig"]["md5"], "cd");
    assert_eq!(first["prev"][0]["id"], "x");
    assert_eq!(core(1)["evidence"]["later"], true);
    assert!(core(1).get("more").is_none());
    // They are content like everything else.
    let again = world.deliver_as(RECEIVER_CONNECTOR, &[item.clone()]).await;
    assert_eq!(statuses(&again), ["exists"]);
    item["later"]["b"] = json!(2);
    let other = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(problem(&other, 0).0, "conflict");
    // And as bounded.
    broken["later"] = json!("x".repeat(MAX_ITEM_BYTES));
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[broken]).await;
    assert_eq!(problem(&answer, 0).0, "invalid");
}

#[tokio::test]
async fn a_type_of_a_later_version_is_refused_by_its_name() {
    let world = LedgerFixture::new().await;
    let evidence = |member: &str, value: &str| {
        let mut item = world.aborted("Received", CONSUMER, &world.id(), "x");
        item["evidence"][member] = value.into();
        item
    };
    let mut kind = world.received(&world.id(), "x");
    kind["kind"] = "statement".into();
    let mut event_type = world.received(&world.id(), "x");
    event_type["event"]["cdleventtype"] = "Derived".into();
    let items = [
        (kind, Some("statement")),
        (event_type, Some("Derived")),
        (
            evidence("type", "transfer-resumed"),
            Some("transfer-resumed"),
        ),
        (evidence("reason", "bored"), Some("bored")),
        (evidence("cdleventtype", "Derived"), Some("Derived")),
        (evidence("time", "yesterday"), None),
        (evidence("datauser", "a/b"), None),
    ];
    for (item, unknown) in items {
        let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
        assert_eq!(problem(&answer, 0), ("invalid".to_owned(), 422, false));
        let named = &answer.body["results"][0]["problem"]["unknown"];
        assert_eq!(named.as_str(), unknown, "{}", answer.body);
    }
}

/// What a connector hands over of `item`, in the name of `user_id`.
fn handed_over(world: &LedgerFixture, user_id: &str, item: &Value) -> Value {
    json!({
        "kind": "evidence", "exchange_id": world.id(), "user_id": user_id,
        "evidence": {
            "type": "unregistrable", "id": world.id(), "time": "2025-01-01T00:00:05.000Z", "item": item,
            "refusal": "invalid: exchange_id must be a UUID of version 7", "reason": "a peer chose it",
        },
    })
}

#[tokio::test]
async fn what_cannot_be_registered_is_taken_by_the_rule_of_the_side_that_it_describes() {
    let world = LedgerFixture::new().await;
    let mut sent = world.sent(&world.id(), "x");
    let mut received = world.received(&world.id(), "x");
    for item in [&mut sent, &mut received] {
        item["exchange_id"] = json!("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b");
    }
    let broken = world.aborted("Sent", PROVIDER, &world.id(), "x");
    let cases = [
        (PROVIDER_CONNECTOR, PROVIDER, &sent, "created"),
        (PROVIDER_CONNECTOR, PROVIDER, &broken, "created"),
        (RECEIVER_CONNECTOR, CONSUMER, &received, "created"),
        (PROVIDER_CONNECTOR, CONSUMER, &sent, "forbidden"),
        (PROVIDER_CONNECTOR, PROVIDER, &received, "forbidden"),
        (RECEIVER_CONNECTOR, CONSUMER, &sent, "forbidden"),
        (RECEIVER_CONNECTOR, CONSUMER, &broken, "forbidden"),
        (RECEIVER_CONNECTOR, PROVIDER, &received, "forbidden"),
    ];
    for (connector, user, item, expected) in cases {
        let evidence = handed_over(&world, user, item);
        let answer = world.deliver_as(connector, &[evidence]).await;
        if expected == "created" {
            assert_eq!(statuses(&answer), [expected], "{}", answer.body);
            let core = answer.body["results"][0]["receipt"]["core"].as_str();
            let core: Value = serde_json::from_str(core.unwrap()).unwrap();
            assert_eq!(core["evidence"]["item"], *item);
        } else {
            assert_eq!(problem(&answer, 0).0, expected, "{connector} {user} {item}");
        }
    }
    assert_eq!(world.events(), 3);
}

#[rstest]
#[case("/item", json!("text"))]
#[case("/item", json!({}))]
#[case("/item", json!({"evidence": {"type": 1}}))]
#[case("/item", json!({"event": {"dataprovider": "a/b"}}))]
#[case("/reason", json!(1))]
#[case("/refusal", Value::Null)]
#[tokio::test]
async fn evidence_of_what_cannot_be_registered_says_what_and_why(
    #[case] at: &str,
    #[case] value: Value,
) {
    let world = LedgerFixture::new().await;
    let item = world.sent(&world.id(), "x");
    let mut evidence = handed_over(&world, PROVIDER, &item);
    *evidence["evidence"].pointer_mut(at).unwrap() = value;
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[evidence]).await;
    assert_eq!(problem(&answer, 0).0, "invalid", "{}", answer.body);
}

#[tokio::test]
async fn a_conflict_with_a_record_of_the_same_connector_carries_its_receipt() {
    let world = LedgerFixture::new().await;
    let id = world.id();
    let item = world.received(&id, "x");
    let first = world
        .deliver_as(RECEIVER_CONNECTOR, std::slice::from_ref(&item))
        .await;
    let receipt = &first.body["results"][0]["receipt"];
    // As an outbox that was restored from a copy reports it: aborted, or again under another exchange.
    let aborted = world.aborted("Received", CONSUMER, &id, "x");
    let mut again = item.clone();
    again["exchange_id"] = world.id().into();
    for behind in [aborted, again] {
        let answer = world.deliver_as(RECEIVER_CONNECTOR, &[behind]).await;
        assert_eq!(problem(&answer, 0), ("conflict".to_owned(), 409, false));
        assert_eq!(&answer.body["results"][0]["receipt"], receipt);
    }
    // Nobody else learns what is there, whatever becomes of what they send.
    let stranger = world.sent(&id, "x");
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[stranger]).await;
    assert!(
        !answer.body.to_string().contains(RECEIVER_CONNECTOR),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn an_item_without_its_members_and_one_with_double_members_are_invalid() {
    let world = LedgerFixture::new().await;
    let item = world.received(&world.id(), &world.id());
    for name in ["exchange_id", "user_id", "kind", "event", "dig"] {
        let mut without = item.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(
            problem(&world.deliver_as(RECEIVER_CONNECTOR, &[without]).await, 0).0,
            "invalid",
            "{name}"
        );
    }
    let double = item
        .to_string()
        .replacen("{\"dig\"", "{\"user_id\":\"x\",\"dig\"", 1);
    let answer = world
        .deliver_text(
            RECEIVER_CONNECTOR,
            &format!("{{\"items\":[{double},{item}]}}"),
        )
        .await;
    assert_eq!(statuses(&answer), ["rejected", "created"]);
    let surrogate = item.to_string().replacen("consumer-b", "\\ud800", 1);
    let answer = world
        .deliver_text(RECEIVER_CONNECTOR, &format!("{{\"items\":[{surrogate}]}}"))
        .await;
    assert_eq!(problem(&answer, 0).0, "invalid");
}

#[rstest]
#[case::direct(json!({"type": "direct", "source_url": "https://open.example/x"}), true, "created")]
#[case::direct_broken(json!({"type": "direct", "source_url": "https://open.example/x", "reason": "timeout", "len": 5}), false, "created")]
#[case::direct_both(json!({"type": "direct", "source_url": "https://open.example/x", "reason": "timeout", "len": 5}), true, "rejected")]
#[case::direct_neither(json!({"type": "direct", "source_url": "https://open.example/x"}), false, "rejected")]
#[case::voucher(json!({"type": "voucher-received", "contract_id": "c", "status": 200, "dataprovider": PROVIDER}), true, "created")]
#[case::voucher_without_digest(json!({"type": "voucher-received", "contract_id": "c", "status": 200, "dataprovider": PROVIDER}), false, "rejected")]
#[case::found_open(json!({"type": "transfer-aborted", "cdleventtype": "Received", "dataprovider": PROVIDER, "cdlpreviousevents": ["x"], "reason": "found-open-at-start"}), false, "created")]
#[case::no_length(json!({"type": "transfer-aborted", "cdleventtype": "Received", "dataprovider": PROVIDER, "cdlpreviousevents": ["x"], "reason": "timeout"}), false, "rejected")]
#[case::reason(json!({"type": "transfer-aborted", "cdleventtype": "Received", "dataprovider": PROVIDER, "cdlpreviousevents": ["x"], "reason": "bored", "len": 1}), false, "rejected")]
#[case::aborted_with_digest(json!({"type": "transfer-aborted", "cdleventtype": "Received", "dataprovider": PROVIDER, "cdlpreviousevents": ["x"], "reason": "timeout", "len": 1}), true, "rejected")]
#[case::unsent(json!({"type": "received-unsent", "source_url": "https://data.example/x", "dataprovider": PROVIDER}), true, "created")]
#[case::unsent_broken(json!({"type": "received-unsent", "source_url": "https://data.example/x", "dataprovider": PROVIDER, "reason": "timeout", "len": 5}), false, "created")]
#[case::unsent_by_nobody(json!({"type": "received-unsent", "source_url": "https://data.example/x"}), true, "rejected")]
#[case::unsent_without_source(json!({"type": "received-unsent", "dataprovider": PROVIDER}), true, "rejected")]
#[case::unsent_with_predecessor(json!({"type": "received-unsent", "source_url": "https://data.example/x", "dataprovider": PROVIDER, "cdlpreviousevents": ["x"]}), true, "rejected")]
#[case::direct_with_provider(json!({"type": "direct", "source_url": "https://open.example/x", "dataprovider": PROVIDER}), true, "rejected")]
#[case::other(json!({"type": "access-grant"}), false, "rejected")]
#[tokio::test]
async fn evidence_has_the_members_of_its_type(
    #[case] mut evidence: Value,
    #[case] has_dig: bool,
    #[case] status: &str,
) {
    let world = LedgerFixture::new().await;
    evidence["id"] = world.id().into();
    evidence["time"] = "2025-01-01T00:00:05.000Z".into();
    evidence["datauser"] = CONSUMER.into();
    let mut item = json!({ "kind": "evidence", "exchange_id": world.id(), "user_id": CONSUMER, "evidence": evidence });
    if has_dig {
        item["dig"] = json!({ "sha256": "ab".repeat(32), "len": 3 });
    }
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(statuses(&answer), [status], "{}", answer.body);
}

#[rstest]
#[case("", StatusCode::BAD_REQUEST)]
#[case("[]", StatusCode::BAD_REQUEST)]
#[case("{}", StatusCode::BAD_REQUEST)]
#[case("{\"items\":[]}", StatusCode::BAD_REQUEST)]
#[case("{\"items\":[1],\"more\":1}", StatusCode::BAD_REQUEST)]
#[case("{\"items\":[1]} x", StatusCode::BAD_REQUEST)]
#[tokio::test]
async fn requests_without_items_are_refused(#[case] body: &str, #[case] status: StatusCode) {
    let world = LedgerFixture::new().await;
    let answer = world.deliver_text(PROVIDER_CONNECTOR, body).await;
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn limits_are_kept_at_and_one_over() {
    let world = LedgerFixture::new().await;
    let items: Vec<Value> = (0..MAX_ITEMS)
        .map(|_| world.received(&world.id(), "x"))
        .collect();
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &items).await;
    assert!(statuses(&answer).iter().all(|status| *status == "created"));
    let one_more = vec![json!(1); MAX_ITEMS + 1];
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &one_more).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        (&answer.body["max_items"], &answer.body["max_bytes"]),
        (&json!(MAX_ITEMS), &json!(MAX_BODY_BYTES))
    );

    let padded = |len: usize| {
        let body = json!({ "items": [1] }).to_string();
        format!("{body}{}", " ".repeat(len - body.len()))
    };
    assert_eq!(
        world
            .deliver_text(RECEIVER_CONNECTOR, &padded(MAX_BODY_BYTES))
            .await
            .status,
        StatusCode::OK
    );
    let answer = world
        .deliver_text(RECEIVER_CONNECTOR, &padded(MAX_BODY_BYTES + 1))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let sized = |len: usize| {
        let mut item = world.received(&world.id(), "x");
        item["event"]["own"] = "".into();
        let filler = "y".repeat(len - item.to_string().len());
        item["event"]["own"] = filler.into();
        item
    };
    let answer = world
        .deliver_as(
            RECEIVER_CONNECTOR,
            &[sized(MAX_ITEM_BYTES), sized(MAX_ITEM_BYTES + 1)],
        )
        .await;
    assert_eq!(statuses(&answer), ["created", "rejected"]);
}

#[tokio::test]
async fn nesting_has_a_limit() {
    let world = LedgerFixture::new().await;
    let nested = |levels: usize| {
        let mut item = world.received(&world.id(), "x");
        // The item and its event are the first two levels.
        item["event"]["own"] = (0..levels - 2).fold(json!(1), |inner, _| json!([inner]));
        item
    };
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[nested(32), nested(33)])
        .await;
    assert_eq!(statuses(&answer), ["created", "rejected"]);
}

#[rstest]
#[case("content-type", "text/plain")]
#[case("content-encoding", "gzip")]
#[tokio::test]
async fn other_media_types_and_encodings_are_refused(#[case] name: &str, #[case] value: &str) {
    let world = LedgerFixture::new().await;
    let mut request = Request::post("/v2/events:batch")
        .body(Body::from("{}"))
        .unwrap();
    request.headers_mut().insert(
        "content-type",
        "application/json; charset=utf-8".parse().unwrap(),
    );
    request.headers_mut().insert(
        http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
        value.parse().unwrap(),
    );
    assert_eq!(
        send(&world.peer, request, Some(PROVIDER_CONNECTOR))
            .await
            .status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn the_colon_may_be_encoded() {
    let world = LedgerFixture::new().await;
    for path in ["/v2/events%3Abatch", "/v2/events%3abatch"] {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(Body::from("{}"))
            .unwrap();
        assert_eq!(
            send(&world.peer, request, Some(PROVIDER_CONNECTOR))
                .await
                .status,
            StatusCode::BAD_REQUEST
        );
    }
}
