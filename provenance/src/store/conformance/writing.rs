//! Recording.

use std::{collections::BTreeSet, time::Duration};

use provenance_model::{
    commitment::{Commitment, Salt},
    core::Subject,
};

use super::kit::{KEYS, Ledger, Site, event, evidence, places, query, single, viewer};
use crate::domain::{
    access::ReadPolicy,
    lineage::{Direction, LineageQuery},
    store::{Index, LedgerStore as _, LedgerTx as _, NewRecord, Recorded},
    submission::{Accepted, Refused, Submission},
};

/// In the order of submission, whatever is refused in between.
pub(crate) async fn places_have_no_gaps(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let first = ledger
        .submit(vec![
            event("a", &[]),
            event("b", &["b"]),
            event("c", &["a"]),
        ])
        .await;
    assert_eq!(places(&first), [Some(0), None, Some(1)]);
    assert_eq!(first[1], Err(Refused::SelfReference));
    let none = ledger.submit(vec![event("d", &["d"])]).await;
    assert_eq!(places(&none), [None]);
    let more: Vec<Submission> = (0..500)
        .map(|n| event(&format!("m{n}"), &["a", "c"]))
        .collect();
    let expected: Vec<_> = (2..502).map(Some).collect();
    assert_eq!(places(&ledger.submit(more).await), expected);
}

fn exists(recorded: &Recorded) -> Accepted {
    Accepted::Exists(recorded.clone())
}

