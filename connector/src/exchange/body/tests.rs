use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use common::config::Period;
use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::exchange::{Allowed, Collected, Deadlines, WINDOW, collect};

/// What a transfer reported about its end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Completed(BodyDigest),
    Failed(u64),
    Left(u64),
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// An ending whose record becomes durable when the test says so.
struct Gate {
    log: Log,
    open: Option<oneshot::Receiver<bool>>,
}

impl Ending for Gate {
    fn complete(
        self: Box<Self>,
        digest: BodyDigest,
    ) -> BoxFuture<'static, Result<(), RecordError>> {
        Box::pin(async move {
            if let Some(open) = self.open
                && open.await != Ok(true)
            {
                return Err(RecordError::Ledger("refused".into()));
            }
            self.log
                .lock()
                .expect("not poisoned")
                .push(Seen::Completed(digest));
            Ok(())
        })
    }

    fn fail(self: Box<Self>, _: &BodyError, passed: u64) {
        self.log
            .lock()
            .expect("not poisoned")
            .push(Seen::Failed(passed));
    }

    fn leave(self: Box<Self>, passed: u64) {
        self.log
            .lock()
            .expect("not poisoned")
            .push(Seen::Left(passed));
    }
}

type Item = Result<Bytes, BodyError>;
type Source = StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, BodyError>>>;

fn source(items: impl futures_util::Stream<Item = Item> + Send + 'static) -> Source {
    StreamBody::new(items.map(|item| item.map(Frame::data)).boxed())
}

fn given(items: Vec<Item>) -> Source {
    source(stream::iter(items))
}

fn budget(idle_ms: u64) -> Budget {
    Budget::start(
        Deadlines {
            idle: Period::millis(idle_ms),
            ..Deadlines::default()
        },
        Allowed::default(),
    )
}

fn transfer(source: Source, announced: Option<u64>) -> (TransferBody<Source>, Log) {
    let log = Log::default();
    let ending = Gate {
        log: Arc::clone(&log),
        open: None,
    };
    (
        TransferBody::new(
            source,
            Prefix::default(),
            announced,
            &budget(60_000),
            Box::new(ending),
        ),
        log,
    )
}

fn gated(
    source: Source,
    announced: Option<u64>,
) -> (TransferBody<Source>, Log, oneshot::Sender<bool>) {
    let log = Log::default();
    let (gate, open) = oneshot::channel();
    let ending = Gate {
        log: Arc::clone(&log),
        open: Some(open),
    };
    (
        TransferBody::new(
            source,
            Prefix::default(),
            announced,
            &budget(60_000),
            Box::new(ending),
        ),
        log,
        gate,
    )
}

fn seen(log: &Log) -> Vec<Seen> {
    log.lock().expect("not poisoned").clone()
}

async fn next(body: &mut TransferBody<Source>) -> Option<Result<Bytes, TransferError>> {
    body.frame()
        .await
        .map(|frame| frame.map(|frame| frame.into_data().expect("only data frames")))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the items of a stream are results"
)]
fn ok(text: &'static str) -> Item {
    Ok(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn the_last_frame_waits_for_the_record_whatever_the_framing() {
    for announced in [Some(5), None] {
        let (mut body, log, gate) = gated(given(vec![ok("abc"), ok("de")]), announced);
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "abc");
        assert!(
            futures_util::poll!(std::pin::pin!(next(&mut body))).is_pending(),
            "{announced:?}"
        );
        assert_eq!(seen(&log), []);
        gate.send(true).unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "de");
        assert_eq!(seen(&log), [Seen::Completed(BodyDigest::of(b"abcde"))]);
        assert!(body.is_end_stream());
        assert!(next(&mut body).await.is_none());
    }
}

