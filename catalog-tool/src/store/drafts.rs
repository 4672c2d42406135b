//! Drafts in SQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use catalog_items::Sharing;
use common::ids::ConnectorId;
use common_db::{Json, StoreError, Transaction, sql};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, lists, rows, sites};
use crate::domain::{
    Asked, By, ChangeError, Content, Draft, DraftStore, From, Listed, NewDraft, Newest, SaveDraft,
    Site, SiteChange, State, Version, VersionSummary,
};

const fn sharing(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Open => "open",
        Sharing::Limited => "limited",
    }
}

/// The draft, for this transaction alone until it ends, if it stands at `from`.
pub(super) async fn locked(
    tx: &mut Transaction,
    id: Uuid,
    from: From,
) -> Result<Draft, ChangeError> {
    let asked = sql("SELECT * FROM draft WHERE id = $1 AND deleted_at IS NULL");
    let row = tx.fetch_optional(asked.bind(id).for_update()).await?;
    let row = row.ok_or(ChangeError::Unknown)?;
    let is = rows::draft(&row).map_err(StoreError::from)?;
    match from {
        From::Revision(revision) if revision != is.revision => {
            Err(ChangeError::Changed(Box::new(is)))
        }
        _ => Ok(is),
    }
}

/// The draft as this transaction has made it.
pub(super) async fn found(tx: &mut Transaction, id: Uuid) -> Result<Draft, ChangeError> {
    let row = tx.fetch_one(sql("SELECT * FROM draft WHERE id = $1").bind(id));
    Ok(rows::draft(&row.await?).map_err(StoreError::from)?)
}

/// A dataset of a provider's is one draft alone.
pub(super) fn is_taken(error: sqlx::Error) -> ChangeError {
    match error.as_database_error() {
        Some(found) if found.is_unique_violation() => ChangeError::Taken,
        _ => error.into(),
    }
}

