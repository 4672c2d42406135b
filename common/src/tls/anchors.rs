//! Trust anchors, each with its own revocation and its own scope.
//!
//! One verifier an anchor, tried in turn: a chain that leads to several is good where one of them vouches for it. A verifier of
//! rustls that held all of them would ask for a list of every authority, or of none, and could not say whose word it took.

use std::sync::Arc;

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    TlsConfig, TlsError,
    config::{AnchorConfig, Scope},
    crl::{CrlError, Revocations},
    provider,
};
use crate::{
    clock::SharedClock,
    pem::{self, PemError},
};

/// An authority that is ready to vouch.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) scope: Scope,
    /// Whose lists count.
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) lists: Vec<CertificateRevocationListDer<'static>>,
    pub(super) revocations: Revocations,
    /// Whether an outdated revocation list already fails handshakes.
    pub(super) enforcing: bool,
    pub(super) client: Arc<dyn ClientCertVerifier>,
    server: Arc<WebPkiServerVerifier>,
}

/// The certificates of an anchor's file.
#[derive(Debug)]
pub(super) struct Authorities {
    /// Where chains end.
    pub(super) roots: Vec<CertificateDer<'static>>,
    /// Whose lists count: the roots and the intermediates that are known.
    pub(super) all: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Of the file of the anchor number `index`. In the first, `tls.ca`, every certificate is an anchor, and `own_chain` (our own
    /// certificate and what comes with it) tells the intermediates.
    pub(super) fn read(
        config: &AnchorConfig,
        index: usize,
        own_chain: &[CertificateDer<'static>],
    ) -> Result<Self, PemError> {
        let held = pem::certificates(&config.ca)?;
        if index == 0 {
            let intermediates = own_chain.iter().skip(1);
            return Ok(Self {
                all: held.iter().chain(intermediates).cloned().collect(),
                roots: held,
            });
        }
        let roots: Vec<_> = held.iter().filter(|der| is_root(der)).cloned().collect();
        Ok(Self {
            roots: if roots.is_empty() {
                held.clone()
            } else {
                roots
            },
            all: held,
        })
    }
}

fn is_root(der: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, c)| c.subject().as_raw() == c.issuer().as_raw())
}

impl Anchor {
    /// Reads the files of `config`, the anchor number `index`.
    pub(super) fn load(
        config: &AnchorConfig,
        index: usize,
        own_chain: &[CertificateDer<'static>],
        tls: &TlsConfig,
        clock: &SharedClock,
    ) -> Result<Self, TlsError> {
        let authorities = Authorities::read(config, index, own_chain)?;
        let mut lists = Vec::new();
        for list in config.lists() {
            lists.extend(pem::crls(&list.file)?);
        }
        if index > 0 {
            // What nobody here can check is not handed on: whoever it is about is refused, instead of let in by a list that may
            // be old or anybody's.
            Revocations::retain_known(&mut lists, &authorities.all);
            if lists.is_empty() && !config.lists().is_empty() {
                return Err(CrlError::Foreign.into());
            }
        }
        let revocations = Revocations::read(&lists, &authorities.all)?;
        let enforcing = revocations.is_outdated(clock.now(), tls.crl_grace.get());

        let mut roots = RootCertStore::empty();
        if config.scope == Scope::Servers {
            // A bundle of the operating system may hold one that webpki does not take; the others count.
            let (_, unusable) = roots.add_parsable_certificates(authorities.roots);
            if unusable > 0 {
                tracing::warn!(anchor = %config.ca.display(), unusable, "certificates of an anchor are passed over");
            }
        } else {
            for root in authorities.roots {
                roots.add(root)?;
            }
        }
        let roots = Arc::new(roots);
        let mut client =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
                .with_crls(lists.clone());
        let mut server =
            WebPkiServerVerifier::builder_with_provider(roots, provider()).with_crls(lists.clone());
        if enforcing {
            client = client.enforce_revocation_expiration();
            server = server.enforce_revocation_expiration();
        }
        Ok(Self {
            scope: config.scope.clone(),
            authorities: authorities.all,
            lists,
            revocations,
            enforcing,
            client: client.build()?,
            server: server.build()?,
        })
    }

    /// Whether callers may hold a certificate of it.
    pub(super) fn has_callers(&self) -> bool {
        self.scope != Scope::Servers
    }

    pub(super) fn accepts_client(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        self.client
            .verify_client_cert(end_entity, intermediates, now)
            .map(drop)
    }

    /// Whether it vouches for a server called as `name`.
    pub(super) fn accepts_server(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<Host, Error> {
        let verified = self
            .server
            .verify_server_cert(end_entity, intermediates, name, &[], now);
        match verified {
            Ok(_) => Ok(Host::Named),
            // The name is looked at last, once the chain was found good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.scope == Scope::Recorded => Ok(Host::NotNamed),
            Err(error) => Err(error),
        }
    }
}

/// Whether a server's certificate names the host it was called as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// It does.
    Named,
    /// It does not, and has to be known by other means.
    NotNamed,
}

/// Which servers are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// Those of the data space that everything rests on.
    Infrastructure,
    /// Providers.
    Providers,
    /// Data sources, which are no connectors.
    Sources,
}

