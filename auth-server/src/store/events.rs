//! The audit trail.

use super::{SqliteStore, rows::EventRow};
use crate::domain::store::{Events, StoreError};
use async_trait::async_trait;
use auth_client::api::Event;
use uuid::Uuid;

#[async_trait]
impl Events for SqliteStore {
    async fn events(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, StoreError> {
        let before = before.unwrap_or(Uuid::max());
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT id, at, actor, kind, subject, reason, request_id FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.to_string())
        .bind(limit)
        .fetch_all(&self.database.reader)
        .await?;
        rows.into_iter().map(Event::try_from).collect()
    }
}
