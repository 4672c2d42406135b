//! Certificates: first ones by one-time code, renewals, those that another authority issued; revocation.

mod lists;

use std::{path::PathBuf, sync::Arc};

use arc_swap::{ArcSwap, ArcSwapOption};
use async_trait::async_trait;
use auth_client::api::{Certificate, IssuedCertificate, RecordCertificate};
use common::{
    clock::SharedClock,
    ids::ConnectorId,
    tls::{PeerCertificate, RecordedCertificates, TlsStore},
};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{
    client::Client,
    directory::Directory,
    registrar::Actor,
    secrets::{self, SecretHash},
    store::{AccountsError, CertificateRecord, Duplicate, Store},
    throttle::Rate,
};
use crate::ca::{
    Authority, CaError, CsrError, RequestedKey, Source,
    external::{self, ExternalError},
};

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
    /// The client has had too many of late.
    #[error("too many certificates were renewed for this client; the next may be in {0:?}")]
    Throttled(std::time::Duration),
    /// The key belongs to another client or is compromised.
    #[error("the key cannot be used")]
    Key,
    /// Certificates are another authority's business.
    #[error("certificates come from another authority here")]
    Elsewhere,
    /// What is to be recorded is unusable.
    #[error("the certificate cannot be recorded: {0}")]
    External(#[source] ExternalError),
    /// The other authority's revocation lists are not at hand.
    #[error("there are no revocation lists here: [tls] crl is not configured")]
    NoList,
    /// There is no such certificate of ours.
    #[error("there is no such certificate")]
    Unknown,
    /// The authority failed.
    #[error(transparent)]
    Authority(#[from] CaError),
    /// The database failed.
    #[error(transparent)]
    Store(AccountsError),
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

impl From<AccountsError> for CertifyError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Duplicate(Duplicate::Key) => Self::Key,
            AccountsError::Revoked => Self::NotRenewable,
            other => Self::Store(other),
        }
    }
}

/// Issues and revokes. Shared by all requests.
#[derive(Debug, Clone)]
pub struct Certifier(Arc<Inner>);

/// What the current list says.
#[derive(Debug)]
struct Published {
    at: OffsetDateTime,
    revoked: Vec<(String, OffsetDateTime)>,
}

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    source: Source,
    clock: SharedClock,
    renewals: Rate<SecretHash>,
    crl: ArcSwap<String>,
    tls: ArcSwapOption<TlsStore>,
    /// What the current list says; held while the next one is made, so that lists appear in the order of their numbers.
    published: Mutex<Option<Published>>,
}

