//! Certificates.

use std::{path::PathBuf, sync::Arc};

use common::{
    clock::SystemClock,
    config::Period,
    tls::{TlsConfig, TlsStore},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tempfile::TempDir;

/// A certificate authority and a folder for its certificates.
pub struct Pki {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            issuer: CertifiedIssuer::self_signed(params, key).expect("an authority"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files of a connector whose certificate carries `name`, `localhost` and 127.0.0.1.
    pub fn config(&self, name: &str) -> TlsConfig {
        let file = uuid::Uuid::new_v4();
        let [certificate, key, ca] =
            ["crt", "key", "ca"].map(|kind| self.path(&format!("{file}.{kind}")));
        let config = TlsConfig {
            reload_interval: Period::seconds(3600),
            ..TlsConfig::new(certificate, key, ca)
        };
        std::fs::write(&config.ca, self.issuer.pem()).expect("a writable folder");
        self.certify(&config, name);
        config
    }

    /// Writes a new key and certificate into the files of `config`.
    pub fn certify(&self, config: &TlsConfig, name: &str) {
        let names = vec![
            name.to_owned(),
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
        ];
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        std::fs::write(&config.certificate, certificate.pem()).expect("a writable folder");
        std::fs::write(&config.key, key.serialize_pem()).expect("a writable folder");
    }

    pub fn store(&self, name: &str) -> Arc<TlsStore> {
        TlsStore::load(&self.config(name), Arc::new(SystemClock)).expect("usable TLS material")
    }
}
