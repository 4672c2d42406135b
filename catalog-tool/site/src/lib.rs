//! A provider's catalogue of datasets.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | what a dataset, a package and a publication are, and what may be done with them |
//! | [`store`] | the same in SQL, as a part of the database of the process that runs it |
//! | [`index`] | finds them: a full-text index beside the database, which it follows and which alone is the truth |
//! | [`content`] | contents of datasets, read and checked with the items of the catalogue |
//! | [`readiness`] | whether what a dataset names can be obtained, and what to do where it can not |
//! | [`origins`] | which event made what lies at an address, in memory |
//! | [`api`] | the CKAN sites `/release` and `/detail`, and the stewards' API below `/v1` |

pub mod api;
pub mod config;
pub mod content;
pub mod domain;
pub mod following;
pub mod index;
pub mod origins;
pub mod readiness;
pub mod store;
#[cfg(test)]
mod tests;
