//! Publishing over a database, with processes that end anywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use common::{
    clock::{Clock as _, ManualClock},
    process::Shutdown,
};
use common_db::{Database, Migrations};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value, json};
use sqlx::migrate::Migrator;
use test_postgres::Site;
use time::macros::datetime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    domain::{
        Author, Content, Creation, DataReader, DatasetStore as _, Digest, EventRecorder, Hitch,
        Location, NewDataset, PackageName, Plan, Planner, Publication, PublicationState,
        PublicationStore as _, Publisher, Resource, Shown, Side, SiteStore as _, State, StepError,
        Summary, ViewIds,
    },
    store::Catalog,
};

static HOST: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

/// Two addresses, which both views name; or what is wrong.
struct Planned;

#[async_trait]
impl Planner for Planned {
    async fn plan(&self, _: &Summary, content: &Value) -> Result<Plan, StepError> {
        if let Some(fault) = content["fault"].as_str() {
            return Err(StepError::Stop(Hitch::new(fault, "誤り", "wrong")));
        }
        let urls = content["urls"].as_array().expect("addresses");
        let place = |url: &Value| Location {
            url: url.as_str().expect("an address").to_owned(),
            tenant: String::new(),
            path: String::new(),
        };
        let views = Side::BOTH.map(|side| Shown {
            side,
            content: Map::from_iter([("title".to_owned(), json!("川"))]),
            resources: (urls.iter())
                .map(|url| Resource {
                    id: url.as_str().expect("an address").to_owned(),
                    location: place(url),
                })
                .collect(),
        });
        Ok(Plan {
            views: views.to_vec(),
            places: urls
                .iter()
                .map(|url| (place(url), "r".to_owned(), None))
                .collect(),
        })
    }
}

/// The world outside: what lies at the addresses, and the ledger.
#[derive(Default)]
struct World {
    /// By address; what is not there answers with an error.
    data: Mutex<BTreeMap<String, u8>>,
    /// By key: the event, its address and the bytes.
    events: Mutex<BTreeMap<String, (String, String, String)>>,
    reads: AtomicU32,
    asked: AtomicU32,
    is_ledger_away: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl DataReader for World {
    async fn read(&self, location: &Location) -> Result<Digest, StepError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let byte = self.data.lock().unwrap().get(&location.url).copied();
        let away = || StepError::Again(Hitch::new("away", "応答なし", "no answer"), Some(2));
        let byte = byte.ok_or_else(away)?;
        Ok(Digest {
            sha256: hex::encode([byte; 32]),
            size: u64::from(byte),
        })
    }
}

#[async_trait]
impl EventRecorder for World {
    async fn record(&self, creation: Creation<'_>) -> Result<String, StepError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_ledger_away.load(Ordering::Relaxed) {
            return Err(StepError::Again(Hitch::new("ledger", "停止", "away"), None));
        }
        tokio::task::yield_now().await;
        let event = {
            let mut events = self.events.lock().unwrap();
            let next = format!("e{}", events.len() + 1);
            let (url, sha256) = (&creation.location.url, &creation.digest.sha256);
            let entry = events.entry(creation.idempotency_key.to_owned());
            let event = entry.or_insert((next, url.clone(), sha256.clone()));
            assert_eq!(
                (&event.1, &event.2),
                (url, sha256),
                "one key for two things"
            );
            event.0.clone()
        };
        // It is written down, and the answer may yet be lost.
        tokio::task::yield_now().await;
        Ok(event)
    }
}

struct Scene {
    store: Arc<Catalog>,
    world: Arc<World>,
    clock: Arc<ManualClock>,
    site: Site,
}

impl Scene {
    async fn new(site: Site) -> Self {
        let database = Database::open(&site.config, &HOST).await.unwrap();
        let world = World::default();
        *world.data.lock().unwrap() = BTreeMap::from([("u".to_owned(), 1), ("v".to_owned(), 2)]);
        Self {
            store: Arc::new(Catalog::open(database).await.unwrap()),
            world: Arc::new(world),
            clock: Arc::new(ManualClock::new(datetime!(2026-11-30 00:00 UTC))),
            site,
        }
    }

    async fn each() -> [Self; 2] {
        let [sqlite, postgres] = Site::each();
        [Self::new(sqlite).await, Self::new(postgres).await]
    }

    /// A process of its own, and its connections, which end with it.
    async fn process(&self) -> (Publisher, Database) {
        let database = Database::open(&self.site.config, &HOST).await.unwrap();
        let publisher = Publisher {
            store: Arc::new(Catalog::open(database.clone()).await.unwrap()),
            ..self.publisher()
        };
        (publisher, database)
    }

