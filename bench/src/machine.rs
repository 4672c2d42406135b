//! Where the figures were measured.

use std::fs;

use serde::Serialize;

use crate::hops::Hops;

/// The machine and the programs that both sides ran on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Cores that processes may use.
    pub cores: usize,
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
        Ok(Self {
            processor: model.to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            nginx: Hops::version()?,
        })
    }
}
