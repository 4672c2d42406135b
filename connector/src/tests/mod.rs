//! Exchanges through both connectors.

mod aborts;
mod anchors;
mod ends;
mod exchange;
mod kit;
mod origin;
mod providers;
mod refusals;
mod search;
mod suspended;
