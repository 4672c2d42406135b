//! An authority, certificates and revocation lists as files.

use std::{path::PathBuf, sync::Arc};

use common::{
    clock::SystemClock,
    config::Period,
    tls::{TlsConfig, TlsStore},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

#[derive(Default)]
pub struct Leaf {
    pub names: Vec<&'static str>,
    pub serial: u64,
    pub usages: Option<Vec<ExtendedKeyUsagePurpose>>,
    pub from_days: Option<i64>,
    pub until_days: Option<i64>,
    pub until_seconds: Option<i64>,
}

impl Leaf {
    /// A good one with this serial number.
    pub fn numbered(serial: u64) -> Self {
        Self {
            serial,
            ..Self::default()
        }
    }
}

pub fn now() -> OffsetDateTime {
    use common::clock::Clock as _;
    SystemClock.now()
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self {
            issuer: CertifiedIssuer::self_signed(params(name), key).expect("an authority"),
        }
    }

    /// An authority below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let signed = CertifiedIssuer::signed_by(params(name), key, &self.issuer);
        Self {
            issuer: signed.expect("an authority"),
        }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn leaf(&self, leaf: Leaf) -> (String, String) {
        let names = if leaf.names.is_empty() {
            vec!["peer.example", "localhost"]
        } else {
            leaf.names
        };
        let mut params =
            CertificateParams::new(names.into_iter().map(String::from).collect::<Vec<_>>())
                .expect("names");
        params.serial_number = Some(SerialNumber::from(leaf.serial.max(1)));
        params.not_before = now() + time::Duration::days(leaf.from_days.unwrap_or(-1));
        params.not_after = now()
            + time::Duration::days(leaf.until_days.unwrap_or(1))
            + time::Duration::seconds(leaf.until_seconds.unwrap_or(0));
        params.extended_key_usages = leaf.usages.unwrap_or_else(|| {
            vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ]
        });
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    pub fn crl(&self, number: u64, revoked: &[u64]) -> String {
        CertificateRevocationListParams {
            this_update: now()
                + time::Duration::seconds(i64::try_from(number).expect("small") - 100),
            next_update: now() + time::Duration::days(1),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: now(),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)
        .expect("a revocation list")
        .pem()
        .expect("a PEM text")
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub struct Files {
    pub folder: tempfile::TempDir,
}

impl Files {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a writable folder");
        path
    }

    pub fn config(
        &self,
        name: &str,
        (certificate, key): &(String, String),
        ca: &Authority,
        crl: Option<&str>,
    ) -> TlsConfig {
        let put = |kind: &str, text: &str| self.put(&format!("{name}.{kind}"), text);
        TlsConfig {
            crl: crl.map(|text| put("crl", text)),
            reload_interval: Period::seconds(3600),
            crl_grace: Period::seconds(0),
            ..TlsConfig::new(
                put("crt", certificate),
                put("key", key),
                put("ca", &ca.issuer.pem()),
            )
        }
    }
}

impl Files {
    /// With a new certificate of `ca`, and without revocation lists.
    pub fn client(&self, name: &str, leaf: Leaf, ca: &Authority) -> Arc<TlsStore> {
        store(&self.config(name, &ca.leaf(leaf), ca, None))
    }
}

pub fn store(config: &TlsConfig) -> Arc<TlsStore> {
    TlsStore::load(config, Arc::new(SystemClock)).expect("usable TLS material")
}
