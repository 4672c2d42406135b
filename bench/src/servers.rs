//! Servers by themselves, each on its own hot path.

use std::time::Duration;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::clock::{Clock as _, SystemClock, rfc3339_millis};
use serde::Serialize;
use serde_json::json;
use tests::operator::Operator;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    load::{Load, Seen, Target},
    subject::{Processes, SMALL, Subject, address},
    usage,
};

/// Records in one batch, about what an outbox has collected between two deliveries of a connector with some load.
const BATCH: u32 = 64;

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// A figure of one server by itself.
#[derive(Debug, Serialize)]
pub struct Server {
    /// What was asked of it.
    pub name: String,
    /// Connections at a time.
    pub connections: usize,
    /// What one answer stands for: 1, or the records of a batch.
    pub per_answer: u32,
    /// What was seen.
    pub seen: Seen,
    /// Processor time of the server an answer, in microseconds.
    pub cpu_us: f64,
    /// Highest resident memory during this load, in bytes.
    pub peak_memory: u64,
}

/// What is asked of which process.
struct Question {
    name: &'static str,
    process: &'static str,
    connections: usize,
    per_answer: u32,
    target: Target,
}

/// Loads each server in turn for `duration`.
///
/// # Errors
/// Where one refuses.
pub fn measure(
    subject: &Subject,
    runtime: &Runtime,
    duration: Duration,
    only: Option<&str>,
) -> anyhow::Result<Vec<Server>> {
    let mut servers = Vec::new();
    for question in questions(subject, runtime)? {
        if only.is_some_and(|only| !question.name.contains(only)) {
            continue;
        }
        let load = Load {
            connections: question.connections,
            duration,
            at_least: 1,
            per_second: None,
        };
        let full = question.ask(question.name.to_owned(), load, subject, runtime)?;
        if question.per_answer > 1 {
            // The rate at which the delay of an acknowledgement is judged.
            let half = Load {
                per_second: Some(full.seen.per_second / 2.0),
                ..load
            };
            let name = format!("{}, at half of that rate", question.name);
            servers.push(full);
            servers.push(question.ask(name, half, subject, runtime)?);
        } else {
            servers.push(full);
        }
    }
    Ok(servers)
}

impl Question {
    fn ask(
        &self,
        name: String,
        load: Load,
        subject: &Subject,
        runtime: &Runtime,
    ) -> anyhow::Result<Server> {
        let mut processes: Processes = subject.our_processes();
        processes.retain(|(name, _)| name == self.process);
        let pid = processes.first().context("the server does not run")?.1;
        // Connections and caches first.
        let warm = Load {
            duration: load.duration / 5,
            ..load
        };
        runtime.block_on(warm.run(&self.target))?;
        usage::forget_peak(pid)?;
        let before = usage::cpu(&processes)?;
        let seen = runtime.block_on(load.run(&self.target))?;
        let used = usage::per_unit(&before, &usage::cpu(&processes)?, seen.answers);
        let server = Server {
            name,
            connections: self.connections,
            per_answer: self.per_answer,
            seen,
            cpu_us: used[self.process],
            peak_memory: usage::peak_memory(pid)?,
        };
        eprintln!(
            "{}: {:.0} /s, p50 {:.2} ms, p99 {:.2} ms, {:.0} µs of CPU each, {:.0} MB, generator {:.2} of a core",
            server.name,
            seen.per_second * f64::from(self.per_answer),
            seen.p50_ms,
            seen.p99_ms,
            server.cpu_us / f64::from(self.per_answer),
            server.peak_memory as f64 / 1e6,
            seen.generator_share,
        );
        Ok(server)
    }
}

