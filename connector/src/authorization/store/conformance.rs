//! What every database behind [`GrantStore`] has to do; one function a rule, run for each of them.

use common::ids::{ConnectorId, UserId};
use time::{OffsetDateTime, macros::datetime};

use super::{Change, GrantStore, News, Which};
use crate::authorization::grant::{Aal, Assignee, Contract, Grant};

pub(super) const AT: OffsetDateTime = datetime!(2026-11-22 01:02:03.004 UTC);
const TARGET: &str = "https://data.example/a.csv";

fn id(text: &str) -> UserId {
    UserId::parse(text).expect("a user ID")
}

fn to(user: Option<&str>, org: Option<&str>, aal: Option<u8>, extras: Option<&str>) -> Assignee {
    Assignee {
        user: user.map(id),
        org: org.map(id),
        aal: aal.and_then(Aal::new),
        extras: extras.map(str::to_owned),
    }
}

fn grant(assignee: Assignee) -> Grant {
    Grant {
        target: TARGET.to_owned(),
        assignee,
        contract: None,
    }
}

fn under(trade_id: &str, assignee: Assignee) -> Grant {
    let contract = Contract {
        trade_id: trade_id.to_owned(),
        contract_url: String::new(),
        contract_type: "t".to_owned(),
    };
    Grant {
        contract: Some(contract),
        ..grant(assignee)
    }
}

struct Author {
    user: UserId,
    connector: ConnectorId,
}

impl Author {
    fn new() -> Self {
        Self {
            user: id("cadde.op"),
            connector: ConnectorId::parse("tool.example").expect("a connector ID"),
        }
    }

    fn change(&self) -> Change<'_> {
        Change {
            actor: &self.user,
            via: &self.connector,
            at: AT,
        }
    }
}

pub async fn register(store: &impl GrantStore, grant: &Grant) -> bool {
    let author = Author::new();
    let registered = store.register(grant, &author.change()).await;
    registered.expect("the database works")
}

pub async fn remove(store: &impl GrantStore, target: &str, which: Which<'_>) -> u64 {
    let author = Author::new();
    let removed = store.remove(target, which, &author.change()).await;
    removed.expect("the database works")
}

/// The same grant a second time changes nothing.
pub async fn a_grant_is_registered_once(store: impl GrantStore) {
    for one in [
        grant(to(Some("u"), None, None, None)),
        grant(to(Some("u"), Some("o"), Some(2), Some("e"))),
        under("", to(None, None, Some(1), None)),
    ] {
        assert!(register(&store, &one).await);
        assert!(!register(&store, &one).await);
    }
    assert_eq!(store.list(None).await.unwrap().len(), 3);
}

/// A condition that is not set is not one that is empty, and a contract without a trade ID is not no contract.
pub async fn grants_that_differ_in_anything_are_different(store: impl GrantStore) {
    let mut all = vec![
        grant(to(Some("u"), None, None, None)),
        grant(to(Some("U"), None, None, None)),
        grant(to(None, Some("u"), None, None)),
        grant(to(Some("u"), Some("u"), None, None)),
        grant(to(Some("u"), None, Some(1), None)),
        grant(to(Some("u"), None, None, Some("e"))),
        under("", to(Some("u"), None, None, None)),
        under("t", to(Some("u"), None, None, None)),
    ];
    let elsewhere = Grant {
        target: "https://data.example/A.csv".to_owned(),
        ..all[0].clone()
    };
    all.push(elsewhere);
    for one in &all {
        assert!(register(&store, one).await, "{one:?}");
    }
    assert_eq!(store.list(None).await.unwrap(), all);
}

