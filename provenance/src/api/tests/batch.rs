//! `POST /v2/events:batch`.

mod room;

use provenance_model::commitment::{Commitment, Salt};

use super::*;
use crate::api::extended::EXTENDED;

pub(super) fn statuses(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let results = answer.body["results"].as_array().expect("results");
    results
        .iter()
        .map(|result| result["status"].as_str().expect("a status"))
        .collect()
}

pub(super) fn problem(answer: &Answer, item: usize) -> (String, u64, bool) {
    let result = &answer.body["results"][item];
    let kind = result["problem"]["type"]
        .as_str()
        .unwrap_or_else(|| panic!("no problem in {result}"));
    let kind = kind.rsplit(':').next().expect("a kind").to_owned();
    (
        kind,
        result["problem"]["status"].as_u64().expect("a status"),
        result["retry"].as_bool().expect("a word on retrying"),
    )
}

async fn origin(world: &LedgerFixture) -> String {
    world.registered(PROVIDER, &create()).await
}

#[tokio::test]
async fn both_sides_of_an_exchange_end_up_in_one_lineage_with_their_digests() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    let (sent, received) = (world.id(), world.id());
    let answer = world
        .deliver_as(PROVIDER_CONNECTOR, &[world.sent(&sent, &create)])
        .await;
    assert_eq!(statuses(&answer), ["created"]);
    let result = &answer.body["results"][0];
    assert_eq!(result["id"], sent);
    assert!(result.get("pending").is_none() && result.get("problem").is_none());
    let members: Vec<&String> = result["receipt"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["core", "salt"]);
    let core: Value = serde_json::from_str(result["receipt"]["core"].as_str().unwrap()).unwrap();
    assert_eq!(core["actor"]["client"], PROVIDER_CONNECTOR);
    assert_eq!(
        core["dig"],
        json!({ "sha256": "ab".repeat(32), "len": 1024 })
    );

    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[world.received(&received, &sent)])
        .await;
    assert_eq!(statuses(&answer), ["created"]);
    let lineage = world
        .lineage_as(CONSUMER, &received, &[("accept", EXTENDED)])
        .await;
    assert_eq!(
        ids(&lineage),
        [create.as_str(), sent.as_str(), received.as_str()]
    );
    let dig = |i: usize| {
        let core: Value =
            serde_json::from_str(lineage.body[i]["ledger"]["core"].as_str().unwrap()).unwrap();
        core["dig"].clone()
    };
    assert_eq!(dig(1), dig(2));
    // The successor commits to its predecessor.
    let salt = Salt::from_base64(result["receipt"]["salt"].as_str().unwrap()).unwrap();
    let commitment = Commitment::new(&salt, result["receipt"]["core"].as_str().unwrap());
    assert_eq!(
        world.cores("Received")[0]["prev"],
        json!([{ "id": sent, "c": commitment.to_base64() }])
    );
}

