//! Rounds of faults under load.

use std::{fmt, sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use super::{
    callers::LoadClient,
    goods::{DOMAINS, Good, HOLDS, Hold, Size, WHOLE},
    journal::End,
    load::{Manner, Progress},
    random::Random,
    wire::Mode,
    world::FaultFixture,
};
use crate::wait;

/// 60 s: how long a round waits for a point to be reached, on a machine that does much else.
const REACHED: Duration = Duration::from_mins(1);

/// What a round does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Kills one service, or two, whatever they are doing.
    Kill,
    /// Stops one service for a while.
    Stall,
    /// Resets the connections to one listener.
    CutWire,
    /// Lets no byte pass to or from one listener for a while.
    StallWire,
    /// Lets a transfer come to a point where its source holds it, and then something happens.
    At(Hold, Blow),
    /// A connector dies with completed records that it could not deliver.
    Undelivered(Side),
    /// The ledger dies with a delivery that it was given.
    DeliveryInFlight,
    /// The ledger takes a delivery, and its answer is lost; the connector may die as well.
    AnswerLost(Option<Side>),
}

/// One of the two connectors of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Of the domain that offers.
    Provider,
    /// Of the domain that fetches.
    Receiver,
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// A connector is killed.
    Kill(Side),
    /// The transfer goes on, and a connector is killed while its end is recorded and released.
    Race(Side),
    /// The ledger is killed; the transfer goes on.
    KillLedger,
    /// A connector stands still for a moment; the transfer goes on.
    Stall(Side),
    /// The connection between the connectors is reset.
    Cut,
    /// The caller leaves.
    Leave,
}

const BLOWS: [Blow; 9] = [
    Blow::Kill(Side::Provider),
    Blow::Kill(Side::Receiver),
    Blow::Race(Side::Provider),
    Blow::Race(Side::Receiver),
    Blow::KillLedger,
    Blow::Stall(Side::Provider),
    Blow::Stall(Side::Receiver),
    Blow::Cut,
    Blow::Leave,
];

