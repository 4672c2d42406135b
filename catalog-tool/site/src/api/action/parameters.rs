//! Parameters of an action: from the query, from a form or from JSON, read alike.

use axum::body::Body;
use common::http::body::{BodyError, read_limited};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::answer::ActionError;
use crate::api::refusals;

/// Bytes of a body beside the query itself: the other parameters, and what JSON adds.
const AROUND: usize = 64 << 10;

/// The parameters. One that is there several times is a list.
#[derive(Debug, Default)]
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(super) fn of_query(query: &str) -> Self {
        let mut members = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = Value::from(value.into_owned());
            match members.get_mut(name.as_ref()) {
                None => {
                    members.insert(name.into_owned(), value);
                }
                Some(Value::Array(all)) => all.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        Self(members)
    }

    /// From a body: JSON, or a form. `query` is how long a query may be.
    pub(super) async fn posted(
        headers: &HeaderMap,
        body: Body,
        query: usize,
    ) -> Result<Self, ActionError> {
        let bytes = read_limited(body, query.saturating_mul(4) + AROUND).await;
        let bytes = bytes.map_err(|error| match error {
            BodyError::TooLarge { max } => refusals::TOO_LARGE.naming(max),
            other => refusals::BAD_REQUEST.naming(other),
        })?;
        let media = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded")) {
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|_| refusals::BAD_REQUEST.naming("not UTF-8"))?;
            // Some clients send JSON and call it a form.
            if !text.trim_start().starts_with('{') {
                return Ok(Self::of_query(text));
            }
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(refusals::BAD_REQUEST.naming("an object is expected").into()),
            Err(error) => Err(refusals::BAD_REQUEST.naming(error).into()),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A text; the first of several. Nothing is as good as an empty one.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, ActionError> {
        let value = match self.0.get(name) {
            Some(Value::Array(all)) => all.first(),
            other => other,
        };
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(yes)) => Ok(Some(yes.to_string())),
            Some(_) => Err(ActionError::invalid(name, "Must be a string")),
        }
    }

    pub(super) fn required(&self, name: &'static str) -> Result<String, ActionError> {
        self.text(name)?.ok_or_else(|| ActionError::missing(name))
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(&self, name: &'static str) -> Result<Option<T>, ActionError>
    where
        T: std::str::FromStr,
    {
        let text = self.text(name)?;
        let number = text.map(|text| text.trim().parse::<T>());
        let invalid = |_| ActionError::invalid(name, "Invalid integer");
        number.transpose().map_err(invalid)
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, ActionError> {
        let text = self.text(name)?;
        Ok(text.map(|text| {
            matches!(
                text.to_lowercase().as_str(),
                "true" | "yes" | "t" | "y" | "1" | "on"
            )
        }))
    }

    /// Several texts: a list, a JSON list in a text, or one text.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, ActionError> {
        let texts = |all: &[Value]| -> Result<Vec<String>, ActionError> {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let all: Option<Vec<_>> = all.iter().map(text).collect();
            all.ok_or_else(|| ActionError::invalid(name, "Must be a list of strings"))
        };
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(all)) => texts(all),
            Some(Value::String(text)) if text.trim_start().starts_with('[') => {
                match serde_json::from_str(text) {
                    Ok(Value::Array(all)) => texts(&all),
                    _ => Ok(vec![text.clone()]),
                }
            }
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text.clone()]),
            Some(_) => Err(ActionError::invalid(name, "Must be a list of strings")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let read = Parameters::of_query(
            "q=%E5%B7%9D+a%26b&fq=x&fq=y&rows=10&none=&facet.field=%5B%22tags%22%5D",
        );
        assert_eq!(read.text("q").ok().flatten().as_deref(), Some("川 a&b"));
        assert_eq!(
            read.texts("fq").ok(),
            Some(vec!["x".to_owned(), "y".to_owned()])
        );
        assert_eq!(read.text("fq").ok().flatten().as_deref(), Some("x"));
        assert_eq!(read.number::<u32>("rows").ok(), Some(Some(10)));
        assert_eq!(read.text("none").ok(), Some(None));
        assert_eq!(
            read.texts("facet.field").ok(),
            Some(vec!["tags".to_owned()])
        );
        assert!(read.number::<u32>("q").is_err());
    }

    #[tokio::test]
    async fn bodies_are_read_in_both_forms_and_refused_in_others() {
        let posted = async |media: &'static str, body: String| {
            let headers =
                HeaderMap::from_iter([(CONTENT_TYPE, http::HeaderValue::from_static(media))]);
            Parameters::posted(&headers, Body::from(body), 10)
                .await
                .ok()
        };
        let id = |read: Option<Parameters>| read.and_then(|read| read.text("id").ok().flatten());
        let json = r#"{"id": "a", "rows": 3, "all": true}"#.to_owned();
        let read = posted("application/json", json.clone()).await;
        assert_eq!(
            read.as_ref()
                .and_then(|read| read.number::<u32>("rows").ok()),
            Some(Some(3))
        );
        assert_eq!(
            read.as_ref().and_then(|read| read.flag("all").ok()),
            Some(Some(true))
        );
        assert_eq!(id(read).as_deref(), Some("a"));
        assert_eq!(
            id(posted("application/x-www-form-urlencoded", "id=a".to_owned()).await).as_deref(),
            Some("a")
        );
        assert_eq!(
            id(posted("application/x-www-form-urlencoded", json).await).as_deref(),
            Some("a")
        );
        assert_eq!(id(posted("application/json", " ".to_owned()).await), None);
        for wrong in ["[1]", "{", "\"a\"", "id=a"] {
            assert!(
                posted("application/json", wrong.to_owned()).await.is_none(),
                "{wrong}"
            );
        }
        assert!(
            posted("application/json", " ".repeat(AROUND + 41))
                .await
                .is_none()
        );
    }
}
