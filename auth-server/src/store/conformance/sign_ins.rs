//! Sessions at the login page, and codes.

use auth_client::State;
use time::Duration;
use uuid::Uuid;

use super::entries::{AT, event, hash, id, initialised, kinds, participant, user};
use crate::domain::store::{
    Begun, Coded, NewAuthorizationCode, NewLoginSession, Redeemed, Redemption, Rotated, Rotation,
    Store,
};

/// The hash of everybody's password.
const PASSWORD: &str = "$argon2id$";

const BACK: &str = "https://tool.example/callback";

fn session(seed: u8, user: &str) -> NewLoginSession {
    NewLoginSession {
        hash: hash(seed),
        user_id: id(user),
        created_at: AT,
        idle_until: AT + Duration::hours(2),
        ends_at: AT + Duration::hours(10),
        replaces: None,
    }
}

async fn open(store: &impl Store, session: &NewLoginSession, password: &str) -> bool {
    let opened = store.open_login_session(session, password).await;
    opened.expect("the database works")
}

async fn is_open(store: &impl Store, seed: u8, after: Duration) -> bool {
    let found = store.login_session(&hash(seed), AT + after).await;
    let found = found.expect("the database works");
    found.is_some_and(|session| session.created_at == AT)
}

fn code(seed: u8, session: u8, after: Duration) -> NewAuthorizationCode<'static> {
    let created_at = AT + after;
    NewAuthorizationCode {
        hash: hash(seed),
        session: hash(session),
        client_id: "operator",
        redirect_uri: BACK,
        challenge: hash(99),
        nonce: Some("nonce"),
        scope: Some("openid"),
        created_at,
        expires_at: created_at + Duration::seconds(60),
        session_idle_until: created_at + Duration::hours(2),
    }
}

async fn keep(store: &impl Store, code: &NewAuthorizationCode<'_>) -> Coded {
    let kept = store.insert_code_of(code).await;
    kept.expect("the database works")
}

fn redemption(seed: u8, after: Duration) -> Redemption<'static> {
    Redemption {
        code: hash(seed),
        client_id: "operator",
        redirect_uri: BACK,
        challenge: hash(99),
        family: Uuid::from_u128(
            u128::from(seed) << 96 | u128::from(after.whole_seconds().unsigned_abs()),
        ),
        aal: "1",
        token: Some(hash(100 + seed)),
        now: AT + after,
        idle: Duration::hours(2),
        max: Duration::hours(10),
    }
}

async fn redeem(store: &impl Store, redemption: &Redemption<'_>) -> Redeemed {
    let (reused, superseded) = (event("reused", 5), event("superseded", 6));
    let redeemed = store.redeem(redemption, &reused, &superseded).await;
    redeemed.expect("the database works")
}

fn begun(redeemed: Redeemed) -> Begun {
    match redeemed {
        Redeemed::Begun(begun, ended) if ended.is_empty() => begun,
        other => panic!("{other:?}"),
    }
}

/// Until it is idle for too long, or too old, or another one takes its place.
pub(crate) async fn a_session_counts_while_it_is_used(store: impl Store) {
    initialised(&store).await;
    assert!(open(&store, &session(1, "cadde.op"), PASSWORD).await);
    let second = Duration::SECOND;
    assert!(is_open(&store, 1, Duration::hours(2) - second).await);
    assert!(!is_open(&store, 1, Duration::hours(2)).await);
    for (seed, hours) in (10..).zip(1..10) {
        let made = keep(&store, &code(seed, 1, Duration::hours(hours))).await;
        assert_eq!(made, Coded::Kept);
        begun(redeem(&store, &redemption(seed, Duration::hours(hours))).await);
    }
    assert!(is_open(&store, 1, Duration::hours(10) - second).await);
    assert!(!is_open(&store, 1, Duration::hours(10)).await);
    let late = code(50, 1, Duration::hours(10));
    assert_eq!(keep(&store, &late).await, Coded::SessionEnded);
    let next = NewLoginSession {
        replaces: Some(hash(1)),
        ..session(2, "cadde.op")
    };
    assert!(open(&store, &next, PASSWORD).await);
    assert!(!is_open(&store, 1, Duration::ZERO).await && is_open(&store, 2, Duration::ZERO).await);
    let unknown = code(51, 3, Duration::ZERO);
    assert_eq!(keep(&store, &unknown).await, Coded::SessionEnded);
}

