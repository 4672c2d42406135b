//! What is counted of exchanges.

use std::sync::OnceLock;

use metrics::{Counter, Histogram};

use super::role::Role;

/// Handles of one role's metrics: looking them up by name and labels for every exchange costs more than counting.
pub(super) struct Meters {
    pub(super) completed: Outcome,
    pub(super) refused: Outcome,
    pub(super) failed: Outcome,
    pub(super) left: Outcome,
    /// Bytes passed.
    pub(super) bytes: Counter,
    /// From the request to the end.
    pub(super) duration: Histogram,
}

/// One way in which exchanges end.
pub(super) struct Outcome {
    /// Its name, in metrics and log lines.
    pub(super) name: &'static str,
    pub(super) count: Counter,
}

impl Meters {
    /// Those of `role`. The first call must come after the process's metrics are set up.
    pub(super) fn of(role: Role) -> &'static Self {
        static PROVIDER: OnceLock<Meters> = OnceLock::new();
        static RECEIVER: OnceLock<Meters> = OnceLock::new();
        let meters = match role {
            Role::Provider => &PROVIDER,
            Role::Receiver => &RECEIVER,
        };
        meters.get_or_init(|| Self::new(role.label()))
    }

    fn new(role: &'static str) -> Self {
        let outcome = |name| Outcome {
            name,
            count: metrics::counter!("connector_exchanges_total", "role" => role, "outcome" => name),
        };
        Self {
            completed: outcome("completed"),
            refused: outcome("refused"),
            failed: outcome("failed"),
            left: outcome("caller-left"),
            bytes: metrics::counter!("connector_transfer_bytes_total", "role" => role),
            duration: metrics::histogram!("connector_exchange_duration_seconds", "role" => role),
        }
    }
}
