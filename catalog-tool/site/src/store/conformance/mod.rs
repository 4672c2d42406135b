//! What every database behind the catalogue has to do; one function a rule, run for each of them.

mod publications;
mod shown;

use common_db::sql;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

pub use self::{publications::*, shown::*};
use super::{
    Catalog, showing,
    writing::{locked, note},
};
use crate::domain::{
    Author, ChangeError, Content, DatasetStore as _, Filter, Location, NewDataset, Origin,
    PackageName, Resource, Shown, Side, SiteStore as _, State, Summary, ViewIds,
};

const AT: OffsetDateTime = datetime!(2026-11-30 01:02:03.000_456 UTC);
const PLENTY: u32 = 1_000;

fn by() -> Author {
    Author {
        user: "cadde.steward".to_owned(),
        via: "tool.example".to_owned(),
        request_id: "r1".to_owned(),
    }
}

/// The `n`th id of this test: those made later are greater.
fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0194_1f29_7c00_7000_8000_0000_0000_0000 + n)
}

fn content(title: &str) -> Content {
    Content {
        json: json!({"public": {"title": title}, "limited": {"title": title}}),
        title: title.to_owned(),
        has: (true, true),
    }
}

fn new(n: u128) -> NewDataset {
    NewDataset {
        id: id(n),
        name: format!("name-{n:03}").parse().expect("a name"),
        ids: ViewIds {
            public: id(n + 10_000),
            limited: id(n + 20_000),
        },
        content: content("one"),
    }
}

async fn made(store: &Catalog, n: u128) -> Summary {
    let made = store.create(&new(n), PLENTY, &by(), AT).await;
    made.expect("it is the first of its name")
}

fn place(url: &str) -> Location {
    Location {
        url: url.to_owned(),
        tenant: String::new(),
        path: String::new(),
    }
}

fn shown(side: Side, n: u128, urls: &[&str]) -> Shown {
    let resources = urls.iter().enumerate().map(|(at, url)| Resource {
        id: format!("r-{n}-{at}"),
        location: place(url),
    });
    let mut content = Map::new();
    content.insert("title".to_owned(), format!("{side} {n}").into());
    Shown {
        side,
        content,
        resources: resources.collect(),
    }
}

fn pair(n: u128, urls: &[&str]) -> [Shown; 2] {
    Side::BOTH.map(|side| shown(side, n, urls))
}

fn origin(url: &str, event_id: &str) -> Origin {
    Origin {
        location: place(url),
        event_id: event_id.to_owned(),
        sha256: Some("00".repeat(32)),
    }
}

impl Catalog {
    /// Makes the sites show something, as a publication does at its end.
    async fn show(
        &self,
        id: Uuid,
        version: i64,
        views: &[Shown],
        origins: &[Origin],
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, id, None).await?;
            let is = showing::show(&mut tx, &was, version, views, origins, at).await?;
            note(&mut tx, "show", (id, version), by, at).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }
}

async fn published(store: &Catalog, n: u128) -> Summary {
    let made = made(store, n).await;
    let shown = store
        .show(made.id, 1, &pair(n, &["u"]), &[], &by(), AT)
        .await;
    shown.expect("it can be shown")
}

async fn names(store: &Catalog, side: Side) -> Vec<String> {
    store.package_names(side, 0, 100).await.expect("names")
}

async fn last(store: &Catalog) -> i64 {
    store.progress().await.expect("the counter").number
}

/// The datasets that changed after `since`.
async fn changed(store: &Catalog, since: i64) -> Vec<Uuid> {
    let changes = store.changes(since, 100).await.expect("changes");
    changes
        .into_iter()
        .map(|change| change.dataset_id)
        .collect()
}

async fn actions(store: &Catalog) -> Vec<String> {
    let rows = sql("SELECT action FROM catalog_edit ORDER BY seq");
    let rows = store.database.fetch_all(rows).await.expect("the history");
    rows.iter()
        .map(|row| row.get("action").expect("a word"))
        .collect()
}

