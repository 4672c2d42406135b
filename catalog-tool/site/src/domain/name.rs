//! The name of a package, by which the sites' addresses tell it.

use std::{fmt, str::FromStr};

use serde::Serialize;
use uuid::Uuid;

/// 2 to 100 characters, small Latin letters, digits, `-` and `_`, as CKAN has it. No UUID, which would be taken for an id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PackageName(String);

/// Why a text is no name of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short or too long.
    #[error("a name has 2 to 100 characters")]
    Length,
    /// A character that no name has.
    #[error("a name has small Latin letters, digits, - and _, and not {0:?}")]
    Character(char),
    /// It reads as an id.
    #[error("a name is no UUID: it would be taken for an id")]
    Id,
}

impl PackageName {
    const LENGTH: std::ops::RangeInclusive<usize> = 2..=100;

    /// The name of a dataset that was given none.
    pub fn of(id: Uuid) -> Self {
        Self(format!("dataset-{}", id.simple()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_of_name = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        if let Some(other) = text.chars().find(|c| !is_of_name(c)) {
            return Err(NameError::Character(other));
        }
        if !Self::LENGTH.contains(&text.len()) {
            return Err(NameError::Length);
        }
        if Uuid::try_parse(text).is_ok() {
            return Err(NameError::Id);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ab")]
    #[case("river-water_level-2026")]
    #[case("ckan20240401090000000000")]
    fn names_of_ckan_are_names(#[case] text: &str) {
        assert_eq!(text.parse::<PackageName>().unwrap().as_str(), text);
    }

    #[rstest]
    #[case("", NameError::Length)]
    #[case("a", NameError::Length)]
    #[case("Ab", NameError::Character('A'))]
    #[case("a b", NameError::Character(' '))]
    #[case("河川", NameError::Character('河'))]
    #[case("a/b", NameError::Character('/'))]
    #[case("01941f29-7c00-7000-8000-000000000001", NameError::Id)]
    #[case("01941f297c0070008000000000000001", NameError::Id)]
    fn other_texts_are_none(#[case] text: &str, #[case] error: NameError) {
        assert_eq!(text.parse::<PackageName>(), Err(error));
        assert_eq!(
            "a".repeat(101).parse::<PackageName>(),
            Err(NameError::Length)
        );
    }

    #[test]
    fn every_id_makes_a_name() {
        let name = PackageName::of(Uuid::max());
        assert_eq!(name.as_str().parse::<PackageName>(), Ok(name));
    }
}