/// Of a user the latest 32, of a session 16 codes at a time.
pub(crate) async fn sessions_and_codes_are_so_many(store: impl Store) {
    let first = initialised(&store).await;
    let other = user("cadde.other", first.participant.id);
    let inserted = store.insert_user(&other, PASSWORD, &event("user", 1)).await;
    inserted.unwrap();
    assert!(open(&store, &session(200, "cadde.other"), PASSWORD).await);
    for seed in 0..40 {
        let at = Duration::seconds(seed.into());
        let new = NewLoginSession {
            created_at: AT + at,
            ..session(seed, "cadde.op")
        };
        assert!(open(&store, &new, PASSWORD).await);
    }
    let mut left = Vec::new();
    for seed in (0..40).chain([200]) {
        let hash = hash(seed);
        let found = store.login_session(&hash, AT + Duration::minutes(1));
        if found.await.unwrap().is_some() {
            left.push(seed);
        }
    }
    assert_eq!(left, (8..40).chain([200]).collect::<Vec<_>>());
    let minute = Duration::minutes(1);
    for seed in 0..16 {
        assert_eq!(keep(&store, &code(seed, 39, minute)).await, Coded::Kept);
    }
    let beyond = code(16, 39, minute);
    assert_eq!(keep(&store, &beyond).await, Coded::TooMany);
    assert_eq!(keep(&store, &code(16, 38, minute)).await, Coded::Kept);
    let later = code(17, 39, minute * 2);
    assert_eq!(keep(&store, &later).await, Coded::Kept);
}

/// With what it was made for.
pub(crate) async fn a_code_begins_a_family_once(store: impl Store) {
    initialised(&store).await;
    assert!(open(&store, &session(1, "cadde.op"), PASSWORD).await);
    assert_eq!(
        keep(&store, &code(10, 1, Duration::ZERO)).await,
        Coded::Kept
    );
    let in_time = Duration::seconds(59);
    let other = Redemption {
        client_id: "auth.example",
        ..redemption(10, in_time)
    };
    assert_eq!(redeem(&store, &other).await, Redeemed::Refused);
    let begun = begun(redeem(&store, &redemption(10, in_time)).await);
    assert_eq!(begun.signed_in_at, AT);
    assert_eq!(begun.nonce.as_deref(), Some("nonce"));
    assert_eq!(begun.family.user_id, id("cadde.op"));
    assert_eq!(begun.family.scope.as_deref(), Some("openid"));
    assert_eq!(begun.family.expires_at, AT + in_time + Duration::hours(10));
    let rotation = Rotation {
        presented: hash(110),
        client_id: "operator",
        replacement: hash(111),
        sealed: vec![1],
        now: AT + in_time,
        idle: Duration::hours(2),
        grace: Duration::seconds(10),
    };
    let rotated = store.rotate(&rotation, &event("reused", 1)).await.unwrap();
    assert_eq!(rotated, Rotated::Replaced(begun.family.clone()));

    // Another client's second try ends nothing, the right one's does.
    assert_eq!(redeem(&store, &other).await, Redeemed::Refused);
    let again = redemption(10, Duration::hours(1));
    let ended = Redeemed::Reused(vec![begun.family.id]);
    assert_eq!(redeem(&store, &again).await, ended);
    assert_eq!(redeem(&store, &again).await, Redeemed::Refused);
    let revoked = store.load(AT).await.unwrap().revoked_families;
    assert_eq!(revoked, [(begun.family.id, again.now)]);
    assert_eq!(kinds(&store).await[0], "reused");
    let rotation = Rotation {
        presented: hash(111),
        ..rotation
    };
    let refused = store.rotate(&rotation, &event("reused", 2)).await.unwrap();
    assert_eq!(refused, Rotated::Refused);
}

