//! How long an exchange may take, hop by hop.

use std::time::Duration;

use common::{
    config::Period,
    process::{Findings, Section},
};
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

/// Our own: milliseconds that the outer hop leaves to the inner one.
const DEADLINE_MS: HeaderName = HeaderName::from_static("x-cadde-deadline-ms");
/// Our own: milliseconds after which the outer hop no longer waits for headers.
const FIRST_BYTE_MS: HeaderName = HeaderName::from_static("x-cadde-first-byte-ms");

/// What the inner hop gets less than what is left, so that it gives up first and its reason reaches the caller.
const MARGIN: Duration = Duration::from_millis(250);

/// Share of the time up to the headers that looking up tokens and registrations may take, as a divisor and a factor: 20 s of
/// 50 s. The rest is the source's.
const CHECKS: (u32, u32) = (5, 2);

/// Default of `first_byte`.
const FIRST_BYTE: Duration = Duration::from_secs(50);

/// Default of `first_byte_cadde4`: such a provider knows nothing of our limit and gives up after 60 s, as applications do.
const FIRST_BYTE_CADDE4: Duration = Duration::from_secs(59);

/// Time limits of one exchange at one connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// Longest wait for a connection, TLS handshake included. The CADDE reference has 10 s.
    /// Allowed: 1ms to `total`.
    pub connect: Period,
    /// Longest time from the request's arrival to the headers of the upstream's answer. Existing receivers give up after 60
    /// s.
    /// Allowed: 1ms to `total`.
    pub first_byte: Period,
    /// The same of a receiver towards providers of the profile `cadde/4`. Where nothing is said, 59 s, or `first_byte`
    /// where that is below its own default.
    /// Allowed: 1ms to `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_cadde4: Option<Period>,
    /// Longest pause of the upstream inside a body.
    /// Allowed: 1ms to `total`.
    pub idle: Period,
    /// Longest time for the whole exchange. In 6 h 10 GB pass at 4 Mbit/s.
    /// Allowed: not shorter than any of the others.
    pub total: Period,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Period(Duration::from_secs(10)),
            first_byte: Period(FIRST_BYTE),
            first_byte_cadde4: None,
            idle: Period(Duration::from_secs(30)),
            total: Period(Duration::from_hours(6)),
        }
    }
}

/// Limits of zero, or in an order that makes one of them meaningless.
impl Section for Deadlines {
    fn check(&self, findings: &mut Findings) {
        let limits = [
            ("connect", Some(self.connect)),
            ("first_byte", Some(self.first_byte)),
            ("first_byte_cadde4", self.first_byte_cadde4),
            ("idle", Some(self.idle)),
        ];
        for (key, limit) in limits {
            let Some(limit) = limit else { continue };
            if limit.get().is_zero() || limit > self.total {
                let most = self.total;
                findings.error(key, &limit, format_args!("must be 1ms to total, {most}"));
            }
        }
        findings.at_least("total", self.total, Period::millis(1));
    }
}

/// The limits of one exchange that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limits: Deadlines,
    begun: Instant,
    checks_by: Instant,
    headers_by: Instant,
    end_by: Instant,
}

/// What the outer hop leaves to this one, as far as it says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// For everything.
    pub total: Option<Duration>,
    /// Until the headers have to be there.
    pub first_byte: Option<Duration>,
}

impl Allowed {
    /// Reads what came along. A value that is no number says nothing: the headers are hints between our connectors, and
    /// their absence is normal.
    pub fn read(headers: &HeaderMap) -> Self {
        let read = |name: &HeaderName| {
            let text = headers.get(name)?.to_str().ok()?;
            text.trim().parse().ok().map(Duration::from_millis)
        };
        Self {
            total: read(&DEADLINE_MS),
            first_byte: read(&FIRST_BYTE_MS),
        }
    }
}

impl Budget {
    /// Starts the clock.
    pub fn start(limits: Deadlines, allowed: Allowed) -> Self {
        let now = Instant::now();
        let shorter = |own: Period, allowed: Option<Duration>| {
            allowed.map_or(own.get(), |allowed| allowed.min(own.get()))
        };
        let total = shorter(limits.total, allowed.total);
        let first_byte = shorter(limits.first_byte, allowed.first_byte).min(total);
        Self {
            limits,
            begun: now,
            checks_by: now + first_byte / CHECKS.0 * CHECKS.1,
            headers_by: now + first_byte,
            end_by: now + total,
        }
    }

