//! Ids that belong to a connector: UUIDs of version 8 (RFC 9562 §5.8) whose end is a hash over the connector's ID.
//!
//! An id is seen before its record is in the ledger: it stands in the headers of an answer. So that nobody else can register
//! something under it, the ledger takes one of version 8 only from the connector that its nonce leads back to. Most significant
//! bit first:
//!
//! | bits | content |
//! |---|---|
//! | 48 | time in milliseconds since 1970 |
//! | 4 | 8 |
//! | 12 | counter of this process within the millisecond |
//! | 2 | binary 10 |
//! | 62 | the first 62 bits of SHA-256 over `DOMAIN`, the first 8 bytes of the id, the nonce and the connector ID |
//!
//! The nonce is no secret: whoever wants an id of somebody else's has to find one of their own that gives it, in 2^62 tries,
//! before the true record is in.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use common_ids::{ConnectorId, EventId, unix_millis};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// Separates these hashes from every other use of SHA-256; the zero byte ends it.
const DOMAIN: &[u8] = b"kakehashi/event-id/1\0";

/// The version of these ids.
const VERSION: u64 = 8;

/// The last millisecond that 48 bits hold, in the year 10889.
const LAST_MS: u64 = (1 << 48) - 1;

/// What an id was made from besides its time and its owner: 16 random bytes, written as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Nonce([u8; 16]);

impl Nonce {
    fn random() -> Self {
        Self(rand::random())
    }

    /// Reads 32 lower-case hex digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let is_lower = text.bytes().all(|b| !b.is_ascii_uppercase());
        (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// Hands its text to `f`.
    pub fn with_text<T>(&self, f: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; 32];
        hex::encode_to_slice(self.0, &mut text).expect("16 bytes have 32 digits");
        f(std::str::from_utf8(&text).expect("hex digits are ASCII"))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl TryFrom<String> for Nonce {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a nonce is 32 lower-case hex digits")
    }
}

/// An id with what shows whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedId {
    /// The id.
    pub id: EventId,
    /// Its nonce.
    pub nonce: Nonce,
}

/// Makes the ids of one connector. A process has one of these for each connector that it is.
#[derive(Debug)]
pub struct EventIds {
    owner: ConnectorId,
    sequence: Sequence,
}

impl EventIds {
    /// For the connector `owner`.
    pub const fn new(owner: ConnectorId) -> Self {
        Self {
            owner,
            sequence: Sequence::new(),
        }
    }

    /// A new id for the time `at`, greater than all that were made here before.
    pub fn next(&self, at: OffsetDateTime) -> OwnedId {
        let head = self.sequence.next(unix_millis(at));
        let nonce = Nonce::random();
        OwnedId {
            id: EventId(id(head, tail(head, nonce, &self.owner))),
            nonce,
        }
    }
}

/// An id that is the ledger's own: it comes into being with its record. It has the form of a connector's so that no connector
/// and nobody with a token can state it.
pub fn of_ledger(at: OffsetDateTime) -> Uuid {
    static SEQUENCE: Sequence = Sequence::new();
    id(SEQUENCE.next(unix_millis(at)), rand::random())
}

/// Whether `id` has the version that belongs to connectors.
pub fn is_owned(id: &Uuid) -> bool {
    id.get_version_num() == 8
}

/// Whether `id` is the one that `nonce` gives for `owner`.
pub fn belongs_to(given: &Uuid, nonce: Nonce, owner: &ConnectorId) -> bool {
    let (head, _) = given.as_u64_pair();
    is_owned(given) && id(head, tail(head, nonce, owner)) == *given
}

/// A UUID in the one form in which ids are compared: lower case with hyphens.
pub fn canonical(text: &str) -> Option<Uuid> {
    let mut buffer = Uuid::encode_buffer();
    Uuid::try_parse(text)
        .ok()
        .filter(|uuid| uuid.hyphenated().encode_lower(&mut buffer) == text)
}

