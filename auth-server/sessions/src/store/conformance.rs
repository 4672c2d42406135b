//! What every database behind [`SessionStore`] has to do; one function a rule, run for each of them.

use common::ids::UserId;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::domain::store::{IdHash, SessionStore, Stored};

const AT: OffsetDateTime = datetime!(2026-11-22 01:02:03.000_456 UTC);
const MINUTE: Duration = Duration::MINUTE;

fn session(user: &str, used_at: OffsetDateTime) -> Stored {
    Stored {
        id: IdHash::make().1,
        user: UserId::parse(user).expect("a user ID"),
        used_at,
        ends_at: AT + Duration::HOUR,
        tokens: vec![0, 1, 0xff],
        version: 0,
    }
}

async fn begun(store: &impl SessionStore, user: &str, used_at: OffsetDateTime) -> Stored {
    let session = session(user, used_at);
    store.begin(&session, AT, 100).await.unwrap();
    session
}

/// A session is found as it was begun, by its own id alone, until it ends.
pub async fn a_session_is_found_until_it_ends(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    let two = begun(&store, "cadde.a", AT).await;
    assert_eq!(store.find(&one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.find(&IdHash::make().1).await.unwrap(), None);
    store.end(&one.id, AT).await.unwrap();
    assert_eq!(store.find(&one.id).await.unwrap(), None);
    store.forget(&two.id).await.unwrap();
    assert_eq!(store.find(&two.id).await.unwrap(), None);
    // What has ended waits for the authentication server to be told; what is forgotten doesn't.
    assert_eq!(store.ended(10).await.unwrap(), [one]);
}

/// Of those that have ended, the first are told of first, and each once.
pub async fn what_has_ended_waits_in_order(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    let two = begun(&store, "cadde.b", AT).await;
    store.end(&two.id, AT).await.unwrap();
    store.end(&one.id, AT + MINUTE).await.unwrap();
    // The first word counts.
    store.end(&two.id, AT + MINUTE * 2).await.unwrap();
    assert_eq!(store.ended(1).await.unwrap().len(), 1);
    assert_eq!(store.ended(9).await.unwrap(), [two.clone(), one.clone()]);
    store.forget(&two.id).await.unwrap();
    assert_eq!(store.ended(9).await.unwrap(), [one]);
}

/// Use is noted, and never taken back.
pub async fn use_is_noted_forward_alone(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    for at in [AT + MINUTE, AT - MINUTE, AT] {
        store.touch(&one.id, at).await.unwrap();
    }
    let found = store.find(&one.id).await.unwrap().unwrap();
    assert_eq!(found.used_at, AT + MINUTE);
}

/// One at a time refreshes, and what it got takes the place of what it had.
pub async fn one_refreshes_and_the_others_see_it(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    let claim = async |version, now| {
        let until = now + Duration::seconds(15);
        store.claim(&one.id, version, now, until).await.unwrap()
    };
    assert!(!claim(1, AT).await, "there is no such version yet");
    let all = tokio::join!(claim(0, AT), claim(0, AT), claim(0, AT), claim(0, AT));
    let all: [bool; 4] = all.into();
    assert_eq!(all.into_iter().filter(|claimed| *claimed).count(), 1);
    assert!(!claim(0, AT + Duration::seconds(14)).await);
    assert!(store.refresh(&one.id, 0, b"new").await.unwrap());
    let found = store.find(&one.id).await.unwrap().unwrap();
    assert_eq!((found.version, found.tokens), (1, b"new".to_vec()));
    // Whoever still has the tokens of before neither replaces nor refreshes anything.
    assert!(!store.refresh(&one.id, 0, b"late").await.unwrap());
    assert!(!claim(0, AT + MINUTE).await);
    // The next claim is free again.
    assert!(claim(1, AT).await);
}

/// A claim that nobody has given up ends by itself, and one that was given up at once.
pub async fn a_claim_ends(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    let claim = async |now: OffsetDateTime| {
        let until = now + Duration::seconds(15);
        store.claim(&one.id, 0, now, until).await.unwrap()
    };
    assert!(claim(AT).await);
    assert!(claim(AT + Duration::seconds(15)).await);
    store.unclaim(&one.id, 7).await.unwrap();
    assert!(!claim(AT + Duration::seconds(16)).await);
    store.unclaim(&one.id, 0).await.unwrap();
    assert!(claim(AT + Duration::seconds(16)).await);
}

/// Who signs out while tokens are refreshed is signed out, and the new tokens are the ones that are ended.
pub async fn signing_out_during_a_refresh_counts(store: impl SessionStore) {
    let one = begun(&store, "cadde.a", AT).await;
    assert!(store.claim(&one.id, 0, AT, AT + MINUTE).await.unwrap());
    store.end(&one.id, AT).await.unwrap();
    assert!(store.refresh(&one.id, 0, b"new").await.unwrap());
    assert_eq!(store.find(&one.id).await.unwrap(), None);
    assert_eq!(store.ended(9).await.unwrap()[0].tokens, b"new");
    // And nothing is refreshed any more.
    assert!(!store.claim(&one.id, 1, AT, AT + MINUTE).await.unwrap());
}

/// A user has so many sessions; with one more the one ends that was not used for longest. Others keep theirs.
pub async fn a_user_has_so_many_sessions(store: impl SessionStore) {
    let other = begun(&store, "cadde.b", AT - MINUTE).await;
    let mut all = Vec::new();
    for minutes in [3, 1, 2] {
        let session = session("cadde.a", AT + MINUTE * minutes);
        store.begin(&session, AT, 3).await.unwrap();
        all.push(session);
    }
    assert!(store.ended(9).await.unwrap().is_empty());
    // The newest has a place, even where its clock is behind.
    let newest = session("cadde.a", AT - MINUTE * 9);
    store.begin(&newest, AT, 3).await.unwrap();
    assert_eq!(store.ended(9).await.unwrap(), [all[1].clone()]);
    for stays in [&all[0], &all[2], &newest, &other] {
        assert_eq!(store.find(&stays.id).await.unwrap().as_ref(), Some(stays));
    }
    let alone = session("cadde.a", AT);
    store.begin(&alone, AT, 1).await.unwrap();
    assert_eq!(store.ended(9).await.unwrap().len(), 4);
    assert!(store.find(&alone.id).await.unwrap().is_some());
}

/// Also where several begin at once.
pub async fn a_user_has_so_many_also_at_once(store: impl SessionStore + 'static) {
    let store = std::sync::Arc::new(store);
    let begin = |_| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move {
            let session = session("cadde.a", AT);
            store.begin(&session, AT, 3).await.unwrap();
            session
        })
    };
    let tasks: Vec<_> = (0..12).map(begin).collect();
    let mut all = Vec::new();
    for one in tasks {
        all.push(one.await.unwrap());
    }
    let mut left = 0;
    for session in all {
        left += usize::from(store.find(&session.id).await.unwrap().is_some());
    }
    assert_eq!(left, 3);
    assert_eq!(store.ended(99).await.unwrap().len(), 9);
}

/// What is over goes, and nothing else does.
pub async fn what_is_over_goes(store: impl SessionStore) {
    let fresh = begun(&store, "cadde.a", AT).await;
    let idle = begun(&store, "cadde.a", AT - MINUTE).await;
    let mut old = session("cadde.b", AT);
    old.ends_at = AT;
    store.begin(&old, AT, 9).await.unwrap();
    let mut told = session("cadde.b", AT);
    told.ends_at = AT;
    store.begin(&told, AT, 9).await.unwrap();
    store.end(&told.id, AT).await.unwrap();
    for _ in 0..600 {
        begun(&store, "cadde.c", AT - MINUTE).await;
    }
    let before = AT - Duration::MICROSECOND;
    assert_eq!(store.prune(before, AT - MINUTE * 2).await.unwrap(), 0);
    assert_eq!(store.prune(AT, AT - MINUTE).await.unwrap(), 603);
    assert!(store.find(&fresh.id).await.unwrap().is_some());
    for gone in [&idle, &old] {
        assert_eq!(store.find(&gone.id).await.unwrap(), None);
    }
    assert!(store.ended(999).await.unwrap().is_empty());
    assert_eq!(store.prune(AT, AT - MINUTE).await.unwrap(), 0);
}
