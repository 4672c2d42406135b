//! Against the authentication server itself, over real sockets, with a real certificate: a person signs in at a catalogue, works, is
//! suspended, signs out.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use auth_client::{
    AuthConfig, Membership, OperatorClient, Role, State,
    api::{
        CreateParticipant, CreateService, CreateUser, CreatedUser, ParticipantKind, ServiceKind,
    },
    enrol::EnrolmentConfig,
};
use auth_server::{AuthServer, InitOptions, init};
use auth_sessions::{Host, Sessions, SessionsConfig, router};
use axum::{Router, body::Body, routing::post};
use common::{
    clock::{Clock as _, ManualClock, SharedClock, SystemClock},
    ids::ConnectorId,
    process::{Context, Readiness, Shutdown},
    service::Service as _,
    tls::TlsConfig,
};
use common_db::{Database, DatabaseConfig, Migrations};
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use sqlx::migrate::Migrator;
use test_kit::calls::{self, Answer};
use test_postgres::ports::free_address;
use url::Url;

static NONE: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

const OWN: &str = "catalog.trial.example";
const EXTERNAL: &str = "https://catalog.trial.example";
const OWN_PAGE: &[(&str, &str)] = &[("origin", EXTERNAL), ("x-kakehashi-request", "1")];

/// A data space with one server that has screens.
struct Space {
    router: Router,
    operator: OperatorClient,
    user: CreatedUser,
    clock: Arc<ManualClock>,
    shutdown: Shutdown,
    _folder: tempfile::TempDir,
}

impl Drop for Space {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn auth_config(folder: &Path) -> auth_server::Config {
    let (peer, public, admin) = (free_address(), free_address(), free_address());
    let folder = folder.join("auth");
    let file = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        "identity.service_id = 'auth.trial.example'\n\
         peer = {{ listen = '{peer}', external_url = 'https://{peer}', tls = 'mutual' }}\n\
         public = {{ listen = '{public}', external_url = 'http://{public}', tls = 'none' }}\n\
         admin.listen = '{admin}'\n\
         tls = {{ certificate = '{}', key = '{}', ca = '{}', crl = '{}' }}\n\
         database.url = 'sqlite:{}'\n\
         ca = {{ directory = '{}', loopback_names = true }}\n\
         tokens.key_directory = '{}'\n",
        file("own.pem"),
        file("own.key"),
        file("ca.pem"),
        file("crl.pem"),
        file("auth.db"),
        file("ca"),
        file("keys"),
    );
    toml::from_str(&text).expect("a configuration")
}

impl Space {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let shared: SharedClock = clock.clone();
        let shutdown = Shutdown::default();
        let context = || Context {
            clock: Arc::clone(&shared),
            shutdown: shutdown.clone(),
            ready: Readiness::default(),
        };
        let config = auth_config(folder.path());
        let options = InitOptions {
            operator_name: "運用者".to_owned(),
            organisation: None,
            secrets_file: None,
        };
        let first = init(&config, options, Arc::clone(&shared)).await;
        let first = first.expect("a new installation");
        let (issuer, peer_url) = (
            config.public.external_url.clone(),
            config.peer.external_url.clone(),
        );
        let serving = context();
        let ready = serving.ready.clone();
        tokio::spawn(AuthServer::run(config, serving));
        while ready.problems().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let operator = OperatorClient::login(
            &issuer,
            &first.operator_client_id,
            first.operator_client_secret.expose(),
            &first.operator_user_id,
            first.operator_password.expose(),
        );
        let operator = operator.await.expect("the operator");

        let own: ConnectorId = OWN.parse().expect("an ID");
        let mut service = CreateService::new(own.clone(), ServiceKind::Server, "カタログ");
        service.redirect_uris = vec![format!("{EXTERNAL}/callback")];
        service.post_logout_redirect_uris = vec![format!("{EXTERNAL}/")];
        let created = operator.create_service(&service).await.expect("registered");
        let code_file = folder.path().join("code");
        let code = created.enrolment.expect("a code").code;
        std::fs::write(&code_file, code.expose()).expect("a file");
        let tls = own_tls(folder.path(), &first.ca_pem);
        let enrolment = EnrolmentConfig {
            auth_public_url: issuer.clone(),
            code_file,
            trust_ca: false,
        };
        let auth = AuthConfig::new(issuer, peer_url);
        let member = Membership::join(&tls, Some(&enrolment), &auth, &context()).await;
        let member = member.expect("a certificate");

