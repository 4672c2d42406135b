//! The certificate that another authority issued to a peer: whether it is of any use, before anything is registered.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use auth_client::api::ConnectorRole;
use common::{
    ids::ConnectorId,
    pem,
    tls::{PeerCertificate, is_signed_by, validity},
};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{cli::Role, layout::Layout};

type Certificate = rustls_pki_types::CertificateDer<'static>;

/// A certificate that can be recorded.
pub(super) struct Foreign {
    /// The file's content.
    pub text: String,
    /// As it is recorded.
    pub sha256: String,
    /// The connector that it names, if it names one.
    pub names: Option<ConnectorId>,
    /// Whom it is believed on the word of.
    pub authority: Authority,
}

/// The authority of a certificate.
pub(super) enum Authority {
    /// In the folder of the anchors already.
    Known(PathBuf),
    /// To be put there: the content of its file.
    New(Vec<u8>),
}

impl Foreign {
    /// Reads `certificate`, which is to serve in `role`.
    ///
    /// # Errors
    /// If it is none, does not count now or for `role`, or leads neither to `ca` nor to one of the trial's anchors.
    pub(super) fn read(
        layout: &Layout,
        certificate: &Path,
        ca: Option<&Path>,
        role: Role,
        now: OffsetDateTime,
    ) -> anyhow::Result<Self> {
        let shown = certificate.display();
        let chain = pem::certificates(certificate)?;
        let text = std::fs::read_to_string(certificate)
            .with_context(|| format!("{shown} has to be PEM"))?;
        let no_certificate = || format!("{shown} begins with no X.509 certificate");
        let own = chain.first().with_context(no_certificate)?;
        let peer = PeerCertificate::from_der(own, &std::collections::BTreeMap::new())
            .with_context(no_certificate)?;
        check_time(own, now).with_context(|| format!("{shown} is of no use"))?;
        check_use(own, role).with_context(|| {
            format!(
                "{shown} is of no use for a {}",
                ConnectorRole::from(role).as_str()
            )
        })?;

        let known = anchors(layout);
        let leads_to = |anchor: &[Certificate]| vouches(anchor, &chain);
        let authority = match ca {
            Some(path) => {
                let anchor = pem::certificates(path)?;
                for one in &anchor {
                    check_time(one, now)
                        .with_context(|| format!("{} is of no use", path.display()))?;
                }
                ensure!(
                    leads_to(&anchor),
                    "{shown} does not come from the authority in {}",
                    path.display()
                );
                let same = known.into_iter().find(|(_, held)| *held == anchor);
                match same {
                    Some((file, _)) => Authority::Known(file),
                    None => Authority::New(
                        std::fs::read(path)
                            .with_context(|| format!("cannot read {}", path.display()))?,
                    ),
                }
            }
            None => match known.into_iter().find(|(_, held)| leads_to(held)) {
                Some((file, _)) => Authority::Known(file),
                None => bail!(
                    "nobody would believe {shown}: it comes from no authority in {}; name its authority with --ca",
                    layout.anchors().display()
                ),
            },
        };
        Ok(Self {
            text,
            sha256: peer.sha256_hex(),
            names: peer.connector_id,
            authority,
        })
    }
}

/// The authorities in the trial's folder that can be read.
fn anchors(layout: &Layout) -> Vec<(PathBuf, Vec<Certificate>)> {
    let Ok(entries) = std::fs::read_dir(layout.anchors()) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "pem"))
        .collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|file| Some((file.clone(), pem::certificates(&file).ok()?)))
        .collect()
}

fn check_time(der: &Certificate, now: OffsetDateTime) -> anyhow::Result<()> {
    let range: RangeInclusive<OffsetDateTime> =
        validity(der).context("it is no X.509 certificate")?;
    ensure!(now >= *range.start(), "it counts from {} on", range.start());
    ensure!(now <= *range.end(), "it ran out at {}", range.end());
    Ok(())
}

/// TLS refuses a certificate that says what it is for and leaves this out.
fn check_use(der: &Certificate, role: Role) -> anyhow::Result<()> {
    let (_, parsed) = X509Certificate::from_der(der).context("it is no X.509 certificate")?;
    ensure!(!parsed.is_ca(), "it is an authority's own");
    let Some(usage) = parsed
        .extended_key_usage()
        .context("its extended key usage cannot be read")?
    else {
        return Ok(());
    };
    let (allowed, name) = match role {
        Role::Receiver => (usage.value.client_auth, "clientAuth"),
        Role::Provider => (usage.value.server_auth, "serverAuth"),
    };
    ensure!(
        allowed || usage.value.any,
        "its extended key usage lacks {name}"
    );
    Ok(())
}

/// Whether the first of `chain` was signed by one of `anchor`, directly or by others of either on the way.
fn vouches(anchor: &[Certificate], chain: &[Certificate]) -> bool {
    let Some((own, rest)) = chain.split_first() else {
        return false;
    };
    let mut open: Vec<&Certificate> = rest.iter().collect();
    let mut at = own;
    loop {
        if anchor.iter().any(|issuer| issued(issuer, at)) {
            return true;
        }
        let Some(next) = open.iter().position(|issuer| issued(issuer, at)) else {
            return false;
        };
        at = open.swap_remove(next);
    }
}

fn issued(issuer: &Certificate, der: &Certificate) -> bool {
    X509Certificate::from_der(issuer)
        .is_ok_and(|(_, parsed)| parsed.is_ca() && is_signed_by(der, parsed.public_key()))
}
