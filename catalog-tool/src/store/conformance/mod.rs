//! What every database behind [`DraftStore`] has to do; one function a rule, run for each of them.

pub mod harvest;

use catalog_items::Limits;
use common::ids::ConnectorId;
use serde_json::json;
use test_kit::connector_id;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::domain::{
    Asked, By, ChangeError, Content, Draft, DraftStore, From, NewDraft, Order, SaveDraft, State,
    read_content,
};

const AT: OffsetDateTime = datetime!(2026-11-22 01:02:03.000_456 UTC);

fn own() -> ConnectorId {
    connector_id("p.example")
}

const fn by(user: &str) -> By<'_> {
    By { user, at: AT }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn titled(title: &str) -> Content {
    let json = json!({"sharing": "open", "public": {"fields": {"title": title}}});
    read_content(json.to_string().as_bytes(), &Limits::default()).expect("a dataset")
}

fn save(number: u128, from: From, content: &Content) -> SaveDraft<'_> {
    SaveDraft {
        id: id(number),
        from,
        content,
        restored_from: None,
        keep: 10,
    }
}

async fn create(
    store: &impl DraftStore,
    number: u128,
    provider: &ConnectorId,
    title: &str,
    most: u32,
) -> Result<Draft, ChangeError> {
    let content = titled(title);
    let new = NewDraft {
        id: id(number),
        provider,
        content: &content,
        site: None,
    };
    store.create(new, most, by("a")).await
}

async fn made(store: &impl DraftStore, number: u128, title: &str) -> Draft {
    let made = create(store, number, &own(), title, 100).await;
    made.expect("it is made")
}

fn asked() -> Asked {
    Asked {
        providers: vec![own().to_string()],
        state: None,
        text: None,
        order: Order::Newest,
        offset: 0,
        limit: 100,
    }
}

async fn titles(store: &impl DraftStore, asked: &Asked) -> Vec<String> {
    let listed = store.list(asked).await.expect("a list");
    listed.drafts.into_iter().map(|draft| draft.title).collect()
}

pub async fn a_draft_is_found_as_it_was_made(store: impl DraftStore) {
    let made = made(&store, 1, "避難所").await;
    assert_eq!(
        (made.revision, made.version, made.state),
        (1, 1, State::Draft)
    );
    assert_eq!(
        (made.created_at, made.saved_at, made.changed_at),
        (AT, AT, AT)
    );
    assert_eq!(made.errors, titled("避難所").check.errors);
    assert_eq!(store.get(id(1)).await.unwrap(), Some(made.clone()));
    let newest = store.newest(id(1)).await.unwrap().unwrap();
    assert_eq!(newest.draft, made);
    assert_eq!(newest.version.content, titled("避難所").json);
    assert_eq!(newest.version.summary.number, 1);
    assert_eq!(store.get(id(2)).await.unwrap(), None);
    assert!(store.newest(id(2)).await.unwrap().is_none());
}

pub async fn there_are_no_more_than_may_be(store: impl DraftStore) {
    made(&store, 1, "a").await;
    let full = create(&store, 2, &own(), "b", 1).await;
    assert!(matches!(full, Err(ChangeError::Full)), "{full:?}");
    // Of another provider there is room.
    let other = connector_id("q.example");
    create(&store, 3, &other, "c", 1).await.unwrap();
    // One that was deleted takes its room until it is forgotten.
    store.delete(id(1), From::Any, by("a")).await.unwrap();
    let full = create(&store, 2, &own(), "b", 1).await;
    assert!(matches!(full, Err(ChangeError::Full)), "{full:?}");
}

