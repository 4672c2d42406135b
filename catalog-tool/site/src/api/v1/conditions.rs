//! Which state of a dataset a change is made from (RFC 9110 §13.1.1).

use common::http::Refused;
use http::{HeaderMap, HeaderValue, header::IF_MATCH};

use crate::api::refusals;

/// The tag of a dataset at a revision.
pub(super) fn tag(revision: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits and quotes")
}

/// The revision that a change is made from; `None` for whichever there is. A weak tag never matches, and several are none that was
/// ever given out together.
pub(super) fn condition(headers: &HeaderMap) -> Result<Option<i64>, Refused> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let missing = !headers.contains_key(IF_MATCH);
        return Err(if missing {
            &refusals::NO_CONDITION
        } else {
            &refusals::CHANGED
        }
        .into());
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let revision = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let revision = revision.and_then(|text| text.parse().ok());
    revision
        .map(Some)
        .ok_or_else(|| (&refusals::CHANGED).into())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], Err("condition-missing"))]
    #[case(&["*"], Ok(None))]
    #[case(&["\"7\""], Ok(Some(7)))]
    #[case(&["W/\"7\""], Err("dataset-changed"))]
    #[case(&["7"], Err("dataset-changed"))]
    #[case(&["\"7\", \"8\""], Err("dataset-changed"))]
    #[case(&["\"7\"", "\"7\""], Err("dataset-changed"))]
    #[case(&["\"x\""], Err("dataset-changed"))]
    fn conditions_are_read(
        #[case] values: &[&'static str],
        #[case] expected: Result<Option<i64>, &str>,
    ) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        assert_eq!(
            condition(&headers).map_err(|refused| refused.refusal.kind),
            expected
        );
        assert_eq!(tag(7), "\"7\"");
    }
}
