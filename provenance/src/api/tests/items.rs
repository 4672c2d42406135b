//! The form of a batch and of its items.

use rstest::rstest;

use super::{
    batch::{problem, statuses},
    *,
};
use crate::model::batch::{MAX_BODY_BYTES, MAX_ITEM_BYTES, MAX_ITEMS};

#[rstest]
#[case::member("/extra", json!(1))]
#[case::exchange("/exchange_id", json!("x"))]
#[case::exchange_of_version_4("/exchange_id", json!("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b"))]
#[case::exchange_in_capitals("/exchange_id", json!("01941F29-7C00-7000-8000-000000000001"))]
#[case::user("/user_id", json!("a/b"))]
#[case::kind("/kind", json!("statement"))]
#[case::no_dig("/dig", Value::Null)]
#[case::digest("/dig/sha256", json!("AB"))]
#[case::length("/dig/len", json!(-1))]
#[case::dig_member("/dig/md5", json!("x"))]
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
    let world = World::new().await;
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
async fn an_item_without_its_members_and_one_with_double_members_are_invalid() {
    let world = World::new().await;
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
    let world = World::new().await;
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
    let world = World::new().await;
    let answer = world.deliver_text(PROVIDER_CONNECTOR, body).await;
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn limits_are_kept_at_and_one_over() {
    let world = World::new().await;
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
    let world = World::new().await;
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
    let world = World::new().await;
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
    let world = World::new().await;
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
