//! The installation, participants, users, clients, and the audit trail.

use auth_client::{
    Profile, State,
    api::{Event, GrantType, ParticipantDomain, Purpose, RedirectUris},
};
use time::Duration;

use super::entries::{
    AT, app, code, connector, event, everything, hash, id, initialised, kinds, participant,
    service, user,
};
use crate::domain::store::{AccountsError, Duplicate, Snapshot, Store};

/// And a second time is refused.
pub(crate) async fn nothing_is_initialised_before_all_of_it_is(store: impl Store) {
    assert!(!store.is_initialised().await.unwrap());
    let first = initialised(&store).await;
    assert!(store.is_initialised().await.unwrap());
    store
        .initialise(&first, &event("again", 1))
        .await
        .unwrap_err();
    assert_eq!(kinds(&store).await, ["installation.initialised"]);
}

/// Members, lists in their order, times to the microsecond.
pub(crate) async fn what_was_registered_is_loaded_again(store: impl Store) {
    let first = initialised(&store).await;
    let mut member = user("cadde.member", first.participant.id);
    member.orgs = vec![id("cadde.op"), id("cadde.member")];
    store
        .insert_user(&member, "hash", &event("user", 1))
        .await
        .unwrap();
    let provider = connector("p.example", "cadde.member", Some("https://p.example"));
    let receiver = connector("r.example", "cadde.member", None);
    for one in [&provider, &receiver] {
        store
            .insert_client(one, Some(&code(9)), None, &event("client", 2))
            .await
            .unwrap_or_else(|error| {
                // The same code for both is one too many.
                assert!(
                    one.id == "r.example" && matches!(error, AccountsError::Database(_)),
                    "{error:?}"
                );
            });
    }
    store
        .insert_client(&receiver, None, None, &event("client", 3))
        .await
        .unwrap();
    let expected = Snapshot {
        participants: vec![first.participant],
        users: vec![first.user, member],
        clients: {
            let mut clients = first.clients;
            clients.extend([provider, receiver]);
            clients
        },
        revoked_families: Vec::new(),
    };
    let mut expected = expected;
    expected.users.sort_by_key(|one| one.id);
    expected.clients.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(everything(&store).await, format!("{expected:?}"));
}

/// User IDs and client ids whatever their case.
pub(crate) async fn numbers_ids_and_addresses_are_taken_once(store: impl Store) {
    let first = initialised(&store).await;
    let taken = |result: Result<(), AccountsError>| match result.unwrap_err() {
        AccountsError::Duplicate(what) => what,
        other => panic!("{other:?}"),
    };
    let event = event("second", 1);
    let again = participant("1");
    assert_eq!(
        taken(store.insert_participant(&again, &event).await),
        Duplicate::Number
    );
    for same in ["cadde.op", "cadde.OP"] {
        let mut second = user(same, first.participant.id);
        second.orgs = vec![id("cadde.op")];
        assert_eq!(
            taken(store.insert_user(&second, "h", &event).await),
            Duplicate::UserId,
            "{same}"
        );
    }
    for same in ["operator", "Operator", "AUTH.example"] {
        let second = app(same);
        assert_eq!(
            taken(store.insert_client(&second, None, None, &event).await),
            Duplicate::ClientId,
            "{same}"
        );
    }
    let one = connector("one.example", "cadde.op", Some("https://x.example"));
    store.insert_client(&one, None, None, &event).await.unwrap();
    let other = connector("two.example", "cadde.op", Some("https://x.example"));
    assert_eq!(
        taken(store.insert_client(&other, None, None, &event).await),
        Duplicate::BaseUrl
    );
}

/// However many come at a time.
pub(crate) async fn of_the_same_registration_at_the_same_time_one_succeeds(store: impl Store) {
    initialised(&store).await;
    let events: [Event; 4] = std::array::from_fn(|_| event("participant", 1));
    let [a, b, c, d] = [(); 4].map(|()| participant("2"));
    let [ea, eb, ec, ed] = &events;
    let (a, b, c, d) = tokio::join!(
        store.insert_participant(&a, ea),
        store.insert_participant(&b, eb),
        store.insert_participant(&c, ec),
        store.insert_participant(&d, ed),
    );
    let (won, lost): (Vec<_>, Vec<_>) = [a, b, c, d].into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost {
        assert!(
            matches!(error, Err(AccountsError::Duplicate(Duplicate::Number))),
            "{error:?}"
        );
    }
    assert_eq!(
        kinds(&store).await,
        ["participant", "installation.initialised"]
    );
}

