//! The stewards' API.

#![expect(
    clippy::result_large_err,
    reason = "a problem is made once a request, where it is refused, and goes straight into its answer"
)]

mod conditions;
pub(super) mod datasets;
mod page;
pub(super) mod publications;
pub(super) mod readiness;
