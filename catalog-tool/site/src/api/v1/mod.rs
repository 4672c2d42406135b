//! The stewards' API.

mod conditions;
pub(super) mod datasets;
mod page;
pub(super) mod publications;
pub(super) mod readiness;
