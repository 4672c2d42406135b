//! Participants and users.

use super::{
    SqliteStore,
    families::{FamiliesOf, end_families},
    micros,
    rows::{insert_event, to_json},
};
use crate::domain::store::{Participants, StoreError, Users};
use async_trait::async_trait;
use auth_client::{
    State,
    api::{Event, Participant, User},
};
use common::ids::UserId;
use sqlx::SqliteConnection;
use uuid::Uuid;

#[async_trait]
impl Participants for SqliteStore {
    async fn insert_participant(
        &self,
        participant: &Participant,
        event: &Event,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert_participant(&mut tx, participant).await?;
        insert_event(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    async fn set_participant_state(
        &self,
        id: Uuid,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE participants SET state = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(state.as_str())
            .execute(&mut *tx)
            .await?;
        let ended = if state == State::Suspended {
            end_families(&mut tx, FamiliesOf::Participant(id), event).await?
        } else {
            Vec::new()
        };
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

#[async_trait]
impl Users for SqliteStore {
    async fn insert_user(
        &self,
        user: &User,
        password_hash: &str,
        event: &Event,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert_user(&mut tx, user, password_hash).await?;
        insert_event(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    async fn set_user_state(
        &self,
        id: &UserId,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE users SET state = $2 WHERE user_id = $1")
            .bind(id.as_str())
            .bind(state.as_str())
            .execute(&mut *tx)
            .await?;
        let ended = if state == State::Suspended {
            end_families(&mut tx, FamiliesOf::User(id), event).await?
        } else {
            Vec::new()
        };
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn set_password(
        &self,
        id: &UserId,
        password_hash: &str,
        event: &Event,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE user_id = $1",
        )
        .bind(id.as_str())
        .bind(password_hash)
        .bind(micros(event.at))
        .execute(&mut *tx)
        .await?;
        let ended = end_families(&mut tx, FamiliesOf::User(id), event).await?;
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn password_hash(&self, id: &UserId) -> Result<Option<String>, StoreError> {
        let found: Option<Option<String>> =
            sqlx::query_scalar("SELECT password_hash FROM users WHERE user_id = $1")
                .bind(id.as_str())
                .fetch_optional(&self.database.reader)
                .await?;
        Ok(found.flatten())
    }
}

pub(super) async fn insert_participant(
    connection: &mut SqliteConnection,
    participant: &Participant,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO participants (id, kind, name, number, email, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(participant.id.to_string())
    .bind(participant.kind.as_str())
    .bind(&participant.name)
    .bind(&participant.number)
    .bind(&participant.email)
    .bind(participant.state.as_str())
    .bind(micros(participant.created_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_user(
    connection: &mut SqliteConnection,
    user: &User,
    password_hash: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO users (id, user_id, participant, name, email, roles, extras, state, password_hash, \
         password_changed_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
    )
    .bind(user.id.to_string())
    .bind(user.user_id.as_str())
    .bind(user.participant.to_string())
    .bind(&user.name)
    .bind(&user.email)
    .bind(to_json(&user.roles))
    .bind(&user.extras)
    .bind(user.state.as_str())
    .bind(password_hash)
    .bind(micros(user.created_at))
    .execute(&mut *connection)
    .await?;
    for (position, org) in (0i64..).zip(&user.orgs) {
        sqlx::query("INSERT INTO user_orgs (user_id, org, position) VALUES ($1, $2, $3)")
            .bind(user.user_id.as_str())
            .bind(org.as_str())
            .bind(position)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
