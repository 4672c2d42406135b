//! A provider's catalogue of datasets.
//!
//! | module | holds |
//! |---|---|
//! | [`content`] | contents of datasets, read and checked with the items of the catalogue |
//! | [`domain`] | what a dataset, a package and a publication are, and what may be done with them |
//! | [`index`] | how packages are found: a full-text index beside the database, which it follows and which alone is the truth |
//! | [`store`] | the same in SQL, as a part of the database of the process that runs it |

pub mod content;
pub mod domain;
pub mod index;
pub mod store;
#[cfg(test)]
mod tests;
