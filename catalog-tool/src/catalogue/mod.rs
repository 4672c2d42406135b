//! A provider's catalogue, as its stewards' tool asks it: the API below `/v1` of a provider connector's `public` listener.

mod wire;

use auth_client::ExchangedToken;
use bytes::Bytes;
use common::http::{
    Lang,
    client::{Guarded, read_limited},
    context,
};
use http::{
    HeaderMap, Method, StatusCode,
    header::{ACCEPT_LANGUAGE, IF_MATCH, RETRY_AFTER},
};
use secrecy::ExposeSecret as _;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::wire::{
    PublicationPart, PublicationState, SiteDataset, SiteDatasets, SiteIds, SitePublication,
    SitePublications, State, WholeDataset,
};

/// 6 MiB: a dataset of two views of the largest size, and what stands around it.
const MAX_ANSWER: usize = 6 << 20;

/// 64 KiB: what is passed on of a provider's refusal.
const MAX_PROBLEM: usize = 64 << 10;

/// Why a provider's catalogue did not do something.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// No answer, or one that says to come again.
    #[error("the provider's catalogue is away: {reason}")]
    Away {
        /// Why.
        reason: String,
        /// In how many seconds to come again, if it said so.
        retry_after: Option<u64>,
    },
    /// The person may not do that there.
    #[error("the provider takes nothing from this steward: {0}")]
    Forbidden(String),
    /// It refuses: a problem document.
    #[error("the provider refuses with {status}: {problem}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// What it says.
        problem: Value,
    },
    /// What it answers is not what such a catalogue answers.
    #[error("the provider answers something else than a catalogue: {0}")]
    Strange(String),
}

impl CatalogueError {
    /// Whether it is the refusal `kind`.
    pub fn is(&self, kind: &str) -> bool {
        let Self::Refused { problem, .. } = self else {
            return false;
        };
        let name = problem
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        name.strip_prefix(common::http::problem::BASE) == Some(kind)
    }
}

/// Which state of a dataset there a change is made from.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    /// That revision.
    Revision(i64),
    /// Whichever there is.
    Any,
}

/// One provider's catalogue, with a token for it.
#[derive(Debug)]
pub struct Catalogue<'a> {
    /// Asks.
    pub client: &'a Guarded,
    /// Address of the provider's listener, without a slash at its end.
    pub address: &'a str,
    /// A steward's token for it.
    pub token: &'a ExchangedToken,
}

