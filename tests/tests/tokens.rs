//! Tokens of the running auth-server, read as existing connectors read them.

use serde_json::{Value, json};
use tests::{Trial, client::Answer, operator::Operator, tokens};

/// What an existing CADDE 4.0 connector does with a token: it pads the payload by the length of the *whole* token. Too little
/// padding is fatal to its decoder, too much is not.
fn existing_connectors_decode(token: &str) -> bool {
    let payload = token.split('.').nth(1).unwrap();
    let padding = |length: usize| (4 - length % 4) % 4;
    padding(token.len()) >= padding(payload.len())
}

/// Whether that holds for every payload: header and signature decide.
fn decodable_whatever_the_claims(token: &str) -> bool {
    let mut parts = token.split('.');
    let (header, signature) = (parts.next().unwrap(), parts.nth(1).unwrap());
    matches!((header.len() + signature.len() + 2) % 4, 0 | 3)
}

async fn refreshed(trial: &Trial) -> Value {
    let domain = &trial.domain("b").ready;
    let post = |path: &str, body: Value| {
        trial
            .http()
            .post(trial.at(&trial.ready.auth.public, path))
            .basic_auth(
                &domain.app_client.client_id,
                Some(&domain.app_client.client_secret),
            )
            .json(&body)
            .send()
    };
    let credentials = json!({"user_id": domain.user.user_id, "password": domain.user.password});
    let first = Answer::read(post("/cadde/api/v4/token", credentials).await.unwrap())
        .await
        .unwrap();
    let refresh = json!({"refresh_token": first.json()["refresh_token"]});
    let second = Answer::read(post("/cadde/api/v4/token/refresh", refresh).await.unwrap())
        .await
        .unwrap();
    assert_eq!(second.status, 200, "{}", second.text());
    second.json()
}

#[tokio::test]
async fn every_token_decodes_with_the_padding_of_existing_connectors() {
    let trial = Trial::shared();
    let mut all = vec![Operator::of(trial).await.token().to_owned()];
    for name in ["a", "b", "c"] {
        all.push(trial.domain(name).token().await);
    }
    all.push(
        refreshed(trial).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    for token in all {
        assert!(
            decodable_whatever_the_claims(&token),
            "{}",
            tokens::header(&token)
        );
        assert!(existing_connectors_decode(&token));
    }
}

#[tokio::test]
async fn a_token_names_its_user_as_existing_peers_expect() {
    let trial = Trial::shared();
    let claims = tokens::claims(&trial.domain("b").token().await);
    let user = trial.domain("b").user_id();
    assert_eq!(
        (&claims["preferred_username"], &claims["user"]),
        (&json!(user), &json!(user))
    );
    // The receiver cuts the address of the introspection out of the issuer.
    let issuer = trial.ready.auth.public.as_str().trim_end_matches('/');
    assert_eq!(claims["iss"], issuer);
    assert!(
        claims["org"].is_string() && claims["aal"].is_string(),
        "{claims}"
    );
}

#[tokio::test]
async fn an_existing_receiver_introspects_where_the_issuer_points_with_id_and_secret() {
    let trial = Trial::shared();
    let token = trial.domain("b").token().await;
    let receiver = &trial.domain("b").ready.receiver;
    let introspect = |token: String, secret: String| {
        trial
            .http()
            .post(trial.at(&trial.ready.auth.public, "/cadde/api/v4/token/introspect"))
            .basic_auth(&receiver.connector_id, Some(secret))
            .json(&json!({"access_token": token}))
            .send()
    };
    let good = introspect(token.clone(), receiver.connector_secret.clone())
        .await
        .unwrap();
    let good = Answer::read(good).await.unwrap();
    assert_eq!(
        (good.status, good.json()["user_id"].as_str()),
        (200, Some(trial.domain("b").user_id()))
    );
    let forged = format!("{token}x");
    let bad = introspect(forged, receiver.connector_secret.clone())
        .await
        .unwrap();
    assert_eq!(
        bad.status(),
        403,
        "never a 2xx for a token that is not active"
    );
    let wrong_secret = introspect(token, "wrong".to_owned()).await.unwrap();
    assert_eq!(wrong_secret.status(), 401);
}