    /// A process that lives.
    fn publisher(&self) -> Publisher {
        Publisher {
            store: self.store.clone(),
            planner: Arc::new(Planned),
            reader: self.world.clone(),
            recorder: self.world.clone(),
            clock: self.clock.clone(),
            wake: Arc::new(Notify::new()),
        }
    }

    async fn submit(&self, n: u128, content: Value) -> Publication {
        let (at, by) = (self.clock.now(), by());
        let id = Uuid::from_u128(n);
        let content = Content {
            json: content,
            title: "川".to_owned(),
            has: (true, true),
        };
        if self.store.get(id).await.unwrap().is_some() {
            self.store
                .replace(id, None, &content, 10, &by, at)
                .await
                .unwrap();
        } else {
            let new = NewDataset {
                id,
                name: PackageName::of(id),
                ids: ViewIds {
                    public: Uuid::from_u128(n + (1 << 64)),
                    limited: Uuid::from_u128(n + (2 << 64)),
                },
                content,
            };
            self.store.create(&new, 1_000, &by, at).await.unwrap();
        }
        let job = Uuid::from_u128(rand::rng().random());
        self.store
            .submit(id, None, job, 1_000, &by, at)
            .await
            .unwrap()
    }

    /// A whole turn of a process that lives.
    async fn turn(&self) -> bool {
        self.publisher().turn(&Shutdown::default()).await.unwrap()
    }

    async fn now(&self, of: &Publication) -> Publication {
        self.store.publication(of.id).await.unwrap().unwrap()
    }

    async fn names(&self, side: Side) -> Vec<String> {
        self.store.package_names(side, 0, 100).await.unwrap()
    }

    /// The events that the site shows for a dataset.
    async fn origins(&self, n: u128) -> BTreeSet<String> {
        let mut origins = BTreeSet::new();
        let dataset = self.store.get(Uuid::from_u128(n)).await.unwrap().unwrap();
        for side in Side::BOTH {
            let of_side = self
                .store
                .origins_of(side, &[dataset.summary.ids.of(side)])
                .await
                .unwrap();
            assert_eq!(of_side.len(), 2, "every distribution has an event");
            origins.extend(of_side.into_values());
        }
        origins
    }
}

fn by() -> Author {
    Author {
        user: "cadde.steward".to_owned(),
        via: "tool.example".to_owned(),
        request_id: "r1".to_owned(),
    }
}

