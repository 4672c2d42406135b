//! Exchanges that are refused: each with its status and message id, and nothing fetched or recorded.

mod identity;
mod language;
mod permission;
mod places;
mod requests;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use auth_client::{Cnf, ConnectorRole, State, TokenClaims, TokenError};
use common::{
    config::Period,
    ids::UserId,
    tls::{PeerClient, TlsStore},
};
use location_client::Profile;
use rstest::rstest;

use super::kit::{
    self, ConnectorFixture, PARTICIPANT, PROVIDER, PROVIDER_CONNECTOR, Pki, Plan,
    RECEIVER_CONNECTOR, USER, fetch, source,
};
use crate::{
    authorization::{Aal, Assignee, Contract},
    exchange::ExchangeLimits,
    provider::Record,
};

impl ConnectorFixture {
    /// Asserts that nothing was fetched and nothing recorded.
    pub(super) async fn is_untouched(&self) {
        assert!(
            self.requests.lock().expect("not poisoned").is_empty(),
            "something was fetched"
        );
        let (sent, received) = self.records().await;
        assert!(
            sent.is_empty() && received.is_empty(),
            "{sent:?} {received:?}"
        );
    }
}
