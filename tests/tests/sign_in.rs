//! Signing in with a browser, by libraries of others that are used unchanged.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::{Trial, operator::Operator, ready::Credentials};
use tokio::{io::AsyncWriteExt as _, process::Command};

const BACK: &str = "http://localhost:9/session/callback";
const OUT: &str = "http://localhost:9/";

/// An application that people sign in at.
async fn application(operator: &Operator<'_>, id: &str) -> Value {
    let body = json!({
        "client_id": id, "name": id, "grants": ["authorization-code", "refresh-token"],
        "redirect_uris": [BACK], "post_logout_redirect_uris": [OUT],
    });
    let created = operator.post("/v1/clients", &body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    json!({ "client_id": id, "client_secret": created.json()["client_secret"] })
}

/// What a library has seen, with a user of its own, whose ID comes along.
async fn signs_in(library: &str) -> (Value, Credentials) {
    let trial = Trial::shared();
    let operator = Operator::of(trial).await;
    let user = operator.new_user(&format!("A user of {library}")).await;
    let own = application(&operator, &format!("with-{library}")).await;
    let other = application(&operator, &format!("beside-{library}")).await;
    let given = json!({
        "issuer": trial.ready.auth.public.as_str().trim_end_matches('/'),
        "client_id": own["client_id"], "client_secret": own["client_secret"], "other": other,
        "redirect_uri": BACK, "post_logout_redirect_uri": OUT,
        "user_id": user.user_id, "password": user.password,
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/relying-party");
    let mut child = Command::new(script)
        .arg(library)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(given.to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{library}: {}", output.status);
    (serde_json::from_slice(&output.stdout).unwrap(), user)
}

/// What holds whoever asks.
fn assert_seen(seen: &Value, user: &Credentials) {
    let issuer = Trial::shared().ready.auth.public.as_str();
    for name in ["issuer", "iss"] {
        assert_eq!(seen[name], issuer.trim_end_matches('/'), "{seen:#}");
    }
    assert_eq!(
        seen["id_token"]["preferred_username"], user.user_id,
        "{seen:#}"
    );
    assert_eq!(
        seen["userinfo"]["preferred_username"], user.user_id,
        "{seen:#}"
    );
    let sub = &seen["id_token"]["sub"];
    assert!(sub.is_string(), "{seen:#}");
    assert_eq!(&seen["userinfo"]["sub"], sub, "{seen:#}");
    assert_eq!(&seen["userinfo_again"], sub, "{seen:#}");
    assert_eq!(seen["refreshed"], true, "{seen:#}");
    for refused in ["foreign", "replayed"] {
        assert_eq!(seen[refused], "invalid_grant", "{refused}: {seen:#}");
    }
    assert_eq!(
        seen["signed_out"],
        json!([303, format!("{OUT}?state=out")]),
        "{seen:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_signs_in_refreshes_asks_who_it_is_and_signs_out() {
    let (seen, user) = signs_in("authlib").await;
    assert_seen(&seen, &user);
    // Tokens that were ended are none.
    assert_eq!(seen["after_replay"], 401, "{seen:#}");
    assert_eq!(seen["after_logout"], 401, "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_signs_in_refreshes_asks_who_it_is_and_signs_out() {
    let (seen, user) = signs_in("openid-client").await;
    assert_seen(&seen, &user);
    assert_eq!(seen["pkce"], true, "{seen:#}");
    assert_eq!(seen["introspected"], true, "{seen:#}");
    assert_eq!(seen["after_replay"], false, "{seen:#}");
    assert_eq!(seen["after_logout"], false, "{seen:#}");
    // The login page again: 200, and no code.
    assert_eq!(seen["asked_again"], 200, "{seen:#}");
}