/// In the same group and in a later one, many at once.
pub(crate) async fn a_repetition_is_answered_with_the_same_receipt(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let batch = || -> Vec<Submission> { (0..50).map(|n| event(&format!("e{n}"), &[])).collect() };
    let mut doubled = batch();
    doubled.extend(batch());
    let decisions = ledger.submit(doubled).await;
    let recorded: Vec<Recorded> = decisions[..50]
        .iter()
        .map(|decision| match decision {
            Ok(Accepted::Created(recorded)) => recorded.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        recorded
            .iter()
            .all(|one| one.salt.is_some() && one.core.is_some())
    );
    let expected: Vec<_> = recorded.iter().map(exists).map(Ok).collect();
    assert_eq!(decisions[50..], expected);
    assert_eq!(ledger.submit(batch()).await, expected);
    assert_eq!(ledger.create(event("next", &[])).await.idx, 50);
}

/// By whoever it is; who recorded it before is told what.
pub(crate) async fn other_content_under_the_same_id_is_refused(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(event("a", &[])).await;
    let conflict = Refused::Conflict("a".to_owned());
    let other = Submission {
        content: [9; 32],
        ..event("a", &[])
    };
    let refused = ledger.refuse(other).await;
    assert!(matches!(refused, Refused::Contradicts(own) if own.id == "a"));
    let mut stranger = event("a", &[]);
    stranger.actor.client = Some("x.example".to_owned());
    assert_eq!(ledger.refuse(stranger).await, conflict);
}

/// And places go on behind it.
pub(crate) async fn what_was_recorded_is_there_after_a_restart(site: impl Site) {
    let before = Ledger::open(&site).await;
    let a = before.create(event("a", &[])).await;
    let b = before.create(event("b", &["a", "later"])).await;
    assert_eq!(b.pending, ["later"]);
    before.sequencer.close().await;
    drop(before);

    let after = Ledger::open(&site).await;
    let again = after
        .submit(vec![event("a", &[]), event("b", &["a", "later"])])
        .await;
    assert_eq!(again, [Ok(exists(&a)), Ok(exists(&b))]);
    assert_eq!(after.create(event("c", &["b"])).await.idx, 2);
    assert_eq!(
        after.lineage("c", Direction::Backward).await,
        ["a", "b", "c"]
    );
}

/// Its arrival is an event of the ledger itself, behind it.
pub(crate) async fn a_predecessor_may_arrive_later(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    for id in ["one", "two"] {
        let waiting = ledger.create(event(id, &["late"])).await;
        assert_eq!(waiting.pending, ["late"]);
    }
    assert_eq!(ledger.lineage("one", Direction::Backward).await, ["one"]);
    let late = ledger.create(event("late", &[])).await;
    assert_eq!((late.idx, late.pending.len()), (2, 0));
    assert_eq!(
        ledger.lineage("one", Direction::Backward).await,
        ["late", "one"]
    );
    assert_eq!(
        ledger.lineage("late", Direction::Forward).await,
        ["late", "one", "two"]
    );
    // Place 3 is the record that links them.
    assert_eq!(ledger.create(event("next", &["late"])).await.idx, 4);
}

/// As when a receiver's outbox is quicker than a provider's.
pub(crate) async fn a_predecessor_may_arrive_later_in_the_same_group(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let group = vec![
        event("received", &["sent"]),
        event("other", &["sent", "created"]),
        event("sent", &["created"]),
        event("created", &[]),
        event("received", &["sent"]),
    ];
    let decisions = ledger.submit(group).await;
    assert_eq!(
        places(&decisions),
        [Some(0), Some(1), Some(2), Some(4), None]
    );
    let Ok(Accepted::Exists(again)) = &decisions[4] else {
        panic!("{:?}", decisions[4]);
    };
    assert_eq!((again.idx, again.pending.len()), (0, 0));
    let expected = ["created", "sent", "received"];
    assert_eq!(
        ledger.lineage("received", Direction::Backward).await,
        expected
    );
    let forward = ledger.lineage("created", Direction::Forward).await;
    assert_eq!(forward, ["created", "other", "sent", "received"]);
    assert_eq!(ledger.create(event("next", &[])).await.idx, 6);
}

/// To whoever asks again, as long as it does.
pub(crate) async fn what_still_waits_is_told_again(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let submission = || event("a", &["x", "y", "x"]);
    assert_eq!(ledger.create(submission()).await.pending, ["x", "y"]);
    let pending = async || match ledger.submit(vec![submission()]).await.remove(0) {
        Ok(Accepted::Exists(recorded)) => recorded.pending,
        other => panic!("{other:?}"),
    };
    assert_eq!(pending().await, ["x", "y"]);
    // In the group of the arrival itself as well.
    let group = ledger.submit(vec![event("x", &[]), submission()]).await;
    assert!(
        matches!(&group[1], Ok(Accepted::Exists(again)) if again.pending == ["y"]),
        "{group:?}"
    );
    assert_eq!(pending().await, ["y"]);
    ledger.create(event("y", &[])).await;
    assert_eq!(pending().await, [""; 0]);
    assert_eq!(
        ledger.lineage("a", Direction::Backward).await,
        ["y", "x", "a"]
    );
}

/// However long the way round, in one group or over several.
pub(crate) async fn no_event_becomes_its_own_ancestor(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(event("a", &["z"])).await;
    ledger.create(event("b", &["a"])).await;
    ledger.create(event("c", &["b"])).await;
    assert_eq!(ledger.refuse(event("z", &["c"])).await, Refused::Cycle);
    assert_eq!(ledger.refuse(event("z", &["a"])).await, Refused::Cycle);
    let group = ledger
        .submit(vec![
            event("d", &["c"]),
            event("z", &["d"]),
            event("z", &["other"]),
        ])
        .await;
    assert_eq!(group[1], Err(Refused::Cycle));
    assert_eq!(places(&group), [Some(3), None, Some(4)]);
    let fresh = vec![event("k", &["m"]), event("l", &["k"]), event("m", &["l"])];
    assert_eq!(ledger.submit(fresh).await[2], Err(Refused::Cycle));
    assert_eq!(
        ledger.lineage("d", Direction::Backward).await,
        ["z", "a", "b", "c", "d"]
    );
}

/// A writer that looked for it any longer would keep others waiting.
pub(crate) async fn a_cycle_that_is_too_long_to_be_seen_is_walked_once(site: impl Site) {
    const LONG: usize = 150;
    let ledger = Ledger::open(&site).await;
    let id = |n: usize| format!("ring-{n}");
    let ring = (0..LONG).map(|n| {
        let before = if n == 0 { "last".to_owned() } else { id(n - 1) };
        event(&id(n), &[&before])
    });
    ledger.submit(ring.collect()).await;
    ledger.create(event("last", &[&id(LONG - 1)])).await;
    for direction in [Direction::Backward, Direction::Forward, Direction::Both] {
        for start in ["last", "ring-0", "ring-70"] {
            let mut found = ledger.lineage(start, direction).await;
            assert_eq!(found.len(), LONG + 1, "{direction:?} from {start}");
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), LONG + 1, "each of them once");
        }
    }
}

