//! The events that providers name: which of them are followed, in which ledger, and what is recorded where there is none.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use common::process::Shutdown;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, StatusCode};
use location_client::Profile;
use provenance_model::event_id;
use rstest::rstest;
use time::macros::datetime;

use super::{OTHER, ask, world, world_with};
use crate::{
    receiver::ForeignConfig,
    tests::kit::{
        self, ConnectorFixture, PROVIDER_CONNECTOR, Plan, RECEIVER_CONNECTOR, USER, fetch,
    },
};

/// The one record of the receiver is evidence that the data came without an event to follow.
async fn assert_unsent(world: &ConnectorFixture, got: &kit::Got, user: &str) {
    assert_eq!((got.status.as_u16(), got.text()), (200, "data"));
    assert_eq!(got.header("x-cadde-provenance"), "");
    assert_eq!(got.header("x-cadde-provenance-management-service-url"), "");
    assert!(!got.headers.contains_key("x-cadde-provenance-nonce"));
    let (_, received) = world.records().await;
    assert_eq!(received.len(), 1);
    let evidence = &received[0]["evidence"];
    assert_eq!(evidence["type"], "received-unsent");
    assert_eq!(evidence["dataprovider"], OTHER);
    assert_eq!(evidence["datauser"], user);
    assert_eq!(evidence["source_url"], "http://d.example/x/a%20b.csv?v=1");
    assert!(evidence.get("cdlpreviousevents").is_none());
    assert_eq!(received[0]["dig"]["len"], 4);
    let (id, nonce) = (&evidence["id"], &received[0]["nonce"]);
    let owner = kit::connector_id(RECEIVER_CONNECTOR);
    assert!(event_id::may_be_of(
        id.as_str().unwrap(),
        nonce.as_str(),
        &owner
    ));
}

#[rstest]
#[case::with_a_user(Some("good"), USER)]
#[case::with_nobody(None, kit::PARTICIPANT)]
#[tokio::test]
async fn what_a_provider_does_not_record_is_recorded_here(
    #[case] token: Option<&str>,
    #[case] user: &str,
) {
    // An address of a ledger alone names nothing.
    let headers = [(
        "x-cadde-provenance-management-service-url",
        "https://ledger.other.example/v2",
    )];
    let (world, _) = world(move || (headers, "data").into_response()).await;
    let got = fetch(ask(&world, token)).await;
    assert_unsent(&world, &got, user).await;
}

#[tokio::test]
async fn a_transfer_without_an_event_that_breaks_is_recorded_as_broken() {
    let (world, _) = world(|| {
        let begun = stream::once(async { Ok(Bytes::from(vec![7; 1 << 20])) });
        let end = stream::once(async { Err(std::io::Error::other("gone")) });
        Body::from_stream(begun.chain(end)).into_response()
    })
    .await;
    assert!(fetch(ask(&world, Some("good"))).await.body.is_none());
    let (_, received) = world.records().await;
    assert_eq!(received[0]["evidence"]["type"], "received-unsent");
    assert_eq!(received[0]["evidence"]["reason"], "source-failed");
    assert!(received[0].get("dig").is_none());
}

/// An id and its nonce.
type Stated = (String, String);

/// What a provider states as its event, out of an id of its own and one of another connector.
type States = fn(own: Stated, other: Stated) -> (String, Option<String>);