/// Of one target or of all.
pub async fn grants_are_listed_in_order_of_registration(store: impl GrantStore) {
    let names = ["z", "a", "m"];
    for name in names {
        register(&store, &grant(to(Some(name), None, None, None))).await;
        let other = Grant {
            target: "https://data.example/b.csv".to_owned(),
            ..grant(to(Some(name), None, None, None))
        };
        register(&store, &other).await;
    }
    let users = |grants: Vec<Grant>| {
        grants
            .into_iter()
            .filter_map(|grant| grant.assignee.user)
            .map(|user| user.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(users(store.list(Some(TARGET)).await.unwrap()), names);
    assert_eq!(
        users(store.list(None).await.unwrap()),
        ["z", "z", "a", "a", "m", "m"]
    );
    assert_eq!(store.list(Some("https://data.example/")).await.unwrap(), []);
}

/// Conditions that are not named are not set: a narrower or wider grant stays, and so does one under a contract.
pub async fn only_the_exact_assignee_is_removed(store: impl GrantStore) {
    let exact = to(Some("u"), None, Some(2), None);
    let others = [
        grant(to(Some("u"), None, None, None)),
        grant(to(Some("u"), None, Some(2), Some("e"))),
        under("t", exact.clone()),
    ];
    for one in &others {
        register(&store, one).await;
    }
    register(&store, &grant(exact.clone())).await;
    assert_eq!(
        remove(
            &store,
            "https://data.example/b.csv",
            Which::Assignee(&exact)
        )
        .await,
        0
    );
    assert_eq!(remove(&store, TARGET, Which::Assignee(&exact)).await, 1);
    assert_eq!(remove(&store, TARGET, Which::Assignee(&exact)).await, 0);
    assert_eq!(store.list(None).await.unwrap(), others);
}

/// All grants of a trade on one target.
pub async fn a_trade_is_removed_whole(store: impl GrantStore) {
    register(&store, &under("t", to(Some("a"), None, None, None))).await;
    register(&store, &under("t", to(Some("b"), None, None, None))).await;
    register(&store, &under("other", to(Some("a"), None, None, None))).await;
    register(&store, &grant(to(Some("a"), None, None, None))).await;
    assert_eq!(remove(&store, TARGET, Which::Trade("t")).await, 2);
    assert_eq!(remove(&store, TARGET, Which::Trade("t")).await, 0);
    assert_eq!(store.list(None).await.unwrap().len(), 2);
}

/// No target that is stored has one.
pub async fn a_target_with_nul_has_no_grants(store: impl GrantStore) {
    register(&store, &grant(to(Some("u"), None, None, None))).await;
    let other = format!("{TARGET}\0");
    assert_eq!(store.list(Some(&other)).await.unwrap(), []);
    assert_eq!(remove(&store, &other, Which::Trade("t")).await, 0);
}

async fn revision(store: &impl GrantStore) -> i64 {
    store.load().await.unwrap().0
}

async fn news(store: &impl GrantStore, since: i64) -> News {
    store.news(since).await.unwrap().expect("something changed")
}

/// What changed is read again, and nothing else, however much there is.
pub async fn news_are_what_changed(store: impl GrantStore) {
    let on = |target: &str, user| Grant {
        target: format!("https://data.example/{target}"),
        ..grant(to(Some(user), None, None, None))
    };
    let targets = |targets: &[&str]| {
        let targets = targets
            .iter()
            .map(|target| format!("https://data.example/{target}"));
        Some(targets.collect())
    };
    for n in 0..20 {
        register(&store, &on(&n.to_string(), "u")).await;
    }
    let before = revision(&store).await;
    assert_eq!(store.news(before).await.unwrap(), None);

    register(&store, &on("7", "v")).await;
    let found = news(&store, before).await;
    assert_eq!(found.revision, revision(&store).await);
    assert_eq!(found.targets, targets(&["7"]));
    assert_eq!(found.grants, [on("7", "u"), on("7", "v")]);

    // Several at once; what is gone from a target is told by the target alone.
    let assignee = to(Some("u"), None, None, None);
    remove(&store, &on("3", "u").target, Which::Assignee(&assignee)).await;
    let found = news(&store, before).await;
    assert_eq!(found.targets, targets(&["3", "7"]));
    assert_eq!(found.grants, [on("7", "u"), on("7", "v")]);

    // A revision that never was, as after a copy of before was put in place: everything.
    let found = news(&store, found.revision + 5).await;
    assert_eq!((found.targets, found.grants.len()), (None, 20));
}

/// And what changes nothing has the same one; all grants are those of the revision that comes with them.
pub async fn every_change_has_another_revision(store: impl GrantStore) {
    let one = grant(to(Some("u"), None, None, None));
    let mut seen = vec![revision(&store).await];
    register(&store, &one).await;
    seen.push(revision(&store).await);
    assert_eq!(store.load().await.unwrap(), (seen[1], vec![one.clone()]));
    register(&store, &one).await;
    assert_eq!(revision(&store).await, seen[1]);
    remove(&store, TARGET, Which::Trade("none")).await;
    assert_eq!(revision(&store).await, seen[1]);
    remove(&store, TARGET, Which::Assignee(&one.assignee)).await;
    seen.push(revision(&store).await);
    assert_eq!(store.load().await.unwrap(), (seen[2], vec![]));
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

/// However many register it at a time.
pub async fn of_the_same_grant_at_the_same_time_one_is_registered(store: impl GrantStore) {
    let one = grant(to(Some("u"), None, None, None));
    let before = revision(&store).await;
    let again = || register(&store, &one);
    let (a, b, c, d) = tokio::join!(again(), again(), again(), again());
    assert_eq!([a, b, c, d].into_iter().filter(|first| *first).count(), 1);
    assert_eq!(revision(&store).await, before + 1);
    assert_eq!(store.list(None).await.unwrap(), [one]);
}
