//! Records that the ledger refused for good, and what an operator does with them.

use common::{clock::SharedClock, config::ByteSize, ids::EventId};

use super::{super::*, crash::first_format, kit::*};

fn refuses() -> Behaviour {
    Behaviour::Reject(422, false)
}

/// `n` records that the ledger has refused for good; their ids.
async fn park(kit: &Kit, ledger: &Ledger, n: usize) -> Vec<EventId> {
    ledger.books().always = Some(refuses);
    let mut ids = Vec::new();
    for _ in 0..n {
        let reservation = kit.sent();
        ids.push(reservation.event_id);
        kit.outbox.record(reservation, digest(), NOW).await.unwrap();
    }
    kit.outbox.drained().await;
    ledger.books().always = None;
    ids
}

async fn parked(n: usize) -> (Kit, Ledger, Vec<EventId>) {
    let kit = Kit::new();
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    let ids = park(&kit, &ledger, n).await;
    assert_eq!(kit.outbox.status().parked, n as u64);
    (kit, ledger, ids)
}

fn desk(kit: &Kit) -> Desk {
    let path = kit.folder.path().join("outbox.db");
    Desk::open(&path, &owner(), kit.clock.clone()).expect("a desk")
}

/// The same as an operator's process beside the one that has the file.
async fn at_the_desk(kit: &Kit, ids: &[EventId], wish: Wish) -> Vec<Done> {
    let (mut desk, ids) = (desk(kit), ids.to_vec());
    assert!(desk.is_running());
    tokio::task::spawn_blocking(move || desk.run(&ids, &wish).unwrap())
        .await
        .unwrap()
}

fn hand_over() -> Wish {
    Wish::HandOver {
        reason: "the peer's fault".to_owned(),
    }
}

fn evidence_of(done: &Done) -> EventId {
    match done {
        Done::HandedOver { evidence } | Done::HandedOverBefore { evidence, .. } => *evidence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn parked_records_take_no_place_from_exchanges() {
    let kit = Kit::with(|config| config.max_records = 5);
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    park(&kit, &ledger, 12).await;
    assert_eq!(kit.outbox.status().parked, 12);
    assert_eq!(kit.outbox.status().full, None);
    // Nor after a start.
    kit.close().await;
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    assert_eq!(outbox.status().parked, 12);
    outbox.check_room().unwrap();
}

#[tokio::test]
async fn parked_records_have_a_limit_of_their_own_and_are_never_dropped() {
    let kit = Kit::with(|config| config.max_parked_bytes = ByteSize(1 << 20));
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    let large = || Reservation {
        kind: Kind::Direct {
            source_url: format!("https://open.example/{}", "x".repeat(30_000)),
        },
        ..kit.received()
    };
    ledger.books().always = Some(refuses);
    let mut taken = 0;
    let refused = loop {
        match kit.outbox.record(large(), digest(), NOW).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        kit.outbox.drained().await;
        assert!(taken < 100, "no limit");
    };
    assert!(
        matches!(refused, OutboxError::Full(FullReason::Parked)),
        "{refused:?}"
    );
    assert_eq!(kit.outbox.status().parked, taken);
    // Dealt with, they make room.
    ledger.books().always = None;
    let ids: Vec<_> = kit.outbox.parked().await.unwrap();
    let ids: Vec<_> = ids.iter().map(|one| one.event_id).collect();
    at_the_desk(&kit, &ids, Wish::Requeue).await;
    kit.outbox.drained().await;
    kit.outbox.check_room().unwrap();
    assert_eq!(ledger.books().records.len() as u64, taken);
}

#[tokio::test]
async fn a_running_process_delivers_again_what_its_operator_wants() {
    let (kit, ledger, ids) = parked(3).await;
    let listed = desk(&kit)
        .list(State::Parked, Some(Problem::Invalid), 2)
        .unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].refusal.as_deref().unwrap().contains("as told"));
    assert_eq!(
        desk(&kit)
            .list(State::Parked, Some(Problem::Conflict), 9)
            .unwrap()
            .len(),
        0
    );
    let unknown = EventId::new_v7(NOW);
    let done = at_the_desk(&kit, &[ids[1], unknown, ids[1]], Wish::Requeue).await;
    assert_eq!(done[0], Done::Requeued);
    assert!(matches!(done[1], Done::Refused { .. }), "{:?}", done[1]);
    kit.outbox.delivered(&ids[1]).await.unwrap();
    assert!(ledger.has(&ids[1]) && !ledger.has(&ids[0]));
    assert_eq!(kit.outbox.status().parked, 2);
    // What is delivered is not to be had again.
    let done = at_the_desk(&kit, &[ids[1]], Wish::Requeue).await;
    assert!(matches!(done[0], Done::Refused { .. }), "{:?}", done[0]);
    assert!(desk(&kit).show(&ids[1]).unwrap().receipt.is_some());
}

