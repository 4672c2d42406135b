//! The disk under the ledger, and when it is too full to record anything.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use super::{Load, SequencerLimits};

/// Points of a hundred that a disk has to be below the watermark before anything is recorded again. Without a margin a ledger
/// would record one group, refuse the next, and so on.
const MARGIN: u8 = 1;

/// The watermark.
#[derive(Debug)]
pub(super) struct Disk {
    /// `None` where the database lies on another host.
    path: Option<PathBuf>,
    watermark_percent: u8,
    load: Arc<Load>,
    is_full: bool,
    used: metrics::Gauge,
}

impl Disk {
    pub(super) fn new(limits: &SequencerLimits, load: Arc<Load>) -> Self {
        metrics::describe_gauge!(
            "ledger_disk_used_percent",
            "Share of the ledger's disk that is in use."
        );
        Self {
            path: limits.disk.clone(),
            watermark_percent: limits.disk_watermark_percent,
            load,
            is_full: false,
            used: metrics::gauge!("ledger_disk_used_percent"),
        }
    }

    /// Looks whether the disk is too full now. One that cannot be asked is not held against the ledger.
    pub(super) fn is_full(&mut self) -> bool {
        let Some(path) = self.path.as_deref() else {
            return false;
        };
        match crate::disk::used_percent(path) {
            Ok(percent) => self.judge(percent),
            Err(error) => {
                tracing::warn!(%error, "the disk of the ledger does not tell how full it is");
                self.judge(0)
            }
        }
    }

    fn judge(&mut self, percent: u8) -> bool {
        self.used.set(f64::from(percent));
        let margin = if self.is_full { MARGIN } else { 0 };
        let is_full = percent >= self.watermark_percent.saturating_sub(margin);
        if is_full != self.is_full {
            self.is_full = is_full;
            self.load.is_disk_full.store(is_full, Ordering::Relaxed);
            if is_full {
                tracing::error!(
                    percent,
                    "the ledger's disk is at the watermark: nothing is recorded, reading goes on"
                );
            } else {
                tracing::info!(percent, "there is room on the ledger's disk again");
            }
        }
        is_full
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_disk_that_was_full_has_to_have_more_than_a_little_room() {
        let limits = SequencerLimits {
            queue: 1,
            queue_bytes: 1,
            disk_watermark_percent: 90,
            disk: None,
            keep_keys: Duration::ZERO,
        };
        let load = Arc::new(Load::default());
        let mut disk = Disk::new(&limits, load.clone());
        for (percent, expected) in [
            (89, false),
            (90, true),
            (89, true),
            (88, false),
            (89, false),
            (100, true),
        ] {
            assert_eq!(disk.judge(percent), expected, "{percent}");
            assert_eq!(load.is_disk_full.load(Ordering::Relaxed), expected);
        }
        assert!(!disk.is_full(), "another host's disk is its own business");
    }
}
