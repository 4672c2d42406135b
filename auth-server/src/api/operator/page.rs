//! Paging: `limit` and an opaque `cursor`.

use axum::extract::{FromRequestParts, Query};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::http::{
    problem::Problem,
    refusals::{CURSOR_UNKNOWN, PARAMETER_DOES_NOT_FIT},
};
use http::request::Parts;
use serde::Deserialize;

/// Entries a page has unless the request says otherwise.
const DEFAULT_LIMIT: usize = 50;

/// Entries a page has at most.
const MAX_LIMIT: usize = 200;

/// Which page.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// Key of the entry before the page.
    after: Option<String>,
    /// Entries on the page.
    pub limit: usize,
}

#[derive(Debug, Deserialize)]
struct Raw {
    cursor: Option<String>,
    limit: Option<usize>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(raw) = Query::<Raw>::from_request_parts(parts, state)
            .await
            .map_err(|error| PARAMETER_DOES_NOT_FIT.problem(error.body_text()))?;
        let limit = raw.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(PARAMETER_DOES_NOT_FIT.problem("limit must be 1 to 200"));
        }
        let after = match raw.cursor {
            None => None,
            Some(cursor) => Some(decode(&cursor).ok_or(UnknownCursor)?),
        };
        Ok(Self { after, limit })
    }
}

impl PageQuery {
    /// The key of the entry before the page, read as `T`.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, UnknownCursor> {
        self.after
            .as_deref()
            .map(|key| key.parse().map_err(|_| UnknownCursor))
            .transpose()
    }
}

/// A cursor that no list has answered.
#[derive(Debug, Clone, Copy)]
pub struct UnknownCursor;

impl From<UnknownCursor> for Problem {
    fn from(_: UnknownCursor) -> Self {
        (&CURSOR_UNKNOWN).into()
    }
}

/// The cursor that continues after `key`.
pub fn cursor<K: std::fmt::Display>(key: K) -> String {
    URL_SAFE_NO_PAD.encode(format!("{key}"))
}

fn decode(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
