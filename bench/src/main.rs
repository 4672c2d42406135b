//! `bench`: the whole chain of one recorded exchange beside the same hops made of nginx, in one run, interleaved.
//!
//! The figures that count are ratios: both sides run in turn on the same machine, so that whatever else it does meets
//! both alike. The machine must have Debian's nginx; `cargo build --profile dist -p trial` makes the program to measure.

#![expect(
    clippy::cast_precision_loss,
    reason = "figures for people need no more digits than a double has"
)]

mod hops;
mod load;
mod report;
mod subject;
mod usage;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use crate::{
    report::{Case, Report},
    subject::Subject,
};

/// Measure exchanges through both connectors beside the same hops made of nginx alone.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds of each case; each round runs nginx and the connectors once, in turn.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of load a side and round, for small bodies.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Also fetch a sparse file of 10 GiB.
    #[arg(long)]
    large: bool,
    /// Only the cases whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Where to write the page.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Where to write all figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// File, size in bytes, connections at a time, fetches each at least.
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
    let subject = Subject::start(&runtime, arguments.large)?;
    let mut report = Report::default();
    for (name, size, connections, at_least) in CASES {
        let wanted = arguments
            .only
            .as_deref()
            .is_none_or(|only| name.contains(only));
        if !wanted || (size == subject::LARGE && !arguments.large) {
            continue;
        }
        let small = size == subject::SMALL;
        let duration = Duration::from_secs(if small { arguments.seconds } else { 0 });
        let rounds = if size == subject::LARGE {
            1
        } else {
            arguments.rounds
        };
        let (nginx, ours) = (subject.nginx(size), subject.ours(size)?);
        let mut case = Case::new(name, connections);
        // Connections, caches and the processor's clock settle before anything counts.
        runtime.block_on(load::run(&nginx, connections, duration / 3, 1))?;
        runtime.block_on(load::run(&ours, connections, duration / 3, 1))?;
        for round in 1..=rounds {
            eprint!("\r{name}: round {round} of {rounds} ");
            let before = usage::cpu(&subject.nginx_processes())?;
            let seen = runtime.block_on(load::run(&nginx, connections, duration, at_least))?;
            let after = usage::cpu(&subject.nginx_processes())?;
            case.nginx(seen, usage::per_unit(&before, &after, seen.answers));

            let before = usage::cpu(&subject.our_processes())?;
            let seen = runtime.block_on(load::run(&ours, connections, duration, at_least))?;
            subject.wait_until_delivered(&runtime);
            let after = usage::cpu(&subject.our_processes())?;
            case.ours(seen, usage::per_unit(&before, &after, seen.answers));
        }
        eprintln!();
        case.memory(subject.peak_memory()?);
        println!("{case}");
        report.push(case);
    }
    report.push_servers(subject.servers(&runtime, arguments.only.as_deref())?);
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(path) = &arguments.page {
        std::fs::write(path, report.page())?;
    }
    Ok(())
}
