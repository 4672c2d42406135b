//! Rows, and reading them. A row that cannot be read is reported with its table and key.

use super::micros;
pub(super) use crate::store::reading::Reader;
use crate::{
    domain::{
        client::Client,
        store::{CertificateRecord, Family, StoreError},
    },
    store::reading::KindColumns,
};
use auth_client::{
    Role, State,
    api::{Certificate, Event, GrantType, Participant, ParticipantKind, User},
};
use common::ids::UserId;
use serde::Serialize;
use uuid::Uuid;

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("lists of words have only members that JSON can express")
}

#[derive(sqlx::FromRow)]
pub(super) struct ParticipantRow {
    id: String,
    kind: String,
    name: String,
    number: String,
    email: Option<String>,
    state: String,
    created_at: i64,
}

impl TryFrom<ParticipantRow> for Participant {
    type Error = StoreError;
    fn try_from(row: ParticipantRow) -> Result<Self, StoreError> {
        let read = Reader {
            table: "participants",
            key: &row.id,
        };
        Ok(Self {
            id: read.parsed(Uuid::parse_str(&row.id))?,
            kind: read.word::<ParticipantKind>(&row.kind)?,
            state: read.word::<State>(&row.state)?,
            created_at: read.time(row.created_at)?,
            name: row.name,
            number: row.number,
            email: row.email,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: String,
    pub(super) user_id: String,
    participant: String,
    name: String,
    email: Option<String>,
    roles: String,
    extras: Option<String>,
    state: String,
    created_at: i64,
}

impl UserRow {
    pub(super) fn into_user(self, orgs: Vec<UserId>) -> Result<User, StoreError> {
        let read = Reader {
            table: "users",
            key: &self.id,
        };
        Ok(User {
            id: read.parsed(Uuid::parse_str(&self.id))?,
            user_id: read.parsed(UserId::parse(&self.user_id))?,
            participant: read.parsed(Uuid::parse_str(&self.participant))?,
            roles: read.json::<Vec<Role>>(&self.roles)?,
            state: read.word::<State>(&self.state)?,
            created_at: read.time(self.created_at)?,
            name: self.name,
            email: self.email,
            extras: self.extras,
            orgs,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct ClientRow {
    client_id: String,
    kind: String,
    name: String,
    user_id: Option<String>,
    secret_hash: Option<Vec<u8>>,
    secret_on_public: bool,
    grants: String,
    connector_role: Option<String>,
    base_url: Option<String>,
    service_kind: Option<String>,
    profile: Option<String>,
    purpose: Option<String>,
    state: String,
    created_at: i64,
}

impl TryFrom<ClientRow> for Client {
    type Error = StoreError;
    fn try_from(row: ClientRow) -> Result<Self, StoreError> {
        let read = Reader {
            table: "clients",
            key: &row.client_id,
        };
        let kind = KindColumns {
            kind: &row.kind,
            connector_role: row.connector_role.as_deref(),
            base_url: row.base_url.as_deref(),
            service_kind: row.service_kind.as_deref(),
            profile: row.profile.as_deref(),
            purpose: row
                .purpose
                .as_deref()
                .map(|text| read.json(text))
                .transpose()?,
        };
        Ok(Self {
            kind: kind.read(&read)?,
            user: row
                .user_id
                .as_deref()
                .map(|id| read.parsed(UserId::parse(id)))
                .transpose()?,
            secret_hash: row
                .secret_hash
                .as_deref()
                .map(|hash| read.hash(hash))
                .transpose()?,
            secret_on_public: row.secret_on_public,
            grants: read.json::<Vec<GrantType>>(&row.grants)?,
            state: read.word::<State>(&row.state)?,
            created_at: read.time(row.created_at)?,
            id: row.client_id,
            name: row.name,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct CertificateRow {
    pub(super) seq: i64,
    serial: String,
    client_id: String,
    spki_sha256: Vec<u8>,
    sha256: Vec<u8>,
    chain_pem: String,
    issued_here: bool,
    not_before: i64,
    not_after: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<CertificateRow> for CertificateRecord {
    type Error = StoreError;
    fn try_from(row: CertificateRow) -> Result<Self, StoreError> {
        let read = Reader {
            table: "certificates",
            key: &row.serial,
        };
        Ok(Self {
            certificate: Certificate {
                subject: read.parsed(row.client_id.parse())?,
                sha256: hex::encode(&row.sha256),
                not_before: read.time(row.not_before)?,
                not_after: read.time(row.not_after)?,
                revoked_at: row.revoked_at.map(|at| read.time(at)).transpose()?,
                serial: row.serial.clone(),
            },
            spki_sha256: read.hash(&row.spki_sha256)?,
            chain_pem: row.chain_pem,
            issued_here: row.issued_here,
            parent: None,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct EventRow {
    id: String,
    at: i64,
    actor: String,
    kind: String,
    subject: String,
    reason: Option<String>,
    request_id: Option<String>,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let read = Reader {
            table: "events",
            key: &row.id,
        };
        Ok(Self {
            id: read.parsed(Uuid::parse_str(&row.id))?,
            at: read.time(row.at)?,
            actor: row.actor,
            kind: row.kind,
            subject: row.subject,
            reason: row.reason,
            request_id: row.request_id,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct FamilyRow {
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) user_id: String,
    pub(super) aal: String,
    pub(super) scope: Option<String>,
    pub(super) created_at: i64,
    pub(super) expires_at: i64,
    pub(super) revoked_at: Option<i64>,
    pub(super) token_expires_at: i64,
    pub(super) used_at: Option<i64>,
    /// What is sealed for the token.
    pub(super) successor: Option<Vec<u8>>,
}

impl TryFrom<FamilyRow> for Family {
    type Error = StoreError;
    fn try_from(row: FamilyRow) -> Result<Self, StoreError> {
        let read = Reader {
            table: "token_families",
            key: &row.id,
        };
        Ok(Self {
            id: read.parsed(Uuid::parse_str(&row.id))?,
            user_id: read.parsed(UserId::parse(&row.user_id))?,
            created_at: read.time(row.created_at)?,
            expires_at: read.time(row.expires_at)?,
            client_id: row.client_id,
            aal: row.aal,
            scope: row.scope,
        })
    }
}

/// Writes an event in the transaction of the change that it tells of.
pub(super) async fn insert_event(
    connection: &mut sqlx::SqliteConnection,
    event: &Event,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO events (id, at, actor, kind, subject, reason, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(event.id.to_string())
    .bind(micros(event.at))
    .bind(&event.actor)
    .bind(&event.kind)
    .bind(&event.subject)
    .bind(&event.reason)
    .bind(&event.request_id)
    .execute(connection)
    .await?;
    Ok(())
}
