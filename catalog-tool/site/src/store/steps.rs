//! What the steps of a publication consist of.

use std::collections::{BTreeMap, BTreeSet};

use common_db::{Json, StoreError, Transaction, sql};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::rows::publication;
use crate::domain::{ChangeError, Hitch, Location, Publication, PublicationState, State, Summary};

/// The publication as this transaction has made it, without its parts.
pub(super) async fn newest_publication(
    tx: &mut Transaction,
    id: Uuid,
) -> Result<Publication, ChangeError> {
    let row = tx.fetch_one(sql("SELECT * FROM catalog_publication WHERE id = $1").bind(id));
    Ok(publication(&row.await?, Vec::new()).map_err(StoreError::from)?)
}

/// Keeps others from taking up the publication until this transaction ends, if nobody has.
pub(super) async fn held(tx: &mut Transaction, of: &Publication) -> Result<(), ChangeError> {
    let asked = sql(
        "SELECT 1 AS held FROM catalog_publication WHERE id = $1 AND claim = $2 AND ended_at IS NULL",
    );
    let row = tx.fetch_optional(asked.bind(of.id).bind(of.claim).for_update());
    row.await?.map(drop).ok_or(ChangeError::Lost)
}

/// Ends a publication, of whoever has it, or of the one who took it up as the `claim`th. Whether it was still to end.
pub(super) async fn end(
    tx: &mut Transaction,
    id: Uuid,
    claim: Option<i64>,
    (state, hitch): (PublicationState, Option<&Hitch>),
    at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let ended = sql(
        "UPDATE catalog_publication SET state = $3, problem = $4, ended_at = $5 WHERE id = $1 AND ended_at IS NULL \
         AND claim = coalesce($2, claim)",
    )
    .bind(id)
    .bind(claim)
    .bind(state.as_str())
    .bind(hitch.map(Json))
    .bind(at);
    Ok(tx.execute(ended).await? == 1)
}

/// Lets the dataset stand where it stood before it was checked.
pub(super) async fn resting(tx: &mut Transaction, was: &Summary) -> sqlx::Result<()> {
    let state = State::at_rest(was.visible_version.is_some(), was.withdrawn_at.is_some());
    let rests = sql(
        "UPDATE catalog_dataset SET revision = revision + 1, state = $2, checked_version = NULL WHERE id = $1",
    );
    let rests = rests.bind(was.id).bind(state.as_str());
    tx.execute(rests).await.map(drop)
}

/// The events that stay, one for each place where there is one: those that the content names or the catalogue knows, and that were
/// there before it asked for any.
pub(super) async fn known_events(
    tx: &mut Transaction,
    dataset_id: Uuid,
    places: &[(Location, String, Option<String>)],
) -> Result<Vec<Option<String>>, ChangeError> {
    let named: Vec<String> = places
        .iter()
        .filter_map(|(.., event)| event.clone())
        .collect();
    let own = sql(
        "SELECT event_id FROM catalog_creation WHERE event_id IN (SELECT value FROM json_each($1))",
    )
    .on_postgres("SELECT event_id FROM catalog_creation WHERE event_id = ANY($1)")
    .bind(named.as_slice());
    let own = tx.fetch_all(own).await?;
    let own = own.iter().map(|row| row.get("event_id"));
    let own = own.collect::<sqlx::Result<BTreeSet<String>>>()?;

    let asked = places.iter().map(|(location, ..)| {
        json!({"url": location.url, "tenant": location.tenant, "path": location.path})
    });
    let asked: Vec<Value> = asked.collect();
    // Whether anybody else shows the place.
    let before = sql(
        "SELECT o.url, o.tenant, o.path, o.event_id, EXISTS (SELECT 1 FROM catalog_resource AS r WHERE r.url = o.url \
         AND r.tenant = o.tenant AND r.path = o.path AND r.dataset_id <> $2) AS is_elsewhere \
         FROM json_each($1) AS e JOIN catalog_origin AS o ON o.url = e.value ->> 'url' AND o.tenant = e.value ->> 'tenant' \
         AND o.path = e.value ->> 'path' WHERE o.sha256 IS NULL",
    )
    .on_postgres(
        "SELECT o.url, o.tenant, o.path, o.event_id, EXISTS (SELECT 1 FROM catalog_resource AS r WHERE r.url = o.url \
         AND r.tenant = o.tenant AND r.path = o.path AND r.dataset_id <> $2) AS is_elsewhere \
         FROM jsonb_array_elements($1) AS e (value) JOIN catalog_origin AS o ON o.url = e.value ->> 'url' \
         AND o.tenant = e.value ->> 'tenant' AND o.path = e.value ->> 'path' WHERE o.sha256 IS NULL",
    )
    .bind(Json(asked))
    .bind(dataset_id);
    let mut kept = BTreeMap::new();
    for row in tx.fetch_all(before).await? {
        let location = Location {
            url: row.get("url")?,
            tenant: row.get("tenant")?,
            path: row.get("path")?,
        };
        let event: String = row.get("event_id")?;
        kept.insert(location, (event, row.get::<bool>("is_elsewhere")?));
    }
    let events = places.iter().map(|(location, _, named)| {
        let named = named.clone().filter(|event| !own.contains(event));
        match (named, kept.get(location)) {
            // Two data sets that name the same place name the same event, or no exchange of it could say where it comes from.
            (Some(named), Some((kept, true))) if named != *kept => {
                Err(ChangeError::OtherOrigin(location.url.clone()))
            }
            (Some(named), _) => Ok(Some(named)),
            (None, kept) => Ok(kept.map(|(event, _)| event.clone())),
        }
    });
    events.collect()
}
