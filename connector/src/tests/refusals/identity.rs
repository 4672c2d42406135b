//! Who asks, and who answers.

use super::*;
use crate::exchange::Deadlines;

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
    assert_eq!(got.headers.contains_key("www-authenticate"), status == 401);
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
async fn servers_that_do_not_answer_leave_the_source_its_time() {
    let deadlines = Deadlines {
        first_byte: Period::millis(500),
        ..Deadlines::default()
    };
    let world = World::start(Plan {
        deadlines,
        ..Plan::default()
    })
    .await;
    world.locations.is_mute.store(true, Ordering::SeqCst);
    let got = fetch(world.ask("/open/a.csv", None)).await;
    assert_eq!(got.error(), (500, "020004003E".to_owned()));
    world.auth.is_mute.store(true, Ordering::SeqCst);
    for token in [None, Some("good")] {
        let got = fetch(world.ask("/open/a.csv", token)).await;
        assert_eq!(got.error(), (503, "020004002E".to_owned()));
        let got = fetch(world.reference("/open/a.csv", token)).await;
        assert_eq!(got.error(), (503, "010002004E".to_owned()));
    }
    world.is_untouched().await;
}

#[tokio::test]
async fn a_receiver_that_is_not_registered_says_so() {
    let world = World::start(Plan::default()).await;
    let (role, state) = (ConnectorRole::Receiver, State::Suspended);
    let register = |role, state| {
        world
            .auth
            .register(RECEIVER_CONNECTOR, role, PARTICIPANT, state);
    };
    register(role, state);
    let got = fetch(world.ask("/open/a.csv", None)).await;
    assert_eq!(got.error(), (500, "020090007E".to_owned()));
    assert!(!got.headers.contains_key("retry-after"));
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
    // It is not even asked about what cannot be had.
    let unlisted = fetch(world.ask_url("http://unlisted.example/a", Some("good"))).await;
    assert_eq!(unlisted.error(), (403, "020090004E".to_owned()));
    world.is_untouched().await;
}
