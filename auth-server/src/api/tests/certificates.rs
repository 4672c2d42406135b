//! Enrolment, renewal, revocation.

use std::time::Duration;

use auth_client::{
    ConnectorRole,
    api::{Certificate, EnrolmentCode, IssuedCertificate, Page},
};
use http::StatusCode;
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::fixture::{Ask, Fixture, csr, csr_of, identity, with_certificate};

#[tokio::test]
async fn a_code_works_once_but_a_lost_answer_can_be_asked_for_again() {
    let (fixture, created) = Fixture::with_receiver().await;
    let code = created.enrolment.unwrap();
    let request = csr_of(&KeyPair::generate().unwrap());
    let first: IssuedCertificate = fixture
        .enrol(code.code.expose(), &request)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(
        identity(&first.certificate)
            .connector_id
            .clone()
            .unwrap()
            .as_str(),
        "receiver.d1.example"
    );
    let again: IssuedCertificate = fixture
        .enrol(code.code.expose(), &request)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(first.certificate, again.certificate);
    let answer = fixture.enrol(code.code.expose(), &csr()).await;
    answer.assert_problem(StatusCode::FORBIDDEN, "code-refused");
}

#[tokio::test]
async fn unknown_old_and_replaced_codes_are_refused_alike() {
    let (fixture, created) = Fixture::with_receiver().await;
    let replaced = created.enrolment.unwrap();
    let path = "/v1/connectors/receiver.d1.example/enrolment";
    let new: EnrolmentCode = fixture
        .operate(path, &json!({}))
        .await
        .read(StatusCode::CREATED);
    for code in ["", "x", replaced.code.expose()] {
        let answer = fixture.enrol(code, &csr()).await;
        answer.assert_problem(StatusCode::FORBIDDEN, "code-refused");
    }
    fixture.clock.advance(Duration::from_hours(24));
    fixture
        .enrol(new.code.expose(), &csr())
        .await
        .expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_bad_request_does_not_spend_the_code() {
    let (fixture, created) = Fixture::with_receiver().await;
    let code = created.enrolment.unwrap();
    let answer = fixture.enrol(code.code.expose(), "no PEM").await;
    answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "csr-unusable");
    fixture
        .enrol(code.code.expose(), &csr())
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_key_belongs_to_one_connector_for_ever() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let request = csr_of(&KeyPair::generate().unwrap());
    let one = fixture
        .connector("one.d1.example", ConnectorRole::Receiver, &user)
        .await;
    fixture
        .enrol(one.enrolment.unwrap().code.expose(), &request)
        .await
        .expect(StatusCode::CREATED);
    let two = fixture
        .connector("two.d1.example", ConnectorRole::Receiver, &user)
        .await;
    let code = two.enrolment.unwrap();
    let answer = fixture.enrol(code.code.expose(), &request).await;
    answer.assert_problem(StatusCode::CONFLICT, "duplicate-key");
    fixture
        .enrol(code.code.expose(), &csr())
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_suspended_connector_gets_no_certificate() {
    let (fixture, created) = Fixture::with_receiver().await;
    let body = json!({ "state": "suspended", "reason": "試験" });
    let path = "/v1/connectors/receiver.d1.example/state";
    fixture.operate(path, &body).await.expect(StatusCode::OK);
    let answer = fixture
        .enrol(created.enrolment.unwrap().code.expose(), &csr())
        .await;
    answer.assert_problem(StatusCode::FORBIDDEN, "client-barred");
}

#[tokio::test]
async fn the_old_certificate_gets_the_next_one() {
    let (fixture, domain) = Fixture::with_domain().await;
    let path = "/v1/certificates/renewal";
    fixture.clock.advance(Duration::from_hours(1440));
    let ask = with_certificate(&domain.receiver_certificate);
    let issued: IssuedCertificate = fixture
        .peer(&ask, path, &json!({ "csr": csr() }))
        .await
        .read(StatusCode::CREATED);
    let renewed = identity(&issued.certificate);
    assert_eq!(
        renewed.connector_id,
        domain.receiver_certificate.connector_id
    );
    assert_ne!(renewed.serial, domain.receiver_certificate.serial);
    assert!(renewed.not_after > domain.receiver_certificate.not_after);
    // Without a certificate, or with one that nobody knows.
    fixture
        .peer(&Ask::default(), path, &json!({ "csr": csr() }))
        .await
        .expect(StatusCode::FORBIDDEN);
    let mut unknown = (*domain.receiver_certificate).clone();
    unknown.sha256 = [1; 32];
    let ask = with_certificate(&std::sync::Arc::new(unknown));
    let answer = fixture.peer(&ask, path, &json!({ "csr": csr() })).await;
    assert_eq!(answer.kind(), "certificate-not-renewable");
}

/// Each certificate is kept for good and stands in a list if it is revoked.
#[tokio::test]
async fn nobody_renews_without_end() {
    let (fixture, domain) = Fixture::with_domain().await;
    let renew = async |certificate| {
        let body = json!({ "csr": csr() });
        let ask = with_certificate(certificate);
        fixture.peer(&ask, "/v1/certificates/renewal", &body).await
    };
    for _ in 0..100 {
        renew(&domain.receiver_certificate)
            .await
            .expect(StatusCode::CREATED);
    }
    let refused = renew(&domain.receiver_certificate).await;
    refused.assert_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-renewals");
    renew(&domain.provider_certificate)
        .await
        .expect(StatusCode::CREATED);
    fixture.clock.advance(Duration::from_mins(15));
    renew(&domain.receiver_certificate)
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn revocation_shows_in_the_list_at_once_and_ends_renewal() {
    let (fixture, domain) = Fixture::with_domain().await;
    let before = fixture.get(&Ask::default(), "/v1/crl.pem").await;
    before.expect(StatusCode::OK);
    assert_eq!(
        before.body,
        std::fs::read(fixture.config.tls.crl.as_ref().unwrap()).unwrap()
    );

    let list: Page<Certificate> = fixture
        .get(
            &fixture.operator(),
            "/v1/certificates?subject=receiver.d1.example",
        )
        .await
        .read(StatusCode::OK);
    let serial = hex::encode(&domain.receiver_certificate.serial);
    assert_eq!(
        list.items
            .iter()
            .map(|one| one.serial.as_str())
            .collect::<Vec<_>>(),
        [serial.as_str()]
    );

    fixture.clock.advance(Duration::from_secs(10));
    let path = format!("/v1/certificates/{}/revocation", serial.to_uppercase());
    let body = json!({ "reason": "鍵の紛失", "key_compromised": true });
    let revoked: Certificate = fixture.operate(&path, &body).await.read(StatusCode::OK);
    assert!(revoked.revoked_at.is_some());
    let after = fixture.get(&Ask::default(), "/v1/crl.pem").await;
    assert_ne!(before.body, after.body);
    assert_eq!(
        after.body,
        std::fs::read(fixture.config.tls.crl.as_ref().unwrap()).unwrap()
    );
    let lists = common::pem::parse_crls(&after.body).unwrap();
    assert_eq!(lists.len(), 2);

    let ask = with_certificate(&domain.receiver_certificate);
    let answer = fixture
        .peer(&ask, "/v1/certificates/renewal", &json!({ "csr": csr() }))
        .await;
    assert_eq!(answer.kind(), "certificate-not-renewable");
    let path = "/v1/certificates/00ff/revocation";
    fixture
        .operate(path, &body)
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_compromised_key_is_never_certified_again() {
    let (fixture, created) = Fixture::with_receiver().await;
    let key = KeyPair::generate().unwrap();
    let issued: IssuedCertificate = fixture
        .enrol(created.enrolment.unwrap().code.expose(), &csr_of(&key))
        .await
        .read(StatusCode::CREATED);
    let serial = hex::encode(&identity(&issued.certificate).serial);
    let path = format!("/v1/certificates/{serial}/revocation");
    let body = json!({ "reason": "漏えい", "key_compromised": true });
    fixture.operate(&path, &body).await.expect(StatusCode::OK);
    let path = "/v1/connectors/receiver.d1.example/enrolment";
    let code: EnrolmentCode = fixture
        .operate(path, &json!({}))
        .await
        .read(StatusCode::CREATED);
    let answer = fixture.enrol(code.code.expose(), &csr_of(&key)).await;
    assert_eq!(answer.kind(), "duplicate-key");
    fixture
        .enrol(code.code.expose(), &csr())
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_code_is_not_answered_with_a_certificate_that_was_revoked() {
    let (fixture, created) = Fixture::with_receiver().await;
    let (code, csr) = (created.enrolment.unwrap().code, csr());
    let issued: IssuedCertificate = fixture
        .enrol(code.expose(), &csr)
        .await
        .read(StatusCode::CREATED);
    let serial = hex::encode(&identity(&issued.certificate).serial);
    let path = format!("/v1/certificates/{serial}/revocation");
    fixture
        .operate(&path, &json!({ "reason": "試験" }))
        .await
        .expect(StatusCode::OK);
    let answer = fixture.enrol(code.expose(), &csr).await;
    answer.assert_problem(StatusCode::FORBIDDEN, "code-refused");
}

#[tokio::test]
async fn a_revocation_that_could_not_be_published_is_published_at_the_next_look() {
    let (fixture, domain) = Fixture::with_domain().await;
    let list = fixture.config.tls.crl.clone().unwrap();
    // Nothing can be renamed over a folder.
    std::fs::remove_file(&list).unwrap();
    std::fs::create_dir(&list).unwrap();
    let serial = &domain.receiver_certificate.serial;
    let path = format!("/v1/certificates/{}/revocation", hex::encode(serial));
    fixture
        .operate(&path, &json!({ "reason": "試験" }))
        .await
        .expect(StatusCode::INTERNAL_SERVER_ERROR);
    let is_listed = || {
        let lists = common::pem::parse_crls(fixture.app.certifier.crl_pem().as_bytes()).unwrap();
        lists
            .iter()
            .any(|list| list.windows(serial.len()).any(|part| part == &**serial))
    };
    assert!(!is_listed());
    std::fs::remove_dir(&list).unwrap();
    fixture.app.certifier.publish_if_due().await.unwrap();
    assert!(is_listed());
    assert_eq!(
        std::fs::read_to_string(&list).unwrap(),
        *fixture.app.certifier.crl_pem()
    );
}

#[tokio::test]
async fn the_list_is_rewritten_before_it_ends() {
    let fixture = Fixture::new().await;
    let now = fixture.app.certifier.crl_pem();
    fixture.clock.advance(Duration::from_secs(86_399));
    fixture.app.certifier.publish_if_due().await.unwrap();
    assert_eq!(now, fixture.app.certifier.crl_pem());
    fixture.clock.advance(Duration::from_secs(1));
    fixture.app.certifier.publish_if_due().await.unwrap();
    assert_ne!(now, fixture.app.certifier.crl_pem());
}

#[tokio::test]
async fn the_authority_is_published() {
    let fixture = Fixture::new().await;
    let answer = fixture.get(&Ask::default(), "/v1/ca.pem").await;
    assert_eq!(
        common::pem::parse_certificates(&answer.body).unwrap().len(),
        2
    );
    let anchor = std::fs::read(&fixture.first.ca_pem).unwrap();
    assert!(answer.body.starts_with(&anchor));
}

#[tokio::test]
async fn a_certificate_from_elsewhere_is_recorded_and_its_key_is_taken() {
    let fixture = Fixture::new().await;
    let user = fixture.member().await;
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["old.d1.example".to_owned()]).unwrap();
    let pem = certificate.self_signed(&key).unwrap().pem();
    let mut body = json!({
        "connector_id": "old.d1.example", "role": "receiver", "user_id": user.user.user_id, "certificate": pem,
    });
    let created: Value = fixture
        .operate("/v1/connectors", &body)
        .await
        .read(StatusCode::CREATED);
    assert!(created.get("enrolment").is_none() && created["client_secret"].is_string());
    assert_eq!(created["profile"], "cadde/4");
    body["connector_id"] = json!("other.d1.example");
    let answer = fixture.operate("/v1/connectors", &body).await;
    answer.assert_misfit("certificate");
    let same_key = rcgen::CertificateParams::new(vec!["other.d1.example".to_owned()]).unwrap();
    body["certificate"] = json!(same_key.self_signed(&key).unwrap().pem());
    body["profile"] = json!("kakehashi/1");
    let answer = fixture.operate("/v1/connectors", &body).await;
    answer.assert_problem(StatusCode::CONFLICT, "duplicate-key");
}
