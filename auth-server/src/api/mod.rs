//! HTTP: the paths of both listeners, and how the domain's answers and errors look on them.

mod cadde;
mod fields;
mod named;
mod oauth;
mod operator;
mod pki;
mod problems;
mod refusals;
mod registry;
mod routes;
mod sign_in;
mod state;
mod unstored;
mod unverified;

#[cfg(test)]
mod tests;

pub use refusals::TABLE as REFUSALS;
pub use routes::{endpoints, openapi, peer_router, public_router};
pub use sign_in::Cookies;
pub use state::{App, AppState};
