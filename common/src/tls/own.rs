//! This process's own certificate, checked as its peers will check it: what nobody accepts is not put in place of what works.

use std::{ops::RangeInclusive, path::Path, sync::Arc, time::Duration};

use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    server::WebPkiClientVerifier,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{PeerCertificate, TlsError, error::OwnError, provider, signature::is_signed_by};
use crate::ids::ConnectorId;

/// What the own certificate may be used as, by its extended key usage and that of its issuers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uses {
    client: bool,
    server: bool,
}

impl Uses {
    /// Whether it may be used towards servers that want one.
    pub(super) fn check_client(self) -> Result<(), OwnError> {
        if self.client {
            Ok(())
        } else {
            Err(OwnError::Use("client"))
        }
    }

    /// Whether it may be used on a listener.
    pub(super) fn check_server(self) -> Result<(), OwnError> {
        if self.server {
            Ok(())
        } else {
            Err(OwnError::Use("server"))
        }
    }
}

/// Checks `chain`, the own certificate first, against all `anchors`; `ca` is where these stand.
pub(super) fn check(
    chain: &[CertificateDer<'_>],
    anchors: &[CertificateDer<'_>],
    ca: &Path,
    now: OffsetDateTime,
) -> Result<Uses, TlsError> {
    let parsed: Option<Vec<_>> = chain.iter().map(|der| parse(der)).collect();
    let parsed = parsed.ok_or(TlsError::Certificate)?;
    let (first, issuers) = parsed.split_first().ok_or(TlsError::Certificate)?;
    check_validity(first, now)?;

    let mut roots = RootCertStore::empty();
    // What of a large bundle cannot be used is told of where the anchors are loaded.
    roots.add_parsable_certificates(anchors.iter().map(|anchor| anchor.clone().into_owned()));
    let roots = Arc::new(roots);
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (leaf, rest) = (&chain[0], &chain[1..]);
    let client = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
        .build()?
        .verify_client_cert(leaf, rest, at)
        .map(drop);
    // The name is looked at last; which names it has to have is not for TLS to know.
    let name = ServerName::try_from("localhost").map_err(|_| TlsError::Certificate)?;
    let server = WebPkiServerVerifier::builder_with_provider(roots, provider())
        .build()?
        .verify_server_cert(leaf, rest, &name, &[], at)
        .map(drop)
        .or_else(|error| if is_name(&error) { Ok(()) } else { Err(error) });
    let uses = Uses {
        client: client.is_ok(),
        server: server.is_ok(),
    };
    let (Err(as_client), Err(as_server)) = (client, server) else {
        return Ok(uses);
    };
    let error = if is_purpose(&as_client) {
        as_server
    } else {
        as_client
    };
    Err(explain(error, first, issuers, anchors, (ca, now)).into())
}

/// Whether `fresh`, found good by itself, may replace `current`.
pub(super) fn check_replaces(
    fresh: (&PeerCertificate, Uses),
    current: (&PeerCertificate, Uses),
) -> Result<(), OwnError> {
    let ((fresh, new), (current, old)) = (fresh, current);
    let name = |id: &Option<ConnectorId>| {
        id.as_ref()
            .map_or_else(|| "nobody".to_owned(), ToString::to_string)
    };
    if fresh.connector_id != current.connector_id {
        return Err(OwnError::Renamed {
            was: name(&current.connector_id),
            is: name(&fresh.connector_id),
        });
    }
    if old.client && !new.client {
        return Err(OwnError::UseLost("client"));
    }
    if old.server && !new.server {
        return Err(OwnError::UseLost("server"));
    }
    Ok(())
}

/// From when to when the certificate `der` is valid; `None` where it is no X.509 certificate.
pub fn validity(der: &CertificateDer<'_>) -> Option<RangeInclusive<OffsetDateTime>> {
    let parsed = parse(der)?;
    let validity = parsed.validity();
    Some(validity.not_before.to_datetime()..=validity.not_after.to_datetime())
}

fn parse<'d>(der: &'d CertificateDer<'_>) -> Option<X509Certificate<'d>> {
    X509Certificate::from_der(der)
        .ok()
        .map(|(_, parsed)| parsed)
}

fn check_validity(certificate: &X509Certificate<'_>, now: OffsetDateTime) -> Result<(), OwnError> {
    let from = certificate.validity().not_before.to_datetime();
    let until = certificate.validity().not_after.to_datetime();
    if (from..=until).contains(&now) {
        return Ok(());
    }
    Err(OwnError::NotValidNow {
        subject: certificate.subject().to_string(),
        from,
        until,
        now,
    })
}

fn is_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        error,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    )
}

fn is_purpose(error: &Error) -> bool {
    use CertificateError::{InvalidPurpose, InvalidPurposeContext};
    matches!(
        error,
        Error::InvalidCertificate(InvalidPurpose | InvalidPurposeContext { .. })
    )
}

/// Says what an operator can do something about.
fn explain(
    error: Error,
    first: &X509Certificate<'_>,
    issuers: &[X509Certificate<'_>],
    anchors: &[CertificateDer<'_>],
    (ca, now): (&Path, OffsetDateTime),
) -> OwnError {
    if is_purpose(&error) {
        return OwnError::NoUse;
    }
    let is_broken = [
        CertificateError::UnknownIssuer,
        CertificateError::BadSignature,
    ]
    .map(Error::InvalidCertificate)
    .contains(&error);
    if is_broken {
        return OwnError::NoAnchor {
            ca: ca.into(),
            reason: end_of_chain(first, issuers, anchors),
        };
    }
    // The first was looked at before.
    let outlived = issuers
        .iter()
        .find_map(|one| check_validity(one, now).err());
    outlived.unwrap_or(OwnError::Refused(error))
}

/// Where the chain from `first` on ends before it reaches one of `anchors`.
fn end_of_chain(
    first: &X509Certificate<'_>,
    issuers: &[X509Certificate<'_>],
    anchors: &[CertificateDer<'_>],
) -> String {
    let mut current = first;
    // No chain is longer than its certificates; one that leads in circles is.
    for _ in 0..=issuers.len() {
        let wanted = current.issuer();
        let is_wanted = |one: &X509Certificate<'_>| one.subject().as_raw() == wanted.as_raw();
        if anchors
            .iter()
            .filter_map(parse)
            .any(|anchor| is_wanted(&anchor))
        {
            return format!("{wanted} is in it with another key");
        }
        if is_wanted(current) {
            return format!("{wanted} signed itself and is not in it");
        }
        let mut named = issuers.iter().filter(|one| is_wanted(one)).peekable();
        if named.peek().is_none() {
            return format!("intermediate {wanted} is missing");
        }
        match named.find(|one| is_signed_by(current.as_raw(), one.public_key())) {
            Some(issuer) => current = issuer,
            None => return format!("intermediate {wanted} is there with another key"),
        }
    }
    "its issuers lead in circles".to_owned()
}
