//! Telling that the own clock and a server's differ, before tokens are refused for it.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, header::DATE};
use time::{Duration, OffsetDateTime};

use super::SharedClock;

/// 2 s: what clocks that follow a time server never differ by. Tokens tolerate 30 s.
const TOLD_FROM: Duration = Duration::seconds(2);

/// How old `Date` may be when it is sent: it has whole seconds, and servers make it once a second.
const DATE_AGE: Duration = Duration::seconds(2);

/// Compares the own clock with the `Date` of a server's answers.
#[derive(Debug)]
pub struct SkewWatch {
    clock: SharedClock,
    server: &'static str,
    differs: AtomicBool,
}

impl SkewWatch {
    /// Watches the clock of `server`, which stands in the log and as a label of the metric.
    pub fn new(server: &'static str, clock: SharedClock) -> Self {
        metrics::describe_gauge!(
            "clock_skew_seconds",
            metrics::Unit::Seconds,
            "By how much the own clock is ahead of a server's, at least; negative where it is behind."
        );
        Self {
            clock,
            server,
            differs: AtomicBool::new(false),
        }
    }

    /// When a question is asked.
    pub fn asked(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Takes note of the headers of the answer to a question that was asked at `asked`.
    pub fn answered(&self, asked: OffsetDateTime, headers: &HeaderMap) {
        let Some(skew) = skew(asked, self.clock.now(), headers) else {
            return;
        };
        metrics::gauge!("clock_skew_seconds", "server" => self.server).set(skew.as_seconds_f64());
        let differs = skew.abs() >= TOLD_FROM;
        if self.differs.swap(differs, Ordering::Relaxed) == differs {
            return;
        }
        let (server, seconds) = (self.server, skew.as_seconds_f64());
        if differs {
            tracing::warn!(
                server,
                seconds,
                "the own clock differs from the server's; from 30 s on tokens are refused"
            );
        } else {
            tracing::info!(server, "the own clock agrees with the server's again");
        }
    }
}

/// By how much the clock that shows `asked` and `answered` is certainly ahead of the one that wrote `Date` between them.
fn skew(asked: OffsetDateTime, answered: OffsetDateTime, headers: &HeaderMap) -> Option<Duration> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let date = OffsetDateTime::from(date);
    Some(if date > answered {
        answered - date
    } else {
        (asked - date - DATE_AGE).max(Duration::ZERO)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    #[rstest]
    // The server answered in the second in which it was asked, or in the one before by its cached date.
    #[case(10, 11, 10, 0)]
    #[case(10, 11, 9, 0)]
    #[case(10, 11, 8, 0)]
    #[case(10, 15, 14, 0)]
    #[case(10, 11, 5, 3)]
    #[case(10, 11, 16, -5)]
    fn what_is_certain_counts(
        #[case] asked: i64,
        #[case] answered: i64,
        #[case] date: i64,
        #[case] expected: i64,
    ) {
        let at = |second| datetime!(2026-01-01 00:00 UTC) + Duration::seconds(second);
        let text = httpdate::fmt_http_date(at(date).into());
        let headers = HeaderMap::from_iter([(DATE, text.parse().unwrap())]);
        assert_eq!(
            skew(at(asked), at(answered), &headers),
            Some(Duration::seconds(expected))
        );
    }

    #[test]
    fn an_answer_without_a_date_says_nothing() {
        let now = datetime!(2026-01-01 00:00 UTC);
        assert_eq!(skew(now, now, &HeaderMap::new()), None);
        let headers = HeaderMap::from_iter([(DATE, "yesterday".parse().unwrap())]);
        assert_eq!(skew(now, now, &headers), None);
    }
}