impl Certifier {
    /// A certifier of certificates from `source`.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        source: Source,
        clock: SharedClock,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            directory,
            source,
            renewals: Rate::of_renewals(Arc::clone(&clock)),
            clock,
            crl: ArcSwap::default(),
            tls: ArcSwapOption::empty(),
            published: Mutex::default(),
        }))
    }

    /// From now on `tls` reads each new list at once.
    pub fn attach(&self, tls: Arc<TlsStore>) {
        self.0.tls.store(Some(tls));
    }

    /// Whether certificates are issued here.
    pub fn issues(&self) -> bool {
        matches!(self.0.source, Source::Own { .. })
    }

    fn own(&self) -> Result<(&Authority, &PathBuf), CertifyError> {
        match &self.0.source {
            Source::Own { authority, lists } => Ok((authority, lists)),
            Source::Elsewhere { .. } => Err(CertifyError::Elsewhere),
        }
    }

    /// Certificates of the authority, as PEM.
    pub async fn ca_pem(&self) -> Result<String, CertifyError> {
        match &self.0.source {
            Source::Own { authority, .. } => Ok(authority.chain_pem()),
            Source::Elsewhere { ca, .. } => read(ca.clone()).await,
        }
    }

    /// A first certificate for the client that `code` was made for. A code works once; asked again with the same key it
    /// answers the same certificate, for a caller that lost the answer.
    pub async fn enrol(
        &self,
        code: &str,
        csr: &str,
        request_id: Option<String>,
    ) -> Result<IssuedCertificate, CertifyError> {
        let (authority, _) = self.own()?;
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
        let record = authority.issue(&id, &key, now)?;
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
        self.own()?;
        let known = self.0.store.certificate_by_sha256(&current.sha256).await?;
        let known = known
            .filter(|known| known.revoked_at.is_none() && known.subject == *id)
            .ok_or(CertifyError::NotRenewable)?;
        let key = RequestedKey::parse(csr)?;
        let id = self.certifiable(id.as_str())?;
        if let Some(wait) = self.0.renewals.add(secrets::hash(id.as_str())) {
            return Err(CertifyError::Throttled(wait));
        }
        let actor = Actor {
            name: id.to_string(),
            request_id,
        };
        self.issue_and_record(&actor, &id, &key, Some(known.serial))
            .await
            .map(answer)
    }

    /// A certificate for this server itself, in the place of `current`.
    pub async fn issue_own(
        &self,
        id: &ConnectorId,
        csr: &str,
        current: &[u8; 32],
    ) -> Result<IssuedCertificate, CertifyError> {
        self.own()?;
        let key = RequestedKey::parse(csr)?;
        // One that was revoked is replaced all the same, and begins a family.
        let known = self.0.store.certificate_by_sha256(current).await?;
        let parent = known.filter(|known| known.revoked_at.is_none());
        let parent = parent.map(|known| known.serial);
        self.issue_and_record(&Actor::system(), id, &key, parent)
            .await
            .map(answer)
    }

    /// Whose certificate exactly this one is, as long as they may act and it was not withdrawn.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn recorded_certificate(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<Certificate>, AccountsError> {
        let found = self.0.store.certificate_by_sha256(sha256).await?;
        let now = self.0.clock.now();
        Ok(found.filter(|found| {
            found.revoked_at.is_none()
                && now <= found.not_after
                && self.certifiable(found.subject.as_str()).is_ok()
        }))
    }

    async fn issue_and_record(
        &self,
        actor: &Actor,
        id: &ConnectorId,
        key: &RequestedKey,
        parent: Option<String>,
    ) -> Result<CertificateRecord, CertifyError> {
        let now = self.0.clock.now();
        let issued = self.own()?.0.issue(id, key, now)?;
        let record = CertificateRecord { parent, ..issued };
        let event = actor.event(
            now,
            "certificate.renewed",
            id,
            Some(format!("serial {}", record.certificate.serial)),
        );
        self.0.store.record_certificate(&record, &event).await?;
        Ok(record)
    }

    /// Records a certificate that another authority issued to a registered connector or service. One that is recorded already
    /// is answered alike.
    pub async fn record(
        &self,
        actor: Actor,
        id: &ConnectorId,
        body: &RecordCertificate,
    ) -> Result<Certificate, CertifyError> {
        let read = if body.any_name {
            external::read_any(&body.certificate, id)
        } else {
            external::read_recorded(&body.certificate, id)
        };
        let read = read.map_err(CertifyError::External)?;
        let known = self.0.store.certificate_by_sha256(read.sha256()).await?;
        if let Some(known) = known.filter(|known| known.subject == *id) {
            return Ok(known);
        }
        let record = unlike_others(self.0.store.as_ref(), read.into_record()).await?;
        let now = self.0.clock.now();
        let about = format!("serial {}", record.certificate.serial);
        let event = actor.event(now, "certificate.recorded", id, Some(about));
        self.0.store.record_certificate(&record, &event).await?;
        Ok(record.certificate)
    }

    fn certifiable(&self, client_id: &str) -> Result<ConnectorId, CertifyError> {
        let client = self.0.directory.active_client(client_id);
        client
            .as_deref()
            .and_then(Client::dns_name)
            .ok_or_else(|| CertifyError::Barred(client_id.to_owned()))
    }
}

/// Authorities number their certificates each for itself, some from 1. A number that is taken gets the beginning of the
/// certificate's SHA-256 behind it.
///
/// # Errors
/// [`AccountsError`].
pub(super) async fn unlike_others(
    store: &dyn Store,
    mut record: CertificateRecord,
) -> Result<CertificateRecord, AccountsError> {
    let certificate = &mut record.certificate;
    let taken = store.certificate(&certificate.serial).await?;
    if taken.is_some_and(|taken| taken.sha256 != certificate.sha256) {
        let distinct: String = certificate.sha256.chars().take(16).collect();
        certificate.serial = format!("{}-{distinct}", certificate.serial);
    }
    Ok(record)
}

#[async_trait]
impl RecordedCertificates for Certifier {
    async fn recorded(&self, sha256: &[u8; 32]) -> Result<Option<ConnectorId>, String> {
        let found = self.recorded_certificate(sha256).await;
        found
            .map(|found| found.map(|certificate| certificate.subject))
            .map_err(|error| common::telemetry::Chain(&error).to_string())
    }
}

async fn read(path: PathBuf) -> Result<String, CertifyError> {
    let reading = tokio::task::spawn_blocking(move || {
        let text = std::fs::read_to_string(&path);
        text.map_err(|source| CertifyError::Authority(CaError::File { path, source }))
    });
    reading.await.map_err(CertifyError::Interrupted)?
}

fn answer(record: CertificateRecord) -> IssuedCertificate {
    IssuedCertificate {
        certificate: record.chain_pem,
        not_after: record.certificate.not_after,
    }
}
