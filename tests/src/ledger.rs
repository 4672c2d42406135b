//! What stands in the ledger.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use url::Url;

use crate::{Trial, client::Answer, domain::Fetch, wait};

/// 15 s: delivery happens within a second or so; a loaded machine may need some more.
const DELIVERY: Duration = Duration::from_secs(15);

/// The media type that adds `ledger` to the caller's own events.
pub const EXTENDED: &str = "application/vnd.cadde.provenance+json";

/// One event of a lineage.
#[derive(Debug, Clone)]
pub struct Event(pub Value);

impl Event {
    fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    /// `cdleventid`.
    pub fn id(&self) -> &str {
        self.text("cdleventid").expect("every event has an id")
    }

    /// `cdleventtype`.
    pub fn kind(&self) -> &str {
        self.text("cdleventtype").unwrap_or_default()
    }

    /// `dataprovider` and `datauser`, empty where the event has none.
    pub fn parties(&self) -> (&str, &str) {
        (
            self.text("dataprovider").unwrap_or_default(),
            self.text("datauser").unwrap_or_default(),
        )
    }

    /// The committed core, which the extended form shows to parties.
    pub fn core(&self) -> Option<Value> {
        let core = self.0.get("ledger")?.get("core")?;
        Some(match core {
            Value::String(text) => serde_json::from_str(text).expect("a core is JSON"),
            object => object.clone(),
        })
    }

    /// SHA-256 and length of the exchanged bytes, from the core.
    pub fn digest(&self) -> Option<(String, u64)> {
        let core = self.core()?;
        let dig = core.get("dig")?;
        Some((
            dig.get("sha256")?.as_str()?.to_owned(),
            dig.get("len")?.as_u64()?,
        ))
    }
}

/// Asks for a lineage, in the extended form, as the holder of `token`.
pub async fn lineage(trial: &Trial, event_id: &str, direction: &str, token: &str) -> Answer {
    let mut url = trial.at(
        &trial.ready.provenance.public,
        &format!("/v2/lineage/{event_id}"),
    );
    url.query_pairs_mut()
        .append_pair("direction", direction)
        .append_pair("depth", "-1");
    let response = trial
        .http()
        .get(url)
        .header("accept", EXTENDED)
        .bearer_auth(token)
        .send()
        .await
        .expect("the ledger answers");
    Answer::read(response).await.expect("the answer is whole")
}

/// Registers `url` as an original of `provider_id` (an event `Create`) as the holder of `token`; returns its id.
pub async fn create(trial: &Trial, token: &str, provider_id: &str, url: &str) -> String {
    let event = json!({
        "cdldatamodelversion": "2.0",
        "cdleventtype": "Create",
        "cdleventid": "",
        "dataprovider": provider_id,
        "cdldatatags": [{"cdluri": url}],
    });
    let answer = register(trial, token, &event).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["cdleventid"]
        .as_str()
        .expect("the answer holds the id")
        .to_owned()
}

/// Registers `event` as the holder of `token`.
pub async fn register(trial: &Trial, token: &str, event: &Value) -> Answer {
    let address = trial.at(&trial.ready.provenance.public, "/v2/eventwithhash");
    register_at(trial.http(), address, token, event).await
}

/// Registers `event` at `address` with what `client` and `token` show.
pub async fn register_at(
    client: &reqwest::Client,
    address: Url,
    token: &str,
    event: &Value,
) -> Answer {
    let part = Part::text(event.to_string())
        .mime_str("application/json")
        .expect("a media type");
    let form = Form::new().part("request", part);
    let request = client.post(address).bearer_auth(token).multipart(form);
    Answer::read(request.send().await.expect("the ledger answers"))
        .await
        .expect("whole")
}

/// The cores of all records of the type `kind` (`Sent`, `transfer-aborted`, `direct`, …) in the order of the ledger, read from
/// its database: evidence is in no lineage.
pub fn records(trial: &Trial, kind: &str) -> Vec<Value> {
    let config = trial.service_configuration("provenance-server");
    let url = config["database"]["url"]
        .as_str()
        .expect("the database has a URL");
    if let Some(server) = trial.postgres() {
        return records_on(server, url, kind);
    }
    let path = url
        .strip_prefix("sqlite:")
        .expect("the trial's databases are SQLite files");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the ledger lets others read its file");
    let mut query = database
        .prepare("SELECT core FROM record WHERE etype = ?1 AND core IS NOT NULL ORDER BY idx")
        .expect("the ledger keeps its records in this table");
    let rows = query
        .query_map([kind], |row| row.get::<_, String>(0))
        .expect("the query runs");
    rows.map(|core| serde_json::from_str(&core.expect("a core is text")).expect("a core is JSON"))
        .collect()
}

fn records_on(server: &test_postgres::Server, url: &str, kind: &str) -> Vec<Value> {
    let database = Url::parse(url).expect("the database has a URL");
    let query =
        format!("SELECT core FROM record WHERE etype = '{kind}' AND core IS NOT NULL ORDER BY idx");
    // A core is one line.
    server
        .sql(database.path().trim_start_matches('/'), &query)
        .lines()
        .map(|core| serde_json::from_str(core).expect("a core is JSON"))
        .collect()
}

/// Waits until a record of the type `kind` fits.
pub async fn record(trial: &Trial, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
    wait::until(
        &format!("a record {kind} in the ledger"),
        DELIVERY,
        || async { records(trial, kind).into_iter().find(&fits) },
    )
    .await
}

/// The events of an answer.
pub fn events(answer: &Answer) -> Vec<Event> {
    match answer.json() {
        Value::Array(events) => events.into_iter().map(Event).collect(),
        other => panic!("a lineage is an array, not {other}"),
    }
}

/// Sends `fetch`, whose answer is good, and waits until all of it, `Create` to `Received`, stands in the ledger.
pub async fn recorded(trial: &Trial, fetch: Fetch<'_>, token: &str) -> (Answer, Vec<Event>) {
    let answer = fetch.token(token).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = answer.header("x-cadde-provenance");
    let received = received.expect("the answer names its event");
    let events = arrived(trial, received, 3, token).await;
    (answer, events)
}

/// Waits until `event_id` and everything before it stands in the ledger, `count` events in all, and returns them farthest first.
pub async fn arrived(trial: &Trial, event_id: &str, count: usize, token: &str) -> Vec<Event> {
    wait::until(
        &format!("{count} events up to {event_id} in the ledger"),
        DELIVERY,
        || async {
            let answer = lineage(trial, event_id, "BACKWARD", token).await;
            (answer.status == 200)
                .then(|| events(&answer))
                .filter(|events| events.len() >= count)
        },
    )
    .await
}
