//! Certificates: first ones by one-time code, renewals, those that another authority issued; revocation.

mod lists;

use super::{
    client::Client,
    directory::Directory,
    registrar::Actor,
    secrets,
    store::{CertificateRecord, Duplicate, Store, StoreError},
};
use crate::ca::{
    Authority, CaError, CsrError, RequestedKey, Source,
    external::{self, ExternalError},
};
use arc_swap::{ArcSwap, ArcSwapOption};
use auth_client::api::{Certificate, IssuedCertificate};
use common::{
    clock::SharedClock,
    ids::ConnectorId,
    tls::{PeerCertificate, TlsStore},
};
use lists::Published;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::Mutex;

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
    source: Source,
    clock: SharedClock,
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
        let record = self.own()?.0.issue(id, key, now)?;
        let event = actor.event(
            now,
            kind,
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
        pem: &str,
    ) -> Result<Certificate, CertifyError> {
        let record = external::read(pem, id).map_err(CertifyError::External)?;
        let record = record.into_record();
        let known = self.0.store.certificate(&record.certificate.serial).await?;
        if let Some(known) = known.filter(|known| known.sha256 == record.certificate.sha256) {
            return Ok(known);
        }
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