/// Some at once, the others in steps, and by whoever starts next where the ledger stops before.
pub(crate) async fn who_waits_for_an_event_is_told_of_it_however_many_they_are(site: impl Site) {
    const MANY: usize = 3_000;
    let ledger = Ledger::open(&site).await;
    for part in 0..3 {
        let some = (0..MANY / 3).map(|n| event(&format!("waits-{part}-{n}"), &["late"]));
        ledger.submit(some.collect()).await;
    }
    // One in the same group, behind those that are there already.
    let group = ledger
        .submit(vec![event("last", &["late", "late"]), event("late", &[])])
        .await;
    assert_eq!(places(&group).len(), 2);
    assert!(group.iter().all(Result::is_ok), "{group:?}");
    ledger.sequencer.close().await;
    let ledger = Ledger::open(&site).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let whole = || LineageQuery {
        limit: 2 * MANY,
        ..query("late", Direction::Forward)
    };
    loop {
        let found = ledger
            .ask(whole(), viewer("anybody", ReadPolicy::Open))
            .await;
        let found = found
            .expect("the database works")
            .expect("it is there")
            .len();
        if found == MANY + 2 {
            break;
        }
        assert!(found < MANY + 2, "{found}");
        assert!(tokio::time::Instant::now() < deadline, "{found} of {MANY}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = ledger.submit(vec![event("last", &["late", "late"])]).await;
    let Ok(Accepted::Exists(again)) = &again[0] else {
        panic!("{again:?}");
    };
    assert_eq!(again.pending, Vec::<String>::new());
}

/// An original that was sent to very many: what waits is found to be no descendant of it all the same.
pub(crate) async fn an_event_may_have_more_neighbours_than_the_writer_looks_at(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(event("origin", &["late"])).await;
    let sent = (0..300).map(|n| event(&format!("sent-{n}"), &["origin"]));
    ledger.submit(sent.collect()).await;
    ledger.create(event("other", &[])).await;
    let names: Vec<String> = (0..300).map(|n| format!("sent-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    ledger.create(event("merged", &names)).await;
    assert_eq!(
        ledger.refuse(event("late", &["origin"])).await,
        Refused::Cycle
    );
    assert_eq!(
        ledger.refuse(event("late", &["sent-0"])).await,
        Refused::Cycle
    );
    ledger.create(event("late", &["other"])).await;
    let whole = ledger.lineage("merged", Direction::Backward).await;
    assert_eq!(whole.len(), 304);
    assert_eq!(whole[..2], ["other", "late"]);
}

/// What names it goes on waiting.
pub(crate) async fn evidence_is_nobodys_predecessor(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(event("a", &["aborted"])).await;
    ledger.create(evidence("aborted")).await;
    let late = ledger.create(event("b", &["aborted"])).await;
    assert_eq!((late.idx, late.pending), (2, vec!["aborted".to_owned()]));
    let refused = ledger.refuse(event("aborted", &[])).await;
    assert!(matches!(refused, Refused::Contradicts(own) if own.id == "aborted"));
    assert_eq!(ledger.lineage("a", Direction::Both).await, ["a"]);
}

/// Unless it says that they may come later.
pub(crate) async fn a_single_registration_wants_its_predecessors(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let one = || single("a", "Update", "u", "h");
    assert_eq!(
        ledger.refuse(one().after(&["x"], false)).await,
        Refused::Missing("x".to_owned())
    );
    assert_eq!(
        ledger.create(one().after(&["x"], true)).await.pending,
        ["x"]
    );
    assert_eq!(
        ledger.refuse(one().after(&["x"], true)).await,
        Refused::IdTaken("a".to_owned())
    );
}

/// The same content under it is answered as before.
pub(crate) async fn a_key_is_good_for_one_request_until_it_is_forgotten(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let one = |key: &str| single("a", "Update", "u", "h").keyed(key);
    let group = ledger.submit(vec![one("k"), one("k")]).await;
    let Ok(Accepted::Created(recorded)) = &group[0] else {
        panic!("{group:?}");
    };
    assert_eq!(group[1], Ok(exists(recorded)));
    assert_eq!(
        ledger.submit(vec![one("k"), one("l")]).await,
        [Ok(exists(recorded)), Ok(exists(recorded))]
    );
    let other = single("b", "Update", "u", "h").keyed("k");
    assert_eq!(ledger.refuse(other.clone()).await, Refused::KeyReused);
    ledger.sequencer.close().await;

    // Old keys are forgotten by the writer itself, also when it starts.
    let (mut store, _reader) = site.open().await;
    let now = common::clock::unix_millis(common::clock::Clock::now(&*ledger.clock));
    let later = i64::try_from(now).expect("a time of these tests") + 1;
    let pruned = move || {
        let kept = store.prune_keys(later - 1).expect("the database works");
        let gone = store.prune_keys(later).expect("the database works");
        (
            kept,
            gone,
            store.prune_keys(later).expect("the database works"),
        )
    };
    assert_eq!(
        tokio::task::spawn_blocking(pruned).await.unwrap(),
        (false, true, false)
    );
    let ledger = Ledger::open(&site).await;
    assert_eq!(ledger.create(other).await.idx, 1);
    assert!(KEYS.as_secs() > 0);
}

/// By the same provider, under the same address and with the same hash; in one group too.
pub(crate) async fn the_same_data_is_registered_once(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let group = ledger
        .submit(vec![
            single("a", "Create", "u", "h"),
            single("b", "Create", "u", "h"),
            single("c", "Create", "v", "h"),
            single("d", "Create", "u", "i"),
        ])
        .await;
    assert_eq!(places(&group), [Some(0), None, Some(1), Some(2)]);
    let duplicate = |id: &str| Ok(Accepted::Duplicate(id.to_owned()));
    assert_eq!(group[1], duplicate("a"));
    let again = ledger
        .submit(vec![
            single("e", "Publish", "u", "h"),
            single("f", "Create", "v", "h"),
        ])
        .await;
    assert_eq!(again, [duplicate("a"), duplicate("c")]);
    // Where two texts meet makes a difference.
    let shifted = ledger
        .submit(vec![
            single("g", "Create", "uh", ""),
            single("h", "Create", "uv", "h"),
        ])
        .await;
    assert_eq!(places(&shifted), [Some(3), Some(4)]);
}

/// Where it has no predecessor of its own.
pub(crate) async fn an_original_is_linked_to_the_update_that_made_it(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(single("made", "Update", "u", "h")).await;
    ledger.create(single("original", "Create", "u", "h")).await;
    assert_eq!(
        ledger.lineage("original", Direction::Backward).await,
        ["made", "original"]
    );
}

/// Longer than an index takes.
pub(crate) async fn texts_may_be_long(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let uri: String = (0..6000_u32)
        .map(|n| char::from_u32(0x4e00 + n).expect("a character"))
        .collect();
    let hash = "f".repeat(9000);
    ledger.create(single("a", "Create", &uri, &hash)).await;
    let again = ledger
        .submit(vec![single("b", "Create", &uri, &hash)])
        .await;
    assert_eq!(again, [Ok(Accepted::Duplicate("a".to_owned()))]);
    let id = "i".repeat(256);
    ledger
        .create(event(&id, &["x".repeat(256).as_str()]).clone())
        .await;
}

/// Nor does it keep its place.
pub(crate) async fn a_transaction_that_is_dropped_leaves_no_trace(site: impl Site) {
    let (mut store, _reader) = site.open().await;
    let blocking = move || {
        let (salt, columns) = (Salt::random(), crate::domain::store::Columns::default());
        let commitment = Commitment::new(&salt, "{}");
        let record = |id| NewRecord {
            id,
            subject_kind: Subject::Event,
            commitment: &commitment,
            salt: &salt,
            core: "{}",
            columns: &columns,
            rx_ms: 1,
            actor: "user:u",
            content: None,
            about: None,
        };
        for _ in 0..2 {
            let mut tx = store.begin().expect("the database works");
            assert_eq!(tx.insert(&record("a")).expect("it is new"), 0);
            assert!(tx.find("a").expect("the database works").is_some());
            tx.recorded(7).expect_err("there is none");
            drop(tx);
        }
        let mut tx = store.begin().expect("the database works");
        assert_eq!(tx.find("a").expect("the database works"), None);
        tx.insert(&record("b")).expect("it is new");
        tx.commit().expect("the database works");
        let mut tx = store.begin().expect("the database works");
        assert_eq!(tx.insert(&record("c")).expect("it is new"), 1);
        assert_eq!(
            tx.find("b")
                .expect("the database works")
                .map(|known| known.idx),
            Some(0)
        );
    };
    tokio::task::spawn_blocking(blocking).await.unwrap();
}

/// Also two processes that were started on one file by mistake.
pub(crate) async fn several_servers_give_places_without_gaps(site: impl Site) {
    // Few: a file's writers take turns without a queue, and on a slow disk one of them could wait for all rounds of the others.
    const ROUNDS: usize = 8;
    let a = Ledger::open(&site).await;
    let (b, c) = (Ledger::open(&site).await, Ledger::open(&site).await);
    let work = async |ledger: &Ledger, name: &str| -> Vec<Index> {
        let mut given = Vec::new();
        for round in 0..ROUNDS {
            // Everybody also delivers what another has delivered, as after a lost answer.
            let group = (0..10).map(|n| event(&format!("{name}{round}-{n}"), &["o"]));
            let group = group
                .chain([event(&format!("shared{round}"), &[])])
                .collect();
            given.extend(places(&ledger.submit(group).await).into_iter().flatten());
        }
        given
    };
    let given = tokio::join!(work(&a, "a"), work(&b, "b"), work(&c, "c"));
    let all: Vec<Index> = [given.0, given.1, given.2].concat();
    let different: BTreeSet<Index> = all.iter().copied().collect();
    assert_eq!(all.len(), 3 * ROUNDS * 10 + ROUNDS);
    assert_eq!(different.len(), all.len(), "no place is given twice");
    let last = different
        .last()
        .copied()
        .and_then(|last| usize::try_from(last).ok());
    assert_eq!(last, Some(all.len() - 1), "and none is left out");
}
