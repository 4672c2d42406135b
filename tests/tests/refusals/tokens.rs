//! Tokens that do not count, or not from there.

use serde_json::json;
use tests::{
    client::{self, Answer},
    source::Source,
    tokens::{self, Signer},
};

use super::scene::{scene, turn};

#[tokio::test]
async fn an_expired_token_is_401() {
    let (_turn, scene) = (turn().await, scene().await);
    let good = scene.trial.domain("b").token().await;
    let expired = scene
        .trial
        .signer()
        .sign(&tokens::expired(&tokens::claims(&good)));
    let answer = scene
        .refused(scene.fetch(scene.granted.as_str()).token(&expired))
        .await;
    answer.assert_refused(401, "020004002E");
}

#[tokio::test]
async fn a_token_signed_by_nobody_we_know_is_401() {
    let (_turn, scene) = (turn().await, scene().await);
    let good = scene.trial.domain("b").token().await;
    let kid = tokens::header(&good)["kid"].as_str().unwrap().to_owned();
    let forged = Signer::foreign(&kid).sign(&tokens::claims(&good));
    let answer = scene
        .refused(scene.fetch(scene.granted.as_str()).token(&forged))
        .await;
    answer.assert_refused(401, "020004002E");
}

#[tokio::test]
async fn a_token_of_a_foreign_issuer_is_401_and_that_issuer_is_not_called() {
    let (_turn, scene) = (turn().await, scene().await);
    let issuer = Source::start().await;
    let good = tokens::claims(&scene.trial.domain("b").token().await);
    let origin = issuer.url("/").as_str().trim_end_matches('/').to_owned();
    let foreign =
        Signer::foreign("somewhere-else").sign(&tokens::with(&good, json!({"iss": origin})));
    let answer = scene
        .refused(scene.fetch(scene.granted.as_str()).token(&foreign))
        .await;
    answer.assert_refused(401, "020004002E");
    assert!(
        issuer.asked().is_empty(),
        "the foreign issuer was called: {:?}",
        issuer.asked()
    );
}

#[tokio::test]
async fn something_that_is_no_token_is_401() {
    let (_turn, scene) = (turn().await, scene().await);
    for nonsense in ["x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."] {
        let answer = scene
            .refused(scene.fetch(scene.granted.as_str()).token(nonsense))
            .await;
        answer.assert_refused(401, "020004002E");
    }
}

#[tokio::test]
async fn a_bound_token_is_refused_from_another_connector() {
    let (_turn, scene) = (turn().await, scene().await);
    let trial = scene.trial;
    let user_token = trial.domain("b").token().await;
    let bound = trial
        .domain("b")
        .bound_token(&user_token, &scene.provider.connector_id)
        .await
        .unwrap();
    assert!(tokens::claims(&bound)["cnf"]["x5t#S256"].is_string());
    let url = scene.provider.url.join("/cadde/api/v4/file").unwrap();
    let (asked, written) = (scene.source.asked().len(), scene.outbox_writes().await);
    let with = |identity, token: &str| {
        client::with_certificate(&trial.ready.ca, identity)
            .get(url.clone())
            .bearer_auth(token)
            .header("x-cadde-resource-url", scene.granted.as_str())
            .header("x-cadde-resource-api-type", "file/http")
            .send()
    };
    for (other, status, message_id) in [
        (trial.domain("c").receiver_identity(), 401, "010002004E"),
        // Providers fetch nothing, whatever they bring along.
        (trial.domain("b").provider_identity(), 403, "010090004E"),
    ] {
        let answer = Answer::read(with(other, &bound).await.unwrap())
            .await
            .unwrap();
        answer.assert_refused(status, message_id);
    }
    // Meant for this provider alone.
    let audience = tokens::claims(&bound)["aud"].to_string();
    assert!(
        audience.contains(&scene.provider.connector_id),
        "{audience}"
    );
    let elsewhere = trial.at(&trial.domain("a").ready.provider.peer, "/cadde/api/v4/file");
    let response = client::with_certificate(&trial.ready.ca, trial.domain("b").receiver_identity())
        .get(elsewhere)
        .bearer_auth(&bound)
        .header(
            "x-cadde-resource-url",
            &trial.domain("a").granted_resource("b").url,
        )
        .header("x-cadde-resource-api-type", "file/http")
        .send()
        .await
        .unwrap();
    Answer::read(response)
        .await
        .unwrap()
        .assert_refused(401, "010002004E");
    assert_eq!(scene.source.asked().len(), asked);
    assert_eq!(scene.outbox_writes().await, written);
    // From its own connector it is good.
    let answer = Answer::read(
        with(trial.domain("b").receiver_identity(), &bound)
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
