//! Certificates that are renewed, and a revocation list that is replaced, under load.

use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tests::{
    client::{self, Answer},
    extra::{Joining, Role},
    faults::{FaultFixture, Plan, Random, fleet::Service, goods::Hold},
    operator::Operator,
    room::{Takes, room},
    tls::{self, Identity},
    wait,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The authority dates certificates back by 10 min: two thirds of that and of these 315 s are over 10 s after the issue.
const LIFETIME: &str = "315s";

/// 60 s: the processes look at the revocation list every 5 s; a loaded machine may take its time.
const NOTICED: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn no_exchange_fails_while_certificates_and_the_revocation_list_are_replaced() {
    let _room = room(Takes::Quiet).await;
    let mut random = Random::seeded();
    let plan = Plan {
        edit: |name, config| {
            if name == "auth-server" {
                config["ca"]
                    .as_table_mut()
                    .unwrap()
                    .insert("certificate_lifetime".into(), LIFETIME.into());
            }
        },
        ..Plan::default()
    };
    let world = FaultFixture::start(plan, &mut random).await;
    let load = world.load(&mut random);
    world.arrive(20).await;

    // From the first certificate of so short a life on, each process renews its own every 10 s.
    let renewed = || {
        world
            .fleet
            .services()
            .iter()
            .filter(|one| has_certificate(one))
    };
    for service in renewed() {
        renew(&world, service).await;
    }
    let revoked = revoked_connection(&world).await;
    let transfer = revoked_transfer(&world).await;
    println!("{revoked}, {transfer}");
    for service in renewed() {
        let what = format!("{} has renewed its certificate twice", service.name);
        wait::until(&what, NOTICED, || async {
            let times = service.log().matches("certificate renewed").count();
            (times >= 2).then_some(())
        })
        .await;
    }
    world.arrive(20).await;

    world.end(load).await;
    let failures = world.journal.failures();
    assert_eq!(failures, [], "no exchange fails");
    let (verdict, _) = world.judge().await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
}

/// All but the data servers, and the auth-server, which issues its own.
fn has_certificate(service: &Service) -> bool {
    service.name != "auth-server" && service.configuration().contains_key("tls")
}

/// Renews the certificate of a running service in its place, as an operator may do by hand.
async fn renew(world: &FaultFixture, service: &Service) {
    let trial = &world.fleet.trial;
    let (certificate, key) = (
        service.path("tls", "certificate"),
        service.path("tls", "key"),
    );
    let client = client::with_certificate(&trial.ready.ca, Identity::read(&certificate, &key));
    let fresh = KeyPair::generate().unwrap();
    let request = CertificateParams::default()
        .serialize_request(&fresh)
        .unwrap();
    let url = trial.at(&trial.ready.auth.peer, "/v1/certificates/renewal");
    let body = json!({"csr": request.pem().unwrap()});
    let answer = client.post(url).json(&body).send().await.unwrap();
    let answer = Answer::read(answer).await.unwrap();
    assert_eq!(answer.status, 201, "{}: {}", service.name, answer.text());
    let chain = answer.json()["certificate"].as_str().unwrap().to_owned();
    for (path, text) in [(&key, fresh.serialize_pem()), (&certificate, chain)] {
        let next = path.with_extension("new");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, path).unwrap();
    }
    service.signal("HUP");
}

/// A connection to a provider is open when the certificate behind it is revoked: it ends, and no other does.
async fn revoked_connection(world: &FaultFixture) -> String {
    let trial = &world.fleet.trial;
    let operator = Operator::of(trial).await;
    let owner = trial.domain("b").provider_id();
    let registered = operator.new_connector("receiver", owner, None).await;
    let identity = operator.enrol(&registered.code).await;
    let peer = &trial.ready.domains["a"].provider.peer;
    let config = tls::client_config(&trial.ready.ca, Some(identity.clone()));
    let mut stream = tls::connect(peer, config).await.unwrap();
    let request = format!(
        "GET /cadde/api/v4/file HTTP/1.1\r\nhost: {}\r\n\r\n",
        peer.authority()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut piece = vec![0; 4096];
    let answered = stream.read(&mut piece).await.unwrap();
    assert!(piece[..answered].starts_with(b"HTTP/1.1 "), "it is let in");

    revoke(&operator, &identity).await;
    let ends = async {
        // Whether orderly or not: what matters is that it is over.
        while stream.read(&mut piece).await.is_ok_and(|length| length > 0) {}
    };
    tokio::time::timeout(NOTICED, ends)
        .await
        .expect("the connection ends with its certificate");
    "an idle connection ended".to_owned()
}

/// A transfer is under way when the certificate of its receiver is revoked: the caller sees it break.
async fn revoked_transfer(world: &FaultFixture) -> String {
    let trial = &world.fleet.trial;
    let operator = Operator::of(trial).await;
    let receiver = Joining::register(trial, Role::Receiver)
        .await
        .start("kakehashi/1")
        .await;
    let resource = world.source.url(&Hold::Middle.path());
    let mut response = trial
        .domain("b")
        .fetch(resource.as_str())
        .at(receiver.url.join("/cadde/api/v4/file").unwrap())
        .from_provider_of("a")
        .token(&trial.domain("b").token().await)
        .open()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    revoke(&operator, &receiver.identity()).await;
    let read = async {
        loop {
            match response.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => break false,
                Err(_) => break true,
            }
        }
    };
    let broken = tokio::time::timeout(NOTICED, read)
        .await
        .expect("the transfer ends with the certificate");
    assert!(broken, "it does not look whole");
    world.source.release_all();
    "a transfer broke off".to_owned()
}

async fn revoke(operator: &Operator<'_>, identity: &Identity) {
    let (_, certificate) = X509Certificate::from_der(&identity.chain[0]).unwrap();
    let serial = certificate.serial.to_str_radix(16);
    let path = format!("/v1/certificates/{serial}/revocation");
    let answer = operator.post(&path, &json!({"reason": "a scenario"})).await;
    assert!((200..300).contains(&answer.status), "{}", answer.text());
}
