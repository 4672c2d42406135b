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
#[case::for_a_provider(Some("addressed"), 401, "020004002E")]
#[case::for_managing(Some("managing"), 401, "020004002E")]
#[case::for_nobody(Some("nobodys"), 401, "020004002E")]
#[case::auth_server_away(Some("away"), 503, "020004002E")]
#[tokio::test]
async fn a_closed_file_needs_a_good_token_and_a_grant(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
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
    let own = world.receiver_tls.own().thumbprint;
    let made = |audience, thumbprint| {
        test_kit::exchanged(kit::claims(), RECEIVER_CONNECTOR, audience, thumbprint)
    };
    auth.token("bound", Ok(made(PROVIDER_CONNECTOR, Some(own))));
    auth.token("addressed", Ok(made(PROVIDER, None)));
    auth.token(
        "managing",
        Ok(test_kit::managing(
            kit::claims(),
            &[PROVIDER_CONNECTOR, RECEIVER_CONNECTOR],
            &[],
        )),
    );
    auth.token("nobodys", Ok(test_kit::managing(kit::claims(), &[], &[])));
    let got = fetch(world.ask("/closed/a.csv", token)).await;
    assert_eq!(got.error(), (status, message_id.to_owned()));
    assert_eq!(got.headers.contains_key("retry-after"), status == 503);
    assert!(!got.headers.contains_key("x-cadde-provenance"));
    assert_eq!(got.headers.contains_key("www-authenticate"), status == 401);
    world.is_untouched().await;
}

#[tokio::test]
async fn a_bad_token_is_refused_for_open_data_too() {
    let world = ConnectorFixture::start(Plan::default()).await;
    assert_eq!(
        fetch(world.ask("/open/a.csv", Some("bad"))).await.error(),
        (401, "020004002E".into())
    );
    let direct = fetch(world.ask_url(&world.resource("/open/a.csv"), Some("bad"))).await;
    assert_eq!(direct.error(), (401, "020004002E".into()));
    world.is_untouched().await;
}

/// Every kind of token, by a receiver of ours and by one of another make.
#[rstest]
#[case::no_token(None, (401, "010002005E"), (401, "010002005E"))]
#[case::nobody(Some("no-token-at-all"), (401, "010002004E"), (401, "010002004E"))]
#[case::no_grant(Some("stranger"), (401, "010002004E"), (403, "010002006E"))]
#[case::expired(Some("expired"), (401, "010002004E"), (401, "010002004E"))]
#[case::plain(Some("good"), (401, "010002004E"), (200, ""))]
#[case::bound(Some("bound"), (200, ""), (401, "010002004E"))]
#[case::bound_to_another_certificate(Some("bound-elsewhere"), (401, "010002004E"), (401, "010002004E"))]
#[case::bound_for_another_provider(Some("for-another"), (401, "010002004E"), (401, "010002004E"))]
#[case::bound_for_nobody(Some("bound-for-nobody"), (401, "010002004E"), (401, "010002004E"))]
#[case::addressed(Some("addressed"), (200, ""), (401, "010002004E"))]
#[case::addressed_to_another(Some("addressed-to-another"), (401, "010002004E"), (401, "010002004E"))]
#[case::addressed_and_passed_on(Some("passed-on"), (401, "010002004E"), (401, "010002004E"))]
#[case::for_managing(Some("managing"), (401, "010002004E"), (401, "010002004E"))]
#[case::with_a_role_and_no_audience(Some("with-role"), (401, "010002004E"), (200, ""))]
#[tokio::test]
async fn the_provider_judges_for_itself(
    #[case] token: Option<&str>,
    #[case] ours: (u16, &str),
    #[case] others: (u16, &str),
) {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    let auth = &world.auth;
    let own = world.receiver_tls.own().thumbprint;
    let made = |by, audience, thumbprint: Option<&str>| {
        let thumbprint = thumbprint.map(str::to_owned);
        Ok(test_kit::exchanged(kit::claims(), by, audience, thumbprint))
    };
    let stranger = TokenClaims {
        user: kit::user_id("cadde.stranger.cc"),
        ..kit::claims()
    };
    auth.token("stranger", Ok(stranger));
    auth.token("expired", Err(TokenError::Expired));
    auth.token(
        "bound",
        made(RECEIVER_CONNECTOR, PROVIDER_CONNECTOR, Some(&own)),
    );
    auth.token(
        "bound-elsewhere",
        made(RECEIVER_CONNECTOR, PROVIDER_CONNECTOR, Some("x")),
    );
    auth.token(
        "for-another",
        made(RECEIVER_CONNECTOR, "another.example", Some(&own)),
    );
    auth.token(
        "bound-for-nobody",
        Ok(TokenClaims {
            cnf: Some(Cnf { x5t_s256: own }),
            ..kit::claims()
        }),
    );
    auth.token("addressed", made(RECEIVER_CONNECTOR, PROVIDER, None));
    auth.token(
        "addressed-to-another",
        made(RECEIVER_CONNECTOR, "cadde.other.zz", None),
    );
    auth.token(
        "passed-on",
        made("another.receiver.example", PROVIDER, None),
    );
    auth.token(
        "managing",
        Ok(test_kit::managing(
            kit::claims(),
            &[PROVIDER_CONNECTOR],
            &[],
        )),
    );
    auth.token(
        "with-role",
        Ok(TokenClaims {
            roles: vec![auth_client::Role::Operator],
            ..kit::claims()
        }),
    );
    let asked = [
        (fetch(world.by_hand("/closed/a.csv", token)).await, ours),
        (fetch(world.reference("/closed/a.csv", token)).await, others),
    ];
    let mut served = false;
    for (got, (status, message_id)) in asked {
        if status == 200 {
            assert_eq!(got.status.as_u16(), 200, "{}", got.text());
            served = true;
        } else {
            assert_eq!(got.error(), (status, message_id.to_owned()));
        }
    }
    if !served {
        world.is_untouched().await;
    }
}

