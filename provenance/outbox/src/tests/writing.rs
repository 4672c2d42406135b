//! What is written, and when it is refused.

use common::clock::{Clock as _, SharedClock};
use futures_util::poll;
use rstest::rstest;
use serde_json::{Value, json};

use super::{super::*, kit::*};

/// The one record that waits, as the batch item that will be sent.
async fn only_item(kit: &Kit) -> Value {
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    let books = ledger.books();
    assert_eq!(books.records.len(), 1);
    books.records.values().next().cloned().unwrap()
}

#[tokio::test]
async fn a_completed_transfer_becomes_an_event_with_its_digest() {
    let kit = Kit::new();
    let reservation = kit.received();
    let reserved = kit.outbox.reserve(reservation.clone()).await.unwrap();
    assert_eq!(kit.outbox.status().open, 1);
    let whole = Digest {
        sha512: Some([0xcd; 64]),
        ..digest()
    };
    kit.outbox.complete(reserved, whole, NOW).await.unwrap();
    let status = kit.outbox.status();
    assert_eq!((status.open, status.undelivered), (0, 1));
    assert_eq!(status.oldest, Some(NOW));
    let expected = json!({
        "kind": "event", "exchange_id": reservation.exchange_id.to_string(), "user_id": "consumer-b", "nonce": reservation.nonce,
        "event": {
            "cdldatamodelversion": "2.0", "cdleventid": reservation.event_id.to_string(), "cdleventtype": "Received",
            "cdltimestamp": "2025-01-01T00:00:02.000Z", "dataprovider": "provider-a", "datauser": "consumer-b",
            "cdlpreviousevents": ["11111111-1111-4111-8111-111111111111"],
        },
        "dig": { "sha256": "ab".repeat(32), "sha512": "cd".repeat(64), "len": 1024 },
    });
    assert_eq!(only_item(&kit).await, expected);
}

#[rstest]
#[case::sent(Side::Sent, true)]
#[case::received(Side::Received, true)]
#[case::direct(Side::Direct, true)]
#[case::sent_broken(Side::Sent, false)]
#[case::received_broken(Side::Received, false)]
#[case::direct_broken(Side::Direct, false)]
#[case::unsent(Side::Unsent, true)]
#[case::unsent_broken(Side::Unsent, false)]
#[tokio::test]
async fn every_item_fits_the_schema_of_the_ledger(#[case] side: Side, #[case] is_whole: bool) {
    let kit = Kit::new();
    let reservation = reservation(&(kit.clock.clone() as SharedClock), side);
    let reserved = kit.outbox.reserve(reservation).await.unwrap();
    if is_whole {
        kit.outbox.complete(reserved, digest(), NOW).await.unwrap();
    } else {
        kit.outbox
            .abort(reserved, AbortReason::Timeout, 5, NOW)
            .await
            .unwrap();
    }
    let item = only_item(&kit).await.to_string();
    let types = ["Sent".to_owned(), "Received".to_owned()];
    provenance_model::batch::InItem::parse(&item, &types, &owner()).unwrap();
}

#[tokio::test]
async fn a_dropped_reservation_is_aborted_with_what_is_known() {
    let kit = Kit::new();
    let reservation = kit.sent();
    let id = reservation.event_id;
    let mut reserved = kit.outbox.reserve(reservation).await.unwrap();
    reserved.set_passed(524_288);
    reserved.set_reason(AbortReason::SourceFailed);
    drop(reserved);
    let item = only_item(&kit).await;
    let expected = json!({
        "type": "transfer-aborted", "id": id.to_string(), "cdleventtype": "Sent", "dataprovider": "provider-a",
        "datauser": "consumer-b", "cdlpreviousevents": ["11111111-1111-4111-8111-111111111111"],
        "time": "2025-01-01T00:00:02.000Z", "reason": "source-failed", "len": 524_288,
    });
    assert_eq!(item["evidence"], expected);
    assert!(item.get("dig").is_none());
}

