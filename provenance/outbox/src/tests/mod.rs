//! The outbox as a connector uses it, on real files, against a ledger that behaves as it is told.

mod crash;
mod delivering;
mod files;
mod kit;
mod parked;
mod writing;
