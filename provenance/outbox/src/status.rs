//! What the outbox says about itself: for metrics, readiness, administrators and tests.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{FullReason, parked::Problem};

/// A snapshot of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxStatus {
    /// Records whose transfer has not ended.
    pub open: u64,
    /// Ended records that wait for the ledger.
    pub undelivered: u64,
    /// Records that the ledger refused for good and that nobody has handed over.
    pub parked: u64,
    /// Records that the ledger took since the start.
    pub delivered: u64,
    /// When the transfer of the oldest undelivered record ended, to the second.
    pub oldest: Option<OffsetDateTime>,
    /// Bytes of records and receipts in the file, as last measured.
    pub bytes: u64,
    /// Why new records are refused, if they are.
    pub full: Option<FullReason>,
    /// Whether the last write succeeded.
    pub writable: bool,
    /// How it went with the ledger.
    pub ledger: LedgerContact,
}

/// How the last attempt to deliver went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LedgerContact {
    /// When the ledger last took a batch.
    pub last_success: Option<OffsetDateTime>,
    /// When an attempt last failed, and why. Cleared by success.
    pub failing: Option<(OffsetDateTime, String)>,
}

/// Counts that the writer keeps in step with the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) open: u64,
    pub(super) undelivered: u64,
    pub(super) parked: Parked,
    pub(super) delivered: u64,
    pub(super) oldest_s: Option<i64>,
    pub(super) bytes: u64,
    pub(super) writable: bool,
}

impl Counts {
    /// What counts against the limits of exchanges. Parked records have one of their own.
    pub(super) fn held(&self) -> u64 {
        self.open + self.undelivered
    }
}

/// Counts of parked records.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parked {
    /// By kind of refusal, in the order of [`Problem::ALL`].
    pub(super) by_problem: [u64; Problem::ALL.len()],
    /// What their items have, in bytes.
    pub(super) bytes: u64,
}

impl Parked {
    pub(super) fn number(&self) -> u64 {
        self.by_problem.iter().sum()
    }

    /// What they take of the file, about.
    pub(super) fn size(&self) -> u64 {
        self.bytes + self.number() * ROW
    }

    pub(super) fn add(&mut self, problem: Problem, bytes: u64) {
        self.by_problem[problem as usize] += 1;
        self.bytes += bytes;
    }

    pub(super) fn remove(&mut self, problem: Problem, bytes: u64) {
        let number = &mut self.by_problem[problem as usize];
        *number = number.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// 256 B: what a row has beside its item.
const ROW: u64 = 256;

/// How many undelivered records ended in each second: enough to know the oldest, and small however many there are.
#[derive(Debug, Default)]
pub(super) struct Ages(BTreeMap<i64, u64>);

impl Ages {
    pub(super) fn add(&mut self, ended_ms: i64) {
        *self.0.entry(ended_ms.div_euclid(1000)).or_default() += 1;
    }

    pub(super) fn remove(&mut self, ended_ms: i64) {
        let second = ended_ms.div_euclid(1000);
        if let Some(n) = self.0.get_mut(&second) {
            *n -= 1;
            if *n == 0 {
                self.0.remove(&second);
            }
        }
    }

    /// The second in which the oldest ended, counted from 1970.
    pub(super) fn oldest_s(&self) -> Option<i64> {
        self.0.first_key_value().map(|(second, _)| *second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_known_until_it_leaves() {
        let mut ages = Ages::default();
        ages.add(5_500);
        ages.add(5_900);
        ages.add(3_000);
        assert_eq!(ages.oldest_s(), Some(3));
        ages.remove(3_000);
        ages.remove(5_500);
        assert_eq!(ages.oldest_s(), Some(5));
        ages.remove(5_900);
        ages.remove(5_900);
        assert_eq!(ages.oldest_s(), None);
    }
}
