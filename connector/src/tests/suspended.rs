//! What a suspension ends, and what it doesn't.

use std::{sync::atomic::Ordering, time::Duration};

use auth_client::{TokenClaims, api::Suspensions};
use location_client::{Profile, Source};
use reqwest::Response;
use rstest::rstest;
use serde_json::Value;

use super::kit::{
    self, ConnectorFixture, PROVIDER, PROVIDER_CONNECTOR, Plan, RECEIVER_CONNECTOR, USER, fetch,
};
use crate::exchange::Running;

fn users(id: &str) -> Suspensions {
    Suspensions {
        users: vec![kit::user_id(id)],
        ..Suspensions::default()
    }
}

fn connectors(id: &str) -> Suspensions {
    Suspensions {
        connectors: vec![kit::connector_id(id)],
        ..Suspensions::default()
    }
}

fn suspend(world: &ConnectorFixture, who: Suspensions) {
    *world.auth.suspended.lock().expect("not poisoned") = who;
}

async fn begun(request: reqwest::RequestBuilder) -> Response {
    let mut response = request.send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.chunk().await.expect("a beginning").is_some());
    response
}

async fn breaks(mut response: Response) {
    let reading = async {
        while let Ok(part) = response.chunk().await {
            assert!(part.is_some(), "the body looked whole");
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), reading).await;
    assert!(ended.is_ok(), "it goes on and on");
}

fn reason(items: &[Value]) -> &str {
    assert_eq!(items.len(), 1, "{items:?}");
    items[0]["evidence"]["reason"].as_str().expect("a reason")
}

#[rstest]
#[case::the_user(users(USER), true)]
#[case::the_user_here(users(USER), false)]
#[case::the_receivers_connector(connectors(RECEIVER_CONNECTOR), true)]
#[case::the_providers_connector(connectors(PROVIDER_CONNECTOR), false)]
#[case::the_provider(users(PROVIDER), false)]
#[case::the_provider_there(users(PROVIDER), true)]
#[tokio::test]
async fn a_suspension_ends_the_transfers_under_way(
    #[case] who: Suspensions,
    #[case] at_provider: bool,
) {
    let world = ConnectorFixture::granting("/closed/endless").await;
    let response = begun(world.ask("/closed/endless", Some("good"))).await;
    suspend(&world, who);
    under_way(&world, at_provider).check().await;
    breaks(response).await;
    let (sent, received) = world.records().await;
    let (own, other) = if at_provider {
        (sent, received)
    } else {
        (received, sent)
    };
    assert_eq!(reason(&own), "refused");
    // The other side sees its upstream break, or its caller leave.
    assert!(["source-failed", "peer-closed"].contains(&reason(&other)));
}

/// The transfers under way on one side.
fn under_way(world: &ConnectorFixture, at_provider: bool) -> &Running {
    if at_provider {
        &world.sending
    } else {
        &world.receiving
    }
}

/// The registry tells nothing to whoever may not act.
#[rstest]
#[case::provider(true)]
#[case::receiver(false)]
#[tokio::test]
async fn a_connector_that_is_suspended_itself_ends_all_its_transfers(#[case] at_provider: bool) {
    let world = ConnectorFixture::granting("/closed/endless").await;
    let response = begun(world.ask("/closed/endless", Some("good"))).await;
    world.auth.is_asker_barred.store(true, Ordering::SeqCst);
    under_way(&world, at_provider).check().await;
    breaks(response).await;
    let (sent, received) = world.records().await;
    assert_eq!(
        reason(if at_provider { &sent } else { &received }),
        "refused"
    );
}

#[tokio::test]
async fn a_suspension_ends_transfers_in_direct_mode_too() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let resource = world.resource("/open/endless");
    let response = begun(world.ask_url(&resource, Some("good"))).await;
    suspend(&world, users(USER));
    world.receiving.check().await;
    breaks(response).await;
    let (_, received) = world.records().await;
    assert_eq!(received[0]["evidence"]["type"], "direct");
    assert_eq!(reason(&received), "refused");
}

