//! Every endpoint of every service with no, an expired, a wrong and a right credential.
//!
//! `rows` has one row for each endpoint that the services list. One that is missing there fails the suite, and so does
//! a row for something that no service lists. `attempts` says what each rule lets in and what it refuses.

mod attempts;
mod credentials;
mod keeper;
mod rows;

use std::collections::BTreeSet;

use attempts::{Attempt, Expected};
use common::http::Endpoint;
use credentials::AccessFixture;
use reqwest::Method;
use rows::{ROWS, Row};
use tests::{
    client::{self, Answer},
    tls::{client_config, probe},
};

/// What the services say they serve: service, listener, method, path.
fn listed() -> BTreeSet<(&'static str, &'static str, &'static str, &'static str)> {
    let services: [(&'static str, Vec<Endpoint>); 7] = [
        ("auth", auth_server::endpoints()),
        ("location", location_server::endpoints()),
        ("provenance", provenance::endpoints()),
        ("catalog", catalog_tool::endpoints()),
        ("provider", connector::provider::endpoints()),
        ("receiver", connector::receiver::endpoints()),
        ("data", connector::data_server::endpoints()),
    ];
    services
        .into_iter()
        .flat_map(|(service, endpoints)| {
            endpoints
                .into_iter()
                .filter(|endpoint| endpoint.listener != "admin")
                .map(move |endpoint| (service, endpoint.listener, endpoint.method, endpoint.path))
        })
        .collect()
}

#[test]
fn every_endpoint_is_in_the_table() {
    let rows: BTreeSet<_> = ROWS
        .iter()
        .map(|row| (row.service, row.listener, row.method, row.path))
        .collect();
    let listed = listed();
    let unlisted: Vec<_> = listed.difference(&rows).collect();
    assert!(
        unlisted.is_empty(),
        "no row says who may call {unlisted:#?}"
    );
    let gone: Vec<_> = rows.difference(&listed).collect();
    assert!(gone.is_empty(), "no service lists {gone:#?}");
    assert_eq!(rows.len(), ROWS.len(), "a row stands twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_lets_in_whom_its_row_names_and_nobody_else() {
    let world = AccessFixture::new().await;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for row in ROWS {
        for attempt in world.attempts(row) {
            tried += 1;
            let got = call(&world, row, &attempt).await;
            if !attempt.expected.fits(&got) {
                let (method, path, name) = (row.method, row.path, attempt.name);
                wrong.push(format!(
                    "{} {method} {path} with {name}: {got}, not {:?}",
                    row.service, attempt.expected
                ));
            }
        }
    }
    println!("{tried} attempts on {} endpoints", ROWS.len());
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_nobody_serves_is_404_or_refused_on_every_listener() {
    let world = AccessFixture::new().await;
    for (service, listener) in ROWS
        .iter()
        .map(|row| (row.service, row.listener))
        .collect::<BTreeSet<_>>()
    {
        let url = world
            .base(service, listener)
            .join("/v1/nothing-here")
            .unwrap();
        let peer = client::with_certificate(&world.trial.ready.ca, world.receiver.clone());
        let client = if listener == "peer" {
            &peer
        } else {
            world.trial.http()
        };
        let status = client.get(url).send().await.unwrap().status().as_u16();
        assert!(
            matches!(status, 401 | 403 | 404),
            "{service} {listener}: {status}"
        );
    }
}

/// What came of an attempt, as `Expected` reads it.
async fn call(world: &AccessFixture, row: &Row, attempt: &Attempt) -> String {
    ask(world, row, attempt).await.map_or_else(
        || "refused in the handshake".to_owned(),
        |answer| answer.status.to_string(),
    )
}

/// The answer to an attempt; `None` where not even a connection came about.
async fn ask(world: &AccessFixture, row: &Row, attempt: &Attempt) -> Option<Answer> {
    let path = row
        .parameters
        .iter()
        .fold(row.path.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
    let url = world
        .base(row.service, row.listener)
        .join(&world.fill(&(path + row.query)))
        .unwrap();
    if row.listener == "peer" {
        // First the handshake by itself: a client library hides where it failed.
        let config = client_config(&world.trial.ready.ca, attempt.identity.clone());
        let outcome = probe(&url, "/", config).await;
        if outcome.is_refused() {
            return None;
        }
    }
    let client = match (&attempt.identity, row.listener) {
        (Some(identity), "peer") => {
            client::with_certificate(&world.trial.ready.ca, identity.clone())
        }
        _ => world.trial.http().clone(),
    };
    let mut request = client.request(Method::from_bytes(row.method.as_bytes()).unwrap(), url);
    for (name, value) in &attempt.headers {
        request = request.header(*name, value);
    }
    for (name, value) in row.headers {
        request = request.header(*name, world.fill(value));
    }
    let body = attempt.body.as_deref().unwrap_or(row.body);
    let body = world.fill(body);
    if !body.is_empty() {
        let form = !body.starts_with('{');
        let media = if form {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        };
        request = request.header("content-type", media).body(body);
    }
    let response = request.send().await.unwrap();
    Some(Answer::read(response).await.unwrap())
}

impl Expected {
    fn fits(self, got: &str) -> bool {
        let status: Option<u16> = got.parse().ok();
        match self {
            Self::NoHandshake => status.is_none(),
            Self::Unauthorized => status == Some(401),
            Self::Forbidden => status == Some(403),
            Self::Unprocessable => status == Some(422),
            Self::Served => status.is_some_and(|status| (200..300).contains(&status)),
            Self::Refused => matches!(status, Some(401 | 403)),
            Self::Admitted => {
                status.is_some_and(|status| !matches!(status, 401 | 403) && status < 500)
            }
        }
    }
}