#[tokio::test]
async fn no_more_than_a_window_waits_for_the_record() {
    let data: Vec<u8> = (0..=u8::MAX).cycle().take(3 * WINDOW + 5).collect();
    let data = Bytes::from(data);
    for announced in [None, Some(2 * data.len() as u64)] {
        let (mut body, log, gate) =
            gated(given(vec![Ok(data.clone()), Ok(data.clone())]), announced);
        let mut arrived = Vec::new();
        while arrived.len() < 2 * data.len() - WINDOW {
            arrived.extend(next(&mut body).await.unwrap().unwrap());
        }
        assert!(arrived.len() == 2 * data.len() - WINDOW, "{announced:?}");
        assert!(futures_util::poll!(Box::pin(body.frame())).is_pending());
        assert_eq!(seen(&log), []);
        gate.send(true).unwrap();
        arrived.extend(next(&mut body).await.unwrap().unwrap());
        assert!(next(&mut body).await.is_none());
        assert!(arrived == [&data[..], &data[..]].concat(), "{announced:?}");
        assert_eq!(seen(&log), [Seen::Completed(BodyDigest::of(&arrived))]);
    }
}

#[tokio::test]
async fn a_record_that_fails_breaks_the_body_before_its_last_frame() {
    let (mut body, log, gate) = gated(given(vec![ok("abc")]), Some(3));
    gate.send(false).unwrap();
    assert!(matches!(
        next(&mut body).await.unwrap(),
        Err(TransferError::Record(_))
    ));
    assert!(next(&mut body).await.is_none());
    assert_eq!(seen(&log), []);
}

#[tokio::test]
async fn an_empty_body_is_recorded_too() {
    let (mut body, log) = transfer(given(vec![]), Some(0));
    assert!(!body.is_end_stream());
    assert!(next(&mut body).await.is_none());
    assert_eq!(seen(&log), [Seen::Completed(BodyDigest::of(b""))]);
}

#[tokio::test]
async fn a_body_cut_short_fails_after_what_had_passed() {
    let (mut body, log) = transfer(given(vec![ok("abc")]), Some(5));
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "abc");
    let error = next(&mut body).await.unwrap().unwrap_err();
    assert!(matches!(
        error,
        TransferError::Upstream(BodyError::Length {
            announced: 5,
            arrived: 3
        })
    ));
    assert_eq!(seen(&log), [Seen::Failed(3)]);
}

#[tokio::test]
async fn more_than_was_announced_is_never_released() {
    let (mut body, log) = transfer(given(vec![ok("abc"), ok("def")]), Some(5));
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "abc");
    assert!(next(&mut body).await.unwrap().is_err());
    assert_eq!(seen(&log), [Seen::Failed(6)]);
    // The surplus comes in a frame of its own, behind a whole body.
    let (mut body, log) = transfer(given(vec![ok("abcde"), ok("f")]), Some(5));
    assert!(next(&mut body).await.unwrap().is_err());
    assert_eq!(seen(&log), [Seen::Failed(6)]);
}

#[tokio::test]
async fn an_upstream_error_is_passed_on_and_the_held_frame_is_not() {
    let (mut body, log) = transfer(given(vec![ok("abc"), ok("de"), Err(BodyError::Idle)]), None);
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "abc");
    assert!(matches!(
        next(&mut body).await.unwrap(),
        Err(TransferError::Upstream(BodyError::Idle))
    ));
    assert_eq!(seen(&log), [Seen::Failed(5)]);
}

#[tokio::test]
async fn a_caller_that_leaves_is_seen() {
    let (mut body, log) = transfer(given(vec![ok("abc"), ok("de")]), Some(5));
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "abc");
    drop(body);
    assert_eq!(seen(&log), [Seen::Left(3)]);
}

#[tokio::test]
async fn a_stalled_upstream_times_out_and_a_slow_caller_does_not_make_it_so() {
    let (frames, source_end) = mpsc::unbounded_channel::<Item>();
    let items = stream::unfold(source_end, |mut end| async {
        end.recv().await.map(|item| (item, end))
    });
    let log = Log::default();
    let ending = Gate {
        log: Arc::clone(&log),
        open: None,
    };
    let mut body = TransferBody::new(
        source(items),
        Prefix::default(),
        Some(6),
        &budget(60),
        Box::new(ending),
    );
    frames.send(ok("ab")).unwrap();
    frames.send(ok("cd")).unwrap();
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "ab");
    // The caller pauses for longer than the limit; the upstream had its next frame ready all the time.
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "cd");
    let stalled = next(&mut body).await.unwrap();
    assert!(
        matches!(stalled, Err(TransferError::Upstream(BodyError::Idle))),
        "{stalled:?}"
    );
    assert_eq!(seen(&log), [Seen::Failed(4)]);
}

