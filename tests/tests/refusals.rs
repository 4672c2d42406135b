//! What is refused: with which status and message id, and that nothing was fetched or recorded for it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use serde_json::json;
use tests::client::Answer;
use tests::domain::Fetch;
use tests::extra::{Access, Extra, Joining, Role};
use tests::source::Source;
use tests::tokens::{self, Signer};
use tests::{Trial, client, metrics};
use tokio::sync::OnceCell;
use url::Url;

/// A provider whose source tells what was asked of it.
struct Scene {
    trial: &'static Trial,
    source: Source,
    provider: Extra,
    /// Granted to the user of B.
    granted: Url,
    /// Granted to the user of C alone.
    closed: Url,
    /// Granted to nobody.
    secret: Url,
    /// Closed, and answering with a redirect to a port of this host that is no source.
    redirecting: Url,
    elsewhere: Source,
}

impl Scene {
    async fn new() -> Self {
        let trial = Trial::shared();
        let source = Source::start().await;
        let elsewhere = Source::start().await;
        let granted = source.url("/whole/1000");
        let closed = source.url("/whole/2000");
        let secret = source.url("/whole/3000");
        let port = elsewhere.url("/").port().unwrap();
        let redirecting = source.url(&format!("/redirect/{port}/whole/1"));
        let resources = [
            granted.clone(),
            closed.clone(),
            secret.clone(),
            redirecting.clone(),
        ];
        let provider = Joining::register(trial, Role::Provider)
            .await
            .offering(&source.url("/"), &resources, Access::Granted)
            .await
            .start("kakehashi/1")
            .await;
        for resource in [&granted, &redirecting] {
            provider
                .grant(trial, resource, trial.domain("b").user_id())
                .await;
        }
        provider
            .grant(trial, &closed, trial.domain("c").user_id())
            .await;
        Self {
            trial,
            source,
            provider,
            granted,
            closed,
            secret,
            redirecting,
            elsewhere,
        }
    }

    /// A request of B's user for `url` from this provider.
    fn fetch(&self, url: &str) -> Fetch<'static> {
        self.trial
            .domain("b")
            .fetch(url)
            .from_provider(&self.provider.user.user_id)
    }

    async fn outbox_writes(&self) -> (f64, f64) {
        let receiver = &self.trial.domain("b").ready.receiver.admin;
        (
            self.provider.outbox_writes(self.trial).await,
            metrics::outbox_writes(self.trial.http(), receiver).await,
        )
    }

    /// Sends it; fails the test if the source was asked or anything was recorded.
    async fn refused(&self, fetch: Fetch<'static>) -> Answer {
        let (asked, written) = (self.source.asked().len(), self.outbox_writes().await);
        let answer = fetch.send().await;
        assert_eq!(
            self.source.asked().len(),
            asked,
            "the source was asked: {}",
            answer.text()
        );
        assert_eq!(
            self.outbox_writes().await,
            written,
            "something was recorded: {}",
            answer.text()
        );
        answer
    }
}

/// One scene for all tests of this file: it is only looked at.
async fn scene() -> &'static Scene {
    static SCENE: OnceCell<Scene> = OnceCell::const_new();
    SCENE.get_or_init(Scene::new).await
}

/// Tests of this file compare counters, so they take turns.
async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

#[tokio::test]
async fn the_scene_lets_a_good_request_through() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let asked = scene.source.asked().len();
    let (provider, receiver) = scene.outbox_writes().await;
    let answer = scene
        .fetch(scene.granted.as_str())
        .token(&token)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/csv"));
    assert_eq!(scene.source.asked().len(), asked + 1);
    let (provider_now, receiver_now) = scene.outbox_writes().await;
    assert!(
        provider_now > provider && receiver_now > receiver,
        "the counters count"
    );
}

#[tokio::test]
async fn a_granted_resource_without_a_token_is_401() {
    let (_turn, scene) = (turn().await, scene().await);
    scene
        .refused(scene.fetch(scene.granted.as_str()))
        .await
        .assert_refused_by_provider(401, "010002005E");
}

