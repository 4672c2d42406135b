//! Starting and stopping a trial, and what works beside it.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, time::Duration};

use tests::{
    Trial,
    client::{self, Answer},
    data, ledger, places,
    process::{self, is_alive},
    ready::Service,
    room::{Takes, room_blocking},
    wait,
};

/// 20 s: the services' own deadline for running requests is below it.
const END: Duration = Duration::from_secs(20);

/// None of these runs any more after what happened.
fn assert_gone(services: BTreeMap<String, Service>, after: &str) {
    for (name, service) in services {
        let pid = service.pid.expect("it ran");
        let gone = wait::poll(Duration::from_secs(1), || (!is_alive(pid)).then_some(()));
        assert!(gone.is_some(), "still running after {after}: {name}");
    }
}

#[test]
fn ctrl_c_stops_every_process_that_up_started() {
    let _room = room_blocking(Takes::ATrial);
    let mut trial = Trial::start().with_own_samples().start();
    let services = trial.services();
    // Three servers, and for each of three domains two connectors and a data server.
    assert!(services.len() >= 12, "running: {services:#?}");
    let up = trial.process().pid();

    // A terminal sends SIGINT to the whole foreground group.
    process::signal_group(up, "INT");

    let status = trial.process().wait(END).expect("up ends after Ctrl-C");
    assert!(
        status.success(),
        "up ended with {status}: {}",
        trial.printed()
    );
    assert_gone(services, "Ctrl-C");
}

#[test]
fn a_signal_to_up_alone_stops_its_services_too() {
    let _room = room_blocking(Takes::ATrial);
    let mut trial = Trial::start().with_own_samples().start();
    let services = trial.services();
    trial.process().signal("TERM");
    assert!(trial.process().wait(END).is_some(), "up ends after SIGTERM");
    assert_gone(services, "SIGTERM");
    // Nobody is told any more that everything is ready.
    assert!(!trial.directory().join("ready.json").exists());
    let copy = trial.directory().with_file_name("ready.json");
    assert!(!copy.exists(), "{}", copy.display());
}

#[test]
fn up_makes_an_exchange_and_shows_it_before_it_says_that_it_is_ready() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let trial = Trial::start()
        .with_own_samples()
        .in_directory(directory.path())
        .start();
    println!("ready after {:?}", trial.took);
    // The ready file is there, so the exchange was before it.
    let printed = trial.printed();
    let mut rest = printed.as_str();
    for shown in [
        "Exchange A → B",
        "equal to the source's",
        "lineage",
        "Create",
        "Sent",
        "Received",
    ] {
        let at = rest.find(shown);
        let at = at.unwrap_or_else(|| panic!("{shown} is not shown in its place: {printed}"));
        rest = &rest[at..];
    }
    // What it shows is what the ledger has.
    let received = ledger::records(&trial, "Received");
    assert_eq!(received.len(), 1, "{received:?}");
    let digest = received[0]["dig"]["sha256"].as_str().unwrap();
    assert!(printed.contains(digest), "{digest} is not shown: {printed}");
    assert_eq!(ledger::records(&trial, "Sent").len(), 1);

    // Secrets are in both ready files.
    for file in [
        directory.path().join("ready.json"),
        trial.directory().join("ready.json"),
    ] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_service_that_dies_is_named_and_started_again() {
    let _room = room_blocking(Takes::ATrial);
    let trial = Trial::start().with_own_samples().start();
    let victim = trial.pid("location-server");
    process::signal(victim, "KILL");
    let again = wait::poll(END, || {
        let pid = trial.services()["location-server"].pid?;
        (pid != victim).then_some(pid)
    });
    let again = again.expect("it is started again, and the ready file says so");
    assert!(is_alive(again));
    // So does its copy.
    let copy = trial.directory().with_file_name("ready.json");
    let copied =
        || std::fs::read_to_string(&copy).is_ok_and(|text| text.contains(&again.to_string()));
    assert!(wait::poll(END, || copied().then_some(())).is_some());
    let death = "the location-server was ended by signal 9";
    let named = wait::poll(END, || trial.printed().contains(death).then_some(()));
    assert!(
        named.is_some(),
        "up does not say that it died: {}",
        trial.printed()
    );
    // Asked itself: a receiver would answer from what it remembers.
    let provider = trial.domain("a");
    let client = client::with_certificate(&trial.ready.ca, trial.domain("b").receiver_identity());
    let path = format!("/cadde/api/v4/location/{}", provider.provider_id());
    let url = trial.at(&trial.ready.location.peer, &path);
    let record = tokio::runtime::Runtime::new().unwrap().block_on(async {
        wait::until("a record after the restart", END, || async {
            let response = client.get(url.clone()).send().await.ok()?;
            let answer = Answer::read(response).await.ok()?;
            (answer.status == 200).then(|| answer.json())
        })
        .await
    });
    // The ready file has the address, the record the name: certificates that proxies make have no addresses in them.
    let mut named = provider.ready.provider.peer.clone();
    named.set_host(Some("localhost")).unwrap();
    let address = named.as_str().trim_end_matches('/');
    assert_eq!(record["provider_connector_url"], address);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let port = places::of(directory.path()).unwrap();
    let _taken = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).unwrap();
    let output = std::process::Command::new(tests::trial::program())
        .arg("up")
        .arg("--dir")
        .arg(directory.path().join("trial"))
        .args(["--port-base", &port.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        said.contains(&port.to_string()),
        "the port is not named: {said}"
    );
}

/// Runs a command beside a running trial, which has to do it.
fn run(trial: &Trial, arguments: &[&str]) -> String {
    let output = std::process::Command::new(tests::trial::program())
        .args(arguments)
        .arg("--dir")
        .arg(trial.directory())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// `trial exchange` with everything that any domain offers, to both others; returns how often that was.
fn exchange_all(trial: &Trial) -> usize {
    let mut count = 0;
    for from in ["a", "b", "c"] {
        for to in ["a", "b", "c"].into_iter().filter(|to| *to != from) {
            for resource in &trial.domain(from).ready.resources {
                let url = resource.url.as_str();
                let arguments = ["exchange", "--from", from, "--to", to, "--resource", url];
                let said = run(trial, &arguments);
                for shown in [
                    "equal to the source's",
                    "Received",
                    "both connectors recorded this digest",
                ] {
                    assert!(said.contains(shown), "{shown} is not shown: {said}");
                }
                count += 1;
            }
        }
    }
    count
}

#[test]
fn status_and_exchange_work_beside_a_running_up_with_each_sample_in_all_six_directions() {
    let _room = room_blocking(Takes::ATrial);
    let trial = Trial::start().with_own_samples().start();
    let status = run(&trial, &["status"]);
    assert!(status.contains("provider"), "{status}");
    // One that needs a grant is the default.
    let exchanged = run(&trial, &["exchange", "--from", "c", "--to", "a"]);
    assert!(exchanged.contains("Received"), "{exchanged}");
    // Three files a domain, one of them open.
    assert_eq!(exchange_all(&trial), 3 * 3 * 2);
}

#[test]
fn exchange_works_with_each_published_file_in_all_six_directions() {
    let _room = room_blocking(Takes::ATrial);
    let Some(published) = data::published() else {
        println!("the published data does not lie beside the repository");
        return;
    };
    let trial = Trial::start().with_data_at(&published).start();
    assert!(exchange_all(&trial) >= 6);
}
