//! Logins and refresh tokens.

use auth_client::{State, api::Event};
use time::Duration;
use uuid::Uuid;

use super::entries::{AT, event, family, hash, id, initialised, kinds, participant, user};
use crate::domain::store::{Family, FirstEntries, Rotated, Rotation, Store};

const IDLE: Duration = Duration::hours(2);

/// The hash of everybody's password.
const PASSWORD: &str = "$argon2id$";

fn rotation(presented: u8, replacement: u8, after: Duration) -> Rotation<'static> {
    Rotation {
        presented: hash(presented),
        client_id: "operator",
        replacement: hash(replacement),
        sealed: sealed(replacement),
        now: AT + after,
        idle: IDLE,
        grace: Duration::seconds(10),
    }
}

/// What stands for a token that is sealed.
fn sealed(token: u8) -> Vec<u8> {
    vec![token; 71]
}

async fn rotate(store: &impl Store, rotation: &Rotation<'_>) -> Rotated {
    let event = event("reused", 5);
    store
        .rotate(rotation, &event)
        .await
        .expect("the database works")
}

async fn begun(store: &impl Store, user: &str, token: u8) -> Family {
    let family = family("operator", user);
    assert!(begin(store, &family, token, PASSWORD).await);
    family
}

async fn begin(store: &impl Store, family: &Family, token: u8, password: &str) -> bool {
    store
        .begin_family(family, &hash(token), IDLE, password)
        .await
        .expect("the database works")
}

/// Gives `user` the password that they have, which ends their families.
async fn end(store: &impl Store, user: &str) -> Vec<Uuid> {
    let event = event("new password", 0);
    let ended = store.set_password(&id(user), PASSWORD, &event).await;
    ended.expect("the database works")
}

async fn set_states(store: &impl Store, first: &FirstEntries, states: [State; 3]) {
    let [participant, user, client] = states;
    let event = || event("state", 1);
    let op = &first.user.user_id;
    let done = (
        store
            .set_participant_state(first.participant.id, participant, &event())
            .await,
        store.set_user_state(op, user, &event()).await,
        store.set_client_state("operator", client, &event()).await,
    );
    assert!(matches!(done, (Ok(_), Ok(_), Ok(_))), "{done:?}");
}

/// Again and again, until the family ends; what is kept of the login stays the same.
pub(crate) async fn a_refresh_token_is_replaced(store: impl Store) {
    initialised(&store).await;
    let family = begun(&store, "cadde.op", 10).await;
    for (step, hours) in (0_u8..).zip(1..10) {
        let rotation = rotation(10 + step, 11 + step, Duration::hours(hours));
        assert_eq!(
            rotate(&store, &rotation).await,
            Rotated::Replaced(family.clone()),
            "{hours}"
        );
    }
    assert_eq!(
        rotate(&store, &rotation(19, 20, Duration::hours(10))).await,
        Rotated::Refused
    );
}

/// A login that was under way when somebody was barred, or got another password, begins nothing.
pub(crate) async fn a_family_begins_only_by_what_is_still_true(store: impl Store) {
    use State::{Active, Suspended};
    let first = initialised(&store).await;
    let fits = family("operator", "cadde.op");
    for (family, password) in [
        (family("nobody", "cadde.op"), PASSWORD),
        (family("operator", "cadde.nobody"), PASSWORD),
        (fits.clone(), "another hash"),
    ] {
        assert!(!begin(&store, &family, 1, password).await, "{family:?}");
    }
    for states in [
        [Suspended, Active, Active],
        [Active, Suspended, Active],
        [Active, Active, Suspended],
    ] {
        set_states(&store, &first, states).await;
        assert!(!begin(&store, &fits, 1, PASSWORD).await, "{states:?}");
    }
    set_states(&store, &first, [Active; 3]).await;
    assert!(begin(&store, &fits, 1, PASSWORD).await);
}

/// Whichever comes first, nobody who is suspended keeps a living family.
pub(crate) async fn of_a_login_and_a_suspension_at_once_no_family_is_left(store: impl Store) {
    let first = initialised(&store).await;
    for round in 1..=10 {
        set_states(&store, &first, [State::Active; 3]).await;
        let family = family("operator", "cadde.op");
        let barred = event("user.suspended", 1);
        let (begun, ended) = tokio::join!(
            begin(&store, &family, round, PASSWORD),
            store.set_user_state(&first.user.user_id, State::Suspended, &barred),
        );
        let ended = ended.unwrap();
        assert_eq!(ended, if begun { vec![family.id] } else { Vec::new() });
        assert_eq!(
            rotate(&store, &rotation(round, 99, Duration::SECOND)).await,
            Rotated::Refused
        );
    }
}