#[tokio::test]
async fn one_who_takes_nothing_is_ended_as_well() {
    let world = ConnectorFixture::granting("/closed/endless").await;
    let held = begun(world.ask("/closed/endless", Some("good"))).await;
    // Until everything on the way is full, and nobody asks a body for more.
    let read = || world.endless.load(Ordering::SeqCst);
    let mut before = 0;
    while read() != before {
        before = read();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    suspend(&world, users(USER));
    world.receiving.check().await;
    let (_, received) = world.records().await;
    assert_eq!(reason(&received), "refused");
    drop(held);
}

#[tokio::test]
async fn others_go_on_over_the_same_connectors() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let other = kit::user_id("cadde.other.bb");
    let claims = TokenClaims {
        user: other.clone(),
        ..kit::claims()
    };
    world.auth.token("other", Ok(claims));
    world.grant("/closed/endless").await;
    let assignee = crate::authorization::Assignee {
        user: Some(other),
        ..crate::authorization::Assignee::default()
    };
    world.grant_to("/closed/pausing", assignee, None).await;
    let ends = begun(world.ask("/closed/endless", Some("good"))).await;
    let goes_on = begun(world.ask("/closed/pausing", Some("other"))).await;
    suspend(&world, users(USER));
    world.sending.check().await;
    world.receiving.check().await;
    breaks(ends).await;
    world.go_on.notify_one();
    assert!(goes_on.bytes().await.is_ok());
    let (sent, received) = world.records().await;
    for items in [sent, received] {
        let ended: Vec<_> = items.iter().map(|item| item["kind"].as_str()).collect();
        assert_eq!(
            ended.iter().filter(|kind| **kind == Some("event")).count(),
            1
        );
        assert_eq!(ended.len(), 2);
    }
}

#[tokio::test]
async fn a_registry_that_is_away_ends_nothing() {
    let world = ConnectorFixture::granting("/closed/pausing").await;
    let response = begun(world.ask("/closed/pausing", Some("good"))).await;
    suspend(&world, users(USER));
    world.auth.is_away.store(true, Ordering::SeqCst);
    world.sending.check().await;
    world.receiving.check().await;
    world.go_on.notify_one();
    assert!(response.bytes().await.is_ok());
}

/// The one who asks did nothing wrong, and waiting would not help.
#[tokio::test]
async fn a_suspended_provider_says_so() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    world.auth.is_asker_barred.store(true, Ordering::SeqCst);
    let english = |request: reqwest::RequestBuilder| request.header("accept-language", "en");
    let got = fetch(english(world.reference("/closed/a.csv", Some("good")))).await;
    assert_eq!(got.error(), (403, "010090007E".to_owned()));
    assert!(got.text().contains("suspended"), "{}", got.text());
    assert!(!got.headers.contains_key("retry-after"));
    let got = world.fetch("/closed/a.csv").await;
    assert_eq!(got.error(), (403, "020004005E".to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn a_suspended_connector_that_knows_its_peers_from_before_says_so_too() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    world.auth.is_asker_barred.store(true, Ordering::SeqCst);
    world.auth.has_cache.store(true, Ordering::SeqCst);
    let got = fetch(world.reference("/closed/a.csv", Some("good"))).await;
    assert_eq!(got.error(), (403, "010090007E".to_owned()));
    let got = world.fetch("/closed/a.csv").await;
    assert_eq!(got.error(), (500, "020090007E".to_owned()));
    world.is_untouched().await;
}

#[rstest]
#[case::kept(Source::LastKnown)]
#[case::configured(Source::Configured)]
#[tokio::test]
async fn what_is_known_from_before_leads_to_no_suspended_provider(#[case] source: Source) {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    let at = format!("https://localhost:{}", world.provider_port);
    let connector = Some(PROVIDER_CONNECTOR);
    let put = |source| {
        let profile = Profile::Kakehashi1;
        world
            .locations
            .put_from(source, PROVIDER, &at, connector, profile);
    };
    put(source);
    let ask = async || world.fetch("/closed/a.csv").await;
    for who in [connectors(PROVIDER_CONNECTOR), users(PROVIDER)] {
        suspend(&world, who);
        assert_eq!(ask().await.error(), (500, "020004003E".to_owned()));
    }
    world.is_untouched().await;
    suspend(&world, Suspensions::default());
    assert_eq!(ask().await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_grant_that_is_withdrawn_counts_from_the_next_request_on() {
    let world = ConnectorFixture::granting("/closed/pausing").await;
    let response = begun(world.ask("/closed/pausing", Some("good"))).await;
    world.withdraw("/closed/pausing").await;
    world.sending.check().await;
    world.go_on.notify_one();
    assert!(response.bytes().await.is_ok());
    let refused = world.fetch("/closed/pausing").await;
    assert_eq!(refused.error(), (404, "020004005E".to_owned()));
}