pub async fn a_dataset_is_found_as_it_was_made(store: Catalog) {
    let made = made(&store, 1).await;
    let expected = Summary {
        id: id(1),
        name: "name-001".parse().unwrap(),
        ids: new(1).ids,
        state: State::Draft,
        revision: 1,
        version: 1,
        visible_version: None,
        checked_version: None,
        title: "one".to_owned(),
        has: (true, true),
        created_at: AT,
        modified_at: AT,
        published_at: None,
        withdrawn_at: None,
    };
    assert_eq!(made, expected);
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!((found.summary, found.content), (made, content("one").json));
    assert_eq!(store.get(id(2)).await.unwrap(), None);
    assert_eq!(store.versions(id(1), None, 10).await.unwrap().len(), 1);
    assert_eq!(actions(&store).await, ["create"]);
    assert!(names(&store, Side::Public).await.is_empty());
}

pub async fn names_and_ids_are_one_datasets_alone(store: Catalog) {
    made(&store, 1).await;
    let create = async |change: fn(&mut NewDataset)| {
        let mut other = new(2);
        change(&mut other);
        store.create(&other, PLENTY, &by(), AT).await.unwrap_err()
    };
    let name = create(|other| other.name = new(1).name).await;
    assert!(matches!(name, ChangeError::NameTaken), "{name}");
    for change in [
        (|other: &mut NewDataset| other.id = id(1)) as fn(&mut NewDataset),
        |other: &mut NewDataset| other.ids.public = new(1).ids.public,
        |other: &mut NewDataset| other.ids.limited = new(1).ids.limited,
    ] {
        let taken = create(change).await;
        assert!(matches!(taken, ChangeError::IdTaken), "{taken}");
    }
    assert_eq!(
        store.list(Filter::default(), None, 10).await.unwrap().len(),
        1
    );
    assert_eq!(actions(&store).await, ["create"]);
}

pub async fn there_are_no_more_than_may_be(store: Catalog) {
    for n in 1..=2 {
        store.create(&new(n), 2, &by(), AT).await.unwrap();
    }
    let full = store.create(&new(3), 2, &by(), AT).await.unwrap_err();
    assert!(matches!(full, ChangeError::Full), "{full}");
    store.delete(id(1), None, &by(), AT).await.unwrap();
    store.create(&new(3), 2, &by(), AT).await.unwrap();
}

pub async fn a_change_from_an_old_revision_is_refused(store: Catalog) {
    let one = made(&store, 1).await;
    let replace = async |from, title: &str| {
        let content = content(title);
        store
            .replace(id(1), from, &content, PLENTY, &by(), AT + Duration::SECOND)
            .await
    };
    let two = replace(Some(one.revision), "two").await.unwrap();
    assert_eq!((two.version, two.title.as_str()), (2, "two"));
    assert_eq!(two.modified_at, AT + Duration::SECOND);
    assert_ne!(two.revision, one.revision);
    let old = replace(Some(one.revision), "three").await.unwrap_err();
    assert!(matches!(old, ChangeError::Outdated), "{old}");
    for refused in [
        store
            .withdraw(id(1), Some(one.revision), &by(), AT)
            .await
            .map(drop),
        store
            .redraft(id(1), Some(one.revision), &by(), AT)
            .await
            .map(drop),
        store.delete(id(1), Some(one.revision), &by(), AT).await,
    ] {
        assert!(matches!(refused, Err(ChangeError::Outdated)), "{refused:?}");
    }
    assert_eq!(
        store.get(id(1)).await.unwrap().unwrap().content,
        content("two").json
    );
    assert_eq!(replace(None, "four").await.unwrap().version, 3);
    let unknown = store
        .replace(id(9), None, &content("x"), PLENTY, &by(), AT)
        .await;
    assert!(matches!(unknown, Err(ChangeError::Unknown)), "{unknown:?}");
    // Refused changes left no line.
    assert_eq!(actions(&store).await, ["create", "change", "change"]);
}

