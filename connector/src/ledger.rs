//! The addresses of the ledger in a connector's configuration.

use common::process::Findings;
use http::HeaderValue;
use url::Url;

/// The ledger's address as the answer header carries it.
pub(crate) fn header(url: &Url) -> anyhow::Result<HeaderValue> {
    Ok(HeaderValue::from_str(url.as_str().trim_end_matches('/'))?)
}

/// Checks the section `provenance` of either connector.
pub(crate) fn check(public_url: &Url, peer_url: &Url, findings: &mut Findings) {
    check_http("public_url", public_url, findings);
    if peer_url.scheme() != "https" {
        findings.error(
            "peer_url",
            peer_url,
            "must be an https address: records are delivered with this connector's certificate",
        );
    }
}

/// Checks an address that others are told, to which they add paths of their own.
pub(crate) fn check_http(key: &str, url: &Url, findings: &mut Findings) {
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
        findings.error(key, url, "must be an http or https address without a query");
    }
}