#[tokio::test]
async fn a_record_is_handed_over_once() {
    let (kit, ledger, ids) = parked(2).await;
    let records = kit.outbox.parked().await.unwrap();
    let record = records.iter().find(|one| one.event_id == ids[0]);
    let item = record.unwrap().item.clone();
    let done = at_the_desk(&kit, &ids[..1], hand_over()).await;
    let evidence = evidence_of(&done[0]);
    assert!(matches!(done[0], Done::HandedOver { .. }));
    kit.outbox.delivered(&evidence).await.unwrap();
    let recorded = ledger.item(&evidence);
    assert_eq!(recorded["kind"], "evidence");
    assert_eq!(recorded["user_id"], "provider-a");
    let body = &recorded["evidence"];
    assert_eq!(body["type"], "unregistrable");
    assert_eq!(body["reason"], "the peer's fault");
    assert_eq!(body["refusal"], "invalid: as told");
    let sent: serde_json::Value = serde_json::from_slice(&item).unwrap();
    assert_eq!(body["item"], sent);
    assert_eq!(
        (kit.outbox.status().parked, kit.outbox.status().undelivered),
        (1, 0)
    );

    // Again: nothing new, and the receipt of the first time.
    let again = at_the_desk(&kit, &ids[..1], hand_over()).await;
    let Done::HandedOverBefore {
        evidence: first,
        receipt,
    } = &again[0]
    else {
        panic!("{again:?}");
    };
    assert_eq!(*first, evidence);
    let core = receipt.clone().unwrap().core.unwrap();
    assert!(core.contains("unregistrable") && core.contains(&evidence.to_string()));
    assert_eq!(ledger.books().records.len(), 1);
    // Nor is it delivered under its own id any more, now or after a start.
    let requeued = at_the_desk(&kit, &ids[..1], Wish::Requeue).await;
    assert!(matches!(requeued[0], Done::Refused { .. }));
    let details = desk(&kit).show(&ids[0]).unwrap();
    let entry = details.entry.unwrap();
    assert_eq!(
        (entry.state, entry.handed_over),
        (State::HandedOver, Some(evidence))
    );
    assert!(details.receipt.is_some());
    kit.close().await;
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    assert_eq!(
        (outbox.status().parked, outbox.status().undelivered),
        (1, 0)
    );
}

#[tokio::test]
async fn evidence_that_is_refused_in_its_turn_is_not_handed_over_again() {
    let (kit, ledger, ids) = parked(1).await;
    ledger.books().always = Some(refuses);
    let evidence = evidence_of(&at_the_desk(&kit, &ids, hand_over()).await[0]);
    kit.outbox.delivered(&evidence).await.unwrap_err();
    let again = at_the_desk(&kit, &[evidence], hand_over()).await;
    assert!(matches!(again[0], Done::Refused { .. }), "{again:?}");
    ledger.books().always = None;
    assert_eq!(
        at_the_desk(&kit, &[evidence], Wish::Requeue).await,
        [Done::Requeued]
    );
    kit.outbox.delivered(&evidence).await.unwrap();
}

