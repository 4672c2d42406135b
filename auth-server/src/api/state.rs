//! What handlers share.

use std::sync::Arc;

use common::{ids::ConnectorId, listener::ListenerKind, telemetry::Chain};
use time::OffsetDateTime;

use super::sign_in::Cookies;
use crate::domain::{
    certifier::Certifier,
    directory::Directory,
    registrar::Registrar,
    store::{AccountsError, Store},
    throttle::Rate,
    tokens::{Logins, TokenIssuer},
};

/// Everything that handlers need, the same for both listeners.
#[derive(Debug)]
pub struct App {
    /// Registrations and certificates on disk, for lists.
    pub store: Arc<dyn Store>,
    /// Registrations in memory.
    pub directory: Arc<Directory>,
    /// Changes registrations.
    pub registrar: Registrar,
    /// Issues and revokes certificates.
    pub certifier: Certifier,
    /// Issues and checks tokens.
    pub issuer: TokenIssuer,
    /// Signs users in.
    pub logins: Logins,
    /// What browsers keep.
    pub cookies: Cookies,
    /// Clients that did not authenticate.
    pub refused_clients: Rate<std::net::IpAddr>,
    /// Under which name tokens for managing name this server.
    pub service_id: ConnectorId,
    /// External URL of the `peer` listener, without a slash at its end.
    pub peer_url: String,
}

impl App {
    /// Takes in what the database has that memory lacks. `seen` is the caller's to keep: how many changes there were the last
    /// time, `None` if that is unknown. Families revoked before `families_since` are left out.
    ///
    /// # Errors
    /// [`AccountsError`]; the next call makes up for it.
    pub async fn keep_in_step(
        &self,
        seen: &mut Option<i64>,
        families_since: OffsetDateTime,
    ) -> Result<(), AccountsError> {
        let changes = self.store.changes().await.inspect_err(|_| *seen = None)?;
        if *seen == Some(changes) && !self.registrar.is_in_doubt() {
            return Ok(());
        }
        let caught_up = self.registrar.catch_up(*seen, families_since).await;
        let changes = caught_up.inspect_err(|_| *seen = None)?;
        if let Err(error) = self.certifier.publish_if_behind().await {
            tracing::error!(error = %Chain(&error), "the revocation list lacks what another process has revoked");
            return Ok(());
        }
        *seen = Some(changes);
        Ok(())
    }
}

/// State of the routers.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Shared by both listeners.
    pub app: Arc<App>,
    /// This one.
    pub listener: ListenerKind,
}

impl std::ops::Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}
