//! Grants in PostgreSQL, of one connector process or of several that share them.

use async_trait::async_trait;
use common::config::DatabaseConfig;
use common::db::{DbError, PostgresDatabase};
use common::ids::UserId;
use sqlx::migrate::Migrator;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};

use super::row::Row;
use super::{Change, GrantStore, StoreError, Which};
use crate::authorization::grant::Grant;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// The store.
#[derive(Debug, Clone)]
pub struct PostgresGrants(PostgresDatabase);

impl PostgresGrants {
    /// Opens the database and brings it to the current schema.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        Ok(Self(common::db::open_postgres(config, &MIGRATIONS).await?))
    }

    /// Begins a change: one at a time, so that the order of registration is that of commits, and a revision that somebody has
    /// read holds every change up to it.
    async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.0.begin().await?;
        sqlx::query("SELECT FROM grant_revision FOR UPDATE")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}

#[async_trait]
impl GrantStore for PostgresGrants {
    async fn register(&self, grant: &Grant, change: &Change<'_>) -> Result<bool, StoreError> {
        self.0
            .run(|| async {
                let mut transaction = self.begin().await?;
                let contract = grant.contract.as_ref();
                let inserted = sqlx::query(
                    "INSERT INTO grants (target, user_id, org, aal, extras, trade_id, contract_url, contract_type, registered_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                )
                .bind(&grant.target)
                .bind(grant.assignee.user.as_ref().map(UserId::as_str))
                .bind(grant.assignee.org.as_ref().map(UserId::as_str))
                .bind(grant.assignee.aal.map(|aal| i16::from(aal.level())))
                .bind(&grant.assignee.extras)
                .bind(contract.map(|contract| &contract.trade_id))
                .bind(contract.map(|contract| &contract.contract_url))
                .bind(contract.map(|contract| &contract.contract_type))
                .bind(change.at)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
                if inserted == 0 {
                    transaction.rollback().await?;
                    return Ok(false);
                }
                note(&mut transaction, "registered", grant, change).await?;
                transaction.commit().await?;
                Ok(true)
            })
            .await
    }

    async fn remove(
        &self,
        target: &str,
        which: Which<'_>,
        change: &Change<'_>,
    ) -> Result<u64, StoreError> {
        self.0
            .run(|| async {
                let mut transaction = self.begin().await?;
                let removed: Vec<Row> = match which {
                    Which::Trade(trade_id) => {
                        sqlx::query_as(
                            "DELETE FROM grants WHERE target = $1 AND trade_id = $2 \
                             RETURNING seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type",
                        )
                        .bind(target)
                        .bind(trade_id)
                        .fetch_all(&mut *transaction)
                        .await?
                    }
                    Which::Assignee(assignee) => {
                        sqlx::query_as(
                            "DELETE FROM grants WHERE target = $1 AND trade_id IS NULL \
                             AND user_id IS NOT DISTINCT FROM $2 AND org IS NOT DISTINCT FROM $3 \
                             AND aal IS NOT DISTINCT FROM $4 AND extras IS NOT DISTINCT FROM $5 \
                             RETURNING seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type",
                        )
                        .bind(target)
                        .bind(assignee.user.as_ref().map(UserId::as_str))
                        .bind(assignee.org.as_ref().map(UserId::as_str))
                        .bind(assignee.aal.map(|aal| i16::from(aal.level())))
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
            })
            .await
    }

    async fn list(&self, target: Option<&str>) -> Result<Vec<Grant>, StoreError> {
        // A target to look for comes from outside, and the server takes no NUL: nothing is granted under such a name.
        if target.is_some_and(|target| target.contains('\0')) {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = self
            .0
            .run(|| async {
                let query = match target {
                    Some(target) => sqlx::query_as(
                        "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
                         WHERE target = $1 ORDER BY seq",
                    )
                    .bind(target),
                    None => sqlx::query_as(
                        "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
                         ORDER BY seq",
                    ),
                };
                Ok::<_, StoreError>(query.fetch_all(&self.0.pool).await?)
            })
            .await?;
        rows.into_iter().map(Grant::try_from).collect()
    }

    async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError> {
        let (revision, rows) = self
            .0
            .run(|| async {
                // One moment for both statements.
                let mut transaction = self.0.snapshot().await?;
                let revision = revision(&mut transaction).await?;
                let rows: Vec<Row> = sqlx::query_as(
                    "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
                     ORDER BY seq",
                )
                .fetch_all(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok::<_, StoreError>((revision, rows))
            })
            .await?;
        let grants = rows
            .into_iter()
            .map(Grant::try_from)
            .collect::<Result<_, _>>()?;
        Ok((revision, grants))
    }

    async fn revision(&self) -> Result<i64, StoreError> {
        self.0
            .run(|| async { revision(&mut *self.0.pool.acquire().await?).await })
            .await
    }
}

async fn revision(connection: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(
        sqlx::query_scalar("SELECT value FROM grant_revision WHERE id = 1")
            .fetch_one(connection)
            .await?,
    )
}

/// Writes down who changed what, in the transaction of the change.
async fn note(
    transaction: &mut PgConnection,
    action: &str,
    grant: &Grant,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO grant_changes (at, action, actor, via, content) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(change.at)
    .bind(action)
    .bind(change.actor.as_str())
    .bind(change.via.as_str())
    .bind(Json(grant))
    .execute(transaction)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use test_postgres::{Database, Server};

    use super::*;
    use crate::authorization::store::conformance::{self, conforms};

    async fn store() -> (PostgresGrants, Database) {
        let database = Server::shared().database();
        let store = PostgresGrants::open(&database.config()).await;
        (store.expect("a database"), database)
    }

    conforms!(store);

    #[tokio::test]
    async fn changes_are_written_down_and_what_others_change_is_counted() {
        let (store, database) = store().await;
        conformance::a_trade_is_removed_whole(store.clone()).await;
        let sql = |statement: &str| Server::shared().sql(&database.name, statement);
        let noted =
            sql("SELECT action, count(*) FROM grant_changes GROUP BY action ORDER BY action");
        assert_eq!(noted, "registered|4\nremoved|2");
        let before = store.revision().await.unwrap();
        sql("DELETE FROM grants");
        assert_ne!(store.revision().await.unwrap(), before);
    }

    #[tokio::test]
    async fn a_target_that_the_server_would_not_take_has_no_grants() {
        let (store, _database) = store().await;
        assert_eq!(store.list(Some("https://x/\0")).await.unwrap(), []);
    }
}
