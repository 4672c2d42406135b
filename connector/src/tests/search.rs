//! Searches through both connectors, up to the catalogue itself.

use rstest::rstest;
use serde_json::Value;

use super::kit::{ConnectorFixture, Got, PROVIDER, PROVIDER_CONNECTOR, Plan, fetch};

/// What the receiver answers to an application that searches with these headers.
async fn search(world: &ConnectorFixture, query: &str, headers: &[(&str, &str)]) -> Got {
    let client = common::http::client::plain().expect("a client");
    let port = world.receiver_port;
    let url = format!("http://127.0.0.1:{port}/cadde/api/v4/catalog?{query}");
    let request = headers
        .iter()
        .fold(client.get(url), |request, (name, value)| {
            request.header(*name, *value)
        });
    fetch(request).await
}

const META: (&str, &str) = ("x-cadde-search", "meta");
const DETAIL: (&str, &str) = ("x-cadde-search", "detail");
const OF_PROVIDER: (&str, &str) = ("x-cadde-provider", PROVIDER);
const GOOD: (&str, &str) = ("authorization", "Bearer good");

#[tokio::test]
async fn a_query_reaches_the_search_as_it_was_written_and_nothing_of_the_caller_does() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let query = "q=%E5%B7%9D%20a%26b+c%2Bd:*&fq=x&fq=y&rows=10&empty=&%25";
    for headers in [&[META][..], &[META, GOOD], &[META, GOOD, OF_PROVIDER]] {
        let got = search(&world, query, headers).await;
        assert_eq!(
            (got.status.as_u16(), got.header("content-type")),
            (200, "application/json")
        );
        let found: Value = serde_json::from_str(got.text()).expect("JSON");
        assert_eq!(found["result"]["query"], query);
        assert_eq!(found["result"]["authorization"], Value::Null);
        assert_eq!(got.header("cache-control"), "no-store");
    }
}

#[rstest]
#[case(&[], 400, "020090001E")]
#[case(&[("x-cadde-search", "foo")], 400, "020001002E")]
#[case(&[META, META], 400, "020090001E")]
#[case(&[DETAIL], 400, "020000002E")]
#[case(&[DETAIL, ("x-cadde-provider", " ")], 400, "020000002E")]
#[case(&[DETAIL, ("x-cadde-provider", "../../admin?x=")], 400, "020090003E")]
#[case(&[META, ("authorization", "Bearer nobody's")], 401, "020001003E")]
#[case(&[DETAIL, OF_PROVIDER, ("authorization", "Basic eDp5")], 401, "020001003E")]
#[case(&[DETAIL, ("x-cadde-provider", "cadde.unknown.zz"), GOOD], 500, "020001004E")]
#[tokio::test]
async fn what_cannot_be_searched_is_refused(
    #[case] headers: &[(&str, &str)],
    #[case] status: u16,
    #[case] id: &str,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = search(&world, "q=x", headers).await;
    assert_eq!(got.error(), (status, id.to_owned()), "{}", got.text());
}

#[rstest]
#[case(400, 400)]
#[case(409, 409)]
#[case(503, 503)]
#[case(302, 500)]
#[tokio::test]
async fn what_the_search_refuses_is_passed_on(#[case] said: u16, #[case] status: u16) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = search(&world, &format!("status={said}"), &[META]).await;
    assert_eq!(
        got.error(),
        (status, "020001005E".to_owned()),
        "{}",
        got.text()
    );
    assert!(got.text().contains("not today"), "{}", got.text());
}

#[tokio::test]
async fn a_search_that_breaks_off_is_seen_to() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = search(&world, "broken", &[META]).await;
    assert_eq!((got.status.as_u16(), got.body), (200, None));
}

#[tokio::test]
async fn a_provider_without_a_catalogue_says_so_to_whoever_may_ask() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = search(&world, "q=x", &[DETAIL, OF_PROVIDER, GOOD]).await;
    assert_eq!(
        got.error(),
        (404, "020001005E".to_owned()),
        "{}",
        got.text()
    );
    assert!(got.text().contains("010190001E"), "{}", got.text());
    // By a certificate that is no receiver's, not even that.
    let port = world.provider_port;
    let url = format!("https://localhost:{port}/cadde/api/v4/catalog?q=x");
    let client = common::tls::PeerClient::new(world.pki.store(PROVIDER_CONNECTOR));
    let got = fetch(client.get().get(&url)).await;
    assert_eq!(
        got.error(),
        (403, "010090004E".to_owned()),
        "{}",
        got.text()
    );
    for method in [reqwest::Method::POST, reqwest::Method::HEAD] {
        assert_eq!(fetch(client.get().request(method, &url)).await.status, 405);
    }
}
