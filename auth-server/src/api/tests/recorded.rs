//! Certificates that count because they are recorded, and families of renewals.

use auth_client::api::{Certificate, IssuedCertificate, RecordedCertificate};
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SerialNumber};
use rstest::rstest;
use serde_json::json;
use x509_parser::{prelude::FromDer as _, revocation_list::CertificateRevocationList};

use super::fixture::{Domain, Fixture, csr, identity, with_certificate};

/// A certificate with these names and the number 1, of an authority of its own.
fn foreign(names: &[&str]) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let root = root.expect("a root");
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.serial_number = Some(SerialNumber::from(1));
    let key = KeyPair::generate().expect("a key");
    params.signed_by(&key, &root).expect("a certificate").pem()
}

const RECEIVER: &str = "/v1/connectors/receiver.d1.example";

async fn record(fixture: &Fixture, pem: &str) -> Certificate {
    let path = format!("{RECEIVER}/certificates");
    let body = json!({ "certificate": pem });
    fixture
        .operate(&path, &body)
        .await
        .read(StatusCode::CREATED)
}

/// What peers are told of a certificate.
async fn told(fixture: &Fixture, domain: &Domain, sha256: &str) -> Option<String> {
    let ask = with_certificate(&domain.provider_certificate);
    let path = format!("/v1/registry/certificates/{sha256}");
    let answer = fixture.peer_get(&ask, &path).await;
    if answer.status == StatusCode::NOT_FOUND {
        return None;
    }
    let told: RecordedCertificate = answer.read(StatusCode::OK);
    Some(told.subject.to_string())
}

/// The serial numbers on all of these revocation lists.
fn listed(pem: &str) -> Vec<Vec<u8>> {
    let lists = common::pem::parse_crls(pem.as_bytes()).expect("revocation lists");
    let serials = |der: &[u8]| -> Vec<Vec<u8>> {
        let (_, list) = CertificateRevocationList::from_der(der).expect("a revocation list");
        list.iter_revoked_certificates()
            .map(|entry| entry.raw_serial().to_vec())
            .collect()
    };
    lists.iter().flat_map(|list| serials(list)).collect()
}

#[tokio::test]
async fn peers_are_told_whose_certificate_exactly_this_one_is() {
    let (fixture, domain) = Fixture::with_domain().await;
    // Authorities number their certificates from 1, each for itself; names don't matter.
    let certificates = [
        foreign(&[]),
        foreign(&["a.example", "b.example"]),
        foreign(&["receiver.d1.example"]),
    ];
    let mut recorded = Vec::new();
    for pem in &certificates {
        let one = record(&fixture, pem).await;
        assert_eq!(record(&fixture, pem).await.serial, one.serial);
        recorded.push(one);
    }
    let own = domain.receiver_certificate.sha256_hex();
    let known = recorded.iter().map(|one| one.sha256.as_str());
    for sha256 in known.chain([own.as_str()]) {
        let name = Some("receiver.d1.example".to_owned());
        assert_eq!(told(&fixture, &domain, sha256).await, name);
        assert_eq!(told(&fixture, &domain, &sha256.to_uppercase()).await, name);
    }
    let unknown = hex::encode([7; 32]);
    for sha256 in [unknown.as_str(), "00", "nothing"] {
        assert_eq!(told(&fixture, &domain, sha256).await, None, "{sha256}");
    }
    // Withdrawn, it stands on no list of ours.
    let [one, other, _] = &recorded[..] else {
        panic!("three were recorded")
    };
    let before = fixture.app.certifier.crl_pem();
    let path = format!("/v1/certificates/{}/revocation", one.serial);
    let withdrawn: Certificate = fixture
        .operate(&path, &json!({ "reason": "試験" }))
        .await
        .read(StatusCode::OK);
    assert!(withdrawn.revoked_at.is_some());
    assert_eq!(listed(&before), listed(&fixture.app.certifier.crl_pem()));
    assert_eq!(told(&fixture, &domain, &one.sha256).await, None);
    assert!(told(&fixture, &domain, &other.sha256).await.is_some());
    // Suspended, nothing is its.
    let body = json!({ "state": "suspended", "reason": "試験" });
    fixture
        .operate(&format!("{RECEIVER}/state"), &body)
        .await
        .expect(StatusCode::OK);
    assert_eq!(told(&fixture, &domain, &other.sha256).await, None);
}

#[tokio::test]
async fn a_certificate_that_names_somebody_else_is_recorded_on_request_alone() {
    let (fixture, domain) = Fixture::with_domain().await;
    let path = format!("{RECEIVER}/certificates");
    let mut body = json!({ "certificate": foreign(&["proxy.d1.example"]) });
    fixture
        .operate(&path, &body)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    body["any_name"] = json!(true);
    let recorded: Certificate = fixture
        .operate(&path, &body)
        .await
        .read(StatusCode::CREATED);
    let told = told(&fixture, &domain, &recorded.sha256).await;
    assert_eq!(told.as_deref(), Some("receiver.d1.example"));
}

#[rstest]
#[case::by_default(json!({ "reason": "試験" }), true)]
#[case::compromised(json!({ "reason": "試験", "key_compromised": true }), true)]
#[case::replaced(json!({ "reason": "試験", "key_compromised": false }), false)]
#[tokio::test]
async fn what_was_renewed_with_a_compromised_key_goes_with_it(
    #[case] body: serde_json::Value,
    #[case] is_family_revoked: bool,
) {
    let (fixture, domain) = Fixture::with_domain().await;
    let renew = async |current| {
        let ask = with_certificate(current);
        let body = json!({ "csr": csr() });
        let answer = fixture.peer(&ask, "/v1/certificates/renewal", &body).await;
        let issued: IssuedCertificate = answer.read(StatusCode::CREATED);
        identity(&issued.certificate)
    };
    let child = renew(&domain.receiver_certificate).await;
    let grandchild = renew(&child).await;
    let serial = hex::encode(&domain.receiver_certificate.serial);
    let path = format!("/v1/certificates/{serial}/revocation");
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let crl = fixture.app.certifier.crl_pem();
    for one in [&child, &grandchild] {
        let told = told(&fixture, &domain, &one.sha256_hex()).await;
        assert_eq!(told.is_none(), is_family_revoked);
        let lists = common::pem::parse_crls(crl.as_bytes()).unwrap();
        let is_listed = lists.iter().any(|list| {
            list.windows(one.serial.len())
                .any(|part| part == &*one.serial)
        });
        assert_eq!(is_listed, is_family_revoked);
        let ask = with_certificate(one);
        let renewal = fixture
            .peer(&ask, "/v1/certificates/renewal", &json!({ "csr": csr() }))
            .await;
        assert_eq!(renewal.status == StatusCode::FORBIDDEN, is_family_revoked);
    }
    // The provider has nothing to do with it.
    let own = domain.provider_certificate.sha256_hex();
    assert!(told(&fixture, &domain, &own).await.is_some());
}
