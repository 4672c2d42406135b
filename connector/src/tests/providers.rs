//! The receiver before providers that are not ours: what it sends, what it takes.

mod events;

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
use common::listener::Peer;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use location_client::Profile;
use rstest::rstest;

use self::events::{ledger, listed};
use super::kit::{
    self, ConnectorFixture, PROVIDER_CONNECTOR, Plan, RECEIVER_CONNECTOR, USER, fetch,
};

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

/// Serves `router` with the provider's certificate; the port.
async fn as_provider(world: &ConnectorFixture, router: Router) -> u16 {
    let tls = world.pki.store(PROVIDER_CONNECTOR);
    kit::serve(router, Some(tls), &world.shutdown).await
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
    let port = as_provider(&world, router).await;
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
    let port = as_provider(&world, router).await;
    let at = format!("https://localhost:{port}");
    world
        .locations
        .put(OTHER, &at, Some(PROVIDER_CONNECTOR), Profile::Kakehashi1);
    assert_eq!(fetch(ask(&world, Some("good"))).await.status.as_u16(), 200);
    assert_eq!(provider.asked.lock().unwrap().len(), 2);
    assert_eq!(world.auth.exchanges().len(), 2);
}
