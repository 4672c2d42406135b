//! The receiver before providers that are not ours: what it sends, what it takes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use common::{listener::Peer, process::Shutdown};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use location_client::Profile;
use provenance_model::event_id;
use rstest::rstest;
use time::macros::datetime;

use super::kit::{
    self, ConnectorFixture, PROVIDER_CONNECTOR, Plan, RECEIVER_CONNECTOR, USER, fetch,
};
use crate::receiver::ForeignConfig;

const OTHER: &str = "cadde.other.dd";

/// What a provider was asked, and how it answers.
#[derive(Clone)]
struct Provider {
    asked: Arc<Mutex<Vec<HeaderMap>>>,
    answer: Arc<dyn Fn() -> Response + Send + Sync>,
}

async fn answer(State(provider): State<Provider>, peer: Peer, request: Request<Body>) -> Response {
    assert_eq!(peer.id.as_str(), RECEIVER_CONNECTOR);
    provider
        .asked
        .lock()
        .expect("not poisoned")
        .push(request.headers().clone());
    (provider.answer)()
}

/// A world with a provider [`OTHER`] that answers as told.
async fn world(
    answers: impl Fn() -> Response + Send + Sync + 'static,
) -> (ConnectorFixture, Provider) {
    world_with(Plan::default(), answers).await
}

async fn world_with(
    plan: Plan,
    answers: impl Fn() -> Response + Send + Sync + 'static,
) -> (ConnectorFixture, Provider) {
    let world = ConnectorFixture::start(plan).await;
    let provider = Provider {
        asked: Arc::default(),
        answer: Arc::new(answers),
    };
    let router = Router::new()
        .route("/base/cadde/api/v4/file", get(answer))
        .with_state(provider.clone());
    let port = kit::serve(
        router,
        Some(world.pki.store(PROVIDER_CONNECTOR)),
        &world.shutdown,
    )
    .await;
    world.locations.put(
        OTHER,
        &format!("https://localhost:{port}/base"),
        None,
        Profile::Cadde4,
    );
    (world, provider)
}

fn ask(world: &ConnectorFixture, token: Option<&str>) -> reqwest::RequestBuilder {
    world
        .ask_url("http://d.example/x/a%20b.csv?v=1", token)
        .header("x-cadde-provider", OTHER)
}

fn success() -> Response {
    let headers = [
        ("X-Cadde-Provenance", "e-1"),
        (
            "x-cadde-provenance-management-service-url",
            "https://ledger.other.example/v2",
        ),
        ("x-cadde-contract-id", ""),
        ("x-cadde-contract-management-service-url", ""),
        ("content-type", "application/json"),
        ("fiware-total-count", "7"),
        ("server", "nginx"),
        ("set-cookie", "a=b"),
        ("access-control-allow-origin", "*"),
    ];
    (headers, "data").into_response()
}

#[tokio::test]
async fn a_reference_provider_gets_what_it_knows_and_a_little_more() {
    let (world, provider) = world(success).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = ask(&world, Some("good"))
        .header("traceparent", trace)
        .header("accept-language", "fr")
        .header("accept-language", "en;q=0.5")
        .header("cookie", "x=y");
    let got = fetch(request).await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "data"));
    let asked = provider.asked.lock().unwrap()[0].clone();
    let mut names: Vec<_> = asked.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "accept-language",
            "authorization",
            "cache-control",
            "host",
            "traceparent",
            "user-agent",
            "x-cadde-deadline-ms",
            "x-cadde-exchange-id",
            "x-cadde-first-byte-ms",
            "x-cadde-resource-api-type",
            "x-cadde-resource-url",
        ]
    );
    assert_eq!(
        asked["authorization"],
        format!("Bearer good-addressed-to-{OTHER}")
    );
    assert_eq!(asked["cache-control"], "no-cache");
    let languages: Vec<_> = asked.get_all("accept-language").iter().collect();
    assert_eq!(languages, ["fr", "en;q=0.5"]);
    let first_byte: u64 = asked["x-cadde-first-byte-ms"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    // Our own provider is given less; this one does not know of a limit.
    assert!((50_000..59_000).contains(&first_byte), "{first_byte}");
    assert_eq!(
        asked["x-cadde-resource-url"],
        "http://d.example/x/a%20b.csv?v=1"
    );
    assert!(
        asked["traceparent"]
            .to_str()
            .unwrap()
            .starts_with("00-0af7651916cd43dd8448eb211c80319c-")
    );
    assert_ne!(asked["traceparent"], trace);
}

