//! Open data: without a token through both connectors, and directly.

use tests::{Trial, ledger};

#[tokio::test]
async fn an_open_file_arrives_without_a_token_and_is_recorded_under_the_participants() {
    let trial = Trial::shared();
    let resource = trial.domain("a").open_resource();
    let answer = trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider_of("a")
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.text(), "an open notice of domain a\n");
    let received = answer.header("x-cadde-provenance").unwrap();

    let token = trial.domain("b").token().await;
    let events = ledger::arrived(trial, received, 3, &token).await;
    let kinds: Vec<&str> = events.iter().map(ledger::Event::kind).collect();
    assert_eq!(kinds, ["Create", "Sent", "Received"]);
    // Nobody signed in: the record names the participant for whom the receiver connector is registered.
    let parties = (
        trial.domain("a").provider_id(),
        trial.domain("b").provider_id(),
    );
    for event in &events[1..] {
        assert_eq!(event.parties(), parties, "{}", event.0);
        assert_eq!(
            event.digest(),
            Some((answer.sha256(), answer.body.len() as u64))
        );
        assert_eq!(
            event.core().unwrap()["actor"]["auth"],
            "mtls",
            "the record says that a connector states it"
        );
    }
}

#[tokio::test]
async fn an_open_file_with_a_token_is_recorded_under_the_user() {
    let trial = Trial::shared();
    let resource = trial.domain("c").open_resource();
    let token = trial.domain("b").token().await;
    let fetch = trial.domain("b").fetch(&resource.url).from_provider_of("c");
    let (_, events) = ledger::recorded(trial, fetch, &token).await;
    assert_eq!(
        events[2].parties(),
        (trial.domain("c").provider_id(), trial.domain("b").user_id())
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_for_open_data_too() {
    let trial = Trial::shared();
    let resource = trial.domain("a").open_resource();
    let answer = trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token("nonsense")
        .send()
        .await;
    answer.assert_refused(401, "020004002E");
}

#[tokio::test]
async fn an_open_file_is_fetched_directly_with_five_empty_headers() {
    let trial = Trial::shared();
    let resource = trial.domain("a").open_resource();
    for fetch in [
        trial.domain("b").fetch(&resource.url),
        // An empty provider is none.
        trial.domain("b").fetch(&resource.url).from_provider(""),
    ] {
        let answer = fetch.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.text(), "an open notice of domain a\n");
        for name in [
            "x-cadde-provenance",
            "x-cadde-provenance-management-service-url",
            "x-cadde-contract-id",
            "x-cadde-contract-type",
            "x-cadde-contract-management-service-url",
        ] {
            assert_eq!(answer.header(name), Some(""), "{name}");
        }
    }
}

#[tokio::test]
async fn a_direct_fetch_is_in_the_ledger_as_evidence_of_the_receiver() {
    let trial = Trial::shared();
    let resource = trial.domain("c").open_resource();
    let token = trial.domain("a").token().await;
    let by_user = trial
        .domain("a")
        .fetch(&resource.url)
        .token(&token)
        .send()
        .await;
    let by_nobody = trial.domain("a").fetch(&resource.url).send().await;
    assert_eq!((by_user.status, by_nobody.status), (200, 200));
    // Without a token the receiver's participant stands for the user.
    for user in [trial.domain("a").user_id(), trial.domain("a").provider_id()] {
        let record = ledger::record(trial, "direct", |core| {
            core["actor"]["user"] == user && core.to_string().contains(&resource.url)
        })
        .await;
        assert_eq!(
            record["actor"]["client"],
            trial.domain("a").ready.receiver.connector_id.as_str()
        );
        assert_eq!(
            record["dig"]["sha256"],
            by_user.sha256().as_str(),
            "{record}"
        );
        assert_eq!(record["dig"]["len"], by_user.body.len(), "{record}");
    }
}