/// And is gone.
pub(crate) async fn a_code_that_does_not_fit_is_refused(store: impl Store) {
    initialised(&store).await;
    assert!(open(&store, &session(1, "cadde.op"), PASSWORD).await);
    let fits = redemption(10, Duration::ZERO);
    for misfit in [
        Redemption {
            redirect_uri: "https://tool.example/callback/",
            ..fits.clone()
        },
        Redemption {
            challenge: hash(98),
            ..fits.clone()
        },
        Redemption {
            now: AT + Duration::seconds(60),
            ..fits.clone()
        },
    ] {
        assert_eq!(
            keep(&store, &code(10, 1, Duration::ZERO)).await,
            Coded::Kept
        );
        assert_eq!(redeem(&store, &misfit).await, Redeemed::Refused);
        assert_eq!(redeem(&store, &fits).await, Redeemed::Refused);
    }
    assert_eq!(
        redeem(&store, &redemption(77, Duration::ZERO)).await,
        Redeemed::Refused
    );
}

/// One family, or none where the second was quick enough to end it.
pub(crate) async fn of_a_code_shown_twice_at_once_one_begins(store: impl Store) {
    initialised(&store).await;
    assert!(open(&store, &session(1, "cadde.op"), PASSWORD).await);
    assert_eq!(
        keep(&store, &code(10, 1, Duration::ZERO)).await,
        Coded::Kept
    );
    let (first, second) = (
        redemption(10, Duration::ZERO),
        redemption(10, Duration::SECOND),
    );
    let (one, other) = tokio::join!(redeem(&store, &first), redeem(&store, &second));
    let is_begun = |redeemed: &Redeemed| matches!(redeemed, Redeemed::Begun(..));
    let is_reused = |redeemed: &Redeemed| matches!(redeemed, Redeemed::Reused(_));
    assert!(is_begun(&one) ^ is_begun(&other), "{one:?} {other:?}");
    assert!(is_reused(&one) ^ is_reused(&other), "{one:?} {other:?}");
}

/// With the user, the participant, the password; codes with their client, too.
pub(crate) async fn sessions_end_with_whom_they_belong_to(store: impl Store) {
    use State::{Active, Suspended};
    let first = initialised(&store).await;
    let another = participant("2");
    let apart = user("cadde.apart", another.id);
    store
        .insert_participant(&another, &event("p", 1))
        .await
        .unwrap();
    store
        .insert_user(&apart, PASSWORD, &event("u", 1))
        .await
        .unwrap();
    let op = &first.user.user_id;
    for what in ["user", "participant", "password", "client"] {
        for (seed, user) in [(1, "cadde.op"), (2, "cadde.apart")] {
            assert!(open(&store, &session(seed, user), PASSWORD).await);
            assert_eq!(
                keep(&store, &code(10 + seed, seed, Duration::ZERO)).await,
                Coded::Kept
            );
        }
        let event = || event(what, 1);
        match what {
            "user" => {
                store.set_user_state(op, Suspended, &event()).await.unwrap();
                assert!(!open(&store, &session(3, "cadde.op"), PASSWORD).await);
                store.set_user_state(op, Active, &event()).await.unwrap();
            }
            "participant" => {
                let id = first.participant.id;
                store
                    .set_participant_state(id, Suspended, &event())
                    .await
                    .unwrap();
                assert!(!open(&store, &session(3, "cadde.op"), PASSWORD).await);
                store
                    .set_participant_state(id, Active, &event())
                    .await
                    .unwrap();
            }
            "password" => {
                store.set_password(op, PASSWORD, &event()).await.unwrap();
                assert!(!open(&store, &session(3, "cadde.op"), "of before").await);
            }
            _ => {
                store
                    .set_client_state("operator", Suspended, &event())
                    .await
                    .unwrap();
                store
                    .set_client_state("operator", Active, &event())
                    .await
                    .unwrap();
            }
        }
        let is_clients = what == "client";
        assert_eq!(
            is_open(&store, 1, Duration::ZERO).await,
            is_clients,
            "{what}"
        );
        assert!(is_open(&store, 2, Duration::ZERO).await, "{what}");
        let refused = redeem(&store, &redemption(11, Duration::ZERO)).await;
        assert_eq!(refused, Redeemed::Refused, "{what}");
        let others = redeem(&store, &redemption(12, Duration::ZERO)).await;
        assert_eq!(others == Redeemed::Refused, is_clients, "{what}");
        // For the next.
        for seed in [1, 2] {
            store
                .end_login_session(&hash(seed), &event())
                .await
                .unwrap();
        }
        let purged = store.purge_families(AT + Duration::DAY).await.unwrap();
        assert_eq!(purged, u64::from(!is_clients), "{what}");
    }
}