#[tokio::test]
async fn a_caller_that_takes_a_little_now_and_then_runs_out_of_time() {
    let deadlines = Deadlines {
        total: Period::millis(100),
        ..Deadlines::default()
    };
    let endless = source(stream::repeat_with(|| ok("abc")));
    let log = Log::default();
    let ending = Gate {
        log: Arc::clone(&log),
        open: None,
    };
    let budget = Budget::start(deadlines, Allowed::default());
    let mut body = TransferBody::new(endless, Prefix::default(), None, &budget, Box::new(ending));
    // The upstream always has something: it is never waited for.
    let late = loop {
        match next(&mut body).await.unwrap() {
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(late, TransferError::Upstream(BodyError::TooLong)),
        "{late:?}"
    );
    assert!(matches!(*seen(&log), [Seen::Failed(_)]));
}

#[tokio::test]
async fn the_size_hint_says_what_is_left() {
    let (mut body, _) = transfer(given(vec![ok("abc"), ok("de")]), Some(5));
    assert_eq!(body.size_hint().exact(), Some(5));
    next(&mut body).await;
    assert_eq!(body.size_hint().exact(), Some(2));
    let (body, _) = transfer(given(vec![]), None);
    assert_eq!(body.size_hint().exact(), None);
}

#[tokio::test]
async fn what_was_read_ahead_comes_first() {
    let big = Bytes::from(vec![b'x'; WINDOW]);
    let body = given(vec![ok("abc"), Ok(big.clone()), ok("de")]);
    let Collected::Rest { body, prefix } = collect(body, None, &budget(60_000)).await.unwrap()
    else {
        panic!("the body does not fit the window")
    };
    let log = Log::default();
    let ending = Gate {
        log: Arc::clone(&log),
        open: None,
    };
    let body = TransferBody::new(body, prefix, None, &budget(60_000), Box::new(ending));
    let whole = body.collect().await.unwrap().to_bytes();
    assert_eq!(whole, [b"abc".as_slice(), &big, b"de"].concat());
    assert_eq!(seen(&log), [Seen::Completed(BodyDigest::of(&whole))]);
}

#[tokio::test]
async fn a_small_body_is_collected_whole() {
    for announced in [Some(5), None] {
        let collected = collect(given(vec![ok("abc"), ok("de")]), announced, &budget(60_000))
            .await
            .unwrap();
        assert!(matches!(collected, Collected::Whole(bytes) if bytes == "abcde"));
    }
    let short = collect(given(vec![ok("abc")]), Some(5), &budget(60_000)).await;
    assert!(matches!(
        short,
        Err(BodyError::Length {
            announced: 5,
            arrived: 3
        })
    ));
}

#[tokio::test]
async fn a_body_without_a_length_is_not_waited_for() {
    let pending = source(stream::iter(vec![ok("abc")]).chain(stream::pending()));
    assert!(matches!(
        collect(pending, None, &budget(60_000)).await.unwrap(),
        Collected::Rest { .. }
    ));
    let pending = source(stream::iter(vec![ok("abc")]).chain(stream::pending()));
    assert!(matches!(
        collect(pending, Some(5), &budget(20)).await,
        Err(BodyError::Idle)
    ));
}

#[tokio::test]
async fn a_slow_small_body_does_not_hold_its_headers_up() {
    let slow = stream::unfold(0, |sent| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        (sent < 4).then(|| (ok("a"), sent + 1))
    });
    let deadlines = Deadlines {
        first_byte: Period::millis(80),
        ..Deadlines::default()
    };
    let budget = Budget::start(deadlines, Allowed::default());
    let Collected::Rest { body, prefix } = collect(source(slow), Some(4), &budget).await.unwrap()
    else {
        panic!("its headers waited for it")
    };
    let log = Log::default();
    let ending = Gate {
        log: Arc::clone(&log),
        open: None,
    };
    let body = TransferBody::new(body, prefix, Some(4), &budget, Box::new(ending));
    assert_eq!(body.collect().await.unwrap().to_bytes(), "aaaa");
    assert_eq!(seen(&log), [Seen::Completed(BodyDigest::of(b"aaaa"))]);
}
