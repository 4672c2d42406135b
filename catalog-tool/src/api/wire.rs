//! Bodies of the API.

use catalog_items::Sharing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    catalogue::{PublicationPart, PublicationState, SiteDataset},
    config::NameConfig,
    domain::{
        Check, Counts, Draft, Provider, Publication, Site, State, Trouble, Version, VersionSummary,
    },
};

/// A provider for whom one may write.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProviderBody {
    /// The ID of its connector.
    pub id: String,
    /// Its user ID.
    pub provider_id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub name: Option<NameConfig>,
    /// Its release site.
    pub release: String,
    /// Its detail site.
    pub detail: String,
}

impl From<&Provider> for ProviderBody {
    fn from(of: &Provider) -> Self {
        Self {
            id: of.id.to_string(),
            provider_id: of.user.to_string(),
            name: of.name.clone(),
            release: of.at("/release"),
            detail: of.at("/detail"),
        }
    }
}

/// Providers for whom one may write.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProviderList {
    /// In the order of the configuration.
    pub providers: Vec<ProviderBody>,
}

/// Who may get the data of a dataset.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SharingBody {
    /// Everybody.
    Open,
    /// Whoever holds a grant.
    Limited,
}

/// A draft in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftSummary {
    /// Its id.
    pub id: Uuid,
    /// The connector ID of the provider whose it is.
    pub provider: String,
    /// Its title, as its newest content has it.
    pub title: String,
    /// Who may get the data.
    pub sharing: SharingBody,
    /// Distributions of the view that has most.
    pub distributions: u32,
    /// Where it stands.
    pub state: State,
    /// The number of its newest content.
    pub version: i64,
    /// Another number after each change of what it says; the `ETag` has it.
    pub revision: i64,
    /// Findings that stand in the way of publishing.
    pub errors: u32,
    /// Findings that don't.
    pub warnings: u32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// When its content was saved last.
    #[serde(with = "time::serde::rfc3339")]
    pub saved_at: OffsetDateTime,
    /// Who saved it.
    pub saved_by: String,
    /// Whether the newest content is another one than the provider's sites show.
    pub has_unpublished_changes: bool,
    /// What its provider has of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteBody>,
    /// How it was published last, as it was seen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publication: Option<PublicationBody>,
}

/// What a provider has of a draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteBody {
    /// The id of the dataset there.
    pub dataset_id: Uuid,
    /// Its name on both sites.
    pub name: String,
    /// The id of the public view, on the release site.
    pub public_id: Uuid,
    /// The id of the limited view, on the detail site: the link id.
    pub limited_id: Uuid,
    /// The draft's version that the sites were last made to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_version: Option<i64>,
    /// When the sites first showed it.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub published_at: Option<OffsetDateTime>,
    /// When it was taken from the sites.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawn_at: Option<OffsetDateTime>,
}

impl SiteBody {
    fn of(site: &Site) -> Option<Self> {
        let there = site.dataset.as_ref()?;
        Some(Self {
            dataset_id: there.id,
            name: there.name.clone(),
            public_id: there.ids.public,
            limited_id: there.ids.limited,
            published_version: site.published_version,
            published_at: there.published_at,
            withdrawn_at: there.withdrawn_at,
        })
    }
}

/// A publication of a draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicationBody {
    /// Its id at the provider.
    pub id: Uuid,
    /// The draft's version.
    pub version: i64,
    /// How far it is.
    pub state: PublicationState,
    /// The same in percent, while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Why it waits or has stopped, as the provider tells it: `kind`, `ja`, `en`, `findings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub queued_at: OffsetDateTime,
    /// Who asked for it.
    pub queued_by: String,
    /// When it is tried again.
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
    /// The places that it names, and what is known of each.
    pub parts: Vec<PublicationPart>,
    /// When the provider said so.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
    /// Whether the provider gave no answer just now.
    pub is_stale: bool,
}

impl PublicationBody {
    /// As it was seen last; `is_stale` where the provider was asked just now and gave no answer.
    pub fn of(publication: &Publication, is_stale: bool) -> Self {
        let site = publication.site.clone();
        Self {
            id: site.id,
            version: publication.version,
            state: site.state,
            percent: site.percent,
            problem: site.problem,
            queued_at: site.queued_at,
            queued_by: site.user_id,
            next_try_at: site.next_try_at,
            ended_at: site.ended_at,
            parts: site.parts,
            seen_at: publication.seen_at,
            is_stale,
        }
    }
}

/// How a site answers.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// It does.
    Answers,
    /// It gives no answer.
    NoAnswer,
    /// It was not asked yet.
    NotChecked,
}

