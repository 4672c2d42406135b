//! What is refused: with which status and message id, and that nothing was fetched or recorded for it.

mod resources;
mod scene;
mod tokens;
