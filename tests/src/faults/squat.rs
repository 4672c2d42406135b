//! Squatters: a user, a receiver and a provider of the trial, each with everything that is its own, who try to take the ids of
//! other parties' records before those are delivered.
//!
//! Callers let out the id of every answer as soon as they have its headers (`rumours::Ear`). Beside them a receiver asks providers
//! itself, as any registered one may, and so learns the ids of their `Sent` with their nonces. For every id each squatter tries
//! what its rights let it send: events by token in every spelling of the id, and in a batch events of both types and evidence,
//! without a nonce, with the true one where it is known, and with one of its own.

use std::{collections::BTreeMap, sync::Arc};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::JoinSet,
};
use uuid::Uuid;

use super::{
    books::Books,
    callers::LoadClient,
    goods::{DOMAINS, Good},
    random::Random,
    rumours::Rumour,
    world::FaultFixture,
};
use crate::{
    client::{self, Answer},
    domain::Domain,
    tls::Identity,
};

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tries that the ledger answered.
    pub tries: usize,
    /// Ids that a squatter holds now, and how.
    pub taken: Vec<String>,
    /// Answers, by status or kind of problem.
    pub answers: BTreeMap<String, usize>,
    /// Ids of `Sent` that providers gave the squatting receiver.
    pub given: Vec<String>,
}

impl Tally {
    fn note(&mut self, way: &str, id: &str, answer: String, taken: bool) {
        self.tries += 1;
        if taken {
            self.taken.push(format!("{id} {way}: {answer}"));
        }
        *self.answers.entry(answer).or_default() += 1;
    }

    fn add(&mut self, other: Self) {
        self.tries += other.tries;
        self.taken.extend(other.taken);
        self.given.extend(other.given);
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
    }

    /// Those of the ids given by providers that are in `books` neither as a `Sent` nor as an aborted transfer.
    pub fn missing<'a>(&'a self, books: &Books) -> Vec<&'a str> {
        let known = |id: &String| {
            books.sent.iter().any(|sent| sent.id == *id) || books.aborted.contains(id)
        };
        let given = self.given.iter();
        given.filter(|id| !known(id)).map(String::as_str).collect()
    }
}

impl FaultFixture {
    /// Starts all squatters; they go on as long as the load.
    pub fn squat(self: &Arc<Self>, random: &mut Random) -> JoinSet<Tally> {
        let mut squatters = JoinSet::new();
        for domain in DOMAINS {
            let caller = self.callers.iter().find(|caller| caller.to == domain);
            let caller = caller.expect("every domain has a caller").clone();
            squatters.spawn(Arc::clone(self).squat_by_token(caller, random.split()));
        }
        for side in ["receiver", "provider"] {
            squatters.spawn(Arc::clone(self).squat_by_batch(side, random.split()));
        }
        squatters.spawn(Arc::clone(self).ask_providers(random.split()));
        squatters
    }

    /// Waits for the squatters of a load that was ended.
    pub async fn squatted(&self, squatters: JoinSet<Tally>) -> Tally {
        let mut all = Tally::default();
        for tally in squatters.join_all().await {
            all.add(tally);
        }
        all
    }

    /// A user registers events under the ids of others.
    async fn squat_by_token(self: Arc<Self>, caller: LoadClient, mut random: Random) -> Tally {
        let (mut tally, mut heard) = (Tally::default(), self.ear.listen());
        let url = self.fleet.trial.at(
            &self.fleet.trial.ready.provenance.public,
            "/v2/eventwithhash",
        );
        while let Some(rumour) = self.next(&mut heard, &mut random).await {
            for (n, id) in spellings(&rumour.id).into_iter().enumerate() {
                let event = json!({
                    "cdldatamodelversion": "2.0",
                    "cdleventtype": (["Received", "Sent", "Create"][n % 3]),
                    "cdleventid": id,
                    "dataprovider": rumour.provider,
                    "datauser": caller.user_id,
                    "cdlpreviousevents": [Uuid::new_v4().to_string()],
                    "cdldatatags": [{"cdluri": "https://squat.example/"}],
                });
                let part = Part::text(event.to_string())
                    .mime_str("application/json")
                    .expect("a media type");
                let form = Form::new().part("request", part);
                let request = self.fleet.trial.http().post(url.clone());
                let request = request.bearer_auth(&caller.token).multipart(form);
                if let Some(answer) = answer(request).await {
                    let taken = answer.status == 200;
                    tally.note("by token", &id, answer.status.to_string(), taken);
                }
            }
        }
        tally
    }

    /// A connector of domain C delivers records under the ids of others.
    async fn squat_by_batch(self: Arc<Self>, side: &'static str, mut random: Random) -> Tally {
        let trial = &self.fleet.trial;
        let domain = trial.domain("c");
        let (identity, own) = own(&domain, side);
        let connection = client::with_certificate(&trial.ready.ca, identity);
        let url = trial.at(&trial.ready.provenance.peer, "/v2/events:batch");
        let (mut tally, mut heard) = (Tally::default(), self.ear.listen());
        while let Some(rumour) = self.next(&mut heard, &mut random).await {
            let items = items(&rumour, &own, &mut random);
            let request = connection.post(url.clone()).json(&json!({"items": items}));
            let Some(answer) = answer(request).await else {
                continue;
            };
            let results = (answer.status == 200)
                .then(|| answer.json()["results"].as_array().cloned())
                .flatten()
                .unwrap_or_default();
            for result in &results {
                let status = result["status"].as_str().unwrap_or_default().to_owned();
                let problem = result["problem"]["type"].as_str().unwrap_or_default();
                let kind = problem.rsplit('/').next().unwrap_or_default();
                let taken = status != "rejected";
                tally.note(side, &rumour.id, format!("{status} {kind}"), taken);
            }
        }
        tally
    }

