//! Who calls, for handlers.

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use common::http::{Refused, problem::Problem};
use http::{HeaderMap, Method, request::Parts};

use super::{
    own::is_change,
    refusals::{CROSS_SITE, NOT_SIGNED_IN},
    state::Sessions,
};
use crate::domain::signed_in::SignedIn;

impl Sessions {
    /// Who is signed in with the cookie among `headers`. With a cookie, what changes something has to come from the server's own
    /// pages; that is looked at first, so a page from elsewhere does not even learn whether somebody is signed in.
    ///
    /// # Errors
    /// What to answer: `not-signed-in`, `cross-site-request`, or that it cannot be told now.
    ///
    /// Cancel safe.
    pub async fn caller(&self, method: &Method, headers: &HeaderMap) -> Result<SignedIn, Refused> {
        let cookie = self.0.cookies.session.read(headers);
        let cookie = cookie.ok_or(&NOT_SIGNED_IN)?;
        if is_change(method) && !self.0.origin.sent(headers) {
            return Err((&CROSS_SITE).into());
        }
        let found = self.0.book.find(cookie).await?;
        found.ok_or_else(|| (&NOT_SIGNED_IN).into())
    }
}

/// Whoever is signed in; nobody else is let through.
impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let sessions = Sessions::from_ref(state);
        Ok(sessions.caller(&parts.method, &parts.headers).await?)
    }
}

/// Whoever is signed in, where others may come as well.
impl<S> OptionalFromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Sessions: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        let sessions = Sessions::from_ref(state);
        match sessions.caller(&parts.method, &parts.headers).await {
            Ok(caller) => Ok(Some(caller)),
            Err(refused) if refused.refusal.kind == NOT_SIGNED_IN.kind => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }
}
