//! What processes and the machine used, as Linux counts it.

use std::{collections::BTreeMap, fs};

use anyhow::Context as _;
use serde::Serialize;

/// Processor time of processes by name, in microseconds.
pub type Cpu = BTreeMap<String, u64>;

/// Linux reports times in hundredths of a second to user space on every architecture that Rust builds for.
const TICK_US: u64 = 10_000;

/// Processor time so far, user and system.
///
/// # Errors
/// Where a process has ended.
pub fn cpu(processes: &[(String, u32)]) -> anyhow::Result<Cpu> {
    let mut all = Cpu::new();
    for (name, pid) in processes {
        *all.entry(name.clone()).or_default() +=
            cpu_us(&pid.to_string()).with_context(|| format!("{name} has ended"))?;
    }
    Ok(all)
}

/// Processor time of this process so far.
///
/// # Errors
/// Where `/proc` is not there.
pub fn own_cpu_us() -> anyhow::Result<u64> {
    cpu_us("self")
}

fn cpu_us(process: &str) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything, so fields are counted from its end: utime and stime are 14 and 15.
    let (_, fields) = stat
        .rsplit_once(')')
        .context("a stat line without a name")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks = times.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks * TICK_US)
}

/// `later - earlier`, a unit of work.
pub fn per_unit(earlier: &Cpu, later: &Cpu, units: u64) -> BTreeMap<String, f64> {
    later
        .iter()
        .map(|(name, used)| {
            let used = used - earlier.get(name).copied().unwrap_or(0);
            (name.clone(), used as f64 / units.max(1) as f64)
        })
        .collect()
}

/// Highest resident memory since the start or since [`forget_peak`], in bytes.
///
/// # Errors
/// Where the process has ended.
pub fn peak_memory(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .context("no VmHWM")?;
    Ok(numbers(line).next().context("no number")? * 1024)
}

/// Lets the peak of resident memory begin at what is resident now.
///
/// # Errors
/// Where the process has ended or belongs to somebody else.
pub fn forget_peak(pid: u32) -> anyhow::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the peak cannot be reset")
}

/// Time of all cores since the machine started, in ticks.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    total: u64,
    idle: u64,
    steal: u64,
}

/// Where the machine's time went between two moments, as shares of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Shares {
    /// Nothing to do, or waiting for a disk.
    pub idle: f64,
    /// Taken by the host for other machines.
    pub steal: f64,
}

impl Machine {
    /// As it is now.
    ///
    /// # Errors
    /// Where `/proc` is not there.
    pub fn now() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let first: Vec<u64> = numbers(stat.lines().next().unwrap_or_default()).collect();
        let [
            _user,
            _nice,
            _system,
            idle,
            iowait,
            _irq,
            _softirq,
            steal,
            ..,
        ] = first[..]
        else {
            anyhow::bail!("a short line in /proc/stat");
        };
        Ok(Self {
            total: first[..8].iter().sum(),
            idle: idle + iowait,
            steal,
        })
    }

    /// Since `earlier`.
    pub fn since(self, earlier: Self) -> Shares {
        let total = self.total.saturating_sub(earlier.total).max(1) as f64;
        Shares {
            idle: self.idle.saturating_sub(earlier.idle) as f64 / total,
            steal: self.steal.saturating_sub(earlier.steal) as f64 / total,
        }
    }
}

fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split_whitespace().filter_map(|word| word.parse().ok())
}
