//! `bench`: the whole chain of one recorded exchange beside the same hops made of nginx, and for small bodies beside the same
//! hops made of bare libraries, in one run, interleaved; then each server on its own hot path.
//!
//! The figures that count are ratios: all sides run in turn on the same machine, so that whatever else it does meets
//! all alike. The machine must have Debian's nginx; `scripts/bench` builds the program to measure and runs this.

#![expect(
    clippy::cast_precision_loss,
    reason = "figures for people need no more digits than a double has"
)]

mod bare;
mod children;
mod hops;
mod load;
mod machine;
mod page;
mod report;
mod servers;
mod subject;
mod usage;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Parser;
use tests::Trial;
use tokio::runtime::Runtime;

use crate::{
    load::{Load, Target},
    report::{Case, Report, Round},
    subject::{Processes, Subject},
};

/// Measure exchanges through both connectors beside the same hops made of nginx alone.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds of each case; each round runs nginx, the connectors and, for small bodies, bare libraries once, in turn.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of load a side and round, for small bodies.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Also fetch a sparse file of 10 GiB.
    #[arg(long)]
    large: bool,
    /// Only the cases and servers whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// A Markdown page whose part between the marks of `bench` is written anew; made where it is missing.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Where to write all figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Name, size in bytes, connections at a time, fetches of each connection at least.
const CASES: [(&str, u64, usize, usize); 6] = [
    ("1 KiB, 1 at a time", subject::SMALL, 1, 1),
    ("1 KiB, 8 at once", subject::SMALL, 8, 1),
    ("1 KiB, 32 at once", subject::SMALL, 32, 1),
    ("100 MiB, 1 at a time", subject::MEDIUM, 1, 3),
    ("100 MiB, 4 at once", subject::MEDIUM, 4, 1),
    ("10 GiB, 1 at a time", subject::LARGE, 1, 1),
];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let first_start_s = if arguments.only.is_none() {
        first_starts()
    } else {
        Vec::new()
    };
    let subject = Subject::start(&runtime, arguments.large)?;
    let mut report = Report {
        first_start_s,
        ..Report::new(&subject, &runtime)?
    };
    for (name, size, connections, at_least) in CASES {
        let only = arguments.only.as_deref();
        if only.is_some_and(|only| !name.contains(only))
            || (size == subject::LARGE && !arguments.large)
        {
            continue;
        }
        let small = size == subject::SMALL;
        let bench = Bench {
            subject: &subject,
            runtime: &runtime,
            load: Load {
                connections,
                duration: Duration::from_secs(if small { arguments.seconds } else { 0 }),
                at_least,
                per_second: None,
            },
        };
        let rounds = if size == subject::LARGE {
            1
        } else {
            arguments.rounds
        };
        let case = bench.case(name, size, rounds)?;
        println!("{case}");
        report.cases.push(case);
    }
    let long = Duration::from_secs(arguments.seconds.max(1)) * 2;
    report.servers = servers::measure(&subject, &runtime, long, arguments.only.as_deref())?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(path) = &arguments.page {
        page::write(path, &report)?;
    }
    Ok(())
}

/// How long `trial up` takes in an empty folder, three times, in seconds.
fn first_starts() -> Vec<f64> {
    let start = || Trial::start().with_own_samples().start();
    (0..3).map(|_| start().took.as_secs_f64()).collect()
}

/// One case being measured.
struct Bench<'s> {
    subject: &'s Subject,
    runtime: &'s Runtime,
    load: Load,
}

impl Bench<'_> {
    fn case(&self, name: &str, size: u64, rounds: usize) -> anyhow::Result<Case> {
        let (nginx, ours) = (self.subject.nginx(size), self.subject.ours(size)?);
        let bare = (size == subject::SMALL).then(|| self.subject.bare(size));
        let mut case = Case::new(name, self.load.connections, size);
        // Connections, caches and the processor's clock settle before anything counts. A file of 10 GiB takes too long to be fetched
        // in vain twice: once brings it into memory, for both sides.
        let warm = Load {
            duration: self.load.duration / 3,
            at_least: 1,
            ..self.load
        };
        self.runtime.block_on(warm.run(&nginx))?;
        if let Some(bare) = &bare {
            self.runtime.block_on(warm.run(bare))?;
        }
        if size != subject::LARGE {
            self.runtime.block_on(warm.run(&ours))?;
            self.subject.wait_until_delivered(self.runtime);
        }
        for (_, pid) in self.subject.our_processes() {
            usage::forget_peak(pid)?;
        }
        for round in 1..=rounds {
            eprint!("\r{name}: round {round} of {rounds} ");
            // Nginx and the connectors each go first in every other round; the floor comes last.
            if round % 2 == 0 {
                case.ours.push(self.ours(&ours)?);
                case.nginx.push(self.nginx(&nginx)?);
            } else {
                case.nginx.push(self.nginx(&nginx)?);
                case.ours.push(self.ours(&ours)?);
            }
            if let Some(bare) = &bare {
                case.bare
                    .push(self.round(bare, &self.subject.bare_processes(), || {})?);
            }
        }
        eprintln!();
        case.peak_memory = self.subject.peak_memory()?;
        Ok(case)
    }

    fn nginx(&self, target: &Target) -> anyhow::Result<Round> {
        self.round(target, &self.subject.nginx_processes(), || {})
    }

    fn ours(&self, target: &Target) -> anyhow::Result<Round> {
        self.round(target, &self.subject.our_processes(), || {
            self.subject.wait_until_delivered(self.runtime);
        })
    }

    /// One side of a round; what `settle` waits for belongs to it.
    fn round(
        &self,
        target: &Target,
        processes: &Processes,
        settle: impl FnOnce(),
    ) -> anyhow::Result<Round> {
        let (cpu, machine) = (usage::cpu(processes)?, usage::Machine::now()?);
        let seen = self.runtime.block_on(self.load.run(target))?;
        let shares = usage::Machine::now()?.since(machine);
        let ended = Instant::now();
        settle();
        Ok(Round {
            seen,
            cpu_us: usage::per_unit(&cpu, &usage::cpu(processes)?, seen.answers),
            shares,
            settled_ms: ended.elapsed().as_secs_f64() * 1000.0,
        })
    }
}
