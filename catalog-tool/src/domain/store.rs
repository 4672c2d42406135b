//! What is kept of drafts.

use std::collections::BTreeMap;

use async_trait::async_trait;
use common::ids::ConnectorId;
pub use common_db::StoreError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Content, Draft, Publication, Site, Version, VersionSummary};
use crate::catalogue::State;

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The user.
    pub user: &'a str,
    /// Now.
    pub at: OffsetDateTime,
}

/// The state that a change is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Whichever there is.
    Any,
    /// This revision alone.
    Revision(i64),
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such draft.
    #[error("there is no such draft")]
    Unknown,
    /// Somebody changed it meanwhile: this is how it stands.
    #[error("the draft was changed meanwhile")]
    Changed(Box<Draft>),
    /// It stands where this can't be done.
    #[error("the draft is in the state {}", .0.as_str())]
    State(State),
    /// Another draft stands for the same dataset of the provider's.
    #[error("another draft stands for this dataset")]
    Taken,
    /// The provider has as many as it may have.
    #[error("there are as many drafts as there may be")]
    Full,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl std::convert::From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// In which order drafts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Last saved first.
    Newest,
    /// Last saved last.
    Oldest,
    /// By title.
    Title,
    /// By title, from the end.
    TitleBackwards,
}

/// Which drafts are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of these providers.
    pub providers: Vec<String>,
    /// Standing there.
    pub state: Option<State>,
    /// Part of the title, folded.
    pub text: Option<String>,
    /// In this order.
    pub order: Order,
    /// How many are left out before.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// How many there are, by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Drafts.
    pub draft: u64,
    /// Being checked.
    pub checking: u64,
    /// Published.
    pub published: u64,
    /// Withdrawn.
    pub withdrawn: u64,
}

impl Counts {
    /// In all.
    pub const fn all(&self) -> u64 {
        self.draft + self.checking + self.published + self.withdrawn
    }

    /// Those that stand at `state`, or all.
    pub const fn at(&self, state: Option<State>) -> u64 {
        match state {
            None => self.all(),
            Some(State::Draft) => self.draft,
            Some(State::Checking) => self.checking,
            Some(State::Published) => self.published,
            Some(State::Withdrawn) => self.withdrawn,
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Those asked for.
    pub drafts: Vec<Draft>,
    /// How many there are without regard to their state.
    pub counts: Counts,
}

/// A draft with its newest content.
#[derive(Debug, Clone)]
pub struct Newest {
    /// The draft.
    pub draft: Draft,
    /// Its newest version.
    pub version: Version,
}

/// A draft to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewDraft<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub provider: &'a ConnectorId,
    /// What it says.
    pub content: &'a Content,
    /// What the provider has of it already.
    pub site: Option<&'a Site>,
}

/// What became of a draft at its provider.
#[derive(Debug, Clone)]
pub struct SiteChange {
    /// Where it stands.
    pub state: State,
    /// What the provider has of it.
    pub site: Site,
    /// How it was published last.
    pub publication: Option<Publication>,
}

/// Another content for a draft.
#[derive(Debug, Clone, Copy)]
pub struct SaveDraft<'a> {
    /// Which draft.
    pub id: Uuid,
    /// The state that it is made from.
    pub from: From,
    /// What it says now.
    pub content: &'a Content,
    /// The version whose content it is again, if it is one.
    pub restored_from: Option<i64>,
    /// How many versions are kept.
    pub keep: u32,
}

/// Drafts and their versions.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Makes a draft, unless the provider has `most` already.
    async fn create(&self, new: NewDraft<'_>, most: u32, by: By<'_>) -> Result<Draft, ChangeError>;

    /// The draft with this id, if it was not deleted.
    async fn get(&self, id: Uuid) -> Result<Option<Draft>, StoreError>;

    /// The same with its newest content.
    async fn newest(&self, id: Uuid) -> Result<Option<Newest>, StoreError>;

    /// Keeps which ids the views of a draft have at its provider, and returns those that are kept: once chosen they stay.
    async fn begin_site(&self, id: Uuid, site: &Site) -> Result<Site, ChangeError>;

    /// Keeps what became of a draft at its provider.
    async fn keep_site(&self, id: Uuid, change: &SiteChange) -> Result<Draft, ChangeError>;

    /// Of datasets at a provider, those that are drafts here, with the drafts' ids.
    async fn of_site(
        &self,
        provider: &ConnectorId,
        datasets: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Uuid>, StoreError>;

    /// Part of a list.
    async fn list(&self, asked: &Asked) -> Result<Listed, StoreError>;

    /// Gives a draft another content. The one that it has is no new version, unless it is restored.
    async fn save(&self, save: SaveDraft<'_>, by: By<'_>) -> Result<Draft, ChangeError>;

    /// Versions that are kept, the newest first.
    async fn versions(&self, id: Uuid) -> Result<Vec<VersionSummary>, StoreError>;

    /// One of them.
    async fn version(&self, id: Uuid, number: i64) -> Result<Option<Version>, StoreError>;

    /// The newest version that is older than `number`.
    async fn before(&self, id: Uuid, number: i64) -> Result<Option<Version>, StoreError>;

    /// Deletes a draft, so that it can be brought back for a while.
    async fn delete(&self, id: Uuid, from: From, by: By<'_>) -> Result<(), ChangeError>;

    /// Of a draft that was deleted, the provider whose it is.
    async fn deleted(&self, id: Uuid) -> Result<Option<ConnectorId>, StoreError>;

    /// Brings a deleted draft back.
    async fn restore(&self, id: Uuid, by: By<'_>) -> Result<Draft, ChangeError>;

    /// Removes drafts that were deleted before then, and tells how many.
    async fn forget_deleted(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
