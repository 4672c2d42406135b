//! Whom a handshake accepts: callers and servers for which an anchor vouches.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    CertificateError, DistinguishedName, Error,
    client::danger::{ServerCertVerified, ServerCertVerifier},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    anchors::{Anchor, Anchors, Called, tells_more, unknown_issuer},
    config::Scope,
    handshake::checks_signatures,
    peer::sole_name,
};

/// Accepts callers for which one of the anchors vouches. Whom it vouches for is decided after the handshake.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    anchors: Anchors,
    hints: Vec<DistinguishedName>,
}

impl ClientVerifier {
    pub(super) fn new(anchors: &Anchors) -> Self {
        let mut seen = HashSet::new();
        let hints = anchors
            .0
            .iter()
            .filter(|(_, anchor)| anchor.has_callers())
            .flat_map(|(_, anchor)| anchor.client.root_hint_subjects())
            .filter(|name| seen.insert(name.as_ref().to_vec()))
            .cloned()
            .collect();
        Self {
            anchors: anchors.clone(),
            hints,
        }
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let mut refusal = unknown_issuer();
        for (_, anchor) in self.anchors.0.iter().filter(|(_, one)| one.has_callers()) {
            match anchor.accepts_client(end_entity, intermediates, now) {
                Ok(()) => return Ok(ClientCertVerified::assertion()),
                Err(error) if tells_more(&error) && !tells_more(&refusal) => refusal = error,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    checks_signatures!();
}

/// When the certificates end of servers that were accepted, seconds since 1970: pools of connections that cannot look at a certificate
/// themselves are told by it.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<BTreeSet<i64>>);

/// Few servers are called: each has one certificate, and a new one every other month.
const ENDS: usize = 64;

impl Ends {
    fn note(&self, der: &CertificateDer<'_>) {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return;
        };
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert(certificate.validity().not_after.timestamp());
        if ends.len() > ENDS {
            ends.pop_first();
        }
    }

    /// Whether one of them ended after `since` and before `now`.
    pub(super) fn is_any_between(&self, since: OffsetDateTime, now: OffsetDateTime) -> bool {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, now) = (since.unix_timestamp(), now.unix_timestamp());
        // A certificate is good throughout its last second.
        since < now && ends.range(since..now).next().is_some()
    }
}

/// Accepts servers for which one of the anchors vouches that may vouch for what is called.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    anchors: Anchors,
    called: Called,
    ends: Option<Arc<Ends>>,
}

impl ServerVerifier {
    pub(super) fn new(anchors: &Anchors, called: Called, ends: Option<Arc<Ends>>) -> Self {
        Self {
            anchors: anchors.clone(),
            called,
            ends,
        }
    }

    /// Whether `anchor` may vouch for what is called. What the registry has recorded needs the registry, so it cannot vouch for
    /// the registry itself, nor for what is on the way to it.
    fn may(&self, anchor: &Anchor, end_entity: &CertificateDer<'_>) -> bool {
        match (&anchor.scope, self.called) {
            (Scope::Servers, Called::Sources)
            | (Scope::Registered, Called::Infrastructure | Called::Providers)
            // Whether it names one of them is decided with the pins, after the handshake.
            | (Scope::Recorded | Scope::Servers | Scope::Connectors(_), Called::Providers) => true,
            (Scope::Connectors(ids), Called::Infrastructure) => {
                sole_name(end_entity).is_some_and(|id| ids.contains(&id))
            }
            (Scope::Recorded | Scope::Servers, Called::Infrastructure)
            | (Scope::Registered | Scope::Recorded | Scope::Connectors(_), Called::Sources) => {
                false
            }
        }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut refusal = unknown_issuer();
        for (_, anchor) in &self.anchors.0 {
            match anchor.accepts_server(end_entity, intermediates, server_name, now) {
                Ok(_) if self.may(anchor, end_entity) => {
                    if let Some(ends) = &self.ends {
                        ends.note(end_entity);
                    }
                    return Ok(ServerCertVerified::assertion());
                }
                _ if tells_more(&refusal) => {}
                Ok(_) => {
                    refusal = CertificateError::ApplicationVerificationFailure.into();
                }
                Err(error) if tells_more(&error) => refusal = error,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    checks_signatures!();
}
