//! Delivery: once, whatever happens on the way.

use common::{config::Period, ids::EventId};

use super::{super::*, kit::*};

/// Writes `n` records at once; their ids.
async fn record(kit: &Kit, n: usize) -> Vec<EventId> {
    let writing = (0..n).map(|_| async {
        let reservation = kit.sent();
        let id = reservation.event_id;
        kit.outbox
            .record(reservation, digest(), NOW)
            .await
            .expect("the outbox takes it");
        id
    });
    futures_util::future::join_all(writing).await
}

fn unreachable() -> Behaviour {
    Behaviour::Fail(DeliveryError::Unreachable("connection refused".to_owned()))
}

#[tokio::test]
async fn receipts_are_kept_and_records_are_not() {
    let kit = Kit::new();
    let ids = record(&kit, 3).await;
    kit.outbox.start_delivery(Ledger::default());
    kit.outbox.drained().await;
    for id in &ids {
        let receipt = kit.outbox.receipt(id).await.unwrap().unwrap();
        assert!(receipt.core.unwrap().contains(&id.to_string()));
    }
    let status = kit.outbox.status();
    assert_eq!(
        (status.undelivered, status.delivered, status.oldest),
        (0, 3, None)
    );
    assert_eq!(status.ledger.last_success, Some(NOW));
    assert_eq!(
        kit.outbox.receipt(&EventId::new_v7(NOW)).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn receipts_are_thrown_away_after_their_time() {
    let kit = Kit::new();
    let old = record(&kit, 700).await;
    kit.outbox.start_delivery(Ledger::default());
    kit.outbox.drained().await;
    kit.clock.advance(Duration::from_hours(29 * 24));
    let recent = record(&kit, 1).await;
    kit.outbox.drained().await;
    kit.close().await;
    kit.clock.advance(Duration::from_hours(3 * 24));
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    // Old ones go a part at a time, each part behind whatever is to be written.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while outbox.receipt(old.last().unwrap()).await.unwrap().is_some() {
        assert!(std::time::Instant::now() < deadline, "old receipts stay");
    }
    assert!(outbox.receipt(&old[0]).await.unwrap().is_none());
    assert!(outbox.receipt(&recent[0]).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_recorded_twice() {
    let kit = Kit::new();
    let ids = record(&kit, 5).await;
    let ledger = Ledger::scripted([Behaviour::LoseReply, Behaviour::LoseReply]);
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().records.len(), 5);
    assert!(ids.iter().all(|id| ledger.has(id)));
    assert_eq!(ledger.books().requests, [5, 5, 5]);
}

#[tokio::test]
async fn a_ledger_that_is_away_is_tried_until_it_comes_back() {
    let kit = Kit::with(|config| config.max_backoff = Period::millis(10));
    let ledger = Ledger::scripted((0..20).map(|_| unreachable()));
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    until("a failure", || kit.outbox.status().ledger.failing.is_some()).await;
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests.len(), 21);
    assert_eq!(kit.outbox.status().ledger.failing, None);
}

/// Its connector is suspended, or its registration is gone for a while: that is about no record.
#[tokio::test]
async fn what_a_suspended_connector_recorded_waits_and_is_delivered_once_it_may_act_again() {
    let kit = Kit::with(|config| config.max_backoff = Period::millis(10));
    let refused = || {
        Behaviour::Fail(DeliveryError::Refused {
            status: 403,
            detail: "connector-not-registered".to_owned(),
        })
    };
    let ledger = Ledger::scripted((0..20).map(|_| refused()));
    kit.outbox.start_delivery(ledger.clone());
    let ids = record(&kit, 5).await;
    until("a failure", || kit.outbox.status().ledger.failing.is_some()).await;
    kit.outbox.drained().await;
    assert_eq!(kit.outbox.status().parked, 0);
    assert!(ids.iter().all(|id| ledger.has(id)));
    assert_eq!(kit.outbox.status().ledger.failing, None);
}

#[tokio::test]
async fn pauses_grow_up_to_their_limit() {
    let kit = Kit::with(|config| config.max_backoff = Period::millis(80));
    let ledger = Ledger::default();
    ledger.books().always = Some(unreachable);
    let start = tokio::time::Instant::now();
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    until("twelve attempts", || ledger.books().requests.len() >= 12).await;
    // 2 + 4 + 8 + 16 + 32 + 64 + 5 × 80 milliseconds, each at least half of it.
    assert!(
        start.elapsed() >= Duration::from_millis(263),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_ledger_may_ask_for_a_pause() {
    let kit = Kit::new();
    let ledger = Ledger::scripted([Behaviour::Fail(DeliveryError::Unavailable {
        retry_after_s: Some(1),
    })]);
    let start = tokio::time::Instant::now();
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    kit.outbox.drained().await;
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn an_item_that_cannot_be_judged_yet_waits_alone() {
    let kit = Kit::new();
    let first = record(&kit, 1).await;
    let ledger = Ledger::scripted([Behaviour::Reject(503, true), Behaviour::Reject(503, true)]);
    kit.outbox.start_delivery(ledger.clone());
    until("the first attempt", || !ledger.books().requests.is_empty()).await;
    record(&kit, 3).await;
    kit.outbox.drained().await;
    assert!(ledger.has(&first[0]));
    assert_eq!(ledger.books().records.len(), 4);
}

#[tokio::test]
async fn a_record_that_is_refused_for_good_is_set_aside_and_can_be_tried_again() {
    let kit = Kit::new();
    let ids = record(&kit, 1).await;
    let ledger = Ledger::scripted([Behaviour::Reject(403, false)]);
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    let status = kit.outbox.status();
    assert_eq!(
        (status.undelivered, status.parked, status.oldest),
        (0, 1, None)
    );
    let parked = kit.outbox.parked().await.unwrap();
    assert_eq!(parked[0].event_id, ids[0]);
    assert_eq!(
        parked[0].resource.as_deref(),
        Some("https://data.example/a.csv")
    );
    assert!(
        parked[0].reason.contains("forbidden"),
        "{}",
        parked[0].reason
    );
    assert_eq!(
        kit.outbox.delivered(&ids[0]).await,
        Err(DeliveredError::Parked(parked[0].reason.clone()))
    );

    // It stays so in the next process, does not hold up others, and does not deliver itself.
    kit.close().await;
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    outbox.start_delivery(ledger.clone());
    outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    outbox.drained().await;
    assert_eq!(outbox.status().parked, 1);
    assert!(!ledger.has(&ids[0]));

    outbox.requeue(&ids[0]).await.unwrap();
    outbox.delivered(&ids[0]).await.unwrap();
    outbox.drained().await;
    assert_eq!(
        (outbox.status().parked, outbox.parked().await.unwrap().len()),
        (0, 0)
    );
    assert!(matches!(
        outbox.requeue(&ids[0]).await,
        Err(OutboxError::Invalid(_))
    ));
}

#[tokio::test]
async fn a_receipt_that_does_not_fit_sets_the_record_aside() {
    let kit = Kit::new();
    record(&kit, 1).await;
    kit.outbox
        .start_delivery(Ledger::scripted([Behaviour::Forge]));
    kit.outbox.drained().await;
    let parked = kit.outbox.parked().await.unwrap();
    assert!(parked[0].reason.contains("dig"), "{}", parked[0].reason);
}

#[tokio::test]
async fn one_record_that_is_too_much_does_not_hold_up_the_others() {
    let kit = Kit::new();
    let ids = record(&kit, 200).await;
    let ledger = Ledger::default();
    ledger.books().poison.push(ids[77].to_string());
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    let status = kit.outbox.status();
    assert_eq!((status.delivered, status.parked), (199, 1));
    assert_eq!(kit.outbox.parked().await.unwrap()[0].event_id, ids[77]);
    // Halved on the way to the one, and not much more often.
    assert!(
        ledger.books().requests.len() < 40,
        "{:?}",
        ledger.books().requests
    );
}

#[tokio::test]
async fn a_request_that_something_else_finds_too_long_is_halved_and_blames_nobody() {
    let kit = Kit::with(|config| config.batch = 8);
    let ids = record(&kit, 8).await;
    let too_long = || {
        Behaviour::Fail(DeliveryError::TooLong {
            status: 413,
            detail: "<html>".to_owned(),
        })
    };
    // Halved to the single record, which is tried until whatever stands in between lets it pass.
    let ledger = Ledger::scripted((0..6).map(|_| too_long()));
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests[..7], [8, 4, 2, 1, 1, 1, 1]);
    assert!(ids.iter().all(|id| ledger.has(id)));
    assert_eq!(kit.outbox.status().parked, 0);
}

#[tokio::test]
async fn less_is_sent_after_an_answer_that_did_not_come_in_time() {
    let kit = Kit::with(|config| config.batch = 8);
    record(&kit, 8).await;
    let ledger = Ledger::scripted((0..2).map(|_| Behaviour::Fail(DeliveryError::Timeout)));
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests, [8, 4, 2, 4, 2]);
}

#[tokio::test]
async fn answers_that_do_not_fit_are_failures() {
    let kit = Kit::new();
    record(&kit, 2).await;
    let other = "{\"results\":[{\"id\":\"x\",\"status\":\"created\"},{\"id\":\"y\",\"status\":\"created\"}]}";
    let ledger = Ledger::scripted([
        Behaviour::Answer("<html>"),
        Behaviour::Answer("{\"results\":[]}"),
        Behaviour::Answer(other),
        Behaviour::Fail(DeliveryError::Refused {
            status: 403,
            detail: "suspended".to_owned(),
        }),
        Behaviour::Fail(DeliveryError::Timeout),
    ]);
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests, [2, 2, 2, 2, 2, 1, 1]);
    assert_eq!(kit.outbox.status().parked, 0);
}

#[tokio::test]
async fn an_idle_outbox_delivers_at_once_and_a_busy_one_in_full_batches() {
    let kit = Kit::with(|config| {
        config.pace = Period::seconds(3600);
        config.batch = 10;
    });
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    kit.outbox.drained().await;
    record(&kit, 9).await;
    assert_eq!(kit.outbox.status().undelivered, 9);
    record(&kit, 1).await;
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests, [1, 10]);
}