pub async fn a_change_from_an_old_revision_is_refused_and_says_who_was_first(
    store: impl DraftStore,
) {
    made(&store, 1, "a").await;
    let (first, second) = (titled("b"), titled("c"));
    let later = By {
        user: "b",
        at: AT + Duration::SECOND,
    };
    let is = store
        .save(save(1, From::Revision(1), &first), later)
        .await
        .unwrap();
    assert_eq!((is.revision, is.version, is.title.as_str()), (2, 2, "b"));
    let refused = store
        .save(save(1, From::Revision(1), &second), by("a"))
        .await;
    let Err(ChangeError::Changed(stands)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (stands.changed_by.as_str(), stands.changed_at),
        ("b", later.at)
    );
    assert_eq!(*stands, is);
    let refused = store.delete(id(1), From::Revision(1), by("a")).await;
    assert!(
        matches!(refused, Err(ChangeError::Changed(_))),
        "{refused:?}"
    );
    // Whoever says so overwrites.
    let is = store
        .save(save(1, From::Any, &second), by("a"))
        .await
        .unwrap();
    assert_eq!(is.title, "c");
    let unknown = store.save(save(9, From::Any, &second), by("a")).await;
    assert!(matches!(unknown, Err(ChangeError::Unknown)), "{unknown:?}");
}

