//! What the handlers work with.

use std::sync::Arc;

use auth_sessions::Sessions;
use axum::extract::FromRef;
use catalog_items::Limits;
use common::{clock::SharedClock, concurrency::ConcurrencyLimit, ids::UserId};

use crate::{
    config::DraftsConfig,
    domain::{DraftStore, Providers},
    publishing::Publisher,
};

/// What is asked of providers at a time, in all and for one steward: a provider that does not answer holds up its own stewards alone.
pub(crate) const TURNS: (usize, usize) = (64, 4);

/// What the handlers work with.
#[derive(Clone)]
pub struct AppState {
    /// Who is signed in.
    pub sessions: Sessions,
    /// Drafts.
    pub drafts: Arc<dyn DraftStore>,
    /// Has providers publish them.
    pub publisher: Arc<Publisher>,
    /// How much is asked of providers at a time, in all and for one steward.
    pub turns: Arc<ConcurrencyLimit<UserId>>,
    /// Providers whose stewards write here.
    pub providers: Providers,
    /// How much of everything.
    pub limits: DraftsConfig,
    /// The time.
    pub clock: SharedClock,
}

impl AppState {
    /// How large a dataset may be.
    pub(super) fn dataset_limits(&self) -> Limits {
        self.limits.of_dataset()
    }
}

impl FromRef<AppState> for Sessions {
    fn from_ref(state: &AppState) -> Self {
        state.sessions.clone()
    }
}
