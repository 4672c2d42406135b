//! Parameters of a request: a form, each parameter at most once (RFC 6749 §3.2).

use std::collections::BTreeMap;

use axum::body::Body;
use common::http::body::read_limited;
use http::{HeaderMap, header::CONTENT_TYPE};

use super::OAuthError;

/// 64 KiB: a request holds two tokens at most.
const MAX_BYTES: usize = 64 << 10;

/// The parameters.
#[derive(Debug)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, OAuthError> {
        let media = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthError::invalid_request(
                "the body must be application/x-www-form-urlencoded",
            ));
        }
        let bytes = read_limited(body, MAX_BYTES)
            .await
            .map_err(|error| OAuthError::invalid_request(error.to_string()))?;
        Self::parse(&bytes).map_err(|_| OAuthError::invalid_request("a parameter occurs twice"))
    }

    /// Reads the parameters of a form or of an address.
    ///
    /// # Errors
    /// The name of one that occurs twice.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if parameters.contains_key(name.as_ref()) {
                return Err(name.chars().take(64).collect());
            }
            parameters.insert(name.into_owned(), value.into_owned());
        }
        // A parameter without a value counts as left out.
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that must be there.
    pub fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is missing")))
    }
}
