//! The provider's authorization function (認可機能): grants, their API, and decisions.
//!
//! Grants live in the connector's database; a request is decided from a copy in memory ([`GrantBook`]) that follows the
//! database within a second.

mod api;
mod book;
mod grant;
mod grant_index;
mod refusals;
mod request;
pub mod store;

pub use api::{AuthorizationApi, endpoints, router};
pub use book::{GrantBook, OutOfStep};
pub use grant::{Aal, Assignee, Contract, Grant, Subject};
pub use grant_index::{Decision, GrantIndex};
pub use refusals::TABLE as REFUSALS;
