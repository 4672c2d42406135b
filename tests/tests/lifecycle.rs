//! Starting, stopping and continuing a trial.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tests::process::{self, is_alive};
use tests::{Trial, ledger, wait};

/// One trial at a time: start-up is timed here.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// 20 s: the services' own deadline for running requests is below it.
const END: Duration = Duration::from_secs(20);

#[test]
fn ctrl_c_stops_every_process_that_up_started() {
    let _alone = alone();
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
    for (pid, line) in services {
        let gone = wait::poll(Duration::from_secs(1), || (!is_alive(pid)).then_some(()));
        assert!(gone.is_some(), "still running after Ctrl-C: {line}");
    }
}

#[test]
fn a_signal_to_up_alone_stops_its_services_too() {
    let _alone = alone();
    let mut trial = Trial::start().with_own_samples().start();
    let services = trial.services();
    trial.process().signal("TERM");
    assert!(trial.process().wait(END).is_some(), "up ends after SIGTERM");
    for (pid, line) in services {
        let gone = wait::poll(Duration::from_secs(1), || (!is_alive(pid)).then_some(()));
        assert!(gone.is_some(), "still running after SIGTERM: {line}");
    }
}

#[test]
fn an_empty_directory_is_ready_within_five_seconds() {
    let _alone = alone();
    let trial = Trial::start().with_own_samples().start();
    println!("ready after {:?}", trial.took);
    assert!(
        trial.took <= Duration::from_secs(5),
        "ready after {:?}",
        trial.took
    );
}

#[test]
fn a_second_up_continues_with_the_same_ids_and_ports_and_what_was_recorded() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let first = Trial::start()
        .with_own_samples()
        .in_directory(directory.path())
        .start();
    let received = runtime.block_on(exchange(&first));
    let before = std::fs::read_to_string(directory.path().join("ready.json")).unwrap();
    drop(first);

    let second = Trial::start()
        .with_own_samples()
        .in_directory(directory.path())
        .start();
    let after = std::fs::read_to_string(directory.path().join("ready.json")).unwrap();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(&before), parse(&after));

    runtime.block_on(async {
        let token = second.domain("b").token().await;
        let events = ledger::arrived(&second, &received, 3, &token).await;
        assert_eq!(events.len(), 3);
        exchange(&second).await;
    });
}

#[test]
fn a_service_that_dies_is_named_and_started_again() {
    let _alone = alone();
    let trial = Trial::start().with_own_samples().start();
    let (victim, line) = trial
        .services()
        .into_iter()
        .find(|(_, line)| line.contains("location"))
        .expect("the location server is one of the services");
    process::signal(victim, "KILL");
    let again = wait::poll(END, || {
        trial
            .services()
            .into_iter()
            .find(|(pid, found)| *pid != victim && *found == line)
    });
    assert!(again.is_some(), "not started again: {line}");
    let named = wait::poll(END, || trial.printed().matches("location").nth(1).map(drop));
    assert!(
        named.is_some(),
        "up does not say that it died: {}",
        trial.printed()
    );
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        wait::until("an exchange after the restart", END, || async {
            let token = trial.domain("b").token().await;
            let resource = trial.domain("a").granted_resource("b");
            let fetched = trial
                .domain("b")
                .fetch(&resource.url)
                .from_provider_of("a")
                .token(&token);
            fetched
                .try_send()
                .await
                .ok()
                .filter(|answer| answer.status == 200)
        })
        .await;
    });
}

#[test]
fn a_port_that_is_taken_is_named() {
    let _alone = alone();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let port = taken.local_addr().unwrap().port();
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

#[test]
fn status_and_exchange_work_beside_a_running_up() {
    let _alone = alone();
    let trial = Trial::start().with_own_samples().start();
    let run = |arguments: &[&str]| {
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
    };
    let exchanged = run(&["exchange", "--from", "c", "--to", "a"]);
    assert!(exchanged.contains("Received"), "{exchanged}");
    let status = run(&["status"]);
    assert!(status.contains("provider"), "{status}");
}

/// One exchange from A to B; the id of its Received.
async fn exchange(trial: &Trial) -> String {
    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").granted_resource("b");
    let answer = trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token(&token)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = answer.header("x-cadde-provenance").unwrap().to_owned();
    ledger::arrived(trial, &received, 3, &token).await;
    received
}
