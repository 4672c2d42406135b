//! Having the ledger record that data was made.

use async_trait::async_trait;
use catalog_site::domain::{Creation, EventRecorder, Hitch, StepError};
use common::{http::client::read_limited, ids::UserId, tls::PeerClient};
use http::header;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::json;
use url::Url;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// The ledger, asked with the connector's certificate.
pub(in crate::provider) struct LedgerRecorder {
    client: PeerClient,
    url: String,
    provider_id: UserId,
}

#[derive(Deserialize)]
struct Answer {
    cdleventid: String,
}

impl LedgerRecorder {
    /// The ledger whose listener for connectors has the address `origin`.
    pub fn new(client: PeerClient, origin: &Url, provider_id: UserId) -> Self {
        Self {
            client,
            url: format!("{}/v2/eventwithhash", origin.as_str().trim_end_matches('/')),
            provider_id,
        }
    }
}

#[async_trait]
impl EventRecorder for LedgerRecorder {
    /// Source: CADDE 4.0, provenance management, `POST /eventwithhash` (multipart, one part `request`). The event says the same each
    /// time, so the key finds it again.
    async fn record(&self, creation: Creation<'_>) -> Result<String, StepError> {
        let event = json!({
            "cdldatamodelversion": "2.0",
            "cdleventtype": "Create",
            "dataprovider": self.provider_id,
            "cdlpreviousevents": [],
            "cdldatatags": [{
                "cdluri": creation.location.url,
                "cdlsha256hash": creation.digest.sha256,
            }],
        });
        let part = Part::text(event.to_string())
            .file_name("")
            .mime_str("application/json");
        let part = part.map_err(|error| away(&error.to_string()))?;
        let sent = self
            .client
            .get()
            .post(&self.url)
            .header(header::ACCEPT, "application/json")
            .header("idempotency-key", creation.idempotency_key)
            .multipart(Form::new().part("request", part))
            .send()
            .await
            .map_err(|error| away(&error.without_url().to_string()))?;
        let status = sent.status();
        let body = read_limited(sent, MAX_ANSWER)
            .await
            .map_err(|error| away(&error.to_string()))?;
        if !status.is_success() {
            tracing::warn!(%status, answer = %String::from_utf8_lossy(&body), "the ledger records no creation");
            return Err(refused(status));
        }
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| away(&error.to_string()))?;
        Ok(answer.cdleventid)
    }
}

/// Waited for as long as it takes: the publication goes on when the ledger is back.
fn away(reason: &str) -> StepError {
    tracing::warn!(reason, "the ledger does not answer");
    let hitch = Hitch::new(
        "ledger-away",
        "来歴管理サーバが応答しません。応答し次第、自動で続けます。",
        "The ledger does not answer. This goes on by itself when it does.",
    );
    StepError::Again(hitch, None)
}

fn refused(status: http::StatusCode) -> StepError {
    if status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 408 | 429) {
        // A connector that is not registered yet, or not any more, is an operator's business and not the steward's.
        return away(&format!("it answers {status}"));
    }
    StepError::Stop(Hitch::new(
        "ledger-refused",
        format!(
            "来歴管理サーバが記録を受け付けませんでした（{status}）。運用者にお問い合わせください。"
        ),
        format!("The ledger does not take the record ({status}). Ask the operator."),
    ))
}
