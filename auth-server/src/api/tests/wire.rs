//! The whole way over real sockets: `auth_client` enrols, verifies, exchanges, looks up and renews against this server.

use std::{path::Path, sync::Arc, time::Duration};

use auth_client::{
    AuthConfig, ConnectorRole, OperatorClient, Registry, State, TokenError, TokenExchange,
    TokenVerifier,
    api::{
        CreateAppClient, CreateConnector, CreateParticipant, CreateUser, GrantType, ParticipantKind,
    },
    enrol::{EnrolError, EnrolmentConfig, ensure_certificate, renew_now},
};
use common::{
    clock::SharedClock,
    ids::{ConnectorId, UserId},
    listener::Listener,
    process::Shutdown,
    tls::{TlsConfig, TlsStore},
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

use super::fixture::{Fixture, NUMBER, corporate_number};
use crate::api::{peer_router, public_router};

struct Wire {
    fixture: Fixture,
    public: Url,
    auth: AuthConfig,
    operator: OperatorClient,
    shutdown: Shutdown,
    folder: tempfile::TempDir,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Wire {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let clock: SharedClock = fixture.clock.clone();
        let tls = TlsStore::load(&fixture.config.tls, clock).expect("own TLS material");
        fixture.app.certifier.attach(Arc::clone(&tls));
        let shutdown = Shutdown::default();
        let mut peer = fixture.config.peer.clone();
        peer.listen.set_port(0);
        let mut public = fixture.config.public.clone();
        public.listen.set_port(0);
        let peer = Listener::bind(&peer, Some(tls)).await.expect("a port");
        let public = Listener::bind(&public, None).await.expect("a port");
        let peer_url = format!(
            "https://localhost:{}",
            peer.local_addr().expect("an address").port()
        );
        let public_url: Url = format!("http://{}", public.local_addr().expect("an address"))
            .parse()
            .expect("a URL");
        tokio::spawn(peer.serve(peer_router(fixture.app.clone()), shutdown.clone()));
        tokio::spawn(public.serve(public_router(fixture.app.clone()), shutdown.clone()));
        let issuer = fixture.config.public.external_url.clone();
        let operator = OperatorClient::login(
            &public_url,
            &fixture.first.operator_client_id,
            fixture.first.operator_client_secret.expose(),
            &fixture.first.operator_user_id,
            fixture.first.operator_password.expose(),
        )
        .await
        .expect("a login");
        Self {
            auth: AuthConfig::new(issuer, peer_url.parse().expect("a URL")),
            public: public_url,
            operator,
            fixture,
            shutdown,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn clock(&self) -> SharedClock {
        self.fixture.clock.clone()
    }

    /// Where a process keeps its files.
    fn tls(&self, name: &str) -> TlsConfig {
        let at = |suffix: &str| self.folder.path().join(format!("{name}.{suffix}"));
        serde_json::from_value(json!({
            "certificate": at("pem"), "key": at("key"), "ca": self.fixture.first.ca_pem, "crl": at("crl"),
        }))
        .expect("a TLS section")
    }

    fn enrolment(&self, code: &str, code_file: &Path) -> EnrolmentConfig {
        std::fs::write(code_file, format!("{code}\n")).expect("a file");
        EnrolmentConfig {
            auth_public_url: self.public.clone(),
            code_file: code_file.into(),
            trust_ca: false,
        }
    }

    /// Registers a connector for `user` and gets it a certificate.
    async fn process(&self, id: &str, role: ConnectorRole, user: &UserId) -> Arc<TlsStore> {
        let url = format!("https://{id}").parse().ok();
        let body = CreateConnector::new(id.parse().expect("an ID"), role, user.clone(), url);
        let created = self
            .operator
            .create_connector(&body)
            .await
            .expect("a connector");
        let tls = self.tls(id);
        let code_file = self.folder.path().join(format!("{id}.code"));
        let enrolment =
            self.enrolment(created.enrolment.expect("a code").code.expose(), &code_file);
        ensure_certificate(&tls, Some(&enrolment))
            .await
            .expect("a certificate");
        assert!(!code_file.exists(), "a used code is deleted");
        self.open(&tls)
    }

    fn open(&self, tls: &TlsConfig) -> Arc<TlsStore> {
        let lists = self.fixture.app.certifier.crl_pem();
        std::fs::write(tls.crl.as_ref().expect("a path"), lists.as_bytes()).expect("a file");
        TlsStore::load(tls, self.clock()).expect("TLS material")
    }

    async fn user(&self, seed: u8) -> (UserId, String) {
        let body = CreateParticipant {
            kind: ParticipantKind::Organisation,
            name: format!("参加機関{seed}"),
            corporate_number: Some(corporate_number(seed)),
            email: None,
            domain: None,
        };
        let participant = self
            .operator
            .create_participant(&body)
            .await
            .expect("a participant")
            .id;
        let body = CreateUser {
            participant,
            suffix: Some("zz".into()),
            name: "利用者".into(),
            email: None,
            orgs: None,
            roles: Vec::new(),
            extras: None,
        };
        let created = self.operator.create_user(&body).await.expect("a user");
        (
            created.user.user_id,
            created.initial_password.expose().to_owned(),
        )
    }

    async fn login(&self, user: &UserId, password: &str) -> String {
        let grants = vec![GrantType::Password, GrantType::RefreshToken];
        let body = CreateAppClient::new("応用", grants);
        let client = self
            .operator
            .create_app_client(&body)
            .await
            .expect("a client");
        let signed_in = OperatorClient::login(
            &self.public,
            &client.client.client_id,
            client.client_secret.expose(),
            user,
            password,
        )
        .await
        .expect("a login");
        signed_in.access_token().await.expose_secret().to_owned()
    }
}

#[tokio::test]
async fn an_exchange_of_tokens_over_mutual_tls() {
    let wire = Wire::new().await;
    let (user, password) = wire.user(1).await;
    let (owner, _) = wire.user(2).await;
    let receiver = wire
        .process("receiver.d1.example", ConnectorRole::Receiver, &user)
        .await;
    let provider = wire
        .process("provider.d2.example", ConnectorRole::Provider, &owner)
        .await;
    let provider_id: ConnectorId = "provider.d2.example".parse().unwrap();
    let token = wire.login(&user, &password).await;

    // The receiver verifies the user's token and binds it.
    let at_receiver = TokenVerifier::new(wire.auth.clone(), receiver.clone(), wire.clock());
    let verified = at_receiver.verify(&token).await.unwrap();
    assert_eq!(verified.claims.user, user);
    let exchange = TokenExchange::new(&wire.auth, receiver.clone(), wire.clock());
    let bound = exchange.bound_token(&verified, &provider_id).await.unwrap();
    let again = exchange.bound_token(&verified, &provider_id).await.unwrap();
    assert_eq!(
        bound.token().expose_secret(),
        again.token().expose_secret(),
        "bound tokens are reused"
    );
    assert_eq!(
        exchange
            .bound_token(&verified, &"receiver.d1.example".parse().unwrap())
            .await
            .unwrap_err(),
        TokenError::WrongAudience
    );

    // The provider verifies the bound one and looks the receiver up.
    let at_provider = TokenVerifier::new(wire.auth.clone(), provider.clone(), wire.clock());
    let seen = at_provider
        .verify(bound.token().expose_secret())
        .await
        .unwrap();
    assert!(seen.claims.names(provider_id.as_str()));
    let cnf = seen.claims.cnf.as_ref().unwrap();
    assert_eq!(cnf.x5t_s256, receiver.own().thumbprint);
    let registry = Registry::new(wire.auth.clone(), provider, wire.clock());
    let receiver_id: ConnectorId = "receiver.d1.example".parse().unwrap();
    let registration = registry.connector(&receiver_id).await.unwrap().unwrap();
    assert_eq!(
        (registration.role, &registration.user_id, registration.state),
        (ConnectorRole::Receiver, &user, State::Active)
    );
    assert_eq!(
        registry
            .connector(&"nobody.example".parse().unwrap())
            .await
            .unwrap(),
        None
    );
    let service = registry
        .service(&wire.fixture.config.identity.service_id)
        .await
        .unwrap();
    assert!(service.is_some());
}

#[tokio::test]
async fn suspension_arrives_within_the_cache_time() {
    let wire = Wire::new().await;
    let (user, password) = wire.user(1).await;
    let (other, others_password) = wire.user(2).await;
    let receiver = wire
        .process("receiver.d1.example", ConnectorRole::Receiver, &user)
        .await;
    let at_receiver = TokenVerifier::new(wire.auth.clone(), receiver.clone(), wire.clock());
    let registry = Registry::new(wire.auth.clone(), receiver.clone(), wire.clock());
    let id: ConnectorId = "receiver.d1.example".parse().unwrap();
    let token = wire.login(&user, &password).await;
    at_receiver.verify(&token).await.unwrap();
    registry.connector(&id).await.unwrap();

    wire.operator
        .set_user_state(&user, State::Suspended, "試験")
        .await
        .unwrap();
    // Whoever still has a good word for the token from before learns it where the token is bound.
    let exchange = TokenExchange::new(&wire.auth, receiver, wire.clock());
    let verified = at_receiver.verify(&token).await.unwrap();
    let provider = "provider.d2.example".parse().unwrap();
    let bound = exchange.bound_token(&verified, &provider).await;
    assert_eq!(bound.unwrap_err(), TokenError::Inactive);
    wire.fixture.clock.advance(Duration::from_secs(30));
    assert_eq!(
        at_receiver.verify(&token).await.unwrap_err(),
        TokenError::Inactive
    );
    // The connector goes on for its other users.
    assert_eq!(
        registry.connector(&id).await.unwrap().unwrap().state,
        State::Active
    );
    let others = wire.login(&other, &others_password).await;
    at_receiver.verify(&others).await.unwrap();

    // A suspended connector may ask no more, so it lets nobody in.
    wire.operator
        .set_connector_state(&id, State::Suspended, "試験")
        .await
        .unwrap();
    wire.fixture.clock.advance(Duration::from_secs(30));
    assert!(matches!(
        at_receiver.verify(&others).await,
        Err(TokenError::Unavailable(_))
    ));
    registry.connector(&id).await.unwrap_err();
}

#[tokio::test]
async fn a_renewed_certificate_retires_its_bound_tokens() {
    let wire = Wire::new().await;
    let (user, password) = wire.user(1).await;
    let receiver = wire
        .process("receiver.d1.example", ConnectorRole::Receiver, &user)
        .await;
    wire.process("provider.d1.example", ConnectorRole::Provider, &user)
        .await;
    let token = wire.login(&user, &password).await;
    let at_receiver = TokenVerifier::new(wire.auth.clone(), receiver.clone(), wire.clock());
    let verified = at_receiver.verify(&token).await.unwrap();
    let exchange = TokenExchange::new(&wire.auth, receiver.clone(), wire.clock());
    let provider: ConnectorId = "provider.d1.example".parse().unwrap();
    let before = exchange.bound_token(&verified, &provider).await.unwrap();
    let old = receiver.own();

    renew_now(&receiver, &wire.auth).await.unwrap();
    let new = receiver.own();
    assert_ne!(old.thumbprint, new.thumbprint);
    assert_eq!(old.connector_id, new.connector_id);
    let after = exchange.bound_token(&verified, &provider).await.unwrap();
    assert_ne!(
        before.token().expose_secret(),
        after.token().expose_secret()
    );
    let claims = at_receiver
        .verify(after.token().expose_secret())
        .await
        .unwrap()
        .claims
        .clone();
    assert_eq!(claims.cnf.as_ref().unwrap().x5t_s256, new.thumbprint);
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_at_once() {
    let wire = Wire::new().await;
    let (user, _) = wire.user(1).await;
    let receiver = wire
        .process("receiver.d1.example", ConnectorRole::Receiver, &user)
        .await;
    let registry =
        |store: &Arc<TlsStore>| Registry::new(wire.auth.clone(), store.clone(), wire.clock());
    let id: ConnectorId = "receiver.d1.example".parse().unwrap();
    registry(&receiver).connector(&id).await.unwrap();
    let certificates = wire.operator.certificates(None).await.unwrap();
    let certificate = certificates
        .items
        .iter()
        .find(|one| one.subject == id)
        .unwrap();
    wire.fixture.clock.advance(Duration::from_secs(1));
    let revoked = wire
        .operator
        .revoke_certificate(&certificate.serial, "試験")
        .await
        .unwrap();
    assert!(revoked.revoked_at.is_some());
    registry(&receiver).connector(&id).await.unwrap_err();
}

#[tokio::test]
async fn a_process_without_certificate_or_code_says_so() {
    let wire = Wire::new().await;
    let tls = wire.tls("nobody.example");
    assert!(matches!(
        ensure_certificate(&tls, None).await,
        Err(EnrolError::NotConfigured(_))
    ));
    let code_file = wire.folder.path().join("code");
    let enrolment = wire.enrolment("wrong", &code_file);
    let error = ensure_certificate(&tls, Some(&enrolment))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            EnrolError::Refused {
                status: http::StatusCode::FORBIDDEN,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(code_file.exists() && !tls.certificate.exists());
    std::fs::remove_file(&code_file).unwrap();
    assert!(matches!(
        ensure_certificate(&tls, Some(&enrolment)).await,
        Err(EnrolError::Code(_))
    ));
}

#[tokio::test]
async fn the_operators_client_renews_its_token_and_names_problems() {
    let wire = Wire::new().await;
    let before = wire.operator.access_token().await;
    wire.fixture.clock.advance(Duration::from_hours(1));
    let (user, _) = wire.user(1).await;
    assert_ne!(
        before.expose_secret(),
        wire.operator.access_token().await.expose_secret()
    );
    let body = CreateConnector::new(
        "a.example".parse().unwrap(),
        ConnectorRole::Receiver,
        user,
        None,
    );
    wire.operator.create_connector(&body).await.unwrap();
    let error = wire.operator.create_connector(&body).await.unwrap_err();
    assert_eq!(error.kind(), Some("duplicate-id"));
    let shown = wire
        .operator
        .connector(&"a.example".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(shown.state, State::Active);
    assert!(wire.operator.events(None).await.unwrap().items.len() > 3);
    let wrong = OperatorClient::login(
        &wire.public,
        &wire.fixture.first.operator_client_id,
        wire.fixture.first.operator_client_secret.expose(),
        &format!("cadde.{NUMBER}.op").parse().unwrap(),
        "wrong",
    )
    .await;
    assert!(matches!(
        wrong,
        Err(auth_client::OperatorError::Login {
            status: http::StatusCode::UNAUTHORIZED,
            ..
        })
    ));
}
