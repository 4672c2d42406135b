//! What the ledger does, without HTTP and without SQL.
//!
//! A submission is checked and prepared outside; the [`sequencer`] decides about it inside a transaction of its one writer, by
//! the rules of [`rules`], through the store that [`store`] describes. Lineages are walked by [`lineage`], and who may read what
//! is in [`access`], whose an event is in [`parties`].

pub mod access;
mod evidence;
mod index;
pub mod lineage;
mod mismatch;
pub mod moment;
pub mod parties;
pub mod rules;
pub mod sequencer;
pub mod store;
pub mod submission;
