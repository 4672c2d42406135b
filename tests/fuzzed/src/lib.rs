//! What reads the bytes of others: one function for each reader, which may refuse its input, but neither panic nor contradict itself.
//!
//! `fuzz/fuzz_targets` calls each with bytes that libFuzzer makes up; `tests/tests/corpora.rs` with those in `fuzz/corpus`, among
//! them every input that was ever wrong. [`TARGETS`] names them.

#![allow(
    clippy::missing_panics_doc,
    reason = "a reader that contradicts itself fails the test by a panic"
)]

mod bytes;
mod catalog;
mod certificates;
mod http;
mod ids;
mod ledger;
mod search;
mod settings;
mod tokens;

use self::{
    catalog::{ckan_package, dataset},
    certificates::{certificate, certificate_request, pem, revocation_lists},
    http::{authorization, exchange_headers, head, proxy_header, resource_url},
    ids::{base_url, event_id, id},
    ledger::{batch, batch_item, bookmark, commitment, event, json, lineage_query, receipt},
    search::{catalog_query, catalog_search},
    settings::{environment, units},
    tokens::{location_record, token},
};

/// A reader.
pub type Target = fn(&[u8]);

/// All of them. A corpus and a fuzz target are called as their function.
pub const TARGETS: [(&str, Target); 28] = [
    ("authorization", authorization),
    ("base_url", base_url),
    ("batch", batch),
    ("batch_item", batch_item),
    ("bookmark", bookmark),
    ("catalog_query", catalog_query),
    ("catalog_search", catalog_search),
    ("certificate", certificate),
    ("certificate_request", certificate_request),
    ("ckan_package", ckan_package),
    ("commitment", commitment),
    ("dataset", dataset),
    ("environment", environment),
    ("event", event),
    ("event_id", event_id),
    ("exchange_headers", exchange_headers),
    ("head", head),
    ("id", id),
    ("json", json),
    ("lineage_query", lineage_query),
    ("location_record", location_record),
    ("pem", pem),
    ("proxy_header", proxy_header),
    ("receipt", receipt),
    ("resource_url", resource_url),
    ("revocation_lists", revocation_lists),
    ("token", token),
    ("units", units),
];

/// The function of that name.
pub fn target(name: &str) -> Option<Target> {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, target)| *target)
}
