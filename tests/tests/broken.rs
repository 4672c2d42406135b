//! A transfer that breaks, wherever it breaks, looks broken to every caller, and nothing claims that it arrived.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rstest::rstest;
use tests::{
    Trial, client,
    domain::Fetch,
    extra::{Access, Extra, Joining, Role},
    ledger,
    nginx::Nginx,
    raw,
    source::Source,
    wait,
};

/// Larger than any window on the way, so that bytes are with the caller when the transfer breaks.
const WHOLE: usize = 3_000_000;
const BEFORE_THE_BREAK: usize = 1_500_000;

/// Who is calling the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Http11,
    Http10,
    Http2,
    /// HTTP/1.1 to Debian's nginx, which asks with HTTP/1.0.
    Nginx,
}

const CALLERS: [Caller; 4] = [Caller::Http11, Caller::Http10, Caller::Http2, Caller::Nginx];

/// What a caller saw.
#[derive(Debug)]
struct Seen {
    caller: Caller,
    broken: bool,
    /// The id of the event that the headers promised.
    event: String,
}

/// How a source frames its body.
#[derive(Debug, Clone, Copy)]
enum Framing {
    Length,
    Chunks,
}

impl Framing {
    fn breaking(self) -> String {
        match self {
            Self::Length => format!("/short/{WHOLE}/{BEFORE_THE_BREAK}"),
            Self::Chunks => format!("/broken-chunks/{BEFORE_THE_BREAK}"),
        }
    }

    fn held(self) -> String {
        match self {
            Self::Length => format!("/held/{WHOLE}/{BEFORE_THE_BREAK}"),
            Self::Chunks => format!("/held-chunks/{WHOLE}/{BEFORE_THE_BREAK}"),
        }
    }
}

