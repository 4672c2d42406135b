//! Exchanges that are refused: each with its status and message id, and nothing fetched or recorded.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use auth_client::{Audience, Cnf, ConnectorRole, State, TokenClaims, TokenError};
use common::http::client::PeerClient;
use common::ids::UserId;
use common::tls::TlsStore;
use location_client::Profile;
use rstest::rstest;

use super::kit::{
    self, PARTICIPANT, PROVIDER, PROVIDER_CONNECTOR, Pki, Plan, RECEIVER_CONNECTOR, World, fetch,
    source,
};
use crate::authorization::{Aal, Assignee, Contract};
use crate::exchange::ExchangeLimits;
use crate::provider::Record;

impl World {
    /// Asserts that nothing was fetched and nothing recorded.
    async fn is_untouched(&self) {
        assert!(
            self.requests.lock().expect("not poisoned").is_empty(),
            "something was fetched"
        );
        let (sent, received) = self.records().await;
        assert!(
            sent.is_empty() && received.is_empty(),
            "{sent:?} {received:?}"
        );
    }
}

#[rstest]
#[case::no_token(None, 401, "020004005E")]
#[case::no_grant(Some("stranger"), 403, "020004005E")]
#[case::expired(Some("expired"), 401, "020004002E")]
#[case::foreign_issuer(Some("foreign"), 401, "020004002E")]
#[case::revoked(Some("revoked"), 401, "020004002E")]
#[case::malformed(Some("no-token-at-all"), 401, "020004002E")]
#[case::bound(Some("bound"), 401, "020004002E")]
#[case::for_somebody_else(Some("audience"), 401, "020004002E")]
#[case::auth_server_away(Some("away"), 503, "020004002E")]
#[tokio::test]
async fn a_closed_file_needs_a_good_token_and_a_grant(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = World::start(Plan::default()).await;
    world.grant("/closed/a.csv").await;
    let auth = &world.auth;
    auth.token(
        "stranger",
        Ok(TokenClaims {
            user: kit::user_id("cadde.stranger.cc"),
            ..kit::claims()
        }),
    );
    auth.token("expired", Err(TokenError::Expired));
    auth.token("foreign", Err(TokenError::ForeignIssuer));
    auth.token("revoked", Err(TokenError::Inactive));
    auth.token("away", Err(TokenError::Unavailable("away".into())));
    auth.token(
        "bound",
        Ok(TokenClaims {
            cnf: Some(Cnf {
                x5t_s256: "x".into(),
            }),
            ..kit::claims()
        }),
    );
    auth.token(
        "audience",
        Ok(TokenClaims {
            aud: Some(Audience::One("other.example".into())),
            ..kit::claims()
        }),
    );
    let got = fetch(world.ask("/closed/a.csv", token)).await;
    assert_eq!(got.error(), (status, message_id.to_owned()));
    assert_eq!(got.headers.contains_key("retry-after"), status == 503);
    assert!(!got.headers.contains_key("x-cadde-provenance"));
    world.is_untouched().await;
}

#[tokio::test]
async fn a_bad_token_is_refused_for_open_data_too() {
    let world = World::start(Plan::default()).await;
    assert_eq!(
        fetch(world.ask("/open/a.csv", Some("bad"))).await.error(),
        (401, "020004002E".into())
    );
    let direct = fetch(world.ask_url(&world.resource("/open/a.csv"), Some("bad"))).await;
    assert_eq!(direct.error(), (401, "020004002E".into()));
    world.is_untouched().await;
}

