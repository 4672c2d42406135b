//! All figures of a run, with medians and spreads.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    load::Seen,
    machine::Machine,
    servers::Server,
    subject::Subject,
    usage::{self, Shares},
};

/// Everything of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// TLS between the connectors: version and cipher.
    pub tls_ours: String,
    /// The same between the hops of nginx.
    pub tls_nginx: String,
    /// Highest resident memory before any load, in bytes.
    pub memory_at_rest: BTreeMap<String, u64>,
    /// From `trial up` in an empty folder until everything was ready and the first exchange done, in seconds; a value each time.
    pub first_start_s: Vec<f64>,
    /// Exchanges.
    pub cases: Vec<Case>,
    /// Single servers.
    pub servers: Vec<Server>,
}

/// One case: all sides, round by round.
#[derive(Debug, Serialize)]
pub struct Case {
    /// For people.
    pub name: String,
    /// Connections at a time.
    pub connections: usize,
    /// Length of the body in bytes.
    pub size: u64,
    /// The yardstick.
    pub nginx: Vec<Round>,
    /// Ours.
    pub ours: Vec<Round>,
    /// The floor: bare libraries; for small bodies only.
    pub bare: Vec<Round>,
    /// Highest resident memory of each process of ours during the case, in bytes.
    pub peak_memory: BTreeMap<String, u64>,
}

/// One side of one round.
#[derive(Debug, Serialize)]
pub struct Round {
    /// What the callers saw.
    #[serde(flatten)]
    pub seen: Seen,
    /// Processor time an answer, in microseconds, by process.
    pub cpu_us: BTreeMap<String, f64>,
    /// Where the machine's time went.
    pub shares: Shares,
    /// From the last answer until everything was delivered to the ledger.
    pub settled_ms: f64,
}

impl Round {
    /// Processor time an answer over all processes.
    pub fn cpu_total(&self) -> f64 {
        self.cpu_us.values().sum()
    }
}

/// Median with the lowest and the highest.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    low: f64,
    /// The median.
    pub middle: f64,
    high: f64,
}

impl Spread {
    /// Of any number of values; without any, nothing is a number.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let half = values.len() / 2;
        let middle = if values.len().is_multiple_of(2) {
            f64::midpoint(at(half.wrapping_sub(1)), at(half))
        } else {
            at(half)
        };
        Self {
            low: at(0),
            middle,
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

impl Report {
    /// A report without figures yet.
    ///
    /// # Errors
    /// Where the machine or one of both sides does not tell about itself.
    pub fn new(subject: &Subject, runtime: &Runtime) -> anyhow::Result<Self> {
        for (_, pid) in subject.our_processes() {
            usage::forget_peak(pid)?;
        }
        let (tls_ours, tls_nginx) = subject.tls(runtime)?;
        Ok(Self {
            machine: Machine::this()?,
            tls_ours,
            tls_nginx,
            memory_at_rest: subject.peak_memory()?,
            first_start_s: Vec::new(),
            cases: Vec::new(),
            servers: Vec::new(),
        })
    }
}

impl Case {
    /// A case without rounds yet.
    pub fn new(name: &str, connections: usize, size: u64) -> Self {
        Self {
            name: name.into(),
            connections,
            size,
            nginx: Vec::new(),
            ours: Vec::new(),
            bare: Vec::new(),
            peak_memory: BTreeMap::new(),
        }
    }

    /// Ours to nginx's, round by round.
    pub fn ratio(&self, what: impl Fn(&Round) -> f64) -> Spread {
        ratio(&self.ours, &self.nginx, what)
    }
}

/// One side to the other, round by round.
pub fn ratio(side: &[Round], other: &[Round], what: impl Fn(&Round) -> f64) -> Spread {
    let pairs = side.iter().zip(other);
    Spread::of(pairs.map(|(side, other)| what(side) / what(other)))
}

/// The spread of one figure over the rounds.
pub fn spread(rounds: &[Round], what: impl Fn(&Round) -> f64) -> Spread {
    Spread::of(rounds.iter().map(what))
}

/// Median over the rounds of each process's time an answer, in `unit_us` microseconds.
pub fn cpu(rounds: &[Round], unit_us: f64) -> String {
    let names = rounds.first().into_iter().flat_map(|r| r.cpu_us.keys());
    let each = names.filter_map(|name| {
        let values = rounds.iter().filter_map(|r| r.cpu_us.get(name).copied());
        let middle = Spread::of(values).middle / unit_us;
        let name = name.trim_start_matches("nginx ");
        (middle >= 0.5).then(|| format!("{name} {middle:.0}"))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Sizes in 10⁶ bytes.
pub fn megabytes(sizes: &BTreeMap<String, u64>) -> String {
    let each = sizes
        .iter()
        .map(|(name, bytes)| format!("{name} {:.0}", *bytes as f64 / 1e6));
    each.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        let sides = [
            ("nginx", &self.nginx),
            ("bare", &self.bare),
            ("ours", &self.ours),
        ];
        for (who, side) in sides.into_iter().filter(|(_, side)| !side.is_empty()) {
            writeln!(
                f,
                "  {who:6} {} /s, {} MB/s, p50 {} ms, p99 {} ms, generator {}, idle {}, steal {}",
                spread(side, |r| r.seen.per_second),
                spread(side, |r| r.seen.megabytes_per_second),
                spread(side, |r| r.seen.p50_ms),
                spread(side, |r| r.seen.p99_ms),
                spread(side, |r| r.seen.generator_share),
                spread(side, |r| r.shares.idle),
                spread(side, |r| r.shares.steal),
            )?;
            writeln!(
                f,
                "         CPU µs an answer: {} ({})",
                spread(side, Round::cpu_total),
                cpu(side, 1.0)
            )?;
        }
        write!(
            f,
            "  ratio  throughput {}, p50 {}, CPU {}; delivered after {} ms; peak MB: {}",
            self.ratio(|r| r.seen.per_second),
            self.ratio(|r| r.seen.p50_ms),
            self.ratio(Round::cpu_total),
            spread(&self.ours, |r| r.settled_ms),
            megabytes(&self.peak_memory)
        )
    }
}