#[tokio::test]
async fn a_resource_that_nobody_was_granted_is_404() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let answer = scene
        .refused(scene.fetch(scene.secret.as_str()).token(&token))
        .await;
    answer.assert_refused_by_provider(404, "010002006E");
}

#[tokio::test]
async fn a_user_without_a_grant_is_403() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let no_grant = scene
        .refused(scene.fetch(scene.closed.as_str()).token(&token))
        .await;
    no_grant.assert_refused_by_provider(403, "010002006E");
    let other = scene.trial.domain("c").token().await;
    let other_user = scene
        .refused(scene.fetch(scene.granted.as_str()).token(&other))
        .await;
    other_user.assert_refused_by_provider(403, "010002006E");
}

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
async fn an_unknown_provider_is_500() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let fetch = scene
        .fetch(scene.granted.as_str())
        .from_provider("cadde.nobody.zz")
        .token(&token);
    scene.refused(fetch).await.assert_refused(500, "020004003E");
}

#[tokio::test]
async fn a_resource_outside_the_data_sources_is_404() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let granted = &scene.granted;
    let elsewhere = scene.elsewhere.url("/whole/1");
    let port = granted.port().unwrap();
    let tricks = [
        elsewhere.to_string(),
        // The whole URL of something listed inside of something that is not.
        format!("{}?x={granted}", scene.elsewhere.url("/whole/1")),
        format!("{}#{granted}", scene.elsewhere.url("/whole/1")),
        format!(
            "http://127.0.0.1:{port}@127.0.0.1:{}/whole/1",
            elsewhere.port().unwrap()
        ),
        format!("https://127.0.0.1:{port}/whole/1000"),
        format!("http://localhost:{port}/whole/1000"),
        format!("ftp://127.0.0.1:{port}/whole/1000"),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    for url in tricks {
        let answer = scene.refused(scene.fetch(&url).token(&token)).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{url}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(answer.message_id().is_some(), "{url}: {}", answer.text());
        assert!(
            scene.elsewhere.asked().is_empty(),
            "{url} reached another server"
        );
    }
    scene
        .refused(scene.fetch(elsewhere.as_str()).token(&token))
        .await
        .assert_refused_by_provider(404, "010090005E");
}

