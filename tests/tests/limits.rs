//! Slow, greedy and broken clients: they are dropped with the right answer, others are served meanwhile, memory is bounded, and
//! places come back. Both kinds of listener: mutual TLS (a provider's `peer`) and plain (a receiver's `api`).
//!
//! `KAKEHASHI_IDLE=10000 KAKEHASHI_ACTIVE=2000` is the long form of the crowd.

use std::time::{Duration, Instant};

use rstest::rstest;
use tests::{
    Trial,
    crowd::{self, Door, Stream},
    extra::{Access, Extra, Joining, Role, set},
    ledger,
    metrics::Metrics,
    operator::Operator,
    room::{Takes, room},
    source::Source,
    wait,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::{Mutex, OnceCell},
    time::timeout,
};
use toml::{Table, Value};
use url::Url;

/// 30 s: far above the limits of these connectors.
const PATIENCE: Duration = Duration::from_secs(30);

const FILE: &str = "/cadde/api/v4/file";
/// Larger than what waits in buffers of the kernel and of the connectors.
const HELD: &str = "/held/300000/100000";
const ENDLESS: &str = "/whole/400000000";
const SMALL: &str = "/whole/1000";

/// How many connections crowd a listener.
fn number(variable: &str, usual: usize) -> usize {
    let set = std::env::var(variable).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Which listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Peer,
    Api,
}

/// Connectors of their own, with these limits on their listeners.
struct Scene {
    trial: &'static Trial,
    source: Source,
    provider: Extra,
    receiver: Extra,
}

impl Scene {
    async fn new(limits: &[(&str, Value)]) -> Self {
        let trial = Trial::shared();
        let source = Source::start().await;
        let resources = [HELD, ENDLESS, SMALL].map(|path| source.url(path));
        let mut provider = Joining::register(trial, Role::Provider)
            .await
            .offering(&source.url("/"), &resources, Access::Open)
            .await;
        limit(&mut provider.config, "peer", limits);
        let mut receiver = Joining::register(trial, Role::Receiver).await;
        limit(&mut receiver.config, "api", limits);
        for connector in [&mut provider, &mut receiver] {
            // The crowd is few callers; what bounds their exchanges has tests of its own.
            connector.config["limits"]["per_caller"] = 4096.into();
            // A crowd is held for as long as it takes to measure others beside it.
            set(&mut connector.config, "deadlines", "idle", "10m");
        }
        Self {
            trial,
            source,
            provider: provider.start("kakehashi/1").await,
            receiver: receiver.start("").await,
        }
    }

    fn connector(&self, which: Which) -> &Extra {
        match which {
            Which::Peer => &self.provider,
            Which::Api => &self.receiver,
        }
    }

    fn door(&self, which: Which) -> Door {
        let url = &self.connector(which).url;
        let identities =
            ["a", "b", "c"].map(|letter| self.trial.domain(letter).receiver_identity());
        match which {
            Which::Peer => Door::mutual(url, &self.trial.ready.ca, &identities),
            Which::Api => Door::plain(url),
        }
    }

    /// A request for what the source has at `path`, as text.
    fn request(&self, which: Which, path: &str) -> String {
        let url = self.source.url(path);
        let provider = self.provider.user.user_id.as_str();
        let mut headers = vec![
            ("x-cadde-resource-url", url.as_str()),
            ("x-cadde-resource-api-type", "file/http"),
        ];
        headers.push(match which {
            Which::Peer => ("x-cadde-options", ""),
            Which::Api => ("x-cadde-provider", provider),
        });
        self.door(which).request(FILE, &headers)
    }

    /// A small exchange of somebody else, through both connectors.
    async fn exchange(&self) -> u16 {
        let url = self.source.url(SMALL);
        let fetch = self
            .trial
            .domain("b")
            .fetch(url.as_str())
            .at(self.receiver.url.join(FILE).unwrap())
            .from_provider(&self.provider.user.user_id);
        fetch.send().await.status
    }