/// A release site that is harvested.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceBody {
    /// The connector ID of its provider.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its address.
    pub release: String,
    /// How it answers.
    pub state: SourceState,
    /// Datasets that are known of it.
    pub datasets: u64,
    /// When it was asked last.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub asked_at: Option<OffsetDateTime>,
    /// When it answered last.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub answered_at: Option<OffsetDateTime>,
    /// Since when it gives no answer.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub silent_since: Option<OffsetDateTime>,
    /// Records that could not be read.
    pub skipped: u64,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Trouble>,
}

/// The release sites that are harvested.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceList {
    /// In the order of their connector IDs.
    pub sources: Vec<SourceBody>,
}

/// A dataset at a provider.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteDatasetBody {
    /// As the provider has it.
    #[serde(flatten)]
    pub dataset: SiteDataset,
    /// The draft that stands for it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Uuid>,
}

/// A page of a provider's datasets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SiteDatasetList {
    /// The newest first.
    pub datasets: Vec<SiteDatasetBody>,
    /// What the next page is asked for with; absent after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl From<Draft> for DraftSummary {
    fn from(of: Draft) -> Self {
        Self {
            has_unpublished_changes: of.has_unpublished_changes(),
            site: of.site.as_ref().and_then(SiteBody::of),
            publication: of
                .publication
                .as_ref()
                .map(|one| PublicationBody::of(one, false)),
            id: of.id,
            provider: of.provider.to_string(),
            title: of.title,
            sharing: match of.sharing {
                Sharing::Open => SharingBody::Open,
                Sharing::Limited => SharingBody::Limited,
            },
            distributions: of.distributions,
            state: of.state,
            version: of.version,
            revision: of.revision,
            errors: of.errors,
            warnings: of.warnings,
            created_at: of.created_at,
            created_by: of.created_by,
            saved_at: of.saved_at,
            saved_by: of.saved_by,
        }
    }
}

/// A draft that was saved, and what is to be said of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SavedDraft {
    /// All but the content.
    #[serde(flatten)]
    pub summary: DraftSummary,
    /// What is wrong with it or missing.
    pub check: Check,
}

/// A draft with its newest content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftBody {
    /// All but the content.
    #[serde(flatten)]
    pub summary: DraftSummary,
    /// The content: sharing, and the public and the limited view.
    #[schema(value_type = Object)]
    pub dataset: Value,
    /// What is wrong with it or missing.
    pub check: Check,
}

/// How many drafts there are, by where they stand.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CountsBody {
    /// In all.
    pub all: u64,
    /// Drafts.
    pub draft: u64,
    /// Being checked.
    pub checking: u64,
    /// Published.
    pub published: u64,
    /// Withdrawn.
    pub withdrawn: u64,
}

impl From<Counts> for CountsBody {
    fn from(of: Counts) -> Self {
        Self {
            all: of.all(),
            draft: of.draft,
            checking: of.checking,
            published: of.published,
            withdrawn: of.withdrawn,
        }
    }
}

/// A part of the list of drafts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftList {
    /// In the order asked for.
    pub drafts: Vec<DraftSummary>,
    /// How many there are that were asked for.
    pub total: u64,
    /// How many there are without regard to their state.
    pub counts: CountsBody,
}

/// A draft to be made; with neither content nor model it begins with what the form suggests.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreateDraft {
    /// The connector ID of the provider whose it is; needed if one may write for several.
    pub provider: Option<String>,
    /// The content: sharing, and the public and the limited view.
    #[schema(value_type = Option<Object>)]
    pub dataset: Option<Box<RawValue>>,
    /// The draft of which it becomes a copy.
    pub copy_of: Option<Uuid>,
    /// The dataset of the provider's that it takes over.
    pub site_dataset: Option<Uuid>,
}

/// A dataset that is sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentDataset {
    /// The whole content: sharing, and the public and the limited view.
    #[schema(value_type = Object)]
    pub dataset: Box<RawValue>,
}

/// Which content is wanted back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Undo {
    /// The number of the version; without it the one before.
    pub version: Option<i64>,
}

/// A content that a draft has or had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionEntry {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// When it was saved.
    #[serde(with = "time::serde::rfc3339")]
    pub saved_at: OffsetDateTime,
    /// Who saved it.
    pub saved_by: String,
    /// The version whose content it is again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<i64>,
}

impl From<VersionSummary> for VersionEntry {
    fn from(of: VersionSummary) -> Self {
        Self {
            number: of.number,
            title: of.title,
            saved_at: of.saved_at,
            saved_by: of.saved_by,
            restored_from: of.restored_from,
        }
    }
}

/// The contents that are kept of a draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionList {
    /// The newest first.
    pub versions: Vec<VersionEntry>,
}

/// One content of a draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionBody {
    /// All but the content.
    #[serde(flatten)]
    pub entry: VersionEntry,
    /// The content.
    #[schema(value_type = Object)]
    pub dataset: Value,
}

impl From<Version> for VersionBody {
    fn from(of: Version) -> Self {
        Self {
            entry: of.summary.into(),
            dataset: of.content,
        }
    }
}
