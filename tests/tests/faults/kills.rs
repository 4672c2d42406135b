//! Processes that are killed, stopped and cut off at random moments and at named points.

use std::{collections::BTreeMap, time::Instant};

use tests::{
    faults::{
        FaultFixture, Plan, Random,
        chaos::{self, Blow, Fault, Side, points},
        journal::{Cut, End},
        rounds,
    },
    room::{Takes, room},
};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_and_whoever_squats_nothing_is_lost_and_nothing_false_is_recorded() {
    let _room = room(Takes::Processors).await;
    let mut random = Random::seeded();
    let world = FaultFixture::start(Plan::default(), &mut random).await;
    let load = world.load(&mut random);
    let squatters = world.squat(&mut random);
    let (rounds, started) = (rounds(), Instant::now());
    let mut inflicted: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..rounds {
        let fault = chaos::round(&world, &mut random).await;
        *inflicted.entry(fault.to_string()).or_default() += 1;
        if n % 50 == 49 {
            println!("{} rounds in {:?}", n + 1, started.elapsed());
        }
    }
    world.arrive(20).await;
    world.end(load).await;
    let tally = world.squatted(squatters).await;
    println!("{} tries to take an id: {:?}", tally.tries, tally.answers);
    assert!(tally.taken.is_empty(), "{:#?}", tally.taken);
    for (fault, count) in inflicted {
        println!("{count} × {fault}");
    }
    let (verdict, books) = world.judge().await;
    println!("{rounds} rounds: {verdict}");
    let missing = tally.missing(&books);
    assert!(
        missing.is_empty(),
        "given by providers, and lost: {missing:?}"
    );
    assert!(
        tally.tries > rounds * 100 && !tally.given.is_empty(),
        "{tally:?}"
    );
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.whole > rounds, "the load went on: {verdict}");

    // The judge is not blind: the same books without one record, and with one that was changed.
    let mut doctored = books.clone();
    let event = world
        .journal
        .attempts()
        .iter()
        .find_map(|attempt| match &attempt.end {
            End::Whole { event, .. } => Some(event.clone()),
            _ => None,
        })
        .unwrap();
    doctored.received.retain(|received| received.id != event);
    assert_eq!(world.judge_with(&doctored).lost.len(), 1);
    let mut doctored = books;
    doctored.received.last_mut().unwrap().digest.1 += 1;
    assert_eq!(world.judge_with(&doctored).wrong.len(), 1);
}

/// Providers that release the last byte only once the ledger has the `Sent`.
#[tokio::test(flavor = "multi_thread")]
async fn providers_that_wait_for_the_ledger_lose_nothing_either() {
    let _room = room(Takes::Processors).await;
    let mut random = Random::seeded();
    let plan = Plan {
        edit: |name, config| {
            if name.starts_with("provider-") {
                let provenance = config["provenance"].as_table_mut().unwrap();
                provenance.insert("delivery".into(), "sync".into());
            }
        },
        ..Plan::default()
    };
    let world = FaultFixture::start(plan, &mut random).await;
    let load = world.load(&mut random);
    for _ in 0..rounds().div_ceil(5) {
        let fault = *random.pick(&[Fault::Kill, Fault::Kill, Fault::CutWire]);
        chaos::inflict(&world, &mut random, fault).await;
    }
    world.arrive(20).await;
    world.end(load).await;
    let (verdict, _) = world.judge().await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
}

/// What a caller may see of a fault, where there is nothing else going on.
fn may_end(fault: Fault, end: &End) -> bool {
    let is_whole = matches!(end, End::Whole { .. });
    match fault {
        Fault::At(_, Blow::KillLedger | Blow::Stall(_))
        | Fault::Undelivered(_)
        | Fault::DeliveryInFlight
        | Fault::AnswerLost(_) => is_whole,
        Fault::At(_, Blow::Leave) => !is_whole,
        Fault::At(hold, Blow::Kill(_) | Blow::Cut) if hold.passes().is_some() => {
            matches!(
                end,
                End::Cut {
                    how: Cut::Broken,
                    ..
                }
            )
        }
        // Nothing was answered yet: the receiver may ask again, or say that it can't.
        Fault::At(_, Blow::Kill(Side::Provider) | Blow::Cut) => {
            is_whole || matches!(end, End::Refused { .. })
        }
        Fault::At(_, Blow::Kill(Side::Receiver)) => *end == End::Unanswered,
        Fault::At(_, Blow::Race(_))
        | Fault::Kill
        | Fault::Stall
        | Fault::CutWire
        | Fault::StallWire => true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_named_point_every_blow_leaves_the_records_true() {
    let _room = room(Takes::ATrial).await;
    let mut random = Random::seeded();
    let world = FaultFixture::start(Plan::default(), &mut random).await;
    for fault in points() {
        let started = Instant::now();
        let before = world.journal.attempts().len();
        chaos::inflict(&world, &mut random, fault).await;
        let ends: Vec<End> = world.journal.attempts()[before..]
            .iter()
            .map(|attempt| attempt.end.clone())
            .collect();
        println!("{fault} in {:?}: {ends:?}", started.elapsed());
        assert!(
            ends.iter().all(|end| may_end(fault, end)),
            "{fault}: {ends:?}"
        );
    }
    let (verdict, _) = world.judge().await;
    println!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.aborted > 0 && verdict.broken > 0, "{verdict}");
}
