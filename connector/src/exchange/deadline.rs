//! How long an exchange may take, hop by hop.

use std::time::Duration;

use common::config::Period;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::headers::DEADLINE_MS;

/// What the inner hop gets less than what is left, so that it gives up first and its reason reaches the caller.
const MARGIN: Duration = Duration::from_millis(250);

/// Time limits of one exchange at one connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// Longest wait for a connection, TLS handshake included. Default 10 s, as the CADDE reference has it.
    pub connect: Period,
    /// Longest time from the request's arrival to the headers of the upstream's answer. Default 50 s: existing
    /// receivers give up after 60 s.
    pub first_byte: Period,
    /// Longest pause of the upstream inside a body. Default 30 s.
    pub idle: Period,
    /// Longest time for the whole exchange. Default 6 h: 10 GB over 4 Mbit/s.
    pub total: Period,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Period(Duration::from_secs(10)),
            first_byte: Period(Duration::from_secs(50)),
            idle: Period(Duration::from_secs(30)),
            total: Period(Duration::from_hours(6)),
        }
    }
}

impl Deadlines {
    /// What `check-config` has to say: limits of zero, or in an order that makes one of them meaningless.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let limits = [
            ("connect", self.connect),
            ("first_byte", self.first_byte),
            ("idle", self.idle),
        ];
        for (name, limit) in limits {
            if limit.get().is_zero() {
                problems.push(format!("{name} is zero: every exchange would time out"));
            }
            if limit.get() > self.total.get() {
                problems.push(format!("{name} is longer than total and never counts"));
            }
        }
        problems
    }
}

/// The limits of one exchange that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limits: Deadlines,
    headers_by: Instant,
    end_by: Instant,
}

impl Budget {
    /// Starts the clock. `allowed` is what the outer hop says is left for it, if it says so.
    pub fn start(limits: Deadlines, allowed: Option<Duration>) -> Self {
        let now = Instant::now();
        let total = allowed.map_or(limits.total.get(), |allowed| {
            allowed.min(limits.total.get())
        });
        Self {
            limits,
            headers_by: now + limits.first_byte.get().min(total),
            end_by: now + total,
        }
    }

    /// When a connection that is begun now has to stand.
    pub fn connect_by(&self) -> Instant {
        (Instant::now() + self.limits.connect.get()).min(self.headers_by)
    }

    /// When the upstream's headers have to be in.
    pub fn headers_by(&self) -> Instant {
        self.headers_by
    }

    /// When the body has to be through.
    pub fn end_by(&self) -> Instant {
        self.end_by
    }

    /// Longest pause inside the body.
    pub fn idle(&self) -> Duration {
        self.limits.idle.get()
    }

    /// `x-cadde-deadline-ms` for the next hop.
    pub fn to_header(&self) -> HeaderValue {
        let left = self
            .end_by
            .saturating_duration_since(Instant::now())
            .saturating_sub(MARGIN);
        HeaderValue::from(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The budget that the outer hop passed on. A value that is no number is no budget: the header is a hint between our
/// connectors, and its absence is normal.
pub fn received_budget(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(DEADLINE_MS)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_hops_budget_shortens_every_limit() {
        let before = Instant::now();
        let budget = Budget::start(Deadlines::default(), Some(Duration::from_secs(5)));
        let latest = Instant::now() + Duration::from_secs(5);
        for limit in [budget.headers_by(), budget.connect_by(), budget.end_by()] {
            assert!(limit >= before + Duration::from_secs(5) && limit <= latest);
        }
        let left: u64 = budget.to_header().to_str().unwrap().parse().unwrap();
        assert!((1..=4750).contains(&left), "{left}");
    }

    #[test]
    fn a_spent_budget_leaves_nothing_to_the_next_hop() {
        let budget = Budget::start(Deadlines::default(), Some(Duration::ZERO));
        assert_eq!(budget.to_header(), "0");
    }

    #[test]
    fn a_long_budget_does_not_lengthen_the_own_limits() {
        let budget = Budget::start(Deadlines::default(), Some(Duration::from_secs(1_000_000)));
        assert!(budget.end_by() <= Instant::now() + Deadlines::default().total.get());
        assert!(budget.headers_by() <= Instant::now() + Duration::from_secs(50));
    }

    #[test]
    fn a_budget_is_read_only_where_it_is_a_number() {
        let read = |text: &'static str| {
            received_budget(&HeaderMap::from_iter([(
                DEADLINE_MS,
                HeaderValue::from_static(text),
            )]))
        };
        assert_eq!(read("1500"), Some(Duration::from_millis(1500)));
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
