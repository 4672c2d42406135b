//! Grants in `SQLite`.

use async_trait::async_trait;
use common::clock::rfc3339_millis;
use common::db::SqliteDatabase;
use common::ids::UserId;
use sqlx::migrate::Migrator;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::row::Row;
use super::{Change, GrantStore, StoreError, Which};
use crate::authorization::grant::Grant;

/// The schema of the provider connector's database.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The store on a database that [`MIGRATIONS`] has prepared.
#[derive(Debug, Clone)]
pub struct SqliteGrants(SqliteDatabase);

impl SqliteGrants {
    /// A store on `database`.
    pub fn new(database: SqliteDatabase) -> Self {
        Self(database)
    }

    /// `BEGIN IMMEDIATE`: a transaction that first reads and then writes would otherwise fail with `SQLITE_BUSY` and
    /// ignore the busy timeout.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.0.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

#[async_trait]
impl GrantStore for SqliteGrants {
    async fn register(&self, grant: &Grant, change: &Change<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let contract = grant.contract.as_ref();
        let inserted = sqlx::query(
            "INSERT INTO grants (target, user_id, org, aal, extras, trade_id, contract_url, contract_type, registered_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(&grant.target)
        .bind(grant.assignee.user.as_ref().map(UserId::as_str))
        .bind(grant.assignee.org.as_ref().map(UserId::as_str))
        .bind(grant.assignee.aal.map(|aal| i64::from(aal.level())))
        .bind(&grant.assignee.extras)
        .bind(contract.map(|contract| &contract.trade_id))
        .bind(contract.map(|contract| &contract.contract_url))
        .bind(contract.map(|contract| &contract.contract_type))
        .bind(rfc3339_millis(change.at))
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if inserted == 0 {
            return Ok(false);
        }
        note(&mut transaction, "registered", grant, change).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn remove(
        &self,
        target: &str,
        which: Which<'_>,
        change: &Change<'_>,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let removed: Vec<Row> = match which {
            Which::Trade(trade_id) => {
                sqlx::query_as("DELETE FROM grants WHERE target = $1 AND trade_id = $2 RETURNING *")
                    .bind(target)
                    .bind(trade_id)
                    .fetch_all(&mut *transaction)
                    .await?
            }
            Which::Assignee(assignee) => {
                sqlx::query_as(
                    "DELETE FROM grants WHERE target = $1 AND trade_id IS NULL AND user_id IS $2 AND org IS $3 \
                     AND aal IS $4 AND extras IS $5 RETURNING *",
                )
                .bind(target)
                .bind(assignee.user.as_ref().map(UserId::as_str))
                .bind(assignee.org.as_ref().map(UserId::as_str))
                .bind(assignee.aal.map(|aal| i64::from(aal.level())))
                .bind(&assignee.extras)
                .fetch_all(&mut *transaction)
                .await?
            }
        };
        let count = removed.len() as u64;
        for row in removed {
            note(&mut transaction, "removed", &Grant::try_from(row)?, change).await?;
        }
        transaction.commit().await?;
        Ok(count)
    }

    async fn list(&self, target: Option<&str>) -> Result<Vec<Grant>, StoreError> {
        let rows: Vec<Row> =
            sqlx::query_as("SELECT * FROM grants WHERE $1 IS NULL OR target = $1 ORDER BY seq")
                .bind(target)
                .fetch_all(&self.0.reader)
                .await?;
        rows.into_iter().map(Grant::try_from).collect()
    }

    async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError> {
        // One snapshot for both statements.
        let mut transaction = self.0.reader.begin().await?;
        let revision = revision(&mut transaction).await?;
        let rows: Vec<Row> = sqlx::query_as("SELECT * FROM grants ORDER BY seq")
            .fetch_all(&mut *transaction)
            .await?;
        let grants = rows
            .into_iter()
            .map(Grant::try_from)
            .collect::<Result<_, _>>()?;
        Ok((revision, grants))
    }

    async fn revision(&self) -> Result<i64, StoreError> {
        revision(&mut *self.0.reader.acquire().await?).await
    }
}

async fn revision(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(
        sqlx::query_scalar("SELECT value FROM grant_revision WHERE id = 1")
            .fetch_one(connection)
            .await?,
    )
}

/// Writes down who changed what, in the transaction of the change.
async fn note(
    transaction: &mut SqliteConnection,
    action: &str,
    grant: &Grant,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    let content = serde_json::to_string(grant).expect("a grant has only texts");
    sqlx::query(
        "INSERT INTO grant_changes (at, action, actor, via, content) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(rfc3339_millis(change.at))
    .bind(action)
    .bind(change.actor.as_str())
    .bind(change.via.as_str())
    .bind(content)
    .execute(transaction)
    .await?;
    Ok(())
}

#[cfg(test)]
impl SqliteGrants {
    /// Who changed what: action, user and connector, oldest first.
    pub(crate) async fn changes(&self) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT action, actor, via FROM grant_changes ORDER BY seq")
            .fetch_all(&self.0.reader)
            .await
            .expect("a working database")
    }
}

#[cfg(test)]
mod tests {
    use common::config::DatabaseConfig;
    use tempfile::TempDir;

    use super::*;
    use crate::authorization::store::conformance::conforms;

    async fn store() -> (SqliteGrants, TempDir) {
        let dir = TempDir::new().expect("a temporary folder");
        let config =
            DatabaseConfig::new(format!("sqlite:{}", dir.path().join("grants.db").display()));
        let database = common::db::open_sqlite(&config, &MIGRATIONS).await;
        (SqliteGrants::new(database.expect("a database")), dir)
    }

    conforms!(store);
}
