//! Logins and refresh tokens.

use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use common_db::{Transaction, sql};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    SqlStore,
    rows::{family, insert_event},
};
use crate::domain::{
    secrets::SecretHash,
    store::{AccountsError, Families, Family, Rotated, Rotation},
};

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
    tx: &mut Transaction,
    of: FamiliesOf<'_>,
    event: &Event,
) -> Result<Vec<Uuid>, AccountsError> {
    let update = match of {
        FamiliesOf::User(user) => sql(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(user.as_str()),
        FamiliesOf::Participant(id) => sql(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE user_id IN (SELECT user_id FROM users WHERE participant = $1) \
             AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(id),
        FamiliesOf::Client(id) => sql(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
             WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
        )
        .bind(id),
    };
    let ended = tx
        .fetch_all(update.bind(event.at).bind(&event.kind))
        .await?;
    let ended = ended
        .iter()
        .map(|row| row.of("token_families", "id").get("id"));
    Ok(ended.collect::<Result<_, _>>()?)
}

#[async_trait]
impl Families for SqlStore {
    async fn begin_family(
        &self,
        family: &Family,
        token: &SecretHash,
        idle: Duration,
        password_hash: &str,
    ) -> Result<bool, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // Locked: who bars one of the three, or changes the password, does so before, and is seen, or after, and ends
            // this family.
            let still_true = sql(
                "SELECT u.user_id FROM clients c, users u JOIN participants p ON p.id = u.participant \
                 WHERE c.client_id = $1 AND u.user_id = $2 AND u.password_hash = $3 \
                 AND c.state = 'active' AND u.state = 'active' AND p.state = 'active'",
            )
            .bind(&family.client_id)
            .bind(family.user_id.as_str())
            .bind(password_hash)
            .for_share();
            if tx.fetch_optional(still_true).await?.is_none() {
                tx.rollback().await?;
                return Ok(false);
            }
            tx.execute(
                sql(
                    "INSERT INTO token_families (id, client_id, user_id, aal, scope, created_at, expires_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                )
                .bind(family.id)
                .bind(&family.client_id)
                .bind(family.user_id.as_str())
                .bind(&family.aal)
                .bind(&family.scope)
                .bind(family.created_at)
                .bind(family.expires_at),
            )
            .await?;
            insert_token(&mut tx, family, token, family.created_at, idle).await?;
            tx.commit().await?;
            Ok(true)
        };
        self.database.run(attempt).await
    }

    async fn rotate(
        &self,
        rotation: &Rotation<'_>,
        reused: &Event,
    ) -> Result<Rotated, AccountsError> {
        self.database
            .run(|| self.rotate_once(rotation, reused))
            .await
    }

    async fn forget_successors(&self, before: OffsetDateTime) -> Result<u64, AccountsError> {
        let update = sql(
            "UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND used_at < $1",
        );
        Ok(self.database.execute(update.bind(before)).await?)
    }

    async fn purge_families(&self, before: OffsetDateTime) -> Result<u64, AccountsError> {
        let deletion = sql("DELETE FROM token_families WHERE expires_at < $1 OR revoked_at < $1");
        Ok(self.database.execute(deletion.bind(before)).await?)
    }
}

impl SqlStore {
    async fn rotate_once(
        &self,
        rotation: &Rotation<'_>,
        reused: &Event,
    ) -> Result<Rotated, AccountsError> {
        let mut tx = self.database.begin().await?;
        // Token and family are locked: of two that present the same token the second sees that it was used, and whoever
        // revokes the family does so before or after.
        let presented = sql(
            "SELECT f.id, f.client_id, f.user_id, f.aal, f.scope, f.created_at, f.expires_at, f.revoked_at, \
             t.expires_at AS token_expires_at, t.used_at, t.successor \
             FROM refresh_tokens t JOIN token_families f ON f.id = t.family WHERE t.hash = $1",
        )
        .bind(rotation.presented.as_slice())
        .for_update();
        let Some(row) = tx.fetch_optional(presented).await? else {
            tx.rollback().await?;
            return Ok(Rotated::Refused);
        };
        let now = rotation.now;
        let family = family(&row)?;
        let row = row.of("token_families", "id");
        let is_revoked = row.get::<Option<OffsetDateTime>>("revoked_at")?.is_some();
        if is_revoked
            || family.client_id != rotation.client_id
            || now >= family.expires_at
            || now >= row.get::<OffsetDateTime>("token_expires_at")?
        {
            tx.rollback().await?;
            return Ok(Rotated::Refused);
        }
        let used_at: Option<OffsetDateTime> = row.get("used_at")?;
        if used_at.is_some_and(|at| now > at.saturating_add(rotation.grace)) {
            tx.execute(
                sql("UPDATE token_families SET revoked_at = $2, revoked_reason = $3 WHERE id = $1")
                    .bind(family.id)
                    .bind(now)
                    .bind(&reused.kind),
            )
            .await?;
            tx.execute(
                sql("UPDATE refresh_tokens SET successor = NULL WHERE hash = $1")
                    .bind(rotation.presented.as_slice()),
            )
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
        let successor: Option<Vec<u8>> = row.get("successor")?;
        if let Some(sealed) = successor.filter(|_| used_at.is_some()) {
            tx.rollback().await?;
            return Ok(Rotated::Repeated(family, sealed));
        }
        tx.execute(
            sql("UPDATE refresh_tokens SET used_at = COALESCE(used_at, $2), successor = $3 WHERE hash = $1")
                .bind(rotation.presented.as_slice())
                .bind(now)
                .bind(rotation.sealed.as_slice()),
        )
        .await?;
        insert_token(&mut tx, &family, &rotation.replacement, now, rotation.idle).await?;
        tx.commit().await?;
        Ok(Rotated::Replaced(family))
    }
}

pub(super) async fn insert_token(
    tx: &mut Transaction,
    family: &Family,
    token: &SecretHash,
    now: OffsetDateTime,
    idle: Duration,
) -> Result<(), AccountsError> {
    let ends = now.saturating_add(idle).min(family.expires_at);
    tx.execute(
        sql("INSERT INTO refresh_tokens (hash, family, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(token.as_slice())
            .bind(family.id)
            .bind(now)
            .bind(ends),
    )
    .await?;
    Ok(())
}
