//! Asking the issuer whether a token still counts (RFC 7662).

use std::sync::Arc;

use common::{
    clock::{SharedClock, SkewWatch},
    tls::{PeerClient, TlsStore},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::token_error::{TokenError, unavailable};

/// 64 KiB: an answer holds the claims of one token.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// The issuer's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introspection {
    Active,
    Inactive,
}

/// Asks with the process's certificate (`tls_client_auth`, RFC 8705 §2.1).
pub(crate) struct Introspector {
    url: String,
    client: PeerClient,
    tls: Arc<TlsStore>,
    skew: SkewWatch,
}

#[derive(Serialize)]
struct Question<'a> {
    token: &'a str,
    token_type_hint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    active: bool,
}

impl Introspector {
    pub(crate) fn new(
        url: String,
        client: PeerClient,
        tls: Arc<TlsStore>,
        clock: SharedClock,
    ) -> Self {
        Self {
            url,
            client,
            tls,
            skew: SkewWatch::new("auth-server", clock),
        }
    }

    /// One question over the network. Anything but a clear answer is [`TokenError::Unavailable`]: nobody gets in because
    /// the issuer was unreadable.
    pub(crate) async fn ask(&self, token: &str) -> Result<Introspection, TokenError> {
        let question = Question {
            token,
            token_type_hint: "access_token",
            client_id: self.tls.own().connector_id.map(String::from),
        };
        let asked = self.skew.asked();
        let response = self
            .client
            .get()
            .post(&self.url)
            .form(&question)
            .send()
            .await
            .map_err(|error| unavailable(&error.without_url()))?;
        self.skew.answered(asked, response.headers());
        let status = response.status();
        if status != StatusCode::OK {
            return Err(TokenError::Unavailable(format!(
                "introspection answered {status}"
            )));
        }
        let body = common::http::client::read_limited(response, MAX_ANSWER_BYTES)
            .await
            .map_err(|error| unavailable(&error))?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
            TokenError::Unavailable(
                "introspection answered something else than RFC 7662 says".into(),
            )
        })?;
        Ok(if answer.active {
            Introspection::Active
        } else {
            Introspection::Inactive
        })
    }
}
