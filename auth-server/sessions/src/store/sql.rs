//! Sessions in SQL.

use std::sync::LazyLock;

use async_trait::async_trait;
use common_db::{Corrupt, Database, DbError, Migrations, Row, StoreError, migrations, sql};
use time::OffsetDateTime;

use crate::domain::store::{IdHash, SessionStore, Stored};

/// The steps have a table of their own in the database of the process, which has steps of its own.
pub(super) static MIGRATIONS: LazyLock<Migrations> =
    LazyLock::new(|| migrations!("0001_sessions").of_part("sessions"));

/// Sessions that are removed in one step: a transaction stays short.
const AT_ONCE: u32 = 500;

/// The store.
pub(crate) struct SqlSessions {
    database: Database,
}

impl SqlSessions {
    /// Keeps sessions in the database of the process, which gets the tables for them.
    pub(crate) async fn open(database: Database) -> Result<Self, DbError> {
        database.migrate(&MIGRATIONS).await?;
        Ok(Self { database })
    }

    /// The database.
    #[cfg(test)]
    pub(super) fn database(&self) -> &Database {
        &self.database
    }
}

#[async_trait]
impl SessionStore for SqlSessions {
    async fn begin(
        &self,
        session: &Stored,
        now: OffsetDateTime,
        per_user: u32,
    ) -> Result<(), StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // One at a time of a user: two that count at once would both find a place.
            let alone = sql("SELECT $1 AS user_id").on_postgres(
                "SELECT pg_advisory_xact_lock(hashtextextended('screen_session ' || $1, 0))",
            );
            tx.fetch_all(alone.bind(session.user.as_str())).await?;
            let superfluous = sql(
                "UPDATE screen_session SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL AND id_hash NOT IN \
                 (SELECT id_hash FROM screen_session WHERE user_id = $1 AND ended_at IS NULL \
                 ORDER BY used_at DESC, created_at DESC, id_hash LIMIT $3)",
            );
            tx.execute(
                superfluous
                    .bind(session.user.as_str())
                    .bind(now)
                    .bind(per_user.saturating_sub(1)),
            )
            .await?;
            let insert = sql(
                "INSERT INTO screen_session (id_hash, user_id, created_at, used_at, ends_at, tokens, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            );
            tx.execute(
                insert
                    .bind(session.id.0.as_slice())
                    .bind(session.user.as_str())
                    .bind(now)
                    .bind(session.used_at)
                    .bind(session.ends_at)
                    .bind(session.tokens.as_slice())
                    .bind(session.version),
            )
            .await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn find(&self, id: &IdHash) -> Result<Option<Stored>, StoreError> {
        let asked = sql(
            "SELECT id_hash, user_id, used_at, ends_at, tokens, version FROM screen_session \
             WHERE id_hash = $1 AND ended_at IS NULL",
        );
        let found = self
            .database
            .fetch_optional(asked.bind(id.0.as_slice()))
            .await?;
        Ok(found.as_ref().map(stored).transpose()?)
    }

    async fn touch(&self, id: &IdHash, at: OffsetDateTime) -> Result<(), StoreError> {
        // A clock that is behind takes nothing back.
        let used =
            sql("UPDATE screen_session SET used_at = $2 WHERE id_hash = $1 AND used_at < $2");
        self.database
            .execute(used.bind(id.0.as_slice()).bind(at))
            .await?;
        Ok(())
    }

    async fn claim(
        &self,
        id: &IdHash,
        version: i64,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let claim = sql("UPDATE screen_session SET refreshing_until = $4 \
             WHERE id_hash = $1 AND version = $2 AND ended_at IS NULL \
             AND (refreshing_until IS NULL OR refreshing_until <= $3)");
        let claimed = self.database.execute(
            claim
                .bind(id.0.as_slice())
                .bind(version)
                .bind(now)
                .bind(until),
        );
        Ok(claimed.await? > 0)
    }

    async fn unclaim(&self, id: &IdHash, version: i64) -> Result<(), StoreError> {
        let free = sql(
            "UPDATE screen_session SET refreshing_until = NULL WHERE id_hash = $1 AND version = $2",
        );
        self.database
            .execute(free.bind(id.0.as_slice()).bind(version))
            .await?;
        Ok(())
    }

    async fn refresh(&self, id: &IdHash, version: i64, tokens: &[u8]) -> Result<bool, StoreError> {
        // Also of one that was ended meanwhile: it is by these tokens that the authentication server is told.
        let keep = sql(
            "UPDATE screen_session SET tokens = $3, version = version + 1, refreshing_until = NULL \
             WHERE id_hash = $1 AND version = $2",
        );
        let kept = self
            .database
            .execute(keep.bind(id.0.as_slice()).bind(version).bind(tokens));
        Ok(kept.await? > 0)
    }

    async fn end(&self, id: &IdHash, at: OffsetDateTime) -> Result<(), StoreError> {
        let end =
            sql("UPDATE screen_session SET ended_at = $2 WHERE id_hash = $1 AND ended_at IS NULL");
        self.database
            .execute(end.bind(id.0.as_slice()).bind(at))
            .await?;
        Ok(())
    }

    async fn ended(&self, limit: u32) -> Result<Vec<Stored>, StoreError> {
        let asked = sql(
            "SELECT id_hash, user_id, used_at, ends_at, tokens, version FROM screen_session \
             WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT $1",
        );
        let found = self.database.fetch_all(asked.bind(limit)).await?;
        Ok(found.iter().map(stored).collect::<Result<_, _>>()?)
    }

    async fn forget(&self, id: &IdHash) -> Result<(), StoreError> {
        let gone = sql("DELETE FROM screen_session WHERE id_hash = $1");
        self.database.execute(gone.bind(id.0.as_slice())).await?;
        Ok(())
    }

    async fn prune(&self, now: OffsetDateTime, idle: OffsetDateTime) -> Result<u64, StoreError> {
        let over = sql("DELETE FROM screen_session WHERE id_hash IN \
             (SELECT id_hash FROM screen_session WHERE ends_at <= $1 LIMIT $2)");
        let unused = sql("DELETE FROM screen_session WHERE id_hash IN \
             (SELECT id_hash FROM screen_session WHERE used_at <= $1 LIMIT $2)");
        let mut pruned = 0;
        for (step, before) in [(over, now), (unused, idle)] {
            let step = step.bind(before).bind(AT_ONCE);
            loop {
                let gone = self.database.execute(step.clone()).await?;
                pruned += gone;
                if gone < AT_ONCE.into() {
                    break;
                }
            }
        }
        Ok(pruned)
    }
}

fn stored(row: &Row) -> Result<Stored, Corrupt> {
    let row = row.of("screen_session", "user_id");
    Ok(Stored {
        id: IdHash(row.with("id_hash", |bytes: Vec<u8>| {
            <[u8; 32]>::try_from(bytes).map_err(|_| "it is no SHA-256")
        })?),
        user: row.parse("user_id")?,
        used_at: row.get("used_at")?,
        ends_at: row.get("ends_at")?,
        tokens: row.get("tokens")?,
        version: row.get("version")?,
    })
}
