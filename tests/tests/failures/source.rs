//! A data source is slow or dead: each deadline has its status, and the inner hop gives up first.

use std::net::{Ipv4Addr, SocketAddr};

use rstest::rstest;
use socket2::{Domain, Socket, Type};
use tests::{
    Trial,
    extra::{Access, Extra, Joining, Role},
    ledger, metrics,
    room::{Takes, room},
    source::Source,
};
use tokio::sync::{Mutex, OnceCell};
use toml::{Table, Value};
use url::Url;

/// Providers with short deadlines, each shorter than the others in one.
struct Scene {
    trial: &'static Trial,
    source: Source,
    silent: Silent,
    /// Gives up on headers and pauses.
    impatient: Extra,
    /// Gives up on the whole.
    brief: Extra,
    /// Gives up late; its receiver does not.
    patient: Extra,
    receiver: Extra,
}

/// An address that answers no attempt to connect: its queue is full.
struct Silent {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<Socket>,
}

impl Silent {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener
            .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
            .unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let queued = (0..4)
            .map(|_| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                socket.set_nonblocking(true).unwrap();
                // It is under way, whether it gets into the queue or not.
                let _ = socket.connect(&address);
                socket
            })
            .collect();
        Self {
            address: address.as_socket().unwrap(),
            _listener: listener,
            _queued: queued,
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

const LATE: &str = "/late/1000";
const HELD: &str = "/held/300000/100000";

fn deadlines(config: &mut Table, values: &[(&str, &str)]) {
    let section = config
        .entry("deadlines")
        .or_insert_with(|| Value::Table(Table::new()));
    for (key, value) in values {
        let table = section.as_table_mut().unwrap();
        table.insert((*key).to_owned(), Value::from(*value));
    }
}

impl Scene {
    async fn new() -> Self {
        let trial = Trial::shared();
        let (source, silent) = (Source::start().await, Silent::new());
        let resources = [source.url(LATE), source.url(HELD)];
        let dead = silent.url("/x");
        let provider = async |values: &[(&str, &str)]| {
            let mut joining = Joining::register(trial, Role::Provider)
                .await
                .offering(&source.url("/"), &resources, Access::Open)
                .await
                .offering(&silent.url("/"), std::slice::from_ref(&dead), Access::Open)
                .await;
            deadlines(&mut joining.config, values);
            joining.start("kakehashi/1").await
        };
        let impatient = provider(&[("connect", "2s"), ("first_byte", "3s"), ("idle", "2s")]).await;
        let brief = provider(&[
            ("total", "4s"),
            ("connect", "4s"),
            ("first_byte", "4s"),
            ("idle", "4s"),
        ])
        .await;
        let patient = provider(&[]).await;
        let mut joining = Joining::register(trial, Role::Receiver).await;
        deadlines(
            &mut joining.config,
            &[
                ("total", "3s"),
                ("connect", "3s"),
                ("first_byte", "3s"),
                ("idle", "3s"),
            ],
        );
        let receiver = joining.start("").await;
        Self {
            trial,
            source,
            silent,
            impatient,
            brief,
            patient,
            receiver,
        }
    }
}

/// They compare counters of the same connectors.
static TURN: Mutex<()> = Mutex::const_new(());

async fn scene() -> &'static Scene {
    static SCENE: OnceCell<Scene> = OnceCell::const_new();
    SCENE.get_or_init(Scene::new).await
}

#[rstest]
#[case::to_connect(true)]
#[case::to_answer(false)]
#[tokio::test]
async fn a_source_that_is_too_slow_is_408_and_not_recorded(#[case] connect: bool) {
    let _turn = TURN.lock().await;
    let _room = room(Takes::Quiet).await;
    let scene = scene().await;
    let url = if connect {
        scene.silent.url("/x")
    } else {
        scene.source.url(LATE)
    };
    let written = scene.impatient.outbox_writes(scene.trial).await;
    let answer = scene
        .trial
        .domain("b")
        .fetch(url.as_str())
        .from_provider(&scene.impatient.user.user_id)
        .send()
        .await;
    answer.assert_refused_by_provider(408, "000001001E");
    let now = scene.impatient.outbox_writes(scene.trial).await;
    assert!((now - written).abs() < 0.5, "something was recorded");
}

#[rstest]
#[case::pauses(true)]
#[case::takes_too_long(false)]
#[tokio::test]
async fn a_source_that_stalls_breaks_the_transfer_and_both_sides_say_why(#[case] pauses: bool) {
    let _turn = TURN.lock().await;
    let _room = room(Takes::Quiet).await;
    let scene = scene().await;
    let trial = scene.trial;
    let provider = if pauses {
        &scene.impatient
    } else {
        &scene.brief
    };
    let url = scene.source.url(HELD);
    let mut begun = trial
        .domain("b")
        .fetch(url.as_str())
        .from_provider(&provider.user.user_id)
        .open()
        .await
        .unwrap();
    assert_eq!(begun.status(), 200);
    let received = begun.headers()["x-cadde-provenance"]
        .to_str()
        .unwrap()
        .to_owned();
    let rest = async {
        let mut length = 0;
        while let Some(piece) = begun.chunk().await? {
            length += piece.len();
        }
        reqwest::Result::Ok(length)
    };
    assert!(rest.await.is_err(), "the body looked whole");
    let aborted = |side: &'static str| {
        ledger::record(trial, "transfer-aborted", move |core| {
            let evidence = &core["evidence"];
            evidence["cdleventtype"] == side
                && evidence["dataprovider"] == provider.user.user_id.as_str()
        })
    };
    let (sent, arrived) = (aborted("Sent").await, aborted("Received").await);
    assert_eq!(sent["evidence"]["reason"], "timeout", "{sent}");
    assert!(
        arrived["evidence"]["len"].as_u64().unwrap() <= 100_000,
        "{arrived}"
    );
    assert!(
        !ledger::records(trial, "Received")
            .iter()
            .any(|core| core["event"]["cdleventid"] == received.as_str()),
        "what did not arrive whole is no Received"
    );
}

#[tokio::test]
async fn the_provider_gives_up_before_its_receiver_and_its_reason_arrives() {
    let _turn = TURN.lock().await;
    let _room = room(Takes::Quiet).await;
    let scene = scene().await;
    let (trial, receiver) = (scene.trial, &scene.receiver);
    let written = metrics::outbox_writes(trial.http(), &receiver.admin).await;
    let ask = async || {
        let url = scene.source.url(LATE);
        let fetch = trial
            .domain("b")
            .fetch(url.as_str())
            .at(receiver.url.join("/cadde/api/v4/file").unwrap());
        fetch
            .from_provider(&scene.patient.user.user_id)
            .send()
            .await
    };
    let mut answer = ask().await;
    // It is a quarter of a second ahead, which a busy machine may use up, if not every time.
    for _ in 0..2 {
        if (answer.status, answer.message_id().as_deref()) == (408, Some("000001001E")) {
            println!("the receiver was quicker");
            answer = ask().await;
        }
    }
    answer.assert_refused_by_provider(408, "000001001E");
    let now = metrics::outbox_writes(trial.http(), &receiver.admin).await;
    assert!((now - written).abs() < 0.5, "something was recorded");
}