#[tokio::test]
async fn headers_are_taken_whatever_their_spelling_and_only_those_meant_for_the_application() {
    let (world, _) = world(success).await;
    let got = fetch(ask(&world, Some("good"))).await;
    let (_, received) = world.records().await;
    assert_eq!(received[0]["event"]["cdlpreviousevents"][0], "e-1");
    assert_eq!(
        got.header("x-cadde-provenance"),
        received[0]["event"]["cdleventid"]
    );
    // A ledger that is not on the list: ours has the event.
    assert_eq!(
        got.header("x-cadde-provenance-management-service-url"),
        kit::LEDGER
    );
    assert_eq!(got.header("x-cadde-contract-type"), "");
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("fiware-total-count"), "7");
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv"
    );
    for absent in ["server", "set-cookie", "access-control-allow-origin"] {
        assert!(!got.headers.contains_key(absent), "{absent}");
    }
}

#[tokio::test]
async fn a_page_is_saved_and_not_shown() {
    for (sent, passed) in [
        (
            "inline",
            "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv",
        ),
        ("Attachment; filename=x.csv", "Attachment; filename=x.csv"),
    ] {
        let headers = [("content-type", "text/html"), ("content-disposition", sent)];
        let (world, _) = world(move || (headers, "<script>").into_response()).await;
        let got = fetch(ask(&world, None)).await;
        assert_eq!(got.header("content-disposition"), passed);
    }
}

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
#[case(
    StatusCode::FORBIDDEN,
    r#"{"detail":"refused(010403002E)","status":403}(010002006E)"#,
    403,
    "refused(010403002E)(010002006E)"
)]
#[case(
    StatusCode::BAD_REQUEST,
    "<html><h1>No required SSL certificate was sent</h1></html>",
    502,
    ""
)]
#[case(StatusCode::SERVICE_UNAVAILABLE, "{}", 503, "")]
#[case(StatusCode::FOUND, "", 500, "")]
#[case(StatusCode::PARTIAL_CONTENT, "part", 500, "")]
#[tokio::test]
async fn a_providers_refusal_is_passed_up(
    #[case] status: StatusCode,
    #[case] body: &'static str,
    #[case] expected: u16,
    #[case] detail: &str,
) {
    let (world, _) = world(move || (status, [("retry-after", "17")], body).into_response()).await;
    let got = fetch(ask(&world, Some("good"))).await;
    assert_eq!(got.error(), (expected, "020004005E".to_owned()));
    assert!(got.text().contains(detail));
    assert!(!got.text().contains("html"));
    assert_eq!(got.header("retry-after"), "17");
    assert!(world.records().await.1.is_empty());
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

#[tokio::test]
async fn an_empty_success_is_a_success() {
    let (world, _) =
        world(|| (StatusCode::NO_CONTENT, [("x-cadde-provenance", "e-1")]).into_response()).await;
    let got = fetch(ask(&world, Some("good"))).await;
    assert_eq!((got.status.as_u16(), got.text()), (200, ""));
    assert_eq!(world.records().await.1[0]["dig"]["len"], 0);
}

#[rstest]
#[case(&["gzip"], Ok(Some("gzip")))]
#[case(&["identity", "gzip"], Ok(Some("gzip")))]
#[case(&["gzip, br"], Ok(Some("gzip, br")))]
#[case(&["identity"], Ok(None))]
#[case(&["", ", identity"], Ok(None))]
#[case(&["gzip;q=1"], Err("gzip;q=1"))]
#[tokio::test]
async fn a_coded_answer_goes_on_with_its_coding_or_is_refused_by_its_name(
    #[case] lines: &'static [&'static str],
    #[case] expected: Result<Option<&str>, &str>,
) {
    let (world, _) = world(move || {
        let mut response = "x".into_response();
        for line in lines {
            let line = http::HeaderValue::from_static(line);
            response.headers_mut().append("content-encoding", line);
        }
        response
    })
    .await;
    let got = fetch(ask(&world, Some("good"))).await;
    match expected {
        Ok(coding) => {
            assert_eq!((got.status.as_u16(), got.text()), (200, "x"));
            let said = got.headers.get("content-encoding");
            assert_eq!(said.map(|said| said.to_str().unwrap()), coding);
        }
        Err(coding) => {
            assert_eq!(got.error(), (500, "020004005E".to_owned()));
            assert!(got.text().contains(coding), "{}", got.text());
        }
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

#[tokio::test]
async fn connections_to_a_provider_are_used_again() {
    let (world, provider) = world(success).await;
    for _ in 0..3 {
        assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
    }
    assert_eq!(provider.asked.lock().unwrap().len(), 3);
    let (_, received) = world.records().await;
    assert!(received.iter().all(|item| item["user_id"] == USER));
}

/// A ledger that assigns ids itself: what it was told (authorization and body), and where it is.
async fn ledger(status: StatusCode) -> (url::Url, Arc<Mutex<Vec<(String, String)>>>, Shutdown) {
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

fn listed(url: &url::Url) -> ForeignConfig {
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

#[tokio::test]
async fn a_listed_foreign_ledger_is_asked_before_the_answer() {
    let (url, told, _running) = ledger(StatusCode::OK).await;
    let (world, _) = world_with(
        Plan {
            foreign: vec![listed(&url)],
            ..Plan::default()
        },
        names(&url),
    )
    .await;
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
    let (world, _) = world_with(
        Plan {
            foreign: vec![listed(&url)],
            ..Plan::default()
        },
        names(&url),
    )
    .await;
    assert_eq!(
        fetch(ask(&world, Some("good"))).await.error(),
        (500, "020004009E".to_owned())
    );
    assert_eq!(
        fetch(ask(&world, None)).await.error(),
        (500, "020004008E".to_owned())
    );
}

#[rstest]
#[case::small(10)]
#[case::large(300_000)]
#[tokio::test]
async fn a_body_that_breaks_is_not_received(#[case] announced: usize) {
    let (url, told, _running) = ledger(StatusCode::OK).await;
    let at = url.to_string();
    let answer = move || {
        let begun = stream::iter([Ok(Bytes::from_static(b"abc"))]);
        let end = stream::once(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("broken on purpose"))
        });
        let headers = [
            ("x-cadde-provenance", "e-1"),
            ("x-cadde-provenance-management-service-url", at.as_str()),
            ("content-length", &announced.to_string()),
        ];
        (headers, Body::from_stream(begun.chain(end))).into_response()
    };
    let foreign = vec![listed(&url)];
    let (world, _) = world_with(
        Plan {
            foreign,
            ..Plan::default()
        },
        answer,
    )
    .await;
    let got = fetch(ask(&world, Some("good"))).await;
    let (_, received) = world.records().await;
    if announced == 10 {
        assert_eq!(got.error(), (500, "020004005E".to_owned()));
        assert!(told.lock().unwrap().is_empty() && received.is_empty());
    } else {
        // The answer's header has the id that the ledger gave: it was asked before, and our own book says how it ended.
        assert_eq!(got.header("x-cadde-provenance"), "foreign-1");
        assert!(got.body.is_none());
        assert_eq!(received[0]["evidence"]["type"], "transfer-aborted");
        assert_eq!(received[0]["evidence"]["cdlpreviousevents"][0], "e-1");
    }
}

#[tokio::test]
async fn a_ledger_that_is_not_listed_never_sees_a_token() {
    let (url, told, _running) = ledger(StatusCode::OK).await;
    let (world, _) = world_with(Plan::default(), names(&url)).await;
    assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
    assert!(told.lock().unwrap().is_empty());
    assert_eq!(world.records().await.1.len(), 1);
}

#[tokio::test]
async fn a_certificate_that_is_renewed_on_the_way_costs_nothing() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let provider = Provider {
        asked: Arc::default(),
        answer: Arc::new(success),
    };
    let (asked, tls) = (Arc::clone(&provider.asked), Arc::clone(&world.receiver_tls));
    let renewed = Arc::clone(&world.pki);
    let respond = move |State(provider): State<Provider>, request: Request<Body>| async move {
        let mut asked = asked.lock().expect("not poisoned");
        asked.push(request.headers().clone());
        if asked.len() > 1 {
            return (provider.answer)();
        }
        // What a provider says to a token that is bound to another certificate than the connection's.
        renewed.certify(tls.config(), RECEIVER_CONNECTOR);
        assert!(tls.reload().expect("usable TLS material"));
        StatusCode::UNAUTHORIZED.into_response()
    };
    let router = Router::new()
        .route("/cadde/api/v4/file", get(respond))
        .with_state(provider.clone());
    let port = kit::serve(
        router,
        Some(world.pki.store(PROVIDER_CONNECTOR)),
        &world.shutdown,
    )
    .await;
    let at = format!("https://localhost:{port}");
    world
        .locations
        .put(OTHER, &at, Some(PROVIDER_CONNECTOR), Profile::Kakehashi1);
    assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
    assert_eq!(provider.asked.lock().unwrap().len(), 2);
    assert_eq!(world.auth.exchanges().len(), 2);
}