async fn provider_of(trial: &Trial, source: &Source, path: &str) -> Extra {
    Joining::register(trial, Role::Provider)
        .await
        .offering(&source.url("/"), &[source.url(path)], Access::Open)
        .await
        .start("kakehashi/1")
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_off_is_seen_by_every_caller(
    #[values(Framing::Length, Framing::Chunks)] framing: Framing,
) {
    let trial = Trial::shared();
    let source = Source::start().await;
    let provider = provider_of(trial, &source, &framing.breaking()).await;
    let receiver = &trial.domain("b").ready.receiver.api;
    let seen = call_all(
        trial,
        receiver,
        &provider,
        source.url(&framing.breaking()).as_str(),
        || {},
    )
    .await;
    all_broken(trial, &seen).await;
    all_in_evidence(trial, &seen).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_dies_is_seen_by_every_caller(
    #[values(Framing::Length, Framing::Chunks)] framing: Framing,
) {
    let trial = Trial::shared();
    let source = Source::start().await;
    let provider = provider_of(trial, &source, &framing.held()).await;
    let receiver = &trial.domain("b").ready.receiver.api;
    let url = source.url(&framing.held());
    let seen = call_all(trial, receiver, &provider, url.as_str(), || provider.kill()).await;
    all_broken(trial, &seen).await;
    all_in_evidence(trial, &seen).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_dies_is_seen_by_every_caller(
    #[values(Framing::Length, Framing::Chunks)] framing: Framing,
) {
    let trial = Trial::shared();
    let source = Source::start().await;
    let provider = provider_of(trial, &source, &framing.held()).await;
    let receiver = Joining::register(trial, Role::Receiver)
        .await
        .start("kakehashi/1")
        .await;
    let url = source.url(&framing.held());
    let seen = call_all(trial, &receiver.url, &provider, url.as_str(), || {
        receiver.kill();
    })
    .await;
    all_broken(trial, &seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_resources_arrive_whole_when_nothing_breaks() {
    let trial = Trial::shared();
    let source = Source::start().await;
    let (plain, chunked) = (format!("/whole/{WHOLE}"), format!("/chunked/{WHOLE}"));
    let provider = Joining::register(trial, Role::Provider)
        .await
        .offering(
            &source.url("/"),
            &[source.url(&plain), source.url(&chunked)],
            Access::Open,
        )
        .await
        .start("kakehashi/1")
        .await;
    let receiver = &trial.domain("b").ready.receiver.api;
    for path in [plain, chunked] {
        let seen = call_all(
            trial,
            receiver,
            &provider,
            source.url(&path).as_str(),
            || {},
        )
        .await;
        assert!(seen.iter().all(|seen| !seen.broken), "{path}: {seen:?}");
    }
}

/// Fetches by all callers at once; when each has bytes in hand, `break_now` is called.
async fn call_all(
    trial: &'static Trial,
    receiver: &url::Url,
    provider: &Extra,
    resource: &str,
    break_now: impl FnOnce(),
) -> Vec<Seen> {
    let token = trial.domain("b").token().await;
    let address = receiver.socket_addrs(|| None).unwrap()[0];
    let calls: Vec<_> = CALLERS
        .into_iter()
        .map(|caller| {
            let fetch = trial
                .domain("b")
                .fetch(resource)
                .at(receiver.join("/cadde/api/v4/file").unwrap())
                .from_provider(&provider.user.user_id)
                .token(&token);
            let progress = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&progress);
            let task =
                tokio::spawn(async move { call(caller, trial, address, fetch, &counter).await });
            (progress, task)
        })
        .collect();
    for (progress, task) in &calls {
        wait::until(
            "a caller has bytes in hand",
            Duration::from_secs(30),
            || async {
                (progress.load(Ordering::Relaxed) > 100_000 || task.is_finished()).then_some(())
            },
        )
        .await;
    }
    break_now();
    let mut seen = Vec::new();
    for (_, task) in calls {
        seen.push(task.await.unwrap());
    }
    seen
}

async fn call(
    caller: Caller,
    trial: &Trial,
    receiver: std::net::SocketAddr,
    fetch: Fetch<'_>,
    progress: &AtomicUsize,
) -> Seen {
    if caller == Caller::Http2 {
        let mut response = fetch
            .with(&client::http2(&trial.ready.ca))
            .open()
            .await
            .unwrap();
        assert_eq!(
            (response.status().as_u16(), response.version()),
            (200, http::Version::HTTP_2)
        );
        let event = response.headers()["x-cadde-provenance"]
            .to_str()
            .unwrap()
            .to_owned();
        let broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => _ = progress.fetch_add(chunk.len(), Ordering::Relaxed),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        return Seen {
            caller,
            broken,
            event,
        };
    }
    let (address, _nginx) = if caller == Caller::Nginx {
        let nginx = Nginx::in_front_of(receiver);
        (nginx.address(), Some(nginx))
    } else {
        (receiver, None)
    };
    let version = if caller == Caller::Http10 {
        "1.0"
    } else {
        "1.1"
    };
    let answer = raw::over_tcp_counted(address, &fetch.as_text(version), progress)
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{caller:?}: {}", answer.head);
    let field = |name: &str| {
        answer.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    let broken = if let Some(length) = field("content-length") {
        answer.body.len() < length.parse().unwrap()
    } else if field("transfer-encoding").is_some_and(|value| value == "chunked") {
        !raw::is_whole_chunked(&answer.body)
    } else {
        // Only the way the connection ends is left to tell.
        answer.end != raw::End::Closed
    };
    Seen {
        caller,
        broken,
        event: field("x-cadde-provenance").unwrap(),
    }
}

/// The receiver, which lives on, tells the ledger of every transfer that broke.
async fn all_in_evidence(trial: &Trial, seen: &[Seen]) {
    for Seen { caller, event, .. } in seen {
        let record = ledger::record(trial, "transfer-aborted", |core| {
            core["evidence"]["id"] == event.as_str()
        })
        .await;
        let evidence = &record["evidence"];
        assert_eq!(evidence["cdleventtype"], "Received", "{caller:?}: {record}");
        assert!(
            evidence["len"].as_u64().unwrap() <= WHOLE as u64,
            "{caller:?}: {record}"
        );
    }
}

/// Every caller saw the break, and none of the promised events came to be.
async fn all_broken(trial: &Trial, seen: &[Seen]) {
    let whole: Vec<Caller> = seen
        .iter()
        .filter(|seen| !seen.broken)
        .map(|seen| seen.caller)
        .collect();
    assert!(whole.is_empty(), "looked whole to {whole:?}");
    let token = trial.domain("b").token().await;
    // One whole exchange afterwards is in the ledger only after everything that its receiver had queued before.
    let resource = trial.domain("a").granted_resource("b");
    let after = trial.domain("b").fetch(&resource.url).from_provider_of("a");
    ledger::recorded(trial, after, &token).await;
    for Seen { caller, event, .. } in seen {
        let answer = ledger::lineage(trial, event, "BACKWARD", &token).await;
        assert_eq!(
            answer.status,
            404,
            "{caller:?} broke, but {event} is an event: {}",
            answer.text()
        );
    }
}