/// A user's participant and organisations, a client's user.
pub(crate) async fn references_have_to_exist(store: impl Store) {
    let first = initialised(&store).await;
    let event = event("none", 1);
    let stray = user("cadde.stray", participant("9").id);
    let mut follower = user("cadde.follower", first.participant.id);
    follower.orgs = vec![id("cadde.nobody")];
    for one in [stray, follower] {
        let error = store.insert_user(&one, "h", &event).await.unwrap_err();
        assert!(matches!(error, AccountsError::Reference), "{error:?}");
    }
    let orphan = connector("o.example", "cadde.nobody", None);
    let error = store
        .insert_client(&orphan, None, None, &event)
        .await
        .unwrap_err();
    assert!(matches!(error, AccountsError::Reference), "{error:?}");
}

/// Not even of what it had written before it was refused.
pub(crate) async fn a_refused_registration_leaves_no_trace(store: impl Store) {
    let first = initialised(&store).await;
    let before = everything(&store).await;
    let mut follower = user("cadde.follower", first.participant.id);
    follower.orgs = vec![id("cadde.follower"), id("cadde.nobody")];
    store
        .insert_user(&follower, "h", &event("user", 1))
        .await
        .unwrap_err();
    let stolen = super::entries::certificate("01", "new.example", 0);
    let client = service("new.example");
    let error = store
        .insert_client(&client, Some(&code(5)), Some(&stolen), &event("client", 2))
        .await
        .unwrap_err();
    assert!(
        matches!(error, AccountsError::Duplicate(Duplicate::Key)),
        "{error:?}"
    );
    assert_eq!(everything(&store).await, before);
    assert_eq!(kinds(&store).await, ["installation.initialised"]);
    assert!(store.code(&hash(5)).await.unwrap().is_none());
}

/// Together or not at all is tested by the databases' own tests; here: both are there.
pub(crate) async fn states_passwords_and_secrets_change_with_their_event(store: impl Store) {
    let first = initialised(&store).await;
    let op = id("cadde.op");
    store
        .set_participant_state(first.participant.id, State::Suspended, &event("one", 1))
        .await
        .unwrap();
    store
        .set_user_state(&op, State::Suspended, &event("two", 2))
        .await
        .unwrap();
    store
        .set_client_state("operator", State::Suspended, &event("three", 3))
        .await
        .unwrap();
    store
        .set_client_secret("operator", &hash(7), &event("four", 4))
        .await
        .unwrap();
    assert_eq!(
        store.password_hash(&op).await.unwrap().as_deref(),
        Some("$argon2id$")
    );
    store
        .set_password(&op, "other", &event("five", 5))
        .await
        .unwrap();
    assert_eq!(
        store.password_hash(&op).await.unwrap().as_deref(),
        Some("other")
    );
    assert_eq!(
        store.password_hash(&id("cadde.nobody")).await.unwrap(),
        None
    );
    let all = store.load(AT).await.unwrap();
    assert_eq!(all.participants[0].state, State::Suspended);
    assert_eq!(all.users[0].state, State::Suspended);
    let operator = all
        .clients
        .iter()
        .find(|client| client.id == "operator")
        .unwrap();
    assert_eq!(
        (operator.state, operator.secret_hash),
        (State::Suspended, Some(hash(7)))
    );
    assert_eq!(
        kinds(&store).await,
        [
            "five",
            "four",
            "three",
            "two",
            "one",
            "installation.initialised"
        ]
    );
}