        let url = format!("sqlite:{}", folder.path().join("own.db").display());
        let database = Database::open(&DatabaseConfig::new(url), &NONE).await;
        let database = database.expect("a database");
        let config = SessionsConfig::new(folder.path().join("sessions.key"));
        let sessions = Sessions::open(Host {
            config: &config,
            external_url: &EXTERNAL.parse().expect("a URL"),
            own: &own,
            auth: &auth,
            member: &member,
            database: &database,
            context: &context(),
        })
        .await
        .expect("sessions");
        let things = Router::new()
            .route("/v1/things", post(thing))
            .with_state(sessions.clone());
        let user = steward(&operator).await;
        Self {
            router: router(sessions).merge(things),
            operator,
            user,
            clock,
            shutdown,
            _folder: folder,
        }
    }

    fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            http: common::http::client::plain().expect("a client"),
            cookies: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        let answer = browser.sign_in(&self.user, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
        browser
    }
}

async fn thing(caller: auth_sessions::SignedIn) -> String {
    format!("{} {}", caller.user(), caller.has_role(Role::Steward))
}

fn own_tls(folder: &Path, ca: &Path) -> TlsConfig {
    let file = |name: &str| -> PathBuf { folder.join("own").join(name) };
    std::fs::create_dir_all(folder.join("own")).expect("a folder");
    TlsConfig::new(file("own.pem"), file("own.key"), ca)
}

async fn steward(operator: &OperatorClient) -> CreatedUser {
    let participant = CreateParticipant {
        kind: ParticipantKind::Individual,
        name: "参加者".to_owned(),
        corporate_number: None,
        email: None,
        domain: None,
    };
    let participant = operator.create_participant(&participant).await;
    let user = CreateUser {
        participant: participant.expect("a participant").id,
        suffix: None,
        name: "担当者".to_owned(),
        email: None,
        orgs: None,
        roles: vec![Role::Steward],
        extras: None,
    };
    operator.create_user(&user).await.expect("a user")
}

/// A browser, which both servers are open to: ours without a socket, the authentication server over one.
struct Browser {
    router: Router,
    http: reqwest::Client,
    /// By server and name.
    cookies: Mutex<BTreeMap<(bool, String), String>>,
    /// All that it was ever shown by our server.
    seen: Mutex<String>,
}

