//! Locations in PostgreSQL.

use async_trait::async_trait;
use common::config::DatabaseConfig;
use common::db::{DbError, PostgresDatabase};
use common::ids::UserId;
use location_client::api::{Change, ChangeKind, Entry};
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use time::OffsetDateTime;

use crate::domain::{Author, LocationStore, StoreError, Stored};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The store.
pub struct PostgresLocations {
    database: PostgresDatabase,
}

impl PostgresLocations {
    /// Opens the database and brings it to the current schema.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self {
            database: common::db::open_postgres(config, &MIGRATIONS).await?,
        })
    }
}

#[async_trait]
impl LocationStore for PostgresLocations {
    async fn get(&self, provider: &UserId) -> Result<Option<Stored>, StoreError> {
        self.database
            .run(|| async {
                sqlx::query(
                    "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location \
                     WHERE provider_id = $1",
                )
                .bind(provider.as_str())
                .fetch_optional(&self.database.pool)
                .await?
                .map(|row| stored(&row))
                .transpose()
            })
            .await
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Stored>, StoreError> {
        // A cursor comes from outside, and the server takes no NUL. No ID has one: what is before it sorts the same.
        let after = after
            .unwrap_or_default()
            .split('\0')
            .next()
            .unwrap_or_default();
        self.database
            .run(|| async {
                sqlx::query(
                    "SELECT provider_id, connector_url, connector_id, profile, change_id FROM location \
                     WHERE provider_id > $1 ORDER BY provider_id LIMIT $2",
                )
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(&self.database.pool)
                .await?
                .iter()
                .map(stored)
                .collect()
            })
            .await
    }

    async fn create(
        &self,
        provider: &UserId,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        self.database
            .run(|| async {
                let mut transaction = self.database.begin().await?;
                let entries = (None, Some(entry));
                let version = insert_change(&mut transaction, ChangeKind::Create, provider, entries, author, at).await?;
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
                Ok(Some(Stored { provider: provider.clone(), entry: entry.clone(), version }))
            })
            .await
    }

    async fn replace(
        &self,
        from: &Stored,
        entry: &Entry,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<Option<Stored>, StoreError> {
        let provider = &from.provider;
        self.database
            .run(|| async {
                let mut transaction = self.database.begin().await?;
                let entries = (Some(&from.entry), Some(entry));
                let version = insert_change(&mut transaction, ChangeKind::Update, provider, entries, author, at).await?;
                let updated = sqlx::query(
                    "UPDATE location SET connector_url = $1, connector_id = $2, profile = $3, change_id = $4 \
                     WHERE provider_id = $5 AND change_id = $6",
                )
                .bind(&entry.provider_connector_url)
                .bind(&entry.connector_id)
                .bind(entry.profile.as_str())
                .bind(version)
                .bind(provider.as_str())
                .bind(from.version)
                .execute(&mut *transaction)
                .await?;
                if updated.rows_affected() == 0 {
                    transaction.rollback().await?;
                    return Ok(None);
                }
                transaction.commit().await?;
                Ok(Some(Stored { provider: provider.clone(), entry: entry.clone(), version }))
            })
            .await
    }

    async fn delete(
        &self,
        from: &Stored,
        author: &Author,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.database
            .run(|| async {
                let mut transaction = self.database.begin().await?;
                // First, as in every change: whoever takes the same locks in another order may wait for ever.
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
                let deleted =
                    sqlx::query("DELETE FROM location WHERE provider_id = $1 AND change_id = $2")
                        .bind(from.provider.as_str())
                        .bind(from.version)
                        .execute(&mut *transaction)
                        .await?;
                if deleted.rows_affected() == 0 {
                    transaction.rollback().await?;
                    return Ok(false);
                }
                transaction.commit().await?;
                Ok(true)
            })
            .await
    }

    async fn changes(
        &self,
        provider: Option<&UserId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        self.database
            .run(|| async {
                let query = match provider {
                    Some(provider) => sqlx::query(
                        "SELECT id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, \
                         before, after FROM change WHERE provider_id = $3 AND id > $1 ORDER BY id LIMIT $2",
                    )
                    .bind(after)
                    .bind(i64::from(limit))
                    .bind(provider.as_str()),
                    None => sqlx::query(
                        "SELECT id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, \
                         before, after FROM change WHERE id > $1 ORDER BY id LIMIT $2",
                    )
                    .bind(after)
                    .bind(i64::from(limit)),
                };
                query
                    .fetch_all(&self.database.pool)
                    .await?
                    .iter()
                    .map(change)
                    .collect()
            })
            .await
    }
}

/// Writes a line of the history under the next number, which no other transaction takes before this one has ended.
async fn insert_change(
    transaction: &mut PgConnection,
    kind: ChangeKind,
    provider: &UserId,
    (before, after): (Option<&Entry>, Option<&Entry>),
    author: &Author,
    at: OffsetDateTime,
) -> Result<i64, StoreError> {
    let id: i64 = sqlx::query_scalar("UPDATE last_change SET id = id + 1 RETURNING id")
        .fetch_one(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO change (id, at, kind, provider_id, user_id, certificate_id, certificate_sha256, request_id, before, \
         after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(at)
    .bind(kind.as_str())
    .bind(provider.as_str())
    .bind(author.user.as_ref().map(UserId::as_str))
    .bind(author.certificate_id.as_str())
    .bind(&author.certificate_sha256)
    .bind(&author.request_id)
    .bind(before.map(Json))
    .bind(after.map(Json))
    .execute(transaction)
    .await?;
    Ok(id)
}

fn stored(row: &PgRow) -> Result<Stored, StoreError> {
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

fn change(row: &PgRow) -> Result<Change, StoreError> {
    let id: i64 = row.try_get("id")?;
    let kind: String = row.try_get("kind")?;
    let before: Option<Json<Entry>> = row.try_get("before")?;
    let after: Option<Json<Entry>> = row.try_get("after")?;
    Ok(Change {
        id,
        at: row.try_get("at")?,
        kind: [ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete]
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or_else(|| StoreError::Corrupt {
                table: "change",
                key: id.to_string(),
                reason: "its kind is unknown".to_owned(),
            })?,
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
#[path = "postgres_tests.rs"]
mod tests;
