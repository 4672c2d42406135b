//! What a path names.

use axum::extract::{FromRequestParts, Path};
use common::http::{problem::Problem, refusals::PATH_NOT_TEXT};
use http::request::Parts;

/// The one parameter of a path.
#[derive(Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::from(&PATH_NOT_TEXT))?;
        Ok(Self(name))
    }
}
