//! The same, of what the sites show.

use std::collections::BTreeMap;

use time::Duration;

use super::{AT, actions, by, changed, id, last, made, names, new, origin, pair, published, shown};
use crate::{
    domain::{ChangeError, DatasetStore as _, Origin, Side, SiteStore as _, State},
    store::Catalog,
};

pub async fn both_views_are_shown_or_neither(store: Catalog) {
    made(&store, 1).await;
    made(&store, 2).await;
    // The distribution of the second view belongs to another dataset: the first view is not shown either.
    store
        .show(id(2), 1, &[shown(Side::Limited, 2, &["u"])], &[], &by(), AT)
        .await
        .unwrap();
    let mut views = pair(1, &["u"]);
    views[1].resources[0].id = "r-2-0".to_owned();
    let origins = [origin("u", "e1")];
    let taken = store
        .show(id(1), 1, &views, &origins, &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(taken, ChangeError::ResourceTaken), "{taken}");
    assert!(names(&store, Side::Public).await.is_empty());
    assert_eq!(names(&store, Side::Limited).await, ["name-002"]);
    assert_eq!(last(&store).await, 1);
    assert!(
        store
            .origins_of(Side::Limited, &[new(2).ids.limited])
            .await
            .unwrap()
            .is_empty()
    );

    let is = store
        .show(id(1), 1, &pair(1, &["u"]), &origins, &by(), AT)
        .await
        .unwrap();
    assert_eq!((is.state, is.visible_version), (State::Published, Some(1)));
    assert_eq!(is.published_at, Some(AT));
    for side in Side::BOTH {
        assert!(names(&store, side).await.contains(&"name-001".to_owned()));
    }
    // A view that is no longer there goes.
    let later = AT + Duration::SECOND;
    store
        .show(id(1), 1, &[shown(Side::Limited, 1, &[])], &[], &by(), later)
        .await
        .unwrap();
    assert!(names(&store, Side::Public).await.is_empty());
    let package = store
        .package(Side::Limited, "name-001")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((package.created_at, package.modified_at), (AT, later));
}

pub async fn what_is_shown_is_found_by_id_and_by_name(store: Catalog) {
    for n in [2, 1, 3] {
        published(&store, n).await;
    }
    let ids = new(1).ids;
    for (side, own, other) in [
        (Side::Public, ids.public, ids.limited),
        (Side::Limited, ids.limited, ids.public),
    ] {
        let by_name = store.package(side, "name-001").await.unwrap().unwrap();
        assert_eq!((by_name.id, by_name.side), (own, side));
        assert_eq!(
            by_name.content,
            pair(1, &[])[usize::from(side == Side::Limited)].content
        );
        assert_eq!(
            store.package(side, &own.to_string()).await.unwrap(),
            Some(by_name.clone())
        );
        assert_eq!(
            store.package_of_resource(side, "r-1-0").await.unwrap(),
            Some(by_name)
        );
        for unknown in [other.to_string().as_str(), "name-009", "", "a\0b"] {
            assert_eq!(store.package(side, unknown).await.unwrap(), None);
            assert_eq!(
                store.package_of_resource(side, unknown).await.unwrap(),
                None
            );
        }
        assert_eq!(store.count(side).await.unwrap(), 3);
        let page = store.package_names(side, 1, 1).await.unwrap();
        assert_eq!(page, ["name-002"]);
        let asked = [id(1), own, id(9)];
        let found = store.packages(side, &asked).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(store.packages(side, &[]).await.unwrap().is_empty());
    }
}

pub async fn what_was_withdrawn_is_nowhere_and_can_come_back(store: Catalog) {
    let draft = made(&store, 1).await;
    let refused = store.withdraw(id(1), None, &by(), AT).await.unwrap_err();
    assert!(
        matches!(refused, ChangeError::State(State::Draft)),
        "{refused}"
    );
    let refused = store.redraft(id(1), None, &by(), AT).await.unwrap_err();
    assert!(
        matches!(refused, ChangeError::State(State::Draft)),
        "{refused}"
    );
    assert_eq!(store.get(id(1)).await.unwrap().unwrap().summary, draft);

    store
        .show(id(1), 1, &pair(1, &["u"]), &[], &by(), AT)
        .await
        .unwrap();
    let gone = store.withdraw(id(1), None, &by(), AT).await.unwrap();
    assert_eq!((gone.state, gone.visible_version), (State::Withdrawn, None));
    assert_eq!(gone.withdrawn_at, Some(AT));
    for side in Side::BOTH {
        assert!(names(&store, side).await.is_empty());
        assert_eq!(
            store.package_of_resource(side, "r-1-0").await.unwrap(),
            None
        );
    }
    let again = store
        .show(id(1), 1, &pair(1, &["u"]), &[], &by(), AT)
        .await
        .unwrap();
    assert_eq!((again.state, again.withdrawn_at), (State::Published, None));
    let draft = store.redraft(id(1), None, &by(), AT).await.unwrap();
    assert_eq!((draft.state, draft.withdrawn_at), (State::Draft, None));
    assert!(names(&store, Side::Public).await.is_empty());
    assert_eq!(
        actions(&store).await,
        ["create", "show", "withdraw", "show", "redraft"]
    );
}

pub async fn a_deleted_dataset_is_gone_from_everywhere(store: Catalog) {
    published(&store, 1).await;
    store.delete(id(1), None, &by(), AT).await.unwrap();
    assert_eq!(store.get(id(1)).await.unwrap(), None);
    assert!(store.versions(id(1), None, 10).await.unwrap().is_empty());
    assert!(names(&store, Side::Public).await.is_empty());
    let again = store.delete(id(1), None, &by(), AT).await.unwrap_err();
    assert!(matches!(again, ChangeError::Unknown), "{again}");
    // Its name and its ids are free again.
    published(&store, 1).await;
}