#[rstest]
#[case::its_own(|(id, nonce), _| (id, Some(nonce)), true)]
#[case::of_an_earlier_version(|_, _| ("01941f29-7c00-7000-8000-000000000001".to_owned(), None), true)]
#[case::without_nonce(|(id, _), _| (id, None), false)]
#[case::with_another_nonce(|(id, _), (_, nonce)| (id, Some(nonce)), false)]
#[case::of_another(|_, (id, nonce)| (id, Some(nonce)), false)]
#[case::nonce_in_capitals(|(id, _), _| (id, Some("AB".repeat(16))), false)]
#[case::short_nonce(|(id, nonce): Stated, _| (id, Some(nonce[..30].to_owned())), false)]
#[case::in_capitals(|(id, nonce): Stated, _| (id.to_uppercase(), Some(nonce)), false)]
#[case::in_braces(|(id, nonce), _| (format!("{{{id}}}"), Some(nonce)), false)]
#[case::of_version_4(|_, _| ("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b".to_owned(), None), false)]
#[case::no_uuid(|_, _| ("e-1".to_owned(), None), false)]
#[case::too_long(|_, _| ("x".repeat(257), None), false)]
#[tokio::test]
async fn of_a_provider_of_ours_only_its_own_event_is_followed(
    #[case] states: States,
    #[case] is_followed: bool,
) {
    let make = |owner| {
        let ids = event_id::EventIds::new(kit::connector_id(owner));
        let made = ids.next(datetime!(2025-01-01 0:00 UTC));
        (made.id.to_string(), made.nonce.to_string())
    };
    let (id, nonce) = states(make(PROVIDER_CONNECTOR), make(RECEIVER_CONNECTOR));
    let named = id.clone();
    let answer = move || {
        let mut response = "data".into_response();
        let headers = response.headers_mut();
        headers.insert("x-cadde-provenance", named.parse().expect("header text"));
        let url = "https://ledger.other.example/v2"
            .parse()
            .expect("header text");
        headers.insert("x-cadde-provenance-management-service-url", url);
        if let Some(nonce) = &nonce {
            headers.insert(
                "x-cadde-provenance-nonce",
                nonce.parse().expect("header text"),
            );
        }
        response
    };
    let (world, _) = world(answer).await;
    world
        .locations
        .speaks(OTHER, Some(PROVIDER_CONNECTOR), Profile::Kakehashi1);
    let got = fetch(ask(&world, Some("good"))).await;
    if !is_followed {
        return assert_unsent(&world, &got, USER).await;
    }
    assert!(!got.headers.contains_key("x-cadde-provenance-nonce"));
    let (_, received) = world.records().await;
    assert_eq!(received[0]["event"]["cdlpreviousevents"][0], id);
    assert_eq!(
        got.header("x-cadde-provenance"),
        received[0]["event"]["cdleventid"]
    );
}

#[rstest]
#[case::too_long("x".repeat(257))]
#[case::no_id("e 1".to_owned())]
#[case::not_ascii("\u{e9}".to_owned())]
#[tokio::test]
async fn an_event_id_that_no_ledger_takes_is_not_followed(#[case] id: String) {
    let (world, _) = world(move || {
        let id = http::HeaderValue::from_bytes(id.as_bytes()).expect("header bytes");
        ([("x-cadde-provenance", id)], "data").into_response()
    })
    .await;
    let got = fetch(ask(&world, Some("good"))).await;
    assert_unsent(&world, &got, USER).await;
}

#[tokio::test]
async fn ids_of_reference_providers_come_from_a_ledger_and_are_taken_as_they_are() {
    for id in [
        "e-1",
        "01941f29-7c00-8000-896a-afae9eec5885",
        "5F0C1F1E-7B3A-4D6E-9F2B-1C2D3E4F5A6B",
    ] {
        let (world, _) =
            world(move || ([("x-cadde-provenance", id)], "data").into_response()).await;
        assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
        let (_, received) = world.records().await;
        assert_eq!(received[0]["event"]["cdlpreviousevents"][0], id);
    }
}

/// What an application learns of ledger and contract from a provider that names `ledger` and `service`, with an event or not.
async fn learned(plan: Plan, event: &'static str, ledger: &str, service: &str) -> [String; 3] {
    let (ledger, service) = (ledger.to_owned(), service.to_owned());
    let (world, _) = world_with(plan, move || {
        let headers = [
            ("x-cadde-provenance", event),
            ("x-cadde-provenance-management-service-url", &ledger),
            ("x-cadde-contract-id", "T-1"),
            ("x-cadde-contract-management-service-url", &service),
        ];
        (headers, "data").into_response()
    })
    .await;
    let got = fetch(ask(&world, Some("good"))).await;
    assert_eq!(got.status.as_u16(), 200);
    [
        "x-cadde-provenance-management-service-url",
        "x-cadde-contract-management-service-url",
        "x-cadde-contract-id",
    ]
    .map(|name| got.header(name).to_owned())
}

