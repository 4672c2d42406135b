//! Whether what a dataset names can be obtained, and what to do where it can not. Nothing here does anything.

use async_trait::async_trait;
use serde::Serialize;

/// Addresses that are looked at in one go.
pub const MOST_PLACES: usize = 50;

/// What is so, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Said {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

impl Said {
    /// Both.
    pub fn of(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing is in the way.
    Good,
    /// It cannot be obtained so.
    Bad,
    /// It could not be told now.
    Unknown,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The provider's user ID in the views.
    ProviderId,
    /// The link between the views.
    Link,
    /// The registration of the connector.
    Registration,
    /// Whether the address lies inside a data source.
    Source,
    /// Whether the data source answers for it.
    Answers,
    /// Whether anybody has a grant on it.
    Grant,
    /// Whether the views name one event of its creation.
    Origin,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Check {
    /// What was looked at.
    pub kind: Subject,
    /// What it comes to.
    pub outcome: Outcome,
    /// The member that it is about, as a JSON pointer into the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The address that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is so.
    pub text: Said,
    /// What to do about it, unless it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Said>,
}

impl Check {
    /// One that is good.
    pub fn good(kind: Subject, text: Said) -> Self {
        Self {
            kind,
            outcome: Outcome::Good,
            pointer: None,
            url: None,
            text,
            remedy: None,
        }
    }

    /// One that is bad, and what to do about it.
    pub fn bad(kind: Subject, text: Said, remedy: Said) -> Self {
        Self {
            outcome: Outcome::Bad,
            remedy: Some(remedy),
            ..Self::good(kind, text)
        }
    }

    /// One that cannot be told now.
    pub fn unknown(kind: Subject, text: Said) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..Self::good(kind, text)
        }
    }

    /// About this member.
    #[must_use]
    pub fn at(self, pointer: &str) -> Self {
        Self {
            pointer: Some(pointer.to_owned()),
            ..self
        }
    }

    /// About this address.
    #[must_use]
    pub fn of_url(self, url: &str) -> Self {
        Self {
            url: Some(url.to_owned()),
            ..self
        }
    }
}

/// What the process that runs the catalogue can tell about getting something from it.
#[async_trait]
pub trait Surroundings: Send + Sync {
    /// Whether its connector is registered for the provider.
    async fn registration(&self) -> Check;

    /// Whether `url` lies in a data source that answers for it, and whether anybody may have it.
    ///
    /// Cancel safe.
    async fn place(&self, url: &str) -> Vec<Check>;
}
