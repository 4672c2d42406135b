//! What the handlers work with.

use std::{num::NonZeroU32, sync::Arc};

use auth_client::Callers;
use common::ids::ConnectorId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::domain::Directory;

/// What the handlers work with.
#[derive(Clone)]
pub struct AppState {
    /// The records.
    pub directory: Arc<Directory>,
    /// Decides who calls.
    pub callers: Callers,
    /// Under which name tokens for managing name this server.
    pub own: ConnectorId,
    pub(super) moves: Arc<DefaultKeyedRateLimiter<ConnectorId>>,
}

/// How often a provider's connector changes its own record at once, and an hour: the history keeps each change.
const MOVES: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");
const MOVES_AN_HOUR: NonZeroU32 = NonZeroU32::new(12).expect("it is not zero");

impl AppState {
    /// By what is in `directory` and what `callers` say of who calls the server `own`.
    pub fn new(directory: Arc<Directory>, callers: Callers, own: ConnectorId) -> Self {
        let moves = Quota::per_hour(MOVES_AN_HOUR).allow_burst(MOVES);
        Self {
            directory,
            callers,
            own,
            moves: Arc::new(RateLimiter::keyed(moves)),
        }
    }
}
