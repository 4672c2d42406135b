//! How much may wait for the writer, and for how long.

use std::{path::PathBuf, time::Duration};

use common::disk::Watermark;

/// Limits of the sequencer.
#[derive(Debug, Clone)]
pub struct SequencerLimits {
    /// Most records that wait at a time, a quarter of them of one caller.
    pub queue: usize,
    /// Most bytes that they have together, a quarter of them of one caller.
    pub queue_bytes: usize,
    /// A path on the disk of the database; `None` where it lies on another host.
    pub disk: Option<PathBuf>,
    /// How full that disk may be.
    pub watermark: Watermark,
    /// How long idempotency keys are remembered.
    pub keep_keys: Duration,
    /// How long one group may take before the ledger is not ready.
    pub patience: Duration,
}