    async fn gauge(&self, which: Which, name: &str, labels: &[&str]) -> f64 {
        let admin = &self.connector(which).admin;
        Metrics::of(self.trial.http(), admin)
            .await
            .sum(name, labels)
    }

    /// Waits until the listener has no connections but those of the harness's questions and of the other connector.
    async fn empties(&self, which: Which) {
        wait::until("the places come back", PATIENCE, || async {
            let open = self.gauge(which, "listener_connections", &[]).await;
            (open <= 4.0).then_some(())
        })
        .await;
    }
}

fn limit(config: &mut Table, listener: &str, limits: &[(&str, Value)]) {
    let section = config[listener].as_table_mut().unwrap();
    let table = section
        .entry("limits")
        .or_insert_with(|| Value::Table(Table::new()));
    for (key, value) in limits {
        let table = table.as_table_mut().unwrap();
        table.insert((*key).to_owned(), value.clone());
    }
}

/// They look at the connections of the same listeners.
static TURN: Mutex<()> = Mutex::const_new(());

/// Connectors whose patience is short.
async fn impatient() -> &'static Scene {
    static SCENE: OnceCell<Scene> = OnceCell::const_new();
    let limits = [
        ("handshake", "3s".into()),
        ("headers", "3s".into()),
        ("idle", "6s".into()),
        ("write_stall", "2s".into()),
        ("connections_per_client", 20.into()),
    ];
    SCENE.get_or_init(|| Scene::new(&limits)).await
}

/// Reads until the end of the connection, however it ends.
async fn rest(stream: &mut (impl Stream + ?Sized)) -> String {
    let mut all = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    let _ = ended.expect("the connection ends");
    String::from_utf8_lossy(&all).into_owned()
}

