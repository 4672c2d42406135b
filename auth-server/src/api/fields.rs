//! Bodies of the CADDE endpoints: a flat object of texts, as JSON or as a form.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use common::http::{body::read_limited, cadde::ValidationError};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};

/// 64 KiB: a body holds a token or two.
const MAX_BYTES: usize = 64 << 10;

/// The members of a body.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body. Documents of the existing system speak of forms, its code sends JSON: both are read, a form only where
    /// the media type says so.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Response> {
        let bytes = read_limited(body, MAX_BYTES).await.map_err(|error| {
            ValidationError::new(&["body"], error.to_string(), "value_error").into_response()
        })?;
        let media = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let pairs = url::form_urlencoded::parse(&bytes);
            return Ok(Self(
                pairs
                    .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
                    .collect(),
            ));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => {
                Err(
                    ValidationError::new(&["body"], "value is not an object", "type_error.dict")
                        .into_response(),
                )
            }
            Err(error) => {
                Err(
                    ValidationError::new(&["body"], error.to_string(), "value_error.jsondecode")
                        .into_response(),
                )
            }
        }
    }

    /// The texts named, each under the first of its names that the body has. `null` counts as absent.
    pub fn texts<const N: usize>(
        &self,
        names: [&[&str]; N],
    ) -> Result<[String; N], ValidationError> {
        let mut problems = ValidationError::default();
        let texts = names.map(|aliases| {
            let found = aliases.iter().find_map(|name| {
                Some((*name, self.0.get(*name).filter(|value| !value.is_null())?))
            });
            let (message, kind, name) = match found {
                Some((_, Value::String(text))) => return text.clone(),
                Some((name, _)) => ("str type expected", "type_error.str", name),
                None => ("field required", "value_error.missing", aliases[0]),
            };
            problems = std::mem::take(&mut problems).and(&["body", name], message, kind);
            String::new()
        });
        if problems.is_empty() {
            Ok(texts)
        } else {
            Err(problems)
        }
    }
}
