//! The catalogue over HTTP: the two CKAN sites, and the stewards' API.

mod action;
mod refusals;
mod routes;
mod state;
#[cfg(test)]
mod tests;
mod v1;
mod wire;

pub use self::{
    action::dispatch::package_search,
    refusals::{ACTION_TABLE as ACTION_REFUSALS, TABLE as REFUSALS},
    routes::{endpoints, openapi, router},
    state::CatalogState,
};
