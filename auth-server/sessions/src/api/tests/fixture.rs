//! A server with screens, and browsers.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use auth_client::SignsPeopleIn;
use axum::{Router, body::Body, routing::post};
use common::clock::{ManualClock, SharedClock};
use common_db::{Database, Migrations, sql};
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use serde_json::Value;
use sqlx::migrate::Migrator;
use test_kit::{
    calls::{self, Answer},
    connector_id,
};
use test_postgres::Site;
use time::macros::datetime;
use url::Url;

use super::issuer::{FakeIssuer, ISSUER, OWN};
use crate::{
    SessionsConfig, SignedIn,
    api::{
        Sessions, router,
        state::{Parts, REDEEMED},
    },
    key::KeyFile,
    store::SqlSessions,
};

static NONE: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

/// Where browsers reach the server.
pub const EXTERNAL: &str = "https://catalog.example:8443";

/// Codes that one network may have redeemed at a time.
pub const PER_NETWORK: usize = REDEEMED.1;

pub struct Fixture {
    pub site: Site,
    pub clock: Arc<ManualClock>,
    pub issuer: Arc<FakeIssuer>,
    pub config: SessionsConfig,
    pub sessions: Sessions,
    pub router: Router,
    folder: tempfile::TempDir,
}

/// A server over the database of `site`, with the key of `config`.
async fn open(
    site: &Site,
    config: &SessionsConfig,
    issuer: &Arc<FakeIssuer>,
    clock: &Arc<ManualClock>,
) -> (Sessions, Router) {
    let database = Database::open(&site.config, &NONE).await.expect("it opens");
    let issuer = Arc::clone(issuer);
    let sessions = Sessions::of(Parts {
        config,
        external_url: &EXTERNAL.parse().expect("a URL"),
        own: &connector_id(OWN),
        callers: issuer.auth.callers(),
        issuer: issuer as Arc<dyn SignsPeopleIn>,
        store: SqlSessions::open(database).await.expect("its tables"),
        key: KeyFile::open(&config.key_file).expect("a key"),
        clock: Arc::clone(clock) as SharedClock,
    });
    let own = Router::new()
        .route(
            "/v1/things",
            post(async |who: SignedIn| who.user().to_string()).get(
                async |who: Option<SignedIn>| {
                    who.map_or("nobody".to_owned(), |who| who.user().to_string())
                },
            ),
        )
        .with_state(sessions.clone());
    let router = router(sessions.clone()).merge(own);
    (sessions, router)
}

impl Fixture {
    pub async fn new() -> Self {
        Self::on(Site::sqlite()).await
    }

    pub async fn on(site: Site) -> Self {
        Self::with(site, |_| {}).await
    }

    pub async fn with(site: Site, change: impl FnOnce(&mut SessionsConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::new(datetime!(2026-04-01 9:00 UTC)));
        let issuer = FakeIssuer::new(Arc::clone(&clock));
        let mut config = SessionsConfig::new(folder.path().join("key"));
        change(&mut config);
        let (sessions, router) = open(&site, &config, &issuer, &clock).await;
        Self {
            site,
            clock,
            issuer,
            config,
            sessions,
            router,
            folder,
        }
    }

    /// Another process over the same database, with the same key.
    pub async fn beside(&self) -> Router {
        open(&self.site, &self.config, &self.issuer, &self.clock)
            .await
            .1
    }

    /// Another process over the same database, with a key of its own.
    pub async fn with_another_key(&self) -> Router {
        let config = SessionsConfig::new(self.folder.path().join("another key"));
        open(&self.site, &config, &self.issuer, &self.clock).await.1
    }

    pub fn browser(&self) -> Browser {
        Browser::of(&self.router)
    }

    /// A browser in which `user` is signed in.
    pub async fn signed_in(&self, user: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(&self.issuer, user).await;
        browser
    }

    /// How many sessions are kept.
    pub async fn rows(&self) -> i64 {
        let database = Database::open(&self.site.config, &NONE).await;
        let asked = sql("SELECT count(*) AS n FROM screen_session");
        let row = database.expect("it opens").fetch_one(asked).await;
        row.expect("a row").get("n").expect("a number")
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub async fn do_chores(&self) {
        self.sessions
            .0
            .book
            .do_chores()
            .await
            .expect("they are done");
    }
}

/// A browser: it keeps cookies, and goes nowhere by itself.
pub struct Browser {
    pub router: Router,
    pub cookies: Mutex<Vec<(String, String)>>,
    /// All that it was ever shown.
    pub seen: Mutex<String>,
}

/// Headers of the server's own pages.
pub const OWN_PAGE: &[(&str, &str)] = &[("origin", EXTERNAL), ("x-kakehashi-request", "1")];

impl Browser {
    pub fn of(router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookies: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// The same browser at another process of the same address.
    pub fn at(&self, router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookies: Mutex::new(self.cookies.lock().unwrap().clone()),
            seen: Mutex::default(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies.lock().unwrap().clone();
        if !cookies.is_empty() {
            let pairs: Vec<_> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = calls::ask(&self.router, request, calls::connection(None)).await;
        self.take(&answer);
        answer
    }

    fn take(&self, answer: &Answer) {
        let shown = format!("{:?} {}\n", answer.headers, answer.body);
        self.seen.lock().unwrap().push_str(&shown);
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("a text");
            let (pair, rest) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            // What such a name promises, a browser looks at.
            assert!(name.starts_with("__Host-"), "{line}");
            for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
                assert!(
                    rest.split("; ").any(|one| one.trim() == attribute),
                    "{line}"
                );
            }
            assert!(!rest.contains("Domain"), "{line}");
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0;") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of the cookie whose name has `part` in it.
    pub fn cookie(&self, part: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let found = cookies.iter().find(|(name, _)| name.contains(part));
        found.map(|(_, value)| value.clone())
    }

    /// Puts a cookie into it.
    pub fn plant(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|(known, _)| known != name);
        cookies.push((name.to_owned(), value.to_owned()));
    }

    /// Where `/login` sends it.
    pub async fn begin(&self, query: &str) -> Url {
        let answer = self.get(&format!("/login{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
        location(&answer.headers)
    }

    /// It comes back from there with `code`.
    pub async fn come_back(&self, address: &Url, code: &str) -> Answer {
        let state = state_of(address);
        self.get(&callback(&[
            ("code", code),
            ("state", &state),
            ("iss", ISSUER),
        ]))
        .await
    }

    pub async fn sign_in(&self, issuer: &FakeIssuer, user: &str) {
        let address = self.begin("").await;
        let code = issuer.sign_in(user, &address);
        let answer = self.come_back(&address, &code).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
    }

    /// Who it is for the server; `None` where nobody.
    pub async fn who(&self) -> Option<String> {
        let answer = self.get("/session").await;
        match answer.status {
            StatusCode::OK => Some(answer.body["user_id"].as_str()?.to_owned()),
            StatusCode::UNAUTHORIZED => {
                assert_eq!(kind(&answer), "not-signed-in");
                None
            }
            other => panic!("{other} {:?}", answer.body),
        }
    }
}

pub fn location(headers: &HeaderMap) -> Url {
    let text = headers[LOCATION].to_str().expect("a text");
    text.parse().expect("an address")
}

pub fn state_of(address: &Url) -> String {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    found.expect("a state").1.into_owned()
}

pub fn callback(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/callback?{query}")
}

/// The `type` of a problem, without what is the same in all.
pub fn kind(answer: &Answer) -> String {
    let kind = answer.body["type"].as_str().unwrap_or_default();
    kind.trim_start_matches("urn:kakehashi:problem:").to_owned()
}

/// A text of JSON.
pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
