//! PostgreSQL under the servers and the provider connectors: the same exchanges, and what happens while it is away.

use std::{cell::RefCell, collections::BTreeSet, sync::Arc, time::Duration};

use reqwest::multipart::{Form, Part};
use serde_json::json;
use test_postgres::Server;
use tests::{
    Trial,
    client::{self, Answer},
    faults::{
        FaultFixture, Plan, Random,
        journal::End,
        load::{Manner, Progress},
    },
    ledger,
    operator::{Operator, corporate_number},
    room::{Takes, room},
    wait,
};
use url::Url;

const DOMAINS: [&str; 3] = ["a", "b", "c"];
/// The servers that keep their records in a database; the provider connectors do as well.
const SERVERS: [&str; 4] = [
    "auth-server",
    "location-server",
    "provenance-server",
    "catalog-server",
];
/// 60 s: a provider decides from memory for 10 s; a question to a server that is away takes 5 s to fail.
const NOTICED: Duration = Duration::from_mins(1);
/// 30 s: the services look once in a few seconds, on a machine that does much else.
const BACK: Duration = Duration::from_secs(30);

#[tokio::test]
async fn files_go_in_all_six_directions_and_come_again_after_a_restart() {
    let _room = room(Takes::ATrial).await;
    let server = Arc::new(Server::start());
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        Trial::start()
            .with_own_samples()
            .in_directory(directory.path())
            .on_postgres(&server)
            .start()
    };
    let trial = start();
    for name in SERVERS {
        let url = database(&trial, name);
        assert!(
            url.as_str().starts_with("postgres://"),
            "{name} keeps its records at {url}"
        );
    }
    all_directions(&trial).await;
    drop(trial);
    all_directions(&start()).await;
}

