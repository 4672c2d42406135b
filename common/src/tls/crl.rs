//! Revocation lists: reading, checking, fetching.

use std::{collections::HashSet, path::Path};

use bytes::Bytes;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use url::Url;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::peer::serial;
use crate::{http::client, pem};

/// Longest revocation list that is read, in bytes: about 400,000 revoked certificates.
const MAX_CRL: usize = 16 << 20;

/// Why a revocation list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// It is no X.509 CRL.
    #[error("a revocation list is malformed")]
    Malformed,
    /// No authority that we trust signed it.
    #[error("a revocation list is not signed by a trusted authority")]
    Signature,
    /// It is older than the one in use.
    #[error("a revocation list is older than the one in use")]
    Older,
    /// It could not be fetched.
    #[error("cannot fetch the revocation list from {url}")]
    Fetch {
        /// Where it was asked for.
        url: Url,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It could not be stored.
    #[error("cannot store the revocation list")]
    Store(#[source] std::io::Error),
}

/// What the lists in use say.
#[derive(Debug, Default, Clone)]
pub(super) struct Revocations {
    revoked: HashSet<(Bytes, Bytes)>,
    /// When the first of the lists should have been replaced.
    pub(super) next_update: Option<OffsetDateTime>,
    /// When the newest was issued.
    pub(super) this_update: Option<OffsetDateTime>,
}

impl Revocations {
    /// Reads `lists`, each of which one of `authorities` must have signed.
    pub(super) fn read(
        lists: &[CertificateRevocationListDer<'_>],
        authorities: &[CertificateDer<'_>],
    ) -> Result<Self, CrlError> {
        let authorities: Vec<_> = authorities
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok())
            .map(|(_, c)| c)
            .collect();
        let mut all = Self::default();
        for list in lists {
            let (_, list) =
                CertificateRevocationList::from_der(list).map_err(|_| CrlError::Malformed)?;
            let signed = authorities
                .iter()
                .filter(|a| a.subject().as_raw() == list.issuer().as_raw())
                .any(|a| list.verify_signature(a.public_key()).is_ok());
            if !signed {
                return Err(CrlError::Signature);
            }
            let issuer = Bytes::copy_from_slice(list.issuer().as_raw());
            all.revoked.extend(
                list.iter_revoked_certificates()
                    .map(|r| (issuer.clone(), serial(r.raw_serial()))),
            );
            let next = list.next_update().map(|t| t.to_datetime());
            all.next_update = [all.next_update, next].into_iter().flatten().min();
            all.this_update = [all.this_update, Some(list.last_update().to_datetime())]
                .into_iter()
                .flatten()
                .max();
        }
        Ok(all)
    }

    pub(super) fn contains(&self, issuer: &Bytes, serial: &Bytes) -> bool {
        !self.revoked.is_empty() && self.revoked.contains(&(issuer.clone(), serial.clone()))
    }
}

/// Fetches the lists from `url` into the file at `path`; nothing is replaced by a list that `check` refuses.
pub(super) async fn fetch(
    url: &Url,
    path: &Path,
    check: impl Fn(&[CertificateRevocationListDer<'_>]) -> Result<(), CrlError>,
) -> Result<(), CrlError> {
    let error = |source: Box<dyn std::error::Error + Send + Sync>| CrlError::Fetch {
        url: url.clone(),
        source,
    };
    let http = client::plain().map_err(|e| error(e.into()))?;
    let answer = http
        .get(url.clone())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|e| error(e.without_url().into()))?;
    let text = client::read_limited(answer, MAX_CRL)
        .await
        .map_err(|e| error(e.into()))?;
    let lists = pem::parse_crls(&text).map_err(|_| CrlError::Malformed)?;
    if lists.is_empty() {
        return Err(CrlError::Malformed);
    }
    check(&lists)?;
    let path = path.to_owned();
    let stored =
        tokio::task::spawn_blocking(move || crate::config::write_file(&path, &text, false)).await;
    stored
        .map_err(|e| CrlError::Store(std::io::Error::other(e)))?
        .map_err(CrlError::Store)
}
