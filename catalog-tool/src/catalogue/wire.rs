//! What a provider's catalogue says, as far as it is looked at here (`catalog-tool/site`, `/v1`).

use common::http::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a dataset stands, in the words that all screens have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody else sees it.
    Draft,
    /// The provider checks it, to publish it.
    Checking,
    /// The provider's sites show it.
    Published,
    /// The sites showed it, and do so no more.
    Withdrawn,
}

impl State {
    /// As the API and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Checking => "checking",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word for it within a sentence.
    pub const fn word(self) -> Text {
        match self {
            Self::Draft => Text::new("下書き", "a draft"),
            Self::Checking => Text::new("確認中", "being checked"),
            Self::Published => Text::new("公開中", "published"),
            Self::Withdrawn => Text::new("取り下げ", "withdrawn"),
        }
    }
}

/// A dataset at its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteDataset {
    /// Its id there.
    pub id: Uuid,
    /// Its name on both sites.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Another number after each change there.
    pub revision: i64,
    /// The number of its newest content there.
    pub version: i64,
    /// The number of the content that the sites show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_version: Option<i64>,
    /// Whether the newest content is another one than the sites show.
    pub has_unpublished_changes: bool,
    /// The ids of its views on the sites.
    pub ids: SiteIds,
    /// Whether it has a public view.
    pub has_public: bool,
    /// Whether it has a limited view.
    pub has_limited: bool,
    /// When it was made there.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its content was changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub modified_at: OffsetDateTime,
    /// When the sites first showed it.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub published_at: Option<OffsetDateTime>,
    /// When it was taken from the sites.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// The ids of a dataset's views on the sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteIds {
    /// On the release site.
    pub public: Uuid,
    /// On the detail site; the link id.
    pub limited: Uuid,
}

/// A dataset at its provider with what it says.
#[derive(Debug, Clone, Deserialize)]
pub struct WholeDataset {
    /// All but the content.
    #[serde(flatten)]
    pub summary: SiteDataset,
    /// The content.
    pub dataset: Value,
}

/// A page of datasets.
#[derive(Debug, Clone, Deserialize)]
pub struct SiteDatasets {
    /// The newest first.
    pub datasets: Vec<SiteDataset>,
    /// What the next page is asked for with.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// How far a publication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicationState {
    /// It waits for its turn.
    Queued,
    /// It is worked on.
    Checking,
    /// It waits to be tried again.
    Retrying,
    /// It ended without coming to anything.
    Stopped,
    /// The sites show it.
    Done,
}

impl PublicationState {
    /// Whether nothing comes after it.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Done)
    }
}

/// A publication at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePublication {
    /// Its id.
    pub id: Uuid,
    /// What is published.
    pub dataset_id: Uuid,
    /// The number of the content there.
    pub version: i64,
    /// How far it is.
    pub state: PublicationState,
    /// The same in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Why it waits or has stopped, as the provider tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Value>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub queued_at: OffsetDateTime,
    /// When it is tried again.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub next_try_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub user_id: String,
    /// The places that it names.
    #[serde(default)]
    pub parts: Vec<PublicationPart>,
}

/// One place that a publication names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicationPart {
    /// The address.
    pub url: String,
    /// SHA-256 of the bytes, once they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The event that made the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// A page of publications.
#[derive(Debug, Clone, Deserialize)]
pub struct SitePublications {
    /// The newest first.
    pub publications: Vec<SitePublication>,
}
