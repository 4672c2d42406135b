//! Size costs time, not memory.

use futures_util::StreamExt as _;
use sha2::{Digest, Sha256};
use tests::{
    Trial,
    data::DataFolder,
    ledger,
    process::peak_memory,
    room::{Takes, room},
    trial::program,
};

/// `KAKEHASHI_GIBIBYTES=10` sends as many instead of 2.
fn length() -> u64 {
    let gibibytes = std::env::var("KAKEHASHI_GIBIBYTES").map_or(2, |text| {
        text.parse().expect("KAKEHASHI_GIBIBYTES is a number")
    });
    gibibytes << 30
}

/// 64 MiB: what each connector may take at its peak, whatever the size, as users build it.
const LIMIT: u64 = 64 << 20;

/// 16 MiB: what a body may add to it, however it is built.
const GROWTH: u64 = 16 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn gibibytes_pass_both_connectors_in_64_mebibytes_of_memory_each() {
    let _room = room(Takes::ATrial).await;
    let expected = length();
    let trial = Trial::start()
        .with_data(DataFolder::usual().with_sparse_file("domain-a-tests/zeros.bin", expected))
        .start();
    let token = trial.domain("b").token().await;
    let resource = trial.domain("a").resource("zeros.bin");

    // What everything takes that is needed for one body, code included, of which there is more without optimisations.
    let small = trial.domain("a").granted_resource("b");
    let fetch = trial.domain("b").fetch(&small.url).from_provider_of("a");
    assert_eq!(fetch.token(&token).send().await.status, 200);
    let services = ["provider-a", "receiver-b"];
    let before = services.map(|name| peak_memory(trial.pid(name)));

    let started = std::time::Instant::now();
    let response = trial
        .domain("b")
        .fetch(&resource.url)
        .from_provider_of("a")
        .token(&token)
        .open()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let received = response.headers()["x-cadde-provenance"]
        .to_str()
        .unwrap()
        .to_owned();
    let (mut hash, mut length) = (Sha256::new(), 0);
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.unwrap();
        length += chunk.len() as u64;
        hash.update(&chunk);
    }
    println!("{} GiB in {:?}", expected >> 30, started.elapsed());
    assert_eq!(length, expected);
    let digest = hex::encode(hash.finalize());
    assert_eq!(digest, digest_of_zeros(expected));

    let events = ledger::arrived(&trial, &received, 3, &token).await;
    assert_eq!(events[1].digest(), Some((digest.clone(), expected)));
    assert_eq!(events[2].digest(), Some((digest, expected)));

    let is_optimised = !program()
        .components()
        .any(|part| part.as_os_str() == "debug");
    for (name, before) in services.into_iter().zip(before) {
        let peak = peak_memory(trial.pid(name));
        println!(
            "{name}: {} MiB at its peak, {} MiB before",
            peak >> 20,
            before >> 20
        );
        assert!(
            peak - before <= GROWTH,
            "{name} took {peak} bytes, {before} before"
        );
        assert!(peak <= LIMIT || !is_optimised, "{name} took {peak} bytes");
    }
}

fn digest_of_zeros(length: u64) -> String {
    let block = vec![0; 1 << 20];
    let mut hash = Sha256::new();
    for _ in 0..length >> 20 {
        hash.update(&block);
    }
    hex::encode(hash.finalize())
}
