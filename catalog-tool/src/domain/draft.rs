//! Drafts: datasets as stewards write them.

use catalog_items::Sharing;
use common::ids::ConnectorId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::catalogue::{SiteDataset, SiteIds, SitePublication, State};

/// A draft, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub provider: ConnectorId,
    /// Where it stands.
    pub state: State,
    /// Another number after each change of what it says, and whether it is there. Publishing leaves it as it is: whoever writes on
    /// meanwhile is in nobody's way.
    pub revision: i64,
    /// When it was last changed.
    pub changed_at: OffsetDateTime,
    /// Who changed it.
    pub changed_by: String,
    /// The number of its newest content.
    pub version: i64,
    /// When that was saved.
    pub saved_at: OffsetDateTime,
    /// Who saved it.
    pub saved_by: String,
    /// Its title.
    pub title: String,
    /// Who may get the data.
    pub sharing: Sharing,
    /// Distributions of the view that has most.
    pub distributions: u32,
    /// Findings that stand in the way of publishing.
    pub errors: u32,
    /// Findings that don't.
    pub warnings: u32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Who made it.
    pub created_by: String,
    /// What its provider has of it, once that was asked to publish it.
    pub site: Option<Site>,
    /// How it was published last.
    pub publication: Option<Publication>,
}

impl Draft {
    /// Whether the newest content is another one than the provider's sites show.
    pub fn has_unpublished_changes(&self) -> bool {
        let site = self.site.as_ref();
        let is_shown = site
            .and_then(|site| site.dataset.as_ref())
            .is_some_and(|there| there.visible_version.is_some());
        is_shown && site.and_then(|site| site.published_version) != Some(self.version)
    }
}

/// What a provider has of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The ids of its views on the sites, chosen before the provider was asked.
    pub ids: SiteIds,
    /// The dataset there, as of the last answer.
    pub dataset: Option<SiteDataset>,
    /// The version there that was written from here, and the draft's version whose content it has.
    pub written: Option<(i64, i64)>,
    /// The draft's version that was published last.
    pub published_version: Option<i64>,
}

/// How a draft was published last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The draft's version.
    pub version: i64,
    /// The provider's last word.
    pub site: SitePublication,
    /// When it said so.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
}

/// A content that a draft has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSummary {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// When it was saved.
    pub saved_at: OffsetDateTime,
    /// Who saved it.
    pub saved_by: String,
    /// The version whose content it is again.
    pub restored_from: Option<i64>,
}

/// The same with what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// All but the content.
    pub summary: VersionSummary,
    /// The dataset, as `catalog-items` writes it.
    pub content: Value,
}
