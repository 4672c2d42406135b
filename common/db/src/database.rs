//! A database, whichever it is, and its transactions.

use std::{error::Error, future::Future, time::Duration};

use common::{
    process::{Check, Shutdown},
    telemetry::Chain,
};
use futures_util::future::BoxFuture;
use sqlx::{Executor, Postgres, Sqlite, migrate::Migrator};

use crate::{
    Backend, DatabaseConfig, DbError, PostgresDatabase, SqliteDatabase, open_postgres, open_sqlite,
    postgres::migrate_postgres,
    row::Row,
    statement::{Statement, sql},
};

/// 1 s: a database that went away is noticed before a load balancer's second look.
const PROBE: Duration = Duration::from_secs(1);

/// The steps that bring a database to its current schema. They never change once they are released.
#[derive(Debug)]
pub struct Migrations {
    /// `migrations/sqlite`.
    pub sqlite: Migrator,
    /// `migrations/postgres`.
    pub postgres: Migrator,
}

impl Migrations {
    /// The same as the steps of a part that several processes have, each beside tables of its own: what was done of them is
    /// noted in a table of their own, so that their numbers are in nobody's way.
    #[must_use]
    pub fn of_part(mut self, part: &str) -> Self {
        for migrator in [&mut self.sqlite, &mut self.postgres] {
            migrator.dangerous_set_table_name(format!("_{part}_migrations"));
        }
        self
    }
}

/// A database of one of both kinds.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(SqliteDatabase),
    /// A server.
    Postgres(PostgresDatabase),
}

/// A transaction. It is undone where it is dropped without [`Transaction::commit`].
#[derive(Debug)]
pub enum Transaction {
    /// In a file.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// At a server.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Database {
    /// Opens the database of `config`, whichever it is, and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn open<'a>(
        config: &'a DatabaseConfig,
        migrations: &'a Migrations,
    ) -> BoxFuture<'a, Result<Self, DbError>> {
        Box::pin(async move {
            Ok(match Backend::of(config)? {
                Backend::Sqlite => Self::Sqlite(open_sqlite(config, &migrations.sqlite).await?),
                Backend::Postgres => {
                    Self::Postgres(open_postgres(config, &migrations.postgres).await?)
                }
            })
        })
    }

    /// Brings the tables of a part ([`Migrations::of_part`]) to their current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn migrate(&self, migrations: &Migrations) -> Result<(), DbError> {
        match self {
            Self::Sqlite(file) => migrations.sqlite.run(&file.writer).await?,
            Self::Postgres(server) => migrate_postgres(server, &migrations.postgres).await?,
        }
        Ok(())
    }

    /// Runs `attempt`, one transaction, and again where the server has undone it because another one was in its way, as
    /// [`PostgresDatabase::run`] has it. In a file transactions queue, and none is in the way of another.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub async fn run<T, E, F, Fut>(&self, mut attempt: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Error + From<sqlx::Error> + 'static,
    {
        match self {
            Self::Sqlite(_) => attempt().await,
            Self::Postgres(server) => server.run(attempt).await,
        }
    }

    /// Begins a transaction that may write.
    ///
    /// In a file it is the only one that may, from its first statement on (`BEGIN IMMEDIATE`): one that first reads and then
    /// writes would otherwise fail where somebody else wrote in between, whatever the patience. At a server each of its
    /// statements sees what was committed before that statement; what must not change in between is locked.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn begin(&self) -> BoxFuture<'_, sqlx::Result<Transaction>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite(file) => {
                    Transaction::Sqlite(file.writer.begin_with("BEGIN IMMEDIATE").await?)
                }
                Self::Postgres(server) => Transaction::Postgres(server.begin().await?),
            })
        })
    }

    /// Begins a transaction that reads everything as it is at one moment.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn snapshot(&self) -> BoxFuture<'_, sqlx::Result<Transaction>> {
        Box::pin(async move {
            Ok(match self {
                Self::Sqlite(file) => Transaction::Sqlite(file.reader.begin().await?),
                Self::Postgres(server) => Transaction::Postgres(server.snapshot().await?),
            })
        })
    }

    /// Asks once a second whether the database is there and takes what is written, and tells `check`, until `shutdown`.
    pub fn spawn_probe(&self, check: Check, shutdown: Shutdown) {
        let database = self.clone();
        tokio::spawn(async move {
            loop {
                check.set(database.probe().await);
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(PROBE) => {}
                }
            }
        });
    }

    /// Whether the database is there and takes what is written.
    ///
    /// # Errors
    /// Why not.
    pub fn probe(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            match self {
                // Reading alone: whoever tried to write would keep its place in the queue from those who have something to write.
                Self::Sqlite(_) => self
                    .fetch_optional(sql("SELECT name FROM sqlite_schema LIMIT 1"))
                    .await
                    .map(drop)
                    .map_err(|error| Chain(&error).to_string()),
                Self::Postgres(server) => server.probe().await,
            }
        })
    }

    /// All rows of a statement that reads.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_all<'a>(
        &'a self,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Row>>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(file) => sqlite_rows(&file.reader, &statement).await,
                Self::Postgres(server) => {
                    server.run(|| postgres_rows(&server.pool, &statement)).await
                }
            }
        })
    }

    /// The first row of a statement that reads.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_optional<'a>(
        &'a self,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Option<Row>>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(file) => sqlite_row(&file.reader, &statement).await,
                Self::Postgres(server) => {
                    server.run(|| postgres_row(&server.pool, &statement)).await
                }
            }
        })
    }

    /// The row of a statement that reads and always finds one.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_one<'a>(&'a self, statement: Statement<'a>) -> BoxFuture<'a, sqlx::Result<Row>> {
        Box::pin(async move {
            self.fetch_optional(statement)
                .await?
                .ok_or(sqlx::Error::RowNotFound)
        })
    }

    /// Runs a statement that writes, as a transaction of its own; tells how many rows it changed.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn execute<'a>(&'a self, statement: Statement<'a>) -> BoxFuture<'a, sqlx::Result<u64>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(file) => sqlite_execute(&file.writer, &statement).await,
                Self::Postgres(server) => {
                    server
                        .run(|| postgres_execute(&server.pool, &statement))
                        .await
                }
            }
        })
    }
}