#[tokio::test]
async fn a_batch_that_is_settled_in_parts_is_settled_whole() {
    let kit = Kit::new();
    let ids = record(&kit, 150).await;
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    assert_eq!(ledger.books().requests, [150]);
    assert_eq!(kit.outbox.status().delivered, 150);
    for id in &ids {
        assert!(kit.outbox.receipt(id).await.unwrap().is_some(), "{id}");
    }
}

#[tokio::test]
async fn whoever_waits_for_a_record_does_not_wait_for_the_pace() {
    let kit = Kit::with(|config| config.pace = Period::seconds(3600));
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    kit.outbox.drained().await;
    let ids = record(&kit, 3).await;
    kit.outbox.delivered(&ids[2]).await.unwrap();
    assert!(ledger.has(&ids[2]));
    // And again, when it has long been delivered.
    kit.outbox.delivered(&ids[2]).await.unwrap();
    assert_eq!(
        kit.outbox.delivered(&EventId::new_v7(NOW)).await,
        Err(DeliveredError::Unknown)
    );
}

#[tokio::test]
async fn whoever_waits_shortens_the_pauses_of_a_ledger_that_is_away() {
    let kit = Kit::with(|config| config.max_backoff = Period::seconds(3600));
    let ledger = Ledger::scripted((0..17).map(|_| unreachable()));
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    until("some attempts", || ledger.books().requests.len() >= 10).await;
    // By now the pauses are seconds, and would grow to minutes.
    let id = record(&kit, 1).await[0];
    tokio::time::timeout(Duration::from_secs(20), kit.outbox.delivered(&id))
        .await
        .expect("it is tried soon")
        .unwrap();
}

