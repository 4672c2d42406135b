//! Who is not let in, and whom our own connectors do not trust.

use std::time::Duration;

use rstest::rstest;
use tests::{
    Trial,
    certs::{Authority, Wanted},
    client::{self, Answer},
    impostor::Impostor,
    operator::Operator,
    tls::{Identity, Outcome, client_config, probe},
    wait,
};
use url::Url;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The trial's processes look at the CRL every few seconds at most; a loaded machine may take its time.
const UNTIL_CRL: Duration = Duration::from_mins(1);

/// Every listener for peers, with a path that it serves.
fn listeners(trial: &Trial) -> Vec<(String, Url, &'static str)> {
    let mut listeners = vec![
        (
            "auth".to_owned(),
            trial.ready.auth.peer.clone(),
            "/.well-known/jwks.json",
        ),
        (
            "location".to_owned(),
            trial.ready.location.peer.clone(),
            "/.well-known/jwks.json",
        ),
        (
            "provenance".to_owned(),
            trial.ready.provenance.peer.clone(),
            "/v2/lineage/x",
        ),
    ];
    for name in ["a", "b", "c"] {
        let peer = trial.domain(name).ready.provider.peer.clone();
        listeners.push((format!("provider of {name}"), peer, "/cadde/api/v4/file"));
    }
    listeners
}

async fn outcome(trial: &Trial, url: &Url, path: &str, identity: Option<Identity>) -> Outcome {
    probe(url, path, client_config(&trial.ready.ca, identity)).await
}

#[rstest]
#[case::none(None, "CertificateRequired")]
#[case::expired(Some(Wanted::expired as fn(Wanted) -> Wanted), "CertificateExpired")]
#[case::not_yet_valid(Some(Wanted::not_yet_valid as fn(Wanted) -> Wanted), "CertificateExpired")]
#[case::wrong_usage(Some(Wanted::with_wrong_usage as fn(Wanted) -> Wanted), "UnsupportedCertificate")]
#[tokio::test]
async fn every_peer_listener_refuses(
    #[case] spoil: Option<fn(Wanted) -> Wanted>,
    #[case] alert: &str,
) {
    let trial = Trial::shared();
    let id = &trial.domain("b").ready.receiver.connector_id;
    let identity = spoil.map(|spoil| trial.authority().issue(&spoil(Wanted::good(id))));
    for (name, url, path) in listeners(trial) {
        let outcome = outcome(trial, &url, path, identity.clone()).await;
        assert!(outcome.is_refused(), "{name} {}", outcome.reason());
        assert!(
            outcome.reason().contains(alert),
            "{name} refused with another alert: {}",
            outcome.reason()
        );
    }
}

#[tokio::test]
async fn every_peer_listener_refuses_certificates_of_another_authority() {
    let trial = Trial::shared();
    let id = &trial.domain("b").ready.receiver.connector_id;
    let identity = Authority::foreign().issue(&Wanted::good(id));
    for (name, url, path) in listeners(trial) {
        let outcome = outcome(trial, &url, path, Some(identity.clone())).await;
        assert!(outcome.is_refused(), "{name} {}", outcome.reason());
        assert!(
            outcome.reason().contains("UnknownCA"),
            "{name}: {}",
            outcome.reason()
        );
    }
}