#[tokio::test]
async fn a_query_that_names_something_open_opens_nothing() {
    let (_turn, scene) = (turn().await, scene().await);
    let open = scene.trial.domain("a").open_resource();
    for url in [
        format!("{}?x={}", scene.closed, open.url),
        format!("{}?x=http://other.example/open", scene.closed),
    ] {
        let answer = scene.refused(scene.fetch(&url)).await;
        assert!(
            matches!(answer.status, 401 | 403 | 404),
            "{url}: {} {}",
            answer.status,
            answer.text()
        );
        let token = scene.trial.domain("b").token().await;
        let answer = scene.refused(scene.fetch(&url).token(&token)).await;
        assert!(
            matches!(answer.status, 403 | 404),
            "{url}: {} {}",
            answer.status,
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_redirect_out_of_the_source_is_not_followed() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let written = scene.outbox_writes().await;
    let answer = scene
        .fetch(scene.redirecting.as_str())
        .token(&token)
        .send()
        .await;
    answer.assert_refused_by_provider(500, "000201008E");
    assert!(
        scene.elsewhere.asked().is_empty(),
        "the redirect was followed"
    );
    assert_eq!(scene.outbox_writes().await, written);
}

#[tokio::test]
async fn an_unknown_type_of_resource_is_400() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let fetch = scene
        .fetch(scene.granted.as_str())
        .token(&token)
        .header("x-cadde-resource-api-type", "file/zzz");
    scene.refused(fetch).await.assert_refused(400, "020004001E");
}

#[tokio::test]
async fn missing_header_fields_are_400_and_named() {
    let (_turn, scene) = (turn().await, scene().await);
    for name in ["x-cadde-resource-url", "x-cadde-resource-api-type"] {
        let answer = scene
            .refused(scene.fetch(scene.granted.as_str()).without(name))
            .await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.text().contains(name),
            "{name} is not named: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn head_is_405_on_both_connectors() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let asked = scene.source.asked().len();
    let peer = client::with_certificate(
        &scene.trial.ready.ca,
        scene.trial.domain("b").receiver_identity(),
    );
    let receiver = scene.trial.at(
        &scene.trial.domain("b").ready.receiver.api,
        "/cadde/api/v4/file",
    );
    let provider = scene.provider.url.join("/cadde/api/v4/file").unwrap();
    for (client, url) in [(scene.trial.http(), receiver), (&peer, provider)] {
        let request = client
            .head(url)
            .bearer_auth(&token)
            .header("x-cadde-provider", &scene.provider.user.user_id)
            .header("x-cadde-resource-url", scene.granted.as_str())
            .header("x-cadde-resource-api-type", "file/http");
        assert_eq!(request.send().await.unwrap().status(), 405);
    }
    assert_eq!(scene.source.asked().len(), asked);
}

#[tokio::test]
async fn direct_mode_reaches_listed_hosts_alone() {
    let (_turn, scene) = (turn().await, scene().await);
    let token = scene.trial.domain("b").token().await;
    let closed = scene.trial.domain("a").granted_resource("b");
    let open = scene.trial.domain("a").open_resource();
    let tricks = [
        // A host that is not on the list.
        scene.elsewhere.url("/whole/1").to_string(),
        format!("{}?x={}", scene.elsewhere.url("/whole/1"), open.url),
        // A closed file of a data server whose open folder is on the list.
        closed.url.clone(),
        format!(
            "{}/../{}",
            open.url.rsplit_once('/').unwrap().0,
            closed.url.rsplit('/').next().unwrap()
        ),
        format!(
            "{}/%2e%2e/{}",
            open.url.rsplit_once('/').unwrap().0,
            closed.url.rsplit('/').next().unwrap()
        ),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::1]:1/".to_owned(),
        "http://0.0.0.0:1/".to_owned(),
        "http://2130706433:1/".to_owned(),
    ];
    for url in tricks {
        for fetch in [
            scene.trial.domain("b").fetch(&url),
            scene.trial.domain("b").fetch(&url).token(&token),
        ] {
            let answer = scene.refused(fetch).await;
            // A path that goes up is no URL that is looked up at all.
            let expected = if url.contains("..") || url.contains("%2e") {
                400
            } else {
                403
            };
            assert_eq!(answer.status, expected, "{url}: {}", answer.text());
            assert!(answer.message_id().is_some(), "{url}: {}", answer.text());
        }
    }
    assert!(scene.elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_bound_token_is_refused_from_another_connector() {
    let (_turn, scene) = (turn().await, scene().await);
    let trial = scene.trial;
    let user_token = trial.domain("b").token().await;
    let bound = bound_token(scene, &user_token).await;
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
    for (other, status) in [
        (trial.domain("c").receiver_identity(), 401),
        // Providers fetch nothing, whatever they bring along.
        (trial.domain("b").provider_identity(), 403),
    ] {
        let answer = Answer::read(with(other, &bound).await.unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.message_id().is_some(), "{}", answer.text());
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
    assert_eq!(response.status(), 401);
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

/// Exchanges `token` as B's receiver does (RFC 8693) for one bound to its certificate.
async fn bound_token(scene: &Scene, token: &str) -> String {
    let trial = scene.trial;
    let form = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", token),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("audience", scene.provider.connector_id.as_str()),
        (
            "client_id",
            trial.domain("b").ready.receiver.connector_id.as_str(),
        ),
    ];
    let response = client::with_certificate(&trial.ready.ca, trial.domain("b").receiver_identity())
        .post(trial.at(&trial.ready.auth.peer, "/oauth2/token"))
        .form(&form)
        .send()
        .await
        .unwrap();
    let answer = Answer::read(response).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}
