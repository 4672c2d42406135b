//! What the services write down holds none of the secrets that pass through them.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use tests::{
    Trial, ledger,
    room::{Takes, room},
};

#[tokio::test]
async fn the_logs_of_a_full_exchange_contain_none_of_the_secrets_used() {
    let _room = room(Takes::ATrial).await;
    let trial = Trial::start().start();
    let mut secrets = vec![
        trial.ready.operator.password.clone(),
        trial.ready.operator.client_secret.clone(),
    ];
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
    let fetch = trial.domain("c").fetch(&resource.url).from_provider_of("a");
    ledger::recorded(&trial, fetch, &token).await;
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

/// What everybody on the host may read: certificates and lists of revoked ones, configurations, which name secrets by their
/// files, and the samples.
fn is_public(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    name == "config.toml"
        || path.components().any(|part| part.as_os_str() == "samples")
        || (name.rsplit_once('.').is_some_and(|(_, kind)| kind == "pem") && !name.contains("key"))
}

#[tokio::test]
async fn files_of_a_trial_are_their_owners_alone_unless_they_are_public_anyway() {
    let _room = room(Takes::ATrial).await;
    let trial = Trial::start().with_own_samples().start();
    // One exchange more, so that everything is there that is written on its way.
    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").granted_resource("b");
    let fetch = trial.domain("b").fetch(&resource.url).from_provider_of("a");
    assert_eq!(fetch.token(&token).send().await.status, 200);

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(trial.directory()), 0o700);
    let (mut folders, mut private) = (vec![trial.directory().to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.ends_with("catalog-index") {
                // Its files are made by the library that keeps it.
                assert_eq!(mode(&path), 0o700, "{}", path.display());
            } else if path.is_dir() {
                folders.push(path);
            } else if !is_public(&path) {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                private += 1;
            }
        }
    }
    assert!(private > 30, "{private} files were looked at");
}
