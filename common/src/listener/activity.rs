//! What a connection does, and since when it does nothing.
//!
//! hyper has one deadline from the end of one request to the end of the next one's headers. This one tells a client that has
//! nothing to ask from one that asks too slowly, covers the time before hyper knows which HTTP is spoken, and HTTP/2, where hyper
//! has none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::ListenerLimits;
use crate::config::Period;

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lapse {
    /// Headers began and did not end.
    Headers,
    /// Nothing was asked.
    Idle,
}

impl Lapse {
    /// The value of the metrics label `reason`.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Idle => "idle",
        }
    }
}

/// What one connection does. Times are milliseconds since it began.
#[derive(Debug)]
pub(super) struct Activity {
    start: Instant,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    /// When the headers that are being read began, plus one; 0 while none are.
    headers_since: AtomicU64,
    /// Requests whose answer is not ready; on HTTP/2, whose answer has not ended.
    requests: AtomicUsize,
    /// When the last of them ended.
    quiet_since: AtomicU64,
    /// Whether anything was asked yet: until then hyper may not know which HTTP it is, and has no deadline.
    has_asked: AtomicBool,
    /// HTTP/2, whose frames do not tell headers from the rest: it is idle while it has no stream, and hyper does not mind.
    is_http2: AtomicBool,
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Request(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            state: State::default(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// From now on the first request's headers are waited for.
    pub(super) fn begin(&self) {
        self.state.headers_began(self.now());
    }

    /// Bytes came from the client: headers, unless a request is being answered, whose body they may be.
    pub(super) fn has_read(&self) {
        if self.state.is_between_requests() {
            self.state.headers_began(self.now());
        }
    }

    /// Bytes went to the client: an answer, so what was read before were no unfinished headers.
    pub(super) fn has_written(&self) {
        if self.state.headers_since.load(Relaxed) != 0 {
            self.state.headers_since.store(0, Relaxed);
        }
    }

    /// Headers are complete.
    pub(super) fn request(self: &Arc<Self>, is_http2: bool) -> Request {
        self.state.requested(is_http2);
        Request(Arc::clone(self))
    }

    /// Waits for a deadline to pass. Cancel safe.
    pub(super) async fn lapse(&self, limits: &ListenerLimits) -> Lapse {
        loop {
            match self.state.look(self.now(), limits) {
                Ok(next) => sleep_until(self.start + Duration::from_millis(next)).await,
                Err(lapse) => return lapse,
            }
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // Asked for the time on HTTP/2 alone: HTTP/1.1 leaves this to hyper.
        let is_http2 = self.0.state.is_http2.load(Relaxed);
        self.0.state.answered(is_http2.then(|| self.0.now()));
    }
}

impl State {
    fn is_between_requests(&self) -> bool {
        self.requests.load(Relaxed) == 0
            && self.headers_since.load(Relaxed) == 0
            && !self.is_http2.load(Relaxed)
    }

    fn headers_began(&self, now: u64) {
        self.headers_since.store(now + 1, Relaxed);
    }

    fn requested(&self, is_http2: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.headers_since.store(0, Relaxed);
        self.has_asked.store(true, Relaxed);
        self.is_http2.store(is_http2, Relaxed);
    }

    fn answered(&self, now: Option<u64>) {
        if let Some(now) = now {
            self.quiet_since.store(now, Relaxed);
        }
        self.requests.fetch_sub(1, Relaxed);
    }

    /// The deadline that has passed, or when to look again.
    fn look(&self, now: u64, limits: &ListenerLimits) -> Result<u64, Lapse> {
        let (headers, idle) = (millis(limits.headers), millis(limits.idle));
        // Whatever begins from now on ends no earlier.
        let mut next = now + headers.min(idle);
        let began = self.headers_since.load(Relaxed);
        if began != 0 {
            let due = began - 1 + headers;
            if due <= now {
                return Err(Lapse::Headers);
            }
            next = next.min(due);
        }
        let counts_idle = self.is_http2.load(Relaxed) || !self.has_asked.load(Relaxed);
        if counts_idle && self.requests.load(Relaxed) == 0 {
            let due = self.quiet_since.load(Relaxed) + idle;
            if due <= now {
                return Err(Lapse::Idle);
            }
            next = next.min(due);
        }
        Ok(next)
    }
}

/// Limits are far below the end of the numbers: `check-config` warns of more than 10 minutes.
fn millis(period: Period) -> u64 {
    u64::try_from(period.get().as_millis()).map_or(u64::MAX / 4, |ms| ms.min(u64::MAX / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When which deadline passes from `now` on, if one does within ten minutes, in seconds.
    fn lapse(state: &State, now_s: u64) -> Option<(Lapse, u64)> {
        let limits = ListenerLimits {
            headers: Period::seconds(30),
            idle: Period::seconds(75),
            ..ListenerLimits::default()
        };
        let mut now = now_s * 1000;
        while now < (now_s + 600) * 1000 {
            match state.look(now, &limits) {
                Ok(next) => {
                    assert!(next > now, "it looks again and again");
                    now = next;
                }
                Err(lapse) => return Some((lapse, now / 1000)),
            }
        }
        None
    }

    fn read(state: &State, now_s: u64) {
        if state.is_between_requests() {
            state.headers_began(now_s * 1000);
        }
    }

    #[test]
    fn whoever_says_nothing_at_first_is_slow() {
        let state = State::default();
        state.headers_began(5_000);
        assert_eq!(lapse(&state, 5), Some((Lapse::Headers, 35)));
        // HTTP/2 answers the first bytes with its settings, asked or not.
        state.headers_since.store(0, Relaxed);
        assert_eq!(lapse(&state, 35), Some((Lapse::Idle, 75)));
    }

    #[test]
    fn headers_count_from_their_first_byte() {
        let state = State::default();
        state.headers_began(0);
        state.requested(false);
        state.answered(None);
        read(&state, 70);
        read(&state, 80);
        assert_eq!(lapse(&state, 80), Some((Lapse::Headers, 100)));
    }

    #[test]
    fn a_slow_body_and_a_slow_answer_are_no_slow_headers() {
        let state = State::default();
        state.requested(false);
        read(&state, 1);
        assert_eq!(lapse(&state, 1), None);
        state.answered(None);
        assert_eq!(lapse(&state, 2), None);
    }

    #[test]
    fn an_http2_connection_is_idle_while_it_has_no_stream() {
        let state = State::default();
        state.requested(true);
        state.requested(true);
        state.answered(Some(10_000));
        assert_eq!(lapse(&state, 10), None);
        state.answered(Some(20_000));
        // Acknowledgements and pings are no requests.
        read(&state, 60);
        assert_eq!(lapse(&state, 60), Some((Lapse::Idle, 95)));
    }
}