/// Of a connector alone.
pub(crate) async fn a_profile_is_learnt_once_and_set_whenever(store: impl Store) {
    initialised(&store).await;
    let old = connector("r.example", "cadde.op", None);
    store
        .insert_client(&old, None, None, &event("client", 1))
        .await
        .unwrap();
    let steps = [
        (Profile::Kakehashi1, false, true),
        (Profile::Cadde4, false, false),
        (Profile::Cadde4, true, true),
        (Profile::Kakehashi1, false, false),
    ];
    let mut held = None;
    for (seconds, (profile, over, set)) in (2..).zip(steps) {
        let event = event("profile", seconds);
        let done = store.set_profile("r.example", profile, over, &event).await;
        assert_eq!(done.unwrap(), set, "{profile} {over}");
        held = if set { Some(profile) } else { held };
        let all = store.load(AT).await.unwrap();
        let client = all.clients.iter().find(|client| client.id == "r.example");
        let shown = client.unwrap().to_connector().unwrap();
        assert_eq!(shown.profile, held);
    }
    for stranger in ["operator", "auth.example", "nobody.example"] {
        let done = store
            .set_profile(stranger, Profile::Cadde4, true, &event("none", 9))
            .await;
        assert!(!done.unwrap(), "{stranger}");
    }
    assert_eq!(
        kinds(&store).await,
        ["profile", "profile", "client", "installation.initialised"]
    );
}

/// Of an application alone.
pub(crate) async fn a_purpose_is_kept(store: impl Store) {
    initialised(&store).await;
    let purposes = [
        Purpose::Management {
            servers: true,
            ids: vec!["p.example".parse().unwrap()],
        },
        Purpose::Ledger,
        Purpose::Application,
    ];
    for (seconds, purpose) in (1..).zip(purposes) {
        for (more, id) in ["operator", "auth.example"].into_iter().enumerate() {
            let event = event("purpose", seconds * 2 + i64::try_from(more).unwrap());
            store.set_purpose(id, &purpose, &event).await.unwrap();
        }
        let all = store.load(AT).await.unwrap();
        let shown = |id: &str| {
            all.clients
                .iter()
                .find(|one| one.id == id)
                .unwrap()
                .to_app()
        };
        assert_eq!(shown("operator").unwrap().purpose, purpose);
        assert!(shown("auth.example").is_none());
    }
}

/// Or taken away.
pub(crate) async fn a_domain_is_kept(store: impl Store) {
    let first = initialised(&store).await;
    let other = ParticipantDomain {
        letter: "B".into(),
        name_ja: "河川".into(),
        name_en: "Rivers".into(),
    };
    for (seconds, domain) in (1..).zip([None, Some(other)]) {
        let event = event("domain", seconds);
        let set = store.set_domain(first.participant.id, domain.as_ref(), &event);
        set.await.unwrap();
        let all = store.load(AT).await.unwrap().participants;
        assert_eq!(all[0].domain, domain);
    }
}

/// All of them instead of those of before, with the ways to tokens that follow.
pub(crate) async fn redirects_are_kept(store: impl Store) {
    initialised(&store).await;
    let some = RedirectUris {
        redirect_uris: vec!["https://a.example/".into(), "https://b.example/".into()],
        post_logout_redirect_uris: vec!["https://a.example/".into()],
    };
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    for (seconds, (uris, grants)) in
        (1..).zip([(some, &grants[..]), (RedirectUris::default(), &[])])
    {
        let event = event("redirects", seconds);
        let set = store
            .set_redirects("auth.example", &uris, grants, &event)
            .await;
        set.unwrap();
        let all = store.load(AT).await.unwrap();
        let client = |id: &str| all.clients.iter().find(|one| one.id == id).unwrap();
        assert_eq!(client("auth.example").redirects, uris);
        assert_eq!(client("auth.example").grants, grants);
        assert_eq!(client("operator").redirects, RedirectUris::default());
        assert_eq!(client("operator").grants.len(), 2);
    }
}

/// With their members.
pub(crate) async fn events_are_paged_from_the_newest(store: impl Store) {
    initialised(&store).await;
    let (older, newest) = (event("older", 30), event("newest", 60));
    for one in [&older, &newest] {
        store
            .set_client_state("operator", State::Active, one)
            .await
            .unwrap();
    }
    let page = store.events(None, 2).await.unwrap();
    assert_eq!(format!("{:?}", page[0]), format!("{newest:?}"));
    assert_eq!(page[1].kind, "older");
    assert_eq!(page[0].at, AT + Duration::minutes(1));
    let rest = store.events(Some(page[1].id), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].kind, "installation.initialised");
}