/// That of the client with the session by which it began, or the session with all that began by it.
pub(crate) async fn signing_out_ends_what_it_is_about(store: impl Store) {
    initialised(&store).await;
    let begin = async |session_seed: u8, code_seed: u8| {
        let kept = keep(&store, &code(code_seed, session_seed, Duration::ZERO)).await;
        assert_eq!(kept, Coded::Kept);
        let redeemed = redeem(&store, &redemption(code_seed, Duration::ZERO)).await;
        begun(redeemed).family.id
    };
    for seed in [1, 2, 3] {
        assert!(open(&store, &session(seed, "cadde.op"), PASSWORD).await);
    }
    let (one, two, three) = (begin(1, 10).await, begin(1, 11).await, begin(2, 12).await);
    let event = || event("out", 1);
    let none = store.end_family(one, "auth.example", None, &event()).await;
    assert!(none.unwrap().is_empty() && is_open(&store, 1, Duration::ZERO).await);
    let also = hash(3);
    let ended = store
        .end_family(one, "operator", Some(&also), &event())
        .await;
    assert_eq!(ended.unwrap(), [one]);
    for (seed, open) in [(1, false), (2, true), (3, false)] {
        assert_eq!(is_open(&store, seed, Duration::ZERO).await, open);
    }
    let written = kinds(&store).await.len();
    let again = store
        .end_family(one, "operator", Some(&also), &event())
        .await;
    assert!(again.unwrap().is_empty());
    assert_eq!(kinds(&store).await.len(), written);

    let family = store.family_of(&hash(111)).await.unwrap();
    assert_eq!(family, Some(two));
    assert_eq!(store.family_of(&hash(250)).await.unwrap(), None);
    let none = store.revoke_family(two, "auth.example", &event()).await;
    assert_eq!(none.unwrap(), None);
    for expected in [Some(two), None] {
        let ended = store.revoke_family(two, "operator", &event()).await;
        assert_eq!(ended.unwrap(), expected);
    }
    let ended = store.end_login_session(&hash(2), &event()).await.unwrap();
    assert_eq!(ended, [three]);
    assert!(
        store
            .end_login_session(&hash(2), &event())
            .await
            .unwrap()
            .is_empty()
    );
}

/// What is over, and nothing else.
pub(crate) async fn sessions_and_codes_that_are_over_are_forgotten(store: impl Store) {
    initialised(&store).await;
    for seed in [1, 2] {
        assert!(open(&store, &session(seed, "cadde.op"), PASSWORD).await);
    }
    for (seed, hours) in [(10, 0), (11, 1)] {
        let kept = keep(&store, &code(seed, 1, Duration::hours(hours))).await;
        assert_eq!(kept, Coded::Kept);
    }
    let soon = AT + Duration::hours(2) + Duration::SECOND;
    // The second session, which was not used. Of the codes the first went when the second came.
    assert_eq!(store.purge_sign_ins(soon).await.unwrap(), 2);
    assert!(is_open(&store, 1, Duration::hours(2)).await);
    assert_eq!(store.purge_sign_ins(AT + Duration::DAY).await.unwrap(), 1);
}