/// Unknown, another client's, idle for too long, of a family that was revoked.
pub(crate) async fn a_token_that_does_not_fit_is_refused(store: impl Store) {
    initialised(&store).await;
    begun(&store, "cadde.op", 10).await;
    assert_eq!(
        rotate(&store, &rotation(99, 11, Duration::MINUTE)).await,
        Rotated::Refused
    );
    let other = Rotation {
        client_id: "auth.example",
        ..rotation(10, 11, Duration::MINUTE)
    };
    assert_eq!(rotate(&store, &other).await, Rotated::Refused);
    assert_eq!(
        rotate(&store, &rotation(10, 11, IDLE)).await,
        Rotated::Refused
    );
    let just = rotation(10, 11, IDLE - Duration::MICROSECOND);
    assert!(matches!(rotate(&store, &just).await, Rotated::Replaced(_)));
    assert_eq!(
        kinds(&store).await.len(),
        1,
        "a refusal leaves no event behind"
    );
    end(&store, "cadde.op").await;
    assert_eq!(
        rotate(&store, &rotation(11, 12, IDLE)).await,
        Rotated::Refused
    );
}

/// Within the grace the answer is the same: the first may have been lost. After it somebody has a copy.
pub(crate) async fn a_token_used_again_ends_its_family(store: impl Store) {
    initialised(&store).await;
    let family = begun(&store, "cadde.op", 10).await;
    let at = |seconds| Duration::seconds(seconds);
    assert!(matches!(
        rotate(&store, &rotation(10, 11, at(100))).await,
        Rotated::Replaced(_)
    ));
    // Also while the successor is in use already, and again.
    assert!(matches!(
        rotate(&store, &rotation(11, 14, at(103))).await,
        Rotated::Replaced(_)
    ));
    for (other, after) in [(12, at(104)), (13, at(110))] {
        assert_eq!(
            rotate(&store, &rotation(10, other, after)).await,
            Rotated::Repeated(family.clone(), sealed(11))
        );
        // What nobody was told is no token.
        assert_eq!(
            rotate(&store, &rotation(other, 20, after)).await,
            Rotated::Refused
        );
    }
    assert_eq!(
        rotate(&store, &rotation(10, 13, at(110) + Duration::MICROSECOND)).await,
        Rotated::Reused(family.clone())
    );
    for token in 10..15 {
        assert_eq!(
            rotate(&store, &rotation(token, 20, at(112))).await,
            Rotated::Refused,
            "{token}"
        );
    }
    let all = store.load(AT).await.unwrap();
    assert_eq!(
        all.revoked_families,
        [(family.id, AT + at(110) + Duration::MICROSECOND)]
    );
    let events = store.events(None, 1).await.unwrap();
    assert_eq!(
        (events[0].kind.as_str(), events[0].subject.as_str()),
        ("reused", "cadde.op")
    );
}

/// Of many at once one replaces, and all get what it was replaced by.
pub(crate) async fn of_a_token_presented_at_once_there_is_one_successor(store: impl Store) {
    initialised(&store).await;
    let family = begun(&store, "cadde.op", 10).await;
    let all = [11, 12, 13, 14].map(|other| rotation(10, other, Duration::SECOND));
    let [a, b, c, d] = &all;
    let (a, b, c, d) = tokio::join!(
        rotate(&store, a),
        rotate(&store, b),
        rotate(&store, c),
        rotate(&store, d)
    );
    let answers = [a, b, c, d];
    let is_first = |answer: &Rotated| *answer == Rotated::Replaced(family.clone());
    let first = answers.iter().position(is_first).expect("one is first");
    for (position, answer) in answers.iter().enumerate() {
        if position != first {
            let same = Rotated::Repeated(family.clone(), all[first].sealed.clone());
            assert_eq!(*answer, same, "{position}");
        }
    }
    for (position, other) in (11..15).enumerate() {
        let answer = rotate(&store, &rotation(other, 20, Duration::MINUTE)).await;
        assert_eq!(is_first(&answer), position == first, "{other}");
    }
}

/// By what looks for it from time to time, and by the token's next use.
pub(crate) async fn a_successor_is_forgotten_after_the_grace(store: impl Store) {
    initialised(&store).await;
    let family = begun(&store, "cadde.op", 10).await;
    let at = |seconds| Duration::seconds(seconds);
    let forget = async |after: Duration| {
        let forgotten = store.forget_successors(AT + after - at(10)).await;
        forgotten.expect("the database works")
    };
    assert!(matches!(
        rotate(&store, &rotation(10, 11, at(100))).await,
        Rotated::Replaced(_)
    ));
    assert_eq!(forget(at(110)).await, 0);
    assert_eq!(
        rotate(&store, &rotation(10, 12, at(110))).await,
        Rotated::Repeated(family.clone(), sealed(11))
    );
    assert_eq!(forget(at(111)).await, 1);
    assert_eq!(forget(at(111)).await, 0);
    // It makes no difference to what a copy does.
    assert_eq!(
        rotate(&store, &rotation(10, 12, at(111))).await,
        Rotated::Reused(family)
    );
    let family = begun(&store, "cadde.op", 20).await;
    assert!(matches!(
        rotate(&store, &rotation(20, 21, at(100))).await,
        Rotated::Replaced(_)
    ));
    assert_eq!(
        rotate(&store, &rotation(20, 22, at(111))).await,
        Rotated::Reused(family)
    );
    assert_eq!(forget(at(111)).await, 0);
}

