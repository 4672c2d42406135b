//! Logins and refresh tokens.

use super::{
    PostgresStore,
    rows::{FamilyRow, insert_event},
};
use crate::domain::{
    secrets::SecretHash,
    store::{Families, Family, Rotated, Rotation, StoreError},
};
use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use sqlx::PgConnection;
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
    connection: &mut PgConnection,
    of: FamiliesOf<'_>,
    event: &Event,
) -> Result<Vec<Uuid>, StoreError> {
    let query = match of {
        FamiliesOf::User(user) => sqlx::query_scalar(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(user.as_str()),
        FamiliesOf::Participant(id) => sqlx::query_scalar(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id IN (SELECT user_id FROM users WHERE participant = $1) \
             AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(id),
        FamiliesOf::Client(id) => sqlx::query_scalar(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(id),
    };
    Ok(query
        .bind(event.at)
        .bind(&event.kind)
        .fetch_all(connection)
        .await?)
}

#[async_trait]
impl Families for PostgresStore {
    async fn begin_family(
        &self,
        family: &Family,
        token: &SecretHash,
        idle: Duration,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // Locked: who bars one of the three, or changes the password, does so before, and is seen, or after, and ends
            // this family.
            let fits: Option<bool> = sqlx::query_scalar(
                "SELECT u.password_hash = $3 AND c.state = 'active' AND u.state = 'active' AND p.state = 'active' \
                 FROM clients c, users u JOIN participants p ON p.id = u.participant \
                 WHERE c.client_id = $1 AND u.user_id = $2 FOR SHARE",
            )
            .bind(&family.client_id)
            .bind(family.user_id.as_str())
            .bind(password_hash)
            .fetch_optional(&mut *tx)
            .await?
            .flatten();
            if fits != Some(true) {
                tx.rollback().await?;
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO token_families (id, client_id, user_id, aal, scope, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(family.id)
            .bind(&family.client_id)
            .bind(family.user_id.as_str())
            .bind(&family.aal)
            .bind(&family.scope)
            .bind(family.created_at)
            .bind(family.expires_at)
            .execute(&mut *tx)
            .await?;
            insert_token(&mut tx, family, token, family.created_at, idle).await?;
            tx.commit().await?;
            Ok(true)
        };
        self.database.run(attempt).await
    }

    async fn rotate(&self, rotation: &Rotation<'_>, reused: &Event) -> Result<Rotated, StoreError> {
        self.database
            .run(|| self.rotate_once(rotation, reused))
            .await
    }

    async fn forget_successors(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let attempt = || async {
            let forgotten = sqlx::query(
                "UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND used_at < $1",
            )
            .bind(before)
            .execute(&self.database.pool)
            .await?;
            Ok(forgotten.rows_affected())
        };
        self.database.run(attempt).await
    }

    async fn purge_families(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let attempt = || async {
            let purged =
                sqlx::query("DELETE FROM token_families WHERE expires_at < $1 OR revoked_at < $1")
                    .bind(before)
                    .execute(&self.database.pool)
                    .await?;
            Ok(purged.rows_affected())
        };
        self.database.run(attempt).await
    }
}

impl PostgresStore {
    async fn rotate_once(
        &self,
        rotation: &Rotation<'_>,
        reused: &Event,
    ) -> Result<Rotated, StoreError> {
        let mut tx = self.database.begin().await?;
        // Token and family are locked: of two that present the same token the second sees that it was used, and whoever
        // revokes the family does so before or after.
        let found: Option<FamilyRow> = sqlx::query_as(
            "SELECT f.id, f.client_id, f.user_id, f.aal, f.scope, f.created_at, f.expires_at, f.revoked_at, \
             t.expires_at AS token_expires_at, t.used_at, t.successor \
             FROM refresh_tokens t JOIN token_families f ON f.id = t.family WHERE t.hash = $1 \
             FOR NO KEY UPDATE",
        )
        .bind(rotation.presented.as_slice())
        .fetch_optional(&mut *tx)
        .await?;
        let now = rotation.now;
        let fits = |row: &FamilyRow| {
            row.client_id == rotation.client_id
                && row.revoked_at.is_none()
                && now < row.expires_at
                && now < row.token_expires_at
        };
        let Some(mut row) = found.filter(fits) else {
            tx.rollback().await?;
            return Ok(Rotated::Refused);
        };
        let (used_at, successor) = (row.used_at, row.successor.take());
        let family = Family::try_from(row)?;
        if used_at.is_some_and(|at| now > at.saturating_add(rotation.grace)) {
            sqlx::query(
                "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 WHERE id = $1",
            )
            .bind(family.id)
            .bind(now)
            .bind(&reused.kind)
            .execute(&mut *tx)
            .await?;
            sqlx::query("UPDATE refresh_tokens SET successor = NULL WHERE hash = $1")
                .bind(rotation.presented.as_slice())
                .execute(&mut *tx)
                .await?;
            let event = Event {
                subject: family.user_id.to_string(),
                ..reused.clone()
            };
            insert_event(&mut tx, &event).await?;
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
        insert_token(&mut tx, &family, &rotation.replacement, now, rotation.idle).await?;
        tx.commit().await?;
        Ok(Rotated::Replaced(family))
    }
}

async fn insert_token(
    connection: &mut PgConnection,
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
    .bind(family.id)
    .bind(now)
    .bind(ends)
    .execute(connection)
    .await?;
    Ok(())
}
