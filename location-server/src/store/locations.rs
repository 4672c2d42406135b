//! Locations and their history in SQL.

use std::sync::LazyLock;

use async_trait::async_trait;
use common::ids::UserId;
use common_db::{
    Corrupt, Database, DatabaseConfig, DbError, Json, Migrations, Row, StoreError, Transaction,
    migrations, sql, up_to_nul,
};
use location_client::api::{Change, ChangeKind, Entry};
use time::OffsetDateTime;

use crate::domain::{Author, LocationStore, Stored};

pub(super) static MIGRATIONS: LazyLock<Migrations> =
    LazyLock::new(|| migrations!("0001_locations", "0002_history_ends"));

/// The store.
pub struct Locations {
    database: Database,
}

impl Locations {
    /// Opens the database of `config` and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: Database::open(config, &MIGRATIONS).await?,
        })
    }

    /// The database, to be asked whether it works.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

#[async_trait]
impl LocationStore for Locations {
    async fn get(&self, provider: &UserId) -> Result<Option<Stored>, StoreError> {
        let found = self
            .database
            .fetch_optional(
                sql(
                    "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location \
                     WHERE provider_id = $1",
                )
                .bind(provider.as_str()),
            )
            .await?;
        Ok(found.as_ref().map(stored).transpose()?)
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Stored>, StoreError> {
        let found = self
            .database
            .fetch_all(
                sql(
                    "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location \
                     WHERE provider_id > $1 ORDER BY provider_id LIMIT $2",
                )
                .bind(up_to_nul(after.unwrap_or_default()))
                .bind(limit),
            )
            .await?;
        Ok(found.iter().map(stored).collect::<Result<_, _>>()?)
    }

    async fn create(
        &self,
        provider: &UserId,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let entries = (None, Some(entry));
            let version =
                insert_change(&mut tx, ChangeKind::Create, provider, entries, author, at).await?;
            let inserted = tx
                .execute(
                    sql(
                        "INSERT INTO location (provider_id, connector_url, connector_id, profile, change_id) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider_id) DO NOTHING",
                    )
                    .bind(provider.as_str())
                    .bind(&entry.provider_connector_url)
                    .bind(&entry.connector_id)
                    .bind(entry.profile.as_str())
                    .bind(version),
                )
                .await?;
            let stored = Stored {
                provider: provider.clone(),
                entry: entry.clone(),
                version,
            };
            Ok(tx.commit_if(inserted > 0).await?.then_some(stored))
        };
        self.database.run(attempt).await
    }

