//! The same, of publications.

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{AT, PLENTY, actions, by, content, id, made, names, new, origin, pair, place};
use crate::{
    domain::{
        ChangeError, DatasetStore as _, Digest, Hitch, Location, Publication, PublicationState,
        PublicationStore as _, Side, SiteStore as _, State,
    },
    store::Catalog,
};

const LEASE: Duration = Duration::MINUTE;

fn hitch() -> Hitch {
    Hitch::new("away", "応答なし", "it is away")
}

fn digest(n: u8) -> Digest {
    Digest {
        sha256: hex::encode([n; 32]),
        size: u64::from(n),
    }
}

fn of(n: u128) -> Uuid {
    id(n + 30_000)
}

async fn submitted(store: &Catalog, n: u128) -> Publication {
    made(store, n).await;
    let submitted = store.submit(id(n), None, of(n), PLENTY, &by(), AT).await;
    submitted.expect("it can be published")
}

async fn claimed(store: &Catalog, at: OffsetDateTime) -> Option<Publication> {
    store
        .claim(at, at + LEASE)
        .await
        .expect("the database works")
}

fn places(urls: &[&str]) -> Vec<(Location, String, Option<String>)> {
    let place = |(n, url): (usize, &&str)| (place(url), format!("r-{n}"), None);
    urls.iter().enumerate().map(place).collect()
}

async fn planned(store: &Catalog, n: u128, urls: &[&str]) -> Publication {
    submitted(store, n).await;
    let mut taken = claimed(store, AT).await.expect("it is due");
    taken.parts = store.plan(&taken, &places(urls)).await.expect("a plan");
    taken
}

async fn state(store: &Catalog, n: u128) -> (State, PublicationState) {
    let dataset = store.get(id(n)).await.unwrap().unwrap();
    let publication = store.publication(of(n)).await.unwrap().unwrap();
    (dataset.summary.state, publication.state)
}

pub async fn a_publication_is_of_the_newest_content_and_alone(store: Catalog) {
    made(&store, 1).await;
    let two = store
        .replace(id(1), None, &content("two"), PLENTY, &by(), AT)
        .await
        .unwrap();
    let old = store
        .submit(id(1), Some(1), of(1), PLENTY, &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(old, ChangeError::Outdated), "{old}");
    let made = store
        .submit(id(1), Some(two.revision), of(1), PLENTY, &by(), AT)
        .await
        .unwrap();
    assert_eq!(
        (made.version, made.state, made.claim),
        (2, PublicationState::Queued, 0)
    );
    assert_eq!(
        (made.author, made.queued_at, made.ended_at),
        (by(), AT, None)
    );
    assert_eq!(
        state(&store, 1).await,
        (State::Checking, PublicationState::Queued)
    );
    let again = store
        .submit(id(1), None, of(2), PLENTY, &by(), AT)
        .await
        .unwrap_err();
    assert!(
        matches!(again, ChangeError::State(State::Checking)),
        "{again}"
    );
    for refused in [
        store.withdraw(id(1), None, &by(), AT).await.map(drop),
        store.redraft(id(1), None, &by(), AT).await.map(drop),
        store.delete(id(1), None, &by(), AT).await,
    ] {
        assert!(
            matches!(refused, Err(ChangeError::State(State::Checking))),
            "{refused:?}"
        );
    }
    // Writing goes on, and what is published stays the content it was asked for; it is kept.
    for n in 3..=9 {
        store
            .replace(id(1), None, &content(&n.to_string()), 2, &by(), AT)
            .await
            .unwrap();
    }
    assert_eq!(state(&store, 1).await.0, State::Checking);
    assert_eq!(
        store.version(id(1), 2).await.unwrap(),
        Some(content("two").json)
    );
    store.forget(AT + LEASE).await.unwrap();
    assert_eq!(
        store.version(id(1), 2).await.unwrap(),
        Some(content("two").json)
    );
    let unknown = store
        .submit(id(9), None, of(9), PLENTY, &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(unknown, ChangeError::Unknown), "{unknown}");
    super::made(&store, 2).await;
    let full = store
        .submit(id(2), None, of(2), 1, &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(full, ChangeError::Full), "{full}");
    assert_eq!(state_of(&store, 2).await, State::Draft);
}

async fn state_of(store: &Catalog, n: u128) -> State {
    store.get(id(n)).await.unwrap().unwrap().summary.state
}

