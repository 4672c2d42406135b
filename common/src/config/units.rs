//! Sizes and durations that carry their unit in the configuration.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// A text that is no size or duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a whole number with one of the units {units}")]
pub struct UnitError {
    text: String,
    units: &'static str,
}

fn split<'t>(text: &'t str, table: &[(&str, u64)], units: &'static str) -> Result<u64, UnitError> {
    let error = || UnitError {
        text: text.into(),
        units,
    };
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
    let (number, unit): (&'t str, &'t str) = text.split_at(at);
    let factor = table
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(error)?
        .1;
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor))
        .ok_or_else(error)
}

/// A number of bytes, written `512B`, `64KiB`, `16MiB` or `2GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(pub u64);

const SIZES: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl ByteSize {
    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length in memory; sizes beyond the address space become its end.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        split(text, &SIZES, "B, KiB, MiB, GiB").map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = SIZES
            .into_iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor))
            .unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

/// A duration, written `200ms`, `5s`, `10m`, `4h` or `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(pub Duration);

const PERIODS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Period {
    /// So many milliseconds.
    pub const fn millis(n: u64) -> Self {
        Self(Duration::from_millis(n))
    }

    /// So many seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(Duration::from_secs(n))
    }

    /// The duration.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        split(text, &PERIODS, "ms, s, m, h, d").map(Self::millis)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, factor) = PERIODS
            .into_iter()
            .find(|(_, factor)| millis >= *factor && millis.is_multiple_of(*factor))
            .unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / factor)
    }
}

macro_rules! text_unit {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = UnitError;
            fn try_from(text: String) -> Result<Self, UnitError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    };
}
text_unit!(ByteSize);
text_unit!(Period);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("200ms", 200)]
    #[case("90d", 7_776_000_000)]
    #[case("4h", 14_400_000)]
    fn periods_are_read(#[case] text: &str, #[case] millis: u64) {
        assert_eq!(text.parse(), Ok(Period::millis(millis)));
    }

    #[rstest]
    #[case("")]
    #[case("5")]
    #[case("5 s")]
    #[case("-5s")]
    #[case("99999999999999999999s")]
    fn other_texts_are_refused(#[case] text: &str) {
        text.parse::<Period>().unwrap_err();
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(n in 0u64..u64::MAX / 2) {
            prop_assert_eq!(ByteSize(n).to_string().parse(), Ok(ByteSize(n)));
            let period = Period::millis(n / 1000);
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }
    }
}
