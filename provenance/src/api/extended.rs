//! The form of answers that names what our ledger adds.

use http::{HeaderMap, header::ACCEPT};

/// The media type that adds `ledger` to one's own events.
pub(super) const EXTENDED: &str = "application/vnd.cadde.provenance+json";

/// Whether the caller accepts the extended form.
pub(super) fn wants_extended(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).any(|range| {
        range
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case(EXTENDED)
    })
}
