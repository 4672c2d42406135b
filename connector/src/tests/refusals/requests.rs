//! Requests that cannot be served, whoever sends them.

use super::*;

#[rstest]
#[case::absent(None, 400, "010090001E")]
#[case::another_type(Some("file/zzz"), 400, "010002003E")]
#[case::not_yet(Some("file/ftp"), 400, "010002003E")]
#[tokio::test]
async fn the_provider_reads_its_headers_strictly(
    #[case] api_type: Option<&str>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let client = PeerClient::new(Arc::clone(&world.receiver_tls)).get();
    let url = format!(
        "https://localhost:{}/cadde/api/v4/file",
        world.provider_port
    );
    let mut request = client
        .get(&url)
        .header("x-cadde-resource-url", world.resource("/open/a.csv"));
    if let Some(api_type) = api_type {
        request = request.header("x-cadde-resource-api-type", api_type);
    }
    assert_eq!(
        fetch(request).await.error(),
        (status, message_id.to_owned())
    );
    // The check of an installation in the reference's guides: no headers at all.
    let got = fetch(client.get(&url)).await;
    assert_eq!(got.error(), (400, "010090001E".to_owned()));
    assert!(got.text().contains("x-cadde-resource-url"));
    let ask = |options: &str| {
        client
            .get(&url)
            .header("x-cadde-resource-url", world.resource("/open/a.csv"))
            .header("x-cadde-resource-api-type", "file/http")
            .header("x-cadde-options", options)
    };
    assert_eq!(
        fetch(ask("nocolon")).await.error(),
        (400, "010002002E".to_owned())
    );
    assert_eq!(
        fetch(ask("Host:evil.example")).await.error(),
        (400, "010090003E".to_owned())
    );
    let twice = world
        .reference("/open/a.csv", None)
        .header("x-cadde-resource-url", "http://other.example/");
    assert_eq!(fetch(twice).await.error(), (400, "010090001E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn options_reach_the_source_only_if_it_lists_them() {
    let world = ConnectorFixture::start(Plan {
        sources: Box::new(|port| {
            let mut open = source(port, "/open");
            (open.authorization, open.record) = (false, Record::Off);
            open.options = ["fiware-service".to_owned()].into();
            vec![open]
        }),
        ..Plan::default()
    })
    .await;
    let ask = |options: &str| {
        world
            .ask("/open/a.csv", None)
            .header("x-cadde-options", options)
    };
    for injected in [
        "Host:evil.example",
        "Authorization:Basic eDp5",
        "X-Forwarded-For:1.2.3.4",
    ] {
        assert_eq!(
            fetch(ask(injected)).await.error(),
            (400, "020004005E".to_owned()),
            "{injected}"
        );
    }
    assert_eq!(
        fetch(ask("nocolon")).await.error(),
        (400, "020004004E".to_owned())
    );
    let twice = world
        .ask("/open/a.csv", None)
        .header("x-cadde-provider", "cadde.other.zz");
    assert_eq!(fetch(twice).await.error(), (400, "020090001E".to_owned()));
    world.is_untouched().await;
    assert_eq!(fetch(ask("Fiware-Service: t1")).await.status.as_u16(), 200);
    assert_eq!(world.requests.lock().unwrap()[0].1["fiware-service"], "t1");
}

#[rstest]
#[case("HEAD")]
#[case("POST")]
#[case("PUT")]
#[case("DELETE")]
#[case("OPTIONS")]
#[tokio::test]
async fn only_get_is_answered(#[case] method: &str) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let plain = common::http::client::plain().unwrap();
    let with_certificate = PeerClient::new(Arc::clone(&world.receiver_tls)).get();
    let urls = [
        (
            plain,
            format!("http://127.0.0.1:{}/cadde/api/v4/file", world.receiver_port),
        ),
        (
            with_certificate,
            format!(
                "https://localhost:{}/cadde/api/v4/file",
                world.provider_port
            ),
        ),
    ];
    for (client, url) in urls {
        let request = client
            .request(method.clone(), url)
            .header("x-cadde-provider", PROVIDER)
            .header("x-cadde-resource-url", world.resource("/open/a.csv"))
            .header("x-cadde-resource-api-type", "file/http");
        let got = fetch(request).await;
        assert_eq!((got.status.as_u16(), got.header("allow")), (405, "GET"));
    }
    world.is_untouched().await;
}

#[tokio::test]
async fn a_full_outbox_refuses_before_anything_is_fetched() {
    let world = ConnectorFixture::start(Plan {
        outbox_records: 1,
        ..Plan::default()
    })
    .await;
    for ledger in [&world.provider_ledger, &world.receiver_ledger] {
        ledger.is_away.store(true, Ordering::SeqCst);
    }
    assert_eq!(
        fetch(world.ask("/open/a.csv", None)).await.status.as_u16(),
        200
    );
    world.requests.lock().unwrap().clear();
    let got = fetch(world.ask("/open/a.csv", None)).await;
    assert_eq!(got.error(), (503, "020004009E".to_owned()));
    assert_eq!(got.header("retry-after"), "30");
    let got = fetch(world.ask_url(&world.resource("/open/a.csv"), None)).await;
    assert_eq!(got.error(), (503, "020004009E".to_owned()));
    assert_eq!(
        fetch(world.reference("/open/a.csv", None)).await.error(),
        (503, "010002012E".to_owned())
    );
    assert!(world.requests.lock().unwrap().is_empty());
}

#[rstest]
#[case("/open/a.csv")]
#[case("/open/large")]
#[tokio::test]
async fn where_records_are_not_required_an_outbox_that_cannot_write_refuses_nothing(
    #[case] path: &str,
) {
    let world = ConnectorFixture::start(Plan {
        is_record_required: false,
        ..Plan::default()
    })
    .await;
    world.provider_outbox.close(Duration::ZERO).await;
    let got = fetch(world.ask(path, None)).await;
    assert_eq!(got.status.as_u16(), 200);
    // Nothing that an application could look up.
    assert_eq!(got.header("x-cadde-provenance"), "");
    world.receiver_outbox.close(Duration::ZERO).await;
    let got = fetch(world.ask_url(&world.resource(path), None)).await;
    assert!(got.status.as_u16() == 200 && got.body.is_some());
}

#[tokio::test]
async fn too_many_exchanges_at_a_time_are_refused() {
    let limits = ExchangeLimits {
        total: 10,
        per_caller: 1,
    };
    let world = ConnectorFixture::start(Plan {
        limits,
        ..Plan::default()
    })
    .await;
    world.grant("/closed/endless").await;
    let client = common::http::client::plain().unwrap();
    drop(client);
    let first = world
        .ask("/closed/endless", Some("good"))
        .send()
        .await
        .unwrap();
    assert_eq!(first.status().as_u16(), 200);
    let got = world.fetch("/open/a.csv").await;
    assert_eq!(got.error(), (503, "020090006E".to_owned()));
    drop(first);
    // The place is free again once the connection is seen to be gone.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while world.fetch("/open/a.csv").await.status.as_u16() != 200 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the place is never given back"
        );
    }
}

/// Whoever has a token at a receiver would otherwise keep all its others from a provider.
#[tokio::test]
async fn one_user_leaves_places_at_a_provider_to_the_others_of_the_same_receiver() {
    let limits = ExchangeLimits {
        total: 16,
        per_caller: 4,
    };
    let world = ConnectorFixture::start(Plan {
        limits,
        ..Plan::default()
    })
    .await;
    let other = TokenClaims {
        user: UserId::parse("cadde.other.bb").unwrap(),
        ..kit::claims()
    };
    world.auth.token("other", Ok(other));
    world.grant("/closed/endless").await;
    let assignee = Assignee {
        user: Some(UserId::parse("cadde.other.bb").unwrap()),
        ..Assignee::default()
    };
    world.grant_to("/closed/endless", assignee, None).await;
    let begin = async |token| {
        let answer = world.reference("/closed/endless", Some(token)).send().await;
        answer.expect("an answer")
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(begin("good").await);
    }
    assert!(held.iter().all(|answer| answer.status().is_success()));
    let more = fetch(world.reference("/open/a.csv", Some("good"))).await;
    assert_eq!(more.error(), (503, "010090006E".to_owned()));
    assert_eq!(begin("other").await.status().as_u16(), 200);
}