pub async fn one_at_a_time_has_a_publication(store: Catalog) {
    submitted(&store, 1).await;
    let (a, b) = tokio::join!(claimed(&store, AT), claimed(&store, AT));
    assert_eq!(usize::from(a.is_some()) + usize::from(b.is_some()), 1);
    let first = a.or(b).unwrap();
    assert_eq!((first.claim, first.state), (1, PublicationState::Checking));
    assert_eq!(claimed(&store, AT).await, None);
    store.renew(&first, AT + LEASE * 2).await.unwrap();
    assert_eq!(claimed(&store, AT + LEASE).await, None);
    // Whoever had it has said nothing more: what it still writes does not count.
    let mut first = first;
    first.parts = store.plan(&first, &places(&["u"])).await.unwrap();
    let second = claimed(&store, AT + LEASE * 2)
        .await
        .expect("it is due again");
    assert_eq!(second.claim, 2);
    assert_eq!(second.parts, first.parts);
    let late = AT + LEASE * 2;
    for refused in [
        store.renew(&first, late).await,
        store.plan(&first, &[]).await.map(drop),
        store.read(&first, 0, &digest(1), late).await.map(drop),
        store
            .finish(&first, &pair(1, &["u"]), &[], late)
            .await
            .map(drop),
        store.retry(&first, &hitch(), late).await,
        store.stop(&first, &hitch(), late).await,
    ] {
        assert!(matches!(refused, Err(ChangeError::Lost)), "{refused:?}");
    }
    assert_eq!(
        state(&store, 1).await,
        (State::Checking, PublicationState::Checking)
    );
    store
        .finish(&second, &pair(1, &["u"]), &[], late)
        .await
        .unwrap();
    assert_eq!(
        state(&store, 1).await,
        (State::Published, PublicationState::Done)
    );
    assert_eq!(claimed(&store, late + LEASE * 9).await, None);
}