#[tokio::test]
async fn without_an_event_only_listed_addresses_reach_the_application() {
    let (ledger, service) = (
        "https://ledger.evil.example/v2",
        "https://market.evil.example",
    );
    let learns = |event, ledger: &'static str, service: &'static str| {
        let plan = Plan {
            contract_services: vec!["https://market.example/".parse().unwrap()],
            ..Plan::default()
        };
        learned(plan, event, ledger, service)
    };
    assert_eq!(learns("", ledger, service).await, ["", "", "T-1"]);
    assert_eq!(learns(" ", ledger, "market").await, ["", "", "T-1"]);
    let listed = ["", "https://market.example", "T-1"];
    assert_eq!(
        learns("", kit::LEDGER, "https://market.example").await,
        listed
    );
    // With one, the exchange is in a ledger, and the contract belongs to it.
    assert_eq!(
        learns("e-1", ledger, service).await,
        [kit::LEDGER, service, "T-1"]
    );
}

/// A ledger that assigns ids itself: what it was told (authorization and body), and where it is.
pub(super) async fn ledger(
    status: StatusCode,
) -> (url::Url, Arc<Mutex<Vec<(String, String)>>>, Shutdown) {
    let told: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let shutdown = Shutdown::default();
    let kept = Arc::clone(&told);
    let register = move |headers: HeaderMap, body: String| async move {
        let authorization = headers["authorization"]
            .to_str()
            .expect("a text")
            .to_owned();
        kept.lock()
            .expect("not poisoned")
            .push((authorization, body));
        (
            status,
            axum::Json(serde_json::json!({"cdleventid": "foreign-1"})),
        )
    };
    let router = Router::new().route("/v2/eventwithhash", axum::routing::post(register));
    let port = kit::serve(router, None, &shutdown).await;
    (kit::url(port, "/v2"), told, shutdown)
}

pub(super) fn listed(url: &url::Url) -> ForeignConfig {
    ForeignConfig {
        url: url.clone(),
        client_id: "ledger-x".to_owned(),
    }
}

fn names(ledger: &url::Url) -> impl Fn() -> Response + Send + Sync + use<> {
    let ledger = ledger.to_string();
    move || {
        let headers = [
            ("x-cadde-provenance", "e-1"),
            ("x-cadde-provenance-management-service-url", ledger.as_str()),
        ];
        (headers, "data").into_response()
    }
}

/// With a provider that names this ledger, which is listed.
async fn world_before(ledger: &url::Url) -> ConnectorFixture {
    let plan = Plan {
        foreign: vec![listed(ledger)],
        ..Plan::default()
    };
    world_with(plan, names(ledger)).await.0
}

#[tokio::test]
async fn a_listed_foreign_ledger_is_asked_before_the_answer() {
    let (url, told, _running) = ledger(StatusCode::OK).await;
    let world = world_before(&url).await;
    let got = fetch(ask(&world, Some("good"))).await;
    assert_eq!(
        (got.status.as_u16(), got.header("x-cadde-provenance")),
        (200, "foreign-1")
    );
    assert_eq!(
        got.header("x-cadde-provenance-management-service-url"),
        url.as_str()
    );
    let told = told.lock().unwrap().clone();
    // The token without a scheme, as existing ledgers want it.
    // And not the user's own.
    assert_eq!(
        (told.len(), told[0].0.as_str()),
        (1, "good-addressed-to-ledger-x")
    );
    for part in ["name=\"request\"", "Received", "e-1", OTHER, USER] {
        assert!(told[0].1.contains(part), "{part}: {}", told[0].1);
    }
    assert!(world.records().await.1.is_empty());
}

#[tokio::test]
async fn a_foreign_ledgers_failure_fails_the_exchange() {
    let (url, _, _running) = ledger(StatusCode::INTERNAL_SERVER_ERROR).await;
    let world = world_before(&url).await;
    assert_eq!(
        fetch(ask(&world, Some("good"))).await.error(),
        (500, "020004009E".to_owned())
    );
    assert_eq!(
        fetch(ask(&world, None)).await.error(),
        (500, "020004008E".to_owned())
    );
}

#[tokio::test]
async fn a_ledger_that_is_not_listed_never_sees_a_token() {
    let (url, told, _running) = ledger(StatusCode::OK).await;
    let (world, _) = world_with(Plan::default(), names(&url)).await;
    assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
    assert!(told.lock().unwrap().is_empty());
    assert_eq!(world.records().await.1.len(), 1);
}