fn questions(subject: &Subject, runtime: &Runtime) -> anyhow::Result<Vec<Question>> {
    let ready = &subject.trial.ready;
    let receiver = &ready.domains["b"].receiver;
    let (receiver_tls, provider_tls) = (subject.receiver_tls(), subject.provider_tls());
    let lineage = subject.one_lineage(runtime)?;
    let (create, last) = lineage
        .first()
        .zip(lineage.last())
        .context("no lineage of the exchange")?;
    let basic = runtime.block_on(credentials(subject))?;
    let question = form(&[
        ("token", &subject.token),
        ("token_type_hint", "access_token"),
        ("client_id", &receiver.connector_id),
    ]);
    let auth_peer = address(&ready.auth.peer)?;
    let bearer = format!("Bearer {}", subject.token);
    let place = format!(
        "/cadde/api/v4/location/{}",
        subject.trial.domain("a").provider_id()
    );
    let file = subject.resource()?;
    Ok(vec![
        Question {
            name: "data-server: a file of 1 KiB",
            process: "data-server",
            connections: 8,
            per_answer: 1,
            target: Target::get(address(&file)?, file.path(), &[], Some(SMALL)),
        },
        Question {
            name: "auth-server: client-credentials grants",
            process: "auth",
            connections: 8,
            per_answer: 1,
            target: Target::post(
                address(&ready.auth.public)?,
                "/oauth2/token",
                &[FORM[0], ("authorization", &basic)],
                "grant_type=client_credentials",
            ),
        },
        Question {
            name: "auth-server: introspection over mutual TLS",
            process: "auth",
            connections: 8,
            per_answer: 1,
            target: Target::post(auth_peer, "/oauth2/introspect", FORM, &question)
                .over(&receiver_tls),
        },
        Question {
            name: "location-server: one location over mutual TLS",
            process: "location",
            connections: 8,
            per_answer: 1,
            target: Target::get(address(&ready.location.peer)?, &place, &[], None)
                .over(&receiver_tls),
        },
        Question {
            name: "provenance-server: events in batches of 64 over mutual TLS",
            process: "ledger",
            connections: 4,
            per_answer: BATCH,
            target: batches(subject, create)?.over(&provider_tls),
        },
        Question {
            name: "provenance-server: lineage of one exchange",
            process: "ledger",
            connections: 8,
            per_answer: 1,
            target: Target::get(
                address(&ready.provenance.public)?,
                &format!("/v2/lineage/{last}?direction=BACKWARD&depth=-1"),
                &[("authorization", &bearer)],
                None,
            ),
        },
    ])
}

/// `Authorization` of an application of our own that works in the name of domain B's user: those of the trial work for
/// people who sign in.
async fn credentials(subject: &Subject) -> anyhow::Result<String> {
    let registration = json!({
        "name": "bench", "grants": ["client-credentials"], "user_id": subject.trial.domain("b").user_id(),
    });
    let operator = Operator::of(&subject.trial).await;
    let answer = operator.post("/v1/clients", &registration).await.json();
    let text = |name: &str| answer[name].as_str().context("no client was registered");
    let pair = format!("{}:{}", text("client_id")?, text("client_secret")?);
    Ok(format!("Basic {}", STANDARD.encode(pair)))
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Batches of new `Sent` events of domain A's provider, all with `create` as predecessor.
fn batches(subject: &Subject, create: &str) -> anyhow::Result<Target> {
    let provider = subject.trial.domain("a").provider_id().to_owned();
    let consumer = subject.trial.domain("b").user_id().to_owned();
    let create = create.to_owned();
    let body = move || {
        let now = rfc3339_millis(SystemClock.now());
        let item = || {
            json!({
                "exchange_id": Uuid::now_v7(), "user_id": provider, "kind": "event",
                "event": {
                    "cdldatamodelversion": "2.0", "cdleventid": Uuid::now_v7(), "cdleventtype": "Sent",
                    "cdltimestamp": now, "dataprovider": provider, "datauser": consumer,
                    "cdlpreviousevents": [create],
                },
                "dig": {"len": 1024, "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"},
            })
        };
        json!({"items": (0..BATCH).map(|_| item()).collect::<Vec<_>>()}).to_string()
    };
    let address = address(&subject.trial.ready.provenance.peer)?;
    Ok(Target::post_new(address, "/v2/events:batch", JSON, body))
}
