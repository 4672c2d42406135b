//! What every database behind [`LocationStore`] has to do; one function a rule, run for each of them.

use common::ids::{ConnectorId, UserId};
use location_client::{
    api::{ChangeKind, Entry},
    record::Profile,
};
use time::{OffsetDateTime, macros::datetime};

use crate::domain::{Author, LocationStore, Stored};

const AT: OffsetDateTime = datetime!(2026-11-22 01:02:03.000_456 UTC);

fn id(text: &str) -> UserId {
    UserId::parse(text).expect("a user ID")
}

fn entry(url: &str) -> Entry {
    Entry {
        provider_connector_url: url.to_owned(),
        connector_id: Some("p.example".to_owned()),
        profile: Profile::Kakehashi1,
    }
}

pub fn author() -> Author {
    Author {
        user: Some(id("cadde.op")),
        certificate_id: ConnectorId::parse("tool.example").expect("a connector ID"),
        certificate_sha256: "00".repeat(32),
        request_id: "r1".to_owned(),
    }
}

async fn created(store: &impl LocationStore, provider: &str) -> Stored {
    let made = store
        .create(&id(provider), &entry("https://one.example"), &author(), AT)
        .await;
    made.expect("the database works").expect("there was none")
}

/// A record is found as it was made, and only under its own ID.
pub async fn record_is_found_as_it_was_made(store: impl LocationStore) {
    let made = created(&store, "Provider1@dataex.jp").await;
    assert_eq!(
        store.get(&id("Provider1@dataex.jp")).await.unwrap(),
        Some(made)
    );
    assert_eq!(store.get(&id("provider1@dataex.jp")).await.unwrap(), None);
}

/// A provider has one record.
pub async fn second_creation_changes_nothing(store: impl LocationStore) {
    let made = created(&store, "p").await;
    assert_eq!(
        store
            .create(&id("p"), &entry("https://two.example"), &author(), AT)
            .await
            .unwrap(),
        None
    );
    assert_eq!(store.get(&id("p")).await.unwrap(), Some(made));
    assert_eq!(store.changes(None, 0, 10).await.unwrap().len(), 1);
}

/// A change applies to the version it was made from, and to no other.
pub async fn change_from_an_old_version_is_refused(store: impl LocationStore) {
    let one = created(&store, "p").await;
    let two = store
        .replace(&one, &entry("https://two.example"), &author(), AT)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(two.version, one.version);
    assert_eq!(
        store
            .replace(&one, &entry("https://three.example"), &author(), AT)
            .await
            .unwrap(),
        None
    );
    assert!(!store.delete(&one, &author(), AT).await.unwrap());
    assert_eq!(store.get(&id("p")).await.unwrap(), Some(two.clone()));
    assert!(store.delete(&two, &author(), AT).await.unwrap());
    assert_eq!(store.get(&id("p")).await.unwrap(), None);
    // Refused changes left no line.
    assert_eq!(store.changes(None, 0, 10).await.unwrap().len(), 3);
}

