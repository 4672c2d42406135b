//! The API against the real router, over a database and an index.

mod action;
mod datasets;
mod publishing;
mod readiness;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use auth_client::{ConnectorRole, Role, State as Standing, TokenError};
use axum::{Router, body::Body};
use common::{clock::SystemClock, concurrency::ConcurrencyLimit, ids::UserId, process::Shutdown};
use common_db::{Database, DatabaseConfig, Migrations};
use http::Request;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use tempfile::TempDir;
use test_kit::{
    FakeAuth,
    calls::{Answer, ask, connection},
    managing, plain,
};
use tokio::sync::Notify;

use super::{CatalogState, router};
use crate::{
    config::CatalogLimits,
    content::ItemPlanner,
    domain::{
        Check, Creation, DataReader, Digest, EventRecorder, Hitch, Location, Organization,
        Publisher, Said, Side, SiteFacts, SiteStore as _, StepError, Subject, Surroundings,
    },
    following::SiteSource,
    index::{Bounds, Index},
    store::Catalog,
};

const PROVIDER: &str = "cadde.provider.aa";
const CONNECTOR: &str = "provider.a.example";

static HOST: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

/// What lies at the sources, and a ledger that numbers what it records.
struct World;

#[async_trait]
impl DataReader for World {
    async fn read(&self, location: &Location) -> Result<Digest, StepError> {
        Self::read_at(&location.url)
    }
}

impl World {
    fn read_at(url: &str) -> Result<Digest, StepError> {
        if url.contains("dead") {
            let hitch = Hitch::new(
                "source-without-resource",
                "見つかりません",
                "there is nothing",
            );
            return Err(StepError::Stop(hitch));
        }
        Ok(Digest {
            sha256: "ab".repeat(32),
            size: 3,
        })
    }
}

#[async_trait]
impl Surroundings for World {
    async fn registration(&self) -> Check {
        Check::good(Subject::Registration, Said::of("登録済み", "registered"))
    }

    async fn place(&self, url: &str) -> Vec<Check> {
        let said = || Said::of("応答", "answers");
        vec![match Self::read_at(url) {
            Ok(_) => Check::good(Subject::Answers, said()),
            Err(_) => Check::bad(Subject::Answers, said(), Said::of("直す", "mend it")),
        }]
    }
}

#[async_trait]
impl EventRecorder for World {
    async fn record(&self, creation: Creation<'_>) -> Result<String, StepError> {
        Ok(format!("event-of-{}", creation.idempotency_key))
    }
}