#[tokio::test]
async fn every_peer_listener_refuses_a_revoked_certificate_and_let_it_in_before() {
    let trial = Trial::shared();
    let operator = Operator::of(trial).await;
    let identity = registered_identity(trial, &operator).await;
    for (name, url, path) in listeners(trial) {
        let outcome = outcome(trial, &url, path, Some(identity.clone())).await;
        assert!(!outcome.is_refused(), "{name} {}", outcome.reason());
    }
    revoke(&operator, &identity).await;
    for (name, url, path) in listeners(trial) {
        // A connection that was open when the list changed ends without an alert, so the next one counts.
        wait::until(
            &format!("{name} refuses the revoked certificate"),
            UNTIL_CRL,
            || async {
                let outcome = outcome(trial, &url, path, Some(identity.clone())).await;
                (outcome.is_refused() && outcome.reason().contains("CertificateRevoked"))
                    .then_some(())
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_certificate_with_two_names_is_nobodys() {
    let trial = Trial::shared();
    let id = trial.domain("b").ready.receiver.connector_id.as_str();
    let other = trial.domain("c").ready.receiver.connector_id.as_str();
    for names in [&[id, other][..], &["localhost"][..], &[][..]] {
        let identity = trial
            .authority()
            .issue(&Wanted::good(id).with_dns_names(names));
        for (name, url, path) in listeners(trial) {
            match outcome(trial, &url, path, Some(identity.clone())).await {
                // What is public anyway, like keys, may be read by whoever the authority vouches for.
                Outcome::Answered(line) => {
                    let public = path.ends_with("jwks.json") && line.contains(" 200 ");
                    assert!(
                        line.contains(" 403 ") || public,
                        "{name} with {names:?}: {line}"
                    );
                }
                refused => assert!(refused.is_refused()),
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_of_an_unregistered_connector_gets_nothing() {
    let trial = Trial::shared();
    let nobody = trial
        .authority()
        .issue(&Wanted::good("nobody.connectors.example"));
    let known = trial.domain("b").receiver_identity();
    let token = trial.domain("b").token().await;
    let provider = trial.domain("a");
    let audience = &provider.ready.provider.connector_id;
    let bound = trial.domain("b").bound_token(&token, audience).await;
    let bound = bound.unwrap();
    let ready = &trial.ready;
    let location = format!("/cadde/api/v4/location/{}", provider.provider_id());
    // Requests that are good in everything but the certificate.
    let requests = [
        (&ready.location.peer, location.as_str(), &token),
        (&provider.ready.provider.peer, "/cadde/api/v4/file", &bound),
        (
            &ready.provenance.peer,
            "/v2/lineage/01941f29-7c00-7000-8000-0000000000aa",
            &token,
        ),
    ];
    for (listener, path, token) in requests {
        let ask = |identity: &Identity| {
            client::with_certificate(&ready.ca, identity.clone())
                .get(trial.at(listener, path))
                .bearer_auth(token)
                .header("x-cadde-resource-url", &provider.granted_resource("b").url)
                .header("x-cadde-resource-api-type", "file/http")
                .send()
        };
        let refused = Answer::read(ask(&nobody).await.unwrap()).await.unwrap();
        assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        // The same from somebody who is registered gets past that: the certificate is what was wrong.
        let other = Answer::read(ask(&known).await.unwrap()).await.unwrap();
        assert!(
            matches!(other.status, 200 | 404),
            "{path}: {} {}",
            other.status,
            other.text()
        );
    }
}

/// Spoils a provider's certificate.
#[derive(Debug, Clone, Copy)]
enum Spoilt {
    Expired,
    NotYetValid,
    Revoked,
    OtherAuthority,
    WrongUsage,
    OtherConnector,
}

#[rstest]
#[tokio::test]
async fn a_receiver_sends_nothing_to_a_provider_with(
    #[values(
        Spoilt::Expired,
        Spoilt::NotYetValid,
        Spoilt::Revoked,
        Spoilt::OtherAuthority,
        Spoilt::WrongUsage,
        Spoilt::OtherConnector
    )]
    spoilt: Spoilt,
) {
    let trial = Trial::shared();
    let operator = Operator::of(trial).await;
    let provider = operator.new_user("a provider with a bad certificate").await;
    // A provider is registered before its address is known here: the address follows with the location record.
    let id = "spoilt.connectors.example";
    let good = Wanted::good(id);
    let mut named = id.to_owned();
    let identity = match spoilt {
        Spoilt::Expired => trial.authority().issue(&good.expired()),
        Spoilt::NotYetValid => trial.authority().issue(&good.not_yet_valid()),
        Spoilt::WrongUsage => trial.authority().issue(&good.with_wrong_usage()),
        Spoilt::OtherAuthority => Authority::foreign().issue(&good),
        Spoilt::OtherConnector => trial
            .authority()
            .issue(&Wanted::good("another.connectors.example")),
        Spoilt::Revoked => {
            let identity = registered_identity(trial, &operator).await;
            named = dns_name(&identity);
            revoke(&operator, &identity).await;
            until_refused_by_receiver_b(trial, &identity).await;
            identity
        }
    };
    let impostor = Impostor::start(identity).await;
    let url = impostor.url().as_str().trim_end_matches('/').to_owned();
    operator
        .register_location(&provider.user_id, &url, Some(&named), "cadde/4")
        .await;

    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").granted_resource("b");
    let answer = trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider(&provider.user_id)
        .token(&token)
        .send()
        .await;

    let seen = impostor.seen();
    assert!(
        seen.connections > 0,
        "{spoilt:?}: the receiver did not try: {}",
        answer.text()
    );
    assert!(
        seen.received.is_empty(),
        "{spoilt:?} got {}",
        String::from_utf8_lossy(&seen.received)
    );
    assert_eq!(answer.status, 500, "{spoilt:?}: {}", answer.text());
    assert!(
        answer.message_id().is_some(),
        "{spoilt:?}: {}",
        answer.text()
    );
}

#[tokio::test]
async fn a_good_certificate_in_the_same_place_is_trusted() {
    let trial = Trial::shared();
    let operator = Operator::of(trial).await;
    let provider = operator
        .new_user("a provider with a good certificate")
        .await;
    let id = "good.connectors.example";
    let impostor = Impostor::start(trial.authority().issue(&Wanted::good(id))).await;
    let url = impostor.url().as_str().trim_end_matches('/').to_owned();
    // Of the reference kind, so that its connector need not be registered.
    operator
        .register_location(&provider.user_id, &url, Some(id), "cadde/4")
        .await;
    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").granted_resource("b");
    trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider(&provider.user_id)
        .token(&token)
        .send()
        .await;
    let received = String::from_utf8(impostor.seen().received).unwrap();
    assert!(received.contains("x-cadde-resource-url"), "{received}");
    assert!(
        received.contains("authorization: Bearer ") && !received.contains(&token),
        "a provider of the reference kind gets a token of its own: {received}"
    );
}

/// A new receiver connector's own certificate.
async fn registered_identity(trial: &Trial, operator: &Operator<'_>) -> Identity {
    let user = trial.domain("b").provider_id();
    let registered = operator.new_connector("receiver", user, None).await;
    operator.enrol(&registered.code).await
}

fn serial(identity: &Identity) -> String {
    let (_, certificate) = X509Certificate::from_der(&identity.chain[0]).unwrap();
    certificate.serial.to_str_radix(16)
}

fn dns_name(identity: &Identity) -> String {
    let (_, certificate) = X509Certificate::from_der(&identity.chain[0]).unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    names
        .value
        .general_names
        .iter()
        .find_map(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(name) if *name != "localhost" => {
                Some((*name).to_owned())
            }
            _ => None,
        })
        .unwrap()
}

async fn revoke(operator: &Operator<'_>, identity: &Identity) {
    let path = format!("/v1/certificates/{}/revocation", serial(identity));
    let answer = operator
        .post(&path, &serde_json::json!({"reason": "a scenario"}))
        .await;
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}

/// Waits until receiver B's process knows the new CRL. Every process pulls it at the same interval; A's provider was started at
/// about the same time, but only B's own log or a refusal by B would prove it, so an impostor with this certificate is offered.
async fn until_refused_by_receiver_b(trial: &Trial, identity: &Identity) {
    let operator = Operator::of(trial).await;
    let provider = operator
        .new_user("a provider whose certificate is revoked")
        .await;
    let token = trial.domain("b").token().await;
    let resource = &trial.domain("a").granted_resource("b").url;
    let impostor = Impostor::start(identity.clone()).await;
    let url = impostor.url().as_str().trim_end_matches('/').to_owned();
    operator
        .register_location(
            &provider.user_id,
            &url,
            Some(&dns_name(identity)),
            "cadde/4",
        )
        .await;
    wait::until("receiver B knows of the revocation", UNTIL_CRL, || async {
        let before = impostor.seen();
        trial
            .domain("b")
            .fetch(resource)
            .from_provider(&provider.user_id)
            .token(&token)
            .send()
            .await;
        // It tried, and said nothing.
        let now = impostor.seen();
        let is_refused =
            now.connections > before.connections && now.received.len() == before.received.len();
        is_refused.then_some(())
    })
    .await;
}
