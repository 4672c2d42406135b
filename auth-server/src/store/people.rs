//! Participants and users.

use async_trait::async_trait;
use auth_client::{
    State,
    api::{Event, Participant, ParticipantDomain, User},
};
use common::ids::UserId;
use common_db::{Json, Transaction, sql};
use uuid::Uuid;

use super::{SqlStore, families::FamiliesOf, rows::insert_event};
use crate::domain::store::{AccountsError, Participants, Users};

#[async_trait]
impl Participants for SqlStore {
    async fn insert_participant(
        &self,
        participant: &Participant,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_participant(&mut tx, participant).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn set_domain(
        &self,
        id: Uuid,
        domain: Option<&ParticipantDomain>,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let update = sql("UPDATE participants SET domain = $2 WHERE id = $1")
            .bind(id)
            .bind(domain.map(Json));
        self.change(update, None, event).await.map(drop)
    }

    async fn set_participant_state(
        &self,
        id: Uuid,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let update = sql("UPDATE participants SET state = $2 WHERE id = $1")
            .bind(id)
            .bind(state.as_str());
        let ends = (state == State::Suspended).then_some(FamiliesOf::Participant(id));
        self.change(update, ends, event).await
    }
}

#[async_trait]
impl Users for SqlStore {
    async fn insert_user(
        &self,
        user: &User,
        password_hash: &str,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_user(&mut tx, user, password_hash).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn set_user_state(
        &self,
        id: &UserId,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let update = sql("UPDATE users SET state = $2 WHERE user_id = $1")
            .bind(id.as_str())
            .bind(state.as_str());
        let ends = (state == State::Suspended).then_some(FamiliesOf::User(id));
        self.change(update, ends, event).await
    }

    async fn set_password(
        &self,
        id: &UserId,
        password_hash: &str,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let update =
            sql("UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE user_id = $1")
                .bind(id.as_str())
                .bind(password_hash)
                .bind(event.at);
        self.change(update, Some(FamiliesOf::User(id)), event).await
    }

    async fn password_hash(&self, id: &UserId) -> Result<Option<String>, AccountsError> {
        let asked = sql("SELECT password_hash FROM users WHERE user_id = $1").bind(id.as_str());
        match self.database.fetch_optional(asked).await? {
            Some(row) => Ok(row.get("password_hash")?),
            None => Ok(None),
        }
    }
}

pub(super) async fn insert_participant(
    tx: &mut Transaction,
    participant: &Participant,
) -> Result<(), AccountsError> {
    tx.execute(
        sql(
            "INSERT INTO participants (id, kind, name, number, email, state, created_at, domain) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(participant.id)
        .bind(participant.kind.as_str())
        .bind(&participant.name)
        .bind(&participant.number)
        .bind(&participant.email)
        .bind(participant.state.as_str())
        .bind(participant.created_at)
        .bind(participant.domain.as_ref().map(Json)),
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_user(
    tx: &mut Transaction,
    user: &User,
    password_hash: &str,
) -> Result<(), AccountsError> {
    tx.execute(
        sql(
            "INSERT INTO users (id, user_id, participant, name, email, roles, extras, state, password_hash, \
             password_changed_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        )
        .bind(user.id)
        .bind(user.user_id.as_str())
        .bind(user.participant)
        .bind(&user.name)
        .bind(&user.email)
        .bind(Json(&user.roles))
        .bind(&user.extras)
        .bind(user.state.as_str())
        .bind(password_hash)
        .bind(user.created_at),
    )
    .await?;
    for (position, org) in (0i64..).zip(&user.orgs) {
        tx.execute(
            sql("INSERT INTO user_orgs (user_id, org, position) VALUES ($1, $2, $3)")
                .bind(user.user_id.as_str())
                .bind(org.as_str())
                .bind(position),
        )
        .await?;
    }
    Ok(())
}
