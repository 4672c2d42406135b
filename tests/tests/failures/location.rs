//! The location server is away.

use std::time::Duration;

use common::clock::{Clock as _, SystemClock};
use tests::{
    room::{Takes, room},
    wait,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{BACK, arrives, fetch, fleet, recorded};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_known_record_counts_until_it_expires() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|name, config| {
        if name == "location-server" {
            config["records"]["validity"] = "1m".into();
        }
    })
    .await;
    let trial = &fleet.trial;
    let token = trial.domain("b").token().await;
    arrives(trial, "a", "b", &token).await;
    let receiver = fleet.service("receiver-b");
    let known = receiver.path("location", "state_file");
    let id = trial.domain("a").provider_id();
    // Not the one of before, which is good for a day.
    wait::until("the record is on disk", BACK, || async {
        let text = std::fs::read_to_string(&known).ok()?;
        let known: serde_json::Value = serde_json::from_str(&text).ok()?;
        let expires = known["records"][id]["expires_at"].as_str()?;
        let expires = OffsetDateTime::parse(expires, &Rfc3339).unwrap();
        (expires <= SystemClock.now() + Duration::from_mins(2)).then_some(())
    })
    .await;
    fleet.service("location-server").kill();

    // From memory, and after a restart from disk.
    arrives(trial, "a", "b", &token).await;
    fleet.kill_and_start("receiver-b").await;
    let event = arrives(trial, "a", "b", &token).await;
    recorded(trial, &event, &token).await;
    // Nothing is known from before of a provider that was never asked for.
    let other = trial.domain("c");
    let never = trial
        .domain("b")
        .fetch(&other.granted_resource("b").url)
        .from_provider(other.provider_id())
        .token(&token);
    never.send().await.assert_refused(500, "020004003E");

    // Two minutes later the record has expired.
    receiver.kill();
    receiver.start(&["KAKEHASHI_CLOCK_SKEW=120"]);
    receiver.until_ready(trial).await;
    fetch(trial, "a", "b", &token)
        .await
        .assert_refused(500, "020004003E");

    let server = fleet.service("location-server");
    server.start(&[]);
    server.until_ready(trial).await;
    fleet.kill_and_start("receiver-b").await;
    wait::until("everything is found again", BACK, || async {
        (fetch(trial, "c", "b", &token).await.status == 200).then_some(())
    })
    .await;
    arrives(trial, "a", "b", &token).await;
}