#[tokio::test]
async fn a_record_that_has_not_ended_is_not_waited_for() {
    let kit = Kit::new();
    kit.outbox.start_delivery(Ledger::default());
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    assert_eq!(
        kit.outbox.delivered(&reserved.event_id()).await,
        Err(DeliveredError::Unknown)
    );
}

#[tokio::test]
async fn a_backlog_larger_than_memory_is_delivered_once_and_the_urgent_first() {
    let kit = Kit::new();
    let ledger = Ledger::default();
    ledger.books().always = Some(unreachable);
    kit.outbox.start_delivery(ledger.clone());
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.extend(record(&kit, 1000).await);
    }
    assert_eq!(kit.outbox.status().undelivered, 6000);
    let urgent = record(&kit, 1).await[0];
    let waiting = tokio::spawn({
        let outbox = kit.outbox.clone();
        async move { outbox.delivered(&urgent).await }
    });
    until("an attempt with the urgent one", || {
        ledger.books().tried.contains(&urgent.to_string())
    })
    .await;
    ledger.books().always = None;
    waiting.await.unwrap().unwrap();
    let place = ledger
        .books()
        .order
        .iter()
        .position(|id| *id == urgent.to_string());
    assert!(
        place.unwrap() < 512,
        "the urgent one came as number {place:?}"
    );
    // And what ends meanwhile is not forgotten.
    ids.extend(record(&kit, 1000).await);
    kit.outbox.drained().await;
    assert_eq!(ledger.books().records.len(), 7001);
    assert!(ids.iter().all(|id| ledger.has(id)));
    assert_eq!(kit.outbox.status().delivered, 7001);
}

#[tokio::test]
async fn records_of_an_earlier_process_are_delivered() {
    let kit = Kit::new();
    let ids = record(&kit, 10).await;
    kit.close().await;
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    assert_eq!(outbox.status().undelivered, 10);
    assert_eq!(outbox.status().oldest, Some(NOW));
    let ledger = Ledger::default();
    outbox.start_delivery(ledger.clone());
    outbox.drained().await;
    assert!(ids.iter().all(|id| ledger.has(id)));
}

#[tokio::test]
async fn closing_delivers_what_is_there_and_writes_the_receipts() {
    let kit = Kit::with(|config| config.pace = Period::seconds(3600));
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    record(&kit, 1).await;
    kit.outbox.drained().await;
    let ids = record(&kit, 5).await;
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    drop(reserved);
    kit.close().await;
    assert_eq!(ledger.books().records.len(), 7);
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    assert_eq!((outbox.status().undelivered, outbox.status().open), (0, 0));
    assert!(outbox.receipt(&ids[0]).await.unwrap().is_some());
}

#[tokio::test]
async fn closing_does_not_wait_for_a_ledger_that_never_answers() {
    let kit = Kit::new();
    kit.outbox
        .start_delivery(Ledger::scripted([Behaviour::Hang]));
    record(&kit, 1).await;
    kit.outbox.close(Duration::from_millis(50)).await;
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    assert_eq!(outbox.status().undelivered, 1);
}
