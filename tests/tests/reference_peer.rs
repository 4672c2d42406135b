//! A peer that knows nothing of this project: a receiver of the reference kind, played byte by byte.

use std::time::Duration;

use tests::{
    Trial, ledger, metrics,
    operator::Operator,
    process::signal,
    raw,
    room::{Takes, room},
    tls::{self, Identity, client_config},
    wait,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// 30 s: for what comes within milliseconds where nobody else uses the machine.
const ARRIVAL: Duration = Duration::from_secs(30);
/// 500 ms: how long the last byte is watched not to come, once everything before it did.
const STANDSTILL: Duration = Duration::from_millis(500);

/// The request of an existing receiver: certificate, plain token, empty options, no exchange id.
fn request(trial: &Trial, resource: &str, token: Option<&str>) -> String {
    let host = trial.domain("a").ready.provider.peer.authority().to_owned();
    let authorization = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    format!(
        "GET /cadde/api/v4/file HTTP/1.1\r\nHost: {host}\r\nUser-Agent: python-requests/2.28.1\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: close\r\n\
         x-cadde-resource-url: {resource}\r\nx-cadde-resource-api-type: file/http\r\n\
         {authorization}x-cadde-options: \r\n\r\n"
    )
}

/// A receiver of another make in domain B.
async fn reference(trial: &Trial) -> Identity {
    let operator = Operator::of(trial).await;
    operator
        .new_reference(trial.domain("b").provider_id())
        .await
}

#[tokio::test]
async fn a_reference_receiver_gets_its_file_and_sent_is_in_the_ledger_before_the_last_byte() {
    let _room = room(Takes::ATrial).await;
    let trial = Trial::start().start();
    let token = trial.domain("b").token().await;
    let reference = reference(&trial).await;
    let peer = &trial.domain("a").ready.provider.peer;
    let ledger_process = trial.pid("provenance-server");
    let admin = &trial.domain("a").ready.provider.admin;
    // One that fits the window whole: nothing of it leaves before the ledger knows. One that streams: all
    // leaves but what was read last, which is 400 KB at most.
    for (name, at_first) in [("readings.csv", 0), ("archive.bin", 500_000)] {
        let resource = trial.domain("a").resource(name);
        let config = client_config(&trial.ready.ca, Some(reference.clone()));
        let mut stream = tls::connect(peer, config).await.unwrap();

        let before = metrics::outbox_writes(trial.http(), admin).await;
        signal(ledger_process, "STOP");
        stream
            .write_all(request(&trial, &resource.url, Some(&token)).as_bytes())
            .await
            .unwrap();
        let mut all = Vec::new();
        while all.len() < at_first {
            let more = tokio::time::timeout(ARRIVAL, stream.read_buf(&mut all)).await;
            let more = more.expect("what may leave before the ledger knows does");
            let more =
                more.unwrap_or_else(|error| panic!("{name} after {} bytes: {error}", all.len()));
            assert_ne!(more, 0, "{name} ended after {} bytes", all.len());
        }
        // The provider has it all, and waits.
        wait::until("the exchange in the outbox", ARRIVAL, || async {
            let written = metrics::outbox_writes(trial.http(), admin).await;
            (written > before).then_some(())
        })
        .await;
        all.extend(read_for(&mut stream, STANDSTILL).await);
        let early = all.len();
        signal(ledger_process, "CONT");
        let _ = stream.read_to_end(&mut all).await;

        let split = all
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(all[..split].to_vec()).unwrap();
        let answer = raw::RawAnswer {
            head,
            body: all[split + 4..].to_vec(),
            end: raw::End::Closed,
        };
        assert_eq!(answer.status(), 200, "{}", answer.head);
        // While the ledger stood still the last byte did not come.
        assert!(
            early < all.len(),
            "{name}: all bytes came before the ledger knew"
        );

        let sent = answer
            .header("x-cadde-provenance")
            .expect("lower-case on the wire")
            .to_owned();
        let now = ledger::lineage(&trial, &sent, "BACKWARD", &token).await;
        assert_eq!(now.status, 200, "Sent is not in the ledger: {}", now.text());
        let events = ledger::events(&now);
        assert_eq!(events.last().unwrap().kind(), "Sent");
        // What streams comes in chunks: such a receiver compares no length, and a cut would look whole to it.
        let body = match answer.header("content-length") {
            Some(length) => {
                assert_eq!(answer.body.len(), length.parse::<usize>().unwrap());
                answer.body.clone()
            }
            None => raw::dechunked(&answer.body).expect("a whole body"),
        };
        assert_eq!(answer.header("content-length").is_some(), at_first == 0);
        let length = body.len() as u64;
        assert_eq!(events.last().unwrap().digest().unwrap().1, length);
        for name in [
            "x-cadde-provenance-management-service-url",
            "x-cadde-contract-id",
            "x-cadde-contract-type",
            "x-cadde-contract-management-service-url",
        ] {
            assert!(
                answer.header(name).is_some(),
                "{name} is missing or not in lower case: {}",
                answer.head
            );
        }
    }
}

#[tokio::test]
async fn a_reference_receiver_without_a_token_gets_open_data_with_five_empty_headers() {
    let trial = Trial::shared();
    let resource = trial.domain("a").open_resource();
    let reference = reference(trial).await;
    let peer = &trial.domain("a").ready.provider.peer;
    let config = client_config(&trial.ready.ca, Some(reference.clone()));
    let mut stream = tls::connect(peer, config).await.unwrap();
    let answer = raw::over(&mut stream, &request(trial, &resource.url, None))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.head);
    for name in [
        "x-cadde-provenance",
        "x-cadde-provenance-management-service-url",
        "x-cadde-contract-id",
        "x-cadde-contract-type",
        "x-cadde-contract-management-service-url",
    ] {
        assert_eq!(answer.header(name), Some(""), "{}", answer.head);
    }
}

async fn read_for<S: AsyncReadExt + Unpin>(stream: &mut S, time: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    let deadline = tokio::time::Instant::now() + time;
    while let Ok(Ok(length)) = tokio::time::timeout_at(deadline, stream.read(&mut piece)).await {
        if length == 0 {
            break;
        }
        read.extend_from_slice(&piece[..length]);
    }
    read
}
