//! Certificate, key, trust anchors and CRLs of one moment, checked, and the configurations made from them.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    client::WebPkiServerVerifier,
    server::WebPkiClientVerifier,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;

use super::{
    PeerCertificate, TlsConfig,
    clock::ClockTime,
    crl::{CrlError, Revocations},
    provider,
};
use crate::{
    clock::SharedClock,
    pem::{self, PemError},
};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file is not usable.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The certificate is not one.
    #[error("the certificate cannot be read")]
    Certificate,
    /// The certificate is out of its validity.
    #[error("the certificate is valid from {from} to {until}, not now")]
    NotValidNow {
        /// Start of its validity.
        from: OffsetDateTime,
        /// End of its validity.
        until: OffsetDateTime,
    },
    /// Key and certificate do not belong together, or the chain does not lead to the trust anchors.
    #[error("certificate, key and trust anchors do not fit together")]
    Rustls(#[from] rustls::Error),
    /// The chain cannot be verified against the trust anchors.
    #[error("no verifier can be built from the trust anchors and revocation lists")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    /// A revocation list is not usable.
    #[error(transparent)]
    Crl(#[from] CrlError),
}

/// Everything that belongs together at one moment.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) own: PeerCertificate,
    pub(super) not_before: OffsetDateTime,
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) revocations: Revocations,
    pub(super) peer_server: Arc<ServerConfig>,
    pub(super) plain_server: Arc<ServerConfig>,
    pub(super) client: Arc<ClientConfig>,
    /// What the files held, to notice a change.
    pub(super) fingerprint: Fingerprint,
    /// Whether an outdated revocation list already fails handshakes.
    pub(super) enforcing: bool,
}

/// What the files of a [`TlsConfig`] hold, in a form that changes when they do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// Of certificate, key and trust anchors.
    pub(super) identity: [u8; 32],
    revocations: [u8; 32],
}

impl Fingerprint {
    pub(super) fn of(config: &TlsConfig) -> Self {
        Self {
            identity: digest(&[&config.certificate, &config.key, &config.ca]),
            revocations: digest(config.crl.as_slice()),
        }
    }
}

fn digest(files: &[impl AsRef<Path>]) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    for file in files {
        let content = std::fs::read(file).unwrap_or_default();
        hash.update((content.len() as u64).to_be_bytes());
        hash.update(content);
    }
    hash.finalize().into()
}

/// Whose revocation lists matter: the trust anchors and the intermediates of our own chain.
pub(super) fn authorities(config: &TlsConfig) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain = pem::certificates(&config.certificate)?;
    let mut authorities = pem::certificates(&config.ca)?;
    authorities.extend(chain.into_iter().skip(1));
    Ok(authorities)
}

impl Material {
    pub(super) fn load(config: &TlsConfig, clock: &SharedClock) -> Result<Self, TlsError> {
        let fingerprint = Fingerprint::of(config);
        let chain = pem::certificates(&config.certificate)?;
        let anchors = pem::certificates(&config.ca)?;
        let lists = config
            .crl
            .as_deref()
            .map(pem::crls)
            .transpose()?
            .unwrap_or_default();
        let key = provider()
            .key_provider
            .load_private_key(pem::private_key(&config.key)?)?;
        let certified = CertifiedKey::new(chain.clone(), key);
        certified.keys_match()?;

        let own =
            PeerCertificate::from_der(&chain[0], &config.pinned).ok_or(TlsError::Certificate)?;
        let not_before = validity_start(&chain[0]).ok_or(TlsError::Certificate)?;
        let now = clock.now();
        if now > own.not_after {
            return Err(TlsError::NotValidNow {
                from: not_before,
                until: own.not_after,
            });
        }

        let authorities: Vec<_> = anchors.iter().chain(&chain[1..]).cloned().collect();
        let revocations = Revocations::read(&lists, &authorities)?;
        let enforcing = revocations.is_outdated(now, config.crl_grace.get());

        let mut roots = RootCertStore::empty();
        for anchor in anchors {
            roots.add(anchor)?;
        }
        let roots = Arc::new(roots);
        let configs = Configs {
            config,
            clock,
            roots,
            lists,
            enforcing,
            certified: Arc::new(certified),
        };
        Ok(Self {
            peer_server: configs.server(true)?,
            plain_server: configs.server(false)?,
            client: configs.client()?,
            own,
            not_before,
            authorities,
            revocations,
            fingerprint,
            enforcing,
        })
    }
}

fn validity_start(der: &[u8]) -> Option<OffsetDateTime> {
    use x509_parser::prelude::{FromDer, X509Certificate};
    X509Certificate::from_der(der)
        .ok()
        .map(|(_, c)| c.validity().not_before.to_datetime())
}

struct Configs<'c> {
    config: &'c TlsConfig,
    clock: &'c SharedClock,
    roots: Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    enforcing: bool,
    certified: Arc<CertifiedKey>,
}

impl Configs<'_> {
    fn time(&self) -> Arc<ClockTime> {
        Arc::new(ClockTime(Arc::clone(self.clock)))
    }

    fn server(&self, require_certificate: bool) -> Result<Arc<ServerConfig>, TlsError> {
        let versions: &[&SupportedProtocolVersion] = if self.config.allow_tls12 {
            &[&TLS13, &TLS12]
        } else {
            &[&TLS13]
        };
        let builder = ServerConfig::builder_with_details(provider(), self.time())
            .with_protocol_versions(versions)?;
        let builder = if require_certificate {
            let mut verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), provider())
                    .with_crls(self.lists.clone());
            if self.enforcing {
                verifier = verifier.enforce_revocation_expiration();
            }
            builder.with_client_cert_verifier(verifier.build()?)
        } else {
            builder.with_no_client_auth()
        };
        let mut server = builder.with_cert_resolver(Arc::new(
            rustls::sign::SingleCertAndKey::from(Arc::clone(&self.certified)),
        ));
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A resumed session would skip the check of the client's certificate against a newer revocation list.
        if require_certificate {
            server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }
        Ok(Arc::new(server))
    }

    /// Offers TLS 1.3 and 1.2: the proxies of existing peers have no 1.3 by default.
    fn client(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let mut verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.roots), provider())
                .with_crls(self.lists.clone());
        if self.enforcing {
            verifier = verifier.enforce_revocation_expiration();
        }
        let mut client = ClientConfig::builder_with_details(provider(), self.time())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_webpki_verifier(verifier.build()?)
            .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(Arc::clone(
                &self.certified,
            ))));
        client.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(client))
    }
}