/// Whether a connector of ours with the ID `owner` may have reserved the id `text`, for which it stated `nonce`: one of its own,
/// or one of version 7, as connectors of earlier versions reserve them, which says nothing of its owner.
pub fn may_be_of(text: &str, nonce: Option<&str>, owner: &ConnectorId) -> bool {
    let Some(id) = canonical(text) else {
        return false;
    };
    let nonce = nonce.and_then(Nonce::parse);
    id.get_version_num() == 7 || nonce.is_some_and(|nonce| belongs_to(&id, nonce, owner))
}

/// The time in `id`, in milliseconds since 1970, where its version has one that is read so.
pub fn unix_ms(id: &Uuid) -> Option<u64> {
    matches!(id.get_version_num(), 7 | 8).then(|| id.as_u64_pair().0 >> 16)
}

/// The hash over an id's beginning, its nonce and its owner.
fn tail(head: u64, nonce: Nonce, owner: &ConnectorId) -> u64 {
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(head.to_be_bytes())
        .chain_update(nonce.0)
        .chain_update(owner.as_str())
        .finalize();
    u64::from_be_bytes(hash[..8].try_into().expect("the hash has 32 bytes"))
}

/// The id of a beginning and the first 62 bits of `tail`.
fn id(head: u64, tail: u64) -> Uuid {
    Uuid::from_u64_pair(head, 1 << 63 | tail >> 2)
}

/// Milliseconds and counter of the last id: all ids that come from it are in order, whatever becomes of the clock.
#[derive(Debug)]
struct Sequence(AtomicU64);

impl Sequence {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The first half of the next id at the time `ms`.
    fn next(&self, ms: u64) -> u64 {
        // Behind the last counter value of a millisecond comes the first of the next one: both are one number.
        let after = |last: u64| (ms.min(LAST_MS) << 12).max(last + 1);
        let last = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(after(last))
            })
            .unwrap_or_else(|last| last);
        let place = after(last);
        place >> 12 << 16 | VERSION << 12 | place & 0xfff
    }
}

/// Whether somebody who reads UUIDs could take `text` for an id of version 8, however it is spelled: in capitals, in brackets,
/// as a URN, as numbers in C, with hyphens elsewhere or nowhere, with or without zeros before a group.
///
/// Ids are compared as text, so none of these is the id of a connector's record; but what looks like one to people and to
/// other programs does not get into the ledger.
pub fn looks_owned(text: &str) -> bool {
    // Longer than any spelling, and short enough to look at for nothing.
    if text.len() > 256 {
        return false;
    }
    let text: String = text
        .chars()
        .filter_map(|c| match u32::from(c) {
            // Digits and letters of full width are read by some, too.
            wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0),
            _ => Some(c),
        })
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_wrapping(*c))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let bare = ["urn:", "uuid:", "0x"]
        .into_iter()
        .fold(text, |text, mark| text.replace(mark, ""));
    let groups: Vec<&str> = bare.split('-').collect();
    let digits = if groups.len() == GROUPS.len() {
        let filled = groups.iter().zip(GROUPS);
        let filled = filled.map(|(group, len)| format!("{:0>len$}", group.trim_start_matches('0')));
        filled.collect::<Vec<_>>().concat()
    } else {
        groups.concat()
    };
    Uuid::try_parse(&digits).is_ok_and(|id| is_owned(&id))
}

/// Digits of the groups between hyphens.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

