//! Where the figures were measured.

use std::fs;

use anyhow::Context as _;
use serde::Serialize;

use crate::hops::Hops;

/// The machine and the programs that both sides ran on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Cores that processes may use.
    pub cores: usize,
    /// Threads that each of our processes works with; each hop of nginx has one.
    pub threads: usize,
    /// Release of the kernel.
    pub kernel: String,
    /// What nginx calls itself.
    pub nginx: String,
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    /// Where `/proc` or nginx is missing.
    pub fn this() -> anyhow::Result<Self> {
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let model = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown", |(_, model)| model.trim());
        let cores = std::thread::available_parallelism()?.get();
        // What the runtime of our processes, which inherit it, goes by.
        let threads = std::env::var("TOKIO_WORKER_THREADS").map_or(Ok(cores), |text| text.parse());
        Ok(Self {
            processor: model.to_owned(),
            cores,
            threads: threads.context("TOKIO_WORKER_THREADS is no number")?,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            nginx: Hops::version()?,
        })
    }
}
