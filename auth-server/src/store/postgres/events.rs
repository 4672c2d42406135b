//! The audit trail.

use super::{PostgresStore, rows::EventRow};
use crate::domain::store::{Events, StoreError};
use async_trait::async_trait;
use auth_client::api::Event;
use uuid::Uuid;

#[async_trait]
impl Events for PostgresStore {
    async fn events(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, StoreError> {
        let before = before.unwrap_or(Uuid::max());
        let attempt = || async {
            let rows: Vec<EventRow> = sqlx::query_as(
                "SELECT id, at, actor, kind, subject, reason, request_id FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2",
            )
            .bind(before)
            .bind(limit)
            .fetch_all(&self.database.pool)
            .await?;
            Ok(rows.into_iter().map(Event::from).collect())
        };
        self.database.run(attempt).await
    }
}
