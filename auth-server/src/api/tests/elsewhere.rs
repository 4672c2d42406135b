//! A data space whose certificates come from another authority.

use std::path::Path;

use auth_client::{
    ConnectorRole,
    api::{Certificate, CreatedConnector, CreatedService, Page},
};
use common::service::findings;
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use super::fixture::{Ask, Fixture, csr, identity, with_basic, with_certificate};
use crate::{config::Config, domain::certifier::CertifyError};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a root")
}

fn certificate(authority: &Authority, name: &str, key: &KeyPair) -> String {
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params
        .signed_by(key, authority)
        .expect("a certificate")
        .pem()
}

/// As an operator would set it up: own key and certificate, and the authority's certificate, are in place before `init`.
fn external(authority: &Authority, config: &mut Config, folder: &Path) {
    let key = KeyPair::generate().expect("a key");
    let name = config.identity.service_id.as_str();
    config.ca.external = true;
    config.ca.directory = Path::new("").into();
    config.tls.crl = None;
    assert_eq!(findings(config).errors(), [""; 0]);
    let write = |path: &Path, text: &str| std::fs::write(folder.join(path), text).expect("a file");
    write(&config.tls.key, &key.serialize_pem());
    write(&config.tls.certificate, &certificate(authority, name, &key));
    write(&config.tls.ca, &authority.pem());
}

#[tokio::test]
async fn certificates_of_another_authority_are_recorded_and_none_is_issued() {
    let authority = authority();
    let fixture = Fixture::with(|config, folder| external(&authority, config, folder)).await;
    let operator = fixture.operator();
    let user = fixture.member().await;

    // No codes: they would lead nowhere.
    let created: CreatedConnector = fixture
        .connector("receiver.d1.example", ConnectorRole::Receiver, &user)
        .await;
    assert!(created.enrolment.is_none());
    let service = json!({ "service_id": "location.example", "kind": "server", "name": "A" });
    let service: CreatedService = fixture
        .public(&operator, "/v1/services", &service)
        .await
        .read(StatusCode::CREATED);
    assert!(service.enrolment.is_none());
    for (path, body) in [
        ("/v1/connectors/receiver.d1.example/enrolment", json!({})),
        ("/v1/services/location.example/enrolment", json!({})),
        ("/v1/enrolments", json!({ "code": "x", "csr": csr() })),
        ("/v1/certificates/00/revocation", json!({ "reason": "A" })),
    ] {
        let answer = fixture.public(&operator, path, &body).await;
        answer.assert_problem(StatusCode::CONFLICT, "external-authority");
    }

    // What the other authority issues is recorded, and works.
    let key = KeyPair::generate().unwrap();
    let pem = certificate(&authority, "receiver.d1.example", &key);
    let path = "/v1/connectors/receiver.d1.example/certificates";
    let body = json!({ "certificate": pem });
    let recorded: Certificate = fixture
        .public(&operator, path, &body)
        .await
        .read(StatusCode::CREATED);
    let again: Certificate = fixture
        .public(&operator, path, &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(recorded.serial, again.serial);
    let ask = with_certificate(&identity(&pem));
    let form = [("grant_type", "client_credentials")];
    fixture
        .peer_form(&ask, "/oauth2/token", &form)
        .await
        .expect(StatusCode::OK);
    let answer = fixture
        .peer(&ask, "/v1/certificates/renewal", &json!({ "csr": csr() }))
        .await;
    assert_eq!(answer.kind(), "external-authority");
    let list: Page<Certificate> = fixture
        .get(&operator, "/v1/certificates?subject=receiver.d1.example")
        .await
        .read(StatusCode::OK);
    assert_eq!(list.items.len(), 1);

    // One key, one owner.
    let stolen = json!({ "certificate": certificate(&authority, "location.example", &key) });
    let path = "/v1/services/location.example/certificates";
    let answer = fixture.public(&operator, path, &stolen).await;
    assert_eq!(answer.kind(), "duplicate-key");

    // The trust anchor is handed on; there is no list to hand on.
    let anchor = fixture.get(&Ask::default(), "/v1/ca.pem").await;
    anchor.expect(StatusCode::OK);
    assert_eq!(anchor.body, authority.pem().as_bytes());
    let list = fixture.get(&Ask::default(), "/v1/crl.pem").await;
    list.assert_problem(StatusCode::NOT_FOUND, "no-revocation-list");
    fixture.app.certifier.publish_if_due().await.unwrap();
    assert!(matches!(
        fixture
            .app
            .certifier
            .issue_own(&fixture.config.identity.service_id, &csr(), &[0; 32])
            .await,
        Err(CertifyError::Elsewhere)
    ));
}

#[tokio::test]
async fn a_certificate_that_is_not_the_connectors_is_not_recorded() {
    let (fixture, created) = Fixture::with_receiver().await;
    let key = KeyPair::generate().unwrap();
    let pem = certificate(&authority(), "receiver.d2.example", &key);
    for (path, certificate, status) in [
        (
            "connectors/receiver.d1.example",
            pem.as_str(),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "connectors/receiver.d1.example",
            "x",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "connectors/receiver.d2.example",
            &pem,
            StatusCode::NOT_FOUND,
        ),
        ("services/receiver.d1.example", &pem, StatusCode::NOT_FOUND),
        ("connectors/operator", &pem, StatusCode::NOT_FOUND),
    ] {
        let body = json!({ "certificate": certificate });
        let path = format!("/v1/{path}/certificates");
        let answer = fixture.operate(&path, &body).await;
        answer.expect(status);
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            assert_eq!(answer.json()["errors"][0]["field"], "certificate");
        }
    }

    // Where this server issues certificates, one from elsewhere is recorded beside them.
    let pem = certificate(&authority(), "receiver.d1.example", &key);
    let path = "/v1/connectors/receiver.d1.example/certificates";
    fixture
        .operate(path, &json!({ "certificate": pem }))
        .await
        .expect(StatusCode::CREATED);
    fixture.certificate(&created).await;
    let secret = created.client_secret.as_ref().unwrap().expose();
    let ask = with_basic("receiver.d1.example", secret);
    let answer: Value = fixture
        .public_form(
            &ask,
            "/oauth2/token",
            &[("grant_type", "client_credentials")],
        )
        .await
        .read(StatusCode::OK);
    assert!(answer["access_token"].is_string());
}
