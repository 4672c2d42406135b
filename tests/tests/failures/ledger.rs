//! The ledger is away.

use std::collections::BTreeSet;

use tests::{
    extra::{Access, Joining, Role},
    ledger,
    metrics::Metrics,
    room::{Takes, room},
    source::Source,
    wait,
};
use toml::{Table, Value};

use super::{BACK, arrives, assert_retry, fetch, fleet, recorded, status};

/// How many records the outboxes of this file take.
const RECORDS: i64 = 8;

fn small_outbox(config: &mut Table) {
    config["outbox"]["max_records"] = RECORDS.into();
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_go_on_until_the_providers_outbox_is_full_and_none_is_lost() {
    full_outbox("provider-a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_go_on_until_the_receivers_outbox_is_full_and_none_is_lost() {
    full_outbox("receiver-b").await;
}

async fn full_outbox(name: &str) {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|service, config| {
        if service == name {
            small_outbox(config);
        }
    })
    .await;
    let trial = &fleet.trial;
    let token = trial.domain("b").token().await;
    let before = arrives(trial, "a", "b", &token).await;
    recorded(trial, &before, &token).await;
    fleet.service("provenance-server").kill();

    let mut whole = BTreeSet::new();
    let refused = loop {
        let answer = fetch(trial, "a", "b", &token).await;
        if answer.status != 200 {
            break answer;
        }
        whole.insert(answer.header("x-cadde-provenance").unwrap().to_owned());
        assert!(whole.len() <= 8, "the limit is no limit");
    };
    assert!(!whole.is_empty(), "without a ledger exchanges go on");
    if name == "provider-a" {
        refused.assert_refused_by_provider(503, "010002012E");
    } else {
        refused.assert_refused(503, "020004009E");
    }
    assert_retry(&refused);
    let full = fleet.service(name);
    wait::until("the service is not ready", BACK, || async {
        (status(trial, full, "/readyz").await == 503).then_some(())
    })
    .await;
    assert_eq!(status(trial, full, "/healthz").await, 200);
    let counted = Metrics::of(trial.http(), &full.admin).await;
    assert!(counted.sum("outbox_refused_total", &["reason=\"records\""]) > 0.0);
    // Who has room goes on.
    let token_c = trial.domain("c").token().await;
    let other = arrives(trial, "b", "c", &token_c).await;

    let server = fleet.service("provenance-server");
    server.start(&[]);
    server.until_ready(trial).await;
    wait::until("exchanges go on", BACK, || async {
        (fetch(trial, "a", "b", &token).await.status == 200).then_some(())
    })
    .await;
    full.until_ready(trial).await;
    for event in &whole {
        recorded(trial, event, &token).await;
    }
    recorded(trial, &other, &token_c).await;
    let mut seen = BTreeSet::new();
    for core in ledger::records(trial, "Received") {
        let id = core["event"]["cdleventid"].as_str().unwrap().to_owned();
        assert!(seen.insert(id), "twice in the ledger");
    }
    assert!(whole.is_subset(&seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_waits_for_the_ledger_refuses_or_breaks_off_and_records_no_sent() {
    let _room = room(Takes::ATrial).await;
    let fleet = fleet(|_, _| {}).await;
    let trial = &fleet.trial;
    let source = Source::start().await;
    let (small, large) = (source.url("/whole/1000"), source.url("/held/300000/100000"));
    let mut joining = Joining::register(trial, Role::Provider)
        .await
        .offering(
            &source.url("/"),
            &[small.clone(), large.clone()],
            Access::Open,
        )
        .await;
    let provenance = joining.config["provenance"].as_table_mut().unwrap();
    provenance.insert("delivery".into(), "sync".into());
    provenance.insert("ledger_wait".into(), Value::from("4s"));
    let provider = joining.start("kakehashi/1").await;
    let token = trial.domain("b").token().await;
    let ask = |url: &url::Url| {
        trial
            .domain("b")
            .fetch(url.as_str())
            .from_provider(&provider.user.user_id)
            .token(&token)
    };
    let answer = ask(&small).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = |trial| {
        ledger::records(trial, "Sent")
            .into_iter()
            .filter(|core| core["event"]["dataprovider"] == provider.user.user_id.as_str())
            .count()
    };
    assert_eq!(sent(trial), 1);

    // Away once the headers have left: the transfer breaks.
    let mut begun = ask(&large).open().await.unwrap();
    assert_eq!(begun.status(), 200);
    assert!(begun.chunk().await.unwrap().is_some());
    fleet.service("provenance-server").kill();
    source.release();
    let rest = async {
        while begun.chunk().await?.is_some() {}
        reqwest::Result::Ok(())
    };
    assert!(rest.await.is_err(), "the body looked whole");

    // Away before: refused.
    let refused = ask(&small).send().await;
    refused.assert_refused_by_provider(503, "010002012E");
    assert_retry(&refused);

    // Others need no ledger.
    arrives(trial, "a", "b", &token).await;
    let server = fleet.service("provenance-server");
    server.start(&[]);
    server.until_ready(trial).await;
    wait::until("exchanges go on", BACK, || async {
        (ask(&small).send().await.status == 200).then_some(())
    })
    .await;
}
