//! Exchanges through both connectors.

mod aborts;
mod exchange;
mod kit;
mod origin;
mod providers;
mod refusals;
