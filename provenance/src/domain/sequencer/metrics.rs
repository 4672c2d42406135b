//! What the writer counts.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};

use super::load::Load;
use crate::domain::submission::{Accepted, Decision};

/// Handles of the writer's metrics: looking one up by name would cost more than moving it.
pub(super) struct Metrics {
    commit: Histogram,
    group: Histogram,
    created: Counter,
    exists: Counter,
    refused: Counter,
    waiting: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        use metrics::{describe_counter, describe_gauge, describe_histogram};
        describe_histogram!(
            "ledger_commit_duration_seconds",
            Unit::Seconds,
            "Time to decide about one group and make it durable."
        );
        describe_histogram!("ledger_group_size", "Records in one transaction.");
        describe_counter!(
            "ledger_submissions_total",
            "Submissions that were decided about, by outcome."
        );
        describe_counter!(
            "ledger_refused_total",
            "Requests of which nothing was recorded, by reason."
        );
        describe_counter!(
            "ledger_conflicts_total",
            "Transactions that were tried again because another one was in the way."
        );
        describe_gauge!(
            "ledger_waiting_records",
            "Records that wait to be written, as of the last group."
        );
        let outcome = |outcome: &'static str| metrics::counter!("ledger_submissions_total", "outcome" => outcome);
        Self {
            commit: metrics::histogram!("ledger_commit_duration_seconds"),
            group: metrics::histogram!("ledger_group_size"),
            created: outcome("created"),
            exists: outcome("exists"),
            refused: outcome("refused"),
            waiting: metrics::gauge!("ledger_waiting_records"),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "metrics are doubles")]
    pub(super) fn wrote(&self, decisions: &[Decision], took: Duration, load: &Load) {
        self.commit.record(took);
        self.group.record(decisions.len() as f64);
        self.waiting.set(load.waiting.all().records as f64);
        let (mut created, mut exists, mut refused) = (0, 0, 0);
        for decision in decisions {
            match decision {
                Ok(Accepted::Created(_)) => created += 1,
                Ok(_) => exists += 1,
                Err(_) => refused += 1,
            }
        }
        self.created.increment(created);
        self.exists.increment(exists);
        self.refused.increment(refused);
    }
}
