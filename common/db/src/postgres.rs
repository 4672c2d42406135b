//! PostgreSQL: a server, on this host or another.

use std::{error::Error, future::Future, io, net::IpAddr, str::FromStr, time::Duration};

use common::{process::Findings, telemetry::Chain};
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Row as _, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use url::Url;

use crate::{config::DatabaseConfig, error::DbError, failure::is_conflict};

/// Connections of one process. A small managed server allows some eighty in all.
const MAX_CONNECTIONS: u32 = 8;
/// 5 s: how long a request waits for a connection. As long as a file waits for its lock.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection that was used so short ago was tested then.
const FRESH: Duration = Duration::from_secs(1);
/// 2 s: how long a connection at rest may take to show that the server is there.
const PING: Duration = Duration::from_secs(2);
/// 15 s: longest time for everything that one call does, the wait for a connection included. The server's own limits below
/// end what runs there; this one is for a server that does not answer at all.
const PATIENCE: Duration = Duration::from_secs(15);
/// 5 min: a connection at rest is closed.
const IDLE: Duration = Duration::from_mins(5);
/// 30 min: a connection is closed and made anew, so that processes spread out again after a failover.
const LIFETIME: Duration = Duration::from_mins(30);
/// Tries of a transaction that another one was in the way of.
const ATTEMPTS: u32 = 5;
/// 10 ms: mean wait before the second try, doubled with each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// What the server itself ends: a statement, the wait for a lock, a transaction whose process has gone silent while it holds
/// locks that others wait for. Said to each new connection, not asked for at its start: a pooler in between passes on no options of
/// the start, and says nothing of it.
const LIMITS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '10s'";
/// That a commit is durable when it returns, where the server's default is that it isn't.
const DURABLE: &str = "SET synchronous_commit = 'on'";

/// Whether this connection can do our work. Compatible servers may not know the setting.
const IS_READ_ONLY: &str =
    "SELECT coalesce(current_setting('transaction_read_only', true), 'off') = 'on'";

/// The oldest release whose features are enough; older ones are no longer maintained by their developers either.
const OLDEST: i32 = 140_000;

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct PostgresDatabase {
    /// Connections, for what [`PostgresDatabase::run`] runs.
    pub pool: PgPool,
}

impl PostgresDatabase {
    /// Runs `attempt`, and again after a short random pause while other transactions are in its way (SQLSTATE 40001, 40P01),
    /// five times at most. Everything that asks the database goes through here, so that nothing waits longer than 15 s for a
    /// server that has gone silent.
    ///
    /// `attempt` is one transaction or one statement. What it has done is undone before it is called again, by the server;
    /// after any other error, and when the connection is lost during its commit, it is not called again.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub async fn run<T, E, F, Fut>(&self, mut attempt: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Error + From<sqlx::Error> + 'static,
    {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match limited(attempt()).await {
                Err(error) if is_conflict(&error) => {
                    tracing::debug!(
                        error = &error as &dyn Error,
                        "another transaction was in the way"
                    );
                    metrics::counter!("database_retries_total").increment(1);
                    tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        limited(attempt()).await
    }

    /// Whether the server is there and takes what is written.
    ///
    /// # Errors
    /// Why not.
    pub fn probe(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let ask = || async {
                let mut connection = self.pool.acquire().await?;
                is_read_only(&mut connection).await
            };
            match self.run(ask).await {
            Ok(false) => Ok(()),
            Ok(true) => Err("the database server takes nothing that is written: it is a replica, or set to read only".to_owned()),
            Err(error) => {
                let error: sqlx::Error = error;
                Err(Chain(&error).to_string())
            }
        }
        })
    }

    /// Begins a transaction. Each of its statements sees what was committed before that statement (`READ COMMITTED`); what must
    /// not change in between is locked.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn begin(&self) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Postgres>>> {
        Box::pin(async move { self.pool.begin().await })
    }

    /// Begins a transaction that reads everything as it is at one moment.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn snapshot(&self) -> BoxFuture<'_, sqlx::Result<Transaction<'static, Postgres>>> {
        Box::pin(async move {
            self.pool
                .begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
        })
    }
}

/// Asked as text, so that nothing is prepared for it.
async fn is_read_only(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::raw_sql(IS_READ_ONLY)
        .fetch_one(connection)
        .await?
        .try_get(0)
}

