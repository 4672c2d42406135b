//! Processes whose clocks differ.

use std::time::Duration;

use tests::{
    client::Answer,
    faults::{FaultFixture, Plan, Random},
    ledger,
    metrics::Metrics,
    room::{Takes, room},
    wait,
};

const PATIENCE: Duration = Duration::from_secs(15);

/// Starts a service again with its clock moved.
async fn skew(world: &FaultFixture, service: &str, seconds: i64) {
    let service = world.fleet.service(service);
    service.stop();
    service.start(&[&format!("KAKEHASHI_CLOCK_SKEW={seconds}")]);
    service.until_ready(&world.fleet.trial).await;
}

async fn fetch(world: &FaultFixture, token: &str) -> Answer {
    let trial = &world.fleet.trial;
    let resource = trial.domain("a").granted_resource("b");
    trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token(token)
        .send()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_differ_by_less_than_30_s_are_tolerated_and_told_from_2_s_on() {
    let _room = room(Takes::ATrial).await;
    let world = FaultFixture::start(Plan::default(), &mut Random::seeded()).await;
    let trial = &world.fleet.trial;
    for (receiver, provider, provenance) in [(25, -25, 25), (-25, 25, -25), (0, 0, 0)] {
        skew(&world, "receiver-b", receiver).await;
        skew(&world, "provider-a", provider).await;
        skew(&world, "provenance-server", provenance).await;
        let token = trial.domain("b").token().await;
        let answer = fetch(&world, &token).await;
        let (status, text) = (answer.status, answer.text());
        assert_eq!(
            status, 200,
            "receiver {receiver} s, provider {provider} s: {text}"
        );
        let event = answer.header("x-cadde-provenance").unwrap();
        let events = ledger::arrived(trial, event, 3, &token).await;
        let expected = Some((answer.sha256(), answer.body.len() as u64));
        assert_eq!(events[1].digest(), expected);
        assert_eq!(events[2].digest(), expected);
        for (service, seconds) in [("receiver-b", receiver), ("provider-a", provider)] {
            is_told(&world, service, seconds).await;
        }
    }
}

/// Warned of where it is 2 s or more; measured by `Date`, which has whole seconds and is up to 2 s old, and by how long an
/// answer takes.
async fn is_told(world: &FaultFixture, service: &str, seconds: i64) {
    let service = world.fleet.service(service);
    let log = service.log();
    let warned = log.contains("the own clock differs from the server's");
    assert_eq!(
        warned,
        seconds != 0,
        "{} by {seconds} s: {log}",
        service.name
    );
    let what = format!("the metric of {} shows {seconds} s", service.name);
    wait::until(&what, PATIENCE, || async {
        let metrics = Metrics::of(world.fleet.trial.http(), &service.admin).await;
        let shown = metrics.sum("clock_skew_seconds", &["server=\"auth-server\""]);
        #[expect(clippy::cast_precision_loss, reason = "a number of seconds")]
        let differs = (shown - seconds as f64).abs();
        (differs < 8.0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_by_more_refuses_tokens_with_401() {
    let _room = room(Takes::ATrial).await;
    let world = FaultFixture::start(Plan::default(), &mut Random::seeded()).await;
    let trial = &world.fleet.trial;
    // Behind, tokens begin in the future; ahead, those for an hour and the bound ones for 5 min are over.
    for (service, seconds) in [
        ("receiver-b", -40),
        ("receiver-b", 3_640),
        ("provider-a", -40),
        ("provider-a", 340),
    ] {
        skew(&world, service, seconds).await;
        let token = trial.domain("b").token().await;
        let answer = fetch(&world, &token).await;
        let text = answer.text();
        println!("{service} by {seconds} s: {} {text}", answer.status);
        assert_eq!(answer.status, 401, "{service} by {seconds} s: {text}");
        assert!(answer.message_id().is_some(), "{text}");
        skew(&world, service, 0).await;
        let answer = fetch(&world, &token).await;
        assert_eq!(answer.status, 200, "{service} back: {}", answer.text());
    }
    let (verdict, _) = world.judge().await;
    assert!(verdict.open.is_empty(), "{verdict}");
}
