//! Databases on a server, for a trial that is to keep its records there: one for each service that keeps any.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use common::config::SecretFile;
use common_db as db;
use common_db::DatabaseConfig;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::layout::{Domain, Service};

/// What the databases are called where the address names none.
const NAME: &str = "trial";

/// A PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseServer {
    url: Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
}

impl DatabaseServer {
    /// The server at `url`, `postgres://USER@HOST:PORT/NAME`. Its databases will be called `NAME_auth_server` and so on.
    pub fn new(url: &str, password_file: Option<&Path>) -> anyhow::Result<Self> {
        let mut url = Url::parse(url)
            .context("--database wants an address, postgres://USER@HOST:PORT/NAME")?;
        ensure!(
            matches!(url.scheme(), "postgres" | "postgresql"),
            "--database wants a PostgreSQL server, postgres://USER@HOST:PORT/NAME"
        );
        ensure!(
            url.password().is_none(),
            "the address shows in configurations and must not hold the password; use --database-password-file"
        );
        if url.path().trim_matches('/').is_empty() {
            url.set_path(NAME);
        }
        let name = url.path().trim_start_matches('/');
        ensure!(
            name.len() <= 40
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "the name in --database begins the names of all databases of the trial: at most 40 of a to z, 0 to 9 and _"
        );
        let password_file = password_file
            .map(|file| {
                file.canonicalize()
                    .with_context(|| format!("cannot find {}", file.display()))
            })
            .transpose()?;
        Ok(Self { url, password_file })
    }

    /// The database of `service`.
    pub fn of(&self, service: Service) -> DatabaseConfig {
        let mut url = self.url.clone();
        let own = match service {
            Service::Receiver(domain) | Service::Provider(domain) | Service::Data(domain) => {
                format!("{}_{}", service.program(), domain.letter())
            }
            _ => service.program().to_owned(),
        };
        url.set_path(&format!("{}_{}", self.url.path(), own.replace('-', "_")));
        DatabaseConfig {
            password_file: self.password_file.clone().map(SecretFile),
            ..DatabaseConfig::new(url)
        }
    }

    /// Makes the databases that are not there yet and returns how many those are.
    pub async fn make(&self) -> anyhow::Result<usize> {
        let providers = Domain::ALL.map(Service::Provider);
        let mut made = 0;
        let servers = [
            Service::Auth,
            Service::Location,
            Service::Provenance,
            Service::Catalog,
        ];
        for service in servers.into_iter().chain(providers) {
            let is_new = db::create_postgres(&self.of(service))
                .await
                .with_context(|| format!("the database of the {service} can't be made"))?;
            made += usize::from(is_new);
        }
        Ok(made)
    }

    /// `newer` in place of this one, if it is the same server by another password file, or none that is said.
    pub fn replaced_by(&self, newer: Self) -> Option<Self> {
        (self.url == newer.url).then(|| Self {
            password_file: newer.password_file.or_else(|| self.password_file.clone()),
            url: newer.url,
        })
    }

    /// As people may see it.
    pub fn address(&self) -> &Url {
        &self.url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_a_database_of_its_own() {
        let server =
            DatabaseServer::new("postgres://u@db.example:5433/kk?sslmode=require", None).unwrap();
        let url = |service| server.of(service).url;
        assert_eq!(
            url(Service::Auth),
            "postgres://u@db.example:5433/kk_auth_server?sslmode=require"
        );
        assert_eq!(
            url(Service::Provider(Domain::B)),
            "postgres://u@db.example:5433/kk_provider_connector_b?sslmode=require"
        );
        let unnamed = DatabaseServer::new("postgres://u@db.example", None).unwrap();
        assert_eq!(
            unnamed.of(Service::Location).url,
            "postgres://u@db.example/trial_location_server"
        );
    }

    #[test]
    fn what_cannot_be_a_server_is_refused() {
        for url in [
            "sqlite:x.db",
            "postgres://u:p@h/d",
            "postgres://u@h/a-b",
            "somewhere",
        ] {
            DatabaseServer::new(url, None).unwrap_err();
        }
    }
}
