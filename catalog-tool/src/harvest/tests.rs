//! Rounds at a site that answers well, badly, or not at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use common::{
    addresses::AddressPolicy,
    clock::{Clock as _, ManualClock, SharedClock},
    http::client::Guarded,
};
use http::StatusCode;
use serde_json::{Value, json};
use test_postgres::Site as Database;
use time::macros::datetime;
use tokio::net::TcpListener;

use super::*;
use crate::{domain::SourceStatus, store::Store};

#[derive(Default)]
struct Told {
    packages: Vec<Value>,
    /// Left out of searches, though they are there.
    hidden: Vec<String>,
    is_away: bool,
    is_strange: bool,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Told>>;

struct Fixture {
    told: Shared,
    store: Arc<dyn HarvestStore>,
    clock: Arc<ManualClock>,
    source: Source,
    limit: Limit,
    _database: Database,
}

async fn act(
    State(told): State<Shared>,
    Path(action): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let mut told = told.lock().unwrap();
    told.asked.push(action.clone());
    if told.is_away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if told.is_strange {
        return "<html>".into_response();
    }
    let result = match action.as_str() {
        "status_show" => json!({"site_title": "河川局のカタログ"}),
        "package_show" => match told.packages.iter().find(|one| one["id"] == asked["id"]) {
            Some(found) => found.clone(),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
        _ => {
            assert_eq!(asked["sort"], "metadata_modified desc");
            let is_shown = |one: &&Value| !told.hidden.iter().any(|id| one["id"] == **id);
            let mut all: Vec<_> = told.packages.iter().filter(is_shown).cloned().collect();
            all.sort_by_key(|one| {
                std::cmp::Reverse(
                    one["metadata_modified"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                )
            });
            let count = all.len();
            let (start, rows): (usize, usize) = (
                asked["start"].parse().unwrap(),
                asked["rows"].parse().unwrap(),
            );
            let results: Vec<_> = all.into_iter().skip(start).take(rows).collect();
            json!({"count": count, "results": results})
        }
    };
    Json(json!({"success": true, "result": result})).into_response()
}

fn package(number: usize, minute: usize) -> Value {
    json!({"id": format!("id-{number}"), "name": format!("name-{number}"), "title": format!("川 {number}"),
        "metadata_modified": format!("2026-04-01T09:{minute:02}:00.000000")})
}

impl Fixture {
    async fn new() -> Self {
        let told = Shared::default();
        let router = Router::new().route("/release/api/3/action/{action}", get(act));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!(
            "http://{}/release",
            listener.local_addr().expect("it is bound")
        );
        let router = router.with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let database = Database::sqlite();
        let store = Store::open(&database.config).await.expect("a database");
        let policy = AddressPolicy::PublicAnd(vec!["127.0.0.0/8".parse().expect("a network")]);
        let client = Guarded::new(policy).expect("a client");
        Self {
            told,
            store: Arc::new(store),
            clock: Arc::new(ManualClock::new(datetime!(2026-04-01 10:00 UTC))),
            source: Source {
                id: "p.example".to_owned(),
                site: Site { address, client },
            },
            limit: Limit {
                interval: Duration::from_secs(60),
                sweep: Duration::from_hours(6),
                records: 10_000,
            },
            _database: database,
        }
    }

    fn harvest(&self) -> Harvest {
        let clock = Arc::clone(&self.clock) as SharedClock;
        Harvest::new(
            Arc::clone(&self.store),
            self.source.clone(),
            self.limit,
            clock,
        )
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
    }

    async fn ids(&self) -> Vec<String> {
        self.store.ids("p.example", "", 1000).await.unwrap()
    }

    async fn status(&self) -> SourceStatus {
        self.store.sources().await.unwrap().remove(0)
    }

    /// Searches since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap().asked)
    }
}

#[tokio::test]
async fn what_is_new_changed_and_gone_is_taken_over() {
    let fixture = Fixture::new().await;
    let mut harvest = fixture.harvest();
    fixture.tell(|told| told.packages = (0..250).map(|n| package(n, n % 50)).collect());
    assert_eq!(harvest.round().await.unwrap(), 250);
    assert_eq!(fixture.ids().await.len(), 250);
    assert_eq!(
        fixture.status().await.title.as_deref(),
        Some("河川局のカタログ")
    );

    // Nothing: one page is looked at.
    fixture.asked();
    fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(harvest.round().await.unwrap(), 0);
    assert_eq!(fixture.asked(), ["package_search"]);

    fixture.tell(|told| {
        told.packages[7]["title"] = "海".into();
        told.packages[7]["metadata_modified"] = "2026-04-01T10:00:00.000000".into();
        told.packages.push(package(900, 59));
    });
    assert_eq!(harvest.round().await.unwrap(), 2);
    let changed = fixture
        .store
        .by_name("p.example", "name-7")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changed.content.unwrap()["title"], "海");

    fixture.tell(|told| told.packages.retain(|one| one["id"] != "id-3"));
    assert_eq!(harvest.round().await.unwrap(), 1);
    assert_eq!(fixture.ids().await.len(), 250);
    assert_eq!(fixture.store.by_id("id-3").await.unwrap(), None);
    let (_, last) = fixture.store.progress().await.unwrap();
    let gone = fixture.store.changes(last - 1, 10).await.unwrap();
    assert_eq!(
        (gone.len(), gone[0].id.as_str(), gone[0].content.is_none()),
        (1, "id-3", true)
    );

    // One goes and another comes at once: numbers fit, and still it shows.
    fixture.tell(|told| {
        told.packages.retain(|one| one["id"] != "id-4");
        told.packages.push(package(901, 58));
    });
    harvest.round().await.unwrap();
    let ids = fixture.ids().await;
    assert!(!ids.contains(&"id-4".to_owned()) && ids.contains(&"id-901".to_owned()));
}

#[tokio::test]
async fn a_site_that_is_silent_keeps_what_it_said() {
    let fixture = Fixture::new().await;
    let mut harvest = fixture.harvest();
    fixture.tell(|told| told.packages = vec![package(1, 1), package(2, 2)]);
    harvest.round().await.unwrap();
    let answered = fixture.clock.now();
    for (is_away, is_strange) in [(true, false), (false, true)] {
        fixture.tell(|told| (told.is_away, told.is_strange) = (is_away, is_strange));
        fixture.clock.advance(Duration::from_hours(7));
        harvest.round().await.unwrap();
        assert_eq!(fixture.ids().await.len(), 2);
        let status = fixture.status().await;
        assert_eq!((status.answered_at, status.datasets), (Some(answered), 2));
        assert_eq!(
            status.silent_since,
            Some(answered + Duration::from_hours(7))
        );
        assert!(status.problem.is_some());
    }
    fixture.tell(|told| told.is_strange = false);
    harvest.round().await.unwrap();
    let status = fixture.status().await;
    assert_eq!((status.silent_since, status.problem), (None, None));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_stops_nothing() {
    let fixture = Fixture::new().await;
    fixture.tell(|told| {
        told.packages = vec![
            package(1, 1),
            json!({"id": 7}),
            json!("nothing"),
            json!({"id": "x", "name": "n", "resources": 1}),
            package(2, 2),
        ];
    });
    let mut harvest = fixture.harvest();
    assert_eq!(harvest.round().await.unwrap(), 2);
    assert_eq!(fixture.status().await.skipped, 3);
    // And is no reason to read all of it again.
    fixture.asked();
    harvest.round().await.unwrap();
    assert_eq!(fixture.asked(), ["package_search"]);
}

#[tokio::test]
async fn what_is_missing_and_still_there_is_kept() {
    let fixture = Fixture::new().await;
    let mut harvest = fixture.harvest();
    fixture.tell(|told| told.packages = vec![package(1, 1), package(2, 2)]);
    harvest.round().await.unwrap();
    fixture.tell(|told| told.hidden = vec!["id-1".to_owned()]);
    harvest.round().await.unwrap();
    assert_eq!(fixture.ids().await.len(), 2);
    // Numbers that never fit do not have all of it read in every round.
    fixture.asked();
    harvest.round().await.unwrap();
    assert_eq!(fixture.asked(), ["package_search"]);
}

#[tokio::test]
async fn so_much_of_a_site_is_kept() {
    let mut fixture = Fixture::new().await;
    fixture.limit.records = 150;
    fixture.tell(|told| told.packages = (0..400).map(|n| package(n, n % 50)).collect());
    let mut harvest = fixture.harvest();
    harvest.round().await.unwrap();
    assert_eq!(fixture.ids().await.len(), 150);
    fixture.asked();
    harvest.round().await.unwrap();
    assert!(fixture.asked().len() < 3);
}

#[tokio::test]
async fn one_process_at_a_time_asks_a_site() {
    let fixture = Fixture::new().await;
    fixture.tell(|told| told.packages = vec![package(1, 1)]);
    let now = fixture.clock.now();
    let turn = fixture
        .store
        .claim("p.example", now + Duration::from_secs(60), now)
        .await
        .unwrap();
    assert!(turn.is_some());
    assert_eq!(fixture.harvest().round().await.unwrap(), 0);
    assert_eq!(fixture.asked(), Vec::<String>::new());
    // One that died has it no longer than it said.
    fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(fixture.harvest().round().await.unwrap(), 1);
}
