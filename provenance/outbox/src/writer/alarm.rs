//! Says aloud that records are parked: once when it begins, then with their number, at most once a minute, however many there are.

use std::time::{Duration, Instant};

use crate::{Problem, status::Parked};

/// 1 min: between two lines.
const EVERY: Duration = Duration::from_mins(1);

/// What was said last.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    told: u64,
    at: Option<Instant>,
}

impl Alarm {
    /// Whether `number` parked records are worth a line now.
    fn is_due(&mut self, number: u64, now: Instant) -> bool {
        if number <= self.told {
            self.told = number;
            return false;
        }
        if self.at.is_some_and(|at| now.duration_since(at) < EVERY) {
            return false;
        }
        self.told = number;
        self.at = Some(now);
        true
    }
}

impl Alarm {
    /// Says that there are `parked`, where it is time to.
    pub(super) fn tell(&mut self, parked: &Parked) {
        if !self.is_due(parked.number(), Instant::now()) {
            return;
        }
        let kinds: Vec<String> = Problem::ALL
            .into_iter()
            .zip(parked.by_problem)
            .filter(|(_, number)| *number > 0)
            .map(|(problem, number)| format!("{} {number}", problem.label()))
            .collect();
        tracing::error!(
            parked = parked.number(),
            kinds = kinds.join(", "),
            "the ledger refused records for good; they are parked and need a person: see `outbox list`"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_parked_records_is_a_line_a_minute() {
        let mut alarm = Alarm::default();
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        assert!(!alarm.is_due(0, at(0)));
        assert!(alarm.is_due(1, at(1)));
        assert!(!alarm.is_due(1, at(2)));
        assert!(!alarm.is_due(5000, at(3)));
        assert!(alarm.is_due(9000, at(61)));
        assert!(!alarm.is_due(9000, at(200)));
        // What was dealt with is forgotten, what comes then is told again.
        assert!(!alarm.is_due(0, at(300)));
        assert!(alarm.is_due(1, at(301)));
    }
}
