//! A real PostgreSQL server: how it is opened, what happens while it is away and when transactions get in each other's way.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use common_db::{DatabaseConfig, DbError, PostgresDatabase, is_unavailable, open_postgres};
use sqlx::migrate::Migrator;
use test_postgres::{Database, Server};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A table of accounts, as a migration.
async fn migrations() -> Migrator {
    let folder = tempfile::tempdir().unwrap();
    let sql = "CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL CHECK (amount >= 0)); \
               INSERT INTO account VALUES (1, 10), (2, 10);";
    std::fs::write(folder.path().join("0001_accounts.sql"), sql).unwrap();
    Migrator::new(folder.path()).await.unwrap()
}

async fn open(database: &Database) -> PostgresDatabase {
    open_postgres(&database.config(), &migrations().await)
        .await
        .unwrap()
}

async fn amounts(database: &PostgresDatabase) -> Result<Vec<i32>, sqlx::Error> {
    let read = || async {
        sqlx::query_scalar("SELECT amount FROM account ORDER BY id")
            .fetch_all(&database.pool)
            .await
    };
    database.run(read).await
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let database = Server::shared().database();
    let (a, b, c) = tokio::join!(open(&database), open(&database), open(&database));
    for opened in [a, b, c] {
        assert_eq!(amounts(&opened).await.unwrap(), [10, 10]);
    }
}

#[tokio::test]
async fn a_server_that_went_away_is_unavailable_and_found_again() {
    let server = Arc::new(Server::start());
    let database = open(&server.database()).await;
    assert_eq!(amounts(&database).await.unwrap(), [10, 10]);

    let mut unfinished = database.begin().await.unwrap();
    sqlx::query("UPDATE account SET amount = 0")
        .execute(&mut *unfinished)
        .await
        .unwrap();
    blocking(&server, Server::crash).await;
    let lost = unfinished.commit().await.unwrap_err();
    assert!(is_unavailable(&lost), "{lost:?}");
    let asked = Instant::now();
    let away = amounts(&database).await.unwrap_err();
    assert!(is_unavailable(&away), "{away:?}");
    assert!(
        asked.elapsed() < Duration::from_secs(12),
        "{:?}",
        asked.elapsed()
    );

    blocking(&server, Server::start_again).await;
    assert_eq!(
        amounts(&database).await.unwrap(),
        [10, 10],
        "what was not committed is undone"
    );

    // In order this time, with connections at rest in the pool.
    blocking(&server, |server| {
        server.stop();
        server.start_again();
    })
    .await;
    let mut left = 50;
    while let Err(error) = amounts(&database).await {
        assert!(is_unavailable(&error), "{error:?}");
        left -= 1;
        assert!(left > 0, "the server is not found again");
    }
}

/// Off the threads on which the pool works.
async fn blocking(server: &Arc<Server>, act: fn(&Server)) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || act(&server))
        .await
        .unwrap();
}

#[tokio::test]
async fn transactions_that_wait_for_each_other_are_run_again() {
    let database = open(&Server::shared().database()).await;
    let attempts = AtomicU32::new(0);
    let both_hold = tokio::sync::Barrier::new(2);
    let transfer = async |from: i32, to: i32| {
        database
            .run(|| async {
                let round = attempts.fetch_add(1, Ordering::Relaxed);
                let mut transaction = database.begin().await?;
                sqlx::query("UPDATE account SET amount = amount - 1 WHERE id = $1")
                    .bind(from)
                    .execute(&mut *transaction)
                    .await?;
                if round < 2 {
                    both_hold.wait().await;
                }
                sqlx::query("UPDATE account SET amount = amount + 1 WHERE id = $1")
                    .bind(to)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await
            })
            .await
    };
    let (there, back) = tokio::join!(transfer(1, 2), transfer(2, 1));
    there.unwrap();
    back.unwrap();
    // Once, unless the other one was slow to go on.
    let attempts = attempts.load(Ordering::Relaxed);
    assert!(
        (3..=5).contains(&attempts),
        "one of them is run again: {attempts}"
    );
    assert_eq!(amounts(&database).await.unwrap(), [10, 10]);
}

#[tokio::test]
async fn a_conflict_that_lasts_is_given_up_and_a_mistake_is_not_repeated() {
    let database = open(&Server::shared().database()).await;
    let attempts = AtomicU32::new(0);
    let fail = async |state: &str| -> Result<(), sqlx::Error> {
        attempts.store(0, Ordering::Relaxed);
        let statement =
            format!("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$");
        let attempt = || async {
            attempts.fetch_add(1, Ordering::Relaxed);
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement.as_str()))
                .execute(&database.pool)
                .await
                .map(drop)
        };
        database.run(attempt).await
    };
    for state in ["40001", "40P01"] {
        assert!(is_unavailable(&fail(state).await.unwrap_err()));
        assert_eq!(attempts.load(Ordering::Relaxed), 5, "{state}");
    }
    for state in ["23505", "57014"] {
        fail(state).await.unwrap_err();
        assert_eq!(attempts.load(Ordering::Relaxed), 1, "{state}");
    }
}

