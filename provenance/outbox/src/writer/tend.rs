//! What the writer thread does beside writing, once a second and in small steps: it measures file and disk, throws away receipts
//! whose time has come, or whose place is needed, and runs the errands of an operator.

use std::time::{Duration, Instant};

use common::{clock::unix_millis, disk::Usage};

use super::{Upkeep, Writer};
use crate::{file::PRUNE_STEP, millis::to_i64};

/// 1 s: how often file and disk are measured, and how old the oldest record is told.
const EVERY: Duration = Duration::from_secs(1);

/// 50 ms: pause between two steps of throwing away. Ten thousand receipts a second go so, more than are ever added, and the
/// writer spends a small part of its time on it.
const PAUSE: Duration = Duration::from_millis(50);

impl Writer<'_> {
    /// Looks after file and disk. Returns when to do so again.
    pub(crate) fn tend(&mut self) -> Instant {
        let usage = Usage::now(&self.upkeep.folder);
        self.gate.note_disk(self.upkeep.judge(usage));
        let pruned = self.prune();
        let was_failing = std::mem::replace(&mut self.upkeep.is_failing, pruned.is_err());
        let has_more = pruned.unwrap_or_else(|error| {
            if !was_failing {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old receipts could not be removed"
                );
            }
            false
        });
        let has_errands = self.run_errands().unwrap_or_else(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an operator's errand could not be run; it is tried again"
            );
            false
        });
        self.alarm.tell(&self.counts.parked);
        self.publish();
        Instant::now()
            + if has_more || has_errands {
                PAUSE
            } else {
                EVERY
            }
    }

    /// True if there is more to throw away.
    fn prune(&mut self) -> rusqlite::Result<bool> {
        let now_ms = to_i64(unix_millis(self.clock.now()));
        let old = self
            .file
            .prune(now_ms.saturating_sub(self.upkeep.keep_ms))?;
        count("age", old);
        self.counts.bytes = self.file.size()?;
        let Upkeep {
            max_bytes,
            is_large,
            ..
        } = &mut self.upkeep;
        let limit = if *is_large {
            *max_bytes - *max_bytes / 10
        } else {
            *max_bytes
        };
        // Parked records have a limit of their own.
        let bytes = self.counts.bytes.saturating_sub(self.counts.parked.size());
        let was_large = std::mem::replace(is_large, bytes >= limit);
        let mut early = 0;
        if self.upkeep.is_large {
            early = self.file.prune(i64::MAX)?;
            count("size", early);
            if !was_large {
                tracing::warn!(
                    bytes = self.counts.bytes,
                    "the outbox has reached outbox.max_bytes; its oldest receipts give way before their time"
                );
            }
        }
        self.gate.note_file(self.upkeep.is_large && early == 0);
        Ok(old == PRUNE_STEP || early > 0)
    }
}

fn count(reason: &'static str, removed: u32) {
    if removed > 0 {
        metrics::counter!("outbox_receipts_removed_total", "reason" => reason)
            .increment(removed.into());
    }
}
