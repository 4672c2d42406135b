//! What clients find out by themselves: addresses and keys.

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{api::state::AppState, domain::tokens::keys::JwkSet};

/// Metadata of the authorization server (RFC 8414 §2, `OpenID` Connect Discovery 1.0 §3, RFC 8705 §5).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    grant_types_supported: [&'static str; 4],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    code_challenge_methods_supported: [&'static str; 1],
    scopes_supported: [&'static str; 3],
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: [&'static str; 2],
    authorization_response_iss_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    claims_supported: Vec<&'static str>,
    tls_client_certificate_bound_access_tokens: bool,
    mtls_endpoint_aliases: Aliases,
}

/// Where clients with a certificate find the same endpoints.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_field_names, reason = "RFC 8705 §5 has these names")]
pub struct Aliases {
    token_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
}

fn metadata(state: &AppState) -> Metadata {
    let (public, peer) = (state.issuer.name(), &state.peer_url);
    Metadata {
        issuer: public.to_owned(),
        authorization_endpoint: format!("{public}/oauth2/authorize"),
        token_endpoint: format!("{public}/oauth2/token"),
        userinfo_endpoint: format!("{public}/oauth2/userinfo"),
        end_session_endpoint: format!("{public}/oauth2/logout"),
        introspection_endpoint: format!("{public}/oauth2/introspect"),
        revocation_endpoint: format!("{public}/oauth2/revoke"),
        jwks_uri: format!("{public}/.well-known/jwks.json"),
        grant_types_supported: [
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        code_challenge_methods_supported: ["S256"],
        scopes_supported: ["openid", "profile", "email"],
        prompt_values_supported: ["none", "login", "select_account", "consent"],
        ui_locales_supported: ["ja", "en"],
        authorization_response_iss_parameter_supported: true,
        request_uri_parameter_supported: false,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "tls_client_auth"],
        introspection_endpoint_auth_methods_supported: ["client_secret_basic", "tls_client_auth"],
        revocation_endpoint_auth_methods_supported: ["client_secret_basic", "tls_client_auth"],
        claims_supported: vec![
            "iss",
            "sub",
            "exp",
            "iat",
            "jti",
            "azp",
            "preferred_username",
            "user",
            "org",
            "aal",
            "extras",
            "roles",
            "sid",
            "aud",
            "cnf",
            "act",
            "auth_time",
            "nonce",
            "amr",
            "name",
            "email",
        ],
        tls_client_certificate_bound_access_tokens: true,
        mtls_endpoint_aliases: Aliases {
            token_endpoint: format!("{peer}/oauth2/token"),
            userinfo_endpoint: format!("{peer}/oauth2/userinfo"),
            introspection_endpoint: format!("{peer}/oauth2/introspect"),
            revocation_endpoint: format!("{peer}/oauth2/revoke"),
        },
    }
}

/// Metadata where `OpenID` Connect clients look for it.
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", tag = "discovery", responses((status = 200, body = Metadata))
)]
pub async fn openid_configuration(State(state): State<AppState>) -> Json<Metadata> {
    Json(metadata(&state))
}

/// Metadata where OAuth clients look for it.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "discovery",
    responses((status = 200, body = Metadata))
)]
pub async fn oauth_authorization_server(State(state): State<AppState>) -> Json<Metadata> {
    Json(metadata(&state))
}

/// The keys that sign tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "discovery", responses((status = 200, body = JwkSet)))]
pub async fn jwks(State(state): State<AppState>) -> Json<JwkSet> {
    Json(state.issuer.keys().jwks())
}
