//! The errands that an operator left in the file: looked for once a second, run a part at a time.

use common::clock::unix_millis;

use super::Writer;
use crate::{Done, errand::Errands, millis::to_i64};

/// Errands that are run in one transaction; groups of exchanges wait behind it.
const PART: u32 = 64;

/// 1 h: how long an outcome waits for whoever left the errand.
const KEEP_MS: i64 = 3_600_000;

impl Writer<'_> {
    /// Runs errands that wait. True if there are more.
    ///
    /// Outcomes are told last, when everybody here knows what was done. A process that ends before that finds the errand again: what
    /// was done stays done, and is not done twice.
    pub(super) fn run_errands(&mut self) -> rusqlite::Result<bool> {
        let waiting = self.file.errands(PART)?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let now = self.clock.now();
        let (mut outcomes, mut changes) = (Vec::new(), Vec::new());
        self.in_transaction(|writer| {
            for errand in &waiting {
                let mut errands = Errands {
                    file: &mut writer.file,
                    connector: &writer.connector,
                    now,
                };
                let (done, change) = errands.run(errand.id, &errand.wish)?;
                tracing::info!(event.id = %errand.id, wish = ?errand.wish, ?done, "an operator's errand");
                outcomes.push((errand.number, done));
                changes.extend(change);
            }
            Ok(())
        })?;
        for change in &changes {
            self.count_change(change);
        }
        self.counts.oldest_s = self.ages.oldest_s();
        self.publish();
        self.queue
            .hand_over(changes.into_iter().map(|change| change.now).collect());
        self.tell(&outcomes, to_i64(unix_millis(now)))?;
        Ok(u32::try_from(waiting.len()).is_ok_and(|n| n == PART))
    }

    fn tell(&mut self, outcomes: &[(i64, Done)], now_ms: i64) -> rusqlite::Result<()> {
        self.in_transaction(|writer| {
            writer.file.forget_errands(now_ms.saturating_sub(KEEP_MS))?;
            outcomes
                .iter()
                .try_for_each(|(number, done)| writer.file.conclude(*number, done))
        })
    }

    fn in_transaction(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        self.file.begin()?;
        let written = work(self).and_then(|()| self.file.commit());
        if written.is_err() {
            self.file.rollback();
        }
        written
    }
}
