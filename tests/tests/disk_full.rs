//! Disks that run full under load: what would be written is refused, what is only read goes on, and afterwards nothing is lost
//! and nothing is damaged.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use reqwest::multipart::{Form, Part};
use rstest::rstest;
use rusqlite::Connection;
use serde_json::json;
use tests::{
    Trial,
    client::Answer,
    disk::SmallDisk,
    faults::fleet::{Fleet, Service},
    ledger,
    operator::{Operator, corporate_number},
    room::{Takes, room},
    wait,
};

/// 16 MiB: some ten times what a service needs for these exchanges.
const DISK_MIB: u32 = 16;

/// 90 s: the ledger asks for a pause of a minute when its disk is full.
const BACK: Duration = Duration::from_secs(90);

async fn fleet() -> Fleet {
    let (fleet, ()) = Fleet::start(Trial::start(), async |trial| (trial, ()), |(), _, _| {}).await;
    fleet
}

/// Moves a service to a small disk.
async fn confine(fleet: &Fleet, service: &Service) -> Option<SmallDisk> {
    service.stop();
    let config = fleet.trial.directory().join(&service.name);
    let disk = tokio::task::block_in_place(|| SmallDisk::over(&config, DISK_MIB));
    let prefix = disk.as_ref().map(SmallDisk::enter);
    let prefix: Vec<&str> = prefix.iter().flatten().map(String::as_str).collect();
    service.start(&prefix);
    service.until_ready(&fleet.trial).await;
    disk
}

/// What the user of B fetches from A, and what came of it.
struct Load<'a> {
    trial: &'a Trial,
    token: String,
    stop: Cell<bool>,
    /// Digests of what arrived whole, by the id of its `Received`.
    whole: RefCell<BTreeMap<String, String>>,
    refused: RefCell<BTreeMap<(u16, Option<String>), u32>>,
    broken: Cell<u32>,
}

impl<'a> Load<'a> {
    async fn new(trial: &'a Trial) -> Self {
        Self {
            trial,
            token: trial.domain("b").token().await,
            stop: Cell::new(false),
            whole: RefCell::default(),
            refused: RefCell::default(),
            broken: Cell::new(0),
        }
    }

    /// Fetches `file` again and again.
    async fn run(&self, file: &str) {
        while !self.stop.get() {
            self.fetch(file).await;
        }
    }

    async fn fetch(&self, file: &str) {
        let domain = self.trial.domain("b");
        let url = &self.trial.domain("a").resource(file).url;
        let fetch = domain.fetch(url).from_provider_of("a").token(&self.token);
        let Ok(answer) = fetch.try_send().await else {
            return self.broken.set(self.broken.get() + 1);
        };
        if answer.status == 200 {
            let id = answer.header("x-cadde-provenance").unwrap().to_owned();
            let before = self.whole.borrow_mut().insert(id, answer.sha256());
            assert_eq!(before, None, "an id was given twice");
        } else {
            if answer.status == 503 {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text());
            }
            let kind = (answer.status, answer.message_id());
            *self.refused.borrow_mut().entry(kind).or_default() += 1;
        }
    }

    /// Waits until `more` further exchanges have arrived.
    async fn arrive(&self, more: usize) {
        let before = self.whole.borrow().len();
        wait::until("exchanges go on", BACK, || async {
            (self.whole.borrow().len() >= before + more).then_some(())
        })
        .await;
    }

    fn refused(&self) -> u32 {
        self.refused.borrow().values().sum()
    }

    /// Each that arrived whole is in the ledger, once, with its digest.
    async fn all_are_recorded(&self) {
        let expected = self.whole.borrow().clone();
        let received = wait::until("everything that arrived is recorded", BACK, || async {
            let mut found = BTreeMap::new();
            for core in ledger::records(self.trial, "Received") {
                let id = core["event"]["cdleventid"].as_str().unwrap().to_owned();
                let digest = core["dig"]["sha256"].as_str().unwrap().to_owned();
                assert_eq!(found.insert(id, digest), None, "recorded twice");
            }
            expected
                .keys()
                .all(|id| found.contains_key(id))
                .then_some(found)
        })
        .await;
        for (id, digest) in &expected {
            assert_eq!(received[id], *digest);
        }
        println!(
            "{} arrived whole, refused {:?}, broken {}",
            expected.len(),
            self.refused.borrow(),
            self.broken.get()
        );
    }
}

