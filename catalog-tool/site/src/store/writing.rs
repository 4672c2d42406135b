//! What every change of a dataset consists of.

use common_db::{Json, StoreError, Transaction, sql};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::rows::summary;
use crate::domain::{Author, ChangeError, Summary};

/// The dataset, for this transaction alone until it ends, if it stands at the revision `from`.
pub(super) async fn locked(
    tx: &mut Transaction,
    id: Uuid,
    from: Option<i64>,
) -> Result<Summary, ChangeError> {
    let asked = sql("SELECT * FROM catalog_dataset WHERE id = $1");
    let row = tx.fetch_optional(asked.bind(id).for_update()).await?;
    let row = row.ok_or(ChangeError::Unknown)?;
    let is = summary(&row).map_err(StoreError::from)?;
    if from.is_some_and(|from| from != is.revision) {
        return Err(ChangeError::Outdated);
    }
    Ok(is)
}

/// The dataset as this transaction has made it.
pub(super) async fn found(tx: &mut Transaction, id: Uuid) -> Result<Summary, ChangeError> {
    let row = tx.fetch_one(sql("SELECT * FROM catalog_dataset WHERE id = $1").bind(id));
    Ok(summary(&row.await?).map_err(StoreError::from)?)
}

pub(super) async fn add_version(
    tx: &mut Transaction,
    id: Uuid,
    number: i64,
    content: &Value,
    by: &Author,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    tx.execute(
        sql("INSERT INTO catalog_version (dataset_id, number, content, author, made_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(number)
            .bind(Json(content))
            .bind(&by.user)
            .bind(at),
    )
    .await
    .map(drop)
}

/// Writes down who did what, in the transaction of the change.
pub(super) async fn note(
    tx: &mut Transaction,
    action: &str,
    (id, version): (Uuid, i64),
    by: &Author,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    tx.execute(
        sql(
            "INSERT INTO catalog_edit (at, action, dataset_id, version, user_id, via, request_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(at)
        .bind(action)
        .bind(id)
        .bind(version)
        .bind(&by.user)
        .bind(&by.via)
        .bind(&by.request_id),
    )
    .await
    .map(drop)
}
