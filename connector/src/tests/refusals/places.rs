//! Where data comes from, and where it does not.

use super::*;

#[tokio::test]
async fn an_unknown_provider_has_no_location() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = fetch(
        world
            .ask_url(&world.resource("/open/a.csv"), None)
            .header("x-cadde-provider", "cadde.nobody.zz"),
    )
    .await;
    assert_eq!(got.error(), (500, "020004003E".to_owned()));
    world
        .locations
        .put("cadde.plain.zz", &world.resource(""), None, Profile::Cadde4);
    let got = fetch(
        world
            .ask_url(&world.resource("/open/a.csv"), None)
            .header("x-cadde-provider", "cadde.plain.zz"),
    )
    .await;
    assert_eq!(got.error(), (500, "020004003E".to_owned()));
    world.is_untouched().await;
}

#[rstest]
#[case::outside("http://127.0.0.1:1/a.csv", 404)]
#[case::another_host("http://localhost:PORT/open/a.csv", 404)]
#[case::another_scheme("https://127.0.0.1:PORT/open/a.csv", 404)]
#[case::open_in_the_query("http://127.0.0.1:1/x?x=http://127.0.0.1:PORT/open/a.csv", 404)]
#[case::dots("http://127.0.0.1:PORT/open/../closed/a.csv", 400)]
#[case::encoded_dots("http://127.0.0.1:PORT/open/%2e%2e/closed/a.csv", 400)]
#[case::encoded_slash("http://127.0.0.1:PORT/open%2f..%2fclosed/a.csv", 400)]
#[case::backslash("http://127.0.0.1:PORT/open\\..\\closed\\a.csv", 400)]
#[case::empty_segment("http://127.0.0.1:PORT//closed/a.csv", 400)]
#[case::user_info("http://127.0.0.1:PORT@evil.example/open/a.csv", 400)]
#[case::fragment("http://evil.example/#http://127.0.0.1:PORT/open/a.csv", 400)]
#[case::a_folder_that_begins_alike("http://127.0.0.1:PORT/opened/a.csv", 401)]
#[case::closed_with_open_in_the_query(
    "http://127.0.0.1:PORT/closed/a.csv?x=http://127.0.0.1:PORT/open/",
    401
)]
#[tokio::test]
async fn a_resource_outside_the_open_source_is_not_open(
    #[case] resource: &str,
    #[case] status: u16,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let resource = resource.replace("PORT", &world.source_port.to_string());
    let got = fetch(
        world
            .ask_url(&resource, None)
            .header("x-cadde-provider", PROVIDER),
    )
    .await;
    assert_eq!(got.error(), (status, "020004005E".to_owned()));
    world.is_untouched().await;
}

#[rstest]
#[case::closed("http://127.0.0.1:PORT/closed/a.csv", 403, "020090004E")]
#[case::unlisted("http://127.0.0.1:1/open/a.csv", 403, "020090004E")]
#[case::metadata("http://169.254.169.254/latest/meta-data", 403, "020090004E")]
#[case::open_in_the_query(
    "http://127.0.0.1:PORT/closed/a.csv?x=http://127.0.0.1:PORT/open/a.csv",
    403,
    "020090004E"
)]
#[case::dots("http://127.0.0.1:PORT/open/../closed/a.csv", 400, "000201003E")]
#[case::a_name_of_loopback("http://localhost:PORT/open/a.csv", 403, "020090005E")]
#[case::empty("", 400, "000201002E")]
#[tokio::test]
async fn direct_mode_goes_nowhere_but_to_the_list(
    #[case] resource: &str,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let egress = |port: u16| {
        let entry = |url: String| crate::receiver::EgressConfig {
            url: url.parse().expect("a URL"),
            addresses: vec![],
            ends_by_close: false,
        };
        // A listed name, whose address is not listed.
        vec![
            entry(kit::resource(port, "/open")),
            entry(format!("http://localhost:{port}/open")),
        ]
    };
    let world = ConnectorFixture::start(Plan {
        egress: Box::new(egress),
        ..Plan::default()
    })
    .await;
    let resource = resource.replace("PORT", &world.source_port.to_string());
    let got = fetch(world.ask_url(&resource, None)).await;
    assert_eq!(got.error(), (status, message_id.to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn redirects_that_leave_are_not_followed() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (path, token) in [("/closed/moved-outside", Some("good"))] {
        world.grant(path).await;
        assert_eq!(
            fetch(world.ask(path, token)).await.error(),
            (500, "020004005E".to_owned())
        );
    }
    let direct = fetch(world.ask_url(&world.resource("/open/moved-off"), None)).await;
    assert_eq!(direct.error(), (500, "000201008E".to_owned()));
    assert_eq!(world.requests.lock().unwrap().len(), 2);
    let (sent, received) = world.records().await;
    assert!(sent.is_empty() && received.is_empty());
}

#[tokio::test]
async fn a_source_that_says_that_nothing_is_coded_is_believed() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let path = "/closed/coded-not";
    world.grant(path).await;
    let got = world.fetch(path).await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "a"));
    assert!(!got.headers.contains_key("content-encoding"));
}

#[rstest]
#[case("/closed/status/404", 404)]
#[case("/closed/status/401", 401)]
#[case("/closed/status/503", 500)]
#[case("/closed/coded-oddly", 500)]
#[tokio::test]
async fn a_sources_failure_has_its_status(#[case] path: &str, #[case] status: u16) {
    let world = ConnectorFixture::start(Plan::default()).await;
    world.grant(path).await;
    let got = world.fetch(path).await;
    assert_eq!(got.error(), (status, "020004005E".to_owned()));
    // Nobody's token is to blame for what the source says.
    assert!(!got.headers.contains_key("www-authenticate"));
    let id = if status == 500 {
        "000201008E"
    } else {
        &format!("00020100{}E", if status == 404 { 6 } else { 7 })
    };
    assert!(got.text().contains(id), "{}", got.text());
    assert_eq!(
        fetch(world.reference(path, Some("good"))).await.error(),
        (status, id.to_owned())
    );
    let (sent, received) = world.records().await;
    assert!(sent.is_empty() && received.is_empty());
}

#[tokio::test]
async fn direct_mode_passes_on_a_servers_status() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (code, status, id) in [
        (404, 404, "000201006E"),
        (401, 401, "000201007E"),
        (503, 500, "000201008E"),
    ] {
        let got =
            fetch(world.ask_url(&world.resource(&format!("/open/status/{code}")), None)).await;
        assert_eq!(got.error(), (status, id.to_owned()));
    }
}