    /// A receiver that asks providers itself, takes all or nothing of what it gets, and lets out what it was told.
    async fn ask_providers(self: Arc<Self>, mut random: Random) -> Tally {
        let trial = &self.fleet.trial;
        let mut tally = Tally::default();
        let callers: Vec<&LoadClient> = self.callers.iter().filter(|c| c.to == "c").collect();
        let domain = trial.domain("c");
        let connection = client::with_certificate(&trial.ready.ca, domain.receiver_identity());
        while self.goes_on() {
            let caller = *random.pick(&callers);
            let goods: Vec<&Good> = self.goods.iter().filter(|g| g.from != "c").collect();
            let good = *random.pick(&goods);
            let provider = trial.domain(good.from);
            let audience = &provider.ready.provider.connector_id;
            let Some(token) = domain.bound_token(&caller.token, audience).await else {
                continue;
            };
            let request = connection
                .get(trial.at(&provider.ready.provider.peer, "/cadde/api/v4/file"))
                .bearer_auth(token)
                .header("x-cadde-resource-url", &good.url)
                .header("x-cadde-resource-api-type", "file/http");
            let Ok(response) = request.send().await else {
                continue;
            };
            if response.status() != 200 {
                continue;
            }
            let field = |name| {
                let value = response.headers().get(name)?.to_str().ok()?;
                (!value.is_empty()).then(|| value.to_owned())
            };
            if let Some(id) = field("x-cadde-provenance") {
                let nonce = field("x-cadde-provenance-nonce");
                self.ear.tell(
                    &id,
                    nonce.as_deref(),
                    provider.provider_id(),
                    &caller.user_id,
                );
                tally.given.push(id);
            }
            if random.percent(50) {
                // Cut off or whole: either is recorded.
                let _ = response.bytes().await;
            }
            tokio::time::sleep(random.millis(5, 60)).await;
        }
        tally
    }

    /// The next id, until the load ends.
    async fn next(
        &self,
        heard: &mut broadcast::Receiver<Rumour>,
        random: &mut Random,
    ) -> Option<Rumour> {
        while self.goes_on() {
            // Several squatters take half of a small machine otherwise.
            let patience = random.millis(5, 40);
            match tokio::time::timeout(patience, heard.recv()).await {
                Ok(Ok(rumour)) => return Some(rumour),
                Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
                Ok(Err(RecvError::Closed)) => return None,
            }
        }
        None
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Option<Answer> {
    Answer::read(request.send().await.ok()?).await.ok()
}

/// Certificate and user ID of a connector that squats.
fn own(domain: &Domain<'_>, side: &str) -> (Identity, String) {
    match side {
        "provider" => (domain.provider_identity(), domain.provider_id().to_owned()),
        _ => (domain.receiver_identity(), domain.user_id().to_owned()),
    }
}

/// One id in every form in which readers of UUIDs take it.
fn spellings(id: &str) -> [String; 5] {
    [
        id.to_owned(),
        id.to_uppercase(),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        id.replace('-', ""),
    ]
}

/// Items that state the id of a rumour: as if the squatter were the party, and as the party itself would.
fn items(rumour: &Rumour, own: &str, random: &mut Random) -> Vec<Value> {
    let made = hex::encode(random.bytes(16));
    let nonces = [None, Some(made.as_str()), rumour.nonce.as_deref()];
    let mut items = Vec::new();
    for nonce in &nonces[..if rumour.nonce.is_some() { 3 } else { 2 }] {
        for (user, provider) in [(own, rumour.provider.as_str()), (&rumour.user, own)] {
            for what in ["Sent", "Received", "transfer-aborted", "direct"] {
                let mut item = item(what, &rumour.id, user, provider);
                if let Some(nonce) = nonce {
                    item["nonce"] = (*nonce).into();
                }
                items.push(item);
            }
        }
    }
    items
}

fn item(what: &str, id: &str, user: &str, provider: &str) -> Value {
    let exchange = Uuid::now_v7().to_string();
    let before = Uuid::new_v4().to_string();
    let now = "2026-01-01T00:00:00.000Z";
    let acting = if what == "Sent" { provider } else { user };
    let mut item = json!({"exchange_id": exchange, "user_id": acting});
    match what {
        "Sent" | "Received" => {
            item["kind"] = "event".into();
            item["event"] = json!({
                "cdldatamodelversion": "2.0", "cdleventid": id, "cdleventtype": what, "cdltimestamp": now,
                "dataprovider": provider, "datauser": user, "cdlpreviousevents": [before],
            });
            item["dig"] = json!({"sha256": "0".repeat(64), "len": 1});
        }
        "direct" => {
            item["kind"] = "evidence".into();
            item["evidence"] = json!({
                "type": what, "id": id, "datauser": user, "source_url": "https://squat.example/", "time": now,
            });
            item["dig"] = json!({"sha256": "0".repeat(64), "len": 1});
        }
        _ => {
            item["kind"] = "evidence".into();
            item["evidence"] = json!({
                "type": what, "id": id, "cdleventtype": "Received", "dataprovider": provider, "datauser": user,
                "cdlpreviousevents": [before], "time": now, "reason": "peer-closed", "len": 0,
            });
        }
    }
    item
}
