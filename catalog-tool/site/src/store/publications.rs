//! Publications and their steps.

use std::collections::BTreeMap;

use async_trait::async_trait;
use common_db::{Json, StoreError, sql};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Catalog,
    rows::{part, publication},
    showing::show,
    steps::{end, held, known_events, newest_publication, resting},
    writing::{locked, note},
};
use crate::domain::{
    Author, ChangeError, Digest, Hitch, Location, Origin, Part, Publication, PublicationState,
    PublicationStore, Shown, State, Summary, idempotency_key,
};

#[async_trait]
impl PublicationStore for Catalog {
    async fn submit(
        &self,
        dataset_id: Uuid,
        from: Option<i64>,
        publication_id: Uuid,
        most: u32,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Publication, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, dataset_id, from).await?;
            if was.state == State::Checking {
                return Err(ChangeError::State(was.state));
            }
            let room =
                sql("SELECT count(*) < $1 AS room FROM catalog_publication WHERE ended_at IS NULL");
            let room = tx.fetch_one(room.bind(i64::from(most))).await?;
            if !room.get::<bool>("room")? {
                return Err(ChangeError::Full);
            }
            tx.execute(
                sql("INSERT INTO catalog_publication (id, dataset_id, version, state, due_at, claim, failures, queued_at, user_id, \
                     via, request_id) VALUES ($1, $2, $3, 'queued', $4, 0, 0, $4, $5, $6, $7)")
                .bind(publication_id)
                .bind(dataset_id)
                .bind(was.version)
                .bind(at)
                .bind(&by.user)
                .bind(&by.via)
                .bind(&by.request_id),
            )
            .await?;
            tx.execute(
                sql("UPDATE catalog_dataset SET revision = revision + 1, state = 'checking', checked_version = version \
                     WHERE id = $1")
                .bind(dataset_id),
            )
            .await?;
            note(&mut tx, "publish", (dataset_id, was.version), by, at).await?;
            let made = newest_publication(&mut tx, publication_id).await?;
            tx.commit().await?;
            Ok(made)
        };
        self.database.run(attempt).await
    }

    async fn publication(&self, id: Uuid) -> Result<Option<Publication>, StoreError> {
        self.database
            .run(|| async {
                let mut tx = self.database.snapshot().await?;
                let asked = sql("SELECT * FROM catalog_publication WHERE id = $1").bind(id);
                let Some(row) = tx.fetch_optional(asked).await? else {
                    return Ok(None);
                };
                let parts =
                    sql("SELECT * FROM catalog_part WHERE publication_id = $1 ORDER BY position");
                let parts = tx.fetch_all(parts.bind(id)).await?;
                tx.commit().await?;
                let parts = parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
                Ok(Some(publication(&row, parts)?))
            })
            .await
    }

    async fn publications(
        &self,
        dataset_id: Option<Uuid>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Publication>, StoreError> {
        let asked = match dataset_id {
            None => {
                sql("SELECT * FROM catalog_publication WHERE id < $1 ORDER BY id DESC LIMIT $2")
            }
            Some(_) => sql(
                "SELECT * FROM catalog_publication WHERE id < $1 AND dataset_id = $3 \
                 ORDER BY id DESC LIMIT $2",
            ),
        };
        let mut asked = asked.bind(before.unwrap_or(Uuid::max())).bind(limit);
        if let Some(id) = dataset_id {
            asked = asked.bind(id);
        }
        let rows = self.database.fetch_all(asked).await?;
        let all = rows.iter().map(|row| publication(row, Vec::new()));
        Ok(all.collect::<Result<_, _>>()?)
    }

    async fn cancel(
        &self,
        id: Uuid,
        hitch: &Hitch,
        by: &Author,
        at: OffsetDateTime,
    ) -> Result<Publication, ChangeError> {
        let asked = sql("SELECT dataset_id FROM catalog_publication WHERE id = $1").bind(id);
        let row = self.database.fetch_optional(asked).await?;
        let dataset_id: Uuid = row.ok_or(ChangeError::Unknown)?.get("dataset_id")?;
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, dataset_id, None).await?;
            let stopped = (PublicationState::Stopped, Some(hitch));
            if !end(&mut tx, id, None, stopped, at).await? {
                return Err(ChangeError::Lost);
            }
            resting(&mut tx, &was).await?;
            note(&mut tx, "stop", (dataset_id, was.version), by, at).await?;
            let is = newest_publication(&mut tx, id).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }

    async fn claim(
        &self,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<Publication>, StoreError> {
        // Reading alone first: nearly always there is nothing.
        let due = sql(
            "SELECT 1 AS due FROM catalog_publication WHERE ended_at IS NULL AND due_at <= $1 LIMIT 1",
        );
        if self.database.fetch_optional(due.bind(now)).await?.is_none() {
            return Ok(None);
        }
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let taken = sql(
                "UPDATE catalog_publication SET state = 'checking', claim = claim + 1, due_at = $2 WHERE id = \
                 (SELECT id FROM catalog_publication WHERE ended_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT 1) \
                 RETURNING *",
            )
            .on_postgres(
                "UPDATE catalog_publication SET state = 'checking', claim = claim + 1, due_at = $2 WHERE id = \
                 (SELECT id FROM catalog_publication WHERE ended_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT 1 \
                 FOR UPDATE SKIP LOCKED) RETURNING *",
            );
            let row = tx.fetch_optional(taken.bind(now).bind(until)).await?;
            let Some(row) = row else {
                tx.rollback().await?;
                return Ok(None);
            };
            let parts =
                sql("SELECT * FROM catalog_part WHERE publication_id = $1 ORDER BY position");
            let parts = tx.fetch_all(parts.bind(row.get::<Uuid>("id")?)).await?;
            tx.commit().await?;
            let parts = parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
            Ok(Some(publication(&row, parts)?))
        };
        self.database.run(attempt).await
    }

    async fn renew(&self, of: &Publication, until: OffsetDateTime) -> Result<(), ChangeError> {
        let renewed = sql(
            "UPDATE catalog_publication SET due_at = $3 WHERE id = $1 AND claim = $2 AND ended_at IS NULL",
        );
        let renewed = renewed.bind(of.id).bind(of.claim).bind(until);
        match self.database.execute(renewed).await? {
            0 => Err(ChangeError::Lost),
            _ => Ok(()),
        }
    }

    async fn plan(
        &self,
        of: &Publication,
        places: &[(Location, String, Option<String>)],
    ) -> Result<Vec<Part>, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            held(&mut tx, of).await?;
            let events = known_events(&mut tx, of.dataset_id, places).await?;
            let removed = sql("DELETE FROM catalog_part WHERE publication_id = $1");
            tx.execute(removed.bind(of.id)).await?;
            let read = of.parts.iter().filter(|part| part.digest.is_some());
            let read: BTreeMap<_, _> = read.map(|part| (&part.location, part)).collect();
            let parts = places.iter().zip(events);
            let parts = parts.map(|((location, resource_id, _), event_id)| {
                // What was read before stays so, with the event that goes with it, unless an event stays.
                let read = read.get(location).filter(|_| event_id.is_none());
                Part {
                    location: location.clone(),
                    resource_id: resource_id.clone(),
                    digest: read.and_then(|part| part.digest.clone()),
                    event_id: event_id.or_else(|| read?.event_id.clone()),
                }
            });
            let parts: Vec<Part> = parts.collect();
            let rows = parts.iter().enumerate().map(|(position, part)| {
                let Part { location, .. } = part;
                json!({
                    "position": position, "resource_id": part.resource_id,
                    "url": location.url, "tenant": location.tenant, "path": location.path,
                    "sha256": part.digest.as_ref().map(|digest| &digest.sha256),
                    "size": part.digest.as_ref().map(|digest| digest.size), "event_id": part.event_id,
                })
            });
            let inserted = sql(
                "INSERT INTO catalog_part (publication_id, position, resource_id, url, tenant, path, sha256, size, event_id) \
                 SELECT $1, e.value ->> 'position', e.value ->> 'resource_id', e.value ->> 'url', e.value ->> 'tenant', \
                 e.value ->> 'path', e.value ->> 'sha256', e.value ->> 'size', e.value ->> 'event_id' FROM json_each($2) AS e",
            )
            .on_postgres(
                "INSERT INTO catalog_part (publication_id, position, resource_id, url, tenant, path, sha256, size, event_id) \
                 SELECT $1, (e.value ->> 'position')::bigint, e.value ->> 'resource_id', e.value ->> 'url', e.value ->> 'tenant', \
                 e.value ->> 'path', e.value ->> 'sha256', (e.value ->> 'size')::bigint, e.value ->> 'event_id' \
                 FROM jsonb_array_elements($2) AS e (value)",
            );
            let rows: Vec<Value> = rows.collect();
            tx.execute(inserted.bind(of.id).bind(Json(rows))).await?;
            tx.commit().await?;
            Ok(parts)
        };
        self.database.run(attempt).await
    }

    async fn read(
        &self,
        of: &Publication,
        number: usize,
        digest: &Digest,
        at: OffsetDateTime,
    ) -> Result<(String, Option<String>), ChangeError> {
        let part = of.parts.get(number).ok_or(ChangeError::Lost)?;
        let Location { url, tenant, path } = &part.location;
        let resource = part.resource_id.as_str();
        let key = idempotency_key(of.dataset_id, resource, &part.location, &digest.sha256);
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            held(&mut tx, of).await?;
            tx.execute(
                sql("INSERT INTO catalog_creation (url, tenant, path, sha256, idempotency_key, asked_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING")
                .bind(url)
                .bind(tenant)
                .bind(path)
                .bind(&digest.sha256)
                .bind(&key)
                .bind(at),
            )
            .await?;
            let asked = sql(
                "SELECT idempotency_key, event_id FROM catalog_creation WHERE url = $1 AND tenant = $2 AND path = $3 \
                 AND sha256 = $4",
            );
            let asked = asked.bind(url).bind(tenant).bind(path).bind(&digest.sha256);
            let row = tx.fetch_one(asked).await?;
            let (key, event): (String, Option<String>) =
                (row.get("idempotency_key")?, row.get("event_id")?);
            let size = i64::try_from(digest.size).unwrap_or(i64::MAX);
            tx.execute(
                sql("UPDATE catalog_part SET sha256 = $3, size = $4, event_id = $5 WHERE publication_id = $1 AND position = $2")
                    .bind(of.id)
                    .bind(position(number))
                    .bind(&digest.sha256)
                    .bind(size)
                    .bind(&event),
            )
            .await?;
            tx.commit().await?;
            Ok((key, event))
        };
        self.database.run(attempt).await
    }

    async fn recorded(
        &self,
        of: &Publication,
        number: usize,
        event_id: &str,
    ) -> Result<String, ChangeError> {
        let part = of.parts.get(number).ok_or(ChangeError::Lost)?;
        let digest = part.digest.as_ref().ok_or(ChangeError::Lost)?;
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            held(&mut tx, of).await?;
            let counts = sql(
                "UPDATE catalog_creation SET event_id = coalesce(event_id, $5) WHERE url = $1 AND tenant = $2 AND path = $3 \
                 AND sha256 = $4 RETURNING event_id",
            )
            .bind(&part.location.url)
            .bind(&part.location.tenant)
            .bind(&part.location.path)
            .bind(&digest.sha256)
            .bind(event_id);
            let counts: String = tx.fetch_one(counts).await?.get("event_id")?;
            let written = sql(
                "UPDATE catalog_part SET event_id = $3 WHERE publication_id = $1 AND position = $2",
            );
            let written = written.bind(of.id).bind(position(number)).bind(&counts);
            tx.execute(written).await?;
            tx.commit().await?;
            Ok(counts)
        };
        self.database.run(attempt).await
    }

    async fn finish(
        &self,
        of: &Publication,
        views: &[Shown],
        origins: &[Origin],
        at: OffsetDateTime,
    ) -> Result<Summary, ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, of.dataset_id, None).await?;
            let done = (PublicationState::Done, None);
            if !end(&mut tx, of.id, Some(of.claim), done, at).await? {
                return Err(ChangeError::Lost);
            }
            note(&mut tx, "show", (of.dataset_id, of.version), &of.author, at).await?;
            let is = show(&mut tx, &was, of.version, views, origins, at).await?;
            tx.commit().await?;
            Ok(is)
        };
        self.database.run(attempt).await
    }

    async fn retry(
        &self,
        of: &Publication,
        hitch: &Hitch,
        due: OffsetDateTime,
    ) -> Result<(), ChangeError> {
        let waits = sql(
            "UPDATE catalog_publication SET state = 'retrying', failures = failures + 1, problem = $3, due_at = $4 \
             WHERE id = $1 AND claim = $2 AND ended_at IS NULL",
        );
        let waits = waits.bind(of.id).bind(of.claim).bind(Json(hitch)).bind(due);
        match self.database.execute(waits).await? {
            0 => Err(ChangeError::Lost),
            _ => Ok(()),
        }
    }

    async fn stop(
        &self,
        of: &Publication,
        hitch: &Hitch,
        at: OffsetDateTime,
    ) -> Result<(), ChangeError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let was = locked(&mut tx, of.dataset_id, None).await?;
            let stopped = (PublicationState::Stopped, Some(hitch));
            if !end(&mut tx, of.id, Some(of.claim), stopped, at).await? {
                return Err(ChangeError::Lost);
            }
            resting(&mut tx, &was).await?;
            note(&mut tx, "stop", (of.dataset_id, of.version), &of.author, at).await?;
            tx.commit().await?;
            Ok(())
        };
        self.database.run(attempt).await
    }
}

fn position(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
