//! Why a certificate was refused stands in the log. Who is refused, and with what: `certificates.rs`.

use std::time::Duration;

use tests::{
    Trial,
    certs::{Authority, Wanted},
    client::{self, Answer},
    extra::{Access, Joining, Role},
    source::Source,
    tls, wait,
};

/// 10 s: a line is logged at once, by a machine that does much else.
const LOGGED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_operator_finds_the_reason_of_a_refusal_in_the_log() {
    let trial = Trial::shared();
    let source = Source::start().await;
    let resource = source.url("/whole/1000");
    let provider = Joining::register(trial, Role::Provider)
        .await
        .offering(
            &source.url("/"),
            std::slice::from_ref(&resource),
            Access::Open,
        )
        .await
        .start("kakehashi/1")
        .await;

    // In the handshake: by the address, since nothing else is known yet.
    let foreign = Authority::foreign().issue(&Wanted::good("foreign.connectors.example"));
    let config = tls::client_config(&trial.ready.ca, Some(foreign));
    let outcome = tls::probe(&provider.url, "/cadde/api/v4/file", config).await;
    assert!(outcome.is_refused(), "{}", outcome.reason());
    wait::until("the refusal is logged", LOGGED, || async {
        let log = provider.log();
        let line = log
            .lines()
            .find(|line| line.contains("TLS handshake refused"))?;
        (line.contains("UnknownIssuer") && line.contains("127.0.0.1")).then_some(())
    })
    .await;

    // Behind it: by the id that the caller was told.
    let unknown = trial
        .authority()
        .issue(&Wanted::good("nobody.connectors.example"));
    let request = client::with_certificate(&trial.ready.ca, unknown)
        .get(provider.url.join("/cadde/api/v4/file").unwrap())
        .header("x-cadde-resource-url", resource.as_str())
        .header("x-cadde-resource-api-type", "file/http")
        .header("x-cadde-options", "");
    let answer = Answer::read(request.send().await.unwrap()).await.unwrap();
    answer.assert_refused(403, "010090004E");
    let id = answer.json()["request_id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("x-request-id"), Some(id.as_str()));
    wait::until("the refusal is logged", LOGGED, || async {
        let log = provider.log();
        let mut lines = log.lines().filter(|line| line.contains(&id));
        lines
            .any(|line| {
                line.contains("certificate-not-registered")
                    && line.contains("nobody.connectors.example")
            })
            .then_some(())
    })
    .await;
    assert!(source.asked().is_empty());
}