#[rstest]
#[tokio::test]
async fn whoever_is_slow_to_ask_is_dropped_and_others_are_served(
    #[values(Which::Peer, Which::Api)] which: Which,
) {
    let _turn = TURN.lock().await;
    let scene = impatient().await;
    let door = scene.door(which);
    // Nothing at all, and the beginning of a TLS handshake or of a request.
    for beginning in [&b""[..], &[22, 3, 1, 2, 0, 1][..]] {
        let mut stream = door.tcp(0).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let said = rest(&mut stream).await;
        assert!(!said.contains("200"), "{said}");
    }
    // Many that drip.
    let mut drips = Vec::new();
    for n in 0..15 {
        let door = door.clone();
        drips.push(tokio::spawn(async move {
            let mut stream = door.connect(n).await.unwrap();
            let mut line = b"GET / HTTP/1.1\r\nhost: x\r\nx-drip: ".to_vec();
            loop {
                if stream.write_all(&line).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
                line = b"drip".to_vec();
                // The pace of the client, not a wait for the server.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }));
    }
    assert_eq!(scene.exchange().await, 200);
    for drip in drips {
        timeout(PATIENCE, drip)
            .await
            .expect("the connection ends while the client still sends")
            .unwrap();
    }
    let reason = &["reason=\"headers\""];
    assert!(scene.gauge(which, "listener_lapsed_total", reason).await >= 15.0);
    scene.empties(which).await;
    assert_eq!(scene.exchange().await, 200);
}

#[rstest]
#[tokio::test]
async fn headers_that_are_too_large_or_too_many_are_431(
    #[values(Which::Peer, Which::Api)] which: Which,
) {
    let _turn = TURN.lock().await;
    let scene = impatient().await;
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    let (large, huge) = ("l".repeat(70 << 10), "h".repeat(2 << 20));
    let door = scene.door(which);
    for headers in [&many[..], &[("x-large", &large)], &[("x-huge", &huge)]] {
        let request = door.request(FILE, headers);
        let mut stream = door.connect(0).await.unwrap();
        // The listener may have seen enough before the end.
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = stream.flush().await;
        let mut answer = vec![0; 64 << 10];
        let length = timeout(PATIENCE, stream.read(&mut answer))
            .await
            .unwrap()
            .unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(
            answer.starts_with("HTTP/1.1 431 "),
            "{}: {answer}",
            headers[0].0
        );
    }
    assert_eq!(scene.exchange().await, 200);
}

/// How a client leaves a transfer that is under way.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    /// It stays and takes nothing any more.
    StopsReading,
    /// It closes its own direction alone.
    HalfCloses,
}

#[rstest]
#[tokio::test]
async fn whoever_stops_in_the_middle_is_dropped_and_its_exchange_ends_aborted(
    #[values(Which::Peer, Which::Api)] which: Which,
    #[values(Leaves::StopsReading, Leaves::HalfCloses)] how: Leaves,
) {
    let _turn = TURN.lock().await;
    let scene = impatient().await;
    let path = match how {
        Leaves::StopsReading => ENDLESS,
        Leaves::HalfCloses => HELD,
    };
    let door = scene.door(which);
    let request = scene.request(which, path);
    let before = ledger::records(scene.trial, "transfer-aborted");
    let mut stream = door
        .crowd(1, &request, |answer| answer.contains("200 OK"))
        .await
        .remove(0);
    if let Leaves::HalfCloses = how {
        stream.shutdown().await.unwrap();
    }
    // The client still holds its end: it is the listener that ends the transfer. Of a request to the receiver both sides tell.
    let side = match which {
        Which::Peer => "Sent",
        Which::Api => "Received",
    };
    let own = wait::until("the transfer is recorded as aborted", PATIENCE, || async {
        let all = ledger::records(scene.trial, "transfer-aborted");
        all.into_iter().find(|core| {
            let evidence = &core["evidence"];
            evidence["dataprovider"] == scene.provider.user.user_id.as_str()
                && evidence["cdleventtype"] == side
                && !before.contains(core)
        })
    })
    .await;
    if which == Which::Api {
        let sent = &own["evidence"]["cdlpreviousevents"][0];
        ledger::record(scene.trial, "transfer-aborted", |core| {
            core["evidence"]["id"] == *sent
        })
        .await;
    }
    drop(stream);
    scene.source.release_all();
    scene.empties(which).await;
    assert_eq!(scene.exchange().await, 200);
}

#[rstest]
#[tokio::test]
async fn one_client_cannot_take_all_places(#[values(Which::Peer, Which::Api)] which: Which) {
    let _turn = TURN.lock().await;
    let scene = impatient().await;
    // All from the same address and with the same certificate.
    let door = match which {
        Which::Peer => {
            let identity = [scene.trial.domain("c").receiver_identity()];
            Door::mutual(&scene.provider.url, &scene.trial.ready.ca, &identity)
        }
        Which::Api => scene.door(which),
    };
    let request = door.request("/nothing-here", &[]);
    let ask = async || {
        let mut stream = door.connect(0).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = vec![0; 4096];
        let length = timeout(PATIENCE, stream.read(&mut answer))
            .await
            .unwrap()
            .unwrap_or(0);
        (
            stream,
            String::from_utf8_lossy(&answer[..length]).into_owned(),
        )
    };
    let mut held = Vec::new();
    let refused = loop {
        let (stream, answer) = ask().await;
        if !answer.starts_with("HTTP/1.1 404 ") {
            break answer;
        }
        held.push(stream);
        assert!(held.len() <= 20, "the limit is no limit");
    };
    assert!(
        refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after"),
        "{refused}"
    );
    assert_eq!(scene.exchange().await, 200, "others have places");
    drop(held);
    wait::until("its places come back", PATIENCE, || async {
        ask().await.1.starts_with("HTTP/1.1 404 ").then_some(())
    })
    .await;
}

/// Most memory for an idle connection, in KiB: TLS keeps keys and buffers, HTTP a buffer for headers.
fn idle_kib(which: Which) -> u64 {
    if which == Which::Peer { 64 } else { 32 }
}

/// Most memory for a transfer under way, in KiB: the windows of two connections and of the body.
const ACTIVE_KIB: u64 = 512;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_costs_bounded_memory_and_others_are_served(
    #[values(Which::Peer, Which::Api)] which: Which,
) {
    let _room = room(Takes::Processors).await;
    crowd::raise_open_files();
    let (idle, active) = (
        number("KAKEHASHI_IDLE", 1000),
        number("KAKEHASHI_ACTIVE", 200),
    );
    // `handshake` and `headers` are the usual ones; 10,000 connections are made within them.
    let limits = [
        ("idle", "10m".into()),
        ("connections_per_client", 4096.into()),
    ];
    let scene = Scene::new(&limits).await;
    let pid = scene.connector(which).pid();
    let (door, held) = (scene.door(which), scene.request(which, HELD));
    let alone = times(&scene).await;
    let before = crowd::memory_kib(pid);

    let nothing = door.request("/nothing-here", &[]);
    let idle_ones = door
        .crowd(idle, &nothing, |answer| answer.contains(" 404 "))
        .await;
    let with_idle = crowd::memory_kib(pid);
    let beside_idle = times(&scene).await;
    let active_ones = door
        .crowd(active, &held, |answer| answer.contains("200 OK"))
        .await;
    let with_active = crowd::memory_kib(pid);
    let beside_all = times(&scene).await;
    println!(
        "{which:?}: {idle} idle take {} KiB each, {active} active {} KiB each (in all {} MiB); another caller's p99: {:?} alone, \
         {:?} beside the idle, {:?} beside all",
        with_idle.saturating_sub(before) / idle as u64,
        with_active.saturating_sub(with_idle) / active as u64,
        with_active >> 10,
        crowd::p99(alone),
        crowd::p99(beside_idle),
        crowd::p99(beside_all),
    );
    // Buffers of the allocator that a small crowd does not fill.
    let slack = 16 << 10;
    assert!(
        with_idle <= before + slack + idle as u64 * idle_kib(which),
        "{before} → {with_idle} KiB"
    );
    assert!(
        with_active <= with_idle + slack + active as u64 * ACTIVE_KIB,
        "{with_idle} → {with_active} KiB"
    );

    // Whoever waited gets everything.
    scene.source.release_all();
    for mut stream in active_ones {
        let mut length = 0;
        let mut piece = vec![0; 64 << 10];
        while length < 200_000 {
            let read = timeout(PATIENCE, stream.read(&mut piece))
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "the body ends after {length} further bytes");
            length += read;
        }
    }
    drop(idle_ones);
    scene.empties(which).await;
    assert_eq!(scene.exchange().await, 200);
}

/// How long small exchanges of somebody else take, one after the other; all have to arrive.
async fn times(scene: &Scene) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        assert_eq!(scene.exchange().await, 200);
        times.push(began.elapsed());
    }
    times
}

