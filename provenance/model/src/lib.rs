//! The pure part of the ledger: no input, no output, no clock. Ledger, outbox and whoever verifies read and write by the same functions.
//!
//! | module | holds |
//! |---|---|
//! | [`json`] | strict reading and canonical writing of JSON (RFC 8785) |
//! | [`event_id`] | ids that belong to a connector |
//! | [`event`] | an event as clients send it, checked |
//! | [`core`] | what a record commits to, and who submitted it |
//! | [`commitment`] | the salted hash of a core, and the leaf made of it |
//! | [`batch`] | the items that connectors deliver, and the answers to them |

pub mod batch;
pub mod commitment;
pub mod core;
pub mod event;
pub mod event_id;
pub mod json;
