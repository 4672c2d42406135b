//! What a release site is asked: CKAN's `package_search` and `package_show`.

use common::{
    http::client::{AnswerError, Guarded, read_limited},
    telemetry::Chain,
};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// 32 MiB: what is read of an answer.
const MAX_ANSWER: usize = 32 << 20;

/// Why a site did not answer what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// No answer.
    #[error("no answer: {0}")]
    Silent(String),
    /// An answer that is none of CKAN's.
    #[error("an answer that CKAN does not give: {0}")]
    Strange(String),
    /// More than is read.
    #[error("an answer of more than {MAX_ANSWER} bytes")]
    TooLarge,
    /// There is no such package.
    #[error("there is no such package")]
    NotFound,
}

/// A page of packages.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// How many there are in all.
    pub count: u64,
    /// Those of this page, as they came.
    pub results: Vec<Value>,
}

#[derive(Deserialize)]
struct Answer<T> {
    success: bool,
    result: Option<T>,
}

/// A release site.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its address, without a slash at its end.
    pub address: String,
    /// Asks it.
    pub client: Guarded,
}

/// A site that is harvested.
#[derive(Debug, Clone)]
pub struct Source {
    /// The connector ID of its provider.
    pub id: String,
    /// Where it is.
    pub site: Site,
}

impl Site {
    /// `rows` packages from `start` on, the last changed first.
    ///
    /// # Errors
    /// [`SiteError`]. Cancel safe.
    pub async fn page(&self, start: usize, rows: usize) -> Result<Page, SiteError> {
        let query = [
            ("q", "*:*"),
            ("sort", "metadata_modified desc"),
            ("start", &start.to_string()),
            ("rows", &rows.to_string()),
        ];
        self.ask("package_search", &query).await
    }

    /// The package with this id.
    ///
    /// # Errors
    /// [`SiteError`]. Cancel safe.
    pub async fn package(&self, id: &str) -> Result<Value, SiteError> {
        self.ask("package_show", &[("id", id)]).await
    }

    /// What the site calls itself, if it says so.
    ///
    /// # Errors
    /// [`SiteError`]. Cancel safe.
    pub async fn title(&self) -> Result<Option<String>, SiteError> {
        let status: Value = self.ask("status_show", &[]).await?;
        let title = status["site_title"].as_str().map(str::trim);
        let title = title.filter(|title| (1..=300).contains(&title.len()));
        Ok(title.map(str::to_owned))
    }

    async fn ask<T: for<'d> Deserialize<'d>>(
        &self,
        action: &str,
        query: &[(&str, &str)],
    ) -> Result<T, SiteError> {
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        let address = format!("{}/api/3/action/{action}?{query}", self.address);
        let request = self.client.request(Method::GET, &address);
        let request = request.map_err(|error| SiteError::Silent(error.to_string()))?;
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| SiteError::Silent(Chain(&error.without_url()).to_string()))?;
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Err(SiteError::NotFound);
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(SiteError::Silent(status.to_string()));
        }
        if status != StatusCode::OK {
            return Err(SiteError::Strange(status.to_string()));
        }
        let body = read_limited(answer, MAX_ANSWER)
            .await
            .map_err(|error| match error {
                AnswerError::TooLarge(_) => SiteError::TooLarge,
                AnswerError::Broken(_) => SiteError::Silent(Chain(&error).to_string()),
            })?;
        let said: Answer<T> =
            serde_json::from_slice(&body).map_err(|error| SiteError::Strange(error.to_string()))?;
        match said.result {
            Some(result) if said.success => Ok(result),
            _ => Err(SiteError::Strange("success is false".to_owned())),
        }
    }
}