#[tokio::test]
async fn bodies_have_a_size_and_a_time() {
    let _turn = TURN.lock().await;
    let scene = impatient().await;
    let door = scene.door(Which::Peer);
    let url: Url = scene
        .provider
        .url
        .join("/cadde/api/v4/authorization")
        .unwrap();
    let operator = Operator::of(scene.trial).await;
    let token = operator
        .management_token(&scene.provider.connector_id, &scene.provider.user)
        .await;
    let head = |length: usize| {
        format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n",
            url.path()
        )
    };
    let mut large = door.connect(0).await.unwrap();
    large.write_all(head(64 << 20).as_bytes()).await.unwrap();
    let _ = large.write_all(&vec![b' '; 4 << 20]).await;
    let _ = large.flush().await;
    let mut slow = door.connect(1).await.unwrap();
    slow.write_all(head(1000).as_bytes()).await.unwrap();
    slow.write_all(b"{").await.unwrap();
    slow.flush().await.unwrap();
    for (stream, name) in [(&mut large, "large"), (&mut slow, "slow")] {
        let mut answer = vec![0; 4096];
        let length = timeout(PATIENCE, stream.read(&mut answer))
            .await
            .unwrap()
            .unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        // The authorization function names what is wrong with a body in its own form, with 422.
        let fits = ["408", "413", "422"]
            .iter()
            .any(|status| answer.starts_with(&format!("HTTP/1.1 {status} ")));
        assert!(fits && answer.contains("body"), "{name}: {answer}");
    }
}
