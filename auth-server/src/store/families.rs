//! Logins and refresh tokens.

use super::{
    SqliteStore, micros,
    rows::{FamilyRow, Reader, insert_event},
};
use crate::domain::{
    secrets::SecretHash,
    store::{Families, Family, Rotated, Rotation, StoreError},
};
use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use sqlx::SqliteConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Whose families.
#[derive(Debug, Clone, Copy)]
pub(super) enum FamiliesOf<'a> {
    /// Of one user.
    User(&'a UserId),
    /// Of the users of one participant.
    Participant(Uuid),
    /// Begun by one client.
    Client(&'a str),
}

/// Ends the living families of somebody, for the reason that `event` tells; returns which.
pub(super) async fn end_families(
    connection: &mut SqliteConnection,
    of: FamiliesOf<'_>,
    event: &Event,
) -> Result<Vec<Uuid>, StoreError> {
    let (sql, key) = match of {
        FamiliesOf::User(user) => (
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
            user.to_string(),
        ),
        FamiliesOf::Participant(id) => (
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id IN (SELECT user_id FROM users WHERE participant = $1) \
             AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
            id.to_string(),
        ),
        FamiliesOf::Client(id) => (
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
            id.to_owned(),
        ),
    };
    let ids: Vec<String> = sqlx::query_scalar(sql)
        .bind(key)
        .bind(micros(event.at))
        .bind(&event.kind)
        .fetch_all(connection)
        .await?;
    ids.iter()
        .map(|id| {
            Reader {
                table: "token_families",
                key: id,
            }
            .parsed(Uuid::parse_str(id))
        })
        .collect()
}

#[async_trait]
impl Families for SqliteStore {
    async fn begin_family(
        &self,
        family: &Family,
        token: &SecretHash,
        idle: Duration,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let begun = sqlx::query(
            "INSERT INTO token_families (id, client_id, user_id, aal, scope, created_at, expires_at) \
             SELECT $1, c.client_id, u.user_id, $4, $5, $6, $7 \
             FROM clients c, users u JOIN participants p ON p.id = u.participant \
             WHERE c.client_id = $2 AND u.user_id = $3 AND u.password_hash = $8 \
             AND c.state = 'active' AND u.state = 'active' AND p.state = 'active'",
        )
        .bind(family.id.to_string())
        .bind(&family.client_id)
        .bind(family.user_id.as_str())
        .bind(&family.aal)
        .bind(&family.scope)
        .bind(micros(family.created_at))
        .bind(micros(family.expires_at))
        .bind(password_hash)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if begun == 0 {
            return Ok(false);
        }
        insert_token(&mut tx, family, token, family.created_at, idle).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn rotate(&self, rotation: &Rotation<'_>, reused: &Event) -> Result<Rotated, StoreError> {
        let mut tx = self.begin().await?;
        let found: Option<FamilyRow> = sqlx::query_as(
            "SELECT f.id, f.client_id, f.user_id, f.aal, f.scope, f.created_at, f.expires_at, f.revoked_at, \
             t.expires_at AS token_expires_at, t.used_at, t.successor \
             FROM refresh_tokens t JOIN token_families f ON f.id = t.family WHERE t.hash = $1",
        )
        .bind(rotation.presented.as_slice())
        .fetch_optional(&mut *tx)
        .await?;
        let now = micros(rotation.now);
        let Some(mut row) = found else {
            return Ok(Rotated::Refused);
        };
        if row.client_id != rotation.client_id
            || row.revoked_at.is_some()
            || now >= row.expires_at
            || now >= row.token_expires_at
        {
            return Ok(Rotated::Refused);
        }
        let (used_at, successor) = (row.used_at, row.successor.take());
        let family = Family::try_from(row)?;
        let repeated = used_at.is_some_and(|at| now > at.saturating_add(span(rotation.grace)));
        if repeated {
            sqlx::query(
                "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 WHERE id = $1",
            )
            .bind(family.id.to_string())
            .bind(now)
            .bind(&reused.kind)
            .execute(&mut *tx)
            .await?;
            sqlx::query("UPDATE refresh_tokens SET successor = NULL WHERE hash = $1")
                .bind(rotation.presented.as_slice())
                .execute(&mut *tx)
                .await?;
            insert_event(
                &mut tx,
                &Event {
                    subject: family.user_id.to_string(),
                    ..reused.clone()
                },
            )
            .await?;
            tx.commit().await?;
            return Ok(Rotated::Reused(family));
        }
        // A token that the version before replaced within the grace has none: it gets one now.
        if let Some(sealed) = successor.filter(|_| used_at.is_some()) {
            tx.rollback().await?;
            return Ok(Rotated::Repeated(family, sealed));
        }
        sqlx::query(
            "UPDATE refresh_tokens SET used_at = COALESCE(used_at, $2), successor = $3 WHERE hash = $1",
        )
        .bind(rotation.presented.as_slice())
        .bind(now)
        .bind(&rotation.sealed)
        .execute(&mut *tx)
        .await?;
        insert_token(
            &mut tx,
            &family,
            &rotation.replacement,
            rotation.now,
            rotation.idle,
        )
        .await?;
        tx.commit().await?;
        Ok(Rotated::Replaced(family))
    }

    async fn forget_successors(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let forgotten = sqlx::query(
            "UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND used_at < $1",
        )
        .bind(micros(before))
        .execute(&self.database.writer)
        .await?;
        Ok(forgotten.rows_affected())
    }

    async fn purge_families(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let purged =
            sqlx::query("DELETE FROM token_families WHERE expires_at < $1 OR revoked_at < $1")
                .bind(micros(before))
                .execute(&self.database.writer)
                .await?;
        Ok(purged.rows_affected())
    }
}

async fn insert_token(
    connection: &mut SqliteConnection,
    family: &Family,
    token: &SecretHash,
    now: OffsetDateTime,
    idle: Duration,
) -> Result<(), StoreError> {
    let ends = now.saturating_add(idle).min(family.expires_at);
    sqlx::query(
        "INSERT INTO refresh_tokens (hash, family, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(token.as_slice())
    .bind(family.id.to_string())
    .bind(micros(now))
    .bind(micros(ends))
    .execute(connection)
    .await?;
    Ok(())
}

fn span(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}
