//! Revocation lists: reading, checking, fetching.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use url::Url;
use x509_parser::{
    objects::{oid_registry, oid2sn},
    prelude::{CertificateRevocationList, FromDer, X509Certificate},
};

use super::{config::ListConfig, peer::serial, signature::Signature};
use crate::{http::client, pem};

/// Longest revocation list that is read, in bytes: about 400,000 revoked certificates.
const MAX_CRL: usize = 16 << 20;

/// Why a revocation list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// It is no X.509 CRL.
    #[error("a revocation list is malformed")]
    Malformed,
    /// It is signed in a way that cannot be checked here, nor in a handshake.
    #[error(
        "the signature of the revocation list of {issuer} cannot be verified: it is made with {algorithm}"
    )]
    Unverifiable {
        /// Whose list it is.
        issuer: String,
        /// How it is signed.
        algorithm: String,
    },
    /// No authority that we trust signed it.
    #[error("a revocation list is not signed by a trusted authority")]
    Signature,
    /// None of the lists is of an authority that we trust.
    #[error("there is no revocation list of a trusted authority")]
    Foreign,
    /// It is older than the one in use.
    #[error("a revocation list is older than the one in use")]
    Older,
    /// An authority has a list in use and none here.
    #[error("the revocation list of an authority that has one in use is missing")]
    Missing,
    /// It could not be fetched.
    #[error("cannot fetch the revocation list from {url}")]
    Fetch {
        /// Where it was asked for.
        url: Url,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Whose lists count cannot be read.
    #[error(transparent)]
    Authorities(pem::PemError),
    /// It could not be stored.
    #[error("cannot store the revocation list")]
    Store(#[source] std::io::Error),
}

/// What the lists in use say.
#[derive(Debug, Default, Clone)]
pub struct Revocations {
    revoked: HashSet<(Bytes, Bytes)>,
    /// When the first of the lists should have been replaced.
    next_update: Option<OffsetDateTime>,
    /// When the list of each authority was issued.
    issued: HashMap<Bytes, OffsetDateTime>,
}

impl Revocations {
    /// Reads `lists`. Those of authorities that are not among `authorities` say nothing about certificates that we
    /// would trust and are passed over: an authority that is new to others must not keep the lists of ours away.
    pub fn read(
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
            let der = list;
            let (_, list) =
                CertificateRevocationList::from_der(der).map_err(|_| CrlError::Malformed)?;
            let named: Vec<_> = authorities
                .iter()
                .filter(|a| a.subject().as_raw() == list.issuer().as_raw())
                .map(|a| Signature::check(der, a.public_key()))
                .collect();
            if named.is_empty() {
                tracing::debug!(issuer = %list.issuer(), "a revocation list of an authority that does not matter here");
                continue;
            }
            if !named.contains(&Signature::Good) {
                return Err(if named.contains(&Signature::Unknown) {
                    unverifiable(&list)
                } else {
                    CrlError::Signature
                });
            }
            all.take(&list);
        }
        if all.issued.is_empty() && !lists.is_empty() {
            return Err(CrlError::Foreign);
        }
        Ok(all)
    }

    /// Removes from `lists` those of authorities that are not among `authorities`.
    pub(super) fn retain_known(
        lists: &mut Vec<CertificateRevocationListDer<'static>>,
        authorities: &[CertificateDer<'_>],
    ) {
        let names: HashSet<Bytes> = authorities
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok())
            .map(|(_, c)| Bytes::copy_from_slice(c.subject().as_raw()))
            .collect();
        // One that cannot be read stays, and is refused as such.
        lists.retain(|list| issuer(list).map_or(true, |issuer| names.contains(&issuer)));
    }

    fn take(&mut self, list: &CertificateRevocationList<'_>) {
        let issuer = Bytes::copy_from_slice(list.issuer().as_raw());
        self.revoked.extend(
            list.iter_revoked_certificates()
                .map(|r| (issuer.clone(), serial(r.raw_serial()))),
        );
        let next = list.next_update().map(|t| t.to_datetime());
        self.next_update = [self.next_update, next].into_iter().flatten().min();
        let made = list.last_update().to_datetime();
        let newest = self.issued.entry(issuer).or_insert(made);
        *newest = made.max(*newest);
    }

    /// Whether these may replace `current` at `now`: for no authority an older list, and none gone. A list of the future, made
    /// while the authority's clock was ahead, does not keep away all others until then.
    pub(super) fn check_replaces(
        &self,
        current: &Self,
        now: OffsetDateTime,
    ) -> Result<(), CrlError> {
        for (issuer, in_use) in &current.issued {
            match self.issued.get(issuer) {
                None => return Err(CrlError::Missing),
                Some(issued) if issued < in_use && *in_use <= now => {
                    return Err(CrlError::Older);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Whether none is older than in `current`, which may hold others besides.
    pub(super) fn check_not_older(
        &self,
        current: &Self,
        now: OffsetDateTime,
    ) -> Result<(), CrlError> {
        let is_older = |(issuer, issued): (&Bytes, &OffsetDateTime)| {
            current
                .issued
                .get(issuer)
                .is_some_and(|in_use| issued < in_use && *in_use <= now)
        };
        if self.issued.iter().any(is_older) {
            return Err(CrlError::Older);
        }
        Ok(())
    }

    /// Whether there is a list of each of `authorities`.
    pub(super) fn covers(&self, authorities: &[CertificateDer<'_>]) -> bool {
        authorities
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok())
            .all(|(_, authority)| self.issued.contains_key(authority.subject().as_raw()))
    }

    /// Whether one of the lists should have been replaced before `now`.
    pub(super) fn is_outdated(&self, now: OffsetDateTime, grace: Duration) -> bool {
        self.next_update.is_some_and(|at| now > at + grace)
    }

    pub(super) fn contains(&self, issuer: &Bytes, serial: &Bytes) -> bool {
        !self.revoked.is_empty() && self.revoked.contains(&(issuer.clone(), serial.clone()))
    }
}

fn unverifiable(list: &CertificateRevocationList<'_>) -> CrlError {
    let algorithm = &list.signature_algorithm.algorithm;
    let name = oid2sn(algorithm, oid_registry());
    CrlError::Unverifiable {
        issuer: list.issuer().to_string(),
        algorithm: name.map_or_else(|_| algorithm.to_string(), ToOwned::to_owned),
    }
}

/// Fetches lists. The client is kept while it works: one is made of all trust anchors of the operating system, some
/// hundred files, which a new one reads again.
#[derive(Debug, Default)]
pub(super) struct Fetcher(Option<reqwest::Client>);

impl Fetcher {
    /// Fetches the lists of `source` into its file. A list replaces those of the same issuer, and the others stay: an authority
    /// with an intermediate publishes at two addresses, and one of them may be out of order. `in_use` stands in for a file that
    /// cannot be read. Nothing is replaced by what `check` refuses.
    ///
    /// # Errors
    /// The first of the failures; what the other addresses gave is in the file all the same.
    pub(super) async fn fetch(
        &mut self,
        source: &ListConfig,
        in_use: &[CertificateRevocationListDer<'static>],
        check: impl Fn(&[CertificateRevocationListDer<'static>]) -> Result<(), CrlError>,
    ) -> Result<(), CrlError> {
        let Some(first) = source.url.first() else {
            return Ok(());
        };
        let http = match self.0.take() {
            Some(http) => http,
            None => client::plain().map_err(|error| CrlError::Fetch {
                url: first.clone(),
                source: error.into(),
            })?,
        };
        let file = source.file.clone();
        let stored = tokio::task::spawn_blocking(move || pem::crls(&file).ok()).await;
        let stored = stored.map_err(|error| CrlError::Store(std::io::Error::other(error)))?;
        let mut lists = stored.clone().unwrap_or_else(|| in_use.to_vec());
        let mut failure = None;
        for url in &source.url {
            let replaced = async {
                let fetched = ask(&http, url).await?;
                let lists = replace(&lists, fetched)?;
                check(&lists)?;
                Ok(lists)
            };
            match replaced.await {
                Ok(replaced) => lists = replaced,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if !lists.is_empty() && stored.as_ref() != Some(&lists) && check(&lists).is_ok() {
            keep(source.file.clone(), lists).await?;
        }
        if let Some(error) = failure {
            return Err(error);
        }
        self.0 = Some(http);
        Ok(())
    }
}

async fn ask(
    http: &reqwest::Client,
    url: &Url,
) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    let error = |source: Box<dyn std::error::Error + Send + Sync>| CrlError::Fetch {
        url: url.clone(),
        source,
    };
    let answer = http
        .get(url.clone())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|e| error(e.without_url().into()))?;
    let content = client::read_limited(answer, MAX_CRL)
        .await
        .map_err(|e| error(e.into()))?;
    let lists = pem::parse_crls(&content).map_err(|e| error(e.into()))?;
    if lists.is_empty() {
        return Err(error("the answer holds no revocation list".into()));
    }
    Ok(lists)
}

/// `lists` with those of the issuers of `fresh` replaced by these.
fn replace(
    lists: &[CertificateRevocationListDer<'static>],
    fresh: Vec<CertificateRevocationListDer<'static>>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    let issuers: Result<HashSet<Bytes>, CrlError> = fresh.iter().map(issuer).collect();
    let issuers = issuers?;
    let kept = lists
        .iter()
        .filter(|list| issuer(list).is_ok_and(|issuer| !issuers.contains(&issuer)));
    Ok(kept.cloned().chain(fresh).collect())
}

fn issuer(list: &CertificateRevocationListDer<'_>) -> Result<Bytes, CrlError> {
    let (_, list) = CertificateRevocationList::from_der(list).map_err(|_| CrlError::Malformed)?;
    Ok(Bytes::copy_from_slice(list.issuer().as_raw()))
}

async fn keep(
    path: PathBuf,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> Result<(), CrlError> {
    let stored = tokio::task::spawn_blocking(move || {
        crate::config::write_file(&path, to_pem(&lists).as_bytes(), false)
    });
    stored
        .await
        .map_err(|error| CrlError::Store(std::io::Error::other(error)))?
        .map_err(CrlError::Store)
}

/// Lines of 64 characters (RFC 7468 §2).
pub(super) fn to_pem(lists: &[CertificateRevocationListDer<'_>]) -> String {
    let mut text = String::new();
    for list in lists {
        text.push_str("-----BEGIN X509 CRL-----\n");
        let content = STANDARD.encode(list);
        let mut rest = content.as_str();
        while !rest.is_empty() {
            // Base64 is ASCII: it can be cut anywhere.
            let (line, after) = rest.split_at(rest.len().min(64));
            text.push_str(line);
            text.push('\n');
            rest = after;
        }
        text.push_str("-----END X509 CRL-----\n");
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationList,
        CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod, KeyPair,
        KeyUsagePurpose, RevokedCertParams, SerialNumber,
    };
    use time::{Duration, macros::datetime};

    use super::{
        CertificateDer, CertificateRevocationListDer, CrlError, OffsetDateTime, Revocations,
    };

    const NOW: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

    pub(in crate::tls) struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        pub(in crate::tls) fn new(name: &str) -> Self {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let key = KeyPair::generate().expect("a key");
            Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
        }

        pub(in crate::tls) fn pem(&self) -> String {
            self.0.pem()
        }

        /// Certificate and key of a process.
        pub(in crate::tls) fn leaf(&self) -> (String, String) {
            let params = CertificateParams::new(vec!["own.example".to_owned()]).expect("a name");
            let key = KeyPair::generate().expect("a key");
            let certificate = params.signed_by(&key, &self.0).expect("a certificate");
            (certificate.pem(), key.serialize_pem())
        }

        pub(in crate::tls) fn list_pem(&self, at: OffsetDateTime) -> String {
            let list = self.list_at(at, &[]);
            list.pem().expect("a PEM text")
        }

        fn der(&self) -> CertificateDer<'static> {
            self.0.der().clone()
        }

        /// Issued `hour` hours after [`NOW`], good for a day.
        fn list(&self, hour: i64, revoked: &[u64]) -> CertificateRevocationListDer<'static> {
            self.list_at(NOW + Duration::hours(hour), revoked).into()
        }

        fn list_at(&self, at: OffsetDateTime, revoked: &[u64]) -> CertificateRevocationList {
            let params = CertificateRevocationListParams {
                this_update: at,
                next_update: at + Duration::days(1),
                crl_number: SerialNumber::from(1),
                issuing_distribution_point: None,
                revoked_certs: revoked
                    .iter()
                    .map(|serial| RevokedCertParams {
                        serial_number: SerialNumber::from(*serial),
                        revocation_time: at,
                        reason_code: None,
                        invalidity_date: None,
                    })
                    .collect(),
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(&self.0).expect("a list")
        }
    }

    #[test]
    fn an_older_list_of_one_authority_is_refused_beside_a_newer_one_of_another() {
        let (root, intermediate) = (Authority::new("root"), Authority::new("intermediate"));
        let authorities = [root.der(), intermediate.der()];
        let read = |lists: &[_]| Revocations::read(lists, &authorities).unwrap();
        let current = read(&[root.list(0, &[]), intermediate.list(2, &[66])]);
        let replayed = read(&[root.list(9, &[]), intermediate.list(1, &[])]);
        assert!(matches!(
            replayed.check_replaces(&current, LATER),
            Err(CrlError::Older)
        ));
        let halved = read(&[root.list(9, &[])]);
        assert!(matches!(
            halved.check_replaces(&current, LATER),
            Err(CrlError::Missing)
        ));
        read(&[root.list(0, &[]), intermediate.list(3, &[66])])
            .check_replaces(&current, LATER)
            .unwrap();
    }

    #[test]
    fn a_list_of_the_future_does_not_keep_others_away() {
        let ours = Authority::new("ours");
        let read = |hour| Revocations::read(&[ours.list(hour, &[])], &[ours.der()]).unwrap();
        let (ahead, right) = (read(9), read(1));
        right.check_replaces(&ahead, NOW + Duration::HOUR).unwrap();
        let then = NOW + Duration::hours(9);
        assert!(matches!(
            right.check_replaces(&ahead, then),
            Err(CrlError::Older)
        ));
    }

    #[test]
    fn a_list_of_a_stranger_is_passed_over_but_does_not_count() {
        let (ours, stranger) = (Authority::new("ours"), Authority::new("stranger"));
        let read = |lists: &[_]| Revocations::read(lists, &[ours.der()]);
        let both = read(&[stranger.list(0, &[1]), ours.list(0, &[66])]).unwrap();
        assert_eq!(both.revoked.len(), 1);
        assert!(matches!(
            read(&[stranger.list(0, &[])]),
            Err(CrlError::Foreign)
        ));
        let impostor = Authority::new("ours");
        assert!(matches!(
            read(&[impostor.list(0, &[])]),
            Err(CrlError::Signature)
        ));
    }

    #[test]
    fn the_first_list_that_runs_out_makes_all_outdated() {
        let (root, intermediate) = (Authority::new("root"), Authority::new("intermediate"));
        let lists = [root.list(0, &[]), intermediate.list(5, &[])];
        let all = Revocations::read(&lists, &[root.der(), intermediate.der()]).unwrap();
        let hour = std::time::Duration::from_hours(1);
        assert!(!all.is_outdated(NOW + Duration::hours(25), hour));
        assert!(all.is_outdated(NOW + Duration::hours(25) + Duration::SECOND, hour));
    }
}
