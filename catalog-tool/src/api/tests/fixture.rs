//! The catalogue tool, and stewards at it.

use std::sync::Arc;

use auth_client::{SignsPeopleIn, TokenClaims};
use auth_sessions::{Parts, Sessions, SessionsConfig};
use catalog_site::index::{Bounds, Index};
use common::{
    clock::{ManualClock, SharedClock},
    concurrency::ConcurrencyLimit,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
pub use test_kit::browser::kind;
use test_kit::{
    browser::{Browser, EXTERNAL, OWN_PAGE},
    calls::Answer,
    connector_id,
    issuer::{FakeIssuer, OWN},
    user_id,
};
use test_postgres::Site;
use time::macros::datetime;

use crate::{
    api::{AppState, KnownSite, router},
    config::{DraftsConfig, ProviderConfig},
    domain::Providers,
    publishing::Publisher,
    store::Store,
};

/// The provider of the organisation that everybody in these tests belongs to, and one of others.
pub const OWN_PROVIDER: &str = "p.example";
pub const OTHER_PROVIDER: &str = "q.example";

pub struct Fixture {
    pub issuer: Arc<FakeIssuer>,
    pub clock: Arc<ManualClock>,
    pub state: AppState,
    _site: Site,
    _folder: tempfile::TempDir,
}

pub fn provider(connector: &str, user: &str) -> ProviderConfig {
    ProviderConfig {
        connector_id: connector_id(connector),
        provider_id: user_id(user),
        url: format!("https://{connector}/").parse().expect("a URL"),
        release: None,
        addresses: vec!["127.0.0.0/8".parse().expect("a network")],
        name: None,
    }
}

impl Fixture {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut AppState)) -> Self {
        let site = Site::sqlite();
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::new(datetime!(2026-04-01 9:00 UTC)));
        let issuer = FakeIssuer::new(Arc::clone(&clock));
        let store = Store::open(&site.config).await.expect("a database");
        let sessions = Sessions::of(Parts {
            config: &SessionsConfig::new(folder.path().join("key")),
            external_url: &EXTERNAL.parse().expect("a URL"),
            own: &connector_id(OWN),
            issuer: Arc::clone(&issuer) as Arc<dyn SignsPeopleIn>,
            callers: issuer.auth.callers(),
            database: store.database(),
            clock: Arc::clone(&clock) as SharedClock,
        })
        .await
        .expect("sessions");
        let (store, limits) = (Arc::new(store), DraftsConfig::default());
        let providers = [
            provider(OWN_PROVIDER, "cadde.org"),
            provider(OTHER_PROVIDER, "cadde.other"),
        ];
        let mut state = AppState {
            sessions,
            publisher: Arc::new(Publisher {
                drafts: store.clone(),
                tokens: issuer.auth.clone(),
                limits: limits.of_dataset(),
                keep: limits.versions,
            }),
            turns: ConcurrencyLimit::new(8, 4, metrics::gauge!("turns")),
            harvest: store.clone(),
            index: Index::open(&folder.path().join("index"), Bounds::default()).expect("an index"),
            sites: Arc::new(
                [(OWN_PROVIDER, "河川局")]
                    .map(|(id, name)| {
                        let address = format!("https://{id}/release");
                        (
                            id.to_owned(),
                            KnownSite {
                                name: name.to_owned(),
                                address,
                            },
                        )
                    })
                    .into(),
            ),
            searches: ConcurrencyLimit::new(8, 4, metrics::gauge!("searches")),
            drafts: store,
            providers: Providers::of(&providers).expect("clients"),
            limits,
            clock: Arc::clone(&clock) as SharedClock,
        };
        change(&mut state);
        Self {
            issuer,
            clock,
            state,
            _site: site,
            _folder: folder,
        }
    }

    /// A browser in which `user`, a steward, is signed in.
    pub async fn steward(&self, user: &str) -> Person {
        let browser = Browser::of(&router(self.state.clone()));
        browser.sign_in(&self.issuer, user).await;
        Person(browser)
    }

    /// The same, with other claims than the ones that everybody has.
    pub async fn person(&self, user: &str, claims: TokenClaims) -> Person {
        let person = self.steward(user).await;
        let secrets = self.issuer.secrets.lock().unwrap().clone();
        for secret in secrets
            .iter()
            .filter(|one| one.contains(&format!("access-token-{user}-")))
        {
            self.issuer.auth.token(secret, Ok(claims.clone()));
        }
        person
    }

    /// A browser in which nobody is.
    pub fn nobody(&self) -> Person {
        Person(Browser::of(&router(self.state.clone())))
    }
}

/// Somebody at a browser.
pub struct Person(pub Browser);

impl Person {
    pub async fn get(&self, path: &str) -> Answer {
        self.0.get(path).await
    }

    /// A change from the tool's own pages.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.0.send(method, path, OWN_PAGE, body).await
    }

    /// The same, made from the revision `from`.
    pub async fn change(
        &self,
        method: Method,
        path: &str,
        from: &str,
        body: Option<&Value>,
    ) -> Answer {
        let mut headers = OWN_PAGE.to_vec();
        headers.push(("if-match", from));
        self.0.send(method, path, &headers, body).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// A new draft with this title: its address.
    pub async fn draft(&self, title: &str) -> String {
        let answer = self
            .post("/v1/drafts", &json!({"dataset": titled(title)}))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        answer.headers["location"]
            .to_str()
            .expect("a text")
            .to_owned()
    }

    pub async fn save(&self, draft: &str, from: &str, title: &str) -> Answer {
        let body = json!({"dataset": titled(title)});
        self.change(Method::PUT, draft, from, Some(&body)).await
    }
}

pub fn titled(title: &str) -> Value {
    json!({"sharing": "open", "public": {"fields": {"title": title}}})
}
