//! The catalogue's search at its size: indexing, rebuilding, searches with facets, memory. Prints the rows of the table in docs/performance.md.
//!
//! `cargo run --profile dist -p bench --bin catalog-search -- [--datasets 100000] [--rounds 400]`

#![allow(clippy::print_stdout, reason = "its report")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod datasets;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use catalog_site::index::{Bounds, Dialect, Index, Request, Source};
use clap::Parser;
use common::process::Shutdown;
use time::OffsetDateTime;

use self::datasets::{Datasets, dataset};

#[derive(Debug, Parser)]
struct Arguments {
    /// How many datasets there are.
    #[arg(long, default_value_t = 100_000)]
    datasets: u64,
    /// How often each search is made, at another page each time.
    #[arg(long, default_value_t = 400)]
    rounds: usize,
}

/// Searches, each with five facets.
const SEARCHES: [(&str, &str, &[&str], &str); 12] = [
    ("everything", "*:*", &[], ""),
    ("everything, by name", "*:*", &[], "name asc"),
    ("one character", "川", &[], ""),
    ("one word", "避難所", &[], ""),
    ("a long word", "土砂災害警戒区域", &[], ""),
    ("three words", "横浜市 公園 位置情報", &[], ""),
    ("fields", "title:道路台帳 AND organization:神戸市", &[], ""),
    (
        "filters",
        "水位",
        &["organization:福岡市", "res_format:CSV"],
        "metadata_modified desc",
    ),
    ("a phrase", "\"city office\"", &[], ""),
    (
        "a time",
        "metadata_modified:[2020-01-01 TO 2020-12-31]",
        &[],
        "",
    ),
    ("wildcards", "organization:*市* AND title:AE*", &[], ""),
    ("a wildcard in front", "notes:*uarte*", &[], ""),
];

const FACETS: [&str; 5] = ["organization", "groups", "tags", "res_format", "license_id"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let begin = Instant::now();
    let characters: usize = (0..2000)
        .map(|number| format!("{:?}", dataset(number)).len())
        .sum();
    println!(
        "made up: {} µs a dataset, {} bytes of debug text each",
        begin.elapsed().as_micros() / 2000,
        characters / 2000
    );
    let begin = cpu()?;
    for number in 0..2000 {
        let _ = dataset(number);
    }
    let making = cpu()?.saturating_sub(begin).div_f64(2000.0);
    let source = Arc::new(Datasets {
        count: arguments.datasets,
        last: AtomicU64::new(arguments.datasets),
    });
    let before = memory("VmRSS")?;
    let index = Index::open(folder.path(), Bounds::default())?;
    let shutdown = Shutdown::default();
    let (wall, used) = (Instant::now(), cpu()?);
    let following: Arc<dyn Source> = Arc::<Datasets>::clone(&source);
    let task = tokio::spawn(Arc::clone(&index).follow(following, shutdown.clone()));
    anyhow::ensure!(
        index
            .reached(arguments.datasets, Duration::from_mins(10))
            .await,
        "not built"
    );
    let (wall, used) = (wall.elapsed(), cpu()?.saturating_sub(used));
    let used = used.saturating_sub(making.mul_f64(arguments.datasets as f64));
    println!(
        "rebuild: {:.1} s; {:.0} datasets/s and core (without making them up: {:.1} s CPU)",
        wall.as_secs_f64(),
        arguments.datasets as f64 / used.as_secs_f64(),
        used.as_secs_f64()
    );
    println!(
        "memory: {before} MiB before, {} MiB after, peak {} MiB",
        memory("VmRSS")?,
        memory("VmHWM")?
    );
    println!("folder: {} MiB", size(folder.path())? >> 20);
    let mut all = Vec::new();
    for (name, q, fq, sort) in SEARCHES {
        let mut times = Vec::new();
        let mut total = 0;
        for round in 0..arguments.rounds {
            let mut request = Request::new(q, Dialect::Ckan, OffsetDateTime::UNIX_EPOCH);
            request.fq = fq.iter().map(|fq| (*fq).to_owned()).collect();
            sort.clone_into(&mut request.sort);
            (request.start, request.rows) = (round * 20 % 980, 20);
            request.facets = FACETS.map(str::to_owned).to_vec();
            let begin = Instant::now();
            total = index.search(&request).with_context(|| q.to_owned())?.total;
            times.push(begin.elapsed());
        }
        all.extend_from_slice(&times);
        println!("| {name} | `{q}` | {total} | {} |", percentiles(&mut times));
    }
    println!("| all | | | {} |", percentiles(&mut all));
    let mut times = Vec::new();
    for _ in 0..50 {
        let begin = Instant::now();
        let counter = source.last.fetch_add(1, Ordering::AcqRel) + 1;
        anyhow::ensure!(
            index.reached(counter, Duration::from_secs(10)).await,
            "not followed"
        );
        times.push(begin.elapsed());
    }
    println!("published, until found: {}", percentiles(&mut times));
    println!(
        "memory: {} MiB after all, peak {} MiB, more than before {} MiB",
        memory("VmRSS")?,
        memory("VmHWM")?,
        memory("VmRSS")?.saturating_sub(before)
    );
    shutdown.cancel();
    task.await?;
    Ok(())
}

/// Median, 99th percentile and longest, in milliseconds.
fn percentiles(times: &mut [Duration]) -> String {
    times.sort();
    let at = |share: usize| {
        times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    format!("{:.1} | {:.1} | {:.1}", at(50), at(99), at(100))
}

/// Processor time of this process so far.
fn cpu() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat
        .rsplit_once(')')
        .context("a stat line without a name")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks = times.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// A line of the process's state, in MiB.
fn memory(line: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|found| found.starts_with(line))
        .context("no such line")?;
    let kib = line.split_whitespace().nth(1).context("no number")?;
    Ok(kib.parse::<u64>()? >> 10)
}

/// Bytes of the files in a folder.
fn size(folder: &std::path::Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() {
            size(&entry.path())?
        } else {
            kind.len()
        };
    }
    Ok(bytes)
}
