//! What the catalogue needs from its database.

use std::collections::BTreeMap;

use async_trait::async_trait;
pub use common_db::StoreError;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    dataset::{Author, Content, Dataset, NewDataset, Side, State, Summary, VersionSummary},
    package::{Location, Origin, Package, Shown},
    publication::{Digest, Hitch, Part, Publication},
};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another dataset has the name.
    #[error("another dataset has this name")]
    NameTaken,
    /// Another dataset has one of the ids.
    #[error("another dataset has one of these ids")]
    IdTaken,
    /// Another dataset's distribution has the id.
    #[error("a distribution of another dataset has one of these ids")]
    ResourceTaken,
    /// There are as many as may be.
    #[error("there are as many datasets as there may be")]
    Full,
    /// There is no such dataset.
    #[error("there is no such dataset")]
    Unknown,
    /// Somebody else has changed it meanwhile.
    #[error("the dataset was changed meanwhile")]
    Outdated,
    /// A place has an event that was there before, and this is another one.
    #[error("{0} was made by another event")]
    OtherOrigin(String),
    /// Somebody else has taken the publication up, or it has ended.
    #[error("the publication is somebody else's")]
    Lost,
    /// It cannot be done where the dataset stands.
    #[error("the dataset is {}", .0.as_str())]
    State(State),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Which datasets a list is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that stand there.
    pub state: Option<State>,
}

/// How far the sites have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which database this is; another one counts for itself.
    pub identity: String,
    /// The number of the last change; 0 before the first.
    pub number: i64,
}

/// A dataset of which the sites have come to show something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The number of that change.
    pub number: i64,
    /// The dataset.
    pub dataset_id: Uuid,
    /// What they show of it now: nothing, one package or two.
    pub packages: Vec<Package>,
}

/// What a dataset names now: addresses with the events that made what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginChange {
    /// The number of the change.
    pub number: i64,
    /// The dataset.
    pub dataset_id: Uuid,
    /// Addresses and events, in both views together; nothing where the sites show nothing of it any more.
    pub origins: Vec<(String, String)>,
}

