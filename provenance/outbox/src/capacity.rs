//! Whether new records are taken: the outbox's limits, and how far below one it has to come before it takes records again.
//!
//! Without that margin an outbox at its limit would take one exchange for each record that it delivers and refuse the next,
//! and its callers would try again and again. Records that are there already end, and are delivered, whatever the limits say.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use time::OffsetDateTime;

use super::{FullReason, config::OutboxConfig, status::Counts};

/// The limits of one outbox and which of them is reached. Asked by callers and by the writer alike.
#[derive(Debug)]
pub(super) struct Capacity {
    max_records: u64,
    max_age_s: i64,
    max_parked_bytes: u64,
    /// The disk is at the watermark.
    is_disk_full: AtomicBool,
    /// The file is at its size, and has no receipts left that could give way.
    is_file_full: AtomicBool,
    /// The limit that refuses, as [`number`] counts them; 0 for none.
    closed: AtomicU8,
}

const ALL: [FullReason; 5] = [
    FullReason::Records,
    FullReason::Age,
    FullReason::Bytes,
    FullReason::Disk,
    FullReason::Parked,
];

fn number(reason: FullReason) -> u8 {
    1 + reason as u8
}

impl Capacity {
    pub(super) fn new(config: &OutboxConfig) -> Self {
        Self {
            max_records: config.max_records,
            max_age_s: i64::try_from(config.max_age.get().as_secs()).unwrap_or(i64::MAX),
            max_parked_bytes: config.max_parked_bytes.bytes(),
            is_disk_full: AtomicBool::new(false),
            is_file_full: AtomicBool::new(false),
            closed: AtomicU8::new(0),
        }
    }

    /// Notes whether the disk is at the watermark.
    pub(super) fn note_disk(&self, is_full: bool) {
        self.is_disk_full.store(is_full, Ordering::Relaxed);
    }

    /// Notes whether the file is at its size with nothing left to give way.
    pub(super) fn note_file(&self, is_full: bool) {
        self.is_file_full.store(is_full, Ordering::Relaxed);
    }

    /// Which limit refuses new records, with these counts, now.
    pub(super) fn closed(&self, counts: &Counts, now: OffsetDateTime) -> Option<FullReason> {
        let before = self.closed.load(Ordering::Relaxed);
        let age_s = counts
            .oldest_s
            .map_or(0, |s| now.unix_timestamp().saturating_sub(s));
        let is_reached = |reason: &FullReason| {
            let was_closed = before == number(*reason);
            match reason {
                // A tenth below the limit; small limits have no margin.
                FullReason::Records => {
                    let margin = if was_closed { self.max_records / 10 } else { 0 };
                    counts.held() >= self.max_records - margin
                }
                FullReason::Age => {
                    let margin = if was_closed { self.max_age_s / 10 } else { 0 };
                    age_s > self.max_age_s - margin
                }
                // The writer keeps the margin of these two, for it alone knows the sizes.
                FullReason::Bytes => self.is_file_full.load(Ordering::Relaxed),
                FullReason::Disk => self.is_disk_full.load(Ordering::Relaxed),
                FullReason::Parked => {
                    let margin = if was_closed {
                        self.max_parked_bytes / 10
                    } else {
                        0
                    };
                    counts.parked.size() >= self.max_parked_bytes - margin
                }
            }
        };
        let reason = ALL.into_iter().find(is_reached);
        let now = reason.map_or(0, number);
        if now != before {
            self.closed.store(now, Ordering::Relaxed);
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use common::config::Period;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2025-01-01 00:00 UTC);

    fn gate() -> Capacity {
        Capacity::new(&OutboxConfig {
            max_records: 100,
            max_age: Period::seconds(1000),
            ..OutboxConfig::new("outbox.db")
        })
    }

    fn holding(records: u64) -> Counts {
        Counts {
            undelivered: records,
            ..Counts::default()
        }
    }

    fn aged(seconds: i64) -> Counts {
        Counts {
            oldest_s: Some(NOW.unix_timestamp() - seconds),
            ..Counts::default()
        }
    }

    #[test]
    fn a_full_outbox_takes_records_again_a_tenth_below_its_limit() {
        let gate = gate();
        assert_eq!(gate.closed(&holding(99), NOW), None);
        assert_eq!(gate.closed(&holding(100), NOW), Some(FullReason::Records));
        assert_eq!(gate.closed(&holding(90), NOW), Some(FullReason::Records));
        assert_eq!(gate.closed(&holding(89), NOW), None);
        assert_eq!(gate.closed(&holding(99), NOW), None);
    }

    #[test]
    fn an_old_backlog_has_to_become_younger_than_its_limit() {
        let gate = gate();
        assert_eq!(gate.closed(&aged(1000), NOW), None);
        assert_eq!(gate.closed(&aged(1001), NOW), Some(FullReason::Age));
        assert_eq!(gate.closed(&aged(901), NOW), Some(FullReason::Age));
        assert_eq!(gate.closed(&aged(900), NOW), None);
    }

    #[test]
    fn parked_records_have_a_limit_of_their_own() {
        let gate = Capacity::new(&OutboxConfig {
            max_records: 100,
            max_parked_bytes: common::config::ByteSize(100_000),
            ..OutboxConfig::new("outbox.db")
        });
        let mut counts = holding(99);
        for _ in 0..1000 {
            assert_eq!(gate.closed(&counts, NOW), None);
            counts.parked.add(crate::Problem::Invalid, 0);
            if counts.parked.size() >= 100_000 {
                break;
            }
        }
        assert!(counts.parked.number() > 100);
        assert_eq!(gate.closed(&counts, NOW), Some(FullReason::Parked));
        counts.parked = crate::status::Parked::default();
        assert_eq!(gate.closed(&counts, NOW), None);
    }

    #[test]
    fn one_limit_after_the_other_is_told() {
        let gate = gate();
        gate.note_disk(true);
        gate.note_file(true);
        assert_eq!(gate.closed(&holding(100), NOW), Some(FullReason::Records));
        assert_eq!(gate.closed(&holding(0), NOW), Some(FullReason::Bytes));
        gate.note_file(false);
        assert_eq!(gate.closed(&holding(0), NOW), Some(FullReason::Disk));
        gate.note_disk(false);
        assert_eq!(gate.closed(&holding(0), NOW), None);
    }
}
