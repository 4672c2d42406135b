use std::{path::Path, sync::Arc};

use common::{
    clock::{ManualClock, SharedClock},
    tls::{PeerCertificate, TlsConfig, TlsStore},
};
use rcgen::CertificateParams;
use time::macros::datetime;

use super::*;
use crate::ca::{create, remake_unbegun};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

struct Fixture {
    folder: tempfile::TempDir,
    authority: Authority,
}

fn fixture(loopback_names: bool) -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let config = CaConfig {
        loopback_names,
        ..CaConfig::new(folder.path().join("ca"))
    };
    create(&CaFiles::new(&config.directory), NOW).expect("an authority");
    let authority = Authority::load(&config).expect("the authority's files");
    Fixture { folder, authority }
}

impl Fixture {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn issue(&self, id: &str) -> (KeyPair, CertificateRecord) {
        let key = KeyPair::generate().expect("a key");
        // The names asked for are not the ones that are given.
        let csr = CertificateParams::new(vec!["evil.example".to_owned()]).expect("names");
        let csr = csr
            .serialize_request(&key)
            .expect("a request")
            .pem()
            .expect("PEM");
        let requested = RequestedKey::parse(&csr).expect("a good request");
        let id = id.parse().expect("a connector ID");
        let issued = self
            .authority
            .issue(&id, &requested, NOW)
            .expect("a certificate");
        (key, issued)
    }
}

fn names(chain_pem: &str) -> (Vec<String>, bool, bool) {
    let (_, block) = parse_x509_pem(chain_pem.as_bytes()).expect("PEM");
    let (_, certificate) = X509Certificate::from_der(&block.contents).expect("a certificate");
    let names = certificate
        .subject_alternative_name()
        .expect("extensions")
        .expect("a SAN")
        .value
        .general_names
        .iter();
    let names = names.map(ToString::to_string).collect();
    let eku = certificate
        .extended_key_usage()
        .expect("extensions")
        .expect("an EKU")
        .value;
    (names, eku.client_auth, eku.server_auth)
}

#[test]
fn a_certificate_names_its_connector_and_nothing_that_was_asked_for() {
    let (_, issued) = fixture(false).issue("provider.a.example");
    let (names, client, server) = names(&issued.chain_pem);
    assert_eq!(names, ["DNSName(provider.a.example)"]);
    assert!(client && server);
    assert_eq!(issued.certificate.not_after - NOW, Duration::days(90));
    assert_eq!(issued.certificate.serial.len(), 32);
}

#[test]
fn the_trial_adds_loopback_names() {
    let (_, issued) = fixture(true).issue("provider.a.example");
    let (names, ..) = names(&issued.chain_pem);
    assert_eq!(names.len(), 3);
    assert!(names[1].contains("localhost"), "{names:?}");
}

#[test]
fn keys_are_readable_by_their_owner_only_and_are_made_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = fixture(false);
    let files = CaFiles::new(&fixture.authority.directory());
    for key in [files.root_key(), files.intermediate_key()] {
        assert_eq!(
            std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let before = std::fs::read(files.root()).unwrap();
    create(&files, NOW).unwrap();
    assert_eq!(std::fs::read(files.root()).unwrap(), before);
}

#[test]
fn what_was_made_while_the_clock_was_ahead_is_made_anew_with_its_keys() {
    let fixture = fixture(false);
    let files = CaFiles::new(&fixture.authority.directory());
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let before = read(files.root());
    assert!(!remake_unbegun(&files, NOW).unwrap());
    assert_eq!(read(files.root()), before);

    let right = NOW - Duration::hours(9);
    assert!(remake_unbegun(&files, right).unwrap());
    assert_ne!(read(files.root()), before);
    assert!(!remake_unbegun(&files, right).unwrap());
    let key_of = |pem: &str| {
        let der = common::pem::parse_certificates(pem.as_bytes()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der[0]).unwrap();
        assert!(parsed.validity().not_before.to_datetime() < right);
        parsed.public_key().raw.to_vec()
    };
    let authority = Authority::load(fixture.authority.config()).unwrap();
    // What the key signed before is still signed by it.
    let old = common::pem::parse_certificates(before.as_bytes()).unwrap();
    let (_, old) = X509Certificate::from_der(&old[0]).unwrap();
    assert_eq!(key_of(authority.root_pem()), old.public_key().raw);
    key_of(&read(files.intermediate()));
}

#[test]
fn nothing_is_issued_that_outlives_the_intermediate() {
    let fixture = fixture(false);
    let key = KeyPair::generate().unwrap();
    let csr = CertificateParams::default()
        .serialize_request(&key)
        .unwrap()
        .pem()
        .unwrap();
    let requested = RequestedKey::parse(&csr).unwrap();
    let late = NOW + Duration::days(5 * 365 - 80);
    let refused = fixture
        .authority
        .issue(&"a.example".parse().unwrap(), &requested, late);
    assert!(matches!(refused, Err(CaError::Ended(_))));
}

/// Writes a process's files and opens them as the process would.
fn store(
    fixture: &Fixture,
    key: &KeyPair,
    chain: &str,
    crl: &str,
    clock: &SharedClock,
) -> Arc<TlsStore> {
    let file = |name: &str, content: &str| {
        let path = fixture.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    };
    let config = TlsConfig {
        crl: Some(file("crl.pem", crl)),
        ..TlsConfig::new(
            file("own.pem", chain),
            file("own.key", &key.serialize_pem()),
            file("ca.pem", fixture.authority.root_pem()),
        )
    };
    TlsStore::load(&config, clock.clone()).expect("usable TLS material")
}

#[test]
fn what_is_issued_and_revoked_is_understood_by_peers() {
    let fixture = fixture(true);
    let clock: SharedClock = Arc::new(ManualClock::new(NOW));
    let (key, own) = fixture.issue("provider.a.example");
    let (_, other) = fixture.issue("receiver.b.example");
    let identify = |store: &TlsStore| {
        let der = common::pem::parse_certificates(other.chain_pem.as_bytes()).expect("PEM");
        PeerCertificate::from_der(&der[0], &store.config().pinned).expect("a certificate")
    };

    let clean = fixture.authority.crl_pem(&[], 1, NOW).unwrap();
    let tls = store(&fixture, &key, &own.chain_pem, &clean, &clock);
    assert_eq!(
        tls.own().connector_id.unwrap().as_str(),
        "provider.a.example"
    );
    assert!(!tls.is_revoked(&identify(&tls)));

    let revoked = [RevokedEntry {
        serial: other.certificate.serial.clone(),
        at: NOW,
    }];
    let crl = fixture.authority.crl_pem(&revoked, 2, NOW).unwrap();
    let tls = store(&fixture, &key, &own.chain_pem, &crl, &clock);
    assert!(tls.is_revoked(&identify(&tls)));
}

#[test]
fn a_recorded_certificate_must_name_its_connector() {
    use crate::ca::external::{ExternalError, read};
    let (_, issued) = fixture(true).issue("provider.a.example");
    let right = read(&issued.chain_pem, &"provider.a.example".parse().unwrap())
        .unwrap()
        .into_record();
    assert_eq!(right.spki_sha256, issued.spki_sha256);
    assert_eq!(right.certificate.serial, issued.certificate.serial);
    let other: ConnectorId = "provider.b.example".parse().unwrap();
    assert_eq!(
        read(&issued.chain_pem, &other).unwrap_err(),
        ExternalError::Name(other.clone())
    );
    assert_eq!(read("x", &other).unwrap_err(), ExternalError::Malformed);
}
