//! Which state of a draft a change is made from (RFC 9110 §13.1.1).

use common::http::{Refused, problem::Problem};
use http::{HeaderMap, HeaderValue, header::IF_MATCH};

use super::{access::problem, refusals};
use crate::domain::{ChangeError, Draft, From};

/// The tag of a draft at a revision.
pub(super) fn tag(revision: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits and quotes")
}

/// The state that a change is made from. A weak tag never matches, and several are none that was ever given out together.
pub(super) fn condition(headers: &HeaderMap) -> Result<From, Problem> {
    read(headers).map_err(problem)
}

fn read(headers: &HeaderMap) -> Result<From, Refused> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        let is_missing = !headers.contains_key(IF_MATCH);
        let refusal = if is_missing {
            &refusals::NO_CONDITION
        } else {
            &refusals::NO_TAG
        };
        return Err(refusal.into());
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(From::Any);
    }
    let revision = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let revision = revision.and_then(|text| text.parse().ok());
    revision
        .map(From::Revision)
        .ok_or_else(|| (&refusals::NO_TAG).into())
}

/// Refuses what was made from another state than the one that there is.
pub(super) fn stands_at(draft: &Draft, from: From) -> Result<(), Problem> {
    match from {
        From::Revision(revision) if revision != draft.revision => {
            let changed = ChangeError::Changed(Box::new(draft.clone()));
            Err(refusals::change(changed))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], Err("condition-missing"))]
    #[case(&["*"], Ok(From::Any))]
    #[case(&["\"7\""], Ok(From::Revision(7)))]
    #[case(&["W/\"7\""], Err("condition-unknown"))]
    #[case(&["7"], Err("condition-unknown"))]
    #[case(&["\"7\", \"8\""], Err("condition-unknown"))]
    #[case(&["\"7\"", "\"7\""], Err("condition-unknown"))]
    #[case(&["\"x\""], Err("condition-unknown"))]
    fn conditions_are_read(#[case] values: &[&'static str], #[case] expected: Result<From, &str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        assert_eq!(
            read(&headers).map_err(|refused| refused.refusal.kind),
            expected
        );
        assert_eq!(tag(7), "\"7\"");
    }
}