#[tokio::test]
async fn what_is_not_parked_is_not_handed_over() {
    let kit = Kit::new();
    let open = kit.outbox.reserve(kit.sent()).await.unwrap();
    let waiting = kit.sent();
    let ids = [open.event_id(), waiting.event_id];
    kit.outbox.record(waiting, digest(), NOW).await.unwrap();
    for wish in [hand_over(), Wish::Requeue] {
        let done = at_the_desk(&kit, &ids, wish).await;
        assert!(
            done.iter().all(|one| matches!(one, Done::Refused { .. })),
            "{done:?}"
        );
    }
    assert_eq!(
        (kit.outbox.status().open, kit.outbox.status().undelivered),
        (1, 1)
    );
}

#[tokio::test]
async fn the_desk_works_without_a_process() {
    let (kit, ledger, ids) = parked(3).await;
    kit.close().await;
    let mut desk = desk(&kit);
    assert!(!desk.is_running());
    assert_eq!(desk.list(State::Parked, None, 10).unwrap().len(), 3);
    assert_eq!(
        desk.run(&ids[..1], &Wish::Requeue).unwrap(),
        [Done::Requeued]
    );
    let evidence = evidence_of(&desk.run(&ids[1..2], &hand_over()).unwrap()[0]);
    // Meanwhile no process may start.
    let started = open(config(kit.folder.path()), kit.clock.clone());
    assert!(matches!(started, Err(OpenError::Locked)), "{started:?}");
    drop(desk);
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    outbox.start_delivery(ledger.clone());
    outbox.drained().await;
    assert!(ledger.has(&ids[0]) && ledger.has(&evidence) && !ledger.has(&ids[1]));
    assert_eq!(outbox.status().parked, 1);
}

#[tokio::test]
async fn the_desk_of_no_outbox_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let opened = Desk::open(&path, &owner(), Kit::new().clock);
    assert!(matches!(opened, Err(OpenError::Missing)), "{opened:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_renamed_connector_does_not_start_on_records_of_its_old_name() {
    let (kit, ledger, parked) = parked(1).await;
    kit.close().await;
    // One that waits, and one that was open when its process ended.
    let outbox = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    let waiting = kit.sent();
    let waiting_id = waiting.event_id;
    outbox.record(waiting, digest(), NOW).await.unwrap();
    let left = outbox.reserve(kit.sent()).await.unwrap();
    outbox.close(Duration::ZERO).await;
    let left_id = left.event_id();
    drop(left);

    let new = "new-name.example".parse().unwrap();
    let path = kit.folder.path().join("outbox.db");
    let clock: SharedClock = kit.clock.clone();
    let refused = Outbox::open(config(kit.folder.path()), &new, clock.clone()).unwrap_err();
    let text = refused.to_string();
    assert!(
        matches!(refused, OpenError::Renamed { records: 3, .. }),
        "{refused:?}"
    );
    assert!(
        text.contains(owner().as_str()) && text.contains("new-name.example"),
        "{text}"
    );

    // Under its old name it would be delivered; under the new one it is handed over.
    let mut desk = Desk::open(&path, &new, clock.clone()).unwrap();
    let ids = [parked[0], waiting_id, left_id];
    let requeued = desk.run(&ids, &Wish::Requeue).unwrap();
    assert!(
        requeued
            .iter()
            .all(|one| matches!(one, Done::Refused { .. })),
        "{requeued:?}"
    );
    let done = desk.run(&ids, &hand_over()).unwrap();
    drop(desk);
    let outbox = Outbox::open(config(kit.folder.path()), &new, clock.clone()).unwrap();
    assert_eq!(
        (outbox.status().parked, outbox.status().undelivered),
        (0, 3)
    );
    ledger.books().connector = new.clone();
    outbox.start_delivery(ledger.clone());
    outbox.drained().await;
    for (id, done) in ids.iter().zip(&done) {
        assert!(!ledger.has(id));
        let item = ledger.item(&evidence_of(done));
        assert_eq!(item["evidence"]["type"], "unregistrable");
    }
    outbox.close(Duration::from_secs(5)).await;
    // From now on it is the new name's, and the old one may come back as soon as nothing waits.
    Outbox::open(config(kit.folder.path()), &owner(), clock).unwrap();
}

