//! Grants in SQL, of one connector process or of several that share a server.

use std::{collections::HashSet, sync::LazyLock};

use async_trait::async_trait;
use common::ids::UserId;
use common_db::{
    Corrupt, Database, DatabaseConfig, DbError, Json, Migrations, Rfc3339, Row, Statement,
    Transaction, migrations, sql,
};
use time::OffsetDateTime;

use super::{Change, GrantStore, News, StoreError, Which};
use crate::authorization::grant::{Aal, Assignee, Contract, Grant};

pub(super) static MIGRATIONS: LazyLock<Migrations> =
    LazyLock::new(|| migrations!("0001_grants", "0002_grant_edits"));

/// The store.
#[derive(Debug, Clone)]
pub struct Grants {
    database: Database,
}

impl Grants {
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

    /// Begins a change: one at a time, so that the order of registration is that of commits, and a revision that somebody has
    /// read holds every change up to it.
    async fn begin(&self) -> sqlx::Result<Transaction> {
        let mut tx = self.database.begin().await?;
        revision(&mut tx, sql(REVISION).for_update()).await?;
        Ok(tx)
    }
}

const REVISION: &str = "SELECT value FROM grant_revision WHERE id = 1";

#[async_trait]
impl GrantStore for Grants {
    async fn register(&self, grant: &Grant, change: &Change<'_>) -> Result<bool, StoreError> {
        let contract = grant.contract.as_ref();
        let attempt = || async {
            let mut tx = self.begin().await?;
            let inserted = tx
                .execute(
                    sql(
                        "INSERT INTO grants (target, user_id, org, aal, extras, trade_id, contract_url, contract_type, \
                         registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                    )
                    .bind(&grant.target)
                    .bind(grant.assignee.user.as_ref().map(UserId::as_str))
                    .bind(grant.assignee.org.as_ref().map(UserId::as_str))
                    .bind(grant.assignee.aal.map(|aal| i64::from(aal.level())))
                    .bind(&grant.assignee.extras)
                    .bind(contract.map(|contract| &contract.trade_id))
                    .bind(contract.map(|contract| &contract.contract_url))
                    .bind(contract.map(|contract| &contract.contract_type))
                    .bind(Rfc3339(change.at)),
                )
                .await?;
            if inserted == 0 {
                tx.rollback().await?;
                return Ok(false);
            }
            note(&mut tx, "registered", grant, change).await?;
            tx.commit().await?;
            Ok(true)
        };
        self.database.run(attempt).await
    }

    async fn remove(
        &self,
        target: &str,
        which: Which<'_>,
        change: &Change<'_>,
    ) -> Result<u64, StoreError> {
        let deletion = || {
            match which {
            Which::Trade(trade_id) => sql(
                "DELETE FROM grants WHERE target = $1 AND trade_id = $2 \
                 RETURNING seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type",
            )
            .bind(target)
            .bind(trade_id),
            Which::Assignee(assignee) => sql(
                "DELETE FROM grants WHERE target = $1 AND trade_id IS NULL \
                 AND user_id IS NOT DISTINCT FROM $2 AND org IS NOT DISTINCT FROM $3 \
                 AND aal IS NOT DISTINCT FROM $4 AND extras IS NOT DISTINCT FROM $5 \
                 RETURNING seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type",
            )
            .bind(target)
            .bind(assignee.user.as_ref().map(UserId::as_str))
            .bind(assignee.org.as_ref().map(UserId::as_str))
            .bind(assignee.aal.map(|aal| i64::from(aal.level())))
            .bind(&assignee.extras),
        }
        };
        let attempt = || async {
            let mut tx = self.begin().await?;
            let removed = tx.fetch_all(deletion()).await?;
            for row in &removed {
                note(&mut tx, "removed", &grant(row)?, change).await?;
            }
            tx.commit().await?;
            Ok(removed.len() as u64)
        };
        self.database.run(attempt).await
    }

    async fn list(&self, target: Option<&str>) -> Result<Vec<Grant>, StoreError> {
        let found = match target {
            Some(target) => {
                let on_target = sql(
                    "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
                     WHERE target = $1 ORDER BY seq",
                );
                self.database.fetch_all(on_target.bind(target)).await?
            }
            None => self.database.fetch_all(sql(ALL)).await?,
        };
        Ok(found.iter().map(grant).collect::<Result<_, _>>()?)
    }

    async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError> {
        let all = self.database.run(|| self.read(None)).await?;
        Ok((all.revision, all.grants))
    }

    async fn news(&self, since: i64) -> Result<Option<News>, StoreError> {
        let now: i64 = self.database.fetch_one(sql(REVISION)).await?.get("value")?;
        if now == since {
            return Ok(None);
        }
        self.database.run(|| self.read(Some(since))).await.map(Some)
    }

    async fn forget_changes(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            // The oldest alone are looked at: what is not yet old costs nothing, however much it is.
            let oldest = sql("DELETE FROM grant_changes WHERE seq IN (SELECT seq FROM \
                 (SELECT seq, at FROM grant_changes ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)");
            let oldest = oldest.bind(Rfc3339(before)).bind(AT_ONCE);
            let removed = self.database.execute(oldest).await?;
            forgotten += removed;
            if removed < u64::from(AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

impl Grants {
    /// What changed after the revision `since`, or everything, as it is at one moment.
    async fn read(&self, since: Option<i64>) -> Result<News, StoreError> {
        let mut tx = self.database.snapshot().await?;
        let revision = revision(&mut tx, sql(REVISION)).await?;
        let mut targets = None;
        if let Some(since) = since {
            let edits = sql("SELECT target FROM grant_edits WHERE revision > $1").bind(since);
            let edits = tx.fetch_all(edits).await?;
            // One line for each number in between, or there were more than are kept, or a copy of before was put in place.
            if i64::try_from(edits.len()).is_ok_and(|known| known == revision - since) {
                let edits = edits.iter().map(|row| row.get("target"));
                targets = Some(edits.collect::<sqlx::Result<HashSet<String>>>()?);
            }
        }
        let asked = match since.filter(|_| targets.is_some()) {
            Some(since) => sql(
                "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
                 WHERE target IN (SELECT target FROM grant_edits WHERE revision > $1) ORDER BY seq",
            )
            .bind(since),
            None => sql(ALL),
        };
        let found = tx.fetch_all(asked).await?;
        tx.commit().await?;
        Ok(News {
            revision,
            targets,
            grants: found.iter().map(grant).collect::<Result<_, _>>()?,
        })
    }
}

/// Changes that are forgotten in one step.
const AT_ONCE: u32 = 500;

const ALL: &str = "SELECT seq, target, user_id, org, aal, extras, trade_id, contract_url, contract_type FROM grants \
     ORDER BY seq";

async fn revision(tx: &mut Transaction, asked: Statement<'_>) -> sqlx::Result<i64> {
    tx.fetch_one(asked).await?.get("value")
}

/// Writes down who changed what, in the transaction of the change.
async fn note(
    tx: &mut Transaction,
    action: &str,
    grant: &Grant,
    change: &Change<'_>,
) -> sqlx::Result<()> {
    tx.execute(
        sql("INSERT INTO grant_changes (at, action, actor, via, content) VALUES ($1, $2, $3, $4, $5)")
            .bind(Rfc3339(change.at))
            .bind(action)
            .bind(change.actor.as_str())
            .bind(change.via.as_str())
            .bind(Json(grant)),
    )
    .await
    .map(drop)
}

fn grant(row: &Row) -> Result<Grant, Corrupt> {
    let row = row.of("grants", "seq");
    let contract = (
        row.get("trade_id")?,
        row.get("contract_url")?,
        row.get("contract_type")?,
    );
    Ok(Grant {
        target: row.get("target")?,
        assignee: Assignee {
            user: row.parse_some("user_id")?,
            org: row.parse_some("org")?,
            aal: row.with("aal", |level: Option<i64>| {
                level.map(assurance_level).transpose()
            })?,
            extras: row.get("extras")?,
        },
        contract: match contract {
            (Some(trade_id), Some(contract_url), Some(contract_type)) => Some(Contract {
                trade_id,
                contract_url,
                contract_type,
            }),
            (None, None, None) => None,
            _ => return Err(row.corrupt("half a contract")),
        },
    })
}

fn assurance_level(level: i64) -> Result<Aal, &'static str> {
    let aal = u8::try_from(level).ok().and_then(Aal::new);
    aal.ok_or("no assurance level")
}
