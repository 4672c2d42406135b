//! Who is signed in.

use std::sync::Arc;

use auth_client::{Person, Role, TokenClaims, VerifiedToken};
use common::ids::UserId;
use time::OffsetDateTime;

/// Somebody who is signed in at the screens of this server, as of now.
///
/// A handler that takes it is asked for nothing else: it is there for requests alone that come from the server's own pages.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their token, for this server alone; others take one that it is exchanged for. It goes to no browser.
    pub token: Arc<VerifiedToken>,
    /// What is known of them besides, as of the sign-in.
    pub person: Person,
    /// When the session ends, however it is used.
    pub ends_at: OffsetDateTime,
    /// When it ends if it is not used.
    pub idle_ends_at: OffsetDateTime,
}

impl SignedIn {
    /// The user.
    pub fn user(&self) -> &UserId {
        &self.claims().user
    }

    /// What the token says of them.
    pub fn claims(&self) -> &TokenClaims {
        &self.token.claims
    }

    /// Whether they have `role` here.
    pub fn has_role(&self, role: Role) -> bool {
        self.claims().has_role(role)
    }
}
