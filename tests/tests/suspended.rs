//! Whoever is suspended loses the transfers that are under way, on both sides and whatever the other side does.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Trial, client,
    extra::{Access, Extra, Joining, Role},
    ledger,
    operator::Operator,
    source::Source,
};
use tokio::time::timeout;

/// 1 MB of 2 MB; the rest comes when the source is told to go on.
const HELD: &str = "/held/2000000/1000000";

/// What the rules allow a suspension to take.
const MINUTE: Duration = Duration::from_mins(1);

async fn suspend(operator: &Operator<'_>, what: &str) {
    let body = json!({"state": "suspended", "reason": "a test"});
    let answer = operator.post(&format!("/v1/{what}/state"), &body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
}

/// A connector whose transfers wait for the source as long as they have to.
async fn start(mut joining: Joining<'_>) -> Extra {
    let deadlines = joining
        .config
        .entry("deadlines")
        .or_insert_with(|| toml::Table::new().into());
    let deadlines = deadlines.as_table_mut().expect("a section");
    deadlines.insert("idle".into(), "10m".into());
    joining.start("kakehashi/1").await
}

/// Reads what is there of a transfer, so that it is under way.
async fn begun(mut response: reqwest::Response) -> reqwest::Response {
    assert_eq!(response.status().as_u16(), 200);
    let first = response.chunk().await.expect("data comes");
    assert!(first.is_some_and(|chunk| !chunk.is_empty()));
    response
}

/// Reads on; how many bytes came until it broke, or `None` where it came to its end.
async fn broke(mut response: reqwest::Response) -> Option<usize> {
    let mut passed = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => passed += chunk.len(),
            Ok(None) => return None,
            Err(_) => return Some(passed),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_ends_transfers_within_a_minute_and_no_others() {
    let trial = Trial::shared();
    let operator = Operator::of(trial).await;
    let source = Source::start().await;
    let url = source.url(HELD);
    let provider = Joining::register(trial, Role::Provider)
        .await
        .offering(&source.url("/"), std::slice::from_ref(&url), Access::Open)
        .await;
    let provider = start(provider).await;
    let receiver = start(Joining::register(trial, Role::Receiver).await).await;
    let greedy = start(Joining::register(trial, Role::Receiver).await).await;

    let api = receiver.url.join("/cadde/api/v4/file").unwrap();
    let (user, other) = (
        operator.new_user("a user who is suspended").await,
        operator.new_user("a user who goes on").await,
    );
    let by_user = async |user| {
        let token = trial.domain("a").token_of(user).await;
        let fetch = trial.domain("a").fetch(url.as_str()).at(api.clone());
        let fetch = fetch.from_provider(&provider.user.user_id).token(&token);
        begun(fetch.open().await.expect("an answer")).await
    };
    let (ends, goes_on) = (by_user(&user).await, by_user(&other).await);
    // A receiver that would ask nobody whether it may go on.
    let direct = client::with_certificate(&trial.ready.ca, greedy.identity())
        .get(provider.url.join("/cadde/api/v4/file").unwrap())
        .header("x-cadde-resource-url", url.as_str())
        .header("x-cadde-resource-api-type", "file/http")
        .header("x-cadde-options", "");
    let direct = begun(direct.send().await.expect("an answer")).await;

    suspend(&operator, &format!("users/{}", user.user_id)).await;
    suspend(&operator, &format!("connectors/{}", greedy.connector_id)).await;
    let both = async { tokio::join!(broke(ends), broke(direct)) };
    let both = timeout(MINUTE, both).await.expect("within a minute");
    assert!(both.0.is_some() && both.1.is_some(), "they break: {both:?}");

    // The other user, over the same connectors, gets all of it.
    source.release_all();
    let rest = timeout(MINUTE, broke(goes_on)).await;
    assert_eq!(rest.expect("it ends"), None, "others go on");
    let of = |consumer: &str, side: &'static str| {
        let consumer = consumer.to_owned();
        move |core: &Value| {
            let evidence = &core["evidence"];
            evidence["datauser"] == *consumer && evidence["cdleventtype"] == side
        }
    };
    let mut reasons = Vec::new();
    for side in ["Sent", "Received"] {
        let ended = of(&user.user_id, side);
        let core = ledger::record(trial, "transfer-aborted", ended).await;
        reasons.push(core["evidence"]["reason"].clone());
    }
    // Both ask by themselves; whoever hears it first ends the transfer for the other.
    assert!(reasons.contains(&"refused".into()), "{reasons:?}");
    // Whose transfer it was without a token: that of the connector's participant.
    let ended = of(&greedy.user.user_id, "Sent");
    let core = ledger::record(trial, "transfer-aborted", ended).await;
    assert_eq!(core["evidence"]["reason"], "refused");
    let is_others = |core: &Value| core["event"]["datauser"] == *other.user_id;
    ledger::record(trial, "Received", is_others).await;
}
