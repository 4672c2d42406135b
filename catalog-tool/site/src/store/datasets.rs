//! Datasets and their changes.

use async_trait::async_trait;
use common_db::{Json, StoreError, sql};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Catalog,
    rows::{dataset, summary, version},
    showing::changed,
    writing::{add_version, found, locked, note},
};
use crate::domain::{
    Author, ChangeError, Content, Dataset, DatasetStore, Filter, NewDataset, State, Summary,
    VersionSummary,
};

/// Rows that are looked at in one step of forgetting.
const AT_ONCE: u32 = 500;

#[async_trait]
impl DatasetStore for Catalog {
    async fn create(
        &self,
        new: &NewDataset,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let inserted = sql(
                "INSERT INTO catalog_dataset (id, name, public_id, limited_id, state, revision, version, title, has_public, \
                 has_limited, created_at, modified_at) VALUES ($1, $2, $3, $4, 'draft', 1, 1, $5, $6, $7, $8, $8) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(new.id)
            .bind(new.name.as_str())
            .bind(new.ids.public)
            .bind(new.ids.limited)
            .bind(&new.content.title)
            .bind(new.content.has.0)
            .bind(new.content.has.1)
            .bind(at);
            if tx.execute(inserted).await? == 0 {
                let same = sql("SELECT 1 AS taken FROM catalog_dataset WHERE name = $1");
                let same = tx.fetch_optional(same.bind(new.name.as_str())).await?;
                return Err(same.map_or(ChangeError::IdTaken, |_| ChangeError::NameTaken));
            }
            add_version(&mut tx, new.id, 1, &new.content.json, by, at).await?;
            note(&mut tx, "create", (new.id, 1), by, at).await?;
            // Last, as every change that takes the counter.
            let counted =
                sql("UPDATE catalog_counter SET datasets = datasets + 1 WHERE datasets < $1");
            if tx.execute(counted.bind(i64::from(most))).await? == 0 {
                return Err(ChangeError::Full);
            }
            let made = found(&mut tx, new.id).await?;
            tx.commit().await?;
            Ok(made)
        };
        self.database.run(attempt).await
    }

    async fn get(&self, id: Uuid) -> Result<Option<Dataset>, StoreError> {
        let asked = sql(
            "SELECT d.*, v.content FROM catalog_dataset AS d JOIN catalog_version AS v ON v.dataset_id = d.id \
             AND v.number = d.version WHERE d.id = $1",
        );
        let row = self.database.fetch_optional(asked.bind(id)).await?;
        Ok(row.as_ref().map(dataset).transpose()?)
    }

    async fn list(
        &self,
        filter: Filter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Summary>, StoreError> {
        let asked = match filter.state {
            None => sql("SELECT * FROM catalog_dataset WHERE id < $1 ORDER BY id DESC LIMIT $2"),
            Some(_) => sql(
                "SELECT * FROM catalog_dataset WHERE id < $1 AND state = $3 \
                 ORDER BY id DESC LIMIT $2",
            ),
        };
        let mut asked = asked.bind(before.unwrap_or(Uuid::max())).bind(limit);
        if let Some(state) = filter.state {
            asked = asked.bind(state.as_str());
        }
        let rows = self.database.fetch_all(asked).await?;
        Ok(rows.iter().map(summary).collect::<Result<_, _>>()?)
    }

    async fn replace(
        &self,
        id: Uuid,
        from: Option<i64>,
        content: &Content,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, id, from).await?;
            let newest =
                sql("SELECT content FROM catalog_version WHERE dataset_id = $1 AND number = $2");
            let newest = tx.fetch_one(newest.bind(id).bind(was.version)).await?;
            let Json(newest) = newest.get::<Json<Value>>("content")?;
            if newest == content.json {
                tx.rollback().await?;
                return Ok(was);
            }
            let number = was.version + 1;
            add_version(&mut tx, id, number, &content.json, by, at).await?;
            tx.execute(
                sql("UPDATE catalog_dataset SET revision = revision + 1, version = $2, title = $3, has_public = $4, \
                     has_limited = $5, modified_at = $6 WHERE id = $1")
                .bind(id)
                .bind(number)
                .bind(&content.title)
                .bind(content.has.0)
                .bind(content.has.1)
                .bind(at),
            )
            .await?;
            tx.execute(
                sql("DELETE FROM catalog_version WHERE dataset_id = $1 AND number <= $2 AND number NOT IN ($3, $4)")
                    .bind(id)
                    .bind(number - i64::from(most))
                    .bind(was.visible_version.unwrap_or(0))
                    .bind(was.checked_version.unwrap_or(0)),
            )
            .await?;
            note(&mut tx, "change", (id, number), by, at).await?;
            let is = found(&mut tx, id).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }

    async fn withdraw(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        self.hide(id, from, State::Withdrawn, (by, at)).await
    }

