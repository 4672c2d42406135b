//! What the stewards' API says of datasets and publications.

use common::http::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{
    Check, Dataset, Hitch, Publication, PublicationState, State, Summary, VersionSummary, ViewIds,
};

/// The word for a state, as screens have it.
pub(super) fn word(state: State) -> Text {
    match state {
        State::Draft => Text::new("下書き", "a draft"),
        State::Checking => Text::new("確認中", "being checked"),
        State::Published => Text::new("公開中", "published"),
        State::Withdrawn => Text::new("取り下げ", "withdrawn"),
    }
}

/// A dataset in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatasetSummary {
    /// Its id.
    pub id: Uuid,
    /// Its name on both sites.
    pub name: String,
    /// Its title, as its newest content has it.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Another number after each change of whatever kind; the `ETag` has it.
    pub revision: i64,
    /// The number of its newest content.
    pub version: i64,
    /// The number of the content that the sites show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_version: Option<i64>,
    /// Whether the newest content is another one than the sites show.
    pub has_unpublished_changes: bool,
    /// The ids of its views on the sites; that of the limited one is the link id.
    pub ids: WireIds,
    /// Whether it has a public view.
    pub has_public: bool,
    /// Whether it has a limited view.
    pub has_limited: bool,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its content was changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub modified_at: OffsetDateTime,
    /// When the sites first showed it.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub published_at: Option<OffsetDateTime>,
    /// When it was taken from the sites, if it has not been put back.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// The ids of a dataset's views.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WireIds {
    /// On the release site.
    pub public: Uuid,
    /// On the detail site.
    pub limited: Uuid,
}

impl From<ViewIds> for WireIds {
    fn from(ids: ViewIds) -> Self {
        Self {
            public: ids.public,
            limited: ids.limited,
        }
    }
}

impl From<WireIds> for ViewIds {
    fn from(ids: WireIds) -> Self {
        Self {
            public: ids.public,
            limited: ids.limited,
        }
    }
}

impl From<Summary> for DatasetSummary {
    fn from(of: Summary) -> Self {
        Self {
            id: of.id,
            name: of.name.to_string(),
            title: of.title,
            state: of.state,
            revision: of.revision,
            version: of.version,
            visible_version: of.visible_version,
            has_unpublished_changes: of.visible_version.is_some_and(|shown| shown != of.version),
            ids: of.ids.into(),
            has_public: of.has.0,
            has_limited: of.has.1,
            created_at: of.created_at,
            modified_at: of.modified_at,
            published_at: of.published_at,
            withdrawn_at: of.withdrawn_at,
        }
    }
}

/// A dataset with its newest content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatasetBody {
    /// All but the content.
    #[serde(flatten)]
    pub summary: DatasetSummary,
    /// The content: sharing, and the public and the limited view.
    #[schema(value_type = Object)]
    pub dataset: Value,
}

impl From<Dataset> for DatasetBody {
    fn from(of: Dataset) -> Self {
        Self {
            summary: of.summary.into(),
            dataset: of.content,
        }
    }
}

/// A page of datasets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatasetList {
    /// The newest first.
    pub datasets: Vec<DatasetSummary>,
    /// What the next page is asked for with; absent after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A content that a dataset has or had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionEntry {
    /// Its number.
    pub number: i64,
    /// Who wrote it.
    pub author: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
}

impl From<VersionSummary> for VersionEntry {
    fn from(of: VersionSummary) -> Self {
        Self {
            number: of.number,
            author: of.author,
            made_at: of.made_at,
        }
    }
}

/// A page of contents.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionList {
    /// The newest first.
    pub versions: Vec<VersionEntry>,
    /// What the next page is asked for with; absent after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One content of a dataset.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionBody {
    /// Its number.
    pub number: i64,
    /// The content.
    #[schema(value_type = Object)]
    pub dataset: Value,
}

/// A publication.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicationBody {
    /// Its id.
    pub id: Uuid,
    /// What is published.
    pub dataset_id: Uuid,
    /// The number of the content.
    pub version: i64,
    /// Where it stands.
    pub state: PublicationState,
    /// How far it is, in percent; only while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Why it waits or has stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Hitch>,
    /// Failures one after the other.
    pub failures: u32,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub queued_at: OffsetDateTime,
    /// When it is tried again, where it waits.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub next_try_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub user_id: String,
    /// The places that it names, and what is known of each.
    pub parts: Vec<PublicationPart>,
}

/// One place that a publication names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicationPart {
    /// The address.
    pub url: String,
    /// SHA-256 of the bytes, once they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The event that made the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

impl From<Publication> for PublicationBody {
    fn from(of: Publication) -> Self {
        let waits = of.state == PublicationState::Retrying;
        Self {
            id: of.id,
            dataset_id: of.dataset_id,
            version: of.version,
            state: of.state,
            percent: (!of.state.has_ended()).then(|| percent(&of)),
            problem: of.hitch,
            failures: of.failures,
            queued_at: of.queued_at,
            next_try_at: waits.then_some(of.due_at),
            ended_at: of.ended_at,
            user_id: of.author.user,
            parts: (of.parts.into_iter())
                .map(|part| PublicationPart {
                    url: part.location.url,
                    sha256: part.digest.as_ref().map(|digest| digest.sha256.clone()),
                    size: part.digest.map(|digest| digest.size),
                    event_id: part.event_id,
                })
                .collect(),
        }
    }
}

/// Steps that are done: of each place it is read and recorded, and then all is shown.
fn percent(of: &Publication) -> u8 {
    let done: usize = (of.parts.iter())
        .map(|part| match (&part.event_id, &part.digest) {
            (Some(_), _) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        })
        .sum();
    let all = 2 * of.parts.len() + 1;
    u8::try_from(done * 100 / all).unwrap_or(100)
}

/// A page of publications.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicationList {
    /// The newest first, without their places.
    pub publications: Vec<PublicationBody>,
    /// What the next page is asked for with; absent after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A dataset to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDataset {
    /// Its name on both sites, 2 to 100 small Latin letters, digits, `-` and `_`; without it one is made. It stays.
    pub name: Option<String>,
    /// The ids of its views, where it comes from another catalogue; without them they are made. They stay.
    pub ids: Option<WireIds>,
    /// The content: sharing, and the public and the limited view.
    #[schema(value_type = Object)]
    pub dataset: Box<serde_json::value::RawValue>,
}

/// Another content for a dataset.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceDataset {
    /// The whole content: sharing, and the public and the limited view.
    #[schema(value_type = Object)]
    pub dataset: Box<serde_json::value::RawValue>,
}

/// Of what it is asked whether it can be obtained: a dataset that is here, or a content.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookAtReadiness {
    /// The dataset, whose newest content it is.
    pub dataset_id: Option<Uuid>,
    /// The content: sharing, and the public and the limited view.
    #[schema(value_type = Option<Object>)]
    pub dataset: Option<Box<serde_json::value::RawValue>>,
}

/// Whether a dataset can be obtained.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether nothing is known to be in the way.
    pub is_ready: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// What is to be published.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePublication {
    /// The dataset, whose newest content it is.
    pub dataset_id: Uuid,
}