#[tokio::test]
async fn a_received_may_come_before_its_sent_in_one_request_or_in_two() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    for _ in 0..2 {
        let (sent, received) = (world.id(), world.id());
        let answer = world
            .deliver_as(RECEIVER_CONNECTOR, &[world.received(&received, &sent)])
            .await;
        assert_eq!(statuses(&answer), ["created"]);
        assert_eq!(answer.body["results"][0]["pending"], json!([sent]));
        assert_eq!(
            ids(&world.lineage_as(CONSUMER, &received, &[]).await),
            [received.as_str()]
        );
        let answer = world
            .deliver_as(PROVIDER_CONNECTOR, &[world.sent(&sent, &create)])
            .await;
        assert_eq!(statuses(&answer), ["created"]);
        let lineage = world.lineage_as(CONSUMER, &received, &[]).await;
        assert_eq!(
            ids(&lineage),
            [create.as_str(), sent.as_str(), received.as_str()]
        );
    }
    // The core that came first could not name a commitment; a link record has both.
    let cores = world.cores("Received");
    assert!(cores[0]["prev"][0]["c"].is_null());
    let links = world.cores("link");
    assert_eq!(links.len(), 2);
    assert_eq!(links[0]["prev"][1]["id"], cores[0]["event"]["cdleventid"]);
    assert_eq!(links[0]["prev"][0]["id"], cores[0]["prev"][0]["id"]);
    assert!(
        links[0]["prev"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["c"].is_string())
    );
    // Evidence is in no lineage.
    let link = links[0]["evidence"]["id"].as_str().unwrap();
    assert_eq!(
        world.lineage_as(CONSUMER, link, &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_receipts() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    let items = [
        world.sent(&world.id(), &create),
        world.aborted("Sent", PROVIDER, &world.id(), &create),
    ];
    let first = world.deliver_as(PROVIDER_CONNECTOR, &items).await;
    assert_eq!(statuses(&first), ["created", "created"]);
    let world = world.restarted().await;
    let second = world.deliver_as(PROVIDER_CONNECTOR, &items).await;
    assert_eq!(statuses(&second), ["exists", "exists"]);
    for i in 0..2 {
        assert_eq!(
            first.body["results"][i]["receipt"],
            second.body["results"][i]["receipt"]
        );
    }
    assert_eq!(world.events(), 3);
    // A renewed certificate is the same connector.
    let request = Request::post("/v2/events:batch").header("content-type", "application/json");
    let request = request
        .body(Body::from(json!({ "items": items }).to_string()))
        .unwrap();
    let renewed = connection(Some(certificate(PROVIDER_CONNECTOR, 9)));
    let answer = ask(&world.peer, request, renewed).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(world.events(), 3);
}

#[tokio::test]
async fn an_id_stands_for_one_content_of_one_connector() {
    let world = LedgerFixture::new().await;
    let (sent, id) = (world.id(), world.id());
    let item = world.received(&id, &sent);
    assert_eq!(
        statuses(
            &world
                .deliver_as(RECEIVER_CONNECTOR, std::slice::from_ref(&item))
                .await
        ),
        ["created"]
    );

    let mut changed = item.clone();
    changed["dig"]["len"] = 1025.into();
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[changed]).await;
    assert_eq!(problem(&answer, 0), ("conflict".to_owned(), 409, false));
    // What arrived can't have been aborted.
    let answer = world
        .deliver_as(
            RECEIVER_CONNECTOR,
            &[world.aborted("Received", CONSUMER, &id, &sent)],
        )
        .await;
    assert_eq!(problem(&answer, 0).0, "conflict");
    // Nor the reverse.
    let id = world.id();
    let aborted = world.aborted("Received", CONSUMER, &id, &sent);
    assert_eq!(
        statuses(&world.deliver_as(RECEIVER_CONNECTOR, &[aborted]).await),
        ["created"]
    );
    assert_eq!(
        problem(
            &world
                .deliver_as(RECEIVER_CONNECTOR, &[world.received(&id, &sent)])
                .await,
            0
        )
        .0,
        "conflict"
    );
    assert_eq!(world.events(), 2);
}

#[tokio::test]
async fn two_equal_ids_in_one_request_are_like_two_requests() {
    let world = LedgerFixture::new().await;
    let (sent, id) = (world.id(), world.id());
    let item = world.received(&id, &sent);
    let mut other = item.clone();
    other["dig"]["len"] = 5.into();
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[item.clone(), item, other])
        .await;
    assert_eq!(statuses(&answer), ["created", "exists", "rejected"]);
    assert_eq!(
        answer.body["results"][0]["receipt"],
        answer.body["results"][1]["receipt"]
    );
}

#[tokio::test]
async fn one_bad_item_does_not_hold_up_the_others() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    let good = [
        world.sent(&world.id(), &create),
        world.sent(&world.id(), &create),
    ];
    let mut bad = world.sent(&world.id(), &create);
    bad["event"]["dataprovider"] = STRANGER.into();
    let answer = world
        .deliver_as(
            PROVIDER_CONNECTOR,
            &[good[0].clone(), bad, json!("?"), good[1].clone()],
        )
        .await;
    assert_eq!(
        statuses(&answer),
        ["created", "rejected", "rejected", "created"]
    );
    assert_eq!(problem(&answer, 1), ("forbidden".to_owned(), 403, false));
    assert_eq!(problem(&answer, 2), ("invalid".to_owned(), 422, false));
    assert!(answer.body["results"][2]["id"].is_null());
    // Places in the ledger follow the request.
    let sent = world.cores("Sent");
    assert_eq!(
        sent[0]["event"]["cdleventid"],
        good[0]["event"]["cdleventid"]
    );
    assert_eq!(
        sent[1]["event"]["cdleventid"],
        good[1]["event"]["cdleventid"]
    );
}

#[tokio::test]
async fn a_connector_speaks_for_its_side_alone() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    let forbidden = async |connector: &str, item: Value| {
        let answer = world.deliver_as(connector, &[item]).await;
        assert_eq!(
            problem(&answer, 0),
            ("forbidden".to_owned(), 403, false),
            "{}",
            answer.body
        );
    };
    forbidden(RECEIVER_CONNECTOR, world.sent(&world.id(), &create)).await;
    forbidden(PROVIDER_CONNECTOR, world.received(&world.id(), &create)).await;
    forbidden("provider.c.example", world.sent(&world.id(), &create)).await;
    forbidden(
        RECEIVER_CONNECTOR,
        world.aborted("Sent", PROVIDER, &world.id(), &create),
    )
    .await;
    forbidden(
        PROVIDER_CONNECTOR,
        world.aborted("Received", CONSUMER, &world.id(), &create),
    )
    .await;
    let mut for_another = world.received(&world.id(), &create);
    for_another["user_id"] = STRANGER.into();
    forbidden(RECEIVER_CONNECTOR, for_another).await;
    let mut by_another = world.sent(&world.id(), &create);
    by_another["user_id"] = CONSUMER.into();
    forbidden(PROVIDER_CONNECTOR, by_another).await;
    assert_eq!(world.events(), 1);
}

