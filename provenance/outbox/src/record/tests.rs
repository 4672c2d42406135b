use proptest::prelude::*;
use provenance_model::{
    batch::{ExchangeRole, MAX_ID_BYTES, MAX_ITEM_BYTES, Registration, may_submit},
    event_id::EventIds,
};

use super::*;

const REASONS: [AbortReason; 6] = [
    AbortReason::PeerClosed,
    AbortReason::SourceFailed,
    AbortReason::Timeout,
    AbortReason::Refused,
    AbortReason::Shutdown,
    AbortReason::FoundOpenAtStart,
];

fn connector() -> ConnectorId {
    ConnectorId::parse("c.example").unwrap()
}

/// Whether the ledger's reader takes `item` from a connector that is registered for `user`.
fn takes(item: &[u8], user: &UserId) -> Result<(), String> {
    assert!(item.len() <= MAX_ITEM_BYTES);
    let types = ["Sent".to_owned(), "Received".to_owned()];
    let text = std::str::from_utf8(item).expect("JSON is UTF-8");
    let item = InItem::parse(text, &types, &connector()).map_err(|invalid| invalid.detail)?;
    if item.previous.contains(&item.id.to_string()) {
        return Err("it names itself".to_owned());
    }
    let registration = Registration {
        side: item.side,
        user: match item.side {
            ExchangeRole::Provider => user.clone(),
            ExchangeRole::Receiver => UserId::parse("participant").unwrap(),
        },
    };
    may_submit(&registration, &item)
}

/// Texts as they come from elsewhere: usual ones, and what strings can hold at all.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[!-~]{1,80}",
        1 => ".{0,300}",
        1 => "[\u{0}-\u{1f}\"\\\\a-z]{0,60}",
        1 => ("[\u{1}\"x]", 0_usize..40_000).prop_map(|(text, n)| text.repeat(n)),
        1 => Just(String::new()),
    ]
}

fn user() -> impl Strategy<Value = UserId> {
    let text = prop_oneof![
        3 => "[a-z0-9.-]{1,40}",
        1 => "[\"a-z]{1,255}",
        1 => "[あ-ん😀-😄]{1,255}",
        1 => ".{1,255}",
    ];
    text.prop_filter_map("no user ID", |text| UserId::parse(&text).ok())
}

/// An id of one of these connectors, or of none: with its nonce, without, or with another.
fn id() -> impl Strategy<Value = (EventId, Option<Nonce>)> {
    (0_i64..250_000_000_000, 0..20_usize).prop_map(|(seconds, kind)| {
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let name = if kind == 0 { "d.example" } else { "c.example" };
        let ids = EventIds::new(ConnectorId::parse(name).unwrap());
        let owned = ids.next(at);
        match kind {
            1 => (owned.id, None),
            2 => (owned.id, Some(ids.next(at).nonce)),
            3 => (EventId::new_v7(at), Some(owned.nonce)),
            4 => (EventId::new_v7(at), None),
            _ => (owned.id, Some(owned.nonce)),
        }
    })
}

fn reservation() -> impl Strategy<Value = Reservation> {
    let names_itself = prop::bool::weighted(0.05);
    let acts_for_other = prop::bool::weighted(0.05);
    (
        0..4_usize,
        user(),
        user(),
        text(),
        id(),
        names_itself,
        acts_for_other,
    )
        .prop_map(
            |(kind, provider, consumer, text, (event_id, nonce), names_itself, acts_for_other)| {
                let predecessor = if names_itself {
                    event_id.to_string()
                } else {
                    text.clone()
                };
                let by_provider = (kind == 0) != acts_for_other;
                Reservation {
                    exchange_id: ExchangeId::new_v7(OffsetDateTime::UNIX_EPOCH),
                    event_id,
                    nonce,
                    jti: Jti::new(&"j".repeat(MAX_ID_BYTES)).filter(|_| by_provider),
                    user_id: if by_provider { &provider } else { &consumer }.clone(),
                    kind: match kind {
                        0 => Kind::Sent {
                            provider,
                            predecessor,
                        },
                        1 => Kind::Received {
                            provider,
                            predecessor,
                        },
                        2 => Kind::Direct { source_url: text },
                        _ => Kind::Unsent {
                            provider,
                            source_url: text,
                        },
                    },
                    consumer,
                    end: (kind % 2 == 0).then_some(BodyEnd::Close),
                    resource: None,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_let_in_the_ledger_takes_however_it_ends(
        reservation in reservation(), len in any::<u64>(), seconds in -62_167_219_200_i64..253_402_300_800,
        has_sha512 in any::<bool>(), byte in any::<u8>(),
    ) {
        if reservation.check(&connector()).is_ok() {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let digest = Digest { sha256: [byte; 32], sha512: has_sha512.then_some([byte; 64]), len };
            let item = reservation.completed(&digest, at);
            prop_assert_eq!(takes(&item, &reservation.user_id), Ok(()));
            for reason in REASONS {
                let len = (reason != AbortReason::FoundOpenAtStart).then_some(len);
                let item = reservation.aborted(reason, len, at);
                prop_assert_eq!(takes(&item, &reservation.user_id), Ok(()), "{:?}", reason);
            }
        }
    }

    /// Nothing is refused that the ledger would have taken, but for the length of a resource, which it never sees.
    #[test]
    fn what_is_refused_the_ledger_would_not_have_taken(reservation in reservation()) {
        if reservation.check(&connector()).is_err() {
            let digest = Digest { sha256: [0; 32], sha512: Some([0; 64]), len: u64::MAX };
            let at = OffsetDateTime::UNIX_EPOCH;
            let long = reservation.completed(&digest, at).len() > MAX_ITEM_BYTES;
            prop_assert!(long || takes(&reservation.completed(&digest, at), &reservation.user_id).is_err());
        }
    }
}
