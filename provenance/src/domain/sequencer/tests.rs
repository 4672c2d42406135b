//! What the writer does when its database does not do what it should.

mod faulty;

use std::time::Duration;

use common::{clock::ManualClock, process::Readiness};
use time::macros::datetime;

use self::faulty::{Faults, Faulty};
use super::*;
use crate::{
    config::LedgerConfig,
    domain::{
        store::Index,
        submission::{Accepted, Refused},
    },
    store::{conformance::event, open_sqlite},
};

struct Kit {
    sequencer: Sequencer,
    faults: Arc<Faults>,
    readiness: Readiness,
    folder: tempfile::TempDir,
}

impl Kit {
    async fn new() -> Self {
        Self::with(1 << 30, Duration::from_secs(10)).await
    }

    async fn with(queue_bytes: usize, patience: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        let config = common_db::DatabaseConfig::new(url);
        let (store, _, _) = open_sqlite(&config).await.expect("a database");
        let faults = Arc::new(Faults::default());
        let readiness = Readiness::default();
        readiness.started();
        let limits = SequencerLimits {
            queue: 10_000,
            queue_bytes,
            disk: None,
            watermark: LedgerConfig::default().watermark(),
            keep_keys: Duration::from_hours(1),
            patience,
        };
        let clock = Arc::new(ManualClock::new(datetime!(2026-11-22 01:02:03 UTC)));
        let store = Faulty {
            store,
            faults: faults.clone(),
        };
        let sequencer = Sequencer::start(store, clock, limits, readiness.register("ledger"));
        Self {
            sequencer: sequencer.expect("a thread"),
            faults,
            readiness,
            folder,
        }
    }

    async fn submit(&self, ids: &[&str]) -> Result<Vec<Decision>, SubmitError> {
        let all = ids.iter().map(|id| event(id, &[])).collect();
        self.sequencer.submit(all).await
    }

    /// The places of what is new.
    async fn places(&self, ids: &[&str]) -> Vec<Option<Index>> {
        let decisions = self.submit(ids).await.expect("the database works");
        let place = |one: &Decision| match one {
            Ok(Accepted::Created(recorded)) => Some(recorded.idx),
            Ok(_) => panic!("{one:?}"),
            Err(refused) => {
                assert_eq!(*refused, Refused::Failed);
                None
            }
        };
        decisions.iter().map(place).collect()
    }

