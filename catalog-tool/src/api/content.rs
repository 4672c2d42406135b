//! Reading datasets.

use common::http::problem::Problem;
use serde_json::value::RawValue;

use super::{refusals, state::AppState};
use crate::domain::{Content, read_content};

/// What was sent. A large one takes a while: others are answered meanwhile.
pub(super) async fn read(state: &AppState, sent: Box<RawValue>) -> Result<Content, Problem> {
    let limits = state.dataset_limits();
    let reading = tokio::task::spawn_blocking(move || read_content(sent.get().as_bytes(), &limits));
    let read = reading.await.map_err(Problem::internal)?;
    read.map_err(|error| refusals::unreadable(&error))
}

/// What was kept, read again: checks may have become others since.
pub(super) async fn read_again(
    state: &AppState,
    kept: &serde_json::Value,
) -> Result<Content, Problem> {
    let sent = serde_json::value::to_raw_value(kept).map_err(Problem::internal)?;
    read(state, sent).await
}
