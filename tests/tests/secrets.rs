//! What the services write down holds none of the secrets that pass through them.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use tests::{Trial, ledger};

#[tokio::test]
async fn the_logs_of_a_full_exchange_contain_none_of_the_secrets_used() {
    let trial = Trial::start().start();
    let mut secrets = vec![trial.ready.operator.password.clone()];
    for name in ["a", "b", "c"] {
        let domain = trial.domain(name);
        secrets.push(domain.ready.user.password.clone());
        secrets.push(domain.ready.app_client.client_secret.clone());
        secrets.push(domain.ready.receiver.connector_secret.clone());
        secrets.push(domain.ready.provider.connector_secret.clone());
        secrets.push(domain.token().await);
    }
    let token = secrets.last().unwrap().clone();
    let resource = trial.domain("a").granted_resource("c");
    let answer = trial
        .domain("c")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token(&token)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    ledger::arrived(
        &trial,
        answer.header("x-cadde-provenance").unwrap(),
        3,
        &token,
    )
    .await;
    // A refused exchange writes more than a good one.
    let refused = trial
        .domain("c")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token(&format!("{token}x"));
    assert_eq!(refused.send().await.status, 401);

    let logs = trial.logs();
    assert!(
        logs.iter().any(|(_, text)| text.contains("receiver")),
        "no log was captured"
    );
    for (path, text) in logs {
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "{} contains a secret",
                path.display()
            );
        }
        // Any JWT, bound tokens included: every header begins with `{"`.
        assert!(!text.contains("eyJ"), "{} contains a token", path.display());
        assert!(
            !text.contains("PRIVATE KEY"),
            "{} contains a key",
            path.display()
        );
        assert!(
            !text.to_ascii_lowercase().contains("basic "),
            "{} contains credentials",
            path.display()
        );
    }
}
