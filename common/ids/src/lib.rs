//! Identifiers. Each kind has its own type, so that one cannot be passed for another. A crate of its own, for those who need nothing
//! else of the house.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;
use uuid::{ContextV7, Timestamp, Uuid, Variant};

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or too long.
    #[error("{kind} must have 1 to {max} characters, this has {len}")]
    Length {
        /// What was parsed.
        kind: &'static str,
        /// Longest allowed, in characters.
        max: usize,
        /// Length found, in characters.
        len: usize,
    },
    /// A character is not allowed.
    #[error("{kind} may not contain {found:?}")]
    Character {
        /// What was parsed.
        kind: &'static str,
        /// The first offending character.
        found: char,
    },
    /// A corporate number is not 13 digits with a right check digit.
    #[error("a corporate number has 13 digits, the first one checking the others")]
    CorporateNumber,
    /// A user suffix is not two letters or digits.
    #[error("the suffix of an issued user ID is two lower-case letters or digits")]
    Suffix,
    /// A connector ID is not a DNS name.
    #[error(
        "a connector ID is a DNS name such as provider.example.jp, without a dot at its end and not localhost"
    )]
    DnsName,
    /// An exchange id is not a UUID of version 7 in its canonical text.
    #[error("an exchange id is a UUID of version 7, in lower case with hyphens")]
    Exchange,
}

/// A CADDE user ID (CADDEユーザID): names a person or an organisation.
///
/// Reading is lenient, because existing IDs follow no one form: 1 to 255 characters, none of `< > / \`
/// (CADDE 4.0 basic design of authentication, 2.1.5), no control character, white space, `|`, `#` or `,`
/// (which separate fields in existing policies and lists). Issuing is strict: [`UserId::issue`].
/// Comparison is exact; IDs that we issue are lower case.
///
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(Arc<str>);

impl UserId {
    /// Longest ID, in characters.
    pub const MAX: usize = 255;

