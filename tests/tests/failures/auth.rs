//! The authentication server is away.

use tests::{
    client::{self, Answer},
    room::{Takes, room},
    wait,
};

use super::{BACK, arrives, assert_retry, fetch, fleet, recorded};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_were_just_checked_go_on_and_others_are_503() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|name, config| {
        // Long enough for this test to ask twice, short enough for it to wait for the end.
        if name == "receiver-b" {
            config["auth"]["cache"] = "20s".into();
        }
    })
    .await;
    let trial = &fleet.trial;
    let (known, fresh) = (
        trial.domain("b").token().await,
        trial.domain("b").token().await,
    );
    let direct = trial.domain("b").token().await;
    arrives(trial, "a", "b", &known).await;
    fleet.service("auth-server").kill();

    let event = arrives(trial, "a", "b", &known).await;
    let refused = fetch(trial, "a", "b", &fresh).await;
    refused.assert_refused(503, "020004002E");
    assert_retry(&refused);
    // The provider judges for itself, and says so with its own id.
    let domain = trial.domain("a");
    let peer = client::with_certificate(&trial.ready.ca, trial.domain("b").receiver_identity());
    let request = peer
        .get(trial.at(&domain.ready.provider.peer, "/cadde/api/v4/file"))
        .bearer_auth(&direct)
        .header("x-cadde-resource-url", &domain.granted_resource("b").url)
        .header("x-cadde-resource-api-type", "file/http")
        .header("x-cadde-options", "");
    let refused = Answer::read(request.send().await.unwrap()).await.unwrap();
    refused.assert_refused(503, "010002004E");
    assert_retry(&refused);

    wait::until("what was checked long ago counts no more", BACK, || async {
        let answer = fetch(trial, "a", "b", &known).await;
        (answer.status == 503).then(|| answer.assert_refused(503, "020004002E"))
    })
    .await;
    fleet.service("auth-server").start(&[]);
    fleet.service("auth-server").until_ready(trial).await;
    wait::until("both tokens count again", BACK, || async {
        let first = fetch(trial, "a", "b", &known).await.status == 200;
        (first && fetch(trial, "a", "b", &fresh).await.status == 200).then_some(())
    })
    .await;
    recorded(trial, &event, &known).await;
}
