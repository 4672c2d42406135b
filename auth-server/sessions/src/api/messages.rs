//! What is told over the wire.

use auth_client::{Person, Role};
use serde::Serialize;
use time::OffsetDateTime;

use crate::domain::signed_in::SignedIn;

/// Who is signed in, for the server's pages: no token, and nothing by which one is found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    /// User ID.
    user_id: String,
    /// User IDs of the organisations that the user belongs to.
    orgs: Vec<String>,
    /// What the user may do here besides.
    roles: Vec<Role>,
    /// What is known of the person, as of the sign-in.
    #[serde(flatten)]
    person: Person,
    /// When the session ends, however it is used.
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
    /// When it ends if nobody uses it.
    #[serde(with = "time::serde::rfc3339")]
    idle_ends_at: OffsetDateTime,
}

impl From<&SignedIn> for SessionAnswer {
    fn from(caller: &SignedIn) -> Self {
        let claims = caller.claims();
        let counts = |role: &Role| caller.has_role(*role);
        Self {
            user_id: claims.user.to_string(),
            orgs: claims.orgs().into_iter().map(str::to_owned).collect(),
            roles: claims.roles.iter().copied().filter(counts).collect(),
            person: caller.person.clone(),
            ends_at: caller.ends_at,
            idle_ends_at: caller.idle_ends_at,
        }
    }
}

/// What is left to do for whoever has signed out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedOut {
    /// Where the browser may go to end its session at the authentication server, too: without that the next sign-in may need no
    /// password.
    pub(super) sign_out_address: String,
}
