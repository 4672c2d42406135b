//! Revocation, and the lists that tell of it.

use std::{future::Future, sync::Arc};

use auth_client::api::Certificate;
use common::{clock::unix_millis, config::write_file};
use time::{Duration, OffsetDateTime};

use super::{Certifier, CertifyError, Published, read};
use crate::{
    ca::{RevokedEntry, Source},
    domain::registrar::Actor,
};

/// 1 d: a revoked certificate stays on the list this much longer than it lives, for clocks that are behind.
const LISTED_AFTER_END: Duration = Duration::days(1);

impl Certifier {
    /// The current lists, as PEM.
    pub async fn lists_pem(&self) -> Result<String, CertifyError> {
        match &self.0.source {
            Source::Own { .. } => Ok(self.crl_pem().as_str().to_owned()),
            Source::Elsewhere { lists, .. } => {
                read(lists.clone().ok_or(CertifyError::NoList)?).await
            }
        }
    }

    /// The lists that this server made, as PEM; empty before the first was published.
    pub fn crl_pem(&self) -> Arc<String> {
        self.0.crl.load_full()
    }

    /// Revokes a certificate and publishes the list that says so.
    pub async fn revoke(
        &self,
        actor: Actor,
        serial: String,
        reason: String,
        compromised: bool,
    ) -> Result<Certificate, CertifyError> {
        self.own()?;
        let this = self.clone();
        uninterrupted(async move {
            let now = this.0.clock.now();
            let kind = if compromised {
                "certificate.compromised"
            } else {
                "certificate.revoked"
            };
            let event = actor.event(now, kind, &serial, Some(reason));
            let revoked = async {
                let revoked = this.0.store.revoke(&serial, now, compromised, &event);
                let revoked = revoked.await?.ok_or(CertifyError::Unknown)?;
                this.publish().await?;
                Ok(revoked)
            };
            let revoked = revoked.await;
            if revoked.is_err() {
                // It may stand in the database without being on the list: the next look at the list makes a new one.
                *this.0.published.lock().await = None;
            }
            revoked
        })
        .await
    }

    /// Writes a new list if the current one is older than the configuration allows, or if there is none.
    pub async fn publish_if_due(&self) -> Result<(), CertifyError> {
        let Ok((authority, _)) = self.own() else {
            return Ok(());
        };
        let refresh = authority.config().crl_refresh.get();
        let published = self.0.published.lock().await;
        let is_due = |list: &Published| self.0.clock.now() >= list.at + refresh;
        let is_due = published.as_ref().is_none_or(is_due);
        drop(published);
        if is_due {
            self.publish_now().await
        } else {
            Ok(())
        }
    }

    /// Writes a new list if the database has a revocation that the current one lacks: one that another process made.
    pub async fn publish_if_behind(&self) -> Result<(), CertifyError> {
        if !self.issues() {
            return Ok(());
        }
        let revoked = self.revoked(self.0.clock.now()).await?;
        let published = self.0.published.lock().await;
        let known = published.as_ref().map(|list| &list.revoked[..]);
        let known = known.unwrap_or_default();
        let is_behind = revoked.iter().any(|one| !known.contains(one));
        drop(published);
        if is_behind {
            self.publish_now().await
        } else {
            Ok(())
        }
    }

    async fn publish_now(&self) -> Result<(), CertifyError> {
        let this = self.clone();
        uninterrupted(async move { this.publish().await }).await
    }

    async fn revoked(
        &self,
        now: OffsetDateTime,
    ) -> Result<Vec<(String, OffsetDateTime)>, CertifyError> {
        Ok(self.0.store.revoked(now - LISTED_AFTER_END).await?)
    }

    async fn publish(&self) -> Result<(), CertifyError> {
        let (authority, path) = self.own()?;
        let mut published = self.0.published.lock().await;
        let now = self.0.clock.now();
        let revoked = self.revoked(now).await?;
        let entries: Vec<_> = revoked
            .iter()
            .map(|(serial, at)| RevokedEntry {
                serial: serial.clone(),
                at: *at,
            })
            .collect();
        // Numbers grow with time, so that they go on growing after a restored back-up.
        let number = i64::try_from(unix_millis(now)).unwrap_or(i64::MAX);
        let number = self.0.store.next_crl_number(number).await?;
        let pem = Arc::new(authority.crl_pem(&entries, number, now)?);

        let (path, content) = (path.clone(), Arc::clone(&pem));
        let tls = self.0.tls.load_full();
        let written = tokio::task::spawn_blocking(move || {
            write_file(&path, content.as_bytes(), false)
                .map_err(|source| CertifyError::List { path, source })?;
            if let Some(tls) = tls
                && let Err(error) = tls.reload()
            {
                // The reload task will report and repeat it; connections keep the list before.
                tracing::error!(error = %common::telemetry::Chain(&error), "the new revocation list is not in use yet");
                tls.nudge();
            }
            Ok::<_, CertifyError>(())
        });
        written.await.map_err(CertifyError::Interrupted)??;
        self.0.crl.store(pem);
        tracing::info!(
            crl.number = number,
            revoked = revoked.len(),
            "revocation lists published"
        );
        *published = Some(Published { at: now, revoked });
        Ok(())
    }
}

/// Runs `work` to its end, whatever becomes of the caller: a revocation without its list would be none.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = Result<T, CertifyError>> + Send + 'static,
) -> Result<T, CertifyError> {
    tokio::spawn(work)
        .await
        .map_err(CertifyError::Interrupted)?
}
