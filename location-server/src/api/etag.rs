//! Entity tags (RFC 9110 §8.8.3): the version of a record and the expiry of its signature.
//!
//! A new signature over the same record is another representation, so it has another tag; a condition
//! on a change, however, asks whether the *record* was changed, so there the version alone counts.

use http::{
    HeaderMap, HeaderValue,
    header::{IF_MATCH, IF_NONE_MATCH},
};

use crate::domain::{Precondition, Signed};

/// The tag of a record.
pub(super) fn tag(signed: &Signed) -> HeaderValue {
    let expires = signed.record.members.expires_at.unix_timestamp();
    HeaderValue::from_str(&format!("\"{}-{expires}\"", signed.version))
        .expect("digits, a hyphen and quotes")
}

/// Whether the caller has this representation already (`If-None-Match`).
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    tags(headers, &IF_NONE_MATCH)
        .any(|known| known == "*" || Some(known.trim_start_matches("W/")) == tag.to_str().ok())
}

/// The condition of a change (`If-Match`). A weak tag never matches (RFC 9110 §13.1.1).
pub(super) fn precondition(headers: &HeaderMap) -> Precondition {
    if !headers.contains_key(IF_MATCH) {
        return Precondition::None;
    }
    if tags(headers, &IF_MATCH).any(|tag| tag == "*") {
        return Precondition::Exists;
    }
    Precondition::VersionIn(tags(headers, &IF_MATCH).filter_map(version).collect())
}

fn tags<'h>(
    headers: &'h HeaderMap,
    name: &http::HeaderName,
) -> impl Iterator<Item = &'h str> + use<'h> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn version(tag: &str) -> Option<i64> {
    let (version, _) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    version.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))])
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(precondition(&HeaderMap::new()), Precondition::None);
        assert_eq!(precondition(&with("*")), Precondition::Exists);
        assert_eq!(
            precondition(&with("\"7-1\", \"8-2\"")),
            Precondition::VersionIn(vec![7, 8])
        );
        assert_eq!(
            precondition(&with("W/\"7-1\"")),
            Precondition::VersionIn(vec![])
        );
        assert_eq!(
            precondition(&with("nonsense")),
            Precondition::VersionIn(vec![])
        );
    }
}
