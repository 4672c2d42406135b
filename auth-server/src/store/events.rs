//! The audit trail.

use async_trait::async_trait;
use auth_client::api::Event;
use common_db::sql;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SqlStore, rows::event};
use crate::domain::store::{AccountsError, Events};

#[async_trait]
impl Events for SqlStore {
    async fn events(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, AccountsError> {
        let asked = sql(
            "SELECT id, at, actor, kind, subject, reason, request_id FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.unwrap_or(Uuid::max()))
        .bind(limit);
        let found = self.database.fetch_all(asked).await?;
        Ok(found.iter().map(event).collect::<Result<_, _>>()?)
    }

    async fn forget_events(&self, before: OffsetDateTime) -> Result<u64, AccountsError> {
        let mut forgotten = 0;
        loop {
            // The oldest alone are looked at: what is not yet old costs nothing, however much it is.
            let oldest = sql("DELETE FROM events WHERE id IN (SELECT id FROM \
                 (SELECT id, at FROM events ORDER BY id LIMIT $2) AS oldest WHERE at < $1)");
            let oldest = oldest.bind(before).bind(AT_ONCE);
            let removed = self.database.execute(oldest).await?;
            forgotten += removed;
            if removed < u64::from(AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}

/// Events that are forgotten in one step.
const AT_ONCE: u32 = 500;