    /// The same exchange where the next hop is a connector of the reference kind.
    #[must_use]
    pub fn towards_cadde4(self) -> Self {
        let first_byte = self.limits.first_byte;
        let usual = if first_byte.get() < FIRST_BYTE {
            first_byte
        } else {
            Period(FIRST_BYTE_CADDE4)
        };
        let limit = self.limits.first_byte_cadde4.unwrap_or(usual);
        Self {
            headers_by: (self.begun + limit.get()).min(self.end_by),
            ..self
        }
    }

    /// What looking up tokens and registrations gives, if it gives anything in its share of the time.
    pub async fn checks<T>(&self, checking: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.checks_by, checking).await.ok()
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

    /// Tells the next hop what is left.
    pub fn pass_on(&self, fields: &mut HeaderMap) {
        let now = Instant::now();
        for (name, by) in [(DEADLINE_MS, self.end_by), (FIRST_BYTE_MS, self.headers_by)] {
            let left = by.saturating_duration_since(now).saturating_sub(MARGIN);
            let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            fields.insert(name, left.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const FIVE: Duration = Duration::from_secs(5);

    fn passed_on(budget: &Budget) -> Allowed {
        let mut fields = HeaderMap::new();
        budget.pass_on(&mut fields);
        Allowed::read(&fields)
    }

    #[test]
    fn the_outer_hops_budget_shortens_every_limit() {
        let before = Instant::now();
        let total = Some(FIVE);
        let budget = Budget::start(
            Deadlines::default(),
            Allowed {
                total,
                ..Allowed::default()
            },
        );
        let latest = Instant::now() + FIVE;
        for limit in [budget.headers_by(), budget.connect_by(), budget.end_by()] {
            assert!(limit >= before + FIVE && limit <= latest);
        }
        let left = passed_on(&budget);
        assert!(
            left.total > Some(Duration::ZERO) && left.total <= Some(FIVE.saturating_sub(MARGIN))
        );
    }

    #[test]
    fn the_inner_hop_gives_up_on_the_headers_first() {
        let outer = Deadlines {
            first_byte: Period(FIVE),
            ..Deadlines::default()
        };
        let left = passed_on(&Budget::start(outer, Allowed::default()));
        assert!(left.first_byte <= Some(FIVE.saturating_sub(MARGIN)));
        let inner = Budget::start(Deadlines::default(), left);
        assert!(inner.headers_by() <= Instant::now() + FIVE - MARGIN);
        assert!(inner.end_by() > inner.headers_by() + FIVE);
    }

    #[test]
    fn a_spent_budget_leaves_nothing_to_the_next_hop() {
        let (total, first_byte) = (Some(Duration::ZERO), None);
        let budget = Budget::start(Deadlines::default(), Allowed { total, first_byte });
        let nothing = Some(Duration::ZERO);
        let left = passed_on(&budget);
        assert_eq!((left.total, left.first_byte), (nothing, nothing));
    }

    #[test]
    fn a_long_budget_does_not_lengthen_the_own_limits() {
        let long = Some(Duration::from_secs(1_000_000));
        let (total, first_byte) = (long, long);
        let budget = Budget::start(Deadlines::default(), Allowed { total, first_byte });
        assert!(budget.end_by() <= Instant::now() + Deadlines::default().total.get());
        assert!(budget.headers_by() <= Instant::now() + Duration::from_secs(50));
    }

    #[test]
    fn a_reference_provider_has_a_limit_of_its_own() {
        let left = |first_byte, first_byte_cadde4, total| {
            let limits = Deadlines {
                first_byte: Period::seconds(first_byte),
                first_byte_cadde4,
                total: Period::seconds(total),
                ..Deadlines::default()
            };
            let budget = Budget::start(limits, Allowed::default()).towards_cadde4();
            (budget.headers_by() - budget.begun).as_secs()
        };
        assert_eq!(left(55, None, 3600), 59);
        assert_eq!(left(50, None, 3600), 59);
        // Somebody wanted it short.
        assert_eq!(left(5, None, 3600), 5);
        assert_eq!(left(5, Some(Period::seconds(7)), 3600), 7);
        assert_eq!(left(55, None, 57), 57);
    }

    #[test]
    fn a_budget_is_read_only_where_it_is_a_number() {
        let read = |text: &'static str| {
            let fields = [(DEADLINE_MS, HeaderValue::from_static(text))];
            Allowed::read(&HeaderMap::from_iter(fields)).total
        };
        assert_eq!(read("1500"), Some(Duration::from_millis(1500)));
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
