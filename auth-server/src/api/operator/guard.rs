//! Who may use the operator API.

use auth_client::{Role, TokenClaims, TokenKind};
use axum::extract::FromRequestParts;
use common::http::{
    authorization::{self, AuthorizationError},
    problem::Problem,
    refusals::{ROLE_MISSING, TOKEN_ELSEWHERE, TOKEN_MISSING},
};
use http::request::Parts;

use crate::{
    api::{refusals::OWN_TOKEN_INACTIVE, state::AppState, unverified::request_id},
    domain::registrar::Actor,
};

/// A person with role `operator`.
#[derive(Debug, Clone)]
pub struct Operator(pub Actor);

/// A person with role `operator` or `auditor`.
#[derive(Debug, Clone)]
pub struct Auditor;

impl FromRequestParts<AppState> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let claims = person(parts, state)?;
        if !claims.has_role(Role::Operator) {
            return Err(ROLE_MISSING.problem("this takes the role operator"));
        }
        Ok(Self(Actor {
            name: claims.user.to_string(),
            request_id: request_id(),
        }))
    }
}

impl FromRequestParts<AppState> for Auditor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let claims = person(parts, state)?;
        if claims.has_role(Role::Operator) || claims.has_role(Role::Auditor) {
            Ok(Self)
        } else {
            Err(ROLE_MISSING.problem("this takes the role operator or auditor"))
        }
    }
}

/// Why nobody was recognised.
#[derive(Debug, Clone, Copy)]
enum Stranger {
    Header(AuthorizationError),
    Token,
    Elsewhere,
}

impl From<Stranger> for Problem {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::Header(error) => TOKEN_MISSING.problem(error.to_string()),
            Stranger::Elsewhere => (&TOKEN_ELSEWHERE).into(),
            Stranger::Token => (&OWN_TOKEN_INACTIVE).into(),
        }
    }
}

fn person(parts: &Parts, state: &AppState) -> Result<TokenClaims, Stranger> {
    let token = authorization::bearer(&parts.headers).map_err(Stranger::Header)?;
    let claims = state.issuer.check(token).ok_or(Stranger::Token)?;
    let is_for_here =
        claims.kind() == Some(TokenKind::Management) && claims.names(state.service_id.as_str());
    is_for_here.then_some(claims).ok_or(Stranger::Elsewhere)
}