#[rstest]
#[case::own(PARTICIPANT, &[], 200)]
#[case::member(USER, &[PARTICIPANT], 200)]
#[case::member_of_several(USER, &["cadde.other.zz", PARTICIPANT], 200)]
#[case::stranger(USER, &["cadde.other.zz"], 403)]
#[case::nobodys(USER, &[], 403)]
#[tokio::test]
async fn a_receiver_may_be_for_the_users_of_its_participant_alone(
    #[case] user: &str,
    #[case] orgs: &[&str],
    #[case] status: u16,
) {
    let world = ConnectorFixture::start(Plan {
        own_users_only: true,
        ..Plan::default()
    })
    .await;
    world.auth.token("theirs", Ok(test_kit::plain(user, orgs)));
    for request in [
        world.ask("/open/a.csv", Some("theirs")),
        world.ask_url(&world.resource("/open/a.csv"), Some("theirs")),
    ] {
        let got = fetch(request).await;
        assert_eq!(got.status.as_u16(), status, "{}", got.text());
        if status == 403 {
            assert_eq!(got.error().1, "020090008E");
        }
    }
    if status == 403 {
        world.is_untouched().await;
    }
    // Without a token it is the participant's own.
    assert_eq!(
        fetch(world.ask("/open/a.csv", None)).await.status.as_u16(),
        200
    );
}

#[rstest]
#[case::suspended(ConnectorRole::Receiver, State::Suspended)]
#[case::a_provider(ConnectorRole::Provider, State::Active)]
#[tokio::test]
async fn only_an_active_receiver_connector_is_served(
    #[case] role: ConnectorRole,
    #[case] state: State,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    world
        .auth
        .register(RECEIVER_CONNECTOR, role, PARTICIPANT, state);
    let got = fetch(world.by_hand("/open/a.csv", None)).await;
    assert_eq!(got.error(), (403, "010090004E".to_owned()));
    world.is_untouched().await;
}

#[rstest]
#[case::of_another_provider(ConnectorRole::Provider, "cadde.other.dd")]
#[case::a_receiver(ConnectorRole::Receiver, PROVIDER)]
#[tokio::test]
async fn a_provider_that_the_ledger_would_not_take_serves_nobody(
    #[case] role: ConnectorRole,
    #[case] user: &str,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    let register = |role, user| {
        world
            .auth
            .register(PROVIDER_CONNECTOR, role, user, State::Active);
    };
    register(role, user);
    let got = fetch(world.reference("/open/a.csv", None)).await;
    assert_eq!(got.error(), (500, "010090008E".to_owned()));
    world.is_untouched().await;
    register(ConnectorRole::Provider, PROVIDER);
    let got = fetch(world.reference("/open/a.csv", None)).await;
    assert_eq!(got.status.as_u16(), 200);
}

#[tokio::test]
async fn an_unregistered_connector_is_not_served() {
    let world = ConnectorFixture::start(Plan::default()).await;
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
    let world = ConnectorFixture::start(Plan::default()).await;
    let at = format!("https://localhost:{}", world.provider_port);
    world
        .locations
        .put(PROVIDER, &at, Some("another.example"), Profile::Kakehashi1);
    world.grant("/closed/a.csv").await;
    let got = world.fetch("/closed/a.csv").await;
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
    let got = world.fetch("/closed/a.csv").await;
    assert_eq!(got.error(), (500, "020004005E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn servers_that_do_not_answer_leave_the_source_its_time() {
    let deadlines = Deadlines {
        first_byte: Period::millis(500),
        ..Deadlines::default()
    };
    let world = ConnectorFixture::start(Plan {
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
    let world = ConnectorFixture::start(Plan::default()).await;
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
    let world = ConnectorFixture::start(Plan::default()).await;
    world.auth.is_away.store(true, Ordering::SeqCst);
    for got in [
        fetch(world.ask("/open/a.csv", None)).await,
        world.fetch("/open/a.csv").await,
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