#[tokio::test]
async fn a_panic_aborts_too() {
    let kit = Kit::new();
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    let task = tokio::spawn(async move {
        let _held = reserved;
        std::panic::resume_unwind(Box::new("as told"));
    });
    task.await.unwrap_err();
    assert_eq!(
        only_item(&kit).await["evidence"]["type"],
        "transfer-aborted"
    );
}

#[tokio::test]
async fn a_caller_that_leaves_while_reserving_leaves_nothing_open() {
    let kit = Kit::new();
    for _ in 0..50 {
        let mut reserving = Box::pin(kit.outbox.reserve(kit.sent()));
        let _ = poll!(&mut reserving);
        drop(reserving);
    }
    // What the writer is asked later is answered later.
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    let status = kit.outbox.status();
    assert_eq!((status.open, status.undelivered), (0, 51));
}

#[tokio::test]
async fn a_caller_that_leaves_while_completing_leaves_one_end() {
    let kit = Kit::new();
    let mut ids = Vec::new();
    for _ in 0..50 {
        let reserved = kit.outbox.reserve(kit.received()).await.unwrap();
        ids.push(reserved.event_id());
        let mut completing = Box::pin(kit.outbox.complete(reserved, digest(), NOW));
        let _ = poll!(&mut completing);
        drop(completing);
    }
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    // What was handed over first counts: all bytes had arrived.
    assert!(ids.iter().all(|id| ledger.item(id)["kind"] == "event"));
    assert_eq!(ledger.books().records.len(), 50);
}

#[tokio::test]
async fn a_small_body_takes_one_write() {
    let kit = Kit::new();
    let reservation = kit.sent();
    let id = reservation.event_id;
    kit.outbox.record(reservation, digest(), NOW).await.unwrap();
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.delivered(&id).await.unwrap();
    assert_eq!(ledger.item(&id)["event"]["cdleventtype"], "Sent");
}

#[tokio::test]
async fn many_at_once_are_all_written() {
    let kit = Kit::new();
    let writing = (0..300).map(|_| async {
        let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
        kit.outbox.complete(reserved, digest(), NOW).await.unwrap();
    });
    futures_util::future::join_all(writing).await;
    let status = kit.outbox.status();
    assert_eq!((status.open, status.undelivered), (0, 300));
}

