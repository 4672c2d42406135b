//! Clocks that differ.

use super::{alone, arrives, fetch, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn a_small_difference_is_tolerated_and_told_and_a_large_one_refuses_tokens() {
    let _alone = alone().await;
    let fleet = fleet(|_, _| {}).await;
    let trial = &fleet.trial;
    let receiver = fleet.service("receiver-b");
    for (seconds, is_tolerated) in [(-10, true), (10, true), (-90, false)] {
        receiver.kill();
        receiver.start(&[&format!("KAKEHASHI_CLOCK_SKEW={seconds}")]);
        receiver.until_ready(trial).await;
        // Issued now, as the authentication server sees it.
        let token = trial.domain("b").token().await;
        if is_tolerated {
            arrives(trial, "a", "b", &token).await;
            assert!(
                receiver.log().contains("clock differs"),
                "{seconds} s: {}",
                receiver.log()
            );
        } else {
            fetch(trial, "a", "b", &token)
                .await
                .assert_refused(401, "020004002E");
        }
    }
    // Put right, everything goes on.
    fleet.kill_and_start("receiver-b").await;
    let token = trial.domain("b").token().await;
    arrives(trial, "a", "b", &token).await;
    assert!(!receiver.log().contains("clock differs"));
}