async fn status(trial: &Trial, service: &Service, path: &str) -> u16 {
    let answer = trial.http().get(service.admin.join(path).unwrap()).send();
    answer.await.unwrap().status().as_u16()
}

/// The service lives and says that it is not ready.
async fn notices(trial: &Trial, service: &Service) {
    wait::until("the service is not ready", BACK, || async {
        (status(trial, service, "/readyz").await == 503).then_some(())
    })
    .await;
    assert_eq!(status(trial, service, "/healthz").await, 200);
}

/// Fails the test unless `SQLite` finds the files whole.
fn assert_intact(disk: &SmallDisk) {
    let databases: Vec<_> = std::fs::read_dir(disk.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")))
        .collect();
    assert!(!databases.is_empty());
    for path in databases {
        let database = Connection::open(&path).unwrap();
        let found: String = database
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, "ok", "{}", path.display());
    }
}

#[rstest]
#[case::of_the_provider("provider-a", "020004005E", "c", "b")]
#[case::of_the_receiver("receiver-b", "020004009E", "a", "c")]
#[tokio::test(flavor = "multi_thread")]
async fn the_full_disk_of_an_outbox_refuses_exchanges_and_loses_none(
    #[case] name: &str,
    #[case] message_id: &str,
    #[case] other_from: &str,
    #[case] other_to: &str,
) {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet().await;
    let trial = &fleet.trial;
    let service = fleet.service(name);
    let Some(disk) = confine(&fleet, service).await else {
        return;
    };
    let load = Load::new(trial).await;
    tokio::join!(
        load.run("readings.csv"),
        load.run("readings.csv"),
        load.run("archive.bin"),
        async {
            load.arrive(20).await;
            disk.fill();
            let (refused, whole) = (load.refused(), load.whole.borrow().len());
            wait::until("exchanges are refused", BACK, || async {
                (load.refused() > refused + 5).then_some(())
            })
            .await;
            notices(trial, service).await;
            // Who has room goes on.
            let token = trial.domain(other_to).token().await;
            let url = &trial.domain(other_from).resource("readings.csv").url;
            let fetch = trial
                .domain(other_to)
                .fetch(url)
                .from_provider_of(other_from);
            let answer = fetch.token(&token).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            println!(
                "{} arrived while it filled",
                load.whole.borrow().len() - whole
            );
            disk.free();
            load.arrive(20).await;
            service.until_ready(trial).await;
            load.stop.set(true);
        },
    );
    let kinds: Vec<_> = load.refused.borrow().keys().cloned().collect();
    assert_eq!(kinds, [(503, Some(message_id.to_owned()))]);
    load.all_are_recorded().await;
    service.stop();
    assert_intact(&disk);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_disk_of_the_ledger_takes_nothing_answers_what_it_knows_and_loses_nothing() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet().await;
    let trial = &fleet.trial;
    if trial.postgres().is_some() {
        // Its records lie on another disk.
        return;
    }
    let service = fleet.service("provenance-server");
    let Some(disk) = confine(&fleet, service).await else {
        return;
    };
    let load = Load::new(trial).await;
    load.fetch("readings.csv").await;
    let known = load.whole.borrow().keys().next().cloned().unwrap();
    ledger::arrived(trial, &known, 3, &load.token).await;
    tokio::join!(load.run("readings.csv"), load.run("archive.bin"), async {
        load.arrive(10).await;
        disk.fill();
        let refused = wait::until("a registration is refused", BACK, || async {
            let answer = register(trial).await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert!(refused.header("retry-after").is_some());
        // It can still be read, so balancers are to send readers here.
        assert_eq!(status(trial, service, "/healthz").await, 200);
        assert_eq!(status(trial, service, "/readyz").await, 200);
        load.arrive(20).await;
        let lineage = ledger::lineage(trial, &known, "BACKWARD", &load.token).await;
        assert_eq!(ledger::events(&lineage).len(), 3, "reading goes on");
        disk.free();
        wait::until("registrations go on", BACK, || async {
            (register(trial).await.status == 200).then_some(())
        })
        .await;
        load.arrive(10).await;
        load.stop.set(true);
    });
    assert_eq!(
        load.refused(),
        0,
        "no exchange is refused: {:?}",
        load.refused
    );
    assert_eq!(load.broken.get(), 0);
    on_disk(trial, &load, &disk, service).await;
}

/// Everything is recorded, as the ledger itself says, whose file the harness sees on the small disk alone.
async fn on_disk(trial: &Trial, load: &Load<'_>, disk: &SmallDisk, service: &Service) {
    let expected = load.whole.borrow().clone();
    for (id, digest) in &expected {
        let events = wait::until("everything that arrived is recorded", BACK, || async {
            let answer = ledger::lineage(trial, id, "BACKWARD", &load.token).await;
            (answer.status == 200)
                .then(|| ledger::events(&answer))
                .filter(|events| events.len() == 3)
        })
        .await;
        for event in &events[1..] {
            assert_eq!(event.digest().unwrap().0, *digest);
        }
    }
    service.stop();
    assert_intact(disk);
    let path = service.path("database", "url");
    let file = disk.path(path.file_name().unwrap().to_str().unwrap());
    let database = Connection::open(file).unwrap();
    let one = |query: &str| {
        database
            .query_row(query, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(
        one("SELECT count(*) - coalesce(max(idx) + 1, 0) FROM record"),
        0,
        "places have no gaps"
    );
    assert_eq!(one("SELECT count(*) FROM pending_edge"), 0);
    println!("{} arrived whole", expected.len());
}

/// One registration with a token, as its provider.
async fn register(trial: &Trial) -> Answer {
    let domain = trial.domain("a");
    let event = json!({
        "cdldatamodelversion": "2.0", "cdleventtype": "Update", "cdleventid": "",
        "dataprovider": domain.provider_id(),
    });
    let part = Part::text(event.to_string())
        .mime_str("application/json")
        .unwrap();
    let request = trial
        .http()
        .post(trial.at(&trial.ready.provenance.public, "/v2/eventwithhash"))
        .bearer_auth(domain.token().await)
        .multipart(Form::new().part("request", part));
    Answer::read(request.send().await.unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_disk_of_the_authentication_server_registers_nobody_and_checks_tokens_on() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet().await;
    let trial = &fleet.trial;
    if trial.postgres().is_some() {
        // Its records lie on another disk.
        return;
    }
    let service = fleet.service("auth-server");
    let Some(disk) = confine(&fleet, service).await else {
        return;
    };
    let operator = Operator::of(trial).await;
    let load = Load::new(trial).await;
    // Names are their own, or a second one would be taken for the first.
    let body = || {
        let number = corporate_number();
        json!({"kind": "organisation", "name": format!("number {number}"), "corporate_number": number})
    };
    disk.fill();
    // What fits into the pages that the file already has may still be written.
    let refused = wait::until("a registration is refused", BACK, || async {
        let answer = operator.post("/v1/participants", &body()).await;
        (answer.status != 201).then_some(answer)
    })
    .await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    load.fetch("readings.csv").await;
    assert_eq!(load.whole.borrow().len(), 1, "{:?}", load.refused);
    disk.free();
    wait::until("registrations go on", BACK, || async {
        let answer = operator.post("/v1/participants", &body()).await;
        (answer.status == 201).then_some(())
    })
    .await;
    load.all_are_recorded().await;
    service.stop();
    assert_intact(&disk);
}
