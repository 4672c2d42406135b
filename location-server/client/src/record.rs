//! The record of one provider: its members on the wire, what is signed, what a caller gets.

pub use common::profile::{Profile, UnknownProfile};
use common::{
    base_url::{self, BaseUrlError},
    ids::{ConnectorId, UserId},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

/// What the signature covers: every member of the record besides the signature itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedMembers {
    /// The provider's user ID.
    pub provider_id: UserId,
    /// Base address of its connector, without a trailing slash.
    pub provider_connector_url: String,
    /// The connector ID that the connector's certificate names; `null` where none is registered.
    pub connector_id: Option<ConnectorId>,
    /// What the connector speaks.
    pub profile: Profile,
    /// From then on the record is not to be used.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// The answer to a lookup. Clients that know the two members of CADDE 4.0 ignore the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRecord {
    /// The members that the signature covers.
    #[serde(flatten)]
    pub members: SignedMembers,
    /// Compact JWS (ES256) whose payload is the JSON of exactly the other members.
    pub jws: String,
}

/// Where a [`Location`] comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The location server, just now or within the cache time.
    Server,
    /// The record on disk, because the server could not be asked.
    LastKnown,
    /// The configuration.
    Configured,
}

impl Source {
    /// Label for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::LastKnown => "last-known",
            Self::Configured => "configured",
        }
    }
}

/// A provider's connector, verified and ready to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The provider's user ID.
    pub provider_id: UserId,
    /// Base address, `https`, no query and no fragment, no trailing slash in its text form unless
    /// the path is empty (a [`Url`] of an origin always prints one).
    pub url: Url,
    /// The connector ID that the certificate has to name, where the record says one.
    pub connector_id: Option<ConnectorId>,
    /// What the connector speaks.
    pub profile: Profile,
    /// Not to be used from then on; configured entries do not expire.
    pub expires_at: Option<OffsetDateTime>,
    /// Who said so.
    pub source: Source,
}

/// Why a text is no address of a connector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorUrlError {
    /// The text is not an absolute URL.
    #[error("not a URL: {0}")]
    Syntax(String),
    /// Tokens would travel in the clear.
    #[error("the scheme has to be https")]
    NotHttps,
    /// An address has no place for credentials.
    #[error("user information is not allowed")]
    UserInfo,
    /// Callers append a path, which a query or a fragment would swallow.
    #[error("a query or fragment is not allowed")]
    QueryOrFragment,
    /// Its host or its path cannot be read in one way.
    #[error(transparent)]
    Address(BaseUrlError),
    /// Longer than any address in use.
    #[error("longer than {MAX_URL_BYTES} bytes")]
    TooLong,
}

/// 2,048 bytes: what proxies and browsers accept as a whole request target.
const MAX_URL_BYTES: usize = 2048;

/// Parses the base address of a connector.
///
/// Callers append `/cadde/api/v4/…`, so a path prefix is welcome, while query and fragment are not.
pub fn connector_url(text: &str) -> Result<Url, ConnectorUrlError> {
    if text.len() > MAX_URL_BYTES {
        return Err(ConnectorUrlError::TooLong);
    }
    let url = Url::parse(text).map_err(|error| ConnectorUrlError::Syntax(error.to_string()))?;
    if url.scheme() != "https" {
        return Err(ConnectorUrlError::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() || has_empty_user_info(text) {
        return Err(ConnectorUrlError::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConnectorUrlError::QueryOrFragment);
    }
    base_url::normalise(&url).map_err(ConnectorUrlError::Address)
}

/// The text form of a connector's address as records carry it: no trailing slash.
pub fn connector_url_text(url: &Url) -> String {
    base_url::text(url).to_owned()
}

/// `https://@host` parses as if nothing stood before the `@`.
fn has_empty_user_info(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    after_scheme
        .split(['/', '?', '#', '\\'])
        .next()
        .is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://p.example", "https://p.example")]
    #[case("https://p.example/", "https://p.example")]
    #[case("https://p.example:8443//", "https://p.example:8443")]
    #[case("https://P.example/prefix/", "https://p.example/prefix")]
    #[case("https://p.example/a@b", "https://p.example/a@b")]
    fn connector_url_loses_its_trailing_slash(#[case] text: &str, #[case] stored: &str) {
        assert_eq!(connector_url_text(&connector_url(text).unwrap()), stored);
    }

    #[rstest]
    #[case("http://p.example", ConnectorUrlError::NotHttps)]
    #[case("ftp://p.example", ConnectorUrlError::NotHttps)]
    #[case("https://u:p@p.example", ConnectorUrlError::UserInfo)]
    #[case("https://@p.example", ConnectorUrlError::UserInfo)]
    #[case("https://p.example/?x=1", ConnectorUrlError::QueryOrFragment)]
    #[case("https://p.example/?", ConnectorUrlError::QueryOrFragment)]
    #[case("https://p.example#f", ConnectorUrlError::QueryOrFragment)]
    fn connector_url_with_more_than_a_place_is_refused(
        #[case] text: &str,
        #[case] reason: ConnectorUrlError,
    ) {
        assert_eq!(connector_url(text), Err(reason));
    }

    #[test]
    fn relative_and_overlong_addresses_are_refused() {
        assert!(matches!(
            connector_url("/path"),
            Err(ConnectorUrlError::Syntax(_))
        ));
        assert!(matches!(
            connector_url("https://"),
            Err(ConnectorUrlError::Syntax(_))
        ));
        let long = format!("https://p.example/{}", "a".repeat(MAX_URL_BYTES));
        assert_eq!(connector_url(&long), Err(ConnectorUrlError::TooLong));
    }

    #[test]
    fn record_has_the_two_members_of_the_wire_beside_ours() {
        let record = LocationRecord {
            members: SignedMembers {
                provider_id: "provider1@dataex.jp".parse().unwrap(),
                provider_connector_url: "https://p.example".to_owned(),
                connector_id: None,
                profile: Profile::default(),
                expires_at: time::macros::datetime!(2026-11-22 00:00:00 UTC),
            },
            jws: "h.p.s".to_owned(),
        };
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "provider_id": "provider1@dataex.jp", "provider_connector_url": "https://p.example",
                "connector_id": null, "profile": "cadde/4", "expires_at": "2026-11-22T00:00:00Z", "jws": "h.p.s",
            })
        );
        assert_eq!(
            serde_json::from_value::<LocationRecord>(json).unwrap(),
            record
        );
    }
}
