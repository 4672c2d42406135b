//! What providers have of drafts.

use std::collections::BTreeMap;

use common::ids::ConnectorId;
use common_db::{Database, Json, StoreError, sql};
use uuid::Uuid;

use super::drafts::{found, is_taken, locked};
use crate::domain::{ChangeError, Draft, From, Site, SiteChange};

pub(super) async fn begin(database: &Database, id: Uuid, site: &Site) -> Result<Site, ChangeError> {
    let attempt = || async {
        let mut tx = database.begin().await?;
        let is = locked(&mut tx, id, From::Any).await?;
        if let Some(kept) = is.site {
            tx.rollback().await?;
            return Ok(kept);
        }
        let keep = sql("UPDATE draft SET site = $2 WHERE id = $1")
            .bind(id)
            .bind(Json(site));
        tx.execute(keep).await?;
        tx.commit().await?;
        Ok(site.clone())
    };
    database.run(attempt).await
}

pub(super) async fn keep(
    database: &Database,
    id: Uuid,
    change: &SiteChange,
) -> Result<Draft, ChangeError> {
    let dataset = change.site.dataset.as_ref().map(|there| there.id);
    let attempt = || async {
        let mut tx = database.begin().await?;
        locked(&mut tx, id, From::Any).await?;
        let keep = sql(
            "UPDATE draft SET state = $2, site = $3, site_dataset = $4, publication = $5 WHERE id = $1",
        );
        let keep = keep
            .bind(id)
            .bind(change.state.as_str())
            .bind(Json(&change.site))
            .bind(dataset)
            .bind(change.publication.as_ref().map(Json));
        tx.execute(keep).await.map_err(is_taken)?;
        let is = found(&mut tx, id).await?;
        tx.commit().await?;
        Ok(is)
    };
    database.run(attempt).await
}

pub(super) async fn drafts_of(
    database: &Database,
    provider: &ConnectorId,
    datasets: &[Uuid],
) -> Result<BTreeMap<Uuid, Uuid>, StoreError> {
    let datasets: Vec<String> = datasets.iter().map(Uuid::to_string).collect();
    let asked = sql(
        "SELECT id, site_dataset FROM draft WHERE provider = $1 AND deleted_at IS NULL \
         AND site_dataset IN (SELECT value FROM json_each($2))",
    )
    .on_postgres(
        "SELECT id, site_dataset FROM draft WHERE provider = $1 AND deleted_at IS NULL \
         AND site_dataset = ANY($2::uuid[])",
    )
    .bind(provider.as_ref())
    .bind(datasets.as_slice());
    let found = database.fetch_all(asked).await?;
    let pair = |row: &common_db::Row| {
        let row = row.of("draft", "id");
        Ok::<(Uuid, Uuid), common_db::Corrupt>((row.get("site_dataset")?, row.get("id")?))
    };
    Ok(found
        .iter()
        .map(pair)
        .collect::<Result<_, common_db::Corrupt>>()?)
}
