//! A ledger that is away while exchanges go on.

use tests::{
    faults::{FaultFixture, Plan, Random, outage},
    room::{Takes, room},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    /// It takes connections and requests, and answers nothing.
    Stopped,
    /// Nobody listens.
    Dead,
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_go_on_without_a_ledger_that_answers() {
    away(Away::Stopped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_go_on_without_a_ledger() {
    away(Away::Dead).await;
}

async fn away(how: Away) {
    let _room = room(Takes::Quiet).await;
    let mut random = Random::seeded();
    let world = FaultFixture::start(Plan::default(), &mut random).await;
    let load = world.load(&mut random);
    world.arrive(20).await;
    let ledger = world.fleet.service("provenance-server");
    match how {
        Away::Stopped => ledger.signal("STOP"),
        Away::Dead => ledger.kill(),
    }
    let before = world.journal.whole();
    tokio::time::sleep(outage()).await;
    let during = world.journal.whole() - before;
    match how {
        Away::Stopped => ledger.signal("CONT"),
        Away::Dead => {
            ledger.start(&[]);
            ledger.until_ready(&world.fleet.trial).await;
        }
    }
    world.arrive(20).await;
    world.end(load).await;
    let failures = world.journal.failures();
    assert_eq!(failures, [], "no exchange fails");
    assert!(during > 0, "nothing was exchanged meanwhile");
    let (verdict, _) = world.judge().await;
    println!(
        "{during} exchanges during {:?} without the ledger; {verdict}",
        outage()
    );
    assert!(verdict.holds(), "{verdict}");
}