pub async fn the_longest_due_is_taken_up_first(store: Catalog) {
    for n in 1..=3 {
        made(&store, n).await;
        let at = AT - Duration::SECOND * i32::try_from(n).unwrap();
        store
            .submit(id(n), None, of(n), PLENTY, &by(), at)
            .await
            .unwrap();
    }
    assert_eq!(claimed(&store, AT - LEASE).await, None);
    for n in [3, 2, 1] {
        assert_eq!(claimed(&store, AT).await.unwrap().dataset_id, id(n));
    }
    let list = async |of_dataset, before, limit| -> Vec<Uuid> {
        let list = store.publications(of_dataset, before, limit).await.unwrap();
        list.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(list(None, None, 2).await, [of(3), of(2)]);
    assert_eq!(list(None, Some(of(2)), 2).await, [of(1)]);
    assert_eq!(list(Some(id(2)), None, 2).await, [of(2)]);
}

pub async fn what_was_read_and_recorded_stays_so(store: Catalog) {
    let first = planned(&store, 1, &["u", "v"]).await;
    assert_eq!(first.parts.len(), 2);
    let (key, event) = store.read(&first, 0, &digest(1), AT).await.unwrap();
    assert_eq!(event, None);
    // It ended before the ledger answered. The next one asks under the same key.
    let mut second = claimed(&store, AT + LEASE).await.unwrap();
    second.parts = store.plan(&second, &places(&["u", "v"])).await.unwrap();
    assert_eq!(second.parts[0].digest, Some(digest(1)));
    assert_eq!(
        store.read(&second, 0, &digest(1), AT).await.unwrap(),
        (key, None)
    );
    assert_eq!(store.recorded(&second, 0, "e1").await.unwrap(), "e1");
    // What counts is what was written down first.
    assert_eq!(store.recorded(&second, 0, "e2").await.unwrap(), "e1");
    let mut third = claimed(&store, AT + LEASE * 2).await.unwrap();
    third.parts = store.plan(&third, &places(&["v", "u"])).await.unwrap();
    let known: Vec<_> = third
        .parts
        .iter()
        .map(|part| part.event_id.as_deref())
        .collect();
    assert_eq!(known, [None, Some("e1")]);
    assert_eq!(third.parts[1].digest, Some(digest(1)));
}

pub async fn the_same_bytes_at_the_same_place_have_one_event(store: Catalog) {
    let first = planned(&store, 1, &["u"]).await;
    let (key, _) = store.read(&first, 0, &digest(1), AT).await.unwrap();
    // Another dataset names the same place: it asks under the key of the first.
    let second = planned(&store, 2, &["u"]).await;
    assert_eq!(
        store.read(&second, 0, &digest(1), AT).await.unwrap(),
        (key.clone(), None)
    );
    let read = |of: &Publication| {
        let mut of = of.clone();
        of.parts[0].digest = Some(digest(1));
        of
    };
    assert_eq!(store.recorded(&read(&second), 0, "e1").await.unwrap(), "e1");
    assert_eq!(store.recorded(&read(&first), 0, "e1").await.unwrap(), "e1");
    let known = store.read(&first, 0, &digest(1), AT).await.unwrap();
    assert_eq!(known, (key.clone(), Some("e1".to_owned())));
    // Other bytes are another version.
    let (other, event) = store.read(&first, 0, &digest(2), AT).await.unwrap();
    assert!(other != key && event.is_none());
    let third = planned(&store, 3, &["w"]).await;
    let (elsewhere, _) = store.read(&third, 0, &digest(1), AT).await.unwrap();
    assert_ne!(elsewhere, key);
}

pub async fn events_that_were_there_before_stay(store: Catalog) {
    submitted(&store, 1).await;
    let first = claimed(&store, AT).await.unwrap();
    let named = |event: &str| [(place("u"), "r".to_owned(), Some(event.to_owned()))];
    let parts = store.plan(&first, &named("old")).await.unwrap();
    assert_eq!(
        (parts[0].event_id.as_deref(), &parts[0].digest),
        (Some("old"), &None)
    );
    let mut origin = origin("u", "old");
    origin.sha256 = None;
    store
        .finish(&first, &pair(1, &["u"]), &[origin], AT)
        .await
        .unwrap();
    // Another dataset that names the place without an event takes it over, one that names another event is refused.
    submitted(&store, 2).await;
    let second = claimed(&store, AT).await.unwrap();
    let parts = store.plan(&second, &places(&["u"])).await.unwrap();
    assert_eq!(parts[0].event_id.as_deref(), Some("old"));
    let other = store.plan(&second, &named("other")).await.unwrap_err();
    assert!(
        matches!(&other, ChangeError::OtherOrigin(url) if url == "u"),
        "{other}"
    );
    let same = store.plan(&second, &named("old")).await.unwrap();
    assert_eq!(same[0].event_id, parts[0].event_id);
}

pub async fn an_event_of_ones_own_in_a_content_does_not_stand_for_later_bytes(store: Catalog) {
    let mut first = planned(&store, 1, &["u"]).await;
    store.read(&first, 0, &digest(1), AT).await.unwrap();
    first.parts[0].digest = Some(digest(1));
    store.recorded(&first, 0, "e1").await.unwrap();
    submitted(&store, 2).await;
    let second = claimed(&store, AT).await.unwrap();
    let copied = [(place("u"), "r".to_owned(), Some("e1".to_owned()))];
    let parts = store.plan(&second, &copied).await.unwrap();
    assert_eq!((&parts[0].event_id, &parts[0].digest), (&None, &None));
}

pub async fn a_publication_that_stops_changes_nothing_on_the_sites(store: Catalog) {
    let first = planned(&store, 1, &["u"]).await;
    store.retry(&first, &hitch(), AT + LEASE).await.unwrap();
    assert_eq!(
        state(&store, 1).await,
        (State::Checking, PublicationState::Retrying)
    );
    assert_eq!(claimed(&store, AT).await, None);
    let second = claimed(&store, AT + LEASE).await.unwrap();
    assert_eq!((second.failures, second.hitch.clone()), (1, Some(hitch())));
    store.stop(&second, &hitch(), AT + LEASE).await.unwrap();
    assert_eq!(
        state(&store, 1).await,
        (State::Draft, PublicationState::Stopped)
    );
    let stopped = store.publication(of(1)).await.unwrap().unwrap();
    assert_eq!(
        (stopped.ended_at, stopped.hitch),
        (Some(AT + LEASE), Some(hitch()))
    );
    assert!(names(&store, Side::Public).await.is_empty());
    assert_eq!(store.progress().await.unwrap().number, 0);
    assert_eq!(actions(&store).await, ["create", "publish", "stop"]);
    // It can be asked for again, and the sites go on showing what they showed while it is looked at.
    store
        .show(id(1), 1, &pair(1, &["u"]), &[], &by(), AT)
        .await
        .unwrap();
    store
        .submit(id(1), None, of(2), PLENTY, &by(), AT)
        .await
        .unwrap();
    assert_eq!(names(&store, Side::Public).await, ["name-001"]);
    let cancelled = store.cancel(of(2), &hitch(), &by(), AT).await.unwrap();
    assert_eq!(cancelled.state, PublicationState::Stopped);
    assert_eq!(state_of(&store, 1).await, State::Published);
    let again = store.cancel(of(2), &hitch(), &by(), AT).await.unwrap_err();
    assert!(matches!(again, ChangeError::Lost), "{again}");
    let unknown = store.cancel(of(9), &hitch(), &by(), AT).await.unwrap_err();
    assert!(matches!(unknown, ChangeError::Unknown), "{unknown}");
    // What was withdrawn stays so.
    store.withdraw(id(1), None, &by(), AT).await.unwrap();
    store
        .submit(id(1), None, of(3), PLENTY, &by(), AT)
        .await
        .unwrap();
    store.cancel(of(3), &hitch(), &by(), AT).await.unwrap();
    assert_eq!(state_of(&store, 1).await, State::Withdrawn);
}

pub async fn publications_that_have_ended_are_forgotten(store: Catalog) {
    let first = planned(&store, 1, &["u"]).await;
    let second = planned(&store, 2, &["v"]).await;
    store
        .finish(&first, &pair(1, &["u"]), &[origin("u", "e")], AT)
        .await
        .unwrap();
    store.forget(AT + Duration::SECOND).await.unwrap();
    assert_eq!(store.publication(of(1)).await.unwrap(), None);
    assert_eq!(
        store.publication(of(2)).await.unwrap().unwrap().parts,
        second.parts
    );
    // The origin stays.
    let origins = store
        .origins_of(Side::Public, &[new(1).ids.public])
        .await
        .unwrap();
    assert_eq!(json!(origins), json!({"r-1-0": "e"}));
}
