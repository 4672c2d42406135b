//! Peers with certificates of other authorities: let in, and believed, as far as their authority may vouch for them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tests::{
    Trial,
    certs::{Authority, Wanted},
    extra::{Access, Extra, Joining, Role},
    ledger,
    nginx::Nginx,
    operator::Operator,
    raw,
    ready::Credentials,
    source::{self, Source},
    squid::Squid,
    tls::{self, Identity, client_config, probe},
    wait,
};
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// 40 s: a list is read within a second; what the registry told is asked again after 30 s at most.
const NOTICED: Duration = Duration::from_secs(40);

/// An authority of which the trial knows nothing, its files, and a list that it keeps.
struct Second {
    authority: Authority,
    folder: tempfile::TempDir,
}

impl Second {
    fn new() -> Self {
        let (authority, folder) = (Authority::foreign(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("ca.pem"), &authority.chain_pem).unwrap();
        let second = Self { authority, folder };
        second.revoke(&[]);
        second
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// From now on its list names these.
    fn revoke(&self, revoked: &[&Identity]) {
        // Renamed into place: a reader finds one list or the other.
        std::fs::write(self.at("new"), self.authority.crl_pem(revoked)).unwrap();
        std::fs::rename(self.at("new"), self.at("list.crl")).unwrap();
    }

    /// The anchor in the configuration of whoever is to meet it.
    fn anchor(&self, scope: &str) -> toml::Value {
        let text = format!(
            "ca = '{}'\nscope = {scope}\nrevocation = {{ lists = [{{ file = '{}' }}] }}",
            self.at("ca.pem").display(),
            self.at("list.crl").display()
        );
        text.parse::<toml::Table>().unwrap().into()
    }
}

/// Lets a connector of the scenario know `anchors`, and look at their files every second.
fn knowing(joining: &mut Joining<'_>, anchors: Vec<toml::Value>) {
    let tls = joining.config["tls"].as_table_mut().unwrap();
    tls.insert("anchors".into(), anchors.into());
    tls.insert("reload_interval".into(), "1s".into());
}

/// Records `certificate` for a connector that is registered with it.
async fn register(trial: &Trial, role: &str, certificate: &str, base_url: Option<&str>) -> Peer {
    let operator = Operator::of(trial).await;
    let user = operator.new_user("a peer of another authority").await;
    let id = format!("{}.peers.example", uuid::Uuid::new_v4().simple());
    let mut body = json!({
        "connector_id": id, "role": role, "user_id": user.user_id, "certificate": certificate,
    });
    if let Some(url) = base_url {
        body["base_url"] = url.into();
    }
    let answer = operator.post("/v1/connectors", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    Peer { id, user }
}

struct Peer {
    id: String,
    user: Credentials,
}

/// The request of an existing receiver.
fn request(provider: &Url, resource: &Url, token: &str) -> String {
    format!(
        "GET /cadde/api/v4/file HTTP/1.1\r\nHost: {}\r\nUser-Agent: python-requests/2.28.1\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: close\r\n\
         x-cadde-resource-url: {resource}\r\nx-cadde-resource-api-type: file/http\r\n\
         Authorization: Bearer {token}\r\nx-cadde-options: \r\n\r\n",
        provider.authority()
    )
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &str) -> raw::RawAnswer {
    raw::over(&mut stream, request).await.unwrap()
}

fn host_named(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_host(Some("localhost")).unwrap();
    url
}

/// A provider of ours that knows the second authority, and offers one file to whoever holds a grant.
async fn provider(trial: &Trial, second: &Second, source: &Source) -> (Extra, Url) {
    let resource = source.url("/whole/20000");
    let mut joining = Joining::register(trial, Role::Provider).await;
    knowing(&mut joining, vec![second.anchor("\"recorded\"")]);
    let (prefix, offered) = (source.url("/"), [resource.clone()]);
    let joining = joining.offering(&prefix, &offered, Access::Granted);
    (joining.await.start("kakehashi/1").await, resource)
}

#[tokio::test]
async fn a_receiver_of_a_second_authority_is_served_and_ends_with_its_certificate() {
    let trial = Trial::shared();
    let (second, source) = (Second::new(), Source::start().await);
    let (provider, resource) = provider(trial, &second, &source).await;

    // As proxies are certified: the name of a machine, if any.
    let issue = |name: &str| {
        second
            .authority
            .issue_pem(&Wanted::good("x").with_dns_names(&[name]))
    };
    let (certificate, key) = issue("localhost");
    let receiver = register(trial, "receiver", &certificate, None).await;
    let identity = Identity::of_pem(&certificate, &key);
    provider
        .grant(trial, &resource, &receiver.user.user_id)
        .await;
    let token = trial.domain("b").token_of(&receiver.user).await;
    let named = host_named(&provider.url);
    let request = request(&named, &resource, &token);

    let direct = tls::connect(
        &provider.url,
        client_config(&trial.ready.ca, Some(identity.clone())),
    );
    let squid = Squid::with_certificate(&certificate, &key, &trial.ready.ca);
    let proxied = squid.connect(&named);
    for answer in [
        ask(direct.await.unwrap(), &request).await,
        ask(proxied.await.unwrap(), &request).await,
    ] {
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status(), 200, "{}{text}", answer.head);
        assert_eq!(answer.body, source::content(20_000));
        let sent = answer.header("x-cadde-provenance").unwrap();
        let events = ledger::arrived(trial, sent, 2, &token).await;
        let user = receiver.user.user_id.as_str();
        assert_eq!(events.last().unwrap().parties().1, user);
    }

    // Others of that authority, whatever they say they are.
    let own_name = trial.domain("b").ready.receiver.connector_id.as_str();
    for name in ["localhost", own_name, receiver.id.as_str()] {
        let (certificate, key) = issue(name);
        let config = client_config(&trial.ready.ca, Some(Identity::of_pem(&certificate, &key)));
        let outcome = probe(&provider.url, "/cadde/api/v4/file", config).await;
        assert!(
            outcome.reason().contains("403"),
            "{name}: {}",
            outcome.reason()
        );
    }
    // One of an authority that nobody named, recorded though it is.
    let (certificate, key) = Authority::foreign().issue_pem(&Wanted::good("x").with_dns_names(&[]));
    register(trial, "receiver", &certificate, None).await;
    let config = client_config(&trial.ready.ca, Some(Identity::of_pem(&certificate, &key)));
    let outcome = probe(&provider.url, "/cadde/api/v4/file", config).await;
    assert!(outcome.is_refused(), "{}", outcome.reason());

    // Its authority revokes it: no handshake, by whatever way.
    second.revoke(&[&identity]);
    wait::until("the revoked certificate is refused", NOTICED, || async {
        let config = client_config(&trial.ready.ca, Some(identity.clone()));
        let outcome = probe(&provider.url, "/cadde/api/v4/file", config).await;
        outcome.is_refused().then_some(())
    })
    .await;
    let proxied = squid.connect(&named).await.unwrap();
    assert!(ask(proxied, &request).await.status() >= 500);
}

#[tokio::test]
async fn a_certificate_that_is_withdrawn_counts_no_more() {
    let trial = Trial::shared();
    let (second, source) = (Second::new(), Source::start().await);
    let (provider, resource) = provider(trial, &second, &source).await;
    let wanted = Wanted::good("x").with_dns_names(&["localhost"]);
    let (certificate, key) = second.authority.issue_pem(&wanted);
    let receiver = register(trial, "receiver", &certificate, None).await;
    let identity = Identity::of_pem(&certificate, &key);
    provider
        .grant(trial, &resource, &receiver.user.user_id)
        .await;
    let token = trial.domain("b").token_of(&receiver.user).await;
    let request = request(&provider.url, &resource, &token);
    let config = || client_config(&trial.ready.ca, Some(identity.clone()));
    let stream = tls::connect(&provider.url, config()).await.unwrap();
    assert_eq!(ask(stream, &request).await.status(), 200);

    let operator = Operator::of(trial).await;
    let path = format!("/v1/certificates?subject={}", receiver.id);
    let list = operator.get(&path).await.json();
    let serial = list["items"][0]["serial"].as_str().unwrap();
    let path = format!("/v1/certificates/{serial}/revocation");
    let answer = operator.post(&path, &json!({"reason": "a scenario"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    wait::until("the withdrawn certificate is refused", NOTICED, || async {
        let outcome = probe(&provider.url, "/cadde/api/v4/file", config()).await;
        outcome.reason().contains("403").then_some(())
    })
    .await;
}

/// A provider of the reference kind: Debian's nginx with a certificate of `third`, which asks receivers for one of ours.
fn reference_provider(trial: &Trial, third: &Second, source: &Source) -> (Nginx, Identity, String) {
    let wanted = Wanted::good("x").with_dns_names(&["localhost"]);
    let (certificate, key) = third.authority.issue_pem(&wanted);
    let file = source.url("/whole/20000");
    let nginx = Nginx::as_provider(&certificate, &key, &trial.ready.ca, &file);
    (nginx, Identity::of_pem(&certificate, &key), certificate)
}

/// A receiver of ours that knows `anchor`.
async fn receiver(trial: &Trial, anchor: toml::Value) -> Extra {
    let mut joining = Joining::register(trial, Role::Receiver).await;
    knowing(&mut joining, vec![anchor]);
    joining.start("kakehashi/1").await
}

async fn fetch(trial: &Trial, receiver: &Extra, provider: &Credentials) -> (u16, Vec<u8>) {
    let token = trial.domain("a").token_of(&receiver.user).await;
    let url = receiver.url.join("/cadde/api/v4/file").unwrap();
    let fetch = trial.domain("b").fetch("http://data.example/readings.csv");
    let fetch = fetch.from_provider(&provider.user_id).token(&token).at(url);
    let answer = fetch.send().await;
    (answer.status, answer.body.to_vec())
}

#[tokio::test]
async fn a_provider_of_a_third_authority_is_believed_as_far_as_its_scope_goes() {
    let trial = Trial::shared();
    let (third, source) = (Second::new(), Source::start().await);
    let (nginx, identity, certificate) = reference_provider(trial, &third, &source);
    let url = format!("https://localhost:{}", nginx.address().port());
    let operator = Operator::of(trial).await;
    // By its host; and by its connector ID, which the certificate does not name.
    let by_host = operator.new_user("a provider of the reference kind").await;
    operator
        .register_location(&by_host.user_id, &url, None, "cadde/4")
        .await;
    let by_id = operator.new_user("another one").await;
    let id = "provider.peers.example";
    operator
        .register_location(&by_id.user_id, &url, Some(id), "cadde/4")
        .await;

    let servers = receiver(trial, third.anchor("\"servers\"")).await;
    let recorded = receiver(trial, third.anchor("\"recorded\"")).await;
    let named = receiver(trial, third.anchor("{ connectors = [\"other.example\"] }")).await;
    let whole = (200, source::content(20_000));
    assert_eq!(fetch(trial, &servers, &by_host).await, whole);
    // Nobody has recorded it; it names nobody who is in scope; it does not name the connector of the location.
    let asked = source.asked().len();
    for (receiver, provider) in [
        (&recorded, &by_host),
        (&recorded, &by_id),
        (&named, &by_host),
        (&servers, &by_id),
    ] {
        let (status, _) = fetch(trial, receiver, provider).await;
        assert!(status >= 500, "{status}");
    }
    assert_eq!(source.asked().len(), asked, "nothing was said to it");

    let body = json!({
        "connector_id": id, "role": "provider", "user_id": by_id.user_id, "certificate": certificate, "base_url": url,
    });
    let answer = operator.post("/v1/connectors", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    wait::until("the recorded provider is believed", NOTICED, || async {
        (fetch(trial, &recorded, &by_id).await == whole).then_some(())
    })
    .await;

    third.revoke(&[&identity]);
    for (receiver, provider) in [(&servers, &by_host), (&recorded, &by_id)] {
        wait::until("the revoked certificate is refused", NOTICED, || async {
            (fetch(trial, receiver, provider).await.0 >= 500).then_some(())
        })
        .await;
    }
    assert!(Path::new(&third.at("list.crl")).exists());
}