/// Of several changes from one version the first is made, the others are refused, and the history tells of the first alone.
pub async fn of_changes_at_the_same_time_one_wins(store: impl LocationStore) {
    let one = created(&store, "p").await;
    let (author, other) = (author(), entry("https://two.example"));
    let change = || async {
        store
            .replace(&one, &other, &author, AT)
            .await
            .unwrap()
            .is_some()
    };
    let removal = || async { store.delete(&one, &author, AT).await.unwrap() };
    let outcomes = tokio::join!(change(), removal(), change(), removal(), change());
    let outcomes: [bool; 5] = outcomes.into();
    assert_eq!(outcomes.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(store.changes(None, 0, 10).await.unwrap().len(), 2);
}

/// A record that was deleted and made again is another version.
pub async fn version_is_never_used_twice(store: impl LocationStore) {
    let first = created(&store, "p").await;
    assert!(store.delete(&first, &author(), AT).await.unwrap());
    let again = created(&store, "p").await;
    assert!(again.version > first.version);
    assert!(!store.delete(&first, &author(), AT).await.unwrap());
}

/// Pages follow each other without gap or overlap.
pub async fn list_pages_by_provider_id(store: impl LocationStore) {
    assert_eq!(names_from(&store, None).await, ["a", "b", "c"]);
    assert_eq!(names_from(&store, Some("c")).await, ["d"]);
    assert!(names_from(&store, Some("d")).await.is_empty());
}

/// What stands before its NUL counts: no name that is stored has one.
pub async fn a_cursor_with_nul_is_no_failure(store: impl LocationStore) {
    assert_eq!(names_from(&store, Some("b\0z")).await, ["c", "d"]);
}

/// The first three after `cursor` of the records `a` to `d`, which are made where they are missing.
async fn names_from(store: &impl LocationStore, cursor: Option<&str>) -> Vec<String> {
    for provider in ["b", "a", "d", "c"] {
        if store.get(&id(provider)).await.unwrap().is_none() {
            created(store, provider).await;
        }
    }
    let page = store.list(cursor, 3).await.unwrap();
    page.into_iter()
        .map(|one| one.provider.to_string())
        .collect()
}

/// The history has every change with its author, in order, of all providers or of one.
pub async fn history_is_complete(store: impl LocationStore) {
    let one = created(&store, "p").await;
    created(&store, "q").await;
    let own = Author {
        user: None,
        ..author()
    };
    let two = store
        .replace(&one, &entry("https://two.example"), &own, AT)
        .await
        .unwrap()
        .unwrap();
    assert!(store.delete(&two, &author(), AT).await.unwrap());

    let all = store.changes(None, 0, 10).await.unwrap();
    assert_eq!(all.len(), 4);
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));
    let of_p = store.changes(Some(&id("p")), 0, 10).await.unwrap();
    let kinds: Vec<_> = of_p.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete]
    );
    assert_eq!(of_p[0].at, AT);
    assert_eq!(of_p[0].user_id.as_deref(), Some("cadde.op"));
    assert_eq!(
        (of_p[0].before.clone(), of_p[0].after.clone()),
        (None, Some(entry("https://one.example")))
    );
    assert_eq!(of_p[1].user_id, None);
    assert_eq!(of_p[1].after, Some(entry("https://two.example")));
    assert_eq!(
        (of_p[2].before.clone(), of_p[2].after.clone()),
        (Some(entry("https://two.example")), None)
    );
    let later = store.changes(Some(&id("p")), of_p[0].id, 1).await.unwrap();
    assert_eq!(later, of_p[1..2]);
}

/// Whoever has read the history up to a number finds everything that comes later behind it, however many change at a time.
pub async fn history_grows_at_its_end_alone(store: impl LocationStore) {
    let make = async |name: &str| {
        for n in 0..10 {
            created(&store, &format!("{name}{n}")).await;
        }
    };
    let read = async {
        let mut seen = Vec::new();
        while seen.len() < 30 {
            let after = seen.last().copied().unwrap_or(0);
            let news = store.changes(None, after, 5).await.unwrap();
            seen.extend(news.into_iter().map(|change| change.id));
            tokio::task::yield_now().await;
        }
    };
    let all = async { tokio::join!(make("p"), make("q"), make("r"), read) };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(30), all).await;
    assert!(in_time.is_ok(), "a change was overlooked");
}

/// What is older than the history is kept goes, but for what a record stands on, and nothing else does.
pub async fn history_ends_where_it_is_kept_no_longer(store: impl LocationStore) {
    let (hour, author) = (time::Duration::HOUR, author());
    let replace = async |from: &Stored, at| {
        let entry = entry("https://two.example");
        let replaced = store.replace(from, &entry, &author, at).await;
        replaced.expect("the database works").expect("it is there")
    };
    let untouched = created(&store, "untouched").await;
    let mut moved = created(&store, "moved").await;
    for _ in 0..510 {
        moved = replace(&moved, AT).await;
    }
    moved = replace(&moved, AT + hour * 2).await;
    let changes = async || {
        let all = store.changes(None, 0, 10).await.expect("changes");
        all.into_iter().map(|change| change.id).collect::<Vec<_>>()
    };
    assert_eq!(store.forget_changes(AT).await.unwrap(), 0);
    assert_eq!(changes().await.len(), 10);
    // The creation of the one that moved, and all that it was in between.
    assert_eq!(store.forget_changes(AT + hour).await.unwrap(), 511);
    assert_eq!(changes().await, [untouched.version, moved.version]);
    assert_eq!(store.forget_changes(AT + hour).await.unwrap(), 0);
    assert_eq!(
        store.get(&id("untouched")).await.unwrap(),
        Some(untouched.clone())
    );
    let touched = replace(&untouched, AT + hour * 3).await;
    assert_eq!(store.forget_changes(AT + hour * 2).await.unwrap(), 1);
    assert_eq!(changes().await, [moved.version, touched.version]);
}