/// Waits for one step of a transaction that does not go through [`PostgresDatabase::run`] as a whole, 15 s at most.
///
/// # Errors
/// Those of `attempt`, or that the server has not answered; the connection must not be used again then, only dropped.
pub async fn limited<T, E: From<sqlx::Error>>(
    attempt: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(PATIENCE, attempt)
        .await
        .unwrap_or_else(|_| {
            let silent = io::Error::new(
                io::ErrorKind::TimedOut,
                "the server has not answered for 15 s",
            );
            Err(sqlx::Error::Io(silent).into())
        })
}

/// Opens the database of `config` and runs the missing migrations, one process at a time.
///
/// Commits are durable when they return. Connections are tested before they are used again, so a server that was restarted is
/// found again without a restart of this process.
///
/// # Errors
/// [`DbError`].
pub fn open_postgres<'a>(
    config: &'a DatabaseConfig,
    migrator: &'a Migrator,
) -> BoxFuture<'a, Result<PostgresDatabase, DbError>> {
    Box::pin(async move {
        let options = options(config)?;
        let first = unlimited(&options).await?;
        let settings = Settings::of(&first).await?;
        settings.check()?;
        migrator.run(&first).await?;
        first.close().await;

        let is_durable = settings.synchronous_commit != "off";
        let pool = PgPoolOptions::new()
        .max_connections(config.max_connections.map_or(MAX_CONNECTIONS, Into::into))
        .acquire_timeout(ACQUIRE)
        .idle_timeout(IDLE)
        .max_lifetime(LIFETIME)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(LIMITS).execute(&mut *connection).await?;
                if !is_durable {
                    sqlx::raw_sql(DURABLE).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for < FRESH {
                    return Ok(true);
                }
                Ok(can_work(connection).await.unwrap_or(false))
            })
        })
        // The pool tests a connection that comes back as well, and without a limit: one whose server has gone silent would
        // keep its place in the pool for as long as the kernel keeps trying. One that was made while the server took nothing that is
        // written may stay so when it takes it again, and one to a server that became a replica stays with the replica.
        .after_release(|connection, _| Box::pin(can_work(connection)))
        .connect_with(options)
        .await?;
        Ok(PostgresDatabase { pool })
    })
}

/// A connection without the limits of requests: a migration may take longer than any of them may, and waits for another process
/// that migrates.
async fn unlimited(options: &PgConnectOptions) -> sqlx::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_with(options.clone())
        .await
}

/// Runs the missing migrations of `migrator` in a database that is open already.
pub(crate) async fn migrate_postgres(
    database: &PostgresDatabase,
    migrator: &Migrator,
) -> Result<(), DbError> {
    let first = unlimited(&database.pool.connect_options()).await?;
    migrator.run(&first).await?;
    first.close().await;
    Ok(())
}

/// Whether a connection at rest may be used. One that may not is closed.
async fn can_work(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let silent = || sqlx::Error::Io(io::ErrorKind::TimedOut.into());
    let answer = tokio::time::timeout(PING, is_read_only(connection)).await;
    let is_read_only = answer.map_err(|_| silent())??;
    if is_read_only {
        tracing::warn!(
            "a connection to the database is closed: what is written is not taken there"
        );
    }
    Ok(!is_read_only)
}

/// Makes the database that `config` names, empty, where it is not there yet; says whether it was made. The role has to be
/// allowed to (`CREATEDB`).
///
/// # Errors
/// [`DbError`].
pub fn create_postgres(config: &DatabaseConfig) -> BoxFuture<'_, Result<bool, DbError>> {
    Box::pin(async move {
        let options = options(config)?;
        let name = options.get_database().unwrap_or_default().to_owned();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(DbError::Unfit(format!(
                "it makes no database called {name:?}"
            )));
        }
        // Every server has this one.
        let mut connection = PgConnection::connect_with(&options.database("postgres")).await?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(&name)
                .fetch_one(&mut connection)
                .await?;
        if !exists {
            // A name is no parameter; what this one is made of needs no quoting.
            let statement = format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0");
            sqlx::query(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(!exists)
    })
}

crate::row! { sqlx::postgres::PgRow =>
    /// Settings of a server that decide whether it can be used.
    struct Settings {
        version: i32,
        encoding: String,
        synchronous_commit: String,
        fsync: String,
        read_only: String,
    }
}

