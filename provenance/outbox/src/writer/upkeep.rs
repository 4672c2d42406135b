//! What the writer thread knows of its disk.

use std::path::PathBuf;

use common::disk::{Usage, Watermark};

use crate::config::OutboxConfig;

/// What upkeep remembers.
#[derive(Debug)]
pub(crate) struct Upkeep {
    pub(super) folder: PathBuf,
    watermark: Watermark,
    pub(super) max_bytes: u64,
    pub(super) keep_ms: i64,
    /// The file has reached its size and is not yet a tenth below.
    pub(super) is_large: bool,
    /// The last look failed.
    pub(super) is_failing: bool,
}

impl Upkeep {
    pub(crate) fn new(folder: PathBuf, config: &OutboxConfig) -> Self {
        Self {
            folder,
            watermark: Watermark::new(config.disk_watermark_percent, config.disk_headroom),
            max_bytes: config.max_bytes.bytes(),
            keep_ms: i64::try_from(config.keep_receipts.get().as_millis()).unwrap_or(i64::MAX),
            is_large: false,
            is_failing: false,
        }
    }

    /// Whether the disk is too full with `usage`.
    pub(super) fn judge(&mut self, usage: Usage) -> bool {
        let was_full = self.watermark.is_reached();
        let is_full = self.watermark.judge(usage);
        let Usage {
            used_percent,
            free_bytes,
        } = usage;
        if is_full && !was_full {
            tracing::error!(
                used_percent,
                free_bytes,
                "the outbox's disk is at the watermark: it takes no new records"
            );
        } else if was_full && !is_full {
            tracing::info!(
                used_percent,
                free_bytes,
                "there is room on the outbox's disk again"
            );
        }
        is_full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_was_too_full_is_used_again_when_there_is_room() {
        let config = OutboxConfig::new("outbox.db");
        let mut upkeep = Upkeep::new(PathBuf::new(), &config);
        for (used_percent, free_bytes, expected) in [
            (99, 6 << 30, false),
            (99, 4 << 30, true),
            (99, 5 << 30, true),
            (99, 6 << 30, false),
        ] {
            let usage = Usage {
                used_percent,
                free_bytes,
            };
            assert_eq!(upkeep.judge(usage), expected, "{usage:?}");
        }
    }
}
