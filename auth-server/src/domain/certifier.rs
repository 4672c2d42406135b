//! Certificates: first ones by one-time code, renewals, revocation, and the lists that tell of it.

use super::{
    client::Client,
    directory::Directory,
    registrar::Actor,
    secrets,
    store::{CertificateRecord, Duplicate, Store, StoreError},
};
use crate::ca::{Authority, CaError, CsrError, RequestedKey, RevokedEntry};
use arc_swap::{ArcSwap, ArcSwapOption};
use auth_client::api::{Certificate, IssuedCertificate};
use common::{
    clock::{SharedClock, unix_millis},
    config::write_file,
    ids::ConnectorId,
    tls::{PeerCertificate, TlsStore},
};
use std::{future::Future, path::PathBuf, sync::Arc};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// 1 d: a revoked certificate stays on the list this much longer than it lives, for clocks that are behind.
const LISTED_AFTER_END: Duration = Duration::days(1);

/// Why no certificate was issued or revoked.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The request is unusable.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// The code is unknown, spent or too old; which of them is nobody's business.
    #[error("the one-time code does not count")]
    Code,
    /// The client or its participant is suspended, or it isn't one that has certificates.
    #[error("{0} may not have a certificate now")]
    Barred(String),
    /// The certificate that the request came with is not one to be renewed.
    #[error("this certificate cannot be renewed here")]
    NotRenewable,
    /// The key belongs to another client or is compromised.
    #[error("the key cannot be used")]
    Key,
    /// There is no such certificate of ours.
    #[error("there is no such certificate")]
    Unknown,
    /// The authority failed.
    #[error(transparent)]
    Authority(#[from] CaError),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
    /// The revocation list could not be written.
    #[error("the revocation list cannot be written to {}", path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The work was stopped, as at a shutdown.
    #[error("the work was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl From<StoreError> for CertifyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(Duplicate::Key) => Self::Key,
            other => Self::Store(other),
        }
    }
}

/// Issues and revokes. Shared by all requests.
#[derive(Debug, Clone)]
pub struct Certifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    authority: Authority,
    clock: SharedClock,
    crl_path: PathBuf,
    crl: ArcSwap<String>,
    tls: ArcSwapOption<TlsStore>,
    /// What the current list says; held while the next one is made, so that lists appear in the order of their numbers.
    published: Mutex<Option<Published>>,
}

#[derive(Debug)]
struct Published {
    at: OffsetDateTime,
    revoked: Vec<(String, OffsetDateTime)>,
}

impl Certifier {
    /// A certifier that writes its lists to `crl_path`.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        authority: Authority,
        clock: SharedClock,
        crl_path: PathBuf,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            directory,
            authority,
            clock,
            crl_path,
            crl: ArcSwap::default(),
            tls: ArcSwapOption::empty(),
            published: Mutex::default(),
        }))
    }

    /// From now on `tls` reads each new list at once.
    pub fn attach(&self, tls: Arc<TlsStore>) {
        self.0.tls.store(Some(tls));
    }

    /// The authority.
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// The current lists, as PEM; empty before the first was published.
    pub fn crl_pem(&self) -> Arc<String> {
        self.0.crl.load_full()
    }

    /// A first certificate for the client that `code` was made for. A code works once; asked again with the same key it
    /// answers the same certificate, for a caller that lost the answer.
    pub async fn enrol(
        &self,
        code: &str,
        csr: &str,
        request_id: Option<String>,
    ) -> Result<IssuedCertificate, CertifyError> {
        let key = RequestedKey::parse(csr)?;
        let hash = secrets::hash(code);
        let kept = self.0.store.code(&hash).await?.ok_or(CertifyError::Code)?;
        let now = self.0.clock.now();
        if now >= kept.expires_at {
            return Err(CertifyError::Code);
        }
        let id = self.certifiable(&kept.client_id)?;
        if let Some(spent_on) = kept.spent_on {
            let is_same = spent_on.spki_sha256 == key.spki_sha256;
            return if is_same && spent_on.certificate.revoked_at.is_none() {
                Ok(answer(spent_on))
            } else {
                Err(CertifyError::Code)
            };
        }
        let record = self.0.authority.issue(&id, &key, now)?;
        let actor = Actor {
            name: id.to_string(),
            request_id,
        };
        let event = actor.event(
            now,
            "certificate.issued",
            &id,
            Some(format!("serial {}", record.certificate.serial)),
        );
        if !self
            .0
            .store
            .record_enrolment(&hash, &record, &event)
            .await?
        {
            return Err(CertifyError::Code);
        }
        Ok(answer(record))
    }

    /// A new certificate for the holder of `current`.
    pub async fn renew(
        &self,
        current: &PeerCertificate,
        id: &ConnectorId,
        csr: &str,
        request_id: Option<String>,
    ) -> Result<IssuedCertificate, CertifyError> {
        let known = self
            .0
            .store
            .certificate(&hex::encode(&current.serial))
            .await?;
        let genuine = known.is_some_and(|known| {
            known.revoked_at.is_none()
                && known.sha256 == current.sha256_hex()
                && known.subject == *id
        });
        if !genuine {
            return Err(CertifyError::NotRenewable);
        }
        let key = RequestedKey::parse(csr)?;
        let id = self.certifiable(id.as_str())?;
        let actor = Actor {
            name: id.to_string(),
            request_id,
        };
        self.issue_and_record(&actor, &id, &key, "certificate.renewed")
            .await
            .map(answer)
    }

    /// A certificate for this server itself.
    pub async fn issue_own(
        &self,
        id: &ConnectorId,
        csr: &str,
    ) -> Result<IssuedCertificate, CertifyError> {
        let key = RequestedKey::parse(csr)?;
        self.issue_and_record(&Actor::system(), id, &key, "certificate.renewed")
            .await
            .map(answer)
    }

    async fn issue_and_record(
        &self,
        actor: &Actor,
        id: &ConnectorId,
        key: &RequestedKey,
        kind: &str,
    ) -> Result<CertificateRecord, CertifyError> {
        let now = self.0.clock.now();
        let record = self.0.authority.issue(id, key, now)?;
        let event = actor.event(
            now,
            kind,
            id,
            Some(format!("serial {}", record.certificate.serial)),
        );
        self.0.store.record_certificate(&record, &event).await?;
        Ok(record)
    }

    /// Revokes a certificate and publishes the list that says so.
    pub async fn revoke(
        &self,
        actor: Actor,
        serial: String,
        reason: String,
        compromised: bool,
    ) -> Result<Certificate, CertifyError> {
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
        let refresh = self.0.authority.config().crl_refresh.get();
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
        let pem = Arc::new(self.0.authority.crl_pem(&entries, number, now)?);

        let (path, content) = (self.0.crl_path.clone(), Arc::clone(&pem));
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

    fn certifiable(&self, client_id: &str) -> Result<ConnectorId, CertifyError> {
        let client = self.0.directory.active_client(client_id);
        client
            .as_deref()
            .and_then(Client::dns_name)
            .ok_or_else(|| CertifyError::Barred(client_id.to_owned()))
    }
}

fn answer(record: CertificateRecord) -> IssuedCertificate {
    IssuedCertificate {
        certificate: record.chain_pem,
        not_after: record.certificate.not_after,
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
