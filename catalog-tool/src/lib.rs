//! The catalogue tool (データカタログ作成ツール): stewards write what their providers offer.
//!
//! Stewards sign in with a browser and write drafts, which are kept here with the versions that they had; a draft that is good is
//! published by its provider, which is asked in the steward's name. What the release sites of all providers show is harvested and can
//! be searched by everybody.
//!
//! * [`domain`]: what a draft says, what is wrong or missing, who may write for whom;
//! * [`catalogue`]: what a provider's catalogue is asked, and `publishing` above it;
//! * [`harvest`]: what release sites show, kept for the search over all domains;
//! * [`store`]: the database; each change and its version are one transaction;
//! * [`api`]: what the pages ask for, below `/v1/`, and the search, below `/backend/api/`; the pages themselves are in `ui`.
//!
//! What an entry may say stands in the crate `catalog-items` alone; how people sign in, in `auth-sessions`.

pub mod api;
pub mod catalogue;
pub mod config;
pub mod domain;
pub mod harvest;
pub mod publishing;
mod server;
pub mod store;

pub use api::{REFUSALS, openapi};
pub use server::{CatalogServer, PROGRAM, endpoints};