async fn all_directions(trial: &Trial) {
    for to in DOMAINS {
        let token = trial.domain(to).token().await;
        for from in DOMAINS.into_iter().filter(|from| *from != to) {
            let resource = trial.domain(from).granted_resource(to);
            let fetch = trial.domain(to).fetch(&resource.url).from_provider_of(from);
            let (answer, events) = ledger::recorded(trial, fetch, &token).await;
            let kinds: Vec<&str> = events.iter().map(ledger::Event::kind).collect();
            assert_eq!(kinds, ["Create", "Sent", "Received"], "{from} to {to}");
            let expected = Some((answer.sha256(), answer.body.len() as u64));
            assert_eq!(
                (events[1].digest(), events[2].digest()),
                (expected.clone(), expected)
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_under_load_makes_nothing_but_503_and_leaves_nothing_half_done() {
    let _room = room(Takes::Processors).await;
    let server = Arc::new(Server::start());
    let mut random = Random::seeded();
    let plan = Plan {
        start: Trial::start().on_postgres(&server),
        ..Plan::default()
    };
    let world = FaultFixture::start(plan, &mut random).await;
    let trial = &world.fleet.trial;
    let operator = Operator::of(trial).await;
    let scene = Scene {
        world: &world,
        trial,
        token: trial.domain("a").token().await,
        management: trial.domain("a").management_token().await,
        registered: RefCell::default(),
    };
    // Receivers that know a provider's place go on without the location-server; where nothing is known, 500 is the answer.
    for caller in &world.callers {
        for good in world.goods.iter().filter(|good| good.from != caller.to) {
            let progress = Progress::default();
            world.fetch(caller, good, Manner::Takes, &progress).await;
        }
    }
    let load = world.load(&mut random);
    tokio::join!(scene.register(&operator), async {
        scene.outage(&server, Server::stop).await;
        scene.outage(&server, Server::crash).await;
        world.end(load).await;
    });
    for failure in world.journal.failures() {
        let is_503 = matches!(failure.end, End::Refused { status: 503, .. });
        assert!(is_503, "{failure:?}");
    }
    scene.every_registration_is_whole(&server, &operator).await;
    let (verdict, _) = world.judge().await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
    let name = database(trial, "provenance-server");
    let state = server.sql(
        name.path().trim_start_matches('/'),
        "SELECT count(*) = max(idx) + 1 AND max(idx) + 1 = (SELECT idx FROM next_place), \
         (SELECT count(*) FROM pending_edge) FROM record",
    );
    assert_eq!(
        state, "t|0",
        "places have no gaps, and nothing waits for what has arrived"
    );
}

/// As in a failover: what connects meanwhile reads alone, and would for as long as it lasts.
#[tokio::test(flavor = "multi_thread")]
async fn services_whose_server_takes_nothing_say_so_and_work_again_once_it_does() {
    let _room = room(Takes::ATrial).await;
    let server = Arc::new(Server::start());
    let trial = Trial::start()
        .with_own_samples()
        .on_postgres(&server)
        .start();
    let operator = Operator::of(&trial).await;
    let register = async || {
        let body = json!({"kind": "organisation", "name": "read only", "corporate_number": corporate_number()});
        operator.post("/v1/participants", &body).await
    };
    assert_eq!(register().await.status, 201);

    blocking(&server, |server| {
        let role = "ALTER ROLE kakehashi SET default_transaction_read_only = on";
        server.sql("postgres", role);
        let all =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kakehashi'";
        server.sql("postgres", all);
    })
    .await;
    wait::until("no service with a database is ready", NOTICED, || {
        all_are(&trial, false)
    })
    .await;
    let refused = register().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());

    blocking(&server, |server| {
        server.sql(
            "postgres",
            "ALTER ROLE kakehashi RESET default_transaction_read_only",
        );
    })
    .await;
    wait::until("everything is ready", BACK, || all_are(&trial, true)).await;
    assert_eq!(register().await.status, 201);
}

/// A trial under load.
struct Scene<'a> {
    world: &'a FaultFixture,
    trial: &'a Trial,
    /// Of the user of domain A, got while everything worked.
    token: String,
    /// The same, to manage its provider connector.
    management: String,
    /// Names of the participants that were registered.
    registered: RefCell<BTreeSet<String>>,
}

impl Scene<'_> {
    /// Registers one participant after the other.
    async fn register(&self, operator: &Operator<'_>) {
        for n in 0.. {
            if !self.world.goes_on() {
                break;
            }
            let name = format!("participant {n}");
            let body = json!({"kind": "organisation", "name": name, "corporate_number": corporate_number()});
            let answer = operator.post("/v1/participants", &body).await;
            match answer.status {
                201 => {
                    self.registered.borrow_mut().insert(name);
                }
                503 => assert!(answer.header("retry-after").is_some(), "{}", answer.text()),
                _ => panic!("{} {}", answer.status, answer.text()),
            }
        }
    }

    /// The database goes away and comes back.
    async fn outage(&self, server: &Arc<Server>, go: fn(&Server)) {
        for what in ["before", "after"] {
            wait::until(&format!("everything ready {what} the outage"), BACK, || {
                self.all_are(true)
            })
            .await;
            self.everything_answers(200).await;
            if what == "before" {
                blocking(server, go).await;
                wait::until("no service with a database is ready", NOTICED, || {
                    self.all_are(false)
                })
                .await;
                self.everything_answers(503).await;
                let refused = self.world.journal.failures().len();
                wait::until("exchanges are refused", NOTICED, || async {
                    (self.world.journal.failures().len() > refused).then_some(())
                })
                .await;
                blocking(server, Server::start_again).await;
            }
        }
        self.world.arrive(20).await;
    }

    async fn all_are(&self, ready: bool) -> Option<()> {
        all_are(self.trial, ready).await
    }

    /// One request to each server that its database decides.
    async fn everything_answers(&self, status: u16) {
        let answers = tokio::join!(
            self.login(),
            self.location(),
            self.registration(),
            self.lineage(),
            self.grants(),
        );
        let answers = [
            ("a login", answers.0),
            ("a location", answers.1),
            ("a registration in the ledger", answers.2),
            ("a lineage", answers.3),
            ("a list of grants", answers.4),
        ];
        for (what, answer) in answers {
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            if status == 503 {
                assert!(
                    answer.header("retry-after").is_some(),
                    "{what} says when to come again"
                );
            }
        }
    }

    async fn login(&self) -> Answer {
        let known = &self.trial.domain("a").ready;
        let request = self
            .trial
            .http()
            .post(
                self.trial
                    .at(&self.trial.ready.auth.public, "/cadde/api/v4/token"),
            )
            .basic_auth(
                &known.app_client.client_id,
                Some(&known.app_client.client_secret),
            )
            .json(&json!({"user_id": known.user.user_id, "password": known.user.password}));
        read(request).await
    }

    async fn location(&self) -> Answer {
        let domain = self.trial.domain("a");
        let path = format!("/cadde/api/v4/location/{}", domain.provider_id());
        let client = client::with_certificate(&self.trial.ready.ca, domain.receiver_identity());
        read(client.get(self.trial.at(&self.trial.ready.location.peer, &path))).await
    }

    async fn registration(&self) -> Answer {
        // As its provider; the token is good for an hour and checked from memory.
        let event = json!({
            "cdldatamodelversion": "2.0", "cdleventtype": "Update", "cdleventid": "",
            "dataprovider": self.trial.domain("a").provider_id(),
        });
        let part = Part::text(event.to_string())
            .mime_str("application/json")
            .unwrap();
        let request = self
            .trial
            .http()
            .post(
                self.trial
                    .at(&self.trial.ready.provenance.public, "/v2/eventwithhash"),
            )
            .bearer_auth(&self.token)
            .multipart(Form::new().part("request", part));
        read(request).await
    }

    async fn lineage(&self) -> Answer {
        let attempts = self.world.journal.attempts();
        let mut events = attempts.iter().filter_map(|attempt| match &attempt.end {
            End::Whole { event, .. } => Some(event.clone()),
            _ => None,
        });
        let received = events.next().unwrap_or_else(|| "none".to_owned());
        let mut answer = ledger::lineage(self.trial, &received, "BACKWARD", &self.token).await;
        if answer.status == 404 {
            // Not delivered yet: the database was asked.
            answer.status = 200;
        }
        answer
    }

    async fn grants(&self) -> Answer {
        let domain = self.trial.domain("a");
        let client = client::with_certificate(&self.trial.ready.ca, domain.receiver_identity());
        let mut url = self.trial.at(
            &domain.ready.provider.peer,
            "/cadde/api/v4/authorization_list",
        );
        url.query_pairs_mut()
            .append_pair("assigner", domain.provider_id());
        read(client.get(url).bearer_auth(&self.management)).await
    }

    /// Whoever was told to be registered is, with the event of it; and the server shows what its database holds.
    async fn every_registration_is_whole(&self, server: &Server, operator: &Operator<'_>) {
        let name = database(self.trial, "auth-server")
            .path()
            .trim_start_matches('/')
            .to_owned();
        let stored: BTreeSet<String> = server
            .sql(
                &name,
                "SELECT name FROM participants WHERE name LIKE 'participant %'",
            )
            .lines()
            .map(str::to_owned)
            .collect();
        assert!(self.registered.borrow().is_subset(&stored));
        let without_event = "SELECT count(*) FROM participants p WHERE p.name LIKE 'participant %' AND NOT EXISTS \
             (SELECT FROM events e WHERE e.kind = 'participant.registered' AND e.subject = p.id::text)";
        assert_eq!(server.sql(&name, without_event), "0");
        wait::until("the server shows what its database holds", BACK, || async {
            let mut shown = BTreeSet::new();
            let mut path = "/v1/participants?limit=100".to_owned();
            loop {
                let page = operator.get(&path).await.json();
                let names = page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["name"].as_str().unwrap().to_owned());
                shown.extend(names.filter(|name| name.starts_with("participant ")));
                let Some(next) = page["next"].as_str() else {
                    break;
                };
                path = format!("/v1/participants?limit=100&cursor={next}");
            }
            (shown == stored).then_some(())
        })
        .await;
    }
}

/// Whether all that keep something in a database are ready, or none is.
async fn all_are(trial: &Trial, ready: bool) -> Option<()> {
    let servers = SERVERS.map(|name| {
        let config = trial.service_configuration(name);
        let listen = config["admin"]["listen"].as_str().unwrap().to_owned();
        Url::parse(&format!("http://{listen}")).unwrap()
    });
    let providers = DOMAINS.map(|letter| trial.domain(letter).ready.provider.admin.clone());
    for admin in servers.into_iter().chain(providers) {
        let status = trial
            .http()
            .get(admin.join("/readyz").unwrap())
            .send()
            .await
            .ok()?
            .status();
        if (status == 200) != ready {
            return None;
        }
    }
    Some(())
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    Answer::read(request.send().await.expect("there is an answer"))
        .await
        .expect("it is whole")
}

/// Where a server keeps its records.
fn database(trial: &Trial, server: &str) -> Url {
    let config = trial.service_configuration(server);
    Url::parse(config["database"]["url"].as_str().unwrap()).unwrap()
}

/// Off the thread that the load runs on.
async fn blocking(server: &Arc<Server>, act: fn(&Server)) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || act(&server))
        .await
        .unwrap();
}
