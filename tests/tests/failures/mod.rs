//! What happens when something else fails, one row of the design's table after the other: the status, the message id, what goes
//! on working, and that nothing is lost. The table with all tests of each row stands in `docs/guides/testing.md`.

mod auth;
mod certificate;
mod database;
mod ledger;
mod location;
mod source;

use std::time::Duration;

use tests::{
    Trial,
    client::Answer,
    faults::fleet::{Fleet, Service},
    ledger as records, wait,
};
use toml::Table;

/// 60 s: an outbox waits up to 30 s between two tries after a long outage.
const BACK: Duration = Duration::from_mins(1);

/// A trial whose services can be stopped, with configurations changed by service name.
async fn fleet(edit: impl Fn(&str, &mut Table)) -> Fleet {
    let start = Trial::start().with_own_samples();
    let (fleet, ()) = Fleet::start(
        start,
        async |trial| (trial, ()),
        |(), name, config| edit(name, config),
    )
    .await;
    fleet
}

/// What the user of `to` gets of what the provider of `from` granted it.
async fn fetch(trial: &Trial, from: &str, to: &str, token: &str) -> Answer {
    let resource = trial.domain(from).granted_resource(to);
    trial
        .domain(to)
        .fetch(&resource.url)
        .from_provider_of(from)
        .token(token)
        .send()
        .await
}

/// The same, which has to arrive; the id of its `Received`.
async fn arrives(trial: &Trial, from: &str, to: &str, token: &str) -> String {
    let answer = fetch(trial, from, to, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-cadde-provenance").unwrap().to_owned()
}

/// The status that `path` of a service's admin listener has.
async fn status(trial: &Trial, service: &Service, path: &str) -> u16 {
    let url = service.admin.join(path).unwrap();
    let answer = trial.http().get(url).send().await.unwrap();
    answer.status().as_u16()
}

/// Fails the test unless `answer` says that it is worth another try, and when.
#[track_caller]
fn assert_retry(answer: &Answer) {
    let after = answer
        .header("retry-after")
        .and_then(|text| text.parse().ok());
    assert!(
        after.is_some_and(|seconds: u64| (1..=300).contains(&seconds)),
        "{:?}",
        answer.headers
    );
}

/// Waits until the exchange with this `Received` is in the ledger, whole, however long the outboxes paused.
async fn recorded(trial: &Trial, received: &str, token: &str) {
    wait::until(&format!("{received} is in the ledger"), BACK, || async {
        let answer = records::lineage(trial, received, "BACKWARD", token).await;
        (answer.status == 200 && records::events(&answer).len() == 3).then_some(())
    })
    .await;
}
