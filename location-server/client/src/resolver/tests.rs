//! The order of the sources, the cache and the disk, against a server made of a few fields.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use common::{
    clock::{Clock as _, ManualClock},
    config::Period,
    process::Findings,
};
use http::StatusCode;
use jsonwebtoken::jwk::JwkSet;
use time::macros::datetime;

use super::*;
use crate::{config::StaticLocation, record::Profile, verify::testing::Signer};

const PROVIDER: &str = "cadde.1000000000001.aa";

/// What the server would say; `Err` is an outage.
struct Script {
    record: Mutex<Result<Option<LocationRecord>, StatusCode>>,
    jwks: Mutex<JwkSet>,
    /// Whether a question is left without an answer.
    hangs: AtomicBool,
    asked: AtomicUsize,
    keys_asked: AtomicUsize,
}

struct Scripted(Arc<Script>);

#[async_trait]
impl RecordSource for Scripted {
    async fn record(&self, _: &UserId) -> Result<Option<LocationRecord>, LookupError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        if self.0.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        // Others who ask get their turn, so that they would be counted if they came through.
        tokio::task::yield_now().await;
        self.0
            .record
            .lock()
            .expect("not poisoned")
            .clone()
            .map_err(LookupError::Status)
    }

    async fn keys(&self) -> Result<JwkSet, LookupError> {
        self.0.keys_asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.jwks.lock().expect("not poisoned").clone())
    }
}

struct LocationFixture {
    clock: Arc<ManualClock>,
    signer: Signer,
    script: Arc<Script>,
    config: LocationConfig,
    _dir: tempfile::TempDir,
}

impl LocationFixture {
    /// With a record of `https://one.example` that was asked for once.
    async fn asked_once() -> (Self, LocationResolver) {
        let world = Self::new();
        world.serves("https://one.example");
        let resolver = world.resolver();
        assert!(world.url(&resolver).await.is_some());
        (world, resolver)
    }

    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let signer = Signer::new();
        let script = Script {
            record: Mutex::new(Ok(None)),
            jwks: Mutex::new(signer.jwks()),
            hangs: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            keys_asked: AtomicUsize::new(0),
        };
        Self {
            clock: Arc::new(ManualClock::new(datetime!(2026-11-22 00:00 UTC))),
            signer,
            script: Arc::new(script),
            config: LocationConfig {
                url: "https://location.example".parse().expect("a URL"),
                cache: Period(Duration::from_mins(1)),
                state_file: dir.path().join("locations.json"),
                static_entries: BTreeMap::new(),
            },
            _dir: dir,
        }
    }

    fn resolver(&self) -> LocationResolver {
        LocationResolver::with_source(
            self.config.clone(),
            Box::new(Scripted(self.script.clone())),
            self.clock.clone(),
        )
    }

    fn serves(&self, url: &str) {
        let expires_at = self.clock.now() + Duration::from_hours(24);
        self.answers(Ok(Some(self.signer.record(PROVIDER, url, expires_at))));
    }

    fn answers(&self, answer: Result<Option<LocationRecord>, StatusCode>) {
        *self.script.record.lock().expect("not poisoned") = answer;
    }

    fn asked(&self) -> usize {
        self.script.asked.load(Ordering::SeqCst)
    }

    async fn url(&self, resolver: &LocationResolver) -> Option<String> {
        let found = resolver.resolve(&provider()).await.expect("an answer");
        found.map(|location| format!("{} {}", location.source.as_str(), location.url))
    }

    /// What the resolver says once a question in the background has been answered.
    async fn settles_at(&self, resolver: &LocationResolver, expected: &str) {
        for _ in 0..1_000 {
            if self.url(resolver).await.as_deref() == Some(expected) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?} never became {expected}", self.url(resolver).await);
    }

    /// Waits for a question in the background.
    async fn until_asked(&self, times: usize) {
        for _ in 0..1_000 {
            if self.asked() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("asked {} times, not {times}", self.asked());
    }

    async fn on_disk(&self, text: &str) {
        for _ in 0..1_000 {
            if std::fs::read_to_string(&self.config.state_file)
                .is_ok_and(|content| content.contains(text))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{text} never reached the disk");
    }
}

fn provider() -> UserId {
    PROVIDER.parse().expect("a user ID")
}

fn outage() -> Result<Option<LocationRecord>, StatusCode> {
    Err(StatusCode::BAD_GATEWAY)
}

#[tokio::test]
async fn answer_is_used_for_the_cache_time_and_then_asked_again() {
    let world = LocationFixture::new();
    let resolver = world.resolver();
    world.serves("https://one.example");
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "server https://one.example/"
    );
    world.serves("https://two.example");
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "server https://one.example/"
    );
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "server https://two.example/"
    );
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn one_lookup_serves_all_who_ask_at_once() {
    let world = LocationFixture::new();
    let resolver = world.resolver();
    world.serves("https://one.example");
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let resolver = resolver.clone();
            tokio::spawn(async move { resolver.resolve(&provider()).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap().is_some());
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn outage_is_bridged_by_the_record_on_disk_even_after_a_restart_until_it_expires() {
    let (world, resolver) = LocationFixture::asked_once().await;
    world.on_disk("https://one.example").await;
    drop(resolver);

    world.answers(outage());
    let restarted = world.resolver();
    assert_eq!(
        world.url(&restarted).await.unwrap(),
        "last-known https://one.example/"
    );
    world.clock.advance(Duration::from_hours(24));
    let error = restarted.resolve(&provider()).await.unwrap_err();
    assert!(
        matches!(*error.source, LookupError::Status(StatusCode::BAD_GATEWAY)),
        "{error:?}"
    );
}

#[tokio::test]
async fn server_that_swallows_questions_holds_up_nobody_who_has_a_last_known_record() {
    let (world, resolver) = LocationFixture::asked_once().await;
    world.answers(outage());
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "last-known https://one.example/"
    );

    world.script.hangs.store(true, Ordering::SeqCst);
    world.clock.advance(KEEP_SUBSTITUTE);
    let asked = world.asked();
    for _ in 0..10 {
        let answer = tokio::time::timeout(Duration::from_secs(5), world.url(&resolver)).await;
        assert_eq!(answer.unwrap().unwrap(), "last-known https://one.example/");
        tokio::task::yield_now().await;
    }
    assert_eq!(
        world.asked(),
        asked + 1,
        "asked again, once, in the background"
    );
}

#[tokio::test]
async fn server_that_comes_back_is_noticed_within_seconds() {
    let world = LocationFixture::new();
    let resolver = world.resolver();
    world.answers(outage());
    assert!(resolver.resolve(&provider()).await.is_err());
    assert!(resolver.resolve(&provider()).await.is_err());
    assert_eq!(
        world.asked(),
        1,
        "a failure answers those who ask right after it"
    );
    world.serves("https://one.example");
    world.clock.advance(KEEP_FAILURE);
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "server https://one.example/"
    );
}