pub async fn of_saves_at_the_same_time_one_wins(store: impl DraftStore) {
    made(&store, 1, "a").await;
    let contents: Vec<_> = (0..8).map(|n| titled(&format!("t{n}"))).collect();
    let saves = contents
        .iter()
        .map(|content| store.save(save(1, From::Revision(1), content), by("a")));
    let mut won = 0;
    for outcome in join_all(saves).await {
        match outcome {
            Ok(_) => won += 1,
            Err(ChangeError::Changed(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(store.get(id(1)).await.unwrap().unwrap().version, 2);
}

/// All at the same time.
async fn join_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    use std::{pin::Pin, task::Poll};
    let mut running: Vec<Pin<Box<F>>> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

pub async fn the_same_content_is_no_new_version(store: impl DraftStore) {
    let made = made(&store, 1, "a").await;
    let later = By {
        user: "b",
        at: AT + Duration::HOUR,
    };
    let is = store
        .save(save(1, From::Revision(1), &titled("a")), later)
        .await
        .unwrap();
    assert_eq!(is, made);
}

pub async fn a_restored_content_is_a_new_version_even_if_it_is_the_same(store: impl DraftStore) {
    made(&store, 1, "a").await;
    let content = titled("a");
    let restore = SaveDraft {
        restored_from: Some(1),
        ..save(1, From::Revision(1), &content)
    };
    let is = store.save(restore, by("a")).await.unwrap();
    assert_eq!((is.version, is.revision), (2, 2));
    let versions = store.versions(id(1)).await.unwrap();
    let restored: Vec<_> = versions
        .iter()
        .map(|one| (one.number, one.restored_from))
        .collect();
    assert_eq!(restored, [(2, Some(1)), (1, None)]);
}

pub async fn the_last_versions_are_kept(store: impl DraftStore) {
    made(&store, 1, "t1").await;
    for number in 2..=15 {
        let content = titled(&format!("t{number}"));
        store
            .save(save(1, From::Any, &content), by("a"))
            .await
            .unwrap();
    }
    let versions = store.versions(id(1)).await.unwrap();
    let numbers: Vec<i64> = versions.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (6..=15).rev().collect::<Vec<_>>());
    assert_eq!(versions[0].title, "t15");
    assert_eq!(store.version(id(1), 5).await.unwrap(), None);
    let kept = store.version(id(1), 6).await.unwrap().unwrap();
    assert_eq!(kept.content, titled("t6").json);
    assert_eq!(store.before(id(1), 7).await.unwrap(), Some(kept));
    assert_eq!(store.before(id(1), 6).await.unwrap(), None);
}

pub async fn lists_are_of_those_providers_and_count_by_state(store: impl DraftStore) {
    made(&store, 1, "a").await;
    made(&store, 2, "b").await;
    let other = connector_id("q.example");
    create(&store, 3, &other, "c", 100).await.unwrap();
    let listed = store.list(&asked()).await.unwrap();
    assert_eq!((listed.counts.all(), listed.counts.draft), (2, 2));
    assert_eq!(listed.counts.at(Some(State::Published)), 0);
    let none = Asked {
        providers: vec![],
        ..asked()
    };
    assert_eq!(titles(&store, &none).await, Vec::<String>::new());
    let both = Asked {
        providers: vec![own().to_string(), other.to_string()],
        ..asked()
    };
    assert_eq!(titles(&store, &both).await.len(), 3);
    let published = Asked {
        state: Some(State::Published),
        ..both
    };
    let listed = store.list(&published).await.unwrap();
    assert_eq!((listed.drafts.len(), listed.counts.all()), (0, 3));
}

pub async fn texts_are_looked_for_as_they_are(store: impl DraftStore) {
    for (number, title) in (1..).zip(["100%の川", "100の川", "a_b", "axb", "a\\b", "ＡＢＣカワ"])
    {
        made(&store, number, title).await;
    }
    for (text, found) in [
        ("100%", "100%の川"),
        ("a_b", "a_b"),
        ("a\\b", "a\\b"),
        ("abcかわ", "ＡＢＣカワ"),
    ] {
        let asked = Asked {
            text: Some(text.to_owned()),
            ..asked()
        };
        assert_eq!(titles(&store, &asked).await, [found], "{text}");
    }
    let asked = Asked {
        text: Some("の川".to_owned()),
        ..asked()
    };
    assert_eq!(store.list(&asked).await.unwrap().counts.all(), 2);
}

pub async fn lists_have_an_order_and_pages_without_gap(store: impl DraftStore) {
    for number in 0..5_u128 {
        made(
            &store,
            number,
            ["c", "a", "e", "b", "d"][usize::try_from(number).unwrap()],
        )
        .await;
    }
    let later = By {
        user: "a",
        at: AT + Duration::SECOND,
    };
    store
        .save(save(1, From::Any, &titled("A")), later)
        .await
        .unwrap();
    for (order, expected) in [
        (Order::Newest, ["A", "d", "b", "e", "c"]),
        (Order::Oldest, ["c", "e", "b", "d", "A"]),
        (Order::Title, ["A", "b", "c", "d", "e"]),
        (Order::TitleBackwards, ["e", "d", "c", "b", "A"]),
    ] {
        let mut seen = Vec::new();
        for offset in [0, 2, 4] {
            let page = Asked {
                order,
                offset,
                limit: 2,
                ..asked()
            };
            seen.extend(titles(&store, &page).await);
        }
        assert_eq!(seen, expected, "{order:?}");
    }
}

pub async fn a_deleted_draft_is_nowhere_and_can_be_brought_back(store: impl DraftStore) {
    made(&store, 1, "a").await;
    store
        .delete(id(1), From::Revision(1), by("b"))
        .await
        .unwrap();
    assert_eq!(store.get(id(1)).await.unwrap(), None);
    assert!(store.newest(id(1)).await.unwrap().is_none());
    assert_eq!(titles(&store, &asked()).await, Vec::<String>::new());
    let again = store.delete(id(1), From::Any, by("b")).await;
    assert!(matches!(again, Err(ChangeError::Unknown)), "{again:?}");
    assert_eq!(store.deleted(id(1)).await.unwrap(), Some(own()));
    let is = store.restore(id(1), by("c")).await.unwrap();
    assert_eq!(
        (is.revision, is.version, is.changed_by.as_str()),
        (3, 1, "c")
    );
    assert_eq!(titles(&store, &asked()).await, ["a"]);
    assert_eq!(store.deleted(id(1)).await.unwrap(), None);
    let again = store.restore(id(1), by("c")).await;
    assert!(matches!(again, Err(ChangeError::Unknown)), "{again:?}");
}

pub async fn what_was_deleted_long_ago_is_forgotten(store: impl DraftStore) {
    made(&store, 1, "a").await;
    made(&store, 2, "b").await;
    store.delete(id(1), From::Any, by("a")).await.unwrap();
    assert_eq!(store.forget_deleted(AT).await.unwrap(), 0);
    assert_eq!(
        store.forget_deleted(AT + Duration::SECOND).await.unwrap(),
        1
    );
    assert_eq!(store.deleted(id(1)).await.unwrap(), None);
    assert_eq!(store.versions(id(1)).await.unwrap(), []);
    assert_eq!(titles(&store, &asked()).await, ["b"]);
}
