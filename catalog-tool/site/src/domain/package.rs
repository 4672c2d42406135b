//! What a site shows: a view of a dataset, as a package.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{dataset::Side, name::PackageName};

/// A package as it is kept: what the view says, without what the site itself knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Which site shows it.
    pub side: Side,
    /// Its id there.
    pub id: Uuid,
    /// The dataset that it is a view of.
    pub dataset_id: Uuid,
    /// Its name there.
    pub name: PackageName,
    /// When the dataset was first shown.
    pub created_at: OffsetDateTime,
    /// When this content was first shown.
    pub modified_at: OffsetDateTime,
    /// The view, as CKAN writes one.
    pub content: Map<String, Value>,
}

/// A view that is about to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// On which site.
    pub side: Side,
    /// The view, as CKAN writes one.
    pub content: Map<String, Value>,
    /// Its distributions, in their order.
    pub resources: Vec<Resource>,
}

/// A distribution by what it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id on the site.
    pub id: String,
    /// Where its data is.
    pub location: Location,
}

/// Where data is: what a fetch of it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The address.
    pub url: String,
    /// The tenant of an NGSI broker; empty where there is none.
    pub tenant: String,
    /// The service path of an NGSI broker; empty where there is none.
    pub path: String,
}

/// Which event of the ledger made what lies at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The place.
    pub location: Location,
    /// The event.
    pub event_id: String,
    /// SHA-256 of the bytes, hexadecimal; `None` where the event was there before.
    pub sha256: Option<String>,
}

impl Location {
    /// 2,000 bytes for the address, 200 each for the others: together an index of either database holds them.
    pub const LONGEST: [usize; 3] = [2_000, 200, 200];

    /// Whether it is kept at all: an address, and nothing too long.
    pub fn is_kept(&self) -> bool {
        let lengths = [&self.url, &self.tenant, &self.path].map(String::len);
        lengths[0] > 0
            && lengths
                .iter()
                .zip(Self::LONGEST)
                .all(|(length, longest)| *length <= longest)
    }
}
