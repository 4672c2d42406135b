//! `POST /v2/eventwithhash`.

use provenance_model::commitment::{Commitment, Salt};
use rstest::rstest;

use super::*;
use crate::{api::extended::EXTENDED, config::AuthStatus};

#[rstest]
#[case::no_event(Form::new().file(b"x"), "no-event")]
#[case::no_json(Form::new().part("form-data; name=\"request\"", None, b"{"), "invalid-event")]
#[case::twice(Form::event(&create()).part("form-data; name=\"request\"", None, b"{}"), "two-events")]
#[case::version(Form::event(&json!({"cdldatamodelversion": "1.0", "cdleventtype": "Create"})), "invalid-event")]
#[case::no_type(Form::event(&json!({"cdldatamodelversion": "2.0"})), "invalid-event")]
#[case::large_number(Form::event(&json!({"cdldatamodelversion": "2.0", "cdleventtype": "Create", "n": 9_007_199_254_740_993_u64})), "invalid-event")]
#[case::tags(Form::event(&json!({"cdldatamodelversion": "2.0", "cdleventtype": "Create", "cdldatatags": {}})).file(b"x"), "invalid-event")]
#[case::predecessor(Form::event(&json!({"cdldatamodelversion": "2.0", "cdleventtype": "Sent", "cdlpreviousevents": ["no"]})), "predecessor-missing")]
#[case::itself(Form::event(&json!({"cdldatamodelversion": "2.0", "cdleventtype": "Sent", "cdleventid": "me", "cdlpreviousevents": ["me"]})), "self-reference")]
#[tokio::test]
async fn what_is_not_valid_is_refused_in_the_ledgers_shape(#[case] form: Form, #[case] kind: &str) {
    let world = LedgerFixture::new().await;
    let answer = send(
        &world.public,
        form.request(&[("authorization", "token-of-provider-a")]),
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(
        (&answer.body["code"], &answer.body["type"]),
        (&json!(1), &json!("error"))
    );
    assert_eq!(answer.body["message_id"], kind, "{}", answer.body);
    assert!(answer.body["message"].is_string());
    assert_eq!(world.events(), 0);
}

#[rstest]
#[case::bare("authorization", "token-of-provider-a", StatusCode::OK)]
#[case::scheme("authorization", "bearer token-of-provider-a", StatusCode::OK)]
#[case::id_token("ID_Token", "token-of-provider-a", StatusCode::OK)]
#[case::refused("authorization", "Bearer other", StatusCode::UNAUTHORIZED)]
#[case::quotes("authorization", "to\"ken", StatusCode::UNAUTHORIZED)]
#[case::none("x-none", "", StatusCode::UNAUTHORIZED)]
#[tokio::test]
async fn the_token_is_checked_in_all_its_forms(
    #[case] name: &str,
    #[case] value: &str,
    #[case] status: StatusCode,
) {
    let world = LedgerFixture::new().await;
    let answer = send(
        &world.public,
        Form::event(&create()).request(&[(name, value)]),
        None,
    )
    .await;
    assert_eq!(answer.status, status, "{}", answer.body);
}

#[tokio::test]
async fn an_authentication_server_that_is_away_is_no_refusal() {
    let world = LedgerFixture::new().await;
    world.set_available(false);
    let answer = world.register_as(PROVIDER, &create(), &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    let request = Form::event(&create()).request(&[]);
    assert_eq!(
        send(&world.peer, request, Some(PROVIDER_CONNECTOR))
            .await
            .status,
        StatusCode::SERVICE_UNAVAILABLE
    );

    let reference = LedgerFixture::with(LedgerConfig {
        auth_status: AuthStatus::Reference,
        ..limits()
    })
    .await;
    let refused = send(
        &reference.public,
        Form::event(&create()).request(&[("authorization", "bad")]),
        None,
    )
    .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    reference.set_available(false);
    assert_eq!(
        reference.register_as(PROVIDER, &create(), &[]).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_connector_registers_under_its_own_name() {
    let world = LedgerFixture::new().await;
    let request = || Form::event(&create()).request(&[]);
    assert_eq!(
        send(&world.peer, request(), Some(PROVIDER_CONNECTOR))
            .await
            .status,
        StatusCode::OK
    );
    let actor = json!({
        "auth": "mtls", "user": PROVIDER, "client": PROVIDER_CONNECTOR, "cert": "07".repeat(32),
    });
    assert_eq!(world.cores("Create")[0]["actor"], actor);
    // A token changes nothing there, and a certificate that nobody registered is of no use.
    let with_token = Form::event(&create()).request(&[("authorization", "token-of-provider-a")]);
    assert_eq!(
        send(&world.peer, with_token, Some("unknown.example"))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        send(&world.peer, request(), None).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn the_core_is_what_was_sent_and_what_the_system_sets() {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["cdlorganization"] = "theirs".into();
    event["cdlnextevents"] = json!(["x"]);
    event["own"] = json!({ "n": 1.5 });
    let extended = [("accept", EXTENDED)];
    let answer = world.register_as(PROVIDER, &event, &extended).await;
    let ledger = &answer.body["ledger"];
    let core = ledger["core"].as_str().unwrap();
    let id = answer.body["cdleventid"].as_str().unwrap();
    let expected = json!({
        "v": 1, "rx": "2025-01-01T00:00:00.000Z", "prev": [],
        "actor": { "auth": "bearer", "user": PROVIDER }, "jti": "jti-of-token-of-provider-a",
        "event": {
            "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": "Create", "cdlorganization": "ledger.example",
            "cdlpreviousevents": [], "cdltimestamp": "2025-01-01T00:00:00.000Z", "dataprovider": PROVIDER, "own": { "n": 1.5 },
        },
    });
    assert_eq!(serde_json::from_str::<Value>(core).unwrap(), expected);
    assert_eq!(provenance_model::json::canonical(&expected), core);

    let salt = Salt::from_base64(ledger["salt"].as_str().unwrap()).unwrap();
    let lineage = world.lineage_as(STRANGER, id, &[]).await;
    assert_eq!(
        lineage.body[0]["commitment"],
        Commitment::new(&salt, core).to_base64()
    );
}

#[tokio::test]
async fn a_chosen_id_and_time_stay_and_the_id_is_taken_once() {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["cdleventid"] = "my own id".into();
    event["cdltimestamp"] = "2024-12-31T00:00:00+09:00".into();
    assert_eq!(world.registered(PROVIDER, &event).await, "my own id");
    assert_eq!(
        world.cores("Create")[0]["event"]["cdltimestamp"],
        "2024-12-31T00:00:00+09:00"
    );
    let again = world.register_as(PROVIDER, &event, &[]).await;
    assert_eq!(
        (again.status, &again.body["message_id"]),
        (StatusCode::BAD_REQUEST, &json!("id-taken"))
    );
}

#[tokio::test]
async fn with_a_key_the_same_request_may_be_repeated() {
    let world = LedgerFixture::new().await;
    let key = [
        ("idempotency-key", "exchange:provider"),
        ("accept", EXTENDED),
    ];
    let first = world.register_as(PROVIDER, &create(), &key).await;
    let second = world.register_as(PROVIDER, &create(), &key).await;
    assert_eq!(
        (first.status, second.status),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(first.body, second.body);
    assert_eq!(world.events(), 1);

    let mut other = create();
    other["own"] = 1.into();
    assert_eq!(
        world.register_as(PROVIDER, &other, &key).await.status,
        StatusCode::CONFLICT
    );
    // A key counts for its actor alone.
    assert_eq!(
        world.register_as(CLERK, &create(), &key).await.status,
        StatusCode::OK
    );
    assert_eq!(world.events(), 2);
}

#[tokio::test]
async fn with_a_key_a_known_id_is_the_same_request_or_taken() {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["cdleventid"] = "chosen".into();
    world.registered(PROVIDER, &event).await;
    let key = [("idempotency-key", "k1")];
    assert_eq!(
        world.register_as(PROVIDER, &event, &key).await.status,
        StatusCode::OK
    );
    assert_eq!(
        world.register_as(CLERK, &event, &key).await.status,
        StatusCode::BAD_REQUEST
    );
    event["own"] = 1.into();
    assert_eq!(
        world
            .register_as(PROVIDER, &event, &[("idempotency-key", "k2")])
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(world.events(), 1);
}

#[tokio::test]
async fn a_predecessor_may_arrive_later_where_the_client_says_so() {
    let world = LedgerFixture::new().await;
    let mut late = create();
    late["cdleventid"] = "late".into();
    let mut early = create();
    early["cdlpreviousevents"] = json!(["late", "late"]);
    let pending = [("x-cadde-prov-allow-pending", "1")];
    let answer = world.register_as(PROVIDER, &early, &pending).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let early = answer.body["cdleventid"].as_str().unwrap().to_owned();
    // Pending edges are passed over, but stay as sent.
    let lineage = world.lineage_as(PROVIDER, &early, &[]).await;
    assert_eq!(ids(&lineage), [early.as_str()]);
    assert_eq!(
        lineage.body[0]["cdlpreviousevents"],
        json!(["late", "late"])
    );

    world.registered(PROVIDER, &late).await;
    let lineage = world.lineage_as(PROVIDER, &early, &[]).await;
    assert_eq!(ids(&lineage), ["late", early.as_str()]);
    assert_eq!(lineage.body[0]["cdlnextevents"], json!([early]));
}

#[tokio::test]
async fn an_event_that_would_be_its_own_ancestor_is_refused() {
    let world = LedgerFixture::new().await;
    let event = |id: &str, previous: &[&str]| {
        let mut event = create();
        event["cdleventid"] = id.into();
        event["cdlpreviousevents"] = json!(previous);
        event
    };
    let pending = [("x-cadde-prov-allow-pending", "1")];
    // c ← b ← a, and c would name a.
    assert_eq!(
        world
            .register_as(PROVIDER, &event("b", &["c"]), &pending)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        world
            .register_as(PROVIDER, &event("a", &["b"]), &pending)
            .await
            .status,
        StatusCode::OK
    );
    let answer = world
        .register_as(PROVIDER, &event("c", &["a"]), &pending)
        .await;
    assert_eq!(
        (answer.status, &answer.body["message_id"]),
        (StatusCode::BAD_REQUEST, &json!("cycle"))
    );
    assert_eq!(
        world
            .register_as(PROVIDER, &event("c", &["z"]), &pending)
            .await
            .status,
        StatusCode::OK
    );
    let answer = world
        .register_as(PROVIDER, &event("z", &["a"]), &pending)
        .await;
    assert_eq!(answer.body["message_id"], "cycle");
}

#[tokio::test]
async fn a_full_disk_refuses_writing_and_leaves_reading() {
    let world = LedgerFixture::new().await;
    let id = world.registered(PROVIDER, &create()).await;
    let full = LedgerFixture::within(
        LedgerConfig {
            disk_watermark_percent: 0,
            disk_headroom: ByteSize(u64::MAX),
            ..limits()
        },
        world.folder,
    )
    .await;
    let answer = full.register_as(PROVIDER, &create(), &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(
        ids(&full.lineage_as(PROVIDER, &id, &[]).await),
        [id.as_str()]
    );
}

#[tokio::test]
async fn a_laboratory_takes_events_without_a_token_and_says_so() {
    let world = LedgerFixture::with(LedgerConfig {
        unauthenticated: crate::config::Unauthenticated::Loopback,
        ..limits()
    })
    .await;
    let answer = send(&world.public, Form::event(&create()).request(&[]), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let core = &world.cores("Create")[0];
    assert_eq!(core["actor"], json!({ "auth": "none", "user": "" }));
    // Read by whoever may write so, and nothing else is.
    let own = world.registered(PROVIDER, &create()).await;
    let read = async |id: &str| {
        let request = Request::get(format!("/v2/lineage/{id}"));
        let request = request.body(Body::empty()).unwrap();
        send(&world.public, request, None).await.body
    };
    let id = answer.body["cdleventid"].as_str().unwrap();
    assert_eq!(read(id).await[0]["dataprovider"], PROVIDER);
    assert!(read(&own).await[0].get("dataprovider").is_none());
    // A token that is sent has to be good.
    let bad = Form::event(&create()).request(&[("authorization", "expired")]);
    let answer = send(&world.public, bad, None).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // On the other listener nothing has changed.
    let answer = send(&world.peer, Form::event(&create()).request(&[]), None).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn messages_follow_the_readers_language() {
    let world = LedgerFixture::new().await;
    let context = |lang| common::http::context::RequestContext {
        id: common::http::context::RequestId(Uuid::max()),
        lang,
    };
    let ja = common::http::context::scope(
        context(common::http::Lang::Ja),
        world.lineage_as(PROVIDER, "x", &[]),
    )
    .await;
    let en = common::http::context::scope(
        context(common::http::Lang::En),
        world.lineage_as(PROVIDER, "x", &[]),
    )
    .await;
    assert_eq!(
        (ja.status, en.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    assert!(ja.body["message"].as_str().unwrap().contains("識別情報"));
    assert!(en.body["message"].as_str().unwrap().is_ascii());
    assert_eq!(en.body["request_id"], Uuid::max().to_string());
}

#[tokio::test]
async fn who_registers_too_much_is_told_when_to_come_again_and_others_are_not() {
    let mut config = limits();
    (config.writes.per_second, config.writes.burst) = (1, 2);
    let world = LedgerFixture::with(config).await;
    let register = async |token: &str| {
        let event = json!({"cdldatamodelversion": "2.0", "cdleventtype": "Note"});
        let request = Form::event(&event).request(&[("authorization", token)]);
        send(&world.public, request, None).await
    };
    for _ in 0..2 {
        assert_eq!(register("token-of-provider-a").await.status, StatusCode::OK);
    }
    let refused = register("token-of-provider-a").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.body["message_id"], "too-many-writes");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(world.events(), 2, "nothing of it is recorded");
    assert_eq!(register("token-of-consumer-b").await.status, StatusCode::OK);
}

/// Whoever is refused for who they are sends their body for nothing.
#[tokio::test]
async fn nobody_has_a_body_read() {
    let unread = || {
        let body = futures_util::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> {
                panic!("it is not to be read")
            },
        );
        Body::from_stream(body)
    };
    let world = LedgerFixture::new().await;
    for (path, media) in [
        ("/v2/eventwithhash", "multipart/form-data; boundary=x"),
        ("/v2/events:batch", "application/json"),
    ] {
        let request = || {
            Request::post(path)
                .header("content-type", media)
                .body(unread())
                .unwrap()
        };
        let stranger = send(&world.peer, request(), Some("unknown.example")).await;
        assert_eq!(stranger.status, StatusCode::FORBIDDEN, "{path}");
        if path == "/v2/eventwithhash" {
            let nobody = send(&world.public, request(), None).await;
            assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        }
    }
}
