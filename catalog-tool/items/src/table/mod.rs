//! The table: every item of CADDE's data catalogue items, once.

mod catalog;
mod dataset;
mod distribution;
mod terms;

use std::{collections::HashMap, sync::LazyLock};

use crate::item::{Item, Level};

/// The parts of the table, in the order of the items' numbers.
static PARTS: [&[Item]; 9] = [
    catalog::CATALOG,
    dataset::CORE,
    dataset::DATA,
    terms::TERMS,
    terms::CONNECTOR,
    distribution::CORE,
    distribution::DATA,
    distribution::CONNECTOR,
    distribution::SERVICE,
];

/// Every item, in the order of their numbers.
pub fn items() -> impl Iterator<Item = &'static Item> {
    PARTS.iter().copied().flatten()
}

type Index = HashMap<&'static str, &'static Item>;

/// Items by their keys, the legacy ones too: first those of the dataset, then those of its distributions.
static INDEXES: LazyLock<[Index; 2]> = LazyLock::new(|| {
    let index = |levels: &[Level]| -> Index {
        let wanted = || items().filter(|item| levels.contains(&item.level));
        let legacy = wanted().flat_map(|item| item.legacy.iter().map(move |key| (*key, item)));
        // A key of today counts before somebody's key of yesterday.
        legacy
            .chain(wanted().map(|item| (item.key, item)))
            .collect()
    };
    [
        index(&[Level::Dataset]),
        index(&[Level::Distribution, Level::DataService]),
    ]
});

/// The item of a dataset that `key` names, today or formerly.
pub fn dataset_item(key: &str) -> Option<&'static Item> {
    INDEXES[0].get(key).copied()
}

/// The item of a distribution that `key` names, today or formerly.
pub fn distribution_item(key: &str) -> Option<&'static Item> {
    INDEXES[1].get(key).copied()
}

/// Keys of items that software goes by.
pub mod keys {
    /// Title of a dataset.
    pub const TITLE: &str = "title";
    /// Description of a dataset.
    pub const NOTES: &str = "notes";
    /// Keywords.
    pub const TAGS: &str = "tags";
    /// The day on which a dataset was registered.
    pub const ISSUED: &str = "issued";
    /// When a dataset was changed.
    pub const MODIFIED: &str = "modified";
    /// Subjects.
    pub const THEME: &str = "theme";
    /// Name of a licence, of a dataset and of a distribution.
    pub const LICENSE_TITLE: &str = "license_title";
    /// First day of what a dataset is about.
    pub const TEMPORAL_START: &str = "temporal_start";
    /// Last day of what a dataset is about.
    pub const TEMPORAL_END: &str = "temporal_end";
    /// User ID of the provider.
    pub const PROVIDER_ID: &str = "caddec_provider_id";
    /// What links the two views of a dataset.
    pub const DETAIL_ID: &str = "caddec_dataset_id_for_detail";
    /// Name of a distribution.
    pub const NAME: &str = "name";
    /// Where a distribution is fetched.
    pub const URL: &str = "url";
    /// Where it is said how to get it.
    pub const EXPLAIN_URL: &str = "explain_url";
    /// Media type of a distribution.
    pub const MEDIA_TYPE: &str = "mime_type";
    /// Format of a distribution.
    pub const FORMAT: &str = "format";
    /// Bytes of a distribution.
    pub const SIZE: &str = "size";
    /// How a connector gets a distribution.
    pub const RESOURCE_TYPE: &str = "caddec_resource_type";
    /// Whether a connector is needed.
    pub const CONNECTOR_REQUIRED: &str = "caddec_required";
    /// Whether a contract is checked.
    pub const CONTRACT_REQUIRED: &str = "caddec_contract_required";
    /// Value of `Fiware-Service`.
    pub const NGSI_TENANT: &str = "ngsi_tenant";
    /// Value of `Fiware-ServicePath`.
    pub const NGSI_SERVICE_PATH: &str = "ngsi_service_path";
    /// The event that exchanges of a distribution follow from.
    pub const PROVENANCE_ID: &str = "caddec_resource_id_for_provenance";
}
