//! The judge finds what was made up for it.

use super::*;
use crate::faults::books::Outbox;

const URL: &str = "http://127.0.0.1:1/small.bin";

fn digest() -> (String, u64) {
    ("ab".repeat(32), 1024)
}

fn attempt(end: End) -> Attempt {
    Attempt {
        user: "someone".into(),
        resource: URL.into(),
        end,
    }
}

fn whole(event: &str) -> Attempt {
    let (sha256, len) = digest();
    attempt(End::Whole {
        event: event.into(),
        sha256,
        len,
    })
}

fn event(id: &str, previous: &str) -> Event {
    Event {
        id: id.into(),
        previous: previous.into(),
        user: "someone".into(),
        digest: digest(),
    }
}

/// One whole exchange, one that broke off, and one whose receiver had everything when it died.
fn good() -> (Vec<Attempt>, Books) {
    let attempts = vec![
        whole("r1"),
        attempt(End::Cut {
            event: "r2".into(),
            how: Cut::Broken,
        }),
        attempt(End::Unanswered),
    ];
    let books = Books {
        originals: BTreeMap::from([("c".into(), URL.into())]),
        sent: vec![event("s1", "c"), event("s2", "c"), event("s3", "c")],
        received: vec![event("r1", "s1"), event("r3", "s3")],
        aborted: vec!["r2".into()],
        outboxes: vec![
            Outbox {
                name: "provider".into(),
                delivered: vec!["s1".into(), "s2".into(), "s3".into()],
                ..Outbox::default()
            },
            Outbox {
                name: "receiver".into(),
                delivered: vec!["r1".into(), "r2".into(), "r3".into()],
                ..Outbox::default()
            },
        ],
    };
    (attempts, books)
}

fn verdict(attempts: &[Attempt], books: &Books) -> Verdict {
    let truth = Truth::from([(URL.into(), digest())]);
    judge(attempts, &Books::default(), books, &truth)
}

/// What the judge says when `spoil` has been at the books or at the list.
fn spoilt(spoil: impl FnOnce(&mut Vec<Attempt>, &mut Books)) -> Verdict {
    let (mut attempts, mut books) = good();
    spoil(&mut attempts, &mut books);
    verdict(&attempts, &books)
}

#[test]
fn what_is_in_order_holds() {
    let (attempts, books) = good();
    let found = verdict(&attempts, &books);
    assert!(found.holds(), "{found}");
    assert_eq!((found.whole, found.broken, found.unanswered), (1, 1, 1));
    assert_eq!(
        (found.sent_only, found.received_only, found.aborted),
        (1, 1, 1)
    );
}

#[test]
fn an_exchange_without_its_records_is_lost() {
    for missing in ["r1", "s1"] {
        let found = spoilt(|_, books| {
            books.received.retain(|event| event.id != missing);
            books.sent.retain(|event| event.id != missing);
        });
        assert_eq!(found.lost.len(), 1, "{found}");
    }
    let found = spoilt(|attempts, _| attempts.push(whole("r9")));
    assert_eq!(found.lost.len(), 1, "{found}");
    let found = spoilt(|attempts, _| attempts.push(whole("r1")));
    assert_eq!(found.lost.len(), 1, "{found}");
}

#[test]
fn an_exchange_recorded_as_something_else_is_lost() {
    let found = spoilt(|_, books| books.received[0].digest.1 = 1);
    assert_eq!(found.lost.len(), 1, "{found}");
    let found = spoilt(|_, books| books.received[0].user = "another".into());
    assert_eq!(found.lost.len(), 1, "{found}");
    let found = spoilt(|_, books| books.sent[0].digest.0 = "cd".repeat(32));
    assert_eq!(found.lost.len(), 1, "{found}");
}

#[test]
fn a_body_that_is_short_is_no_whole_one() {
    let found = spoilt(|attempts, _| {
        if let End::Whole { len, .. } = &mut attempts[0].end {
            *len = 3;
        }
    });
    assert_eq!(found.lost.len(), 1, "{found}");
}

#[test]
fn a_record_of_what_nobody_fetched_is_false() {
    let found = spoilt(|attempts, _| drop(attempts.pop()));
    assert_eq!(found.wrong.len(), 1, "{found}");
    let found = spoilt(|_, books| books.received.push(event("r4", "s2")));
    assert_eq!(found.wrong.len(), 1, "{found}");
}

#[test]
fn a_record_of_bytes_that_do_not_exist_is_false() {
    let found = spoilt(|_, books| books.received[1].digest.1 = 1000);
    assert_eq!(found.wrong.len(), 1, "{found}");
    let found = spoilt(|_, books| books.sent[1].digest.1 = 1000);
    assert_eq!(found.wrong.len(), 1, "{found}");
}

#[test]
fn two_records_of_one_delivery_are_false() {
    let found = spoilt(|attempts, books| {
        attempts.push(attempt(End::Unanswered));
        books.received.push(event("r4", "s1"));
    });
    assert_eq!(found.wrong.len(), 1, "{found}");
}

#[test]
fn a_reservation_that_did_not_end_or_ended_twice_is_found() {
    let found = spoilt(|_, books| books.outboxes[1].left.push(("r4".into(), "open")));
    assert_eq!(found.open.len(), 1, "{found}");
    let found = spoilt(|_, books| books.aborted.push("s2".into()));
    assert_eq!(found.open.len(), 1, "{found}");
    // Aborted, delivered, and not in the ledger: the caller's id and the outbox's both lead nowhere.
    let found = spoilt(|_, books| books.aborted.clear());
    assert_eq!(found.open.len(), 2, "{found}");
    let found = spoilt(|_, books| drop(books.outboxes.pop()));
    assert_eq!(found.open.len(), 3, "{found}");
}
