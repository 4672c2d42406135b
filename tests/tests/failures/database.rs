//! The file of a database is locked by somebody else. Servers that are gone: `postgres.rs`, where these have nothing to show.

use rusqlite::Connection;
use serde_json::json;
use tests::{
    client::{self, Answer},
    faults::fleet::{Fleet, Service},
    ledger,
    operator::{Operator, corporate_number},
    room::{Takes, room},
    wait,
};

use super::{BACK, arrives, assert_retry, fleet, recorded, status};

/// Keeps everybody else from writing until it is dropped.
fn lock(service: &Service) -> Connection {
    let database = Connection::open(service.path("database", "url")).unwrap();
    database.busy_timeout(BACK).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    database
}

async fn notices(fleet: &Fleet, service: &Service) {
    wait::until("the service is not ready", BACK, || async {
        (status(&fleet.trial, service, "/readyz").await == 503).then_some(())
    })
    .await;
    assert_eq!(status(&fleet.trial, service, "/healthz").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_ledger_takes_nothing_answers_what_it_knows_and_loses_nothing() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|_, _| {}).await;
    let trial = &fleet.trial;
    if trial.postgres().is_some() {
        return;
    }
    let server = fleet.service("provenance-server");
    let token = trial.domain("b").token().await;
    let before = arrives(trial, "a", "b", &token).await;
    recorded(trial, &before, &token).await;
    let records = ledger::records(trial, "Received").len();

    let locked = lock(server);
    let during = arrives(trial, "a", "b", &token).await;
    notices(&fleet, server).await;
    let known = ledger::lineage(trial, &before, "BACKWARD", &token).await;
    assert_eq!(ledger::events(&known).len(), 3, "reading goes on");
    assert_eq!(
        ledger::records(trial, "Received").len(),
        records,
        "nothing is half done"
    );
    drop(locked);

    server.until_ready(trial).await;
    recorded(trial, &during, &token).await;
    assert_eq!(ledger::records(trial, "Received").len(), records + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_register_of_users_changes_nothing_and_says_so() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|_, _| {}).await;
    let trial = &fleet.trial;
    if trial.postgres().is_some() {
        return;
    }
    let server = fleet.service("auth-server");
    let operator = Operator::of(trial).await;
    let token = trial.domain("b").token().await;
    let body = json!({"kind": "organisation", "name": "while locked", "corporate_number": corporate_number()});

    let locked = lock(server);
    let refused = operator.post("/v1/participants", &body).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_retry(&refused);
    arrives(trial, "a", "b", &token).await;
    drop(locked);

    server.until_ready(trial).await;
    let listed = operator.get("/v1/participants?limit=100").await.text();
    assert!(!listed.contains("while locked"), "half done: {listed}");
    let made = operator.post("/v1/participants", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_grants_stay_as_they_are_and_decide_on() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|_, _| {}).await;
    let trial = &fleet.trial;
    if trial.postgres().is_some() {
        return;
    }
    let server = fleet.service("provider-a");
    let token = trial.domain("b").token().await;
    let owner = trial.domain("a").management_token().await;
    let peer = client::with_certificate(&trial.ready.ca, trial.domain("a").receiver_identity());
    let path = "/cadde/api/v4/authorization";
    let grant = json!({"permission": {
        "target": "http://127.0.0.1:1/while-locked", "assigner": trial.domain("a").provider_id(),
        "assignee": {"user": trial.domain("b").user_id()},
    }});
    let ask = async || {
        let request = peer
            .post(trial.at(&trial.domain("a").ready.provider.peer, path))
            .bearer_auth(&owner)
            .json(&grant);
        Answer::read(request.send().await.unwrap()).await.unwrap()
    };

    let locked = lock(server);
    let refused = ask().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_retry(&refused);
    arrives(trial, "a", "b", &token).await;
    drop(locked);
    let made = ask().await;
    assert_eq!(made.status, 200, "{}", made.text());
}
