//! What handlers share.

use crate::domain::{
    certifier::Certifier,
    directory::Directory,
    registrar::Registrar,
    store::Store,
    tokens::{Logins, TokenIssuer},
};
use std::sync::Arc;

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
    /// External URL of the `peer` listener, without a slash at its end.
    pub peer_url: String,
}

/// Which listener a request came in at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// With a client certificate.
    Peer,
    /// Without one.
    Public,
}

/// State of the routers.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Shared by both listeners.
    pub app: Arc<App>,
    /// This listener.
    pub side: Side,
}

impl std::ops::Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}
