//! Certificate, key, trust anchors and CRLs of one moment, checked, and the configurations made from them.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, ServerConfig, SupportedProtocolVersion,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{
    AnchorConfig, PeerCertificate, TlsConfig, TlsError,
    anchors::{Anchor, Anchors, Authorities, Called},
    clock::ClockTime,
    own::{self, Uses},
    provider,
    verifiers::{ClientVerifier, Ends, ServerVerifier},
};
use crate::{clock::SharedClock, pem, telemetry::Chain};

/// Everything that belongs together at one moment.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) own: PeerCertificate,
    pub(super) uses: Uses,
    pub(super) not_before: OffsetDateTime,
    pub(super) anchors: Anchors,
    pub(super) peer_server: Arc<ServerConfig>,
    pub(super) plain_server: Arc<ServerConfig>,
    /// For the servers of the data space.
    pub(super) client: Arc<ClientConfig>,
    /// When their certificates end.
    pub(super) ends: Arc<Ends>,
    /// For providers.
    pub(super) provider_client: Arc<ClientConfig>,
    /// What the files held, to notice a change.
    pub(super) fingerprint: Fingerprint,
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
        let anchors = config.all_anchors();
        let mut identity: Vec<&Path> = vec![&config.certificate, &config.key];
        identity.extend(anchors.iter().map(|anchor| anchor.ca.as_path()));
        let lists: Vec<&Path> = anchors
            .iter()
            .flat_map(AnchorConfig::lists)
            .map(|list| list.file.as_path())
            .collect();
        Self {
            identity: digest(&identity),
            revocations: digest(&lists),
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

impl Material {
    /// Reads the files of `config`. An anchor beside that of `tls.ca` whose files cannot be used does not keep the others from
    /// being read: it stays as it was in `before`, or vouches for nobody.
    pub(super) fn load(
        config: &TlsConfig,
        clock: &SharedClock,
        before: Option<&Self>,
    ) -> Result<Self, TlsError> {
        let fingerprint = Fingerprint::of(config);
        let chain = pem::certificates(&config.certificate)?;
        let key = provider()
            .key_provider
            .load_private_key(pem::private_key(&config.key)?)?;
        let certified = CertifiedKey::new(chain.clone(), key);
        certified.keys_match()?;

        let own =
            PeerCertificate::from_der(&chain[0], &config.pinned).ok_or(TlsError::Certificate)?;
        let validity = own::validity(&chain[0]).ok_or(TlsError::Certificate)?;
        let uses = own::check(&chain, &roots(config)?, &config.ca, clock.now())?;

        let anchors = load_anchors(config, &chain, clock, before.map(|m| &m.anchors))?;
        let configs = Configs {
            config,
            clock,
            anchors: &anchors,
            certified: Arc::new(certified),
        };
        let ends = Arc::default();
        Ok(Self {
            peer_server: configs.server(true)?,
            plain_server: configs.server(false)?,
            client: configs.client(Called::Infrastructure, Some(&ends))?,
            provider_client: configs.client(Called::Providers, None)?,
            ends,
            own,
            uses,
            not_before: *validity.start(),
            anchors,
            fingerprint,
        })
    }
}

/// Where the own chain may end: at any anchor, for peers of each are among ours.
fn roots(config: &TlsConfig) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut roots = Vec::new();
    for (index, anchor) in config.all_anchors().iter().enumerate() {
        match Authorities::read(anchor, index, &[]) {
            Ok(authorities) => roots.extend(authorities.roots),
            Err(error) if index == 0 => return Err(error.into()),
            // It vouches for nobody, and is told of where the anchors are loaded.
            Err(_) => {}
        }
    }
    Ok(roots)
}

fn load_anchors(
    config: &TlsConfig,
    own_chain: &[CertificateDer<'static>],
    clock: &SharedClock,
    before: Option<&Anchors>,
) -> Result<Anchors, TlsError> {
    let mut ready = Vec::new();
    for (index, anchor) in config.all_anchors().iter().enumerate() {
        let kept = before.and_then(|before| before.get(index));
        let loaded = Anchor::load(anchor, index, own_chain, config, clock).and_then(|fresh| {
            if let Some(kept) = kept {
                fresh
                    .revocations
                    .check_replaces(&kept.revocations, clock.now())?;
            }
            Ok(Arc::new(fresh))
        });
        match (loaded, kept) {
            (Ok(fresh), _) => ready.push((index, fresh)),
            (Err(error), _) if index == 0 => return Err(error),
            (Err(error), Some(kept)) => {
                tracing::error!(anchor = %anchor.ca.display(), error = %Chain(&error), "trust anchor not replaced, the previous stays in use");
                ready.push((index, Arc::clone(kept)));
            }
            (Err(error), None) => {
                tracing::error!(anchor = %anchor.ca.display(), error = %Chain(&error), "trust anchor not usable, none of its certificates is accepted");
            }
        }
    }
    Ok(Anchors(ready))
}

struct Configs<'c> {
    config: &'c TlsConfig,
    clock: &'c SharedClock,
    anchors: &'c Anchors,
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
            builder.with_client_cert_verifier(Arc::new(ClientVerifier::new(self.anchors)))
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
    fn client(
        &self,
        called: Called,
        ends: Option<&Arc<Ends>>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let verifier = ServerVerifier::new(self.anchors, called, ends.cloned());
        let mut client = ClientConfig::builder_with_details(provider(), self.time())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(Arc::clone(
                &self.certified,
            ))));
        client.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(client))
    }
}