/// All anchors of one moment that are ready, with their numbers in the configuration.
#[derive(Debug, Clone)]
pub(super) struct Anchors(pub(super) Vec<(usize, Arc<Anchor>)>);

impl Anchors {
    pub(super) fn get(&self, index: usize) -> Option<&Arc<Anchor>> {
        self.0
            .iter()
            .find(|(at, _)| *at == index)
            .map(|(_, anchor)| anchor)
    }

    /// The anchors that vouch for a caller.
    pub(super) fn of_client<'a>(
        &'a self,
        chain: &'a [CertificateDer<'_>],
        now: UnixTime,
    ) -> impl Iterator<Item = (usize, &'a Anchor)> {
        let (end_entity, intermediates) = split(chain);
        let callers = || self.0.iter().filter(|(_, anchor)| anchor.has_callers());
        // The handshake was good: where there is one, it was that one.
        let is_only = callers().nth(1).is_none();
        callers()
            .filter(move |(_, anchor)| {
                is_only
                    || end_entity.is_some_and(|end_entity| {
                        anchor
                            .accepts_client(end_entity, intermediates, now)
                            .is_ok()
                    })
            })
            .map(|(index, anchor)| (*index, anchor.as_ref()))
    }

    /// The anchors that vouch for a provider called as `name`.
    pub(super) fn of_provider<'a>(
        &'a self,
        chain: &'a [CertificateDer<'_>],
        name: &'a ServerName<'_>,
        now: UnixTime,
    ) -> impl Iterator<Item = (usize, &'a Anchor, Host)> {
        let (end_entity, intermediates) = split(chain);
        let is_only = matches!(&self.0[..], [(_, one)] if one.scope == Scope::Registered);
        self.0.iter().filter_map(move |(index, anchor)| {
            let host = if is_only {
                Host::Named
            } else {
                let verified = anchor.accepts_server(end_entity?, intermediates, name, now);
                verified.ok()?
            };
            Some((*index, anchor.as_ref(), host))
        })
    }
}

fn split<'a, 'd>(
    chain: &'a [CertificateDer<'d>],
) -> (Option<&'a CertificateDer<'d>>, &'a [CertificateDer<'d>]) {
    match chain.split_first() {
        Some((first, rest)) => (Some(first), rest),
        None => (None, &[]),
    }
}

/// Keeps the refusal that tells most: an anchor that a chain does not lead to has nothing to say about it.
pub(super) fn tells_more(kept: &Error) -> bool {
    !matches!(
        kept,
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)
    )
}

pub(super) fn unknown_issuer() -> Error {
    CertificateError::UnknownIssuer.into()
}
