//! The worst that one registered connector and one user with tokens can do: the receiver connector and the user of domain C.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    net::Ipv4Addr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::{
    Trial, client,
    crowd::{Door, Stream},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{sleep, timeout},
};
use url::Url;
use uuid::Uuid;

/// An attack that gets no answer for that long begins again.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an attacker waits after it was not even let in.
const PAUSE: Duration = Duration::from_millis(50);
/// The most items that a batch takes.
const ITEMS: usize = 1024;
/// 4 MiB: as long as the longest body that any endpoint takes.
const BODY: usize = 4 << 20;
/// Where the attackers' clients are: others are not in their network.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 10);
/// Readers and writers that hold their connections.
const SLOW: usize = 48;

/// What attackers were told, by attack.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, BTreeMap<String, usize>>>);

impl Tally {
    fn note(&self, attack: &str, answer: impl Into<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = all.entry(attack.to_owned()).or_default();
        *answers.entry(answer.into()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (attack, answers) in &*all {
            writeln!(f, "  {attack}: {answers:?}")?;
        }
        Ok(())
    }
}

/// The attackers' own things.
struct Attacker<'a> {
    trial: &'a Trial,
    /// The connector's connections.
    connector: reqwest::Client,
    /// Connections of anybody.
    anybody: reqwest::Client,
    token: String,
    user: String,
    /// Good for domain A's provider, from the connector alone.
    bound: String,
    /// An event of its own, in the middle of a chain.
    link: Mutex<Uuid>,
    tally: Tally,
}

/// Runs all attacks whose name contains `only` until `stop`.
///
/// # Errors
/// Where the attackers can't get a token.
pub fn run(trial: &Trial, only: &str, stop: &AtomicBool) -> anyhow::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let domain = trial.domain("c");
        let token = domain.token().await;
        let audience = &trial.domain("a").ready.provider.connector_id;
        let bound = domain.bound_token(&token, audience).await;
        let attacker = Attacker {
            trial,
            connector: client::at(ADDRESS, &trial.ready.ca, Some(domain.receiver_identity())),
            anybody: client::at(ADDRESS, &trial.ready.ca, None),
            token,
            user: domain.user_id().to_owned(),
            bound: bound.ok_or_else(|| anyhow::anyhow!("no bound token"))?,
            link: Mutex::default(),
            tally: Tally::default(),
        };
        tokio::select! {
            () = attacker.all(only) => {}
            () = until(stop) => {}
        }
        Ok(attacker.tally)
    })
}

async fn until(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        sleep(PAUSE).await;
    }
}

/// Repeats one attack in `count` places at once, as long as the caller polls.
async fn again<F: Future<Output = ()>>(count: usize, wanted: bool, attack: impl Fn(usize) -> F) {
    if !wanted {
        return;
    }
    let place = |n| {
        let attack = &attack;
        async move {
            loop {
                if timeout(PATIENCE, attack(n)).await.is_err() {
                    sleep(PAUSE).await;
                }
            }
        }
    };
    futures_util::future::join_all((0..count).map(place)).await;
}

