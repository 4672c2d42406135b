//! What the writer thread counts.

use std::time::Duration;

use crate::{Problem, status::Counts};

/// Handles of the writer's metrics: looking one up by name would cost more than moving it.
pub(crate) struct Metrics {
    commit: metrics::Histogram,
    group: metrics::Histogram,
    pub(super) write_failures: metrics::Counter,
    pub(super) taken: metrics::Counter,
    open: metrics::Gauge,
    undelivered: metrics::Gauge,
    parked: metrics::Gauge,
    parked_by_problem: [metrics::Gauge; Problem::ALL.len()],
    parked_bytes: metrics::Gauge,
    bytes: metrics::Gauge,
    oldest: metrics::Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
        describe_histogram!(
            "outbox_commit_duration_seconds",
            Unit::Seconds,
            "Time to write one group of records durably."
        );
        describe_histogram!("outbox_group_size", "Commands written in one transaction.");
        describe_counter!(
            "outbox_write_failures_total",
            "Groups that could not be written."
        );
        describe_counter!(
            "outbox_taken_total",
            "Exchanges that were recorded, however they ended."
        );
        describe_counter!(
            "outbox_refused_total",
            "Records refused because the outbox is full, by the limit that was reached."
        );
        describe_gauge!(
            "outbox_records",
            "Records that the ledger has not taken, by state."
        );
        describe_gauge!(
            "outbox_bytes",
            Unit::Bytes,
            "Bytes of records and receipts in the outbox's file."
        );
        describe_counter!(
            "outbox_receipts_removed_total",
            "Receipts that were thrown away, by reason: age, or size before their time."
        );
        describe_gauge!(
            "outbox_oldest_undelivered_seconds",
            Unit::Seconds,
            "Age of the oldest ended record that is not delivered."
        );
        describe_gauge!(
            "outbox_parked_records",
            "Records that the ledger refused for good and nobody has dealt with, by problem: each needs a person."
        );
        describe_gauge!(
            "outbox_parked_bytes",
            Unit::Bytes,
            "Bytes of parked records, which have a limit of their own."
        );
        let records = |state: &'static str| metrics::gauge!("outbox_records", "state" => state);
        Self {
            commit: metrics::histogram!("outbox_commit_duration_seconds"),
            group: metrics::histogram!("outbox_group_size"),
            write_failures: metrics::counter!("outbox_write_failures_total"),
            taken: metrics::counter!("outbox_taken_total"),
            open: records("open"),
            undelivered: records("undelivered"),
            parked: records("parked"),
            parked_by_problem: Problem::ALL.map(
                |problem| metrics::gauge!("outbox_parked_records", "problem" => problem.label()),
            ),
            parked_bytes: metrics::gauge!("outbox_parked_bytes"),
            bytes: metrics::gauge!("outbox_bytes"),
            oldest: metrics::gauge!("outbox_oldest_undelivered_seconds"),
        }
    }

    /// A group of `size` commands was written.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a group has at most GROUP_MAX commands"
    )]
    pub(super) fn wrote(&self, size: usize, took: Duration) {
        self.commit.record(took);
        self.group.record(size as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "metrics are doubles")]
    pub(crate) fn publish(&self, counts: &Counts, now_s: i64) {
        self.open.set(counts.open as f64);
        self.undelivered.set(counts.undelivered as f64);
        self.parked.set(counts.parked.number() as f64);
        for (gauge, number) in self.parked_by_problem.iter().zip(counts.parked.by_problem) {
            gauge.set(number as f64);
        }
        self.parked_bytes.set(counts.parked.size() as f64);
        self.bytes.set(counts.bytes as f64);
        self.oldest
            .set(counts.oldest_s.map_or(0, |s| (now_s - s).max(0)) as f64);
    }
}
