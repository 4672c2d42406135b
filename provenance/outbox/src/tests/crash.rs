//! What a killed process leaves behind.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command as Program, Stdio},
};

use common::clock::{SharedClock, SystemClock};
use serde_json::Value;

use super::{super::*, kit::*};

/// What the ledger gets from `kit` in the end, by id.
async fn delivered(kit: &Kit) -> HashMap<String, Value> {
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    let books = ledger.books();
    books.records.clone()
}

#[tokio::test]
async fn an_open_reservation_is_aborted_by_the_next_process() {
    let kit = Kit::new();
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    let next = kit.after_a_kill();
    assert_eq!(
        (next.outbox.status().open, next.outbox.status().undelivered),
        (0, 1)
    );
    let records = delivered(&next).await;
    let evidence = &records[&reserved.event_id().to_string()]["evidence"];
    assert_eq!(evidence["reason"], "found-open-at-start");
    assert_eq!(evidence["time"], "2025-01-01T00:01:02.000Z");
    // Nobody knows how much had passed.
    assert!(evidence.get("len").is_none());
    // What is open here is open for this process alone.
    assert_eq!(kit.outbox.status().open, 1);
}

#[tokio::test]
async fn each_step_that_returned_is_there_after_a_kill() {
    let kit = Kit::new();
    let completed = kit.outbox.reserve(kit.received()).await.unwrap();
    let aborted = kit.outbox.reserve(kit.received()).await.unwrap();
    let small = kit.received();
    let ids = [completed.event_id(), aborted.event_id(), small.event_id].map(|id| id.to_string());
    kit.outbox.complete(completed, digest(), NOW).await.unwrap();
    kit.outbox
        .abort(aborted, AbortReason::SourceFailed, 9, NOW)
        .await
        .unwrap();
    kit.outbox.record(small, digest(), NOW).await.unwrap();
    let records = delivered(&kit.after_a_kill()).await;
    assert_eq!(records[&ids[0]]["kind"], "event");
    assert_eq!(records[&ids[1]]["evidence"]["reason"], "source-failed");
    assert_eq!(records[&ids[2]]["dig"]["len"], 1024);
    assert_eq!(records.len(), 3);
}

