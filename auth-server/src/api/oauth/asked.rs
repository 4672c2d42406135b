//! What a client asks that has proved who it is.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};

use super::{OAuthError, form::Form};
use crate::api::{
    state::AppState,
    unverified::{Authenticated, UnverifiedRequest},
};

/// A form and whose it is. Nothing is read of the body before that is known.
pub struct Asked {
    /// Who asks.
    pub client: Authenticated,
    /// What.
    pub form: Form,
}

impl Asked {
    async fn read(
        caller: &UnverifiedRequest,
        body: Body,
        state: &AppState,
    ) -> Result<Self, OAuthError> {
        let client = caller.authenticate(state)?;
        let form = Form::read(&caller.headers, body).await?;
        client.check_id(form.get("client_id"))?;
        Ok(Self { client, form })
    }
}

impl FromRequest<AppState> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let (caller, body) = UnverifiedRequest::split(request).await?;
        let asked = Self::read(&caller, body, state).await;
        asked.map_err(IntoResponse::into_response)
    }
}