pub async fn a_distribution_belongs_to_one_dataset(store: Catalog) {
    published(&store, 1).await;
    made(&store, 2).await;
    let mut view = shown(Side::Public, 2, &["a", "b"]);
    view.resources[1].id = "r-1-0".to_owned();
    let taken = store
        .show(id(2), 1, &[view.clone()], &[], &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(taken, ChangeError::ResourceTaken), "{taken}");
    // And there once.
    view.resources[1].id = view.resources[0].id.clone();
    let twice = store
        .show(id(2), 1, &[view], &[], &by(), AT)
        .await
        .unwrap_err();
    assert!(matches!(twice, ChangeError::ResourceTaken), "{twice}");
    assert_eq!(
        store.get(id(2)).await.unwrap().unwrap().summary.state,
        State::Draft
    );
    // Its own it may keep.
    store
        .show(id(1), 1, &pair(1, &["u", "v"]), &[], &by(), AT)
        .await
        .unwrap();
}

pub async fn an_address_has_one_origin_wherever_it_stands(store: Catalog) {
    for n in 1..=3 {
        made(&store, n).await;
    }
    let show = async |n, urls: &[&str], origins: &[Origin]| {
        store
            .show(id(n), 1, &pair(n, urls), origins, &by(), AT)
            .await
            .unwrap()
    };
    show(1, &["u", "v"], &[origin("u", "e1"), origin("v", "e2")]).await;
    show(2, &["u"], &[]).await;
    show(3, &["w"], &[]).await;
    let origins = async |n| {
        store
            .origins_of(Side::Public, &[new(n).ids.public])
            .await
            .unwrap()
    };
    let is = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(id, event)| ((*id).to_owned(), (*event).to_owned()))
            .collect()
    };
    assert_eq!(origins(1).await, is(&[("r-1-0", "e1"), ("r-1-1", "e2")]));
    assert_eq!(origins(2).await, is(&[("r-2-0", "e1")]));
    assert_eq!(origins(3).await, is(&[]));
    // The bytes have changed: both datasets show it, and both are told of.
    let before = last(&store).await;
    show(2, &["u"], &[origin("u", "e3")]).await;
    assert_eq!(origins(1).await, is(&[("r-1-0", "e3"), ("r-1-1", "e2")]));
    assert_eq!(changed(&store, before).await, [id(1), id(2)]);
    // The same once more concerns nobody else.
    let before = last(&store).await;
    show(2, &["u"], &[origin("u", "e3")]).await;
    assert_eq!(changed(&store, before).await, [id(2)]);
    // It stays when nobody shows the address for a while.
    store.withdraw(id(1), None, &by(), AT).await.unwrap();
    store.withdraw(id(2), None, &by(), AT).await.unwrap();
    show(3, &["u"], &[]).await;
    assert_eq!(origins(3).await, is(&[("r-3-0", "e3")]));
}

pub async fn whoever_follows_sees_every_change(store: Catalog) {
    for n in 1..=3 {
        made(&store, n).await;
    }
    assert_eq!(last(&store).await, 0);
    let show = async |n: u128| {
        for _ in 0..5 {
            let shown = store.show(id(n), 1, &pair(n, &["u"]), &[], &by(), AT).await;
            shown.expect("it can be shown");
        }
        if n < 3 {
            store
                .withdraw(id(n), None, &by(), AT)
                .await
                .expect("it is there");
        }
    };
    let follow = async {
        let (mut number, mut seen) = (0, BTreeMap::new());
        while number < 17 {
            let changes = store.changes(number, 2).await.unwrap();
            assert!(changes.len() <= 2);
            for change in changes {
                assert!(change.number > number);
                number = change.number;
                seen.insert(change.dataset_id, change.packages);
            }
            tokio::task::yield_now().await;
        }
        seen
    };
    let all = async { tokio::join!(show(1), show(2), show(3), follow).3 };
    let seen = tokio::time::timeout(std::time::Duration::from_mins(1), Box::pin(all)).await;
    let seen = seen.expect("a change was overlooked");
    let numbers: Vec<usize> = seen.values().map(Vec::len).collect();
    assert_eq!(
        (seen.keys().copied().collect::<Vec<_>>(), numbers),
        (vec![id(1), id(2), id(3)], vec![0, 0, 2])
    );
    let sides: Vec<Side> = seen[&id(3)].iter().map(|package| package.side).collect();
    assert_eq!(sides, Side::BOTH);
    assert!(store.changes(17, 2).await.unwrap().is_empty());
}

pub async fn from_the_beginning_changes_are_all_there_is(store: Catalog) {
    for n in [3, 1, 2] {
        published(&store, n).await;
    }
    made(&store, 4).await;
    store.delete(id(1), None, &by(), AT).await.unwrap();
    assert_eq!(changed(&store, 0).await, [id(3), id(2), id(1)]);
    let changes = store.changes(0, 10).await.unwrap();
    let packages: Vec<usize> = changes.iter().map(|change| change.packages.len()).collect();
    assert_eq!(packages, [2, 2, 0]);
    let progress = store.progress().await.unwrap();
    assert_eq!((progress.number, progress.identity.len()), (4, 32));
    assert_eq!(store.progress().await.unwrap(), progress);
    // That it is gone is not told for ever.
    assert_eq!(store.forget(AT + Duration::SECOND).await.unwrap(), 8 + 1);
    assert_eq!(changed(&store, 0).await, [id(3), id(2)]);
}