impl Catalogue<'_> {
    /// Makes a dataset whose views have these ids.
    ///
    /// # Errors
    /// [`CatalogueError`]; so do all others here. None is safe to repeat but those that only read and those that say what they
    /// were made from.
    pub async fn create(
        &self,
        ids: SiteIds,
        dataset: &Value,
    ) -> Result<SiteDataset, CatalogueError> {
        let body = json!({ "ids": ids, "dataset": dataset });
        self.ask(Method::POST, "/v1/datasets", None, Some(&body))
            .await
    }

    /// A dataset with what it says.
    pub async fn get(&self, id: Uuid) -> Result<WholeDataset, CatalogueError> {
        self.ask::<Value, _>(Method::GET, &format!("/v1/datasets/{id}"), None, None)
            .await
    }

    /// A page of datasets, with parameters that were checked.
    pub async fn list(&self, query: &str) -> Result<SiteDatasets, CatalogueError> {
        self.ask::<Value, _>(Method::GET, &format!("/v1/datasets?{query}"), None, None)
            .await
    }

    /// Gives a dataset another content.
    pub async fn replace(
        &self,
        id: Uuid,
        from: Seen,
        dataset: &Value,
    ) -> Result<SiteDataset, CatalogueError> {
        let body = json!({ "dataset": dataset });
        self.ask(
            Method::PUT,
            &format!("/v1/datasets/{id}"),
            Some(from),
            Some(&body),
        )
        .await
    }

    /// Takes a dataset from the sites.
    pub async fn withdraw(&self, id: Uuid, from: Seen) -> Result<SiteDataset, CatalogueError> {
        let path = format!("/v1/datasets/{id}/withdrawal");
        self.ask::<Value, _>(Method::POST, &path, Some(from), None)
            .await
    }

    /// Removes a dataset.
    pub async fn delete(&self, id: Uuid, from: Seen) -> Result<(), CatalogueError> {
        let path = format!("/v1/datasets/{id}");
        let answered = self
            .send::<Value>(Method::DELETE, &path, Some(from), None)
            .await;
        answered.map(drop)
    }

    /// Has the newest content of a dataset published.
    pub async fn publish(&self, id: Uuid, from: Seen) -> Result<SitePublication, CatalogueError> {
        let body = json!({ "dataset_id": id });
        self.ask(Method::POST, "/v1/publications", Some(from), Some(&body))
            .await
    }

    /// The latest publication of a dataset, without its places.
    pub async fn latest(&self, id: Uuid) -> Result<Option<SitePublication>, CatalogueError> {
        let path = format!("/v1/publications?dataset_id={id}&limit=1");
        let found: SitePublications = self.ask::<Value, _>(Method::GET, &path, None, None).await?;
        Ok(found.publications.into_iter().next())
    }

    /// How far a publication is.
    pub async fn publication(&self, id: Uuid) -> Result<SitePublication, CatalogueError> {
        let path = format!("/v1/publications/{id}");
        self.ask::<Value, _>(Method::GET, &path, None, None).await
    }

    /// Ends a publication.
    pub async fn cancel(&self, id: Uuid) -> Result<SitePublication, CatalogueError> {
        let path = format!("/v1/publications/{id}");
        self.ask::<Value, _>(Method::DELETE, &path, None, None)
            .await
    }

    async fn ask<B: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        from: Option<Seen>,
        body: Option<&B>,
    ) -> Result<A, CatalogueError> {
        let answer = self.send(method, path, from, body).await?;
        serde_json::from_slice(&answer).map_err(|error| CatalogueError::Strange(error.to_string()))
    }

    async fn send<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        from: Option<Seen>,
        body: Option<&B>,
    ) -> Result<Bytes, CatalogueError> {
        let address = format!("{}{path}", self.address);
        let away = |reason: String| CatalogueError::Away {
            reason,
            retry_after: None,
        };
        let request = self.client.request(method, &address);
        let mut request = request.map_err(|error| away(error.to_string()))?;
        request = request
            .bearer_auth(self.token.token().expose_secret())
            .header(ACCEPT_LANGUAGE, language());
        match from {
            Some(Seen::Revision(revision)) => {
                request = request.header(IF_MATCH, format!("\"{revision}\""));
            }
            Some(Seen::Any) => request = request.header(IF_MATCH, "*"),
            None => {}
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await;
        let answer = answer
            .map_err(|error| away(common::telemetry::Chain(&error.without_url()).to_string()))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if status.is_success() {
            let whole = read_limited(answer, MAX_ANSWER).await;
            return whole.map_err(|error| away(common::telemetry::Chain(&error).to_string()));
        }
        let said = read_limited(answer, MAX_PROBLEM).await.unwrap_or_default();
        Err(refused(status, &headers, &said))
    }
}

/// The language of whoever asks us: what the provider says is passed on to them.
fn language() -> &'static str {
    match context::lang() {
        Lang::Ja => "ja",
        Lang::En => "en",
    }
}

/// What an answer comes to that is no success.
fn refused(status: StatusCode, headers: &HeaderMap, said: &[u8]) -> CatalogueError {
    let problem: Option<Value> = serde_json::from_slice(said).ok();
    let problem = problem.filter(|problem| problem.get("type").is_some_and(Value::is_string));
    let reason = || {
        let kind = problem
            .as_ref()
            .and_then(|problem| problem["type"].as_str());
        format!("{status} {}", kind.unwrap_or_default().escape_debug())
    };
    match (status, &problem) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            CatalogueError::Forbidden(reason())
        }
        (status, _) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            let after = headers
                .get(RETRY_AFTER)
                .and_then(|after| after.to_str().ok());
            CatalogueError::Away {
                reason: reason(),
                retry_after: after.and_then(|after| after.parse().ok()),
            }
        }
        (_, Some(_)) => CatalogueError::Refused {
            status,
            problem: problem.unwrap_or_default(),
        },
        (_, None) => CatalogueError::Strange(reason()),
    }
}