#[tokio::test]
async fn record_altered_on_disk_is_refused() {
    let (world, resolver) = LocationFixture::asked_once().await;
    world.on_disk("https://one.example").await;
    drop(resolver);
    let altered = std::fs::read_to_string(&world.config.state_file)
        .unwrap()
        .replace("one.example", "bad.example");
    std::fs::write(&world.config.state_file, altered).unwrap();

    world.answers(outage());
    assert!(world.resolver().resolve(&provider()).await.is_err());
}

#[tokio::test]
async fn unreadable_file_is_no_obstacle() {
    let world = LocationFixture::new();
    std::fs::write(&world.config.state_file, "{ half a fi").unwrap();
    world.serves("https://one.example");
    let resolver = world.resolver();
    assert!(world.url(&resolver).await.is_some());
    world.on_disk("https://one.example").await;
}

#[tokio::test]
async fn removed_provider_is_forgotten_on_disk_too() {
    let world = LocationFixture::new();
    let resolver = world.resolver();
    world.serves("https://one.example");
    assert!(world.url(&resolver).await.is_some());
    world.answers(Ok(None));
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.url(&resolver).await, None);
    world.answers(outage());
    world.clock.advance(KEEP_SUBSTITUTE);
    assert!(
        resolver.resolve(&provider()).await.is_err(),
        "the old record must not come back"
    );
}

#[tokio::test]
async fn configured_entry_counts_last() {
    let mut world = LocationFixture::new();
    let entry = StaticLocation {
        url: "https://static.example".parse().unwrap(),
        connector_id: None,
        profile: Profile::Cadde4,
    };
    world.config.static_entries.insert(provider(), entry);
    let resolver = world.resolver();
    world.answers(outage());
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "configured https://static.example/"
    );
    world.serves("https://one.example");
    world.clock.advance(KEEP_SUBSTITUTE);
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "server https://one.example/"
    );
    world.answers(outage());
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "last-known https://one.example/"
    );
    world.answers(Ok(None));
    world.clock.advance(KEEP_SUBSTITUTE);
    world
        .settles_at(&resolver, "configured https://static.example/")
        .await;
}

#[tokio::test]
async fn plain_http_is_refused_wherever_it_stands() {
    let mut world = LocationFixture::new();
    world.serves("http://one.example");
    let entry = StaticLocation {
        url: "http://static.example".parse().unwrap(),
        connector_id: None,
        profile: Profile::Cadde4,
    };
    world.config.static_entries.insert(provider(), entry);
    Findings::of(&world.config).into_result().unwrap_err();
    let error = world.resolver().resolve(&provider()).await.unwrap_err();
    assert!(
        matches!(*error.source, LookupError::Refused(RecordError::Url(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn new_signing_key_is_fetched_but_not_for_every_bad_record() {
    let world = LocationFixture::new();
    let resolver = world.resolver();
    world.serves("https://one.example");
    assert!(world.url(&resolver).await.is_some());
    assert_eq!(world.script.keys_asked.load(Ordering::SeqCst), 1);

    let stranger = Signer::new();
    let forged = stranger.record(
        PROVIDER,
        "https://bad.example",
        world.clock.now() + Duration::from_hours(24),
    );
    world.answers(Ok(Some(forged)));
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "last-known https://one.example/"
    );
    world.clock.advance(KEEP_SUBSTITUTE);
    assert_eq!(
        world.url(&resolver).await.unwrap(),
        "last-known https://one.example/"
    );
    world.until_asked(3).await;
    assert_eq!(
        world.script.keys_asked.load(Ordering::SeqCst),
        2,
        "not asked again within ten seconds"
    );

    *world.script.jwks.lock().unwrap() = stranger.jwks();
    world.clock.advance(KEY_REFRESH_INTERVAL);
    world
        .settles_at(&resolver, "server https://bad.example/")
        .await;
}
