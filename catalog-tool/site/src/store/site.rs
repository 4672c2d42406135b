//! What the sites show, read.

use std::collections::BTreeMap;

use async_trait::async_trait;
use common_db::{StoreError, sql};
use uuid::Uuid;

use super::{Catalog, rows::package};
use crate::domain::{Change, OriginChange, Package, Progress, Side, SiteStore};

#[async_trait]
impl SiteStore for Catalog {
    async fn package(&self, side: Side, id_or_name: &str) -> Result<Option<Package>, StoreError> {
        // No name is a UUID.
        let asked = match Uuid::try_parse(id_or_name) {
            Ok(id) => sql("SELECT * FROM catalog_package WHERE side = $1 AND id = $2")
                .bind(side.as_str())
                .bind(id),
            Err(_) => sql("SELECT * FROM catalog_package WHERE side = $1 AND name = $2")
                .bind(side.as_str())
                .bind(id_or_name),
        };
        let row = self.database.fetch_optional(asked).await?;
        Ok(row.as_ref().map(package).transpose()?)
    }

    async fn packages(&self, side: Side, datasets: &[Uuid]) -> Result<Vec<Package>, StoreError> {
        let ids: Vec<String> = datasets.iter().map(Uuid::to_string).collect();
        let asked = sql(
            "SELECT * FROM catalog_package WHERE side = $1 AND dataset_id IN (SELECT value FROM json_each($2))",
        )
        .on_postgres(
            "SELECT * FROM catalog_package WHERE side = $1 AND dataset_id = ANY($2::uuid[])",
        )
        .bind(side.as_str())
        .bind(ids.as_slice());
        let rows = self.database.fetch_all(asked).await?;
        Ok(rows.iter().map(package).collect::<Result<_, _>>()?)
    }

    async fn package_of_resource(
        &self,
        side: Side,
        resource_id: &str,
    ) -> Result<Option<Package>, StoreError> {
        let asked = sql(
            "SELECT p.* FROM catalog_resource AS r JOIN catalog_package AS p ON p.side = r.side \
             AND p.id = r.package_id WHERE r.side = $1 AND r.id = $2",
        );
        let asked = asked.bind(side.as_str()).bind(resource_id);
        let row = self.database.fetch_optional(asked).await?;
        Ok(row.as_ref().map(package).transpose()?)
    }

    async fn package_names(
        &self,
        side: Side,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let asked = sql(
            "SELECT name FROM catalog_package WHERE side = $1 ORDER BY name LIMIT $2 OFFSET $3",
        );
        let asked = asked.bind(side.as_str()).bind(limit).bind(offset);
        let rows = self.database.fetch_all(asked).await?;
        let names = rows.iter().map(|row| row.get("name"));
        Ok(names.collect::<sqlx::Result<_>>()?)
    }

    async fn count(&self, side: Side) -> Result<i64, StoreError> {
        let asked = sql("SELECT count(*) AS count FROM catalog_package WHERE side = $1");
        let row = self.database.fetch_one(asked.bind(side.as_str())).await?;
        Ok(row.get("count")?)
    }

    async fn progress(&self) -> Result<Progress, StoreError> {
        let asked = sql("SELECT identity, number FROM catalog_counter WHERE id = 1");
        let row = self.database.fetch_one(asked).await?;
        Ok(Progress {
            identity: row.get("identity")?,
            number: row.get("number")?,
        })
    }

    async fn changes(&self, since: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.database.run(|| self.read_changes(since, limit)).await
    }

    async fn origin_changes(
        &self,
        since: i64,
        limit: u32,
    ) -> Result<Vec<OriginChange>, StoreError> {
        let asked = sql("SELECT c.number, c.dataset_id, o.url, o.event_id FROM \
             (SELECT number, dataset_id FROM catalog_change WHERE number > $1 ORDER BY number LIMIT $2) AS c \
             LEFT JOIN catalog_package AS p ON p.dataset_id = c.dataset_id \
             LEFT JOIN catalog_resource AS r ON r.side = p.side AND r.package_id = p.id \
             LEFT JOIN catalog_origin AS o ON o.url = r.url AND o.tenant = r.tenant AND o.path = r.path \
             AND o.tenant = '' AND o.path = '' ORDER BY c.number");
        let rows = self
            .database
            .fetch_all(asked.bind(since).bind(limit))
            .await?;
        let mut changes: Vec<OriginChange> = Vec::new();
        for row in &rows {
            let number = row.get("number")?;
            if changes.last().is_none_or(|last| last.number != number) {
                changes.push(OriginChange {
                    number,
                    dataset_id: row.get("dataset_id")?,
                    origins: Vec::new(),
                });
            }
            let origin: (Option<String>, Option<String>) = (row.get("url")?, row.get("event_id")?);
            if let ((Some(url), Some(event_id)), Some(last)) = (origin, changes.last_mut()) {
                last.origins.push((url, event_id));
            }
        }
        Ok(changes)
    }

    async fn origins_of(
        &self,
        side: Side,
        packages: &[Uuid],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let ids: Vec<String> = packages.iter().map(Uuid::to_string).collect();
        let asked = sql(
            "SELECT r.id, o.event_id FROM catalog_resource AS r JOIN catalog_origin AS o ON o.url = r.url \
             AND o.tenant = r.tenant AND o.path = r.path \
             WHERE r.side = $1 AND r.package_id IN (SELECT value FROM json_each($2))",
        )
        .on_postgres(
            "SELECT r.id, o.event_id FROM catalog_resource AS r JOIN catalog_origin AS o ON o.url = r.url \
             AND o.tenant = r.tenant AND o.path = r.path WHERE r.side = $1 AND r.package_id = ANY($2::uuid[])",
        )
        .bind(side.as_str())
        .bind(ids.as_slice());
        let rows = self.database.fetch_all(asked).await?;
        let pairs = rows
            .iter()
            .map(|row| Ok((row.get("id")?, row.get("event_id")?)));
        Ok(pairs.collect::<sqlx::Result<_>>()?)
    }
}

impl Catalog {
    /// What changed after `since`, and what the sites show of it, as it is at one moment.
    async fn read_changes(&self, since: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.database.snapshot().await?;
        let asked = sql(
            "SELECT number, dataset_id FROM catalog_change WHERE number > $1 ORDER BY number LIMIT $2",
        );
        let rows = tx.fetch_all(asked.bind(since).bind(limit)).await?;
        let changes = rows.iter().map(|row| {
            Ok(Change {
                number: row.get("number")?,
                dataset_id: row.get("dataset_id")?,
                packages: Vec::new(),
            })
        });
        let mut changes = changes.collect::<sqlx::Result<Vec<_>>>()?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let places: BTreeMap<Uuid, usize> = (changes.iter().map(|change| change.dataset_id))
            .zip(0..)
            .collect();
        let ids: Vec<String> = places.keys().map(Uuid::to_string).collect();
        let asked = sql(
            "SELECT * FROM catalog_package WHERE dataset_id IN (SELECT value FROM json_each($1)) ORDER BY side DESC",
        )
        .on_postgres(
            "SELECT * FROM catalog_package WHERE dataset_id = ANY($1::uuid[]) ORDER BY side DESC",
        )
        .bind(ids.as_slice());
        let rows = tx.fetch_all(asked).await?;
        tx.commit().await?;
        for row in &rows {
            let package = package(row)?;
            if let Some(place) = places.get(&package.dataset_id) {
                changes[*place].packages.push(package);
            }
        }
        Ok(changes)
    }
}