    /// Reads an ID as others issued it.
    ///
    /// # Errors
    /// [`IdError::Length`], [`IdError::Character`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let kind = "a CADDE user ID";
        let len = text.chars().count();
        if !(1..=Self::MAX).contains(&len) {
            return Err(IdError::Length {
                kind,
                max: Self::MAX,
                len,
            });
        }
        let bad = |c: &char| {
            matches!(c, '<' | '>' | '/' | '\\' | '|' | '#' | ',')
                || c.is_control()
                || c.is_whitespace()
        };
        match text.chars().find(bad) {
            Some(found) => Err(IdError::Character { kind, found }),
            None => Ok(Self(text.into())),
        }
    }

    /// The ID `cadde.<corporate number>.<suffix>`, as this system issues them.
    ///
    /// # Errors
    /// [`IdError::CorporateNumber`] unless the check digit is right, [`IdError::Suffix`].
    pub fn issue(corporate_number: &str, suffix: &str) -> Result<Self, IdError> {
        if !is_corporate_number(corporate_number) {
            return Err(IdError::CorporateNumber);
        }
        let fits = suffix.len() == 2
            && suffix
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !fits {
            return Err(IdError::Suffix);
        }
        Ok(Self(format!("cadde.{corporate_number}.{suffix}").into()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `number` is a Japanese corporate number (法人番号): 13 digits, of which the first is
/// 9 − (Σ Pₙ·Qₙ mod 9), Pₙ being the n-th of the other twelve digits from the right and Qₙ 1 for odd and 2 for even n.
///
/// Source: ordinance of the Ministry of Finance on the designation of corporate numbers, article 2.
pub fn is_corporate_number(number: &str) -> bool {
    let Ok(digits) = <[u8; 13]>::try_from(number.as_bytes()) else {
        return false;
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits[1..]
        .iter()
        .rev()
        .zip([1u32, 2].into_iter().cycle())
        .map(|(d, q)| u32::from(d - b'0') * q)
        .sum();
    u32::from(digits[0] - b'0') == 9 - sum % 9
}

/// A connector ID (コネクタID): the DNS name that the connector's certificate carries, in lower case.
///
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ConnectorId(Arc<str>);

impl ConnectorId {
    /// Reads a DNS name: labels of 1 to 63 letters, digits, hyphens or underscores, 253 characters in all; letters become
    /// lower case. `localhost` and names below it are each machine's own, and a dot at the end makes a second spelling.
    ///
    /// # Errors
    /// [`IdError::DnsName`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let name = text.to_ascii_lowercase();
        let label = |l: &str| {
            (1..=63).contains(&l.len())
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        // A name whose last label is a number, also a hexadecimal one, would be read as an IPv4 address.
        let is_number = last.bytes().all(|b| b.is_ascii_digit())
            || last
                .strip_prefix("0x")
                .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if name.len() > 253 || is_number || last == "localhost" || !name.split('.').all(label) {
            return Err(IdError::DnsName);
        }
        Ok(Self(name.into()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}
text_id!(UserId);
text_id!(ConnectorId);

/// Milliseconds since 1970-01-01T00:00:00Z, which ids of a time begin with; times before it count as 0.
pub fn unix_millis(at: OffsetDateTime) -> u64 {
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// One context per process keeps UUIDv7 values that were made in the same millisecond in order.
static CONTEXT: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());

/// A UUIDv7 (RFC 9562 §5.7) for the time `at`.
pub fn uuid_v7(at: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    let context = CONTEXT
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Uuid::new_v7(Timestamp::from_unix(&*context, seconds, at.nanosecond()))
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id for the time `at` (UUIDv7).
            pub fn new_v7(at: OffsetDateTime) -> Self {
                Self(uuid_v7(at))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}
uuid_id!(
    /// The id of one event of the ledger (履歴識別子), reserved before the event happens.
    EventId
);

/// The id of one exchange, unique for its sender only: a UUID of version 7.
///
/// It has one text, lower case with hyphens, and no other is read: peers choose these ids, and ledgers take them in this form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ExchangeId(Uuid);

impl ExchangeId {
    /// A new id for the time `at`.
    pub fn new_v7(at: OffsetDateTime) -> Self {
        Self(uuid_v7(at))
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExchangeId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut canonical = Uuid::encode_buffer();
        Uuid::try_parse(text)
            .ok()
            .filter(|id| id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122)
            .filter(|id| id.hyphenated().encode_lower(&mut canonical) == text)
            .map(Self)
            .ok_or(IdError::Exchange)
    }
}

impl TryFrom<String> for ExchangeId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    #[rstest]
    #[case("cadde.7000012050002.aa")]
    #[case("provider1@dataex.jp")]
    #[case("test_id_A")]
    fn existing_forms_of_user_ids_are_read(#[case] text: &str) {
        assert_eq!(UserId::parse(text).unwrap().as_str(), text);
    }

    #[rstest]
    #[case("")]
    #[case("a/b")]
    #[case("a b")]
    #[case("a,b")]
    #[case("a\u{7}")]
    fn forbidden_user_ids_are_refused(#[case] text: &str) {
        UserId::parse(text).unwrap_err();
    }

    #[test]
    fn corporate_numbers_are_checked() {
        // The National Tax Agency's own number.
        assert!(is_corporate_number("7000012050002"));
        assert!(!is_corporate_number("8000012050002"));
        assert!(!is_corporate_number("700001205000"));
        assert_eq!(
            UserId::issue("7000012050002", "a1").unwrap().as_str(),
            "cadde.7000012050002.a1"
        );
        assert_eq!(
            UserId::issue("7000012050002", "A1").unwrap_err(),
            IdError::Suffix
        );
    }

    #[rstest]
    #[case("Provider.A.Example", "provider.a.example")]
    #[case("localhost.a.example", "localhost.a.example")]
    #[case("_a.0xg", "_a.0xg")]
    fn connector_ids_are_lower_case_dns_names(#[case] text: &str, #[case] id: &str) {
        assert_eq!(ConnectorId::parse(text).unwrap().as_str(), id);
    }

    #[rstest]
    #[case("")]
    #[case("a..b")]
    #[case("-a.example")]
    #[case("127.0.0.1")]
    #[case("2130706433")]
    #[case("0x7f000001")]
    #[case("a.0x")]
    #[case("[::1]")]
    #[case("localhost")]
    #[case("LocalHost")]
    #[case("localhost.")]
    #[case("a.localhost")]
    #[case("a.example.")]
    #[case("a.example..")]
    #[case("a%2eexample")]
    #[case("日本.example")]
    #[case("https://a.example")]
    fn other_texts_are_no_connector_ids(#[case] text: &str) {
        ConnectorId::parse(text).unwrap_err();
    }

    #[rstest]
    #[case::version_4("5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b")]
    #[case::version_1("c232ab00-9414-11ec-b3c8-9f6bdeced846")]
    #[case::version_8("01941f29-7c00-8000-8000-000000000001")]
    #[case::nil("00000000-0000-0000-0000-000000000000")]
    #[case::max("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    #[case::other_variant("01941f29-7c00-7000-0000-000000000001")]
    #[case::capitals("01941F29-7C00-7000-8000-00000000000A")]
    #[case::one_capital("01941f29-7c00-7000-8000-00000000000A")]
    #[case::braces("{01941f29-7c00-7000-8000-000000000001}")]
    #[case::urn("urn:uuid:01941f29-7c00-7000-8000-000000000001")]
    #[case::without_hyphens("01941f297c0070008000000000000001")]
    #[case::blank(" 01941f29-7c00-7000-8000-000000000001")]
    #[case::longer("01941f29-7c00-7000-8000-0000000000012")]
    #[case::not_ascii("01941f29-7c00-7000-8000-00000000000１")]
    #[case::empty("")]
    fn only_the_canonical_text_of_version_7_is_an_exchange_id(#[case] text: &str) {
        assert_eq!(text.parse::<ExchangeId>(), Err(IdError::Exchange));
        serde_json::from_value::<ExchangeId>(text.into()).unwrap_err();
    }

    #[test]
    fn ids_of_one_moment_are_in_order() {
        let at = datetime!(2025-01-01 0:00 UTC);
        let ids: Vec<_> = (0..100).map(|_| EventId::new_v7(at)).collect();
        assert!(ids.is_sorted());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = UserId::parse(&text);
            let _ = ConnectorId::parse(&text);
            let _ = is_corporate_number(&text);
            let _ = text.parse::<ExchangeId>();
        }

        #[test]
        fn an_exchange_id_is_read_as_it_is_written(seconds in 0_i64..253_402_300_799) {
            let id = ExchangeId::new_v7(OffsetDateTime::from_unix_timestamp(seconds).unwrap());
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<ExchangeId>(&json).unwrap(), id);
        }
    }
}
