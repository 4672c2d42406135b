//! Revocation (RFC 7009).

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::{OAuthError, asked::Asked};
use crate::api::{state::AppState, unverified::request_id};

/// What the endpoint reads.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; reading it refuses repeated parameters"
)]
pub struct RevokeForm {
    /// A refresh token or an access token of the client's.
    token: String,
    /// Ignored: both are looked for.
    token_type_hint: Option<String>,
    /// Client id; optional, must fit the credentials.
    client_id: Option<String>,
}

/// Ends the session of a token, all of its tokens included. Of a token that is none of the client's nothing is said.
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "oauth", security(("client" = [])),
    request_body(content = RevokeForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It counts no more"), (status = 400, description = "RFC 6749 §5.2"),
        (status = 401, description = "invalid_client")
    )
)]
pub async fn revoke(
    State(state): State<AppState>,
    Asked { client, form }: Asked,
) -> Result<StatusCode, OAuthError> {
    let token = form.required("token")?;
    state
        .logins
        .revoke(&client.client, token, request_id())
        .await?;
    Ok(StatusCode::OK)
}