    async fn replace(
        &self,
        from: &Stored,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        let provider = &from.provider;
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let entries = (Some(&from.entry), Some(entry));
            let version =
                insert_change(&mut tx, ChangeKind::Update, provider, entries, author, at).await?;
            let updated = tx
                .execute(
                    sql(
                        "UPDATE location SET connector_url = $1, connector_id = $2, profile = $3, change_id = $4 \
                         WHERE provider_id = $5 AND change_id = $6",
                    )
                    .bind(&entry.provider_connector_url)
                    .bind(&entry.connector_id)
                    .bind(entry.profile.as_str())
                    .bind(version)
                    .bind(provider.as_str())
                    .bind(from.version),
                )
                .await?;
            let stored = Stored {
                provider: provider.clone(),
                entry: entry.clone(),
                version,
            };
            Ok(tx.commit_if(updated > 0).await?.then_some(stored))
        };
        self.database.run(attempt).await
    }

    async fn delete(
        &self,
        from: &Stored,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let provider = &from.provider;
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // First, as in every change: whoever takes the same locks in another order may wait for ever.
            let entries = (Some(&from.entry), None);
            insert_change(&mut tx, ChangeKind::Delete, provider, entries, author, at).await?;
            let deleted = tx
                .execute(
                    sql("DELETE FROM location WHERE provider_id = $1 AND change_id = $2")
                        .bind(provider.as_str())
                        .bind(from.version),
                )
                .await?;
            Ok(tx.commit_if(deleted > 0).await?)
        };
        self.database.run(attempt).await
    }

    async fn changes(
        &self,
        provider: Option<&UserId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let asked = match provider {
            Some(provider) => sql(
                "SELECT id, at_us AS at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, \
                 after FROM change WHERE id > $1 AND provider_id = $3 ORDER BY id LIMIT $2",
            )
            .on_postgres(
                "SELECT id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, after \
                 FROM change WHERE id > $1 AND provider_id = $3 ORDER BY id LIMIT $2",
            )
            .bind(after)
            .bind(limit)
            .bind(provider.as_str()),
            None => sql(
                "SELECT id, at_us AS at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, \
                 after FROM change WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .on_postgres(
                "SELECT id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, after \
                 FROM change WHERE id > $1 ORDER BY id LIMIT $2",
            )
            .bind(after)
            .bind(limit),
        };
        let found = self.database.fetch_all(asked).await?;
        Ok(found.iter().map(change).collect::<Result<_, _>>()?)
    }

    async fn forget_changes(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let end = sql("UPDATE history_end SET at_us = $1 WHERE at_us < $1")
            .on_postgres("UPDATE history_end SET at = $1 WHERE at < $1");
        self.database.execute(end.bind(before)).await?;
        let (mut seen, mut forgotten) = (0_i64, 0);
        loop {
            let next = sql("SELECT id, at_us AS at FROM change WHERE id > $1 ORDER BY id LIMIT $2")
                .on_postgres("SELECT id, at FROM change WHERE id > $1 ORDER BY id LIMIT $2");
            let next = self
                .database
                .fetch_all(next.bind(seen).bind(AT_ONCE))
                .await?;
            let mut last = None;
            for row in &next {
                if row.get::<OffsetDateTime>("at")? >= before {
                    break;
                }
                last = Some(row.get::<i64>("id")?);
            }
            let Some(last) = last else {
                return Ok(forgotten);
            };
            let old = sql("DELETE FROM change WHERE id > $1 AND id <= $2 \
                 AND NOT EXISTS (SELECT 1 FROM location WHERE change_id = change.id)");
            forgotten += self.database.execute(old.bind(seen).bind(last)).await?;
            seen = last;
        }
    }
}

/// Changes that are looked at in one step.
const AT_ONCE: u32 = 500;

/// Writes a line of the history under the next number, which no other transaction takes before this one has ended: in a file
/// because there is no other, at a server because of a counter whose row is locked.
async fn insert_change(
    tx: &mut Transaction,
    kind: ChangeKind,
    provider: &UserId,
    (before, after): (Option<&Entry>, Option<&Entry>),
    author: &Author,
    at: OffsetDateTime,
) -> Result<i64, StoreError> {
    let next = tx
        .fetch_one(
            sql("SELECT NULL AS id").on_postgres("UPDATE last_change SET id = id + 1 RETURNING id"),
        )
        .await?;
    let inserted = tx
        .fetch_one(
            sql(
                "INSERT INTO change (id, at_us, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, \
                 before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            )
            .on_postgres(
                "INSERT INTO change (id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, \
                 before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            )
            .bind(next.get::<Option<i64>>("id")?)
            .bind(at)
            .bind(kind.as_str())
            .bind(provider.as_str())
            .bind(author.user.as_ref().map(UserId::as_str))
            .bind(author.certificate_id.as_str())
            .bind(&author.certificate_sha256)
            .bind(&author.request_id)
            .bind(before.map(Json))
            .bind(after.map(Json)),
        )
        .await?;
    Ok(inserted.get("id")?)
}

fn stored(row: &Row) -> Result<Stored, Corrupt> {
    let row = row.of("location", "provider_id");
    Ok(Stored {
        provider: row.parse("provider_id")?,
        entry: Entry {
            provider_connector_url: row.get("connector_url")?,
            connector_id: row.get("connector_id")?,
            profile: row.parse("profile")?,
        },
        version: row.get("change_id")?,
    })
}

fn change(row: &Row) -> Result<Change, Corrupt> {
    let row = row.of("change", "id");
    let entry = |name| {
        Ok(row
            .get::<Option<Json<Entry>>>(name)?
            .map(|Json(entry)| entry))
    };
    Ok(Change {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.word("kind")?,
        provider_id: row.get("provider_id")?,
        user_id: row.get("user_id")?,
        certificate_id: row.get("certificate_id")?,
        certificate_sha256: row.get("certificate_sha256")?,
        request_id: row.get("request_id")?,
        before: entry("before")?,
        after: entry("after")?,
    })
}