impl Browser {
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request = request.header(COOKIE, self.cookies(true));
        let request = request.body(Body::empty()).expect("a request");
        let answer = calls::ask(&self.router, request, calls::connection(None)).await;
        let shown = format!("{:?} {}\n", answer.headers, answer.body);
        self.seen.lock().unwrap().push_str(&shown);
        self.keep(true, &answer.headers);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    fn cookies(&self, is_ours: bool) -> String {
        let cookies = self.cookies.lock().unwrap();
        let of = cookies.iter().filter(|((ours, _), _)| *ours == is_ours);
        let pairs: Vec<_> = of
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, is_ours: bool, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("a text");
            let (pair, rest) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            let key = (is_ours, name.to_owned());
            if rest.contains("Max-Age=0") {
                cookies.remove(&key);
            } else {
                cookies.insert(key, value.to_owned());
            }
        }
    }

    /// An answer of the authentication server: its status, where it sends the browser, its page.
    async fn auth(&self, request: reqwest::RequestBuilder) -> (StatusCode, Option<Url>, String) {
        let response = request.header(COOKIE, self.cookies(false)).send().await;
        let response = response.expect("an answer");
        self.keep(false, response.headers());
        let to = response.headers().get(LOCATION).map(|to| {
            let to = to.to_str().expect("a text");
            response.url().join(to).expect("an address")
        });
        (
            response.status(),
            to,
            response.text().await.expect("a page"),
        )
    }

    /// From `/login` to where the authentication server sends it in the end.
    async fn come_back(&self, user: &CreatedUser, query: &str) -> Url {
        let answer = self.get(&format!("/login{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let address = answer.headers[LOCATION]
            .to_str()
            .expect("a text")
            .to_owned();
        let (status, to, page) = self.auth(self.http.get(&address)).await;
        if let Some(to) = to {
            return to;
        }
        assert_eq!(status, StatusCode::OK, "{page}");
        let form = between(&page, "name=\"form\" value=\"", "\"");
        let origin = address
            .parse::<Url>()
            .unwrap()
            .origin()
            .ascii_serialization();
        let filled = [
            ("form", form),
            ("user_id", user.user.user_id.as_str()),
            ("password", user.initial_password.expose()),
        ];
        let request = self.http.post(&address).header("origin", origin);
        let (status, to, page) = self.auth(request.form(&filled)).await;
        to.unwrap_or_else(|| panic!("{status}: {page}"))
    }

    async fn sign_in(&self, user: &CreatedUser, query: &str) -> Answer {
        let back = self.come_back(user, query).await;
        assert!(
            back.as_str().starts_with(&format!("{EXTERNAL}/callback?")),
            "{back}"
        );
        self.get(&back[url::Position::BeforePath..]).await
    }

    async fn status(&self) -> StatusCode {
        self.get("/session").await.status
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).expect("it is there");
    rest.split_once(after).expect("it ends").0
}

#[tokio::test]
async fn a_steward_signs_in_works_and_signs_out() {
    let space = Space::new().await;
    let browser = space.browser();
    assert_eq!(browser.status().await, StatusCode::UNAUTHORIZED);
    let answer = browser.sign_in(&space.user, "?return_to=/drafts").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
    assert_eq!(answer.headers[LOCATION], format!("{EXTERNAL}/drafts"));
    let session = browser.get("/session").await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.body["user_id"], space.user.user.user_id.as_str());
    assert_eq!(session.body["roles"], serde_json::json!(["steward"]));
    assert_eq!(session.body["name"], "担当者");
    assert_eq!(session.body["participant"]["name"], "参加者");
    let worked = browser.ask(Method::POST, "/v1/things", OWN_PAGE).await;
    assert_eq!(
        worked.body,
        format!("{} true", space.user.user.user_id.as_str())
    );
    let foreign = browser
        .ask(Method::POST, "/v1/things", &[("origin", EXTERNAL)])
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);

    let copy = browser.cookies.lock().unwrap().clone();
    let out = browser.ask(Method::POST, "/logout", OWN_PAGE).await;
    assert_eq!(out.status, StatusCode::OK, "{:?}", out.body);
    assert_eq!(browser.status().await, StatusCode::UNAUTHORIZED);
    browser.cookies.lock().unwrap().extend(copy);
    assert_eq!(browser.status().await, StatusCode::UNAUTHORIZED);
    // JWTs begin like this, and all that begins so in an answer would be one.
    let seen = browser.seen.lock().unwrap().clone();
    assert!(!seen.contains("eyJ"), "{seen}");
}

#[tokio::test]
async fn a_session_outlives_its_first_token_and_no_suspension() {
    let space = Space::new().await;
    let browser = space.signed_in().await;
    for _ in 0..2 {
        space.clock.advance(Duration::from_mins(50));
        assert_eq!(browser.status().await, StatusCode::OK);
    }
    let user = &space.user.user.user_id;
    let suspended = space
        .operator
        .set_user_state(user, State::Suspended, "a test")
        .await;
    suspended.expect("it is done");
    space.clock.advance(Duration::from_secs(30));
    assert_eq!(browser.status().await, StatusCode::UNAUTHORIZED);
    let active = space
        .operator
        .set_user_state(user, State::Active, "a test")
        .await;
    active.expect("it is done");
    assert_eq!(browser.status().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_answer_for_one_browser_signs_no_other_in_and_counts_once() {
    let space = Space::new().await;
    let (attacker, victim) = (space.browser(), space.browser());
    let back = attacker.come_back(&space.user, "").await;
    let path = &back[url::Position::BeforePath..];
    victim.get("/login").await;
    let answer = victim.get(path).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(victim.status().await, StatusCode::UNAUTHORIZED);
    // Once, also with all that the browser had.
    let copy = attacker.cookies.lock().unwrap().clone();
    assert_eq!(attacker.get(path).await.status, StatusCode::SEE_OTHER);
    assert_eq!(attacker.status().await, StatusCode::OK);
    let again = space.browser();
    again.cookies.lock().unwrap().extend(copy);
    assert_eq!(again.get(path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(again.status().await, StatusCode::UNAUTHORIZED);
    // A code that is used again ends what came of it, after the time for which that is known.
    space.clock.advance(Duration::from_secs(30));
    assert_eq!(attacker.status().await, StatusCode::UNAUTHORIZED);
}