/// A pooler in between, as it comes by default: of how a connection starts it passes on who connects to what, and nothing else.
async fn pooler(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass_on(client, server));
        }
    });
    port
}

async fn pass_on(mut client: TcpStream, server: u16) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    let mut start = vec![0; length as usize - 4];
    client.read_exact(&mut start).await?;
    // The version of the protocol, then names and values, each with a NUL at its end.
    let (version, texts) = start.split_at(4);
    let mut texts = texts.split(|byte| *byte == 0);
    let mut passed = version.to_vec();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        if matches!(name, b"user" | b"database") {
            passed.extend([name, b"\0", value, b"\0"].concat());
        }
    }
    passed.push(0);
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    let length = u32::try_from(passed.len() + 4).unwrap();
    server.write_u32(length).await?;
    server.write_all(&passed).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server)
        .await
        .map(drop)
}

#[tokio::test]
async fn each_connection_has_the_limits_also_behind_a_pooler() {
    let server = Server::shared();
    let direct = server.database();
    let mut pooled = direct.config();
    let (from, to) = (server.port(), pooler(server.port()).await);
    pooled.url = pooled.url.replace(&format!(":{from}/"), &format!(":{to}/"));
    for config in [direct.config(), pooled] {
        let database = open_postgres(&config, &migrations().await).await.unwrap();
        let mut limits = Vec::new();
        for name in [
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
        ] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&database.pool)
                .await
                .unwrap();
            limits.push(value);
        }
        assert_eq!(limits, ["10s", "5s", "10s"]);
    }
}

/// As in a failover: what connects meanwhile reads alone, and would for as long as it lasts.
#[tokio::test]
async fn a_server_that_takes_nothing_is_no_good_and_is_found_again_when_it_does() {
    let server = Server::shared();
    let site = server.database();
    let database = open(&site).await;
    assert_eq!(database.probe().await, Ok(()));
    let whole = |setting: &str| {
        server.sql(
            "postgres",
            &format!("ALTER DATABASE {} {setting}", site.name),
        );
    };
    let end_all = || {
        server.sql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                site.name
            ),
        );
    };
    let write = async || {
        let write = || sqlx::query("UPDATE account SET amount = amount").execute(&database.pool);
        let written: sqlx::Result<_> = database.run(write).await;
        written.map(drop)
    };
    let until = async |is_there: &dyn Fn(&sqlx::Result<()>) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_there(&write().await) {
            assert!(Instant::now() < deadline, "nothing changes");
        }
    };

    whole("SET default_transaction_read_only = on");
    end_all();
    until(&|written| {
        let error = written.as_ref().err();
        let code = error.and_then(|error| error.as_database_error()?.code());
        code.as_deref() == Some("25006")
    })
    .await;
    assert!(is_unavailable(&write().await.unwrap_err()));
    let told = database.probe().await.unwrap_err();
    assert!(told.contains("read only"), "{told}");

    whole("RESET default_transaction_read_only");
    until(&Result::is_ok).await;
    assert_eq!(database.probe().await, Ok(()));
    // And it stays so: none of before is left.
    for _ in 0..20 {
        write().await.unwrap();
    }
}

#[tokio::test]
async fn tls_is_checked_down_to_the_name() {
    let server = Server::shared();
    let database = server.database();
    let with = |host: &str| DatabaseConfig {
        url: format!(
            "postgres://kakehashi@{host}:{}/{}?sslmode=verify-full&sslrootcert={}",
            server.port(),
            database.name,
            server.ca().display()
        ),
        ..database.config()
    };
    let migrations = migrations().await;
    let opened = open_postgres(&with("localhost"), &migrations)
        .await
        .unwrap();
    let is_tls: bool =
        sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            .fetch_one(&opened.pool)
            .await
            .unwrap();
    assert!(is_tls);
    // The certificate is for the name alone.
    let other = open_postgres(&with("127.0.0.1"), &migrations)
        .await
        .unwrap_err();
    assert!(
        matches!(&other, DbError::Open(error) if error.to_string().contains("certificate")),
        "{other:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unfit_database_are_named() {
    let server = Server::shared();
    let migrations = migrations().await;
    let wrong = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong.path(), "wrong\n").unwrap();
    let mut config = server.database().config();
    config.password_file = Some(common::config::SecretFile(wrong.path().to_owned()));
    let error = open_postgres(&config, &migrations).await.unwrap_err();
    assert!(matches!(error, DbError::Open(_)), "{error:?}");

    let release: u32 = server
        .sql("postgres", "SHOW server_version_num")
        .parse()
        .unwrap();
    // Older ones know no other.
    let provider = if release >= 150_000 {
        "LOCALE_PROVIDER libc"
    } else {
        ""
    };
    server.sql(
        "postgres",
        &format!("CREATE DATABASE ascii OWNER kakehashi ENCODING 'SQL_ASCII' {provider} LOCALE 'C' TEMPLATE template0"),
    );
    config = server.database().config();
    config.url = server.url("ascii");
    let error = open_postgres(&config, &migrations).await.unwrap_err();
    assert!(matches!(error, DbError::Unfit(_)), "{error:?}");
}
