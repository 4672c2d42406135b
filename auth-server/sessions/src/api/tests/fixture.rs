//! A server with screens.

use std::{sync::Arc, time::Duration};

use auth_client::SignsPeopleIn;
use axum::{Router, routing::post};
use common::clock::{ManualClock, SharedClock};
use common_db::{Database, Migrations, sql};
use serde_json::Value;
use sqlx::migrate::Migrator;
pub use test_kit::browser::{EXTERNAL, OWN_PAGE, callback, kind, location, state_of};
use test_kit::{
    browser::Browser,
    connector_id,
    issuer::{FakeIssuer, OWN},
};
use test_postgres::Site;
use time::macros::datetime;

use crate::{
    SessionsConfig, SignedIn,
    api::{Parts, Sessions, router, state::REDEEMED},
};

static NONE: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

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
        database: &database,
        clock: Arc::clone(clock) as SharedClock,
    })
    .await
    .expect("its tables and its key");
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

/// A text of JSON.
pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