impl Attacker<'_> {
    async fn all(&self, only: &str) {
        let wanted = |name: &str| name.contains(only);
        tokio::join!(
            again(4, wanted("batches"), |n| self.batch(n)),
            again(4, wanted("walks"), |_| self.walk()),
            again(4, wanted("writes"), |n| self.write(n)),
            again(8, wanted("exchanges"), |_| self.exchange()),
            again(8, wanted("floods"), |n| self.flood(n)),
            again(SLOW, wanted("slow readers"), |n| self.read_slowly(n)),
            again(SLOW, wanted("slow bodies"), |n| self.write_slowly(n)),
            again(3, wanted("logins"), |n| self.guess(n)),
            again(4, wanted("bodies"), |n| self.body(n)),
        );
    }

    async fn send(&self, attack: &str, request: reqwest::RequestBuilder) {
        match request.send().await {
            Ok(response) => {
                self.tally.note(attack, response.status().as_str());
                // What it says is of no interest, but that it came is.
                let _ = response.bytes().await;
            }
            Err(error) => {
                let what = if error.is_connect() {
                    "not let in"
                } else {
                    "cut off"
                };
                self.tally.note(attack, what);
                sleep(PAUSE).await;
            }
        }
    }

    /// As many records as one batch takes, in chains and circles.
    async fn batch(&self, n: usize) {
        let ids: Vec<Uuid> = (0..ITEMS).map(|_| Uuid::now_v7()).collect();
        let items: Vec<Value> = (0..ITEMS)
            .map(|i| {
                // Forwards, backwards, and round in a circle.
                let before = match n % 3 {
                    0 => i.checked_sub(1).map_or_else(Uuid::now_v7, |i| ids[i]),
                    1 => ids.get(i + 1).copied().unwrap_or_else(Uuid::now_v7),
                    _ => ids[(i + 1) % ITEMS],
                };
                json!({
                    "kind": "event", "exchange_id": Uuid::now_v7(), "user_id": self.user,
                    "event": {
                        "cdldatamodelversion": "2.0", "cdleventid": ids[i], "cdleventtype": "Received",
                        "cdltimestamp": "2026-01-01T00:00:00.000Z",
                        "dataprovider": self.trial.domain("a").provider_id(), "datauser": self.user,
                        "cdlpreviousevents": [before],
                    },
                    "dig": {"sha256": "0".repeat(64), "len": 1},
                })
            })
            .collect();
        let url = self
            .trial
            .at(&self.trial.ready.provenance.peer, "/v2/events:batch");
        let body = json!({"items": items});
        self.send("batches", self.connector.post(url).json(&body))
            .await;
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = ids[ITEMS / 2];
    }

    /// The lineage of its own longest chains, in both directions.
    async fn walk(&self) {
        let link = *self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let url = self.trial.at(
            &self.trial.ready.provenance.public,
            &format!("/v2/lineage/{link}?direction=BOTH&depth=-1"),
        );
        self.send("walks", self.anybody.get(url).bearer_auth(&self.token))
            .await;
    }

    /// Events with tags and a file, by token.
    async fn write(&self, n: usize) {
        let event = json!({
            "cdldatamodelversion": "2.0", "cdleventtype": "Create", "cdleventid": "",
            "dataprovider": self.user, "cdldatatags": [{"cdluri": format!("https://c.example/{}", Uuid::now_v7())}],
        });
        let Ok(part) = Part::text(event.to_string()).mime_str("application/json") else {
            return;
        };
        let mut form = Form::new().part("request", part);
        if n == 0 {
            form = form.part(
                "upfile",
                Part::bytes(vec![0; BODY / 4]).file_name("file.bin"),
            );
        }
        let url = self
            .trial
            .at(&self.trial.ready.provenance.public, "/v2/eventwithhash");
        let request = self.anybody.post(url).bearer_auth(&self.token);
        self.send("writes", request.multipart(form)).await;
    }

    /// Exchanges through its own receiver, as fast as they come.
    async fn exchange(&self) {
        let small = self.offered("small.csv");
        let domain = self.trial.domain("c");
        let fetch = domain.fetch(&small).from_provider_of("a");
        match fetch.token(&self.token).try_send().await {
            Ok(answer) => self.tally.note("exchanges", answer.status.to_string()),
            Err(_) => sleep(PAUSE).await,
        }
    }

    /// Requests to a provider of domain A, with what may be refused later.
    async fn flood(&self, n: usize) {
        let url = &self.trial.domain("a").ready.provider.peer;
        let ids = [
            Uuid::new_v4().to_string(),
            Uuid::nil().to_string(),
            format!("{{{}}}", Uuid::now_v7()),
            "x".repeat(4000),
        ];
        let request = self
            .connector
            .get(self.trial.at(url, "/cadde/api/v4/file"))
            .bearer_auth(&self.bound)
            .header("x-cadde-resource-url", self.offered("small.csv"))
            .header("x-cadde-resource-api-type", "file/http")
            .header("x-cadde-exchange-id", &ids[n % ids.len()]);
        self.send("floods", request).await;
    }

    fn offered(&self, name: &str) -> String {
        let mut offered = self.trial.domain("a").ready.resources.iter();
        let found = offered.find(|resource| resource.url.ends_with(name));
        found
            .map(|resource| resource.url.clone())
            .unwrap_or_default()
    }

    /// Asks for a large file and takes a byte of it a second.
    async fn read_slowly(&self, n: usize) {
        let (domain, large) = (self.trial.domain("c"), self.offered("large.bin"));
        let provider = self.trial.domain("a");
        let (door, token) = if n.is_multiple_of(2) {
            let peer = &provider.ready.provider.peer;
            let own = [domain.receiver_identity()];
            (Door::mutual(peer, &self.trial.ready.ca, &own), &self.bound)
        } else {
            (Door::plain(&domain.ready.receiver.api), &self.token)
        };
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-cadde-resource-url", &large),
            ("x-cadde-resource-api-type", "file/http"),
            ("x-cadde-provider", provider.provider_id()),
        ];
        let request = door.request("/cadde/api/v4/file", &headers);
        let Ok(mut stream) = door.connect(n).await else {
            self.tally.note("slow readers", "not let in");
            return sleep(PAUSE).await;
        };
        let ended = drip(&mut stream, &request).await;
        self.tally.note("slow readers", ended);
    }

    /// Announces a body and sends a byte of it a second, to whoever takes bodies from anybody.
    async fn write_slowly(&self, n: usize) {
        let (base, path) = self.takes_bodies(n);
        let door = Door::plain(base);
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {BODY}\r\n\r\n"
        );
        let Ok(mut stream) = door.connect(n).await else {
            self.tally.note("slow bodies", "not let in");
            return sleep(PAUSE).await;
        };
        if stream.write_all(request.as_bytes()).await.is_err() {
            return;
        }
        let mut first = [0; 64];
        loop {
            tokio::select! {
                read = stream.read(&mut first) => {
                    let told = read.map_or(0, |length| length.min(12));
                    let what = String::from_utf8_lossy(&first[..told]).into_owned();
                    return self.tally.note("slow bodies", what);
                }
                () = sleep(Duration::from_secs(1)) => {
                    if stream.write_all(b" ").await.is_err() {
                        return self.tally.note("slow bodies", "cut off");
                    }
                }
            }
        }
    }

    /// Whole large bodies from nobody.
    async fn body(&self, n: usize) {
        let (base, path) = self.takes_bodies(n);
        let request = self.anybody.post(self.trial.at(base, path));
        let request = request
            .header("content-type", "application/json")
            .body(vec![b' '; BODY]);
        self.send("bodies", request).await;
    }

    fn takes_bodies(&self, n: usize) -> (&Url, &'static str) {
        let ready = &self.trial.ready;
        match n % 4 {
            0 => (&ready.auth.public, "/v1/enrolments"),
            1 => (&ready.auth.public, "/cadde/api/v4/token"),
            2 => (&ready.auth.public, "/oauth2/token"),
            _ => (&ready.provenance.public, "/v2/eventwithhash"),
        }
    }

    /// Passwords of people who work at this moment, the operator's among them, and an application's secret.
    async fn guess(&self, n: usize) {
        let ready = &self.trial.ready;
        let (own, theirs) = (
            &ready.domains["c"].app_client,
            &ready.domains["a"].app_client,
        );
        let victim = [
            &ready.operator.user_id,
            &ready.domains["a"].user.user_id,
            &ready.domains["b"].user.user_id,
        ][n % 3];
        let guess = Uuid::new_v4().to_string();
        let (client, secret) = if Uuid::new_v4().as_bytes()[0].is_multiple_of(2) {
            (&own.client_id, own.client_secret.as_str())
        } else {
            (&theirs.client_id, guess.as_str())
        };
        let url = self.trial.at(&ready.auth.public, "/cadde/api/v4/token");
        let body = json!({"user_id": victim, "password": guess});
        let request = self.anybody.post(url).basic_auth(client, Some(secret));
        self.send("logins", request.json(&body)).await;
    }
}

/// Sends `request` and takes a byte a second until the other side ends it.
async fn drip(stream: &mut Box<dyn Stream>, request: &str) -> &'static str {
    if stream.write_all(request.as_bytes()).await.is_err() || stream.flush().await.is_err() {
        return "cut off before the request";
    }
    let mut byte = [0];
    loop {
        match stream.read(&mut byte).await {
            Ok(0) => return "ended",
            Err(_) => return "cut off",
            Ok(_) => sleep(Duration::from_secs(1)).await,
        }
    }
}