impl Transaction {
    /// All rows of a statement.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_all<'a>(
        &'a mut self,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Row>>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => sqlite_rows(&mut **tx, &statement).await,
                Self::Postgres(tx) => postgres_rows(&mut **tx, &statement).await,
            }
        })
    }

    /// The first row of a statement.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_optional<'a>(
        &'a mut self,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Option<Row>>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => sqlite_row(&mut **tx, &statement).await,
                Self::Postgres(tx) => postgres_row(&mut **tx, &statement).await,
            }
        })
    }

    /// The row of a statement that always has one.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn fetch_one<'a>(
        &'a mut self,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, sqlx::Result<Row>> {
        Box::pin(async move {
            self.fetch_optional(statement)
                .await?
                .ok_or(sqlx::Error::RowNotFound)
        })
    }

    /// Runs a statement that writes; tells how many rows it changed.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn execute<'a>(&'a mut self, statement: Statement<'a>) -> BoxFuture<'a, sqlx::Result<u64>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => sqlite_execute(&mut **tx, &statement).await,
                Self::Postgres(tx) => postgres_execute(&mut **tx, &statement).await,
            }
        })
    }

    /// Makes it count, durably.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn commit(self) -> BoxFuture<'static, sqlx::Result<()>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx) => tx.commit().await,
            }
        })
    }

    /// Undoes it.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub fn rollback(self) -> BoxFuture<'static, sqlx::Result<()>> {
        Box::pin(async move {
            match self {
                Self::Sqlite(tx) => tx.rollback().await,
                Self::Postgres(tx) => tx.rollback().await,
            }
        })
    }

    /// Makes it count where it `is_so`, undoes it where not; tells which.
    ///
    /// # Errors
    /// [`sqlx::Error`].
    pub async fn commit_if(self, is_so: bool) -> sqlx::Result<bool> {
        if is_so {
            self.commit().await?;
        } else {
            self.rollback().await?;
        }
        Ok(is_so)
    }
}

/// What is done for a statement at one of both: the same three, with the database's own types.
macro_rules! doing {
    ($database:ty, $query:ident, $row:path, $rows:ident, $one:ident, $execute:ident) => {
        async fn $rows<'c>(
            to: impl Executor<'c, Database = $database>,
            statement: &Statement<'_>,
        ) -> sqlx::Result<Vec<Row>> {
            if statement.is_in_vain() {
                return Ok(Vec::new());
            }
            let rows = statement.$query()?.fetch_all(to).await?;
            Ok(rows.into_iter().map($row).collect())
        }

        async fn $one<'c>(
            to: impl Executor<'c, Database = $database>,
            statement: &Statement<'_>,
        ) -> sqlx::Result<Option<Row>> {
            if statement.is_in_vain() {
                return Ok(None);
            }
            let row = statement.$query()?.fetch_optional(to).await?;
            Ok(row.map($row))
        }

        async fn $execute<'c>(
            to: impl Executor<'c, Database = $database>,
            statement: &Statement<'_>,
        ) -> sqlx::Result<u64> {
            if statement.is_in_vain() {
                return Err(sqlx::Error::Encode(
                    "a text with NUL is stored nowhere".into(),
                ));
            }
            let done = statement.$query()?.execute(to).await?;
            Ok(done.rows_affected())
        }
    };
}

doing!(
    Sqlite,
    to_sqlite,
    Row::Sqlite,
    sqlite_rows,
    sqlite_row,
    sqlite_execute
);
doing!(
    Postgres,
    to_postgres,
    Row::Postgres,
    postgres_rows,
    postgres_row,
    postgres_execute
);
