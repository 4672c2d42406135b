//! Making the sites show something, and telling those who follow.

use common_db::{Json, Transaction, sql};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::writing::found;
use crate::domain::{ChangeError, Origin, Resource, Shown, Summary};

/// Makes the sites show `views` of the dataset, whatever they showed before.
pub(super) async fn show(
    tx: &mut Transaction,
    was: &Summary,
    version: i64,
    views: &[Shown],
    origins: &[Origin],
    at: OffsetDateTime,
) -> Result<Summary, ChangeError> {
    let packages = sql("DELETE FROM catalog_package WHERE dataset_id = $1");
    tx.execute(packages.bind(was.id)).await?;
    for view in views {
        let package_id = was.ids.of(view.side);
        tx.execute(
            sql("INSERT INTO catalog_package (side, id, dataset_id, name, content, created_at, modified_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(view.side.as_str())
            .bind(package_id)
            .bind(was.id)
            .bind(was.name.as_str())
            .bind(Json(&view.content))
            .bind(was.published_at.unwrap_or(at))
            .bind(at),
        )
        .await?;
        let resources = view.resources.iter().map(|Resource { id, location }| {
            json!({"id": id, "url": location.url, "tenant": location.tenant, "path": location.path})
        });
        let inserted = sql(
            "INSERT INTO catalog_resource (side, id, package_id, dataset_id, url, tenant, path) \
             SELECT $1, e.value ->> 'id', $2, $3, e.value ->> 'url', e.value ->> 'tenant', e.value ->> 'path' \
             FROM json_each($4) AS e WHERE true ON CONFLICT DO NOTHING",
        )
        .on_postgres(
            "INSERT INTO catalog_resource (side, id, package_id, dataset_id, url, tenant, path) \
             SELECT $1, e.value ->> 'id', $2, $3, e.value ->> 'url', e.value ->> 'tenant', e.value ->> 'path' \
             FROM jsonb_array_elements($4) AS e (value) ON CONFLICT DO NOTHING",
        )
        .bind(view.side.as_str())
        .bind(package_id)
        .bind(was.id)
        .bind(Json(resources.collect::<Vec<_>>()));
        if tx.execute(inserted).await? != view.resources.len() as u64 {
            return Err(ChangeError::ResourceTaken);
        }
    }
    let mut others = originate(tx, was.id, origins, at).await?;
    others.push(was.id);
    changed(tx, &others, at).await?;
    tx.execute(
        sql("UPDATE catalog_dataset SET revision = revision + 1, state = 'published', visible_version = $2, checked_version = NULL, \
             published_at = coalesce(published_at, $3), withdrawn_at = NULL WHERE id = $1")
        .bind(was.id)
        .bind(version)
        .bind(at),
    )
    .await?;
    found(tx, was.id).await
}

/// Records what made the data that the distributions name. Returns the other datasets whose distributions name the same data and
/// now have another origin.
async fn originate(
    tx: &mut Transaction,
    id: Uuid,
    origins: &[Origin],
    at: OffsetDateTime,
) -> Result<Vec<Uuid>, ChangeError> {
    // In one order, whoever writes: two transactions with the same places wait for each other in the same one.
    let mut origins: Vec<&Origin> = origins.iter().collect();
    origins.sort_by(|a, b| a.location.cmp(&b.location));
    let rows = origins.iter().map(|origin| {
        json!({
            "url": origin.location.url, "tenant": origin.location.tenant, "path": origin.location.path,
            "event_id": origin.event_id, "sha256": origin.sha256,
        })
    });
    let written = sql(
        "INSERT INTO catalog_origin (url, tenant, path, event_id, sha256, made_at) \
         SELECT e.value ->> 'url', e.value ->> 'tenant', e.value ->> 'path', e.value ->> 'event_id', e.value ->> 'sha256', $2 \
         FROM json_each($1) AS e WHERE true ON CONFLICT (url, tenant, path) DO UPDATE SET event_id = excluded.event_id, \
         sha256 = excluded.sha256, made_at = excluded.made_at WHERE catalog_origin.event_id <> excluded.event_id \
         RETURNING url, tenant, path",
    )
    .on_postgres(
        "INSERT INTO catalog_origin (url, tenant, path, event_id, sha256, made_at) \
         SELECT e.value ->> 'url', e.value ->> 'tenant', e.value ->> 'path', e.value ->> 'event_id', e.value ->> 'sha256', $2 \
         FROM jsonb_array_elements($1) AS e (value) ON CONFLICT (url, tenant, path) DO UPDATE SET event_id = excluded.event_id, \
         sha256 = excluded.sha256, made_at = excluded.made_at WHERE catalog_origin.event_id <> excluded.event_id \
         RETURNING url, tenant, path",
    )
    .bind(Json(rows.collect::<Vec<_>>()))
    .bind(at);
    let written = tx.fetch_all(written).await?;
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let places = written.iter().map(|row| {
        let of = |name| row.get::<String>(name);
        Ok(json!({"url": of("url")?, "tenant": of("tenant")?, "path": of("path")?}))
    });
    let places = places.collect::<sqlx::Result<Vec<_>>>()?;
    let others = sql(
        "SELECT DISTINCT r.dataset_id FROM json_each($1) AS e JOIN catalog_resource AS r ON r.url = e.value ->> 'url' \
         AND r.tenant = e.value ->> 'tenant' AND r.path = e.value ->> 'path' WHERE r.dataset_id <> $2",
    )
    .on_postgres(
        "SELECT DISTINCT r.dataset_id FROM jsonb_array_elements($1) AS e (value) JOIN catalog_resource AS r \
         ON r.url = e.value ->> 'url' AND r.tenant = e.value ->> 'tenant' AND r.path = e.value ->> 'path' \
         WHERE r.dataset_id <> $2",
    );
    let others = tx.fetch_all(others.bind(Json(places)).bind(id)).await?;
    let others = others.iter().map(|row| row.get("dataset_id"));
    Ok(others.collect::<sqlx::Result<_>>()?)
}

/// Tells whoever follows that the sites show something else of these datasets. The numbers are given in the order of commits:
/// whoever takes one holds the counter until the transaction ends, so it is the last thing that a transaction does.
pub(super) async fn changed(
    tx: &mut Transaction,
    datasets: &[Uuid],
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    let count = i64::try_from(datasets.len()).unwrap_or(i64::MAX);
    let last = sql("UPDATE catalog_counter SET number = number + $1 RETURNING number");
    let last: i64 = tx.fetch_one(last.bind(count)).await?.get("number")?;
    for (number, id) in (last - count + 1..).zip(datasets) {
        let change = sql(
            "INSERT INTO catalog_change (dataset_id, number, at) VALUES ($1, $2, $3) \
             ON CONFLICT (dataset_id) DO UPDATE SET number = excluded.number, at = excluded.at",
        );
        tx.execute(change.bind(*id).bind(number).bind(at)).await?;
    }
    Ok(())
}
