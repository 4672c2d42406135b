//! CKAN's Action API over what a site shows.
//!
//! Source: catalog-items.md §7.

mod answer;
mod asked;
pub(super) mod dispatch;
mod parameters;
mod read;
mod search;
