//! The disk under the ledger, and when it is too full to record anything.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use common::disk::{Usage, Watermark};

use super::{limits::SequencerLimits, load::Load};

/// The disk, looked at before each group.
#[derive(Debug)]
pub(super) struct Disk {
    /// `None` where the database lies on another host.
    path: Option<PathBuf>,
    watermark: Watermark,
    load: Arc<Load>,
    used: metrics::Gauge,
    free: metrics::Gauge,
}

impl Disk {
    pub(super) fn new(limits: &SequencerLimits, load: Arc<Load>) -> Self {
        metrics::describe_gauge!(
            "ledger_disk_used_percent",
            "Share of the ledger's disk that is in use."
        );
        metrics::describe_gauge!(
            "ledger_disk_free_bytes",
            metrics::Unit::Bytes,
            "Bytes that may still be written to the ledger's disk."
        );
        Self {
            path: limits.disk.clone(),
            watermark: limits.watermark.clone(),
            load,
            used: metrics::gauge!("ledger_disk_used_percent"),
            free: metrics::gauge!("ledger_disk_free_bytes"),
        }
    }

    /// Looks whether the disk is too full now.
    pub(super) fn is_full(&mut self) -> bool {
        let Some(path) = self.path.as_deref() else {
            return false;
        };
        let usage = Usage::now(path);
        self.judge(usage)
    }

    fn judge(&mut self, usage: Usage) -> bool {
        self.used.set(f64::from(usage.used_percent));
        #[expect(
            clippy::cast_precision_loss,
            reason = "nobody needs the bytes of petabytes"
        )]
        self.free.set(usage.free_bytes as f64);
        let was_full = self.watermark.is_reached();
        let is_full = self.watermark.judge(usage);
        if is_full != was_full {
            self.load.is_disk_full.store(is_full, Ordering::Relaxed);
            let Usage {
                used_percent,
                free_bytes,
            } = usage;
            if is_full {
                tracing::error!(
                    used_percent,
                    free_bytes,
                    "the ledger's disk is at the watermark: nothing is recorded, reading goes on"
                );
            } else {
                tracing::info!(
                    used_percent,
                    free_bytes,
                    "there is room on the ledger's disk again"
                );
            }
        }
        is_full
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use common::config::ByteSize;

    use super::*;

    #[test]
    fn who_asks_before_submitting_is_told_what_the_writer_saw() {
        let limits = SequencerLimits {
            queue: 1,
            queue_bytes: 1,
            disk: None,
            watermark: Watermark::new(90, ByteSize(1000)),
            keep_keys: Duration::ZERO,
            patience: Duration::from_secs(10),
        };
        let load = Arc::new(Load::default());
        let mut disk = Disk::new(&limits, load.clone());
        for (used_percent, expected) in [(89, false), (90, true), (88, false)] {
            let usage = Usage {
                used_percent,
                free_bytes: 0,
            };
            assert_eq!(disk.judge(usage), expected, "{usage:?}");
            assert_eq!(load.is_disk_full.load(Ordering::Relaxed), expected);
        }
        assert!(!disk.is_full(), "another host's disk is its own business");
    }
}
