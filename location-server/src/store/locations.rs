//! Locations in `SQLite`.

use async_trait::async_trait;
use common::config::DatabaseConfig;
use common::db::{DbError, SqliteDatabase};
use common::ids::UserId;
use location_client::api::{Change, ChangeKind, Entry};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};
use time::OffsetDateTime;

use crate::domain::{Author, LocationStore, StoreError, Stored};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// The store.
pub struct SqliteLocations {
    database: SqliteDatabase,
}

impl SqliteLocations {
    /// Opens the database and brings it to the current schema.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: common::db::open_sqlite(config, &MIGRATIONS).await?,
        })
    }

    /// `BEGIN IMMEDIATE`: a deferred transaction that reads first and then writes fails with
    /// `SQLITE_BUSY` when another process wrote in between, whatever the busy timeout says.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.database.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl LocationStore for SqliteLocations {
    async fn get(&self, provider: &UserId) -> Result<Option<Stored>, StoreError> {
        sqlx::query(
            "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location WHERE provider_id = $1",
        )
        .bind(provider.as_str())
        .fetch_optional(&self.database.reader)
        .await?
        .map(|row| stored(&row))
        .transpose()
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Stored>, StoreError> {
        sqlx::query(
            "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location \
             WHERE provider_id > $1 ORDER BY provider_id LIMIT $2",
        )
        .bind(after.unwrap_or_default())
        .bind(limit)
        .fetch_all(&self.database.reader)
        .await?
        .iter()
        .map(stored)
        .collect()
    }

    async fn create(
        &self,
        provider: &UserId,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        let mut transaction = self.begin().await?;
        let version = insert_change(
            &mut transaction,
            ChangeKind::Create,
            provider,
            (None, Some(entry)),
            author,
            at,
        )
        .await?;
        let inserted = sqlx::query(
            "INSERT INTO location (provider_id, connector_url, connector_id, profile, change_id) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider_id) DO NOTHING",
        )
        .bind(provider.as_str())
        .bind(&entry.provider_connector_url)
        .bind(&entry.connector_id)
        .bind(entry.profile.as_str())
        .bind(version)
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(None);
        }
        transaction.commit().await?;
        Ok(Some(Stored {
            provider: provider.clone(),
            entry: entry.clone(),
            version,
        }))
    }

    async fn replace(
        &self,
        from: &Stored,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        let mut transaction = self.begin().await?;
        let entries = (Some(&from.entry), Some(entry));
        let version = insert_change(
            &mut transaction,
            ChangeKind::Update,
            &from.provider,
            entries,
            author,
            at,
        )
        .await?;
        let updated = sqlx::query(
            "UPDATE location SET connector_url = $1, connector_id = $2, profile = $3, change_id = $4 \
             WHERE provider_id = $5 AND change_id = $6",
        )
        .bind(&entry.provider_connector_url)
        .bind(&entry.connector_id)
        .bind(entry.profile.as_str())
        .bind(version)
        .bind(from.provider.as_str())
        .bind(from.version)
        .execute(&mut *transaction)
        .await?;
        if updated.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(None);
        }
        transaction.commit().await?;
        Ok(Some(Stored {
            provider: from.provider.clone(),
            entry: entry.clone(),
            version,
        }))
    }

    async fn delete(
        &self,
        from: &Stored,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM location WHERE provider_id = $1 AND change_id = $2")
            .bind(from.provider.as_str())
            .bind(from.version)
            .execute(&mut *transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        let entries = (Some(&from.entry), None);
        insert_change(
            &mut transaction,
            ChangeKind::Delete,
            &from.provider,
            entries,
            author,
            at,
        )
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn changes(
        &self,
        provider: Option<&UserId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let query = match provider {
            Some(provider) => sqlx::query(
                "SELECT id, at_us, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, after \
                 FROM change WHERE provider_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(provider.as_str()),
            None => sqlx::query(
                "SELECT id, at_us, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, after \
                 FROM change WHERE $1 IS NULL AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(None::<&str>),
        };
        query
            .bind(after)
            .bind(limit)
            .fetch_all(&self.database.reader)
            .await?
            .iter()
            .map(change)
            .collect()
    }
}

async fn insert_change(
    transaction: &mut Transaction<'_, Sqlite>,
    kind: ChangeKind,
    provider: &UserId,
    (before, after): (Option<&Entry>, Option<&Entry>),
    author: &Author,
    at: OffsetDateTime,
) -> Result<i64, StoreError> {
    let at_us = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
    let inserted = sqlx::query(
        "INSERT INTO change (at_us, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
    )
    .bind(at_us)
    .bind(kind.as_str())
    .bind(provider.as_str())
    .bind(author.user.as_ref().map(UserId::as_str))
    .bind(author.certificate_id.as_str())
    .bind(&author.certificate_sha256)
    .bind(&author.request_id)
    .bind(before.map(sqlx::types::Json))
    .bind(after.map(sqlx::types::Json))
    .fetch_one(&mut **transaction)
    .await?;
    Ok(inserted.try_get("id")?)
}

fn stored(row: &SqliteRow) -> Result<Stored, StoreError> {
    let key: String = row.try_get("provider_id")?;
    let corrupt = |reason: String| StoreError::Corrupt {
        table: "location",
        key: key.clone(),
        reason,
    };
    let profile: String = row.try_get("profile")?;
    Ok(Stored {
        provider: UserId::parse(&key).map_err(|error| corrupt(error.to_string()))?,
        entry: Entry {
            provider_connector_url: row.try_get("connector_url")?,
            connector_id: row.try_get("connector_id")?,
            profile: profile.parse().map_err(
                |error: location_client::record::UnknownProfile| corrupt(error.to_string()),
            )?,
        },
        version: row.try_get("change_id")?,
    })
}

fn change(row: &SqliteRow) -> Result<Change, StoreError> {
    let id: i64 = row.try_get("id")?;
    let corrupt = |reason: &str| StoreError::Corrupt {
        table: "change",
        key: id.to_string(),
        reason: reason.to_owned(),
    };
    let at_us: i64 = row.try_get("at_us")?;
    let kind: String = row.try_get("kind")?;
    let before: Option<sqlx::types::Json<Entry>> = row.try_get("before")?;
    let after: Option<sqlx::types::Json<Entry>> = row.try_get("after")?;
    Ok(Change {
        id,
        at: OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_us) * 1_000)
            .map_err(|_| corrupt("its time is out of range"))?,
        kind: [ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete]
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or_else(|| corrupt("its kind is unknown"))?,
        provider_id: row.try_get("provider_id")?,
        user_id: row.try_get("user_id")?,
        certificate_id: row.try_get("certificate_id")?,
        certificate_sha256: row.try_get("certificate_sha256")?,
        request_id: row.try_get("request_id")?,
        before: before.map(|json| json.0),
        after: after.map(|json| json.0),
    })
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
