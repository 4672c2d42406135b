//! Medians, spreads, and the page that shows them.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use serde::Serialize;

use crate::load::Seen;

/// One side of one case, round by round.
#[derive(Debug, Default, Serialize)]
struct Side {
    rounds: Vec<Seen>,
    cpu_us: Vec<BTreeMap<String, f64>>,
}

/// One case: both sides.
#[derive(Debug, Serialize)]
pub struct Case {
    name: String,
    connections: usize,
    nginx: Side,
    ours: Side,
    /// Highest resident memory of each process of ours, in bytes.
    peak_memory: BTreeMap<String, u64>,
}

/// A figure of one server by itself.
#[derive(Debug, Serialize)]
pub struct Server {
    /// What was asked of it.
    pub name: String,
    /// Connections at a time.
    pub connections: usize,
    /// What was seen.
    pub seen: Seen,
    /// Processor time an answer, in microseconds.
    pub cpu_us: f64,
    /// Highest resident memory, in bytes.
    pub peak_memory: u64,
}

/// Everything of one run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    cases: Vec<Case>,
    servers: Vec<Server>,
}

/// Median with the lowest and the highest.
#[derive(Debug, Clone, Copy)]
struct Spread {
    low: f64,
    middle: f64,
    high: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self {
            low: at(0),
            middle: at(values.len() / 2),
            high: at(values.len().saturating_sub(1)),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.middle < 10.0 { 2 } else { 0 };
        write!(
            f,
            "{:.digits$} [{:.digits$}–{:.digits$}]",
            self.middle, self.low, self.high
        )
    }
}

impl Side {
    fn spread(&self, what: impl Fn(&Seen) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(what))
    }

    /// Median over the rounds of each process's time an answer.
    fn cpu(&self) -> String {
        let names = self.cpu_us.first().into_iter().flat_map(BTreeMap::keys);
        let each = names.filter_map(|name| {
            let middle = Spread::of(self.cpu_us.iter().filter_map(|r| r.get(name).copied())).middle;
            (middle >= 0.5).then(|| format!("{name} {middle:.0}"))
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

impl Case {
    /// A case without rounds yet.
    pub fn new(name: &str, connections: usize) -> Self {
        Self {
            name: name.into(),
            connections,
            nginx: Side::default(),
            ours: Side::default(),
            peak_memory: BTreeMap::new(),
        }
    }

    /// Adds nginx's half of a round.
    pub fn nginx(&mut self, seen: Seen, cpu_us: BTreeMap<String, f64>) {
        self.nginx.rounds.push(seen);
        self.nginx.cpu_us.push(cpu_us);
    }

    /// Adds our half of a round.
    pub fn ours(&mut self, seen: Seen, cpu_us: BTreeMap<String, f64>) {
        self.ours.rounds.push(seen);
        self.ours.cpu_us.push(cpu_us);
    }

    /// Notes the memory after the last round.
    pub fn memory(&mut self, peak: BTreeMap<String, u64>) {
        self.peak_memory = peak;
    }

    /// Ours to nginx's of each round.
    fn ratio(&self, what: impl Fn(&Seen) -> f64) -> Spread {
        let pairs = self.ours.rounds.iter().zip(&self.nginx.rounds);
        Spread::of(pairs.map(|(ours, nginx)| what(ours) / what(nginx)))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for (who, side) in [("nginx", &self.nginx), ("ours", &self.ours)] {
            writeln!(
                f,
                "  {who:6} {} /s, {} MB/s, p50 {} ms, p99 {} ms",
                side.spread(|s| s.per_second),
                side.spread(|s| s.megabytes_per_second),
                side.spread(|s| s.p50_ms),
                side.spread(|s| s.p99_ms),
            )?;
            writeln!(f, "         CPU µs an answer: {}", side.cpu())?;
        }
        write!(
            f,
            "  ratio  throughput {}, p50 {}; peak MB: {}",
            self.ratio(|s| s.per_second),
            self.ratio(|s| s.p50_ms),
            memory(&self.peak_memory)
        )
    }
}

fn memory(peak: &BTreeMap<String, u64>) -> String {
    let each = peak
        .iter()
        .map(|(name, bytes)| format!("{name} {:.0}", *bytes as f64 / 1e6));
    each.collect::<Vec<_>>().join(", ")
}

impl Report {
    /// Adds a case.
    pub fn push(&mut self, case: Case) {
        self.cases.push(case);
    }

    /// Adds what single servers did.
    pub fn push_servers(&mut self, servers: Vec<Server>) {
        self.servers.extend(servers);
    }

    /// The page for people.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "# Performance\n\nWritten by `bench`. Medians of the rounds with [lowest–highest]; both sides ran in turn on the same machine, so the ratios count, not the absolute figures. \
             nginx is the same hops made of Debian's nginx alone: no checks, no records. Ours checks token and grant, hashes every byte, records both sides durably and delivers them to the ledger.\n\n\
             | case | throughput, ours ÷ nginx | p50, ours ÷ nginx | ours | nginx | CPU µs an answer, ours | CPU µs an answer, nginx | peak memory, MB |\n|---|---|---|---|---|---|---|---|\n",
        );
        for case in &self.cases {
            let rate = |side: &Side| {
                if side.spread(|s| s.per_second).middle >= 20.0 {
                    format!("{} /s", side.spread(|s| s.per_second))
                } else {
                    format!("{} MB/s", side.spread(|s| s.megabytes_per_second))
                }
            };
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                case.name,
                case.ratio(|s| s.per_second),
                case.ratio(|s| s.p50_ms),
                rate(&case.ours),
                rate(&case.nginx),
                case.ours.cpu(),
                case.nginx.cpu(),
                memory(&case.peak_memory)
            );
        }
        if !self.servers.is_empty() {
            page.push_str("\n| server | at once | a second | p50 ms | p99 ms | CPU µs an answer | a second and core | peak memory, MB |\n|---|---|---|---|---|---|---|---|\n");
            for server in &self.servers {
                let _ = writeln!(
                    page,
                    "| {} | {} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} |",
                    server.name,
                    server.connections,
                    server.seen.per_second,
                    server.seen.p50_ms,
                    server.seen.p99_ms,
                    server.cpu_us,
                    1e6 / server.cpu_us,
                    server.peak_memory as f64 / 1e6
                );
            }
        }
        page
    }
}
