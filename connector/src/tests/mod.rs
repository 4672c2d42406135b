//! Exchanges through both connectors.

mod exchange;
mod kit;
mod origin;
