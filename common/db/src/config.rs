//! `[database]`.

use std::num::NonZeroU32;

use common::config::SecretFile;
use serde::{Deserialize, Deserializer, Serialize};

/// Where records are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:PATH`, or `postgres://USER@HOST:PORT/DATABASE` without a password. A server on another host has to prove its
    /// name (`sslmode=verify-full`) unless `sslmode` says otherwise; `sslrootcert` names the file of its authority.
    #[serde(deserialize_with = "database_url")]
    pub url: String,
    /// File with the password, for `postgres://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<SecretFile>,
    /// Most connections of this process to the server, for `postgres://`. Where nothing is said, 8.
    /// Allowed: at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<NonZeroU32>,
}

impl DatabaseConfig {
    /// The database at `url`, with everything else as it is by default.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password_file: None,
            max_connections: None,
        }
    }
}

/// A URL that holds no secret: configurations are printed and logged. The error does not repeat it.
fn database_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let has_password = url::Url::parse(&text).is_ok_and(|url| {
        url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
    });
    if has_password {
        return Err(serde::de::Error::custom(
            "it must not hold the password; name a file as password_file",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_holds_no_password_and_the_refusal_does_not_show_it() {
        for url in [
            "postgres://u:hunter2@h/d",
            "postgres://u@h/d?password=hunter2",
        ] {
            let error = toml::from_str::<DatabaseConfig>(&format!("url = '{url}'")).unwrap_err();
            assert!(error.message().contains("password_file"), "{error:?}");
            assert!(!error.message().contains("hunter2"), "{error:?}");
        }
        let config: DatabaseConfig =
            toml::from_str("url = 'postgres://u@h/d'\npassword_file = '/run/p'").unwrap();
        assert_eq!(config.password_file, Some(SecretFile("/run/p".into())));
    }
}
