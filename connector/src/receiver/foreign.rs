//! Ledgers of other make, which assign event ids themselves and want a token of the user's: one that is addressed to them.
//!
//! Such a ledger is asked before the data is answered, because the answer carries the id that it assigns; its failure
//! fails the exchange. Only ledgers of the configuration are ever asked: a provider's header alone sends no token
//! anywhere.

use std::path::Path;

use common::{
    base_url,
    http::{
        Refused,
        client::{plain, read_limited, trusting},
    },
    ids::UserId,
};
use http::{HeaderValue, header};
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::config::ForeignConfig;
use crate::exchange::refusals;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// The ledgers of the configuration.
#[derive(Debug)]
pub(super) struct ForeignLedgers(Vec<ForeignLedger>);

/// One of them.
#[derive(Debug)]
pub(super) struct ForeignLedger {
    /// Without a trailing slash.
    url: String,
    client_id: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Answer {
    cdleventid: String,
}

impl ForeignLedgers {
    /// The ledgers of `configs`, trusted by the anchors in the file `anchors`.
    pub(super) fn new(configs: &[ForeignConfig], anchors: &Path) -> anyhow::Result<Self> {
        if configs.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let client = if configs.iter().any(|one| one.url.scheme() == "https") {
            trusting(&crate::upstream::anchors(anchors)?).map_err(anyhow::Error::from_boxed)?
        } else {
            plain()?
        };
        let ledger = |config: &ForeignConfig| ForeignLedger {
            url: config.url.as_str().trim_end_matches('/').to_owned(),
            client_id: config.client_id.clone(),
            client: client.clone(),
        };
        Ok(Self(configs.iter().map(ledger).collect()))
    }

    /// The ledger that a provider names, if it is on the list.
    pub(super) fn find(&self, named: &str) -> Option<&ForeignLedger> {
        let is_named = |ledger: &&ForeignLedger| base_url::is_same(&ledger.url, named);
        self.0.iter().find(is_named)
    }
}

impl ForeignLedger {
    /// Whom a token for this ledger names.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Registers the `Received` that follows `predecessor` and returns its id.
    ///
    /// Source: CADDE 4.0, provenance management, `POST /eventwithhash` (multipart, one part `request`).
    pub(super) async fn received(
        &self,
        token: &SecretString,
        user: &UserId,
        provider: &UserId,
        predecessor: &str,
    ) -> Result<HeaderValue, Refused> {
        let event = json!({
            "cdldatamodelversion": "2.0",
            "cdleventtype": "Received",
            "dataprovider": provider,
            "datauser": user,
            "cdlpreviousevents": [predecessor],
        });
        let failed = |reason: String| refusals::LEDGER_REFUSED.because(reason);
        let part = Part::text(event.to_string())
            .file_name("")
            .mime_str("application/json");
        let part = part.map_err(|error| failed(error.to_string()))?;
        let mut raw = HeaderValue::from_str(token.expose_secret())
            .map_err(|error| failed(error.to_string()))?;
        raw.set_sensitive(true);
        let response = self
            .client
            .post(format!("{}/eventwithhash", self.url))
            .header(header::ACCEPT, "application/json")
            // The token without a scheme: existing ledgers hand the value to introspection as it is.
            .header(header::AUTHORIZATION, raw)
            .multipart(Form::new().part("request", part))
            .send()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(failed(format!("it answered {status}")));
        }
        let body = read_limited(response, MAX_ANSWER)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))?;
        if answer.cdleventid.is_empty() {
            return Err(failed("it gave no event id".to_owned()));
        }
        HeaderValue::from_str(&answer.cdleventid)
            .map_err(|_| failed("its event id is not header text".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_of_a_listed_ledger_is_that_ledger() {
        let listed = [ForeignConfig {
            url: "http://127.0.0.1:1/v2".parse().unwrap(),
            client_id: "ledger".to_owned(),
        }];
        let ledgers = ForeignLedgers::new(&listed, Path::new("/nowhere")).unwrap();
        for same in [
            "http://127.0.0.1:1/v2",
            "http://127.1:1/%762/",
            "HTTP://2130706433:1/v2",
        ] {
            assert!(ledgers.find(same).is_some(), "{same}");
        }
        for other in [
            "http://127.0.0.1:2/v2",
            "http://127.0.0.1:1/v2?x",
            "http://127.0.0.1:1",
            "",
        ] {
            assert!(ledgers.find(other).is_none(), "{other}");
        }
    }

    #[test]
    fn ledgers_are_trusted_by_the_configured_anchors() {
        let url = |text: &str| {
            [ForeignConfig {
                url: text.parse().unwrap(),
                client_id: "ledger".to_owned(),
            }]
        };
        let nowhere = Path::new("/nowhere/anchors.pem");
        assert!(ForeignLedgers::new(&url("https://ledger.example/v2"), nowhere).is_err());
        assert!(ForeignLedgers::new(&url("http://127.0.0.1:1/v2"), nowhere).is_ok());
        assert!(ForeignLedgers::new(&[], nowhere).is_ok());
        let key = rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), key.cert.pem()).unwrap();
        assert!(ForeignLedgers::new(&url("https://ledger.example/v2"), file.path()).is_ok());
    }
}