impl Side {
    fn service(self, good: &Good, caller: &LoadClient) -> String {
        match self {
            Self::Provider => format!("provider-{}", good.from),
            Self::Receiver => format!("receiver-{}", caller.to),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// All faults at named points.
pub fn points() -> Vec<Fault> {
    let mut points: Vec<Fault> = HOLDS
        .into_iter()
        .flat_map(|hold| BLOWS.into_iter().map(move |blow| Fault::At(hold, blow)))
        .collect();
    points.extend([
        Fault::Undelivered(Side::Provider),
        Fault::Undelivered(Side::Receiver),
        Fault::DeliveryInFlight,
        Fault::AnswerLost(None),
        Fault::AnswerLost(Some(Side::Provider)),
        Fault::AnswerLost(Some(Side::Receiver)),
    ]);
    points
}

/// One round: in one half of them at a random moment, in the other at a named point.
pub async fn round(world: &Arc<FaultFixture>, random: &mut Random) -> Fault {
    let fault = match random.below(20) {
        0..7 => *random.pick(&points()),
        // Where a record and the bytes it stands for are closest together.
        7..10 => {
            let side = *random.pick(&[Side::Provider, Side::Receiver]);
            Fault::At(*random.pick(&HOLDS), Blow::Race(side))
        }
        10 => Fault::Stall,
        11 => Fault::CutWire,
        12 => Fault::StallWire,
        _ => Fault::Kill,
    };
    inflict(world, random, fault).await;
    fault
}

/// Does it and mends it: on return everything runs again.
pub async fn inflict(world: &Arc<FaultFixture>, random: &mut Random, fault: Fault) {
    match fault {
        Fault::Kill => kill(world, random).await,
        Fault::Stall => {
            let victims = victims();
            let service = world.fleet.service(random.pick::<String>(&victims));
            service.signal("STOP");
            tokio::time::sleep(random.millis(50, 500)).await;
            service.signal("CONT");
        }
        Fault::CutWire => {
            wire(world, random).cut();
            tokio::time::sleep(random.millis(50, 300)).await;
        }
        Fault::StallWire => {
            let wire = wire(world, random);
            wire.set(if random.percent(50) {
                Mode::Stalled
            } else {
                Mode::AnswersWait
            });
            tokio::time::sleep(random.millis(50, 500)).await;
            if random.percent(50) {
                wire.cut();
            }
            wire.set(Mode::Open);
        }
        Fault::At(hold, blow) => at(world, random, hold, blow).await,
        Fault::Undelivered(side) => undelivered(world, random, side).await,
        Fault::DeliveryInFlight => in_flight(world, random).await,
        Fault::AnswerLost(side) => answer_lost(world, random, side).await,
    }
}

/// The services that are killed: twice as often those that record an exchange as those that it needs besides.
fn victims() -> Vec<String> {
    let mut victims = vec!["auth-server".to_owned(), "location-server".to_owned()];
    victims.extend(DOMAINS.map(|domain| format!("data-{domain}")));
    for _ in 0..2 {
        victims.push("provenance-server".to_owned());
        victims.extend(DOMAINS.map(|domain| format!("provider-{domain}")));
        victims.extend(DOMAINS.map(|domain| format!("receiver-{domain}")));
    }
    victims
}

fn wire<'a>(world: &'a FaultFixture, random: &mut Random) -> &'a super::wire::Wire {
    let mut wires: Vec<_> = world.providers.iter().map(|(_, wire)| wire).collect();
    wires.push(&world.ledger);
    random.pick::<&super::wire::Wire>(&wires)
}

async fn kill(world: &FaultFixture, random: &mut Random) {
    tokio::time::sleep(random.millis(0, 400)).await;
    let victims = victims();
    let mut down = vec![random.pick(&victims).clone()];
    let other = random.pick(&victims).clone();
    if random.percent(25) && !down.contains(&other) {
        down.push(other);
    }
    for name in &down {
        world.fleet.service(name).kill();
    }
    tokio::time::sleep(random.millis(0, 150)).await;
    for name in &down {
        world.fleet.service(name).start(&[]);
    }
    // Some die again while they come back.
    if random.percent(20) {
        tokio::time::sleep(random.millis(0, 200)).await;
        let service = world.fleet.service(&down[0]);
        service.kill();
        service.start(&[]);
    }
    for name in &down {
        let service = world.fleet.service(name);
        service.until_ready(&world.fleet.trial).await;
    }
}

/// A caller, and a resource of another domain's provider below the harness's source.
fn exchange(world: &FaultFixture, random: &mut Random, path: &str) -> (LoadClient, Good) {
    let caller = random.pick(&world.callers).clone();
    let others: Vec<_> = DOMAINS
        .into_iter()
        .filter(|from| *from != caller.to)
        .collect();
    let good = Good {
        from: random.pick::<&'static str>(&others),
        url: world.source.url(path).to_string(),
        size: Size::Small,
    };
    (caller, good)
}

async fn at(world: &Arc<FaultFixture>, random: &mut Random, hold: Hold, blow: Blow) {
    let (caller, good) = exchange(world, random, &hold.path());
    let progress = Progress::default();
    let mut seen = progress.subscribe();
    // Once the caller is to leave it does so at the next piece that comes, or right where it waits.
    let manner = match (blow, hold.passes()) {
        (Blow::Leave, Some(bytes)) => Manner::LeavesAfter(bytes),
        _ => Manner::Takes,
    };
    let fetching = {
        let (world, caller, good) = (Arc::clone(world), caller.clone(), good.clone());
        tokio::spawn(async move { world.fetch(&caller, &good, manner, &progress).await })
    };
    let reached = async {
        wait::until("the source holds", REACHED, || async {
            (world.source.waiting() > 0 || fetching.is_finished()).then_some(())
        })
        .await;
        if let Some(bytes) = hold.passes() {
            // An error means that the transfer has ended.
            let _ = seen
                .wait_for(|seen| seen.is_some_and(|seen| seen >= bytes))
                .await;
        }
    };
    tokio::time::timeout(REACHED, reached)
        .await
        .unwrap_or_else(|_| panic!("{hold:?} is not reached: {good:?} for {caller:?}"));
    let service = |side: Side| world.fleet.service(&side.service(&good, &caller));
    match blow {
        Blow::Kill(side) | Blow::Race(side) => {
            if blow == Blow::Race(side) {
                world.source.release_all();
                // Recording takes a few milliseconds, and so does the killing.
                tokio::time::sleep(Duration::from_micros(random.below(6_000))).await;
            }
            service(side).kill();
            ends(world, fetching).await;
            service(side).start(&[]);
            service(side).until_ready(&world.fleet.trial).await;
        }
        Blow::KillLedger => {
            let ledger = world.fleet.service("provenance-server");
            ledger.kill();
            ends(world, fetching).await;
            ledger.start(&[]);
            ledger.until_ready(&world.fleet.trial).await;
        }
        Blow::Stall(side) => {
            service(side).signal("STOP");
            world.source.release_all();
            tokio::time::sleep(random.millis(50, 300)).await;
            service(side).signal("CONT");
            ends(world, fetching).await;
        }
        Blow::Cut => {
            for (_, wire) in world
                .providers
                .iter()
                .filter(|(from, _)| *from == good.from)
            {
                wire.cut();
            }
            ends(world, fetching).await;
        }
        Blow::Leave => {
            if hold.passes().is_none() {
                // There is no answer yet that it could leave in the middle of: it gives up waiting.
                fetching.abort();
                world.gave_up(&caller, &good);
            }
            ends(world, fetching).await;
        }
    }
}

/// Lets the source go on until the transfer has ended and nothing is held: a receiver may have asked twice.
async fn ends(world: &FaultFixture, fetching: JoinHandle<End>) {
    wait::until("the transfer ends", REACHED, || async {
        world.source.release_all();
        (fetching.is_finished() && world.source.waiting() == 0).then_some(())
    })
    .await;
    match fetching.await {
        Err(error) if error.is_panic() => panic!("the fetch failed: {error}"),
        // How it ended is in the journal.
        _ => {}
    }
}

/// Fetches what the source gives at once; one body that fits the window, and one that streams.
async fn fetch_both(world: &FaultFixture, random: &mut Random) -> (LoadClient, Good) {
    let mut last = None;
    for path in WHOLE {
        let (caller, good) = exchange(world, random, path);
        let progress = Progress::default();
        let fetch = world.fetch(&caller, &good, Manner::Takes, &progress);
        tokio::time::timeout(REACHED, fetch)
            .await
            .expect("the resource comes at once");
        last = Some((caller, good));
    }
    last.expect("there are such resources")
}

async fn undelivered(world: &FaultFixture, random: &mut Random, side: Side) {
    let ledger = world.fleet.service("provenance-server");
    ledger.signal("STOP");
    let (caller, good) = fetch_both(world, random).await;
    world
        .fleet
        .kill_and_start(&side.service(&good, &caller))
        .await;
    ledger.signal("CONT");
}

async fn in_flight(world: &FaultFixture, random: &mut Random) {
    let ledger = world.fleet.service("provenance-server");
    ledger.signal("STOP");
    fetch_both(world, random).await;
    wait::until("a delivery is under way", REACHED, || async {
        (world.ledger.unanswered() > 0).then_some(())
    })
    .await;
    world.fleet.kill_and_start("provenance-server").await;
}

async fn answer_lost(world: &FaultFixture, random: &mut Random, side: Option<Side>) {
    world.ledger.set(Mode::AnswersWait);
    let (caller, good) = fetch_both(world, random).await;
    wait::until("an answer of the ledger waits", REACHED, || async {
        (world.ledger.waiting() > 0).then_some(())
    })
    .await;
    let service = side.map(|side| world.fleet.service(&side.service(&good, &caller)));
    if let Some(service) = service {
        service.kill();
    }
    world.ledger.cut();
    world.ledger.set(Mode::Open);
    if let Some(service) = service {
        service.start(&[]);
        service.until_ready(&world.fleet.trial).await;
    }
}
