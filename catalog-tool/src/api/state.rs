//! What the handlers work with.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use auth_sessions::Sessions;
use axum::extract::FromRef;
use catalog_items::Limits;
use catalog_site::index::Index;
use common::{clock::SharedClock, concurrency::ConcurrencyLimit, ids::UserId};

use crate::{
    config::DraftsConfig,
    domain::{DraftStore, HarvestStore, Providers},
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
    /// What was harvested.
    pub harvest: Arc<dyn HarvestStore>,
    /// How it is found.
    pub index: Arc<Index>,
    /// The sites that are harvested, by the connector IDs of their providers.
    pub sites: Arc<BTreeMap<String, KnownSite>>,
    /// How many search at a time, in all and of one network.
    pub searches: Arc<ConcurrencyLimit<IpAddr>>,
    /// Providers whose stewards write here.
    pub providers: Providers,
    /// How much of everything.
    pub limits: DraftsConfig,
    /// The time.
    pub clock: SharedClock,
}

/// Searches at a time, in all and of one network, which may be that of a receiver connector with many users.
pub(crate) const SEARCHES: (usize, usize) = (32, 16);

/// A site that is harvested.
#[derive(Debug, Clone)]
pub struct KnownSite {
    /// What it is called.
    pub name: String,
    /// Its address, without a slash at the end.
    pub address: String,
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
