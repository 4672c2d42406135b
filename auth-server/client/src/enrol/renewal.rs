//! Later certificates.

use std::{sync::Arc, time::Duration};

use common::{
    clock::SharedClock,
    http::client,
    pem,
    process::Shutdown,
    telemetry::Chain,
    tls::{PeerClient, TlsStore},
};
use http::StatusCode;
use rcgen::{CertificateParams, KeyPair};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{EnrolError, chain::check_chain, files};
use crate::{
    AuthConfig,
    api::{IssuedCertificate, RenewRequest},
};

/// 64 KiB: an answer holds a chain of two certificates.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// 1 h: longest time between two looks at the clock, so that a suspended machine doesn't oversleep.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// 1 min: pause after the first failure; it doubles up to [`LONGEST_WAIT`].
const FIRST_PAUSE: Duration = Duration::from_mins(1);

/// Renews the process's certificate at two thirds of its lifetime, until `shutdown`. Failures are logged and repeated: after
/// a minute, then twice as long each time, at most an hour.
pub fn spawn_renewal(
    tls: Arc<TlsStore>,
    auth: &AuthConfig,
    clock: SharedClock,
    shutdown: Shutdown,
) {
    let auth = auth.clone();
    tokio::spawn(async move {
        let mut changed = tls.subscribe();
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = wait(&tls, clock.now());
            let wait = if wait.is_zero() {
                match renew_now(&tls, &auth).await {
                    Ok(()) => {
                        pause = FIRST_PAUSE;
                        // Due again at once only where two clocks are months apart; the authority is not to suffer for it.
                        self::wait(&tls, clock.now()).clamp(FIRST_PAUSE, LONGEST_WAIT)
                    }
                    Err(error) => {
                        let own = tls.own();
                        tracing::error!(
                            error = %Chain(&error), not_after = %own.not_after, retry_in_s = pause.as_secs(),
                            "the certificate could not be renewed"
                        );
                        let this = pause;
                        pause = (pause * 2).min(LONGEST_WAIT);
                        this
                    }
                }
            } else {
                wait.min(LONGEST_WAIT)
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                _ = changed.changed() => {}
            }
        }
    });
}

/// Time left until two thirds of the certificate's lifetime are over; zero from then on.
fn wait(tls: &TlsStore, now: OffsetDateTime) -> Duration {
    let own = tls.own();
    let due = own.not_before + (own.not_after - own.not_before) * 2 / 3;
    Duration::try_from(due - now).unwrap_or(Duration::ZERO)
}

/// Gets a certificate for a new key with the current one, puts both in place and reloads them.
pub async fn renew_now(tls: &Arc<TlsStore>, auth: &AuthConfig) -> Result<(), EnrolError> {
    let transport = |error: reqwest::Error| EnrolError::Transport(error.without_url().into());
    let key = KeyPair::generate()?;
    let csr = CertificateParams::default()
        .serialize_request(&key)?
        .pem()?;
    let response = PeerClient::new(Arc::clone(tls))
        .get()
        .post(auth.peer_endpoint("/v1/certificates/renewal"))
        .json(&RenewRequest { csr })
        .send()
        .await
        .map_err(transport)?;
    let issued = read_issued(response).await?;
    let store = Arc::clone(tls);
    let installed = tokio::task::spawn_blocking(move || {
        let config = store.config();
        check_chain(&issued.certificate, &key, &pem::certificates(&config.ca)?)?;
        files::install(config, &key.serialize_pem(), &issued.certificate)?;
        store
            .reload()
            .map_err(|error| EnrolError::Transport(error.into()))
    });
    installed
        .await
        .map_err(|error| EnrolError::Transport(error.into()))??;
    tracing::info!(not_after = %tls.own().not_after, "certificate renewed");
    Ok(())
}

/// Reads the answer of either way to a certificate.
pub(super) async fn read_issued(
    response: reqwest::Response,
) -> Result<IssuedCertificate, EnrolError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Problem {
        detail: String,
    }
    let status = response.status();
    let body = client::read_limited(response, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| EnrolError::Transport(error.into()))?;
    if status == StatusCode::CREATED {
        return serde_json::from_slice(&body)
            .map_err(|_| EnrolError::Unusable("the answer is malformed"));
    }
    let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    Err(EnrolError::Refused {
        status,
        detail: problem.detail,
    })
}
