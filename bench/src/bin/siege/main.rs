//! `siege`: one registered connector and one user with tokens do their worst, and others work on meanwhile.
//!
//! Everything runs in one trial on this machine. Those who attack share one processor, those who are honest have another, and the
//! services run where there is room. First an idle loop occupies the attackers' processor, then the attackers do; what the honest
//! see in both is compared. `scripts/siege` builds the program to measure and runs this.

#![expect(
    clippy::cast_precision_loss,
    reason = "figures for people need no more digits than a double has"
)]

mod attacks;
mod honest;
mod watch;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Parser;
use tests::{Trial, data::DataFolder};

use crate::{
    honest::{Honest, Seen},
    watch::{Service, Watched},
};

/// Let one registered connector and one user with tokens do their worst, and measure what others notice.
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds of the attack, and of the idle loop before it.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only the attacks whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// 128 MiB: no process may hold more, whatever is done to it.
const MOST_MEMORY: u64 = 128 << 20;
/// How long everything may take to be as before.
const RECOVERY: Duration = Duration::from_secs(10);
/// How much longer the slowest of a hundred requests may take than beside an idle loop.
const SLOWER: f64 = 2.0;
/// 64 MiB: more than all buffers on the way hold.
const LARGE: u64 = 64 << 20;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let processors = processors()?;
    let [attackers, others] = processors[..] else {
        anyhow::bail!("two processors are needed, there are {processors:?}");
    };
    tests::crowd::raise_open_files();
    let trial = Trial::start().with_data(data()?).start();
    let services = Service::all(&trial);
    let seconds = Duration::from_secs(arguments.seconds);
    let honest = Honest::prepare(&trial)?;

    // Connections and caches first.
    on(others, || honest.work(Duration::from_secs(3)))?;
    let before = beside(
        attackers,
        |stop| {
            idle(stop);
            Ok(())
        },
        || on(others, || honest.work(seconds)),
    )?
    .1;
    println!("beside an idle loop: {before}");

    let only = arguments.only.as_deref().unwrap_or_default();
    let attack = |stop: &AtomicBool| attacks::run(&trial, only, stop);
    let watched = || {
        let (watched, seen) = watch::during(&services, || on(others, || honest.work(seconds)))?;
        anyhow::Ok((watched, seen))
    };
    let (tally, (watched, during)) = beside(attackers, attack, watched)?;
    let ended = Instant::now();
    println!("beside the attack:   {during}");
    println!("{watched}");
    println!("{tally}");

    let back = watch::until_settled(&services, RECOVERY * 6);
    let after = on(others, || honest.work(Duration::from_secs(10)))?;
    println!("after the attack:    {after}");
    println!(
        "ready, and outboxes empty, {:.1} s after its end",
        back.unwrap_or_else(|| ended.elapsed()).as_secs_f64()
    );
    judge(&before, &during, &after, &watched, back)
}

/// The sentences that hold, or an error with those that do not.
fn judge(
    before: &Seen,
    during: &Seen,
    after: &Seen,
    watched: &Watched,
    back: Option<Duration>,
) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    let mut expect = |holds: bool, what: String| {
        println!("{} {what}", if holds { "holds:" } else { "FAILS:" });
        if !holds {
            failed.push(what);
        }
    };
    for seen in [before, during, after] {
        expect(
            seen.refused.is_empty(),
            format!("nobody honest is refused: {:?}", seen.refused),
        );
    }
    for (name, base, now) in [
        ("exchanges", &before.exchanges, &during.exchanges),
        ("lineages", &before.lineages, &during.lineages),
    ] {
        let ratio = now.p99_ms / base.p99_ms;
        expect(
            ratio < SLOWER,
            format!("p99 of {name} is {ratio:.2} times that beside an idle loop"),
        );
    }
    let (name, most) = watched.most_memory();
    expect(
        most <= MOST_MEMORY,
        format!(
            "no process holds more than 128 MiB: {name} {} MiB",
            most >> 20
        ),
    );
    expect(
        watched.unready.is_empty(),
        format!("every service stays ready: {:?}", watched.unready),
    );
    expect(
        back.is_some_and(|back| back <= RECOVERY),
        format!("everything is as before within 10 s: {back:?}"),
    );
    anyhow::ensure!(failed.is_empty(), "{} of these fail", failed.len());
    Ok(())
}

/// Files of domains A and B that the user of the other may fetch, small ones and a large one.
fn data() -> anyhow::Result<DataFolder> {
    let mut data = DataFolder::default();
    for domain in ["a", "b", "c"] {
        data = data.with_file(
            &format!("domain-{domain}-siege/small.csv"),
            &[b'x'; 1 << 10],
        );
    }
    let large = data.path().join("domain-a-siege/large.bin");
    std::fs::File::create(large)?.set_len(LARGE)?;
    Ok(data)
}

/// Keeps a processor busy.
fn idle(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}

/// Runs `other` on `processor` while `work` goes on.
fn beside<O: Send, T>(
    processor: usize,
    other: impl FnOnce(&AtomicBool) -> anyhow::Result<O> + Send,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(O, T)> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            pin(processor)?;
            other(&stop)
        });
        let worked = work();
        stop.store(true, Ordering::Relaxed);
        let other = other.join().map_err(|_| anyhow::anyhow!("it panicked"))??;
        Ok((other, worked?))
    })
}

/// Runs `work` on `processor`.
fn on<T: Send>(
    processor: usize,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            pin(processor)?;
            work()
        });
        worker.join().map_err(|_| anyhow::anyhow!("it panicked"))?
    })
}

/// Lets the calling thread, and those that it starts, run on one processor alone.
fn pin(processor: usize) -> anyhow::Result<()> {
    let link = std::fs::read_link("/proc/thread-self")?;
    let thread = link.file_name().context("a thread has a number")?;
    let status = std::process::Command::new("taskset")
        .args(["--cpu-list", "--pid", &processor.to_string()])
        .arg(thread)
        .stdout(std::process::Stdio::null())
        .status()
        .context("taskset of util-linux cannot be run")?;
    anyhow::ensure!(status.success(), "taskset failed");
    Ok(())
}

/// The first two processors that this process may run on.
fn processors() -> anyhow::Result<Vec<usize>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .context("no list of processors")?;
    let mut processors = Vec::new();
    for part in allowed.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        processors.extend(first.parse::<usize>()?..=last.parse()?);
    }
    processors.truncate(2);
    Ok(processors)
}
