//! What is refused: with which status and message id, and that nothing was fetched or recorded for it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

mod resources;
mod scene;
mod tokens;