/// The oldest first, and nothing else.
pub(crate) async fn events_are_forgotten_once_they_are_old(store: impl Store) {
    initialised(&store).await;
    for one in [event("older", 30), event("newest", 60)] {
        store
            .set_client_state("operator", State::Active, &one)
            .await
            .unwrap();
    }
    assert_eq!(store.forget_events(AT).await.unwrap(), 0);
    let end = AT + Duration::minutes(1);
    assert_eq!(store.forget_events(end).await.unwrap(), 2);
    assert_eq!(store.forget_events(end).await.unwrap(), 0);
    let left = store.events(None, 9).await.unwrap();
    let left: Vec<_> = left.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(left, ["newest"]);
}

/// From the wanted one on, and no two are given twice.
pub(crate) async fn crl_numbers_grow(store: impl Store) {
    assert_eq!(
        store.next_crl_number(1_700_000_000_000).await.unwrap(),
        1_700_000_000_000
    );
    assert_eq!(store.next_crl_number(5).await.unwrap(), 1_700_000_000_001);
    assert_eq!(
        store.next_crl_number(1_800_000_000_000).await.unwrap(),
        1_800_000_000_000
    );
    let next = || store.next_crl_number(0);
    let (a, b, c) = tokio::join!(next(), next(), next());
    let mut numbers = [a.unwrap(), b.unwrap(), c.unwrap()].map(|n| n - 1_800_000_000_000);
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
}

/// Of what is held in memory, by whichever connection; certificates are not.
pub(crate) async fn changes_are_counted(store: impl Store) {
    let before = store.changes().await.unwrap();
    initialised(&store).await;
    store
        .set_client_state("operator", State::Suspended, &event("client.suspended", 1))
        .await
        .unwrap();
    assert_eq!(store.changes().await.unwrap(), before + 2);
    let next = super::entries::certificate("01", "auth.example", 1);
    store
        .record_certificate(&next, &event("certificate.renewed", 2))
        .await
        .unwrap();
    store
        .set_client_state("nobody", State::Active, &event("client.suspended", 3))
        .await
        .unwrap();
    assert_eq!(store.changes().await.unwrap(), before + 3);
}

/// What changed is read again, and nothing else, however much there is.
pub(crate) async fn news_are_what_is_different(store: impl Store) {
    initialised(&store).await;
    let before = store.changes().await.unwrap();
    let told = async |since| {
        let news = store.news(Some(since), AT).await.unwrap();
        assert_eq!(news.changes, store.changes().await.unwrap());
        let entries = news.entries;
        let counts = [
            entries.participants.len(),
            entries.users.len(),
            entries.clients.len(),
        ];
        (news.is_whole, counts)
    };
    assert_eq!(told(before).await, (false, [0, 0, 0]));

    let one = participant("7");
    let registered = event_about("participant.registered", &one.id.to_string());
    store.insert_participant(&one, &registered).await.unwrap();
    assert_eq!(told(before).await, (false, [1, 0, 0]));

    let client = service("news.example");
    let registered = event_about("service.registered", &client.id);
    store
        .insert_client(&client, None, None, &registered)
        .await
        .unwrap();
    let suspended = event_about("service.suspended", &client.id);
    store
        .set_client_state(&client.id, State::Suspended, &suspended)
        .await
        .unwrap();
    let news = store.news(Some(before), AT).await.unwrap();
    assert_eq!(news.entries.clients[0].state, State::Suspended);
    assert_eq!(told(before).await, (false, [1, 0, 1]));
    assert_eq!(told(before + 1).await, (false, [0, 0, 1]));

    // What nobody has told apart, what is not kept any more, and what never was: everything.
    let all = store.load(AT).await.unwrap();
    let whole = (
        true,
        [all.participants.len(), all.users.len(), all.clients.len()],
    );
    assert_eq!(told(before + 9).await, whole);
    let unknown = event_about("something", "else");
    store
        .set_client_state(&client.id, State::Active, &unknown)
        .await
        .unwrap();
    assert_eq!(told(before).await, whole);
}

fn event_about(kind: &str, subject: &str) -> Event {
    Event {
        subject: subject.to_owned(),
        ..event(kind, 1)
    }
}