    async fn until_ready(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while let Some(problems) = self.readiness.problems() {
            assert!(tokio::time::Instant::now() < deadline, "{problems:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_written_is_refused_alone() {
    let kit = Kit::new().await;
    for (round, bad) in ["poison", "panic"].into_iter().enumerate() {
        let ids: Vec<String> = (0..9).map(|n| format!("{round}-{n}")).collect();
        let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        ids.insert(5, bad);
        let first = Index::try_from(9 * round).unwrap();
        let mut expected: Vec<Option<Index>> = (first..first + 9).map(Some).collect();
        expected.insert(5, None);
        assert_eq!(kit.places(&ids).await, expected);
    }
    assert_eq!(kit.readiness.problems(), None);
    assert_eq!(kit.places(&["poison"]).await, [None]);
    assert_eq!(kit.places(&["after"]).await, [Some(18)]);
    kit.until_ready().await;
}

#[tokio::test]
async fn a_transaction_in_the_way_is_waited_for() {
    let kit = Kit::new().await;
    kit.faults.conflicts.store(4, Ordering::Relaxed);
    assert_eq!(kit.places(&["a", "b"]).await, [Some(0), Some(1)]);
    // For ever, it is not.
    kit.faults.conflicts.store(u32::MAX, Ordering::Relaxed);
    match kit.submit(&["c"]).await {
        Err(SubmitError::Store(error)) => assert!(error.is_unavailable(), "{error}"),
        other => panic!("{other:?}"),
    }
    kit.faults.conflicts.store(0, Ordering::Relaxed);
    assert_eq!(kit.places(&["c"]).await, [Some(2)]);
}

#[tokio::test]
async fn an_answer_that_did_not_come_is_not_taken_for_a_refusal() {
    let kit = Kit::new().await;
    kit.faults.lost_commits.store(1, Ordering::Relaxed);
    match kit.submit(&["a"]).await {
        Err(SubmitError::Store(error)) => {
            assert!(error.is_uncertain() && !error.is_unavailable(), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(kit.readiness.problems().is_some());
    kit.until_ready().await;
    let again = kit.submit(&["a"]).await.unwrap();
    assert!(matches!(&again[0], Ok(Accepted::Exists(recorded)) if recorded.idx == 0));
}

#[tokio::test]
async fn a_file_that_cannot_grow_refuses_until_it_can() {
    let kit = Kit::new().await;
    kit.places(&["a"]).await;
    // The smallest that the file may be is what it has.
    kit.faults.max_pages.store(1, Ordering::Relaxed);
    let mut refused = None;
    for n in 0..1000 {
        if let Err(error) = kit.submit(&[&format!("filler-{n}")]).await {
            refused = Some(error);
            break;
        }
    }
    match refused {
        Some(SubmitError::Store(error)) => assert!(error.is_unavailable(), "{error}"),
        other => panic!("{other:?}"),
    }
    kit.faults.max_pages.store(1 << 30, Ordering::Relaxed);
    let after = kit.places(&["b", "c"]).await;
    assert_eq!(after[0].map(|place| place + 1), after[1]);
    kit.until_ready().await;
}

#[tokio::test]
async fn what_waits_has_so_many_bytes() {
    let kit = Kit::with(1000, Duration::from_secs(10)).await;
    let held = kit.faults.door.lock().await;
    // Larger than all that may wait: it passes alone.
    let large: Vec<Submission> = (0..4).map(|n| event(&format!("large-{n}"), &[])).collect();
    let first = tokio::spawn({
        let sequencer = kit.sequencer.clone();
        async move { sequencer.submit(large).await }
    });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while kit.sequencer.load.waiting.all().records < 4 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    assert!(matches!(kit.submit(&["a"]).await, Err(SubmitError::Busy)));
    drop(held);
    assert_eq!(first.await.unwrap().unwrap().len(), 4);
    assert_eq!(kit.places(&["a"]).await, [Some(4)]);
    assert_eq!(kit.sequencer.load.waiting.all(), Amount::default());
}

/// The same event of another connector.
fn of(connector: &str, mut event: Submission) -> Submission {
    event.actor.client = Some(connector.to_owned());
    event
}

#[tokio::test]
async fn who_has_much_to_write_does_not_hold_up_who_has_little() {
    let kit = Kit::new().await;
    let held = kit.faults.door.lock().await;
    let mut asked = Vec::new();
    let submit = |connector: &'static str, name: &str, many: usize| {
        let all = (0..many).map(|n| of(connector, event(&format!("{name}-{n}"), &[])));
        let (all, sequencer) = (all.collect(), kit.sequencer.clone());
        tokio::spawn(async move { sequencer.submit(all).await })
    };
    let until_waiting = async |records: usize| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while kit.sequencer.load.waiting.all().records < records {
            assert!(tokio::time::Instant::now() < deadline);
            tokio::task::yield_now().await;
        }
    };
    // The writer is at this one meanwhile.
    asked.push(submit("busy.example", "first", 1));
    until_waiting(1).await;
    for (request, sum) in [("second", 1025), ("third", 2049)] {
        asked.push(submit("busy.example", request, 1024));
        until_waiting(sum).await;
    }
    let other = submit("quiet.example", "own", 1);
    until_waiting(2050).await;
    // Beyond its share it is told to come again, and nobody else is.
    let more = submit("busy.example", "more", 1024).await.unwrap();
    assert!(matches!(more, Err(SubmitError::Busy)), "{more:?}");
    let small = submit("third.example", "small", 1);
    until_waiting(2051).await;
    drop(held);
    let place = |decided: Result<Vec<Decision>, SubmitError>| match &decided.unwrap()[0] {
        Ok(Accepted::Created(recorded)) => recorded.idx,
        other => panic!("{other:?}"),
    };
    let (other, small) = (place(other.await.unwrap()), place(small.await.unwrap()));
    let third = place(asked.pop().unwrap().await.unwrap());
    assert!(other < third && small < third, "{other} {small} {third}");
    for one in asked {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_arrives_late_is_not_searched_for_through_all_that_came_of_it() {
    let kit = Kit::new().await;
    let mut all = vec![event("origin", &[]), event("0", &["late"])];
    all.extend((1..200).map(|n| event(&n.to_string(), &[&(n - 1).to_string()])));
    kit.sequencer.submit(all).await.unwrap();
    let late = kit.sequencer.submit(vec![event("late", &["origin"])]).await;
    assert!(matches!(late.unwrap()[0], Ok(Accepted::Created(_))));
    assert!(kit.faults.asked.load(Ordering::Relaxed) < 5);
}

/// The worst that one batch can ask for: each of its events joins a long line of ancestors with a long line of descendants.
#[tokio::test]
async fn a_batch_keeps_the_writer_for_so_many_steps_whatever_it_joins() {
    const LONG: usize = 300;
    const MANY: usize = 200;
    let kit = Kit::new().await;
    let late: Vec<String> = (0..MANY).map(|n| format!("late-{n}")).collect();
    let awaited: Vec<&str> = late.iter().map(String::as_str).collect();
    let mut all = vec![event("above-0", &[]), event("below-0", &awaited)];
    for n in 1..LONG {
        for line in ["above", "below"] {
            let before = format!("{line}-{}", n - 1);
            all.push(event(&format!("{line}-{n}"), &[&before]));
        }
    }
    kit.sequencer.submit(all).await.unwrap();
    let before = kit.faults.asked.load(Ordering::Relaxed);
    let last = format!("above-{}", LONG - 1);
    let batch = late.iter().map(|id| event(id, &[&last])).collect();
    let decisions = kit.sequencer.submit(batch).await.unwrap();
    for decision in &decisions {
        assert!(matches!(decision, Ok(Accepted::Created(_))), "{decision:?}");
    }
    let asked = kit.faults.asked.load(Ordering::Relaxed) - before;
    assert!(asked <= 1024, "{asked} steps for one batch");
    // What comes next has its own: a cycle that is near is still seen.
    kit.sequencer
        .submit(vec![event("x", &["y"])])
        .await
        .unwrap();
    let y = kit.sequencer.submit(vec![event("y", &["x"])]).await;
    assert_eq!(y.unwrap(), [Err(Refused::Cycle)]);
}

/// Many wait for each of many that arrive at once: they are told in transactions between those of others.
#[tokio::test]
async fn who_waits_is_told_in_steps() {
    const EACH: usize = 400;
    const MANY: usize = 10;
    let kit = Kit::new().await;
    for n in 0..MANY {
        let late = format!("late-{n}");
        let all = (0..EACH).map(|one| event(&format!("{n}-{one}"), &[&late]));
        kit.sequencer.submit(all.collect()).await.unwrap();
    }
    let arrive = (0..MANY)
        .map(|n| event(&format!("late-{n}"), &[]))
        .collect();
    let decided = kit.sequencer.submit(arrive).await.unwrap();
    assert!(
        decided
            .iter()
            .all(|one| matches!(one, Ok(Accepted::Created(_))))
    );
    let folder = kit.folder.path().join("ledger.db");
    let conn = rusqlite::Connection::open(folder).unwrap();
    let left = || -> i64 {
        let count = "SELECT (SELECT count(*) FROM pending_edge) + (SELECT count(*) FROM arriving)";
        conn.query_row(count, [], |row| row.get(0)).unwrap()
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while left() > 0 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} are left",
            left()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let edges: i64 = conn
        .query_row(
            "SELECT (SELECT count(*) FROM edge) + (SELECT count(*) FROM stranger_edge)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(usize::try_from(edges).unwrap(), EACH * MANY);
    // One more than is told is asked for, to know whether there are more.
    let most = kit.faults.told_most.load(Ordering::Relaxed);
    assert!(most <= 1024 + 10, "{most} in one transaction");
}

#[tokio::test]
async fn a_writer_that_is_stuck_in_a_group_is_not_ready_until_it_gets_on() {
    let kit = Kit::with(1 << 30, Duration::from_millis(1)).await;
    let held = kit.faults.door.lock().await;
    let stuck = tokio::spawn({
        let sequencer = kit.sequencer.clone();
        async move { sequencer.submit(vec![event("a", &[])]).await }
    });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while kit.readiness.problems().is_none() {
        assert!(tokio::time::Instant::now() < deadline, "it is noticed");
        tokio::task::yield_now().await;
    }
    assert!(kit.readiness.problems().unwrap()["ledger"].contains("one piece of work"));
    drop(held);
    assert_eq!(stuck.await.unwrap().unwrap().len(), 1);
    kit.until_ready().await;
}

#[tokio::test]
async fn a_writer_that_has_ended_is_no_longer_ready() {
    let kit = Kit::new().await;
    kit.sequencer.close().await;
    assert!(matches!(
        kit.submit(&["a"]).await,
        Err(SubmitError::Stopped)
    ));
    let problems = kit.readiness.problems().unwrap();
    assert_eq!(problems["ledger"], "the writer has ended");
}