#[tokio::test]
async fn a_connector_that_is_not_registered_is_refused_as_a_whole() {
    let world = LedgerFixture::new().await;
    let answer = world
        .deliver_as("unknown.example", &[world.sent(&world.id(), "x")])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn while_the_registry_is_away_items_may_be_tried_again_and_bad_ones_may_not() {
    let world = LedgerFixture::new().await;
    world.set_available(false);
    let answer = world
        .deliver_as(
            PROVIDER_CONNECTOR,
            &[world.sent(&world.id(), "x"), json!({})],
        )
        .await;
    assert_eq!(problem(&answer, 0), ("unavailable".to_owned(), 503, true));
    assert_eq!(problem(&answer, 1), ("invalid".to_owned(), 422, false));
    assert_eq!(world.events(), 0);
}

#[tokio::test]
async fn an_item_that_names_itself_or_closes_a_cycle_is_invalid() {
    let world = LedgerFixture::new().await;
    let (a, b) = (world.id(), world.id());
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[world.received(&a, &a)])
        .await;
    assert_eq!(problem(&answer, 0).0, "invalid");
    let answer = world
        .deliver_as(
            RECEIVER_CONNECTOR,
            &[world.received(&a, &b), world.received(&b, &a)],
        )
        .await;
    assert_eq!(statuses(&answer), ["created", "rejected"]);
    assert_eq!(problem(&answer, 1), ("invalid".to_owned(), 422, false));
}

#[tokio::test]
async fn nobody_keeps_a_record_out_by_closing_a_cycle_over_its_id() {
    let world = LedgerFixture::new().await;
    let (sent, received) = (world.id(), world.id());
    // The provider has seen the receiver's id in an answer, before its record was delivered.
    let first = world
        .deliver_as(PROVIDER_CONNECTOR, &[world.sent(&sent, &received)])
        .await;
    assert_eq!(statuses(&first), ["created"]);
    let second = world
        .deliver_as(RECEIVER_CONNECTOR, &[world.received(&received, &sent)])
        .await;
    assert_eq!(statuses(&second), ["created"], "{}", second.body);
    assert_eq!(world.events(), 2);
    // The lineage has an end, and what the provider named stays open.
    let lineage = world.lineage_as(CONSUMER, &received, &[]).await;
    assert_eq!(lineage.status, StatusCode::OK);
    let conn = rusqlite::Connection::open(world.folder.path().join("ledger.db")).unwrap();
    let edges: i64 = conn
        .query_row("SELECT count(*) FROM edge", [], |row| row.get(0))
        .unwrap();
    assert_eq!(edges, 1);
}

#[tokio::test]
async fn an_aborted_transfer_leaves_the_edge_pending() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    let (sent, received) = (world.id(), world.id());
    world
        .deliver_as(RECEIVER_CONNECTOR, &[world.received(&received, &sent)])
        .await;
    let answer = world
        .deliver_as(
            PROVIDER_CONNECTOR,
            &[world.aborted("Sent", PROVIDER, &sent, &create)],
        )
        .await;
    assert_eq!(statuses(&answer), ["created"]);
    assert_eq!(
        ids(&world.lineage_as(CONSUMER, &received, &[]).await),
        [received.as_str()]
    );
    assert_eq!(
        world.lineage_as(PROVIDER, &sent, &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let evidence = &world.cores("transfer-aborted")[0];
    assert_eq!(evidence["evidence"]["id"], sent);
    assert_eq!(evidence["prev"][0]["id"], create);
    assert!(evidence["prev"][0]["c"].is_string());
    let conn = rusqlite::Connection::open(world.folder.path().join("ledger.db")).unwrap();
    let edges: i64 = conn
        .query_row("SELECT count(*) FROM edge", [], |row| row.get(0))
        .unwrap();
    assert_eq!(edges, 0);
}

#[tokio::test]
async fn places_in_the_ledger_have_no_gaps() {
    let world = LedgerFixture::new().await;
    let create = origin(&world).await;
    for _ in 0..5 {
        let mut bad = world.sent(&world.id(), &create);
        bad["dig"] = Value::Null;
        world
            .deliver_as(PROVIDER_CONNECTOR, &[world.sent(&world.id(), &create), bad])
            .await;
        world.register_as(PROVIDER, &json!({}), &[]).await;
    }
    let conn = rusqlite::Connection::open(world.folder.path().join("ledger.db")).unwrap();
    let (first, last, n): (i64, i64, i64) = conn
        .query_row(
            "SELECT min(idx), max(idx), count(*) FROM record",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!((first, last, n), (0, 5, 6));
}