async fn add_version(
    tx: &mut Transaction,
    (id, number): (Uuid, i64),
    content: &Content,
    restored_from: Option<i64>,
    by: By<'_>,
) -> sqlx::Result<()> {
    tx.execute(
        sql(
            "INSERT INTO draft_version (draft_id, number, content, title, saved_at, saved_by, restored_from) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(number)
        .bind(Json(&content.json))
        .bind(&content.title)
        .bind(by.at)
        .bind(by.user)
        .bind(restored_from),
    )
    .await
    .map(drop)
}

#[async_trait]
impl DraftStore for Store {
    async fn create(&self, new: NewDraft<'_>, most: u32, by: By<'_>) -> Result<Draft, ChangeError> {
        let NewDraft {
            id,
            provider,
            content,
            site,
        } = new;
        let dataset = site.and_then(|site| site.dataset.as_ref());
        let state = dataset.map_or(State::Draft, |there| there.state);
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // Two at the same time may both find room for the last one: the bound keeps a disk from filling, nothing is decided by it.
            let there = sql("SELECT count(*) AS n FROM draft WHERE provider = $1");
            let there = tx.fetch_one(there.bind(provider.as_ref())).await?;
            if there.get::<i64>("n")? >= i64::from(most) {
                return Err(ChangeError::Full);
            }
            tx.execute(
                sql(
                    "INSERT INTO draft (id, provider, state, revision, changed_at, changed_by, version, saved_at, saved_by, title, \
                     found_as, sharing, distributions, errors, warnings, created_at, created_by, site, site_dataset) \
                     VALUES ($1, $2, $11, 1, $3, $4, 1, $3, $4, $5, $6, $7, $8, $9, $10, $3, $4, $12, $13)",
                )
                .bind(id)
                .bind(provider.as_ref())
                .bind(by.at)
                .bind(by.user)
                .bind(&content.title)
                .bind(&content.found_as)
                .bind(sharing(content.sharing))
                .bind(content.distributions)
                .bind(content.check.errors)
                .bind(content.check.warnings)
                .bind(state.as_str())
                .bind(site.map(Json))
                .bind(dataset.map(|there| there.id)),
            )
            .await
            .map_err(is_taken)?;
            add_version(&mut tx, (id, 1), content, None, by).await?;
            let made = found(&mut tx, id).await?;
            tx.commit().await?;
            Ok(made)
        };
        self.database.run(attempt).await
    }

    async fn get(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        let asked = sql("SELECT * FROM draft WHERE id = $1 AND deleted_at IS NULL").bind(id);
        let row = self.database.fetch_optional(asked).await?;
        Ok(row.as_ref().map(rows::draft).transpose()?)
    }

    async fn newest(&self, id: Uuid) -> Result<Option<Newest>, StoreError> {
        // Both of one moment: a save between two questions would show the one without the other.
        let mut tx = self.database.snapshot().await?;
        let asked = sql("SELECT * FROM draft WHERE id = $1 AND deleted_at IS NULL").bind(id);
        let Some(row) = tx.fetch_optional(asked).await? else {
            return Ok(None);
        };
        let draft = rows::draft(&row)?;
        let asked = sql("SELECT * FROM draft_version WHERE draft_id = $1 AND number = $2");
        let row = tx.fetch_one(asked.bind(id).bind(draft.version)).await?;
        tx.commit().await?;
        let version = rows::version(&row)?;
        Ok(Some(Newest { draft, version }))
    }

    async fn begin_site(&self, id: Uuid, site: &Site) -> Result<Site, ChangeError> {
        sites::begin(&self.database, id, site).await
    }

    async fn keep_site(&self, id: Uuid, change: &SiteChange) -> Result<Draft, ChangeError> {
        sites::keep(&self.database, id, change).await
    }

    async fn of_site(
        &self,
        provider: &ConnectorId,
        datasets: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Uuid>, StoreError> {
        sites::drafts_of(&self.database, provider, datasets).await
    }

    async fn list(&self, asked: &Asked) -> Result<Listed, StoreError> {
        lists::list(&self.database, asked).await
    }

    async fn save(&self, save: SaveDraft<'_>, by: By<'_>) -> Result<Draft, ChangeError> {
        let SaveDraft { id, content, .. } = save;
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let is = locked(&mut tx, id, save.from).await?;
            let newest =
                sql("SELECT content FROM draft_version WHERE draft_id = $1 AND number = $2");
            let newest = tx.fetch_one(newest.bind(id).bind(is.version)).await?;
            let Json(newest) = newest.get::<Json<serde_json::Value>>("content")?;
            if save.restored_from.is_none() && newest == content.json {
                tx.rollback().await?;
                return Ok(is);
            }
            let number = is.version + 1;
            add_version(&mut tx, (id, number), content, save.restored_from, by).await?;
            let old = sql("DELETE FROM draft_version WHERE draft_id = $1 AND number <= $2");
            let last = number - i64::from(save.keep);
            tx.execute(old.bind(id).bind(last)).await?;
            tx.execute(
                sql(
                    "UPDATE draft SET revision = revision + 1, changed_at = $2, changed_by = $3, version = $4, saved_at = $2, \
                     saved_by = $3, title = $5, found_as = $6, sharing = $7, distributions = $8, errors = $9, warnings = $10 \
                     WHERE id = $1",
                )
                .bind(id)
                .bind(by.at)
                .bind(by.user)
                .bind(number)
                .bind(&content.title)
                .bind(&content.found_as)
                .bind(sharing(content.sharing))
                .bind(content.distributions)
                .bind(content.check.errors)
                .bind(content.check.warnings),
            )
            .await?;
            let saved = found(&mut tx, id).await?;
            tx.commit().await?;
            Ok(saved)
        };
        self.database.run(attempt).await
    }

    async fn versions(&self, id: Uuid) -> Result<Vec<VersionSummary>, StoreError> {
        let asked = sql(
            "SELECT number, title, saved_at, saved_by, restored_from FROM draft_version WHERE draft_id = $1 ORDER BY number DESC",
        );
        let found = self.database.fetch_all(asked.bind(id)).await?;
        Ok(found
            .iter()
            .map(rows::version_summary)
            .collect::<Result<_, _>>()?)
    }

    async fn version(&self, id: Uuid, number: i64) -> Result<Option<Version>, StoreError> {
        let asked = sql("SELECT * FROM draft_version WHERE draft_id = $1 AND number = $2");
        let found = self
            .database
            .fetch_optional(asked.bind(id).bind(number))
            .await?;
        Ok(found.as_ref().map(rows::version).transpose()?)
    }

    async fn before(&self, id: Uuid, number: i64) -> Result<Option<Version>, StoreError> {
        let asked = sql(
            "SELECT * FROM draft_version WHERE draft_id = $1 AND number < $2 ORDER BY number DESC LIMIT 1",
        );
        let found = self
            .database
            .fetch_optional(asked.bind(id).bind(number))
            .await?;
        Ok(found.as_ref().map(rows::version).transpose()?)
    }

    async fn delete(&self, id: Uuid, from: From, by: By<'_>) -> Result<(), ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let is = locked(&mut tx, id, from).await?;
            if matches!(is.state, State::Checking | State::Published) {
                return Err(ChangeError::State(is.state));
            }
            let delete = sql(
                "UPDATE draft SET revision = revision + 1, changed_at = $2, changed_by = $3, deleted_at = $2, state = 'draft', \
                 site = NULL, site_dataset = NULL, publication = NULL WHERE id = $1",
            );
            tx.execute(delete.bind(id).bind(by.at).bind(by.user))
                .await?;
            tx.commit().await?;
            Ok(())
        };
        self.database.run(attempt).await
    }

    async fn deleted(&self, id: Uuid) -> Result<Option<ConnectorId>, StoreError> {
        let asked = sql("SELECT id, provider FROM draft WHERE id = $1 AND deleted_at IS NOT NULL");
        let row = self.database.fetch_optional(asked.bind(id)).await?;
        let provider = row.map(|row| row.of("draft", "id").parse("provider"));
        Ok(provider.transpose()?)
    }

    async fn restore(&self, id: Uuid, by: By<'_>) -> Result<Draft, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let restore = sql(
                "UPDATE draft SET revision = revision + 1, changed_at = $2, changed_by = $3, deleted_at = NULL \
                 WHERE id = $1 AND deleted_at IS NOT NULL",
            );
            let restore = restore.bind(id).bind(by.at).bind(by.user);
            if tx.execute(restore).await? == 0 {
                return Err(ChangeError::Unknown);
            }
            let is = found(&mut tx, id).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }

    async fn forget_deleted(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let forget = sql("DELETE FROM draft WHERE deleted_at < $1");
        Ok(self.database.execute(forget.bind(before)).await?)
    }
}
