//! Providers, and for whom somebody may write.

use std::sync::Arc;

use auth_client::{ExchangedToken, TokenClaims};
use common::{
    http::client::Guarded,
    ids::{ConnectorId, UserId},
};
use url::Url;

use crate::{
    catalogue::Catalogue,
    config::{NameConfig, ProviderConfig},
};

/// A provider whose stewards write here.
#[derive(Debug)]
pub struct Provider {
    /// The ID of its connector.
    pub id: ConnectorId,
    /// Its user ID.
    pub user: UserId,
    /// What it is called.
    pub name: Option<NameConfig>,
    /// Address of its connector's `public` listener, without a slash at the end.
    pub address: String,
    client: Guarded,
}

impl Provider {
    /// Whether the person of `claims` may write for it: its own user, or a member of its organisation.
    pub fn is_of(&self, claims: &TokenClaims) -> bool {
        claims.user == self.user || claims.orgs().contains(&self.user.as_str())
    }

    /// Its catalogue, with a steward's token for it.
    pub fn catalogue<'a>(&'a self, token: &'a ExchangedToken) -> Catalogue<'a> {
        Catalogue {
            client: &self.client,
            address: &self.address,
            token,
        }
    }

    /// Address of something below its listener.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Providers(Arc<[Arc<Provider>]>);

impl Providers {
    /// Those of the configuration.
    ///
    /// # Errors
    /// [`reqwest::Error`] where there is no client for one of them.
    pub fn of(config: &[ProviderConfig]) -> Result<Self, reqwest::Error> {
        let provider = |one: &ProviderConfig| {
            Ok(Arc::new(Provider {
                id: one.connector_id.clone(),
                user: one.provider_id.clone(),
                name: one.name.clone(),
                address: trimmed(&one.url),
                client: Guarded::new(one.policy())?,
            }))
        };
        let all: Result<Vec<_>, _> = config.iter().map(provider).collect();
        Ok(Self(all?.into()))
    }

    /// Those for whom the person of `claims` may write.
    pub fn for_person(&self, claims: &TokenClaims) -> Vec<Arc<Provider>> {
        let of_person = self.0.iter().filter(|one| one.is_of(claims));
        of_person.cloned().collect()
    }
}

fn trimmed(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
