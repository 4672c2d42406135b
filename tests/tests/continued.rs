//! A trial that is started again: after an orderly end, a kill, an interruption, a long time.

use std::{fs::File, path::Path, time::Duration};

use tests::{
    Trial,
    data::DataFolder,
    ledger,
    process::Guarded,
    room::{Takes, room_blocking},
    trial::Start,
    wait,
};

/// 20 s: the services' own deadline for running requests is below it.
const END: Duration = Duration::from_secs(20);

#[test]
fn a_second_up_continues_with_the_same_ids_and_ports_and_what_was_recorded() {
    let _room = room_blocking(Takes::ATrial);
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
    let parse = |text: &str| {
        let mut ready: serde_json::Value = serde_json::from_str(text).unwrap();
        for service in ready["services"].as_object_mut().unwrap().values_mut() {
            // It is another process.
            assert!(service["pid"].take().is_u64());
        }
        ready
    };
    assert_eq!(parse(&before), parse(&after));

    runtime.block_on(async {
        let token = second.domain("b").token().await;
        let events = ledger::arrived(&second, &received, 3, &token).await;
        assert_eq!(events.len(), 3);
        exchange(&second).await;
    });
}

#[test]
fn an_up_that_is_killed_is_followed_by_one_that_waits_for_its_services() {
    // The next one has to be there before the services have ended.
    let _room = room_blocking(Takes::Quiet);
    let directory = tempfile::tempdir().unwrap();
    // Larger than all buffers on its way, so that a reader who does not read holds the transfer.
    let data = DataFolder::usual().with_sparse_file("domain-a-tests/large.bin", 256 << 20);
    let start = || {
        Trial::start()
            .with_data_at(data.path())
            .in_directory(directory.path())
    };
    let mut first = start().start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let transfer = runtime.block_on(async {
        let token = first.domain("b").token().await;
        let resource = first.domain("a").resource("large.bin");
        let fetch = first.domain("b").fetch(&resource.url);
        let opened = fetch.from_provider_of("a").token(&token).open().await;
        opened.unwrap()
    });
    assert_eq!(transfer.status(), 200);
    first.process().signal("KILL");
    assert!(first.process().wait(END).is_some());
    drop(first);

    let second = start().start();
    assert!(
        second.printed().contains("waiting for the services"),
        "{}",
        second.printed()
    );
    drop(transfer);
    runtime.block_on(exchange(&second));
}

#[test]
fn registrations_without_certificates_are_continued_when_their_codes_have_run_out() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let start = || with_samples(directory.path());
    let first = start().start();
    let trial = first.directory().to_owned();
    drop(first);
    // As an `up` leaves it that is interrupted between registration and enrolment, with codes that are used up.
    for folder in ["operator-tool", "location-server", "receiver-b"] {
        let folder = trial.join(folder);
        for file in ["certificate.pem", "key.pem"] {
            std::fs::remove_file(folder.join(file)).unwrap();
        }
        std::fs::write(folder.join("enrolment-code"), "a code of the day before").unwrap();
    }
    let second = start().start();
    exchanges(&second);
}

#[test]
fn what_was_published_without_being_written_down_is_not_published_twice() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let start = || with_samples(directory.path());
    let first = start().start();
    let originals = ledger::records(&first, "Create").len();
    let state = first.directory().join("state.json");
    drop(first);
    // As an `up` leaves it that is killed between the answers and the note of them.
    let text = std::fs::read_to_string(&state).unwrap();
    let mut known: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
    for member in ["published", "granted", "located"] {
        assert!(known.remove(member).is_some());
    }
    std::fs::write(&state, serde_json::to_vec(&known).unwrap()).unwrap();

    let second = start().start();
    assert_eq!(ledger::records(&second, "Create").len(), originals);
    exchanges(&second);
}

#[test]
fn a_folder_is_continued_when_its_certificates_have_run_out() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let start = || with_samples(directory.path());
    drop(start().start());
    // 100 days later: certificates are good for 90.
    let later = start()
        .with_variable("KAKEHASHI_CLOCK_SKEW=8640000")
        .start();
    // Its own exchange was made with new ones.
    let printed = later.printed();
    assert!(printed.contains("both connectors recorded"), "{printed}");
}

/// A machine whose hardware clock is in local time is hours ahead until its clock is set: what was made then is not valid yet.
#[test]
fn a_folder_is_continued_that_was_begun_by_a_clock_that_was_ahead() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let start = || with_samples(directory.path());
    // 9 h ahead.
    drop(start().with_variable("KAKEHASHI_CLOCK_SKEW=32400").start());
    let second = start().start();
    let printed = second.printed();
    assert!(printed.contains("both connectors recorded"), "{printed}");
    exchanges(&second);
}

#[test]
fn an_up_that_is_interrupted_before_it_is_ready_says_so_and_leaves_nothing() {
    let _room = room_blocking(Takes::ATrial);
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("out");
    let ready = directory.path().join("ready.json");
    let trial = directory.path().join("trial");
    let arguments = [
        "up".as_ref(),
        "--port-base".as_ref(),
        "0".as_ref(),
        "--dir".as_ref(),
        trial.as_os_str(),
        "--ready-file".as_ref(),
        ready.as_os_str(),
    ];
    let mut up = Guarded::start(&tests::trial::program(), arguments, &output, None);
    let started = trial.join("location-server/location-server.log");
    wait::poll(END, || started.exists().then_some(())).expect("services start");
    // A terminal that is closed.
    up.signal("HUP");
    let status = up.wait(END).expect("up ends");
    let printed = std::fs::read_to_string(&output).unwrap();
    assert!(
        !status.success() && printed.contains("interrupted"),
        "{status} {printed}"
    );
    // Each of them holds this file while it runs.
    let held = File::open(trial.join("running")).unwrap();
    assert!(held.try_lock().is_ok(), "services are left");
    assert!(!ready.exists() && !trial.join("ready.json").exists());
}

/// A trial with small samples in `directory`, new or continued.
fn with_samples(directory: &Path) -> Start {
    Trial::start().with_own_samples().in_directory(directory)
}

/// Whether an exchange works, by itself.
fn exchanges(trial: &Trial) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(exchange(trial));
}

/// One exchange from A to B; the id of its Received.
async fn exchange(trial: &Trial) -> String {
    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").granted_resource("b");
    let fetch = trial.domain("b").fetch(&resource.url).from_provider_of("a");
    let (answer, _) = ledger::recorded(trial, fetch, &token).await;
    answer.header("x-cadde-provenance").unwrap().to_owned()
}
