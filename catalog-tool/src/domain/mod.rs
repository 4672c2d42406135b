//! What the catalogue tool decides; it knows neither HTTP nor SQL.

mod content;
mod draft;
mod harvest;
mod providers;
mod store;

pub use content::{Check, Completeness, Content, check, copied, empty, read_content};
pub use draft::{Draft, Publication, Site, Version, VersionSummary};
pub use harvest::{HarvestStore, Harvested, Record, SourceStatus, Trouble};
pub use providers::{Provider, Providers};
pub use store::{
    Asked, By, ChangeError, Counts, DraftStore, From, Listed, NewDraft, Newest, Order, SaveDraft,
    SiteChange, StoreError,
};

pub use crate::catalogue::State;