#[tokio::test]
async fn an_empty_outbox_takes_any_name() {
    let kit = Kit::new();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    kit.outbox.start_delivery(Ledger::default());
    kit.outbox.drained().await;
    kit.close().await;
    let new = "new-name.example".parse().unwrap();
    Outbox::open(config(kit.folder.path()), &new, kit.clock.clone()).unwrap();
}

#[tokio::test]
async fn what_an_earlier_version_parked_is_handed_over() {
    let folder = first_format();
    let clock = Kit::new().clock;
    let path = folder.path().join("outbox.db");
    let mut desk = Desk::open(&path, &owner(), clock.clone()).unwrap();
    let entries = desk
        .list(State::Parked, Some(Problem::Invalid), 10)
        .unwrap();
    let id = entries[0].event_id;
    let evidence = evidence_of(&desk.run(&[id], &hand_over()).unwrap()[0]);
    drop(desk);
    let outbox = open(config(folder.path()), clock).unwrap();
    let ledger = Ledger::default();
    outbox.start_delivery(ledger.clone());
    outbox.drained().await;
    let item = ledger.item(&evidence);
    // Its own id is one that no ledger takes; that of the evidence is ours.
    assert_eq!(
        item["evidence"]["item"]["exchange_id"],
        "5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b"
    );
    assert_ne!(item["exchange_id"], "5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b");
    assert_eq!(outbox.status().parked, 0);
}

#[tokio::test]
async fn an_outbox_restored_from_a_copy_takes_over_what_the_ledger_has() {
    let kit = Kit::new();
    let reserved = kit.outbox.reserve(kit.sent()).await.unwrap();
    let small = kit.sent();
    let ids = [reserved.event_id(), small.event_id];
    // Taken while one transfer goes on; the other record is written anew, under another exchange, as if its id had come again.
    let copy = kit.after_a_kill();
    let again = Reservation {
        exchange_id: kit.received().exchange_id,
        ..small.clone()
    };
    copy.outbox.record(again, digest(), NOW).await.unwrap();
    kit.outbox.complete(reserved, digest(), NOW).await.unwrap();
    kit.outbox.record(small, digest(), NOW).await.unwrap();
    let ledger = Ledger::default();
    kit.outbox.start_delivery(ledger.clone());
    kit.outbox.drained().await;
    let had: Vec<_> = ids.iter().map(|id| ledger.item(id)).collect();

    copy.outbox.start_delivery(ledger.clone());
    copy.outbox.drained().await;
    assert_eq!(copy.outbox.status().parked, 0);
    for (id, had) in ids.iter().zip(had) {
        assert_eq!(ledger.item(id), had);
        let core = copy
            .outbox
            .receipt(id)
            .await
            .unwrap()
            .unwrap()
            .core
            .unwrap();
        let core: serde_json::Value = serde_json::from_str(&core).unwrap();
        assert_eq!(core["event"], had["event"]);
        assert_eq!(core["xid"], had["exchange_id"]);
    }
}

#[tokio::test]
async fn records_wait_for_a_ledger_that_is_older_than_they_are() {
    let kit = Kit::new();
    let of_before = r#"{"results":[{"id":null,"status":"rejected","retry":false,"problem":{"type":"urn:x:invalid","title":"","status":422,"detail":"unknown member \"nonce\""}}]}"#;
    let named = r#"{"results":[{"id":null,"status":"rejected","retry":false,"problem":{"type":"urn:x:invalid","title":"","status":422,"detail":"","unknown":"received-unsent"}}]}"#;
    let ledger = Ledger::scripted([of_before, named].map(Behaviour::Answer));
    kit.outbox.start_delivery(ledger.clone());
    let reservation = kit.sent();
    let id = reservation.event_id;
    kit.outbox.record(reservation, digest(), NOW).await.unwrap();
    kit.outbox.drained().await;
    assert_eq!(kit.outbox.status().parked, 0);
    assert!(ledger.has(&id));
    assert_eq!(ledger.books().requests.len(), 3);
}
