//! What stays with the process after logins. A process of its own: what other tests hold would be counted, too.

use std::{sync::Arc, time::Duration};

use auth_server::domain::password::Passwords;

/// Resident memory that belongs to no file, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a number").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_of_hashes_is_given_back() {
    let passwords = Passwords::new(4, Duration::from_mins(1)).expect("a hash");
    let passwords = Arc::new(passwords);
    let kept = passwords.hash("correct horse".into()).await;
    let kept = kept.expect("a hash");
    let before = resident_kib();
    let logins: Vec<_> = (0..16)
        .map(|_| {
            let (passwords, kept) = (Arc::clone(&passwords), kept.clone());
            tokio::spawn(async move { passwords.verify("correct horse".into(), Some(kept)).await })
        })
        .collect();
    for login in logins {
        assert!(login.await.expect("no panic").expect("a readable hash"));
    }
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 10 << 10, "{grown} KiB more than before");
}