fn reason(error: &OutboxError) -> FullReason {
    match error {
        OutboxError::Full(reason) => *reason,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn beyond_the_number_of_records_new_ones_are_refused_and_old_ones_end() {
    let kit = Kit::with(|config| config.max_records = 3);
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    kit.outbox.check_room().unwrap();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    assert_eq!(
        reason(&kit.outbox.check_room().unwrap_err()),
        FullReason::Records
    );
    assert_eq!(
        reason(&kit.outbox.reserve(kit.sent()).await.unwrap_err()),
        FullReason::Records
    );
    assert_eq!(
        reason(
            &kit.outbox
                .record(kit.sent(), digest(), NOW)
                .await
                .unwrap_err()
        ),
        FullReason::Records
    );
    assert_eq!(kit.outbox.status().full, Some(FullReason::Records));

    kit.outbox.complete(reserved, digest(), NOW).await.unwrap();
    kit.outbox.start_delivery(Ledger::default());
    kit.outbox.drained().await;
    kit.outbox.check_room().unwrap();
    drop(kit.outbox.reserve(kit.sent()).await.unwrap());
}

#[tokio::test]
async fn the_number_holds_for_many_at_once() {
    let kit = Kit::with(|config| config.max_records = 20);
    let all = (0..60).map(|_| kit.outbox.record(kit.sent(), digest(), NOW));
    let taken = futures_util::future::join_all(all)
        .await
        .into_iter()
        .flatten()
        .count();
    assert_eq!(taken, 20);
}

#[tokio::test]
async fn a_record_that_waits_too_long_refuses_new_ones() {
    let kit = Kit::new();
    // A transfer that takes long is not delivery that takes long.
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    kit.clock.advance(Duration::from_secs(14_401));
    kit.outbox.check_room().unwrap();
    kit.outbox
        .complete(reserved, digest(), kit.clock.now())
        .await
        .unwrap();
    kit.outbox.check_room().unwrap();
    kit.clock.advance(Duration::from_secs(14_402));
    assert_eq!(
        reason(&kit.outbox.check_room().unwrap_err()),
        FullReason::Age
    );
    assert_eq!(
        reason(&kit.outbox.reserve(kit.sent()).await.unwrap_err()),
        FullReason::Age
    );
}

#[tokio::test]
async fn a_disk_at_the_watermark_refuses_new_records() {
    let kit = Kit::with(|config| {
        config.disk_watermark_percent = 1;
        config.disk_headroom = common::config::ByteSize(u64::MAX);
    });
    assert_eq!(
        reason(&kit.outbox.check_room().unwrap_err()),
        FullReason::Disk
    );
    assert_eq!(
        reason(&kit.outbox.reserve(kit.sent()).await.unwrap_err()),
        FullReason::Disk
    );
}

#[tokio::test]
async fn a_full_outbox_takes_new_records_when_a_tenth_has_gone() {
    let kit = Kit::with(|config| {
        config.max_records = 20;
        config.batch = 1;
        config.pace = common::config::Period::seconds(3600);
    });
    let mut ids = Vec::new();
    for _ in 0..20 {
        let reservation = kit.sent();
        ids.push(reservation.event_id);
        kit.outbox.record(reservation, digest(), NOW).await.unwrap();
    }
    let full = || kit.outbox.check_room().err().map(|error| reason(&error));
    assert_eq!(full(), Some(FullReason::Records));
    kit.outbox.start_delivery(Ledger::default());
    kit.outbox.delivered(&ids[0]).await.unwrap();
    until("a receipt", || kit.outbox.status().undelivered < 20).await;
    if kit.outbox.status().undelivered > 18 {
        assert_eq!(full(), Some(FullReason::Records));
    }
    kit.outbox.drained().await;
    assert_eq!(full(), None);
}

#[tokio::test]
async fn beyond_its_size_receipts_give_way_and_then_new_records() {
    let kit = Kit::with(|config| config.max_bytes = common::config::ByteSize(1 << 20));
    let large = || Reservation {
        kind: Kind::Direct {
            source_url: format!("https://open.example/{}", "x".repeat(30_000)),
        },
        ..kit.received()
    };
    let full = || kit.outbox.check_room().err().map(|error| reason(&error));
    let writing = (0..50).map(|_| kit.outbox.record(large(), digest(), NOW));
    // On a slow machine the limit is noticed before all of them are written.
    let mut taken = 0;
    for written in futures_util::future::join_all(writing).await {
        match written {
            Ok(()) => taken += 1,
            Err(error) => assert_eq!(reason(&error), FullReason::Bytes),
        }
    }
    until("the limit", || full() == Some(FullReason::Bytes)).await;
    assert!(kit.outbox.status().bytes > 1 << 20);
    let refused = kit.outbox.reserve(kit.sent()).await.unwrap_err();
    assert_eq!(reason(&refused), FullReason::Bytes);

    // What is there is delivered; its receipts are as large, and are not what exchanges are refused for.
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().records.len(), taken);
    until("room", || full().is_none()).await;
    until("the rest of the receipts to go", || {
        kit.outbox.status().bytes < 1 << 20
    })
    .await;
    drop(kit.outbox.reserve(kit.sent()).await.unwrap());
}

#[tokio::test]
async fn the_place_of_what_has_gone_is_used_again() {
    let kit = Kit::with(|config| config.max_bytes = common::config::ByteSize(1 << 20));
    kit.outbox.start_delivery(Ledger::default());
    let file = kit.folder.path().join("outbox.db");
    let mut largest = 0;
    for round in 0..8 {
        let writing = (0..300).map(|_| kit.outbox.record(kit.sent(), digest(), NOW));
        futures_util::future::join_all(writing).await;
        kit.outbox.drained().await;
        kit.clock.advance(Duration::from_hours(40 * 24));
        until("old receipts to go", || kit.outbox.status().bytes < 200_000).await;
        let size = std::fs::metadata(&file).unwrap().len();
        // On a slow disk what was written comes back into the file late.
        if round < 5 {
            largest = largest.max(size);
        } else {
            assert!(size <= largest + largest / 2, "{size} after {largest}");
        }
    }
}

#[tokio::test]
async fn an_event_id_is_used_once() {
    let kit = Kit::new();
    let reservation = kit.sent();
    let first = kit.outbox.reserve(reservation.clone()).await.unwrap();
    let second = kit.outbox.reserve(reservation).await.unwrap_err();
    assert!(matches!(second, OutboxError::Invalid(_)));
    // The refused one does not end the other.
    kit.outbox.complete(first, digest(), NOW).await.unwrap();
    assert_eq!(kit.outbox.status().undelivered, 1);
}

#[tokio::test]
async fn what_the_ledger_would_never_take_is_refused_at_once() {
    let kit = Kit::new();
    let with = |predecessor: String| {
        let kind = Kind::Sent {
            provider: user("provider-a"),
            predecessor,
        };
        Reservation { kind, ..kit.sent() }
    };
    let own = kit.sent();
    let itself = Reservation {
        kind: Kind::Sent {
            provider: user("provider-a"),
            predecessor: own.event_id.to_string(),
        },
        ..own
    };
    let far = Reservation {
        kind: Kind::Direct {
            source_url: "x".repeat(70_000),
        },
        ..kit.received()
    };
    let escaped = Reservation {
        kind: Kind::Direct {
            source_url: "\u{1}".repeat(11_000),
        },
        ..kit.received()
    };
    let of_another = Reservation {
        user_id: user("provider-c"),
        ..kit.sent()
    };
    let unread = with("create\u{7f}1".to_owned());
    for bad in [
        with(String::new()),
        with("x".repeat(257)),
        unread,
        itself,
        far,
        escaped,
        of_another,
    ] {
        assert!(matches!(
            kit.outbox.reserve(bad.clone()).await,
            Err(OutboxError::Invalid(_))
        ));
        assert!(matches!(
            kit.outbox.record(bad, digest(), NOW).await,
            Err(OutboxError::Invalid(_))
        ));
    }
    assert_eq!(kit.outbox.status().open, 0);
    assert_eq!(kit.outbox.status().undelivered, 0);
}

/// Time that the writer's thread can be made to wait for.
#[derive(Debug, Default)]
struct StuckClock(Mutex<()>);

impl common::clock::Clock for StuckClock {
    fn now(&self) -> OffsetDateTime {
        if std::thread::current().name() == Some("outbox-writer") {
            drop(self.0.lock());
        }
        NOW
    }
}

#[tokio::test]
async fn a_writer_that_is_stuck_is_not_ready_until_it_gets_on() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(StuckClock::default());
    let config = OutboxConfig {
        writer_patience: common::config::Period::millis(1),
        ..config(folder.path())
    };
    let outbox = open(config, clock.clone()).unwrap();
    let readiness = common::process::Readiness::default();
    readiness.started();
    readiness.register("outbox").watch(outbox.heartbeat());
    let (held, told) = std::sync::mpsc::channel::<()>();
    let (holds, is_held) = std::sync::mpsc::channel();
    let holder = std::thread::spawn({
        let clock = clock.clone();
        move || {
            let _held = clock.0.lock();
            holds.send(()).unwrap();
            let _ = told.recv();
        }
    });
    is_held.recv().unwrap();
    let stuck = tokio::spawn({
        let outbox = outbox.clone();
        let sent = reservation(&(clock.clone() as SharedClock), Side::Sent);
        async move { outbox.reserve(sent).await }
    });
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while readiness.problems().is_none() {
        assert!(std::time::Instant::now() < deadline, "it is noticed");
        tokio::task::yield_now().await;
    }
    drop(held);
    holder.join().unwrap();
    drop(stuck.await.unwrap().unwrap());
    while readiness.problems().is_some() {
        assert!(std::time::Instant::now() < deadline, "it is ready again");
        tokio::task::yield_now().await;
    }
}
