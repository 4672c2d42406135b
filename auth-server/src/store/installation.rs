//! The installation as a whole.

use super::{
    SqliteStore,
    certificates::insert_certificate,
    clients::insert_client,
    micros,
    people::{insert_participant, insert_user},
    rows::{ClientRow, ParticipantRow, Reader, UserRow, insert_event},
};
use crate::domain::store::{FirstEntries, Installation, Snapshot, StoreError};
use async_trait::async_trait;
use auth_client::api::Event;
use common::ids::UserId;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

#[async_trait]
impl Installation for SqliteStore {
    async fn is_initialised(&self) -> Result<bool, StoreError> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT value FROM meta WHERE key = 'initialised_at'")
                .fetch_optional(&self.database.reader)
                .await?;
        Ok(found.is_some())
    }

    async fn initialise(&self, first: &FirstEntries, event: &Event) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert_participant(&mut tx, &first.participant).await?;
        insert_user(&mut tx, &first.user, &first.password_hash).await?;
        for client in &first.clients {
            insert_client(&mut tx, client).await?;
        }
        insert_certificate(&mut tx, &first.certificate).await?;
        sqlx::query("INSERT INTO meta (key, value) VALUES ('initialised_at', $1)")
            .bind(micros(event.at).to_string())
            .execute(&mut *tx)
            .await?;
        insert_event(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    async fn load(&self, families_since: OffsetDateTime) -> Result<Snapshot, StoreError> {
        // One read transaction: all tables at one moment.
        let mut tx = self.database.reader.begin().await?;
        let participants: Vec<ParticipantRow> = sqlx::query_as(
            "SELECT id, kind, name, number, email, state, created_at FROM participants",
        )
        .fetch_all(&mut *tx)
        .await?;
        let users: Vec<UserRow> = sqlx::query_as(
            "SELECT id, user_id, participant, name, email, roles, extras, state, created_at FROM users",
        )
        .fetch_all(&mut *tx)
        .await?;
        let memberships: Vec<(String, String)> =
            sqlx::query_as("SELECT user_id, org FROM user_orgs ORDER BY user_id, position")
                .fetch_all(&mut *tx)
                .await?;
        let clients: Vec<ClientRow> = sqlx::query_as(
            "SELECT client_id, kind, name, user_id, secret_hash, secret_on_public, grants, connector_role, base_url, \
             service_kind, state, created_at, profile, purpose FROM clients",
        )
        .fetch_all(&mut *tx)
        .await?;
        let families: Vec<(String, i64)> =
            sqlx::query_as("SELECT id, revoked_at FROM token_families WHERE revoked_at >= $1")
                .bind(micros(families_since))
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;

        let mut orgs: HashMap<String, Vec<UserId>> = HashMap::new();
        for (user, org) in memberships {
            let org = Reader {
                table: "user_orgs",
                key: &user,
            }
            .parsed(UserId::parse(&org))?;
            orgs.entry(user).or_default().push(org);
        }
        Ok(Snapshot {
            participants: participants
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            users: users
                .into_iter()
                .map(|row| {
                    let orgs = orgs.remove(&row.user_id).unwrap_or_default();
                    row.into_user(orgs)
                })
                .collect::<Result<_, _>>()?,
            clients: clients
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            revoked_families: families
                .into_iter()
                .map(|(id, at)| {
                    let read = Reader {
                        table: "token_families",
                        key: &id,
                    };
                    Ok((read.parsed(Uuid::parse_str(&id))?, read.time(at)?))
                })
                .collect::<Result<_, StoreError>>()?,
        })
    }

    async fn changes(&self) -> Result<i64, StoreError> {
        let query = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'changes'";
        Ok(sqlx::query_scalar(query)
            .fetch_one(&self.database.reader)
            .await?)
    }

    async fn next_crl_number(&self, at_least: i64) -> Result<i64, StoreError> {
        let number: String = sqlx::query_scalar(
            "INSERT INTO meta (key, value) VALUES ('crl_number', CAST($1 AS TEXT)) \
             ON CONFLICT (key) DO UPDATE SET value = CAST(max($1, CAST(value AS INTEGER) + 1) AS TEXT) RETURNING value",
        )
        .bind(at_least)
        .fetch_one(&self.database.writer)
        .await?;
        Reader {
            table: "meta",
            key: "crl_number",
        }
        .parsed(number.parse())
    }
}
