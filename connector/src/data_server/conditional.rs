//! Conditional requests. Source: RFC 9110 §13.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, header};

use super::files::OpenFile;

/// Whether the caller has the file already.
pub(super) fn is_not_modified(headers: &HeaderMap, file: &OpenFile) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        // Where both are sent, the entity tag alone counts (§13.2.2).
        return headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| matches_weakly(tag.trim(), &file.etag));
    }
    date(headers, &header::IF_MODIFIED_SINCE)
        .is_some_and(|since| whole_seconds(file.modified) <= since)
}

/// What is said of the time of the file's last change, in whole seconds: nothing where there is no HTTP date for it, and nothing
/// where it is still to come (§8.8.2.1).
pub(super) fn last_modified(file: &OpenFile, now: SystemTime) -> Option<SystemTime> {
    let is_sayable = (SystemTime::UNIX_EPOCH..=now).contains(&file.modified);
    is_sayable.then(|| whole_seconds(file.modified))
}

/// Whether a `Range` counts: not when `If-Range` names another state of the file.
pub(super) fn range_applies(headers: &HeaderMap, file: &OpenFile, now: SystemTime) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else {
        return true;
    };
    // An entity tag has to match strongly, a date exactly (§13.1.5).
    condition.as_bytes() == file.etag.as_bytes()
        || date(headers, &header::IF_RANGE).is_some_and(|at| last_modified(file, now) == Some(at))
}

fn matches_weakly(tag: &str, own: &str) -> bool {
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// HTTP dates have no fractions of a second.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}
