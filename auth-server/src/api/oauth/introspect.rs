//! Introspection (RFC 7662).

use auth_client::TokenClaims;
use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};

use super::{OAuthError, asked::Asked};
use crate::api::{state::AppState, unstored::unstored};

/// What the endpoint reads.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; reading it refuses repeated parameters"
)]
pub struct IntrospectForm {
    /// The access token.
    token: String,
    /// Ignored: only access tokens are looked at.
    token_type_hint: Option<String>,
    /// Client id; optional, must fit the credentials.
    client_id: Option<String>,
}

/// Whether the token counts, and if so, everything it says: `cnf`, `aud`, `act`, `org`, `aal`, `roles` and
/// `preferred_username` among it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Answer {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    token: Option<Active>,
}

#[derive(Debug, Serialize)]
struct Active {
    client_id: String,
    username: String,
    token_type: &'static str,
    #[serde(flatten)]
    claims: TokenClaims,
}

/// Says whether an access token counts. A user, participant, client or connector that was suspended, or a session that was
/// ended, makes it inactive at once. A token that names those for whom it is counts as inactive to everybody but them, its actor,
/// services and, unless it is for managing, clients marked as ledgers.
#[utoipa::path(
    post, path = "/oauth2/introspect", tag = "oauth", security(("client" = [])),
    request_body(content = IntrospectForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Answer), (status = 400, description = "RFC 6749 §5.2"),
        (status = 401, description = "invalid_client")
    )
)]
pub async fn introspect(
    State(state): State<AppState>,
    Asked { client, form }: Asked,
) -> Result<Response, OAuthError> {
    let asker = client.client;
    let token = state
        .issuer
        .check(form.required("token")?)
        // RFC 7662 §2.2: what is none of the asker's business is not active to it.
        .filter(|claims| state.issuer.may_ask(&asker, claims))
        .map(|claims| Active {
            client_id: claims.azp.clone(),
            username: claims.user.to_string(),
            token_type: "Bearer",
            claims,
        });
    Ok(unstored(Answer {
        active: token.is_some(),
        token,
    }))
}
