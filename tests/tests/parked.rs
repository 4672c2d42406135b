//! Records that the ledger refuses for good, and what an operator does with them while the connector runs.

use std::time::Duration;

use serde_json::Value;
use tests::{
    Trial,
    extra::{Access, Extra, Joining, Role},
    ledger,
    source::Source,
    wait,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A provider that is in the receiver's configuration and in no registry: the ledger takes nothing about it.
const NOBODY: &str = "cadde.0000000000000.zz";

/// What `/readyz` says, once `fits` it.
async fn readiness(trial: &Trial, connector: &Extra, fits: impl Fn(&Value) -> bool) -> Value {
    let url = connector.admin.join("/readyz").unwrap();
    wait::until("what the readiness should say", PATIENCE, || async {
        let answer = trial.http().get(url.clone()).send().await.ok()?;
        assert_eq!(answer.status().as_u16(), 200, "it stays ready");
        answer.json().await.ok().filter(&fits)
    })
    .await
}

fn parked(count: u64) -> impl Fn(&Value) -> bool {
    move |said| said["counts"]["outbox_parked"] == count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_record_is_shown_requeued_and_handed_over_once_while_the_connector_runs() {
    let trial = Trial::shared();
    let source = Source::start().await;
    let url = source.url("/whole/1000");
    let provider = Joining::register(trial, Role::Provider)
        .await
        .offering(&source.url("/"), std::slice::from_ref(&url), Access::Open)
        .await
        .start("kakehashi/1")
        .await;
    let mut receiver = Joining::register(trial, Role::Receiver).await;
    let location: toml::Table = format!(
        "url = {:?}\nconnector_id = {:?}\nprofile = \"kakehashi/1\"",
        provider.url.as_str(),
        provider.connector_id
    )
    .parse()
    .expect("it is TOML");
    let known = receiver.config["location"]
        .as_table_mut()
        .expect("a section");
    let mut entries = toml::Table::new();
    entries.insert(NOBODY.into(), location.into());
    known.insert("static".into(), entries.into());
    let receiver = receiver.start("").await;

    let fetch = trial.domain("a").fetch(url.as_str()).from_provider(NOBODY);
    let api = receiver.url.join("/cadde/api/v4/file").unwrap();
    let answer = fetch.at(api).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.header("x-cadde-provenance").expect("an event id");
    readiness(trial, &receiver, parked(1)).await;

    let (done, listed) = receiver.command(&["outbox", "list", "--json"]);
    assert!(done && listed.as_array().is_some_and(|all| all.len() == 1));
    let (entry, is_it) = (&listed[0], listed[0]["event_id"] == id);
    assert!(is_it && entry["problem"] == "forbidden", "{entry}");
    let (done, shown) = receiver.command(&["outbox", "show", id, "--json"]);
    assert!(done && shown["item"]["event"]["dataprovider"] == NOBODY);

    // Nothing has changed, so it comes back.
    let (done, told) = receiver.command(&["outbox", "requeue", id, "--json"]);
    assert!(done && told[0]["event_id"] == id, "{told}");
    readiness(trial, &receiver, parked(1)).await;

    let hand_over = [
        "outbox",
        "hand-over",
        id,
        "--reason",
        "nobody is that",
        "--json",
    ];
    let (done, first) = receiver.command(&hand_over);
    let evidence = first[0]["evidence"].as_str().expect("its id").to_owned();
    assert!(done, "{first}");
    readiness(trial, &receiver, parked(0)).await;
    let is_it = |core: &Value| core["evidence"]["id"] == *evidence;
    let core = ledger::record(trial, "unregistrable", is_it).await;
    assert_eq!(core["evidence"]["reason"], "nobody is that");
    assert_eq!(core["evidence"]["item"]["event"]["cdleventid"], id);

    // Once: the second time tells of the first.
    let (done, again) = receiver.command(&hand_over);
    assert!(done && again[0]["evidence"] == *evidence, "{again}");
    let all = ledger::records(trial, "unregistrable");
    let of_it = all
        .iter()
        .filter(|core| core["evidence"]["item"]["event"]["cdleventid"] == id);
    assert_eq!(of_it.count(), 1);
    let nothing = receiver.command(&[
        "outbox",
        "show",
        "01941f29-7c00-7000-8000-000000000001",
        "--json",
    ]);
    assert_eq!(nothing, (false, Value::Null));
}
