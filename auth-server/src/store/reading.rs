//! What rows of both databases have in common when they are read.

use crate::domain::{client::ClientKind, secrets::SecretHash, store::StoreError};
use auth_client::{
    ConnectorRole, Profile,
    api::{Purpose, ServiceKind},
};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use time::OffsetDateTime;

/// Reports what is wrong with one row.
pub(super) struct Reader<'a> {
    pub(super) table: &'static str,
    pub(super) key: &'a str,
}

impl Reader<'_> {
    pub(super) fn corrupt(&self, reason: impl Display) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            key: self.key.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn parsed<T, E: Display>(&self, parsed: Result<T, E>) -> Result<T, StoreError> {
        parsed.map_err(|error| self.corrupt(error))
    }

    /// Microseconds since 1970, as `SQLite` has them.
    pub(super) fn time(&self, at: i64) -> Result<OffsetDateTime, StoreError> {
        self.parsed(OffsetDateTime::from_unix_timestamp_nanos(
            i128::from(at) * 1000,
        ))
    }

    /// A list as text, as `SQLite` has it.
    pub(super) fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        self.parsed(serde_json::from_str(text))
    }

    /// A word of one of our enumerations, spelled as in the API.
    pub(super) fn word<T: DeserializeOwned>(&self, word: &str) -> Result<T, StoreError> {
        self.parsed(serde_json::from_value(serde_json::Value::from(word)))
    }

    pub(super) fn hash(&self, bytes: &[u8]) -> Result<SecretHash, StoreError> {
        self.parsed(SecretHash::try_from(bytes))
    }
}

/// The columns that say what a client is.
pub(super) struct KindColumns<'a> {
    pub(super) kind: &'a str,
    pub(super) connector_role: Option<&'a str>,
    pub(super) base_url: Option<&'a str>,
    pub(super) service_kind: Option<&'a str>,
    pub(super) profile: Option<&'a str>,
    pub(super) purpose: Option<Purpose>,
}

impl KindColumns<'_> {
    pub(super) fn read(self, read: &Reader<'_>) -> Result<ClientKind, StoreError> {
        Ok(match self.kind {
            "connector" => ClientKind::Connector {
                role: read.word::<ConnectorRole>(self.connector_role.unwrap_or_default())?,
                base_url: self
                    .base_url
                    .map(|url| read.parsed(url.parse()))
                    .transpose()?,
                profile: self
                    .profile
                    .map(|word| read.word::<Profile>(word))
                    .transpose()?,
            },
            "service" => ClientKind::Service(
                read.word::<ServiceKind>(self.service_kind.unwrap_or_default())?,
            ),
            "app" => ClientKind::App(self.purpose.unwrap_or_default()),
            other => return Err(read.corrupt(format!("unknown kind {other}"))),
        })
    }
}