/// Datasets. Every change is one transaction, together with its line of history.
#[async_trait]
pub trait DatasetStore: Send + Sync + std::fmt::Debug {
    /// Makes a dataset, a draft, unless there are `most` already.
    async fn create(
        &self,
        new: &NewDataset,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError>;

    /// A dataset.
    async fn get(&self, id: Uuid) -> Result<Option<Dataset>, StoreError>;

    /// At most `limit` datasets, those made before the one with the id `before`, the newest first.
    async fn list(
        &self,
        filter: Filter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Summary>, StoreError>;

    /// Gives the dataset that stands at the revision `from`, or at whichever where that is `None`, another content; nothing changes
    /// where it is the one it has. Of contents that the sites don't show the newest `most` are kept.
    async fn replace(
        &self,
        id: Uuid,
        from: Option<i64>,
        content: &Content,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError>;

    /// Takes the dataset from the sites. Refused where they don't show it, or a publication is under way.
    async fn withdraw(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError>;

    /// Makes a draft of it again. Refused where it is one, or a publication is under way.
    async fn redraft(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError>;

    /// Removes the dataset with all that it was. Refused while a publication is under way.
    async fn delete(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<(), ChangeError>;

    /// At most `limit` contents of a dataset, those with a number below `before`, the newest first.
    async fn versions(
        &self,
        id: Uuid,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<VersionSummary>, StoreError>;

    /// One content of a dataset.
    async fn version(&self, id: Uuid, number: i64) -> Result<Option<Value>, StoreError>;

    /// Forgets what was before `before`, in small steps, and returns how much that was: who did what, publications that have ended,
    /// contents that are neither the newest of their dataset nor the one that the sites show, and datasets that were deleted.
    async fn forget(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// What the sites show.
#[async_trait]
pub trait SiteStore: Send + Sync + std::fmt::Debug {
    /// The package that the site shows under this id or name.
    async fn package(&self, side: Side, id_or_name: &str) -> Result<Option<Package>, StoreError>;

    /// The packages that the site shows of these datasets, in no particular order. Those that it doesn't show are missing.
    async fn packages(&self, side: Side, datasets: &[Uuid]) -> Result<Vec<Package>, StoreError>;

    /// The package whose distribution has this id.
    async fn package_of_resource(
        &self,
        side: Side,
        resource_id: &str,
    ) -> Result<Option<Package>, StoreError>;

    /// At most `limit` names of packages that the site shows, from the `offset`th on, in the order of their bytes.
    async fn package_names(
        &self,
        side: Side,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// How many packages the site shows.
    async fn count(&self, side: Side) -> Result<i64, StoreError>;

    /// How far the sites have changed.
    async fn progress(&self) -> Result<Progress, StoreError>;

    /// At most `limit` datasets whose last change came after the change `since`, in the order of those changes. After 0 these are all
    /// that the sites show.
    async fn changes(&self, since: i64, limit: u32) -> Result<Vec<Change>, StoreError>;

    /// What at most `limit` datasets name now whose last change came after the change `since`, in the order of those changes, with the
    /// events that made it: what lies at an address alone, without tenant and path.
    async fn origin_changes(&self, since: i64, limit: u32)
    -> Result<Vec<OriginChange>, StoreError>;

    /// The origins of what these distributions of the site's packages name, by the ids of the distributions.
    async fn origins_of(
        &self,
        side: Side,
        packages: &[Uuid],
    ) -> Result<BTreeMap<String, String>, StoreError>;
}

/// Publications. Whoever has taken one up writes as long as nobody else has.
#[async_trait]
pub trait PublicationStore: Send + Sync + std::fmt::Debug {
    /// Has the newest content of the dataset published that stands at the revision `from`, unless `most` publications are under way.
    /// Refused while one of it is.
    async fn submit(
        &self,
        dataset_id: Uuid,
        from: Option<i64>,
        publication_id: Uuid,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Publication, ChangeError>;

    /// A publication.
    async fn publication(&self, id: Uuid) -> Result<Option<Publication>, StoreError>;

    /// At most `limit` publications, without their parts, of one dataset or of all, those asked for before the one with the id
    /// `before`, the newest first.
    async fn publications(
        &self,
        dataset_id: Option<Uuid>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError>;

    /// Ends a publication that is under way, with nothing changed on the sites. Refused if it has ended.
    async fn cancel(
        &self,
        id: Uuid,
        hitch: &Hitch,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Publication, ChangeError>;

    /// Takes up the publication that has been due longest, if one is, until `until`.
    async fn claim(
        &self,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<Publication>, StoreError>;

    /// Keeps what was taken up until `until`.
    async fn renew(
        &self,
        publication: &Publication,
        until: OffsetDateTime,
    ) -> Result<(), ChangeError>;

    /// Writes down which places it names, `(place, first distribution, event that the content names)`, and returns what is known of
    /// each: what was read and recorded before, also by others. An event that this catalogue did not ask for itself stays.
    async fn plan(
        &self,
        publication: &Publication,
        places: &[(Location, String, Option<String>)],
    ) -> Result<Vec<Part>, ChangeError>;

    /// Writes down what lies at the place with this number, and under which key the ledger is asked to record its making, before it
    /// is asked. Returns the key, and the event if it is known already.
    async fn read(
        &self,
        publication: &Publication,
        number: usize,
        digest: &Digest,
        at: OffsetDateTime,
    ) -> Result<(String, Option<String>), ChangeError>;

    /// Writes down the event that made what lies at the place with this number. Returns the one that counts: the first that was
    /// written down for these bytes.
    async fn recorded(
        &self,
        publication: &Publication,
        number: usize,
        event_id: &str,
    ) -> Result<String, ChangeError>;

    /// Makes the sites show the views, records the origins, and ends the publication: all of it or nothing.
    async fn finish(
        &self,
        publication: &Publication,
        views: &[Shown],
        origins: &[Origin],
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError>;

    /// Lets it wait until `due`, because of `hitch`.
    async fn retry(
        &self,
        publication: &Publication,
        hitch: &Hitch,
        due: OffsetDateTime,
    ) -> Result<(), ChangeError>;

    /// Ends it, because of `hitch`, with nothing changed on the sites.
    async fn stop(
        &self,
        publication: &Publication,
        hitch: &Hitch,
        at: OffsetDateTime,
    ) -> Result<(), ChangeError>;
}
