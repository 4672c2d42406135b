//! The operator API below `/v1/`.

pub mod certificates;
pub mod clients;
pub mod connectors;
pub mod events;
mod guard;
mod handlers;
mod page;
pub mod participants;
pub mod services;
pub mod users;

pub use guard::{Auditor, Operator};
pub use page::PageQuery;
