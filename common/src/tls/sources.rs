//! Connections to data sources.

use std::sync::Arc;

use rustls::{
    ClientConfig, Error, RootCertStore,
    client::{
        WebPkiServerVerifier,
        danger::{ServerCertVerified, ServerCertVerifier},
    },
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{
    TlsError, TlsStore,
    anchors::{Called, tells_more},
    clock::ClockTime,
    handshake::checks_signatures,
    provider,
    verifiers::ServerVerifier,
};

impl TlsStore {
    /// For connections to data sources, without a certificate of ours: `roots`, and the anchors of scope
    /// [`Scope::Servers`](super::Scope::Servers) with their revocation.
    ///
    /// # Errors
    /// [`TlsError`], where one of `roots` cannot be used.
    pub fn source_client_config(
        self: &Arc<Self>,
        roots: Vec<CertificateDer<'static>>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let time = Arc::new(ClockTime(Arc::clone(&self.clock)));
        let config = ClientConfig::builder_with_details(provider(), time)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(SourceVerifier::new(self, roots)?))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// Accepts data sources: by roots that do not change, or on the word of the anchors that are in use at that moment.
struct SourceVerifier {
    store: Arc<TlsStore>,
    roots: Arc<WebPkiServerVerifier>,
}

impl std::fmt::Debug for SourceVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceVerifier").finish_non_exhaustive()
    }
}

impl SourceVerifier {
    fn new(store: &Arc<TlsStore>, roots: Vec<CertificateDer<'static>>) -> Result<Self, TlsError> {
        let mut usable = RootCertStore::empty();
        for root in roots {
            usable.add(root)?;
        }
        let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(usable), provider());
        Ok(Self {
            store: Arc::clone(store),
            roots: roots.build()?,
        })
    }
}

impl ServerCertVerifier for SourceVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_roots = self.roots.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let Err(refusal) = by_roots else {
            return by_roots;
        };
        let by_anchors =
            ServerVerifier::new(&self.store.current.load().anchors, Called::Sources, None);
        let outcome = by_anchors.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        outcome.map_err(|error| if tells_more(&error) { error } else { refusal })
    }

    checks_signatures!();
}
