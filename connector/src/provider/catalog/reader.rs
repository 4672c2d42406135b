//! Reading what a distribution names, where an exchange would read it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use catalog_site::domain::{DataReader, Digest, Hitch, Location, StepError};
use common::http::{Lang, Refused};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::{
    exchange::{Allowed, Budget, Digester, Options, refusals},
    provider::{fetch, state::Provider},
    upstream::{BodyError, ResourceUrl, UpstreamError},
};

/// Failures in a row after which a source that does not answer is the steward's business: some seconds, while the steward looks on.
const PATIENCE: u32 = 3;

/// Reads with the provider's own data sources, on their conditions.
pub(super) struct SourceReader {
    pub provider: Arc<Provider>,
}

#[async_trait]
impl DataReader for SourceReader {
    async fn read(&self, location: &Location) -> Result<Digest, StepError> {
        let url = &location.url;
        self.digest(url)
            .await
            .map_err(|refused| failure(url, &refused))
    }
}

impl SourceReader {
    async fn digest(&self, url: &str) -> Result<Digest, Refused> {
        let provider = &self.provider;
        let resource = ResourceUrl::parse(url)?;
        let source = provider
            .sources
            .find(&resource)
            .ok_or(&refusals::NO_SOURCE)?;
        let budget = Budget::start(provider.deadlines, Allowed::default());
        let options = Options::default();
        let opened = fetch::open(
            &provider.source_client,
            &provider.sources,
            source,
            &resource,
            &options,
            &budget,
        );
        let body = opened.await?.into_body();
        let whole = through(body, &budget).await;
        whole.map_err(|error| refusals::source(UpstreamError::Body(error)))
    }
}

/// The digest of a body, of which nothing is kept.
async fn through<B>(mut body: B, budget: &Budget) -> Result<Digest, BodyError>
where
    B: Body<Data = Bytes, Error = BodyError> + Unpin,
{
    let mut digester = Digester::new();
    loop {
        let by = budget
            .end_by()
            .min(tokio::time::Instant::now() + budget.idle());
        let frame = tokio::time::timeout_at(by, body.frame()).await;
        let Some(frame) = frame.map_err(|_| BodyError::Idle)? else {
            let digest = digester.finish();
            return Ok(Digest {
                sha256: hex::encode(digest.sha256),
                size: digest.len,
            });
        };
        if let Ok(data) = frame?.into_data() {
            digester.update(&data);
        }
    }
}

/// What the steward is told. An address that no source covers, or behind which nothing lies, stays so until somebody changes it;
/// everything else is tried again.
fn failure(url: &str, refused: &Refused) -> StepError {
    refused.log();
    let hitch = Hitch::new(
        refused.refusal.kind,
        format!("{url}: {}", refused.text_in(Lang::Ja)),
        format!("{url}: {}", refused.text_in(Lang::En)),
    );
    if refused.status.is_client_error() && refused.refusal.kind != refusals::SOURCE_LATE.kind {
        StepError::Stop(hitch)
    } else {
        StepError::Again(hitch, Some(PATIENCE))
    }
}
