//! Who somebody is (`OpenID` Connect Core 1.0 §5.3).

use auth_client::{Role, TokenKind, api::ParticipantDomain};
use axum::{extract::State, response::Response};
use common::{
    http::{
        authorization,
        problem::Problem,
        refusals::{TOKEN_MISSING, TOKEN_REFUSED},
    },
    ids::UserId,
};
use http::HeaderMap;
use serde::Serialize;
use uuid::Uuid;

use crate::api::{refusals::OWN_TOKEN_INACTIVE, state::AppState, unstored::unstored};

/// Who the user of an access token is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserInfo {
    /// Internal identifier, the same as in ID tokens.
    sub: String,
    /// User ID.
    #[schema(value_type = String)]
    preferred_username: UserId,
    /// User ID, as existing authorization functions read it.
    #[schema(value_type = String)]
    user: UserId,
    /// User IDs of the organisations, separated by comma and space.
    org: String,
    /// Assurance level of the login.
    aal: String,
    /// Opaque further attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    extras: Option<String>,
    /// Name.
    name: String,
    /// Where the user is reached; where the token has the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What of the user's roles the token says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Role>,
    /// The participant that the user belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<ParticipantInfo>,
    /// The domain that the participant belongs to, where that is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<ParticipantDomain>,
}

/// A participant, as its users are told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ParticipantInfo {
    id: Uuid,
    name: String,
}

/// Says who the user of an access token is: of a plain one, one for managing, one of a server's screens, or one that is addressed to
/// a provider of other make, whose authorization function asks so.
#[utoipa::path(
    get, path = "/oauth2/userinfo", tag = "oauth", security(("user" = [])),
    responses((status = 200, body = UserInfo), (status = 401, body = Problem))
)]
pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let token = authorization::bearer(&headers);
    let token = token.map_err(|error| TOKEN_MISSING.problem(error.to_string()))?;
    let claims = state.issuer.check(token);
    let claims = claims.ok_or_else(|| Problem::from(&OWN_TOKEN_INACTIVE))?;
    // The others work only where they are for.
    let counts = matches!(
        claims.kind(),
        Some(TokenKind::Plain | TokenKind::Management | TokenKind::Screens | TokenKind::Addressed)
    );
    let user = state.directory.user(&claims.user).filter(|_| counts);
    let user = user.ok_or_else(|| Problem::from(&TOKEN_REFUSED))?;
    let has_scope = |name: &str| {
        let scope = claims.scope.as_deref().unwrap_or_default();
        scope.split(' ').any(|one| one == name)
    };
    let participant = state.directory.participant(user.participant);
    let info = UserInfo {
        sub: claims.sub.clone(),
        preferred_username: user.user_id.clone(),
        user: user.user_id.clone(),
        org: claims.org.clone(),
        aal: claims.aal.clone(),
        extras: user.extras.clone(),
        name: user.name.clone(),
        email: user.email.clone().filter(|_| has_scope("email")),
        domain: participant.as_ref().and_then(|one| one.domain.clone()),
        participant: participant.map(|one| ParticipantInfo {
            id: one.id,
            name: one.name.clone(),
        }),
        roles: claims.roles,
    };
    Ok(unstored(info))
}

/// The same, for clients that ask with POST.
#[utoipa::path(
    post, path = "/oauth2/userinfo", tag = "oauth", security(("user" = [])),
    responses((status = 200, body = UserInfo), (status = 401, body = Problem))
)]
pub async fn show_posted(state: State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    show(state, headers).await
}
