//! What processes used, as Linux counts it.

use std::{collections::BTreeMap, fs};

use anyhow::Context as _;

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
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("{name} has ended"))?;
        // The name in parentheses may hold anything, so fields are counted from its end: utime and stime are 14 and 15.
        let fields = stat
            .rsplit_once(')')
            .context("a stat line without a name")?
            .1;
        let mut fields = fields.split_whitespace().skip(11);
        let mut next = || {
            fields
                .next()
                .and_then(|f| f.parse::<u64>().ok())
                .context("a short stat line")
        };
        *all.entry(name.clone()).or_default() += (next()? + next()?) * TICK_US;
    }
    Ok(all)
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

/// Highest resident memory so far, in bytes.
///
/// # Errors
/// Where the process has ended.
pub fn peak_memory(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .context("no VmHWM")?;
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .context("no number")?
        .parse()?;
    Ok(kib * 1024)
}