pub async fn of_changes_at_the_same_time_one_wins(store: Catalog) {
    let one = made(&store, 1).await;
    let change = async |title: &str| {
        let content = content(title);
        let from = Some(one.revision);
        store
            .replace(id(1), from, &content, PLENTY, &by(), AT)
            .await
            .is_ok()
    };
    let removal = async || {
        store
            .delete(id(1), Some(one.revision), &by(), AT)
            .await
            .is_ok()
    };
    let outcomes: [bool; 5] =
        tokio::join!(change("a"), removal(), change("b"), removal(), change("c")).into();
    assert_eq!(outcomes.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(actions(&store).await.len(), 2);
}

pub async fn the_same_content_is_no_new_version(store: Catalog) {
    let one = made(&store, 1).await;
    let later = AT + Duration::SECOND;
    let same = store
        .replace(id(1), None, &content("one"), PLENTY, &by(), later)
        .await;
    assert_eq!(same.unwrap(), one);
    assert_eq!(actions(&store).await, ["create"]);
}

pub async fn of_versions_the_newest_and_the_shown_are_kept(store: Catalog) {
    published(&store, 1).await;
    for n in 2..=6 {
        let content = content(&n.to_string());
        store
            .replace(id(1), None, &content, 3, &by(), AT)
            .await
            .unwrap();
    }
    let numbers = |all: Vec<crate::domain::VersionSummary>| -> Vec<i64> {
        all.into_iter().map(|version| version.number).collect()
    };
    assert_eq!(
        numbers(store.versions(id(1), None, 10).await.unwrap()),
        [6, 5, 4, 1]
    );
    assert_eq!(
        numbers(store.versions(id(1), Some(5), 1).await.unwrap()),
        [4]
    );
    assert_eq!(
        store.version(id(1), 1).await.unwrap(),
        Some(content("one").json)
    );
    assert_eq!(store.version(id(1), 2).await.unwrap(), None);
}

pub async fn lists_go_from_the_newest_on_without_gap(store: Catalog) {
    for n in 1..=5 {
        made(&store, n).await;
    }
    store
        .show(id(2), 1, &pair(2, &[]), &[], &by(), AT)
        .await
        .unwrap();
    let list = async |state, before, limit| -> Vec<Uuid> {
        let list = store.list(Filter { state }, before, limit).await.unwrap();
        list.into_iter().map(|one| one.id).collect()
    };
    assert_eq!(list(None, None, 3).await, [id(5), id(4), id(3)]);
    assert_eq!(list(None, Some(id(3)), 3).await, [id(2), id(1)]);
    assert!(list(None, Some(id(1)), 3).await.is_empty());
    assert_eq!(list(Some(State::Published), None, 3).await, [id(2)]);
    assert_eq!(
        list(Some(State::Draft), Some(id(4)), 3).await,
        [id(3), id(1)]
    );
}

pub async fn what_is_old_is_forgotten_but_for_what_counts(store: Catalog) {
    let hour = Duration::HOUR;
    published(&store, 1).await;
    for n in 2..=4 {
        let at = AT + hour * (n - 1);
        let content = content(&n.to_string());
        store
            .replace(id(1), None, &content, PLENTY, &by(), at)
            .await
            .unwrap();
    }
    assert_eq!(store.forget(AT).await.unwrap(), 0);
    // The first is shown, the second goes, with the lines of the making, the showing and the first change.
    assert_eq!(store.forget(AT + hour + Duration::SECOND).await.unwrap(), 4);
    let left: Vec<_> = store.versions(id(1), None, 10).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|version| version.number).collect();
    assert_eq!(left, [4, 3, 1]);
    store.forget(AT + hour * 100).await.unwrap();
    let left: Vec<_> = store.versions(id(1), None, 10).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|version| version.number).collect();
    assert_eq!(left, [4, 1]);
    assert!(actions(&store).await.is_empty());
}

pub async fn unknown_members_and_odd_texts_come_back(store: Catalog) {
    let odd = json!({
        "": [null, true, 1.5, -9_007_199_254_740_993_i64, {"深い": {"x": "\u{1F30A}\u{202E}\"\\\n"}}],
        "empty": {}, "list": [],
    });
    let content = Content {
        json: odd.clone(),
        title: "河川\u{200B}'; DROP TABLE catalog_dataset; --".to_owned(),
        has: (false, true),
    };
    let dataset = NewDataset {
        name: PackageName::of(id(1)),
        content: content.clone(),
        ..new(1)
    };
    store.create(&dataset, PLENTY, &by(), AT).await.unwrap();
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(found.content, odd);
    assert_eq!(found.summary.title, content.title);
    assert_eq!(found.summary.has, (false, true));
    let Value::Object(members) = odd else {
        panic!("it is an object")
    };
    let view = Shown {
        side: Side::Limited,
        content: members.clone(),
        resources: Vec::new(),
    };
    store.show(id(1), 1, &[view], &[], &by(), AT).await.unwrap();
    let package = store
        .package(Side::Limited, dataset.name.as_str())
        .await
        .unwrap();
    assert_eq!(package.unwrap().content, members);
}
