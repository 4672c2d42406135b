//! A server without sockets: a fresh installation, a clock that stands still, and callers.

mod callers;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use auth_client::{
    ConnectorRole, Role,
    api::{
        CreateAppClient, CreateConnector, CreateParticipant, CreateUser, CreatedAppClient,
        CreatedConnector, CreatedUser, GrantType, IssuedCertificate, Participant, ParticipantKind,
    },
};
use axum::body::Body;
use common::{
    clock::{ManualClock, SharedClock},
    config::{AdminConfig, Period},
    ids::ConnectorId,
    listener::{ConnectionControl, ConnectionInfo, ListenerConfig, TlsMode},
    pem,
    telemetry::TelemetryConfig,
    tls::PeerCertificate,
};
use http::{
    Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use rcgen::{CertificateParams, KeyPair};
use serde::Serialize;
use serde_json::{Value, json};
use test_kit::calls;
use time::macros::datetime;

pub use self::callers::{
    ACCESS_TOKEN, Answer, Ask, basic, token_exchange, with_basic, with_certificate,
};
use self::callers::{form_request, json_request};
use crate::{
    api::{App, peer_router, public_router},
    assemble::assemble,
    config::{CaConfig, Config, IdentityConfig, LoginConfig, TokensConfig},
    init::{InitOptions, InitOutcome, Organisation, init},
    store::SqlStore,
};

/// The National Tax Agency's number, which is public.
pub const NUMBER: &str = "7000012050002";

pub struct Fixture {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    pub config: Config,
    pub first: InitOutcome,
    /// Bearer token of the first operator.
    pub operator: String,
    // Deleted at the end.
    _folder: tempfile::TempDir,
}

pub fn config(folder: &Path) -> Config {
    let listener = |port, tls| {
        let address: SocketAddr = ([127, 0, 0, 1], port).into();
        let scheme = if tls == TlsMode::Mutual {
            "https"
        } else {
            "http"
        };
        ListenerConfig::new(
            address,
            format!("{scheme}://{address}").parse().expect("a URL"),
            tls,
        )
    };
    Config {
        identity: IdentityConfig { service_id: "auth.trial.example".parse().expect("an ID") },
        peer: listener(20_000, TlsMode::Mutual),
        public: listener(20_001, TlsMode::None),
        admin: AdminConfig { listen: ([127, 0, 0, 1], 20_002).into(), health: None },
        telemetry: TelemetryConfig::default(),
        tls: serde_json::from_value(json!({
            "certificate": folder.join("own.pem"), "key": folder.join("own.key"), "ca": folder.join("ca.pem"),
            "crl": folder.join("crl.pem"),
        }))
        .expect("a TLS section"),
        retention: common_db::RetentionConfig::default(),
        database: serde_json::from_value(json!({ "url": format!("sqlite:{}", folder.join("auth.db").display()) }))
            .expect("a database section"),
        ca: CaConfig { loopback_names: true, ..CaConfig::new(folder.join("ca")) },
        tokens: TokensConfig::new(folder.join("keys")),
        login: LoginConfig { longest_wait: Period::seconds(60), ..LoginConfig::default() },
    }
}

pub fn options() -> InitOptions {
    InitOptions {
        operator_name: "運用者".into(),
        organisation: Some(Organisation {
            name: "試験運用機構".into(),
            corporate_number: NUMBER.into(),
        }),
        secrets_file: None,
    }
}

/// A number with a right check digit, different for each `seed` below 10.
pub fn corporate_number(seed: u8) -> String {
    let rest = format!("{seed}00012050002");
    (1..=9)
        .map(|check| format!("{check}{rest}"))
        .find(|number| common::ids::is_corporate_number(number))
        .expect("one digit is right")
}

impl Fixture {
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// With a domain.
    pub async fn with_domain() -> (Self, Domain) {
        let fixture = Self::new().await;
        let domain = Domain::new(&fixture, 1).await;
        (fixture, domain)
    }

    /// With two domains.
    pub async fn with_two_domains() -> (Self, Domain, Domain) {
        let (fixture, first) = Self::with_domain().await;
        let second = Domain::new(&fixture, 2).await;
        (fixture, first, second)
    }

    /// With a receiver connector that has no certificate yet.
    pub async fn with_receiver() -> (Self, CreatedConnector) {
        let fixture = Self::new().await;
        let user = fixture.member().await;
        let created = fixture
            .connector("receiver.d1.example", ConnectorRole::Receiver, &user)
            .await;
        (fixture, created)
    }

    /// An installation whose configuration, and folder, are changed before.
    pub async fn with(change: impl FnOnce(&mut Config, &Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = config(folder.path());
        change(&mut config, folder.path());
        let clock = Arc::new(ManualClock::new(datetime!(2026-04-01 9:00 UTC)));
        let first = init(&config, options(), clock.clone())
            .await
            .expect("a new installation");
        let app = Self::open(&config, clock.clone()).await;
        let mut fixture = Self {
            app,
            clock,
            config,
            first,
            operator: String::new(),
            _folder: folder,
        };
        fixture.operator = fixture.operator_token().await;
        fixture
    }

    pub async fn open(config: &Config, clock: SharedClock) -> Arc<App> {
        let store = SqlStore::open(&config.database)
            .await
            .expect("the database");
        let app = assemble(config, Arc::new(store), clock)
            .await
            .expect("a server");
        app.certifier
            .publish_if_due()
            .await
            .expect("a revocation list");
        app
    }

    /// The same installation in a new process.
    pub async fn restart(&mut self) {
        self.app = Self::open(&self.config, self.clock.clone()).await;
    }

    async fn operator_token(&self) -> String {
        let body = json!({ "user_id": self.first.operator_user_id, "password": self.first.operator_password });
        self.managing(&body).await
    }

    async fn managing(&self, body: &Value) -> String {
        let ask = with_basic(
            &self.first.operator_client_id,
            self.first.operator_client_secret.expose(),
        );
        let answer = self.public(&ask, "/cadde/api/v4/token", body).await;
        let tokens: Value = answer.read(StatusCode::OK);
        tokens["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn operator(&self) -> Ask {
        Ask {
            authorization: Some(format!("Bearer {}", self.operator)),
            ..Ask::default()
        }
    }

    pub async fn send(&self, peer: bool, ask: &Ask, request: Request<Body>) -> Answer {
        let router = if peer {
            peer_router(self.app.clone())
        } else {
            public_router(self.app.clone())
        };
        let mut request = request;
        if let Some(value) = &ask.authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, value.parse().expect("a header value"));
        }
        let connection = ConnectionInfo {
            remote: ask.from.unwrap_or_else(|| ([192, 0, 2, 7], 4000).into()),
            peer: ask.peer.clone(),
            control: ConnectionControl::default(),
        };
        let answer = calls::send(&router, request, connection).await;
        let (parts, body) = answer.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// A JSON body to `public`.
    pub async fn public<B: Serialize + ?Sized>(&self, ask: &Ask, path: &str, body: &B) -> Answer {
        self.send(false, ask, json_request(path, body)).await
    }

    /// A JSON body to `peer`.
    pub async fn peer<B: Serialize + ?Sized>(&self, ask: &Ask, path: &str, body: &B) -> Answer {
        self.send(true, ask, json_request(path, body)).await
    }

    /// A form to `public`.
    pub async fn public_form(&self, ask: &Ask, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(false, ask, form_request(path, form)).await
    }

    /// A form to `peer`.
    pub async fn peer_form(&self, ask: &Ask, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(true, ask, form_request(path, form)).await
    }

    /// Any text to `public`.
    pub async fn public_text(&self, ask: &Ask, path: &str, media: &str, text: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(CONTENT_TYPE, media);
        self.send(
            false,
            ask,
            request
                .body(Body::from(text.to_owned()))
                .expect("a request"),
        )
        .await
    }

    pub async fn get(&self, ask: &Ask, path: &str) -> Answer {
        self.send(
            false,
            ask,
            Request::get(path).body(Body::empty()).expect("a request"),
        )
        .await
    }

    pub async fn peer_get(&self, ask: &Ask, path: &str) -> Answer {
        self.send(
            true,
            ask,
            Request::get(path).body(Body::empty()).expect("a request"),
        )
        .await
    }

    /// A JSON body to a path of the operator's.
    pub async fn operate<B: Serialize + ?Sized>(&self, path: &str, body: &B) -> Answer {
        self.public(&self.operator(), path, body).await
    }

    pub async fn participant(&self, seed: u8) -> Participant {
        let body = CreateParticipant {
            kind: ParticipantKind::Organisation,
            name: format!("参加機関{seed}"),
            corporate_number: Some(corporate_number(seed)),
            email: Some(format!("office{seed}@example.jp")),
            domain: None,
        };
        self.operate("/v1/participants", &body)
            .await
            .read(StatusCode::CREATED)
    }

    /// A user of the first participant, without roles.
    pub async fn member(&self) -> CreatedUser {
        self.user(&self.participant(1).await, Vec::new()).await
    }

    pub async fn user(&self, participant: &Participant, roles: Vec<Role>) -> CreatedUser {
        let body = CreateUser {
            participant: participant.id,
            suffix: None,
            name: "利用者".into(),
            email: None,
            orgs: None,
            roles,
            extras: None,
        };
        self.operate("/v1/users", &body)
            .await
            .read(StatusCode::CREATED)
    }

    pub async fn connector(
        &self,
        id: &str,
        role: ConnectorRole,
        user: &CreatedUser,
    ) -> CreatedConnector {
        let url = format!("https://{id}").parse().expect("a URL");
        let body = CreateConnector::new(
            id.parse().expect("an ID"),
            role,
            user.user.user_id.clone(),
            Some(url),
        );
        self.operate("/v1/connectors", &body)
            .await
            .read(StatusCode::CREATED)
    }

    pub async fn app_client(
        &self,
        grants: Vec<GrantType>,
        user: Option<&CreatedUser>,
    ) -> CreatedAppClient {
        let user_id = user.map(|user| user.user.user_id.clone());
        let body = CreateAppClient {
            user_id,
            ..CreateAppClient::new("応用", grants)
        };
        self.operate("/v1/clients", &body)
            .await
            .read(StatusCode::CREATED)
    }

    /// An application that works for the user of `domain` by itself: its ID, and how it asks.
    pub async fn client_of(&self, domain: &Domain) -> (String, Ask) {
        let grants = vec![GrantType::ClientCredentials];
        let client = self.app_client(grants, Some(&domain.user)).await;
        let id = client.client.client_id;
        let ask = with_basic(&id, client.client_secret.expose());
        (id, ask)
    }

    /// An operator's request whose body does not fit is refused with the member.
    pub async fn assert_misfit(path: &str, body: &Value, field: &str) {
        let answer = Self::new().await.operate(path, body).await;
        answer.assert_misfit(field);
    }

    /// Sends the code of a registration and a request for a new key.
    pub async fn enrol(&self, code: &str, csr: &str) -> Answer {
        self.public(
            &Ask::default(),
            "/v1/enrolments",
            &json!({ "code": code, "csr": csr }),
        )
        .await
    }

    /// The certificate that a new connector gets with its code.
    pub async fn certificate(&self, created: &CreatedConnector) -> Arc<PeerCertificate> {
        let code = created.enrolment.as_ref().expect("a code");
        let issued: IssuedCertificate = self
            .enrol(code.code.expose(), &csr())
            .await
            .read(StatusCode::CREATED);
        identity(&issued.certificate)
    }

    /// A token for managing the servers, of a user who signs in where the operator does.
    pub async fn management_token(&self, user: &CreatedUser) -> String {
        let body = json!({ "user_id": user.user.user_id, "password": user.initial_password });
        self.managing(&body).await
    }

    /// Both tokens of a user who signs in at `client`.
    pub async fn login(&self, client: &CreatedAppClient, user: &CreatedUser) -> (String, String) {
        let ask = with_basic(&client.client.client_id, client.client_secret.expose());
        let body = json!({ "user_id": user.user.user_id, "password": user.initial_password });
        let tokens: Value = self
            .public(&ask, "/cadde/api/v4/token", &body)
            .await
            .read(StatusCode::OK);
        let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
        (text("access_token"), text("refresh_token"))
    }
}

/// A certificate as a listener would give it along.
pub fn identity(chain_pem: &str) -> Arc<PeerCertificate> {
    let chain = pem::parse_certificates(chain_pem.as_bytes()).expect("PEM");
    Arc::new(
        PeerCertificate::from_der(&chain[0], &BTreeMap::<String, ConnectorId>::new())
            .expect("a certificate"),
    )
}

/// A request for a new key.
pub fn csr() -> String {
    csr_of(&KeyPair::generate().expect("a key"))
}

pub fn csr_of(key: &KeyPair) -> String {
    CertificateParams::default()
        .serialize_request(key)
        .expect("a request")
        .pem()
        .expect("PEM")
}

/// A user, an application that they sign in with, and two connectors with certificates.
pub struct Domain {
    pub user: CreatedUser,
    pub client: CreatedAppClient,
    pub receiver: CreatedConnector,
    pub receiver_certificate: Arc<PeerCertificate>,
    pub provider: CreatedConnector,
    pub provider_certificate: Arc<PeerCertificate>,
}

impl Domain {
    pub async fn new(fixture: &Fixture, seed: u8) -> Self {
        let participant = fixture.participant(seed).await;
        let user = fixture.user(&participant, Vec::new()).await;
        let client = fixture
            .app_client(vec![GrantType::Password, GrantType::RefreshToken], None)
            .await;
        let receiver = fixture
            .connector(
                &format!("receiver.d{seed}.example"),
                ConnectorRole::Receiver,
                &user,
            )
            .await;
        let provider = fixture
            .connector(
                &format!("provider.d{seed}.example"),
                ConnectorRole::Provider,
                &user,
            )
            .await;
        Self {
            receiver_certificate: fixture.certificate(&receiver).await,
            provider_certificate: fixture.certificate(&provider).await,
            user,
            client,
            receiver,
            provider,
        }
    }

    /// What its receiver gets for `audience` in the name of the user of `subject`.
    pub async fn exchange(&self, fixture: &Fixture, subject: &str, audience: &str) -> Answer {
        let ask = with_certificate(&self.receiver_certificate);
        let form = token_exchange(subject, audience);
        fixture.peer_form(&ask, "/oauth2/token", &form).await
    }

    /// The token of that.
    pub async fn exchanged(&self, fixture: &Fixture, subject: &str, audience: &str) -> String {
        let answer = self.exchange(fixture, subject, audience).await;
        let answer: Value = answer.read(StatusCode::OK);
        answer["access_token"].as_str().expect("a token").to_owned()
    }
}