#[tokio::test]
async fn after_a_kill_between_delivery_and_receipt_the_record_is_sent_again() {
    let kit = Kit::new();
    let reservation = kit.sent();
    let id = reservation.event_id;
    kit.outbox.record(reservation, digest(), NOW).await.unwrap();
    let before = kit.after_a_kill();
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    before.outbox.start_delivery(ledger.clone());
    before.outbox.delivered(&id).await.unwrap();
    assert_eq!(ledger.books().records.len(), 1);
    // After the receipt it is not.
    let after = kit.after_a_kill();
    assert_eq!(after.outbox.status().undelivered, 0);
    assert!(after.outbox.receipt(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_torn_last_write_costs_nothing_that_was_promised() {
    let kit = Kit::new();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    let promised = std::fs::metadata(kit.folder.path().join("outbox.db-wal"))
        .unwrap()
        .len();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    let wal = std::fs::read(kit.folder.path().join("outbox.db-wal")).unwrap();
    for len in [
        promised,
        promised + 1,
        promised + 4096,
        u64::try_from(wal.len()).unwrap() - 1,
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(
            kit.folder.path().join("outbox.db"),
            folder.path().join("outbox.db"),
        )
        .unwrap();
        let torn = &wal[..usize::try_from(len).unwrap()];
        std::fs::write(folder.path().join("outbox.db-wal"), torn).unwrap();
        let outbox = open(config(folder.path()), kit.clock.clone()).unwrap();
        assert_eq!(outbox.status().undelivered, 1, "cut to {len}");
    }
}

/// How often a process is killed; `KAKEHASHI_ROUNDS` says otherwise.
fn rounds() -> usize {
    std::env::var("KAKEHASHI_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(5)
}

const FOLDER: &str = "KAKEHASHI_TEST_OUTBOX";

/// The process that is killed: writes as fast as it can and tells what was promised to it.
#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn a_process_that_records_until_it_is_killed() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("run by the test below"));
    let clock: SharedClock = Arc::new(SystemClock);
    let outbox = open(config(&folder), clock.clone()).unwrap();
    let one = |i: usize| {
        let (outbox, clock) = (outbox.clone(), clock.clone());
        async move {
            loop {
                let side = if i.is_multiple_of(2) {
                    Side::Sent
                } else {
                    Side::Received
                };
                let reservation = reservation(&clock, side);
                let id = reservation.event_id;
                match i % 4 {
                    0 => {
                        outbox
                            .record(reservation, digest(), clock.now())
                            .await
                            .unwrap();
                        println!("completed {id}");
                    }
                    1 => {
                        let reserved = outbox.reserve(reservation).await.unwrap();
                        println!("reserved {id}");
                        outbox
                            .complete(reserved, digest(), clock.now())
                            .await
                            .unwrap();
                        println!("completed {id}");
                    }
                    2 => {
                        let reserved = outbox.reserve(reservation).await.unwrap();
                        println!("reserved {id}");
                        outbox
                            .abort(reserved, AbortReason::Timeout, 1, clock.now())
                            .await
                            .unwrap();
                        println!("aborted {id}");
                    }
                    _ => {
                        drop(outbox.reserve(reservation).await.unwrap());
                        println!("reserved {id}");
                    }
                }
            }
        }
    };
    futures_util::future::join_all((0..16).map(one)).await;
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_has_kept_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::default();
    let mut promised: HashMap<String, String> = HashMap::new();
    for round in 0..rounds() {
        let mut child = Program::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("tests::crash::a_process_that_records_until_it_is_killed")
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Somewhere in the middle of the work, a little later each round.
        let mut told = 0;
        let last = 300 + 217 * round;
        while told < last {
            let line = lines.next().expect("the process records").unwrap();
            told += usize::from(note(&mut promised, &line));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had told and nobody had read.
        for line in lines.map_while(Result::ok) {
            note(&mut promised, &line);
        }
        let outbox = open(config(folder.path()), Arc::new(SystemClock)).unwrap();
        assert_eq!(outbox.status().open, 0);
        outbox.start_delivery(ledger.clone());
        outbox.drained().await;
        assert_eq!(outbox.status().parked, 0);
        outbox.close(Duration::from_secs(5)).await;
    }
    let books = ledger.books();
    for (id, state) in &promised {
        let item = books
            .records
            .get(id)
            .unwrap_or_else(|| panic!("{state} {id} is lost"));
        match state.as_str() {
            "completed" => assert_eq!(item["kind"], "event", "{item}"),
            "aborted" => assert_eq!(item["evidence"]["reason"], "timeout", "{item}"),
            // It ended in one of both ways; the fourth kind always as aborted.
            _ => assert!(
                item["kind"] == "event" || item["evidence"]["type"] == "transfer-aborted",
                "{item}"
            ),
        }
    }
    assert!(promised.len() > 200 * rounds());
}

/// Takes down what the process told. False for anything but a whole line of its own.
fn note(promised: &mut HashMap<String, String>, line: &str) -> bool {
    let Some((state, id)) = line.trim().split_once(' ') else {
        return false;
    };
    if !matches!(state, "reserved" | "completed" | "aborted") || id.len() != 36 {
        return false;
    }
    if state != "reserved" || !promised.contains_key(id) {
        promised.insert(id.to_owned(), state.to_owned());
    }
    true
}

/// A file of the version before this one, as a killed process left it.
pub(super) fn first_format() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join("outbox.db")).unwrap();
    let records = [
        include_str!("../../testdata/format-1.sql"),
        include_str!("../../testdata/outbox-1.sql"),
    ];
    conn.execute_batch(&records.concat()).unwrap();
    folder
}

#[tokio::test]
async fn a_file_of_the_first_format_is_opened_and_loses_nothing() {
    let folder = first_format();
    let clock = Kit::new().clock;
    let outbox = open(config(folder.path()), clock).unwrap();
    let status = outbox.status();
    assert_eq!((status.open, status.undelivered, status.parked), (0, 3, 1));
    let ledger = Ledger::default();
    outbox.start_delivery(ledger.clone());
    outbox.drained().await;
    let id = |n: u8| format!("01941f29-7c00-7000-8000-00000000000{n}");
    let records = ledger.books().records.clone();
    for n in [1, 2] {
        let item = &records[&id(n)];
        assert_eq!(item["evidence"]["reason"], "found-open-at-start");
        // Whatever a peer had sent as the id of its exchange, the ledger takes this.
        let types = ["Sent".to_owned()];
        provenance_model::batch::InItem::parse(&item.to_string(), &types, &owner()).unwrap();
    }
    assert_eq!(
        records[&id(2)]["exchange_id"],
        "01941f29-7c00-7000-8000-0000000000f2"
    );
    assert_eq!(records[&id(3)]["kind"], "event");
    let parked = outbox.parked().await.unwrap();
    assert_eq!(parked[0].event_id.to_string(), id(4));
}
