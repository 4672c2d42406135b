//! The audit trail.

use super::{SqlStore, rows::event};
use crate::domain::store::{Events, StoreError};
use async_trait::async_trait;
use auth_client::api::Event;
use common_db::sql;
use uuid::Uuid;

#[async_trait]
impl Events for SqlStore {
    async fn events(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, StoreError> {
        let asked = sql(
            "SELECT id, at, actor, kind, subject, reason, request_id FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.unwrap_or(Uuid::max()))
        .bind(limit);
        let found = self.database.fetch_all(asked).await?;
        Ok(found.iter().map(event).collect::<Result<_, _>>()?)
    }
}