/// Lets `doing` go on `polls` times, then ends it wherever it is. Whether it was done.
async fn at_most<T>(polls: u32, doing: impl Future<Output = T>) -> Option<T> {
    let mut doing = pin!(doing);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        doing.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_publication_is_read_recorded_and_shown() {
    for scene in Scene::each().await {
        assert!(!scene.turn().await);
        let asked = scene.submit(1, json!({"urls": ["u", "v"]})).await;
        assert!(scene.turn().await);
        let done = scene.now(&asked).await;
        assert_eq!((done.state, done.hitch), (PublicationState::Done, None));
        let dataset = scene.store.get(Uuid::from_u128(1)).await.unwrap().unwrap();
        assert_eq!(
            (dataset.summary.state, dataset.summary.visible_version),
            (State::Published, Some(1))
        );
        assert_eq!(
            scene.origins(1).await,
            BTreeSet::from(["e1".to_owned(), "e2".to_owned()])
        );
        // The same bytes again: nothing is recorded a second time.
        scene
            .submit(1, json!({"urls": ["u", "v"], "more": 1}))
            .await;
        assert!(scene.turn().await);
        assert_eq!(scene.world.asked.load(Ordering::Relaxed), 2);
        // Other bytes at one of them.
        scene.world.data.lock().unwrap().insert("v".to_owned(), 3);
        scene
            .submit(1, json!({"urls": ["u", "v"], "more": 2}))
            .await;
        assert!(scene.turn().await);
        assert_eq!(scene.world.asked.load(Ordering::Relaxed), 3);
        assert_eq!(
            scene.origins(1).await,
            BTreeSet::from(["e1".to_owned(), "e3".to_owned()])
        );
        assert!(!scene.turn().await);
    }
}

#[tokio::test]
async fn what_is_wrong_stops_it_and_what_is_away_lets_it_wait() {
    for scene in Scene::each().await {
        let wrong = scene.submit(1, json!({"fault": "title-missing"})).await;
        scene.turn().await;
        let stopped = scene.now(&wrong).await;
        assert_eq!(stopped.state, PublicationState::Stopped);
        assert_eq!(stopped.hitch.unwrap().kind, "title-missing");

        // An address that does not answer: twice, then it is the steward's business.
        let dead = scene.submit(1, json!({"urls": ["u", "dead"]})).await;
        scene.turn().await;
        assert_eq!(scene.now(&dead).await.state, PublicationState::Retrying);
        assert!(!scene.turn().await, "it is not due yet");
        scene.clock.advance(Duration::from_secs(2));
        assert!(scene.turn().await);
        let stopped = scene.now(&dead).await;
        assert_eq!(
            (stopped.state, stopped.failures),
            (PublicationState::Stopped, 1)
        );
        assert!(scene.names(Side::Public).await.is_empty());

        // The ledger is waited for, and what was read is not read again.
        scene.world.is_ledger_away.store(true, Ordering::Relaxed);
        let waits = scene.submit(1, json!({"urls": ["u", "v"]})).await;
        let reads = scene.world.reads.load(Ordering::Relaxed);
        for _ in 0..12 {
            assert!(scene.turn().await);
            assert_eq!(scene.now(&waits).await.state, PublicationState::Retrying);
            scene.clock.advance(Duration::from_mins(5));
        }
        assert_eq!(scene.now(&waits).await.failures, 12);
        scene.world.is_ledger_away.store(false, Ordering::Relaxed);
        assert!(scene.turn().await);
        assert_eq!(scene.now(&waits).await.state, PublicationState::Done);
        // "u" had its event from the attempt before, and "v" was read once.
        assert_eq!(scene.world.reads.load(Ordering::Relaxed), reads + 2);
    }
}

#[tokio::test]
async fn a_process_that_is_told_to_end_leaves_it_to_the_next() {
    for scene in Scene::each().await {
        let asked = scene.submit(1, json!({"urls": ["u", "v"]})).await;
        let shutdown = Shutdown::default();
        shutdown.cancel();
        scene.publisher().turn(&shutdown).await.unwrap();
        if scene.now(&asked).await.state != PublicationState::Done {
            // At once, without waiting for what was left to run out.
            assert!(scene.turn().await);
        }
        assert_eq!(scene.now(&asked).await.state, PublicationState::Done);
    }
}

/// What the system does with the connections of a process that has ended.
async fn close(database: Database) {
    match database {
        Database::Sqlite(file) => {
            file.writer.close().await;
            file.reader.close().await;
        }
        Database::Postgres(server) => server.pool.close().await,
    }
}

/// Rounds: one variable sets how many there are of everything that is killed.
fn rounds() -> u32 {
    let rounds = std::env::var("KAKEHASHI_ROUNDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

#[tokio::test]
async fn wherever_a_process_ends_there_is_no_half_a_pair_and_one_event_for_the_bytes() {
    for scene in Scene::each().await {
        let mut random = StdRng::seed_from_u64(11);
        let (mut ended, mut expected) = (0, BTreeSet::new());
        for round in 1..=rounds() {
            let n = u128::from(round);
            let urls = [format!("u{round}"), format!("v{round}")];
            for (url, byte) in urls.iter().zip([1, 2]) {
                scene.world.data.lock().unwrap().insert(url.clone(), byte);
                expected.insert((url.clone(), hex::encode([byte; 32])));
            }
            let asked = scene.submit(n, json!({"urls": urls})).await;
            for attempt in 0.. {
                let shutdown = Shutdown::default();
                let (publisher, database) = scene.process().await;
                // A whole publication takes some forty; the last process lives.
                let polls = if attempt < 6 {
                    random.random_range(1..40)
                } else {
                    u32::MAX
                };
                let done = at_most(polls, publisher.turn(&shutdown)).await;
                close(database).await;
                ended += u32::from(done.is_none());
                let sides = [
                    scene.names(Side::Public).await,
                    scene.names(Side::Limited).await,
                ];
                assert_eq!(sides[0], sides[1], "half a pair is shown");
                let now = scene.now(&asked).await;
                assert_eq!(
                    now.state == PublicationState::Done,
                    sides[0].len() == usize::try_from(round).unwrap()
                );
                if now.state == PublicationState::Done {
                    break;
                }
                scene.clock.advance(Duration::from_secs(30));
            }
            let events = scene.origins(n).await;
            let known = scene.world.events.lock().unwrap();
            let of_round: BTreeSet<String> = known
                .values()
                .filter(|(_, url, _)| urls.contains(url))
                .map(|(event, ..)| event.clone())
                .collect();
            assert_eq!(events, of_round);
        }
        assert!(ended > rounds() / 2, "{ended} processes ended early");
        // One event for each version of the bytes, however often the ledger was asked.
        let known = scene.world.events.lock().unwrap();
        let found: Vec<_> = known
            .values()
            .map(|(_, url, sha256)| (url.clone(), sha256.clone()))
            .collect();
        assert_eq!(found.len(), expected.len());
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