#[rstest]
#[case::no_token(None, 401, "010002005E")]
#[case::no_grant(Some("stranger"), 403, "010002006E")]
#[case::expired(Some("expired"), 401, "010002004E")]
#[case::bound_to_another_connector(Some("bound-elsewhere"), 401, "010002004E")]
#[case::bound_for_another_provider(Some("for-another"), 401, "010002004E")]
#[case::good_here_but_not_granted(Some("good"), 200, "")]
#[tokio::test]
async fn the_provider_judges_for_itself(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = World::start(Plan::default()).await;
    world.grant("/closed/a.csv").await;
    let auth = &world.auth;
    auth.token(
        "stranger",
        Ok(TokenClaims {
            user: kit::user_id("cadde.stranger.cc"),
            ..kit::claims()
        }),
    );
    auth.token("expired", Err(TokenError::Expired));
    let own = world.receiver_tls.own().thumbprint;
    auth.token(
        "bound-elsewhere",
        Ok(TokenClaims {
            cnf: Some(Cnf {
                x5t_s256: "x".into(),
            }),
            ..kit::claims()
        }),
    );
    auth.token(
        "for-another",
        Ok(TokenClaims {
            cnf: Some(Cnf { x5t_s256: own }),
            aud: Some(Audience::One("another.example".into())),
            ..kit::claims()
        }),
    );
    let got = fetch(world.reference("/closed/a.csv", token)).await;
    if status == 200 {
        assert_eq!(got.status.as_u16(), 200);
        return;
    }
    assert_eq!(got.error(), (status, message_id.to_owned()));
    world.is_untouched().await;
}

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
    let world = World::start(Plan::default()).await;
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
    let world = World::start(Plan {
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

#[tokio::test]
async fn an_unknown_provider_has_no_location() {
    let world = World::start(Plan::default()).await;
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
    let world = World::start(Plan::default()).await;
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
        };
        // A listed name, whose address is not listed.
        vec![
            entry(kit::resource(port, "/open")),
            entry(format!("http://localhost:{port}/open")),
        ]
    };
    let world = World::start(Plan {
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
    let world = World::start(Plan::default()).await;
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

#[rstest]
#[case("/closed/status/404", 404)]
#[case("/closed/status/401", 401)]
#[case("/closed/status/503", 500)]
#[case("/closed/coded", 500)]
#[tokio::test]
async fn a_sources_failure_has_its_status(#[case] path: &str, #[case] status: u16) {
    let world = World::start(Plan::default()).await;
    world.grant(path).await;
    let got = fetch(world.ask(path, Some("good"))).await;
    assert_eq!(got.error(), (status, "020004005E".to_owned()));
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
    let world = World::start(Plan::default()).await;
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

#[rstest]
#[case("HEAD")]
#[case("POST")]
#[case("PUT")]
#[case("DELETE")]
#[case("OPTIONS")]
#[tokio::test]
async fn only_get_is_answered(#[case] method: &str) {
    let world = World::start(Plan::default()).await;
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

#[rstest]
#[case::suspended(ConnectorRole::Receiver, State::Suspended)]
#[case::a_provider(ConnectorRole::Provider, State::Active)]
#[tokio::test]
async fn only_an_active_receiver_connector_is_served(
    #[case] role: ConnectorRole,
    #[case] state: State,
) {
    let world = World::start(Plan::default()).await;
    world
        .auth
        .register(RECEIVER_CONNECTOR, role, PARTICIPANT, state);
    let got = fetch(world.reference("/open/a.csv", None)).await;
    assert_eq!(got.error(), (403, "010090004E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn an_unregistered_connector_is_not_served() {
    let world = World::start(Plan::default()).await;
    let stranger = PeerClient::new(world.pki.store("stranger.example")).get();
    let request = stranger
        .get(format!(
            "https://localhost:{}/cadde/api/v4/file",
            world.provider_port
        ))
        .header("x-cadde-resource-url", world.resource("/open/a.csv"))
        .header("x-cadde-resource-api-type", "file/http");
    assert_eq!(fetch(request).await.error(), (403, "010090004E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn nothing_is_sent_to_a_provider_that_is_somebody_else() {
    let world = World::start(Plan::default()).await;
    let at = format!("https://localhost:{}", world.provider_port);
    world
        .locations
        .put(PROVIDER, &at, Some("another.example"), Profile::Kakehashi1);
    world.grant("/closed/a.csv").await;
    let got = fetch(world.ask("/closed/a.csv", Some("good"))).await;
    assert_eq!(got.error(), (500, "020004005E".to_owned()));
    // A certificate of another authority.
    let other = Pki::new();
    let tls = TlsStore::load(
        &other.config(PROVIDER_CONNECTOR),
        Arc::new(common::clock::SystemClock),
    )
    .unwrap();
    let port = kit::serve(axum::Router::new(), Some(tls), &world.shutdown).await;
    world.locations.put(
        PROVIDER,
        &format!("https://localhost:{port}"),
        Some(PROVIDER_CONNECTOR),
        Profile::Kakehashi1,
    );
    let got = fetch(world.ask("/closed/a.csv", Some("good"))).await;
    assert_eq!(got.error(), (500, "020004005E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn without_the_authentication_server_nothing_new_is_served() {
    let world = World::start(Plan::default()).await;
    world.auth.is_away.store(true, Ordering::SeqCst);
    for got in [
        fetch(world.ask("/open/a.csv", None)).await,
        fetch(world.ask("/open/a.csv", Some("good"))).await,
        fetch(world.ask_url(&world.resource("/open/a.csv"), None)).await,
    ] {
        assert_eq!(got.error(), (503, "020004002E".to_owned()));
        assert!(got.headers.contains_key("retry-after"));
    }
    let got = fetch(world.reference("/open/a.csv", None)).await;
    assert_eq!(got.error(), (503, "010002004E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn a_full_outbox_refuses_before_anything_is_fetched() {
    let world = World::start(Plan {
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

#[tokio::test]
async fn too_many_exchanges_at_a_time_are_refused() {
    let limits = ExchangeLimits {
        total: 10,
        per_caller: 1,
    };
    let world = World::start(Plan {
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
    let got = fetch(world.ask("/open/a.csv", Some("good"))).await;
    assert_eq!(got.error(), (503, "020090006E".to_owned()));
    drop(first);
    // The place is free again once the connection is seen to be gone.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while fetch(world.ask("/open/a.csv", Some("good")))
        .await
        .status
        .as_u16()
        != 200
    {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the place is never given back"
        );
    }
}

#[tokio::test]
async fn grants_by_organisation_and_assurance_level_count() {
    let world = World::start(Plan::default()).await;
    let org = |id: &str| Some(UserId::parse(id).expect("a user ID"));
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                org: org("cadde.receiver.b"),
                ..Assignee::default()
            },
            None,
        )
        .await;
    let refused = fetch(world.ask("/closed/a.csv", Some("good"))).await;
    assert_eq!(refused.error().0, 403);
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                aal: Aal::new(3),
                ..Assignee::default()
            },
            None,
        )
        .await;
    assert_eq!(
        fetch(world.ask("/closed/a.csv", Some("good")))
            .await
            .error()
            .0,
        403
    );
    world.is_untouched().await;
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                org: org(PARTICIPANT),
                aal: Aal::new(2),
                ..Assignee::default()
            },
            None,
        )
        .await;
    assert_eq!(
        fetch(world.ask("/closed/a.csv", Some("good")))
            .await
            .status
            .as_u16(),
        200
    );
}

#[tokio::test]
async fn a_resource_without_any_grant_is_not_registered() {
    let world = World::start(Plan::default()).await;
    assert_eq!(
        fetch(world.reference("/closed/a.csv", Some("good")))
            .await
            .error(),
        (404, "010002006E".to_owned())
    );
    assert_eq!(
        fetch(world.ask("/closed/a.csv", Some("good")))
            .await
            .error(),
        (404, "020004005E".to_owned())
    );
    world.is_untouched().await;
}

fn contract(trade_id: &str, contract_url: &str) -> Option<Contract> {
    let contract_type = "standard".to_owned();
    Some(Contract {
        trade_id: trade_id.to_owned(),
        contract_url: contract_url.to_owned(),
        contract_type,
    })
}

#[rstest]
#[case::none(None, 500, "010002007E")]
#[case::empty(contract("", ""), 500, "010002007E")]
#[case::no_address(contract("T-1", ""), 500, "010002008E")]
#[case::whole(contract("T-1", "https://market.example"), 200, "")]
#[tokio::test]
async fn a_source_with_contracts_wants_one(
    #[case] contract: Option<Contract>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = World::start(Plan {
        sources: Box::new(|port| {
            let mut closed = source(port, "/closed");
            (closed.contract, closed.record) = (true, Record::Off);
            vec![closed]
        }),
        ..Plan::default()
    })
    .await;
    let assignee = Assignee {
        user: Some(kit::user_id(kit::USER)),
        ..Assignee::default()
    };
    world.grant_to("/closed/a.csv", assignee, contract).await;
    let got = fetch(world.reference("/closed/a.csv", Some("good"))).await;
    if status == 200 {
        let through_both = fetch(world.ask("/closed/a.csv", Some("good"))).await;
        for got in [got, through_both] {
            assert_eq!(got.header("x-cadde-contract-id"), "T-1");
            assert_eq!(got.header("x-cadde-contract-type"), "standard");
            assert_eq!(
                got.header("x-cadde-contract-management-service-url"),
                "https://market.example"
            );
            assert_eq!(got.header("x-cadde-provenance"), "");
        }
        assert!(world.records().await.0.is_empty());
        return;
    }
    assert_eq!(got.error(), (status, message_id.to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_fetched() {
    let world = World::start(Plan {
        sources: Box::new(|port| {
            let mut unknown = source(port, "/open");
            unknown.authorization = false;
            let mut with_user = source(port, "/closed");
            (with_user.authorization, with_user.record) = (false, Record::WithUser);
            with_user.provenance =
                [(kit::resource(port, "/closed/a.csv"), "create-1".to_owned())].into();
            vec![unknown, with_user]
        }),
        ..Plan::default()
    })
    .await;
    assert_eq!(
        fetch(world.reference("/open/a.csv", None)).await.error(),
        (500, "010002010E".to_owned())
    );
    assert_eq!(
        fetch(world.reference("/closed/a.csv", None)).await.error(),
        (401, "010002011E".to_owned())
    );
    world.is_untouched().await;
    assert_eq!(
        fetch(world.reference("/closed/a.csv", Some("good")))
            .await
            .status
            .as_u16(),
        200
    );
}
