//! Resources that are not granted, not offered, or reached by a trick.

use tests::{
    client,
    extra::{Joining, Role},
};
use toml::Table;

use super::scene::{scene, turn};

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
    // Another domain's receiver is not for this user at all.
    other_user.assert_refused(403, "020090008E");
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
    // No URL of a resource at all, or one that lies in no source.
    let (malformed, unlisted) = (true, false);
    let tricks = [
        (elsewhere.to_string(), unlisted),
        // The whole URL of something listed inside of something that is not.
        (
            format!("{}?x={granted}", scene.elsewhere.url("/whole/1")),
            unlisted,
        ),
        (
            format!("{}#{granted}", scene.elsewhere.url("/whole/1")),
            malformed,
        ),
        (
            format!(
                "http://127.0.0.1:{port}@127.0.0.1:{}/whole/1",
                elsewhere.port().unwrap()
            ),
            malformed,
        ),
        (format!("https://127.0.0.1:{port}/whole/1000"), unlisted),
        (format!("http://localhost:{port}/whole/1000"), unlisted),
        (format!("ftp://127.0.0.1:{port}/whole/1000"), malformed),
        ("file:///etc/passwd".to_owned(), malformed),
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            unlisted,
        ),
    ];
    for (url, is_malformed) in tricks {
        println!("{url}");
        let answer = scene.refused(scene.fetch(&url).token(&token)).await;
        if is_malformed {
            answer.assert_refused_by_provider(400, "000201003E");
        } else {
            answer.assert_refused_by_provider(404, "010090005E");
        }
        assert!(
            scene.elsewhere.asked().is_empty(),
            "{url} reached another server"
        );
    }
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
        answer.assert_refused_by_provider(401, "010002005E");
        let token = scene.trial.domain("b").token().await;
        // With its query it is another resource, on which nobody has a grant.
        let answer = scene.refused(scene.fetch(&url).token(&token)).await;
        answer.assert_refused_by_provider(404, "010002006E");
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
            println!("{url}");
            let answer = scene.refused(fetch).await;
            // A path that goes up is no URL that is looked up at all.
            if url.contains("..") || url.contains("%2e") {
                answer.assert_refused(400, "000201003E");
            } else {
                answer.assert_refused(403, "020090004E");
            }
        }
    }
    assert!(scene.elsewhere.asked().is_empty());
}

#[tokio::test]
async fn direct_mode_does_not_follow_a_redirect_off_its_list() {
    let (_turn, scene) = (turn().await, scene().await);
    let mut joining = Joining::register(scene.trial, Role::Receiver).await;
    let listed: Table = [("url".to_owned(), scene.source.url("/").as_str().into())]
        .into_iter()
        .collect();
    joining.config.insert("egress".into(), vec![listed].into());
    let receiver = joining.start("kakehashi/1").await;
    let api = receiver.url.join("/cadde/api/v4/file").unwrap();
    let token = scene.trial.domain("b").token().await;
    for fetch in [
        scene.trial.domain("b").fetch(scene.redirecting.as_str()),
        scene
            .trial
            .domain("b")
            .fetch(scene.redirecting.as_str())
            .token(&token),
    ] {
        let answer = fetch.at(api.clone()).send().await;
        answer.assert_refused(500, "000201008E");
    }
    assert!(
        scene.elsewhere.asked().is_empty(),
        "the redirect was followed"
    );
    let written = receiver.outbox_writes(scene.trial).await;
    assert!(written.abs() < 0.5, "{written} records of nothing");
    // What the list names is fetched.
    let good = scene.trial.domain("b").fetch(scene.granted.as_str());
    let answer = good.at(api).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
