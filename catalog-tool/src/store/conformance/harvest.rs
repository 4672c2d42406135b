//! What every database behind [`HarvestStore`] has to do.

use serde_json::json;
use time::Duration;

use super::AT;
use crate::domain::{HarvestStore, Record, SourceStatus, Trouble};

const SITE: &str = "p.example";
const OTHER: &str = "q.example";

fn record(id: &str, title: &str) -> Record {
    let name = format!("name-{id}");
    let told = json!({"id": id, "name": name, "title": title});
    Record {
        id: id.to_owned(),
        name,
        digest: format!("digest of {title}"),
        content: told.as_object().expect("an object").clone(),
    }
}

async fn ids(store: &impl HarvestStore, site: &str) -> Vec<String> {
    store.ids(site, "", 100).await.unwrap()
}

/// Ids of what changed after a number, and whether it is there.
async fn changed(store: &impl HarvestStore, after: i64) -> Vec<(String, bool)> {
    let changes = store.changes(after, 100).await.unwrap();
    assert!(
        changes
            .windows(2)
            .all(|pair| pair[0].number < pair[1].number)
    );
    let told = changes
        .into_iter()
        .map(|one| (one.id, one.content.is_some()));
    told.collect()
}

pub async fn packages_are_kept_found_and_counted(store: impl HarvestStore) {
    let kept = [record("2", "川"), record("1", "道")];
    assert_eq!(store.keep(SITE, &kept, AT).await.unwrap(), 2);
    assert_eq!(
        store.keep(OTHER, &[record("1", "海")], AT).await.unwrap(),
        1
    );
    assert_eq!(ids(&store, SITE).await, ["1", "2"]);
    assert_eq!(store.ids(SITE, "1", 100).await.unwrap(), ["2"]);
    assert_eq!(store.count(SITE).await.unwrap(), 2);
    let by_name = store.by_name(SITE, "name-2").await.unwrap().unwrap();
    assert_eq!(
        (by_name.id.as_str(), by_name.name.as_str()),
        ("2", "name-2")
    );
    assert_eq!(by_name.content.unwrap()["title"], "川");
    assert_eq!(store.by_name(OTHER, "name-2").await.unwrap(), None);
    assert_eq!(store.by_id("1").await.unwrap().unwrap().source, SITE);
    let key = |site: &str, id: &str| (site.to_owned(), id.to_owned());
    let keys = [key(SITE, "1"), key(OTHER, "2"), key(SITE, "nothing")];
    let found = store.records(&keys).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].source.as_str(), found[0].id.as_str()),
        (SITE, "1")
    );
}

pub async fn what_says_the_same_changes_nothing(store: impl HarvestStore) {
    let kept = [record("1", "川"), record("2", "川")];
    store.keep(SITE, &kept, AT).await.unwrap();
    let before = store.progress().await.unwrap();
    assert_eq!(before.1, 2);
    assert_eq!(store.keep(SITE, &kept, AT).await.unwrap(), 0);
    assert_eq!(store.progress().await.unwrap(), before);
    let mixed = [record("1", "海"), record("2", "川")];
    assert_eq!(store.keep(SITE, &mixed, AT).await.unwrap(), 1);
    assert_eq!(changed(&store, before.1).await, [("1".to_owned(), true)]);
}

pub async fn what_went_is_among_the_changes_and_can_come_back(store: impl HarvestStore) {
    let kept = [record("1", "川"), record("2", "川")];
    store.keep(SITE, &kept, AT).await.unwrap();
    let gone = ["1".to_owned(), "nothing".to_owned()];
    store.drop_records(SITE, &gone, AT).await.unwrap();
    assert_eq!(ids(&store, SITE).await, ["2"]);
    assert_eq!(store.by_id("1").await.unwrap(), None);
    assert_eq!(store.by_name(SITE, "name-1").await.unwrap(), None);
    assert_eq!(
        changed(&store, 0).await,
        [("2".to_owned(), true), ("1".to_owned(), false)]
    );
    // What says the same as before it went is there again.
    assert_eq!(store.keep(SITE, &kept, AT).await.unwrap(), 1);
    assert_eq!(ids(&store, SITE).await, ["1", "2"]);
}

pub async fn a_site_is_asked_by_one_at_a_time(store: impl HarvestStore) {
    let until = AT + Duration::MINUTE;
    let claimed = store.claim(SITE, until, AT).await.unwrap().unwrap();
    let new = SourceStatus {
        id: SITE.to_owned(),
        ..SourceStatus::default()
    };
    assert_eq!(claimed, new);
    assert_eq!(store.claim(SITE, until, AT).await.unwrap(), None);
    assert!(store.claim(OTHER, until, AT).await.unwrap().is_some());
    // Until it has told, or its time is over.
    let later = until + Duration::MINUTE;
    assert!(store.claim(SITE, later, until).await.unwrap().is_some());
    store.keep(SITE, &[record("1", "川")], AT).await.unwrap();
    let told = SourceStatus {
        title: Some("河川局".to_owned()),
        asked_at: Some(AT),
        answered_at: Some(AT),
        silent_since: Some(until),
        swept_at: Some(AT),
        skipped: 3,
        problem: Some(Trouble {
            ja: "返事がありません。".to_owned(),
            en: "No answer.".to_owned(),
        }),
        datasets: 1,
        ..new
    };
    store.tell(&told).await.unwrap();
    assert_eq!(
        store.claim(SITE, later, AT).await.unwrap().as_ref(),
        Some(&told)
    );
    let all = store.sources().await.unwrap();
    assert_eq!((all.len(), &all[0]), (2, &told));
}

pub async fn of_a_site_that_is_forgotten_nothing_is_found(store: impl HarvestStore) {
    store.claim(SITE, AT, AT).await.unwrap();
    store.keep(SITE, &[record("1", "川")], AT).await.unwrap();
    store.keep(OTHER, &[record("2", "川")], AT).await.unwrap();
    store.forget(SITE, AT).await.unwrap();
    assert_eq!(store.sources().await.unwrap(), []);
    assert_eq!(store.count(SITE).await.unwrap(), 0);
    assert_eq!(ids(&store, OTHER).await, ["2"]);
    assert_eq!(
        changed(&store, 0).await,
        [("2".to_owned(), true), ("1".to_owned(), false)]
    );
}