/// The version before kept none: a token that it replaced has one from its next use within the grace.
pub(crate) async fn a_token_without_a_successor_gets_one_within_its_grace(store: impl Store) {
    initialised(&store).await;
    let family = begun(&store, "cadde.op", 10).await;
    let at = |seconds| Duration::seconds(seconds);
    rotate(&store, &rotation(10, 11, at(100))).await;
    let forgotten = store.forget_successors(AT + at(101)).await;
    assert_eq!(forgotten.unwrap(), 1);
    for (other, after, expected) in [
        (12, 105, Rotated::Replaced(family.clone())),
        (13, 110, Rotated::Repeated(family.clone(), sealed(12))),
        // The grace goes on from the first use.
        (14, 111, Rotated::Reused(family.clone())),
    ] {
        let answer = rotate(&store, &rotation(10, other, at(after))).await;
        assert_eq!(answer, expected, "{after}");
    }
}

/// Who is second by more than the grace is refused; nobody is left waiting.
pub(crate) async fn of_a_token_presented_twice_at_once_both_or_one_is_answered(store: impl Store) {
    initialised(&store).await;
    begun(&store, "cadde.op", 10).await;
    let (now, later) = (
        rotation(10, 11, Duration::SECOND),
        rotation(10, 12, Duration::MINUTE),
    );
    let (first, second) = tokio::join!(rotate(&store, &now), rotate(&store, &later));
    assert!(
        matches!(second, Rotated::Replaced(_) | Rotated::Reused(_)),
        "{second:?}"
    );
    match first {
        // In the second case the later one came first, and this one is within its grace.
        Rotated::Replaced(_) | Rotated::Repeated(..) => {}
        Rotated::Refused => assert!(matches!(second, Rotated::Reused(_)), "{second:?}"),
        Rotated::Reused(_) => panic!("used before it was used"),
    }
}

/// The living ones, which are named, together with the change; another reason later changes nothing.
pub(crate) async fn families_end_with_whom_they_belong_to(store: impl Store) {
    let first = initialised(&store).await;
    let other = participant("2");
    store
        .insert_participant(&other, &event("p", 1))
        .await
        .unwrap();
    for (name, participant) in [("cadde.b", first.participant.id), ("cadde.c", other.id)] {
        store
            .insert_user(&user(name, participant), PASSWORD, &event("u", 1))
            .await
            .unwrap();
    }
    let one = begun(&store, "cadde.op", 1).await;
    let two = begun(&store, "cadde.b", 2).await;
    let three = begun(&store, "cadde.c", 3).await;
    let none: [Uuid; 0] = [];
    let op = &first.user.user_id;
    let (of, event) = (first.participant.id, || event("state", 0));
    let ended = store.set_user_state(op, State::Active, &event()).await;
    assert_eq!(ended.unwrap(), none);
    let ended = store.set_user_state(op, State::Suspended, &event()).await;
    assert_eq!(ended.unwrap(), [one.id]);
    let ended = store
        .set_participant_state(of, State::Active, &event())
        .await;
    assert_eq!(ended.unwrap(), none);
    let ended = store
        .set_participant_state(of, State::Suspended, &event())
        .await;
    assert_eq!(ended.unwrap(), [two.id]);
    for (client, state) in [
        ("auth.example", State::Suspended),
        ("operator", State::Active),
    ] {
        let ended = store.set_client_state(client, state, &event()).await;
        assert_eq!(ended.unwrap(), none);
    }
    // What is over is not ended once more.
    let late = Event {
        at: AT + Duration::DAY,
        ..event()
    };
    let ended = store.set_client_state("operator", State::Suspended, &late);
    assert_eq!(ended.await.unwrap(), none);
    let ended = store
        .set_client_state("operator", State::Suspended, &event())
        .await;
    assert_eq!(ended.unwrap(), [three.id]);
    assert_eq!(store.load(AT).await.unwrap().revoked_families.len(), 3);
    assert_eq!(
        store
            .load(AT + Duration::SECOND)
            .await
            .unwrap()
            .revoked_families,
        []
    );
}

/// With its tokens.
pub(crate) async fn what_has_ended_is_forgotten(store: impl Store) {
    initialised(&store).await;
    begun(&store, "cadde.op", 1).await;
    end(&store, "cadde.op").await;
    begun(&store, "cadde.op", 2).await;
    assert_eq!(store.purge_families(AT).await.unwrap(), 0);
    assert_eq!(
        store.purge_families(AT + Duration::SECOND).await.unwrap(),
        1
    );
    assert!(matches!(
        rotate(&store, &rotation(2, 3, Duration::MINUTE)).await,
        Rotated::Replaced(_)
    ));
    assert_eq!(
        store
            .purge_families(AT + Duration::hours(10) + Duration::SECOND)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        rotate(&store, &rotation(3, 4, Duration::MINUTE)).await,
        Rotated::Refused
    );
}
