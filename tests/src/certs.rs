//! Certificates that no authority of the trial would issue.

use std::path::Path;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::PrivateKeyDer;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::tls::Identity;

/// An authority whose key the harness holds: one of its own, or the trial's.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The authority's certificate and those above it, PEM, leaf-most first.
    pub chain_pem: String,
}

/// What a certificate should be like; the defaults are those of a good connector certificate.
#[derive(Debug, Clone)]
pub struct Wanted {
    dns_names: Vec<String>,
    usages: Vec<ExtendedKeyUsagePurpose>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// The clock of this machine: certificates are made for real processes that look at it as well.
#[expect(
    clippy::disallowed_methods,
    reason = "the processes under test run on the real clock"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

impl Wanted {
    /// A good certificate for `connector_id`, also valid for `localhost` and 127.0.0.1.
    pub fn good(connector_id: &str) -> Self {
        Self {
            dns_names: vec![connector_id.to_owned(), "localhost".to_owned()],
            usages: vec![
                ExtendedKeyUsagePurpose::ClientAuth,
                ExtendedKeyUsagePurpose::ServerAuth,
            ],
            not_before: now() - Duration::hours(1),
            not_after: now() + Duration::days(1),
        }
    }

    /// Its last day was yesterday.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.not_before = now() - Duration::days(30);
        self.not_after = now() - Duration::days(1);
        self
    }

    /// Its first day is tomorrow.
    #[must_use]
    pub fn not_yet_valid(mut self) -> Self {
        self.not_before = now() + Duration::days(1);
        self.not_after = now() + Duration::days(30);
        self
    }

    /// Good for signing code, and for nothing else.
    #[must_use]
    pub fn with_wrong_usage(mut self) -> Self {
        self.usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        self
    }

    /// With these DNS names instead.
    #[must_use]
    pub fn with_dns_names(mut self, names: &[&str]) -> Self {
        self.dns_names = names.iter().map(|&name| name.to_owned()).collect();
        self
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key can be made")
}

fn foreign() -> (CertificateParams, KeyPair, Certificate) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
    params.distinguished_name.push(
        DnType::CommonName,
        format!("An authority of the harness {}", uuid::Uuid::new_v4()),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = new_key();
    let certificate = params
        .self_signed(&key)
        .expect("the parameters are complete");
    (params, key, certificate)
}

impl Authority {
    /// An authority that nobody trusts.
    pub fn foreign() -> Self {
        let (params, key, certificate) = foreign();
        Self {
            chain_pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Certificate and key of an authority that nobody trusts, PEM, for a program that issues by itself.
    pub fn foreign_pem() -> (String, String) {
        let (_, key, certificate) = foreign();
        (certificate.pem(), key.serialize_pem())
    }

    /// Its revocation list, issued now, with the certificates of these.
    pub fn crl_pem(&self, revoked: &[&Identity]) -> String {
        let serial = |identity: &&Identity| {
            let (_, parsed) =
                X509Certificate::from_der(&identity.chain[0]).expect("it is a certificate");
            SerialNumber::from_slice(parsed.raw_serial())
        };
        let revoked = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: serial(identity),
            revocation_time: now() - Duration::minutes(1),
            reason_code: None,
            invalidity_date: None,
        });
        let made = now();
        let number = u64::try_from(made.unix_timestamp()).expect("it is after 1970");
        let list = CertificateRevocationListParams {
            this_update: made,
            next_update: made + Duration::days(1),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("it is complete");
        list.pem().expect("a list has a PEM form")
    }

    /// The authority in `certificate` with its `key`, PEM files: to issue what the real one refuses to.
    pub fn of_trial(certificate: &Path, key: &Path) -> Self {
        let chain_pem =
            std::fs::read_to_string(certificate).expect("the authority's certificate can be read");
        let key = std::fs::read_to_string(key).expect("the authority's key can be read");
        let key = KeyPair::from_pem(&key).expect("the authority's key can be parsed");
        let issuer =
            Issuer::from_ca_cert_pem(&chain_pem, key).expect("the certificate can be parsed");
        Self { issuer, chain_pem }
    }

    /// Issues a certificate with a new key.
    pub fn issue(&self, wanted: &Wanted) -> Identity {
        let (chain, key) = self.issue_pem(wanted);
        let chain = rustls_pki_types::pem::PemObject::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .expect("rcgen writes PEM");
        let key =
            <PrivateKeyDer as rustls_pki_types::pem::PemObject>::from_pem_slice(key.as_bytes())
                .expect("rcgen writes PEM");
        Identity { chain, key }
    }

    /// Issues a certificate with a new key, both as PEM, the chain up to this authority.
    pub fn issue_pem(&self, wanted: &Wanted) -> (String, String) {
        let mut params =
            CertificateParams::new(wanted.dns_names.clone()).expect("the names are DNS names");
        params
            .subject_alt_names
            .push(SanType::IpAddress([127, 0, 0, 1].into()));
        params
            .distinguished_name
            .push(DnType::CommonName, "made by the harness");
        params.extended_key_usages.clone_from(&wanted.usages);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = wanted.not_before;
        params.not_after = wanted.not_after;
        params.use_authority_key_identifier_extension = true;
        let key = new_key();
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("the parameters are complete");
        (certificate.pem() + &self.chain_pem, key.serialize_pem())
    }
}