fn is_wrapping(c: char) -> bool {
    // Among them what has no width at all.
    matches!(
        c,
        '\u{200b}'
            ..='\u{200f}'
                | '\u{2060}'
                | '\u{feff}'
                | '{'
                | '}'
                | '('
                | ')'
                | '['
                | ']'
                | '<'
                | '>'
                | '"'
                | '\''
                | ','
                | ';'
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use common_ids::uuid_v7;
    use proptest::prelude::*;
    use rstest::rstest;
    use time::macros::datetime;
    use uuid::Variant;

    use super::*;

    fn connector(id: &str) -> ConnectorId {
        ConnectorId::parse(id).unwrap()
    }

    /// Made with another implementation of the same rule.
    #[rstest]
    #[case(
        1_735_689_600_000,
        0,
        "000102030405060708090a0b0c0d0e0f",
        "provider.a.example",
        "01941f29-7c00-8000-896a-afae9eec5885"
    )]
    #[case(
        1_735_689_600_000,
        0,
        "000102030405060708090a0b0c0d0e0f",
        "receiver.b.example",
        "01941f29-7c00-8000-a042-bc589698f859"
    )]
    #[case(
        1_735_689_600_000,
        4095,
        "ffffffffffffffffffffffffffffffff",
        "provider.a.example",
        "01941f29-7c00-8fff-bb53-183e5c840009"
    )]
    #[case(
        0,
        0,
        "00000000000000000000000000000000",
        "a",
        "00000000-0000-8000-bf97-db96fc5d6d33"
    )]
    #[case(
        LAST_MS,
        1,
        "000102030405060708090a0b0c0d0e0f",
        "ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp.example",
        "ffffffff-ffff-8001-b7e6-9b0734d3b13a"
    )]
    fn known_answers(
        #[case] ms: u64,
        #[case] counter: u64,
        #[case] nonce: &str,
        #[case] owner: &str,
        #[case] expected: &str,
    ) {
        let (nonce, owner) = (Nonce::parse(nonce).unwrap(), connector(owner));
        // The counter goes on from what was given last.
        let before = match counter {
            0 => 0,
            counter => ms << 12 | (counter - 1),
        };
        let head = Sequence(AtomicU64::new(before)).next(ms);
        let made = if ms == 0 {
            // The very first number of all is never given.
            id(VERSION << 12, tail(VERSION << 12, nonce, &owner))
        } else {
            id(head, tail(head, nonce, &owner))
        };
        assert_eq!(made.to_string(), expected);
        assert!(belongs_to(&made, nonce, &owner));
        assert_eq!(unix_ms(&made), Some(ms));
    }

    #[test]
    fn after_4095_comes_the_next_millisecond_and_a_clock_set_back_changes_nothing() {
        let sequence = Sequence(AtomicU64::new(0));
        let place = |head: u64| (head >> 16, head & 0xfff);
        for counter in 0..4096 {
            assert_eq!(place(sequence.next(10)), (10, counter));
        }
        assert_eq!(place(sequence.next(10)), (11, 0));
        assert_eq!(place(sequence.next(3)), (11, 1));
        assert_eq!(place(sequence.next(12)), (12, 0));
        assert_eq!(place(sequence.next(u64::MAX)), (LAST_MS, 0));
    }

    #[test]
    fn threads_get_ids_of_their_own_each_in_order() {
        let ids = EventIds::new(connector("provider.a.example"));
        let at = datetime!(2025-01-01 0:00 UTC);
        let make = || -> Vec<_> { (0..5000).map(|_| ids.next(at).id).collect() };
        let all: Vec<Vec<EventId>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(all.iter().all(|ids| ids.is_sorted()));
        let different: HashSet<EventId> = all.into_iter().flatten().collect();
        assert_eq!(different.len(), 20_000);
    }

    #[rstest]
    #[case("")]
    #[case("00")]
    #[case("000102030405060708090a0b0c0d0e")]
    #[case("000102030405060708090a0b0c0d0e0f0f")]
    #[case("000102030405060708090A0B0C0D0E0F")]
    #[case("000102030405060708090a0b0c0d0e0g")]
    #[case("0001020304050607-08090a0b0c0d0e0")]
    fn what_is_no_nonce(#[case] text: &str) {
        assert_eq!(Nonce::parse(text), None);
    }

    proptest! {
        #[test]
        fn an_id_belongs_to_its_owner_alone(
            ms in 0..=LAST_MS, a in "[a-z0-9]{1,20}\\.example", b in "[a-z0-9]{1,20}\\.example", bit in 0_usize..128,
        ) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms.min(1 << 47)) * 1_000_000).unwrap();
            let (owner, other) = (connector(&a), connector(&b));
            let OwnedId { id, nonce } = EventIds::new(owner.clone()).next(at);
            prop_assert_eq!(id.0.get_variant(), Variant::RFC4122);
            prop_assert!(is_owned(&id.0) && belongs_to(&id.0, nonce, &owner));
            prop_assert_eq!(belongs_to(&id.0, nonce, &other), a == b);
            prop_assert!(!belongs_to(&id.0, Nonce::random(), &owner));
            // No bit may differ, of the id or of the nonce.
            let flipped = |bytes: [u8; 16]| { let mut bytes = bytes; bytes[bit / 8] ^= 1 << (bit % 8); bytes };
            prop_assert!(!belongs_to(&Uuid::from_bytes(flipped(*id.0.as_bytes())), nonce, &owner));
            prop_assert!(!belongs_to(&id.0, Nonce(flipped(nonce.0)), &owner));
            prop_assert_eq!(Nonce::parse(&nonce.to_string()), Some(nonce));
            prop_assert!(!belongs_to(&of_ledger(at), nonce, &owner));
        }

        #[test]
        fn every_spelling_is_seen_through(bytes: [u8; 16], version in 0_u8..16, capitals: bool, way in 0..14_usize) {
            let mut bytes = bytes;
            bytes[6] = version << 4 | bytes[6] & 0xf;
            let id = Uuid::from_bytes(bytes);
            let hyphens = id.hyphenated().to_string();
            let digits = id.simple().to_string();
            let text = match way {
                0 => hyphens,
                1 => digits,
                2 => id.braced().to_string(),
                3 => id.urn().to_string(),
                4 => format!("({hyphens})"),
                5 => format!("{{urn:uuid:{digits}}}"),
                6 => format!(" \t{hyphens}\n"),
                7 => format!("uuid:{{{hyphens}}}"),
                8 => digits.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join("-"),
                9 => hyphens.split('-').map(|g| g.trim_start_matches('0')).collect::<Vec<_>>().join("-"),
                10 => hyphens.split('-').map(|g| format!("000{g}")).collect::<Vec<_>>().join("-"),
                11 => hyphens.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
                12 => format!("\u{feff}{hyphens}\u{200b}"),
                _ => {
                    let (a, rest) = digits.split_at(8);
                    let bytes: Vec<String> =
                        rest.as_bytes()[8..].chunks(2).map(|c| format!("0x{}", std::str::from_utf8(c).unwrap())).collect();
                    format!("{{0x{a},0x{},0x{},{{{}}}}}", &rest[..4], &rest[4..8], bytes.join(","))
                }
            };
            let text = if capitals { text.to_uppercase() } else { text };
            prop_assert_eq!(looks_owned(&text), version == 8, "{}", text);
        }

        #[test]
        fn other_ids_are_let_be(text in ".{0,80}") {
            let plain = text.chars().filter(char::is_ascii_hexdigit).count() < 5;
            prop_assert!(!(plain && looks_owned(&text)), "{}", text);
        }
    }

    #[test]
    fn a_receiver_sees_whose_an_id_is() {
        let owner = connector("provider.a.example");
        let at = datetime!(2025-01-01 0:00 UTC);
        let OwnedId { id, nonce } = EventIds::new(owner.clone()).next(at);
        let (id, nonce) = (id.to_string(), nonce.to_string());
        assert!(may_be_of(&id, Some(&nonce), &owner));
        assert!(!may_be_of(
            &id,
            Some(&nonce),
            &connector("provider.c.example")
        ));
        assert!(!may_be_of(&id, None, &owner));
        for wrong in [
            "",
            "00",
            &"00".repeat(16),
            &nonce[..30],
            &format!("{nonce}00"),
        ] {
            assert!(!may_be_of(&id, Some(wrong), &owner), "{wrong}");
        }
        for spelling in [id.to_uppercase(), format!("{{{id}}}"), id.replace('-', "")] {
            assert!(!may_be_of(&spelling, Some(&nonce), &owner), "{spelling}");
        }
        let before = uuid_v7(at).to_string();
        assert!(may_be_of(&before, None, &owner));
        for other in [
            &before.to_uppercase(),
            "e-1",
            "5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b",
        ] {
            assert!(!may_be_of(other, Some(&nonce), &owner), "{other}");
        }
    }

    #[rstest]
    #[case("")]
    #[case("urn:example:event:8")]
    #[case("01941f29-7c00-7000-8000-000000000001")]
    #[case("sensor-8-8-8-8")]
    #[case("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b")]
    fn ids_of_others_are_let_be(#[case] text: &str) {
        assert!(!looks_owned(text));
        assert!(!looks_owned(
            &uuid_v7(datetime!(2025-01-01 0:00 UTC)).to_string()
        ));
    }
}