impl Settings {
    async fn of(pool: &PgPool) -> sqlx::Result<Self> {
        // A compatible server may not know all of them.
        sqlx::query_as(
            "SELECT current_setting('server_version_num')::int4 AS version, \
             coalesce(current_setting('server_encoding', true), 'UTF8') AS encoding, \
             coalesce(current_setting('synchronous_commit', true), 'on') AS synchronous_commit, \
             coalesce(current_setting('fsync', true), 'on') AS fsync, \
             coalesce(current_setting('transaction_read_only', true), 'off') AS read_only",
        )
        .fetch_one(pool)
        .await
    }

    fn check(&self) -> Result<(), DbError> {
        if self.version < OLDEST {
            return Err(DbError::Unfit(format!(
                "it is release {}, and {} is the oldest that is supported",
                self.version / 10_000,
                OLDEST / 10_000
            )));
        }
        if self.encoding != "UTF8" {
            return Err(DbError::Unfit(format!(
                "the encoding of the database is {}, not UTF8",
                self.encoding
            )));
        }
        if self.read_only == "on" {
            return Err(DbError::Unfit(
                "it is a replica, or set to read only".to_owned(),
            ));
        }
        if self.fsync == "off" {
            tracing::warn!(
                "fsync is off on the database server: a crash there loses what was acknowledged here"
            );
        }
        Ok(())
    }
}

/// How to connect, without the limits.
fn options(config: &DatabaseConfig) -> Result<PgConnectOptions, DbError> {
    let url = Url::parse(&config.url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let mut options = PgConnectOptions::from_str(&config.url)?;
    if let Some(file) = &config.password_file {
        let password = file.read().map_err(DbError::Password)?;
        options = options.password(password.expose_secret());
    }
    if ssl_mode(&url).is_none() && !is_local(&options) {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    if options.get_application_name().is_none() {
        options = options.application_name("kakehashi");
    }
    Ok(options)
}

fn ssl_mode(url: &Url) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| matches!(name.as_ref(), "sslmode" | "ssl-mode"))
        .map(|(_, mode)| mode.into_owned())
}

/// Whether nobody else sees what is sent to the server.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// What is wrong or risky about the address of a server.
pub(super) fn check(config: &DatabaseConfig, findings: &mut Findings) {
    let read = Url::parse(&config.url).map_err(|error| error.to_string());
    let read = read.and_then(|url| {
        let options = PgConnectOptions::from_str(&config.url);
        options
            .map(|options| (ssl_mode(&url), options))
            .map_err(|error| error.to_string())
    });
    match read {
        Err(error) => findings.error("url", &config.url, error),
        Ok((Some(mode), options)) if mode != "verify-full" && !is_local(&options) => {
            findings.warning(
                "url",
                &config.url,
                format_args!(
                    "with sslmode={mode} the server's certificate is not checked for its name; use verify-full with sslrootcert"
                ),
            );
        }
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> String {
        format!(
            "{:?}",
            options(&DatabaseConfig::new(url)).unwrap().get_ssl_mode()
        )
    }

    #[test]
    fn a_server_elsewhere_has_to_prove_its_name_unless_told_otherwise() {
        assert_eq!(mode("postgres://u@db.example/d"), "VerifyFull");
        assert_eq!(mode("postgres://u@db.example/d?sslmode=require"), "Require");
        for local in ["127.0.0.1", "[::1]", "localhost", "%2Frun%2Fpostgresql"] {
            assert_ne!(
                mode(&format!("postgres://u@{local}/d")),
                "VerifyFull",
                "{local}"
            );
        }
    }

    #[test]
    fn what_is_risky_is_told() {
        let of = |config: &DatabaseConfig| {
            let findings = Findings::of(config);
            (findings.errors().len(), findings.warnings().len())
        };
        for (url, found) in [
            ("postgres://u@db.example/d", (0, 0)),
            ("postgres://u@127.0.0.1/d?sslmode=disable", (0, 0)),
            ("postgres://u@db.example/d?sslmode=prefer", (0, 1)),
            ("postgres://u@db.example/d?sslmode=perhaps", (1, 0)),
            ("mysql://u@db.example/d", (1, 0)),
            ("sqlite:x.db", (0, 0)),
        ] {
            assert_eq!(of(&DatabaseConfig::new(url)), found, "{url}");
        }
        let mut file = DatabaseConfig::new("sqlite:x.db");
        file.max_connections = std::num::NonZeroU32::new(3);
        assert_eq!(of(&file), (1, 0));
    }
}
