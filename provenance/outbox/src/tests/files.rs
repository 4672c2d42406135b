//! Which file is taken, and which is left alone.

use super::{super::*, kit::*};

#[tokio::test]
async fn one_process_has_the_file() {
    let kit = Kit::new();
    let second = open(config(kit.folder.path()), kit.clock.clone());
    assert!(matches!(second, Err(OpenError::Locked)), "{second:?}");
    kit.close().await;
    let second = open(config(kit.folder.path()), kit.clock.clone()).unwrap();
    // Whoever still holds the closed one is told.
    assert!(matches!(
        kit.outbox.reserve(kit.sent()).await,
        Err(OutboxError::Closed)
    ));
    assert!(!kit.outbox.status().writable);
    drop(second);
}

#[tokio::test]
async fn files_of_a_newer_format_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join("outbox.db")).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let clock = Kit::new().clock;
    let opened = open(config(folder.path()), clock);
    assert!(matches!(opened, Err(OpenError::Format(99))), "{opened:?}");
}

#[tokio::test]
async fn files_of_something_else_are_left_alone() {
    let clock = Kit::new().clock;
    for (version, sql) in [
        (0, "CREATE TABLE grant_of(id INTEGER PRIMARY KEY)"),
        (1, "CREATE TABLE grant_of(id INTEGER PRIMARY KEY)"),
        (1, "CREATE TABLE record(id INTEGER PRIMARY KEY)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outbox.db");
        let conn = rusqlite::Connection::open(&file).unwrap();
        conn.execute_batch(sql).unwrap();
        conn.pragma_update(None, "user_version", version).unwrap();
        drop(conn);
        let opened = open(config(folder.path()), clock.clone());
        assert!(matches!(opened, Err(OpenError::Foreign)), "{opened:?}");
        let conn = rusqlite::Connection::open(&file).unwrap();
        let tables: i64 = conn
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(tables, 1);
    }
}

#[tokio::test]
async fn a_damaged_file_is_named_and_not_replaced() {
    let kit = Kit::new();
    kit.outbox.record(kit.sent(), digest(), NOW).await.unwrap();
    kit.close().await;
    let file = kit.folder.path().join("outbox.db");
    let whole = std::fs::read(&file).unwrap();
    let mut garbage = whole.clone();
    garbage[..100].fill(0x55);
    let mut torn = whole.clone();
    // The pages of the tables; the first page tells that it is an outbox.
    torn[4096..].fill(0xff);
    for damaged in [garbage, torn] {
        std::fs::write(&file, &damaged).unwrap();
        let opened = open(config(kit.folder.path()), kit.clock.clone());
        assert!(matches!(opened, Err(OpenError::Store(_))), "{opened:?}");
        assert_eq!(std::fs::metadata(&file).unwrap().len(), whole.len() as u64);
    }
}

#[tokio::test]
async fn a_bad_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bad = OutboxConfig {
        batch: 0,
        ..config(folder.path())
    };
    assert!(matches!(
        open(bad, Kit::new().clock),
        Err(OpenError::Config(_))
    ));
}