struct Site {
    router: Router,
    state: CatalogState,
    shutdown: Shutdown,
    _folder: TempDir,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Site {
    async fn new() -> Self {
        Self::with(CatalogLimits::default()).await
    }

    async fn with(limits: CatalogLimits) -> Self {
        let folder = TempDir::new().unwrap();
        let config =
            DatabaseConfig::new(format!("sqlite:{}", folder.path().join("x.db").display()));
        let database = Database::open(&config, &HOST).await.unwrap();
        let store = Arc::new(Catalog::open(database).await.unwrap());
        let index = Index::open(&folder.path().join("index"), Bounds::default()).unwrap();
        let shutdown = Shutdown::default();
        let source = SiteSource {
            store: store.clone(),
            organization: "city-a".to_owned(),
        };
        tokio::spawn(Arc::clone(&index).follow(Arc::new(source), shutdown.clone()));
        let auth = Arc::new(FakeAuth::default());
        auth.register(
            CONNECTOR,
            ConnectorRole::Provider,
            PROVIDER,
            Standing::Active,
        );
        let own = || plain(PROVIDER, &[]);
        let managed = |claims, roles: &[Role]| Ok(managing(claims, &[CONNECTOR], roles));
        auth.token("steward", managed(own(), &[Role::Steward]));
        auth.token(
            "member",
            managed(
                plain("cadde.member.aa", &["cadde.x.zz", PROVIDER]),
                &[Role::Steward],
            ),
        );
        auth.token("no-role", managed(own(), &[Role::Operator]));
        auth.token(
            "stranger",
            managed(
                plain("cadde.stranger.cc", &["cadde.provider.aab"]),
                &[Role::Steward],
            ),
        );
        auth.token("plain", Ok(own()));
        auth.token(
            "elsewhere",
            Ok(managing(own(), &["other.example"], &[Role::Steward])),
        );
        auth.token("away", Err(TokenError::Unavailable("away".into())));
        auth.token("expired", Err(TokenError::Malformed));
        let site = |side, path: &str| SiteFacts {
            side,
            url: format!("https://p.example/{path}"),
            title: "A市カタログ".to_owned(),
            description: "公開データ".to_owned(),
            organization: Organization {
                name: "city-a".to_owned(),
                title: "A市".to_owned(),
                description: String::new(),
            },
        };
        let state = CatalogState {
            store: store.clone(),
            index,
            callers: auth.callers(),
            provider_id: PROVIDER.parse().unwrap(),
            connector_id: CONNECTOR.parse().unwrap(),
            sites: Arc::new([site(Side::Public, "release"), site(Side::Limited, "detail")]),
            limits,
            clock: Arc::new(SystemClock),
            wake: Arc::new(Notify::new()),
            sessions: None,
            surroundings: Arc::new(World),
            looks: ConcurrencyLimit::new(1, 1, metrics::gauge!("looks")),
        };
        let publisher = Publisher {
            store,
            planner: Arc::new(ItemPlanner {
                provider_id: PROVIDER.parse::<UserId>().unwrap(),
            }),
            reader: Arc::new(World),
            recorder: Arc::new(World),
            clock: state.clock.clone(),
            wake: state.wake.clone(),
        };
        publisher.spawn(1, &shutdown);
        Self {
            router: router(state.clone()),
            state,
            shutdown,
            _folder: folder,
        }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        ask(&self.router, request, connection(None)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(
            "GET",
            path,
            &[("authorization", "Bearer steward")],
            Body::empty(),
        )
        .await
    }

    /// A change from the state that has `tag`.
    async fn change(&self, method: &str, path: &str, tag: &str, body: &Value) -> Answer {
        let headers = [
            ("authorization", "Bearer steward"),
            ("content-type", "application/json"),
            ("if-match", tag),
        ];
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.call(method, path, &headers, body).await
    }

    /// A dataset of its own; its id.
    async fn made(&self, name: &str, dataset: Value) -> String {
        let body = json!({"name": name, "dataset": dataset});
        let made = self.change("POST", "/v1/datasets", "*", &body).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a publication has ended, and the index has what it changed.
    async fn published(&self, id: &str) -> Value {
        let asked = self
            .change("POST", "/v1/publications", "*", &json!({"dataset_id": id}))
            .await;
        assert_eq!(asked.status, 202, "{:?}", asked.body);
        let path = format!("/v1/publications/{}", asked.body["id"].as_str().unwrap());
        let until = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let now = self.get(&path).await.body;
            if now["state"] == "done" || now["state"] == "stopped" {
                let number = self.state.store.progress().await.unwrap().number;
                let number = u64::try_from(number).unwrap();
                assert!(
                    self.state
                        .index
                        .reached(number, Duration::from_secs(30))
                        .await
                );
                return now;
            }
            assert!(tokio::time::Instant::now() < until, "{now}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A dataset for a grant, with both views, which may be published.
fn rivers(title: &str, url: &str) -> Value {
    let fields = json!({
        "title": title, "notes": "市内の水位計の観測値です。", "issued": "2026-11-30",
        "tags": ["水位", "防災"],
    });
    let distribution = json!({"fields": {
        "name": "CSV", "url": url, "explain_url": "https://www.example.jp/river/", "format": "CSV",
        "caddec_resource_type": "file/http", "caddec_contract_required": "要求しない", "caddec_required": "要求する",
    }, "other": {"未知のキー": {"a": [1, null]}}});
    let view =
        json!({"fields": fields, "distributions": [distribution], "extras": {"own_extra": "値"}});
    json!({"sharing": "limited", "public": view, "limited": view})
}