    async fn redraft(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        self.hide(id, from, State::Draft, (by, at)).await
    }

    async fn delete(
        &self,
        id: Uuid,
        from: Option<i64>,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<(), ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, id, from).await?;
            if was.state == State::Checking {
                return Err(ChangeError::State(was.state));
            }
            let removal = sql("DELETE FROM catalog_dataset WHERE id = $1");
            tx.execute(removal.bind(id)).await?;
            note(&mut tx, "delete", (id, was.version), by, at).await?;
            tx.execute(sql("UPDATE catalog_counter SET datasets = datasets - 1"))
                .await?;
            if was.visible_version.is_some() {
                changed(&mut tx, &[id], at).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        self.database.run(attempt).await
    }

    async fn versions(
        &self,
        id: Uuid,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<VersionSummary>, StoreError> {
        let asked = sql(
            "SELECT number, author, made_at FROM catalog_version WHERE dataset_id = $1 AND number < $2 \
             ORDER BY number DESC LIMIT $3",
        );
        let asked = asked.bind(id).bind(before.unwrap_or(i64::MAX)).bind(limit);
        let rows = self.database.fetch_all(asked).await?;
        Ok(rows.iter().map(version).collect::<Result<_, _>>()?)
    }

    async fn version(&self, id: Uuid, number: i64) -> Result<Option<Value>, StoreError> {
        let asked =
            sql("SELECT content FROM catalog_version WHERE dataset_id = $1 AND number = $2");
        let row = self.database.fetch_optional(asked.bind(id).bind(number));
        let content = row.await?.map(|row| row.get::<Json<Value>>("content"));
        Ok(content.transpose()?.map(|Json(content)| content))
    }

    async fn forget(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let edits = self.forget_edits(before).await?;
        let versions = self.forget_versions(before).await?;
        let deleted = sql("DELETE FROM catalog_change WHERE at < $1 \
             AND NOT EXISTS (SELECT 1 FROM catalog_dataset WHERE id = catalog_change.dataset_id)");
        let ended = sql("DELETE FROM catalog_publication WHERE ended_at < $1");
        let ended = self.database.execute(ended.bind(before)).await?;
        Ok(edits + versions + ended + self.database.execute(deleted.bind(before)).await?)
    }
}

impl Catalog {
    /// Takes a dataset from the sites, to where it then stands.
    async fn hide(
        &self,
        id: Uuid,
        from: Option<i64>,
        to: State,
        (by, at): (&Author, OffsetDateTime),
    ) -> Result<Summary, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, id, from).await?;
            let (action, withdrawn_at) = match (was.state, to) {
                (State::Published, State::Withdrawn) => ("withdraw", Some(at)),
                (State::Published | State::Withdrawn, State::Draft) => ("redraft", None),
                _ => return Err(ChangeError::State(was.state)),
            };
            let packages = sql("DELETE FROM catalog_package WHERE dataset_id = $1");
            if tx.execute(packages.bind(id)).await? > 0 {
                changed(&mut tx, &[id], at).await?;
            }
            tx.execute(
                sql("UPDATE catalog_dataset SET revision = revision + 1, state = $2, visible_version = NULL, withdrawn_at = $3 \
                     WHERE id = $1")
                .bind(id)
                .bind(to.as_str())
                .bind(withdrawn_at),
            )
            .await?;
            note(&mut tx, action, (id, was.version), by, at).await?;
            let is = found(&mut tx, id).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }

    async fn forget_edits(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            // The oldest alone are looked at: what is not yet old costs nothing, however much it is.
            let oldest = sql("DELETE FROM catalog_edit WHERE seq IN (SELECT seq FROM \
                 (SELECT seq, at FROM catalog_edit ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)");
            let removed = self.database.execute(oldest.bind(before).bind(AT_ONCE));
            let removed = removed.await?;
            forgotten += removed;
            if removed < u64::from(AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }

    async fn forget_versions(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let (mut seen, mut forgotten) = (Uuid::nil(), 0);
        loop {
            let next = sql("SELECT id FROM catalog_dataset WHERE id > $1 ORDER BY id LIMIT $2");
            let next = self
                .database
                .fetch_all(next.bind(seen).bind(AT_ONCE))
                .await?;
            let Some(last) = next.last() else {
                return Ok(forgotten);
            };
            let last: Uuid = last.get("id")?;
            let old = sql(
                "DELETE FROM catalog_version WHERE dataset_id > $1 AND dataset_id <= $2 AND made_at < $3 \
                 AND NOT EXISTS (SELECT 1 FROM catalog_dataset AS d WHERE d.id = catalog_version.dataset_id \
                 AND catalog_version.number IN (d.version, d.visible_version, d.checked_version))",
            );
            let old = old.bind(seen).bind(last).bind(before);
            forgotten += self.database.execute(old).await?;
            seen = last;
        }
    }
}
