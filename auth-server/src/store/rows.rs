//! Reading rows. One that cannot be read is reported with its table and key.

use auth_client::api::{Certificate, Event, Participant, User};
use common_db::{Corrupt, Json, Record, Row, Transaction, sql};

use crate::domain::{
    client::{Client, ClientKind},
    secrets::SecretHash,
    store::{AccountsError, CertificateRecord, Family},
};

pub(super) fn participant(row: &Row) -> Result<Participant, Corrupt> {
    let row = row.of("participants", "id");
    let domain = row.get::<Option<Json<_>>>("domain")?;
    Ok(Participant {
        id: row.get("id")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        created_at: row.get("created_at")?,
        name: row.get("name")?,
        number: row.get("number")?,
        email: row.get("email")?,
        domain: domain.map(|Json(domain)| domain),
    })
}

/// A user, without organisations.
pub(super) fn user(row: &Row) -> Result<User, Corrupt> {
    let row = row.of("users", "user_id");
    let Json(roles) = row.get("roles")?;
    Ok(User {
        id: row.get("id")?,
        user_id: row.parse("user_id")?,
        participant: row.get("participant")?,
        roles,
        state: row.word("state")?,
        created_at: row.get("created_at")?,
        name: row.get("name")?,
        email: row.get("email")?,
        extras: row.get("extras")?,
        orgs: Vec::new(),
    })
}

pub(super) fn client(row: &Row) -> Result<Client, Corrupt> {
    let row = row.of("clients", "client_id");
    let Json(grants) = row.get("grants")?;
    let redirects = row.get::<Option<Json<_>>>("redirects")?;
    Ok(Client {
        kind: client_kind(&row)?,
        user: row.parse_some("user_id")?,
        secret_hash: row.with("secret_hash", |hash: Option<Vec<u8>>| {
            hash.as_deref().map(SecretHash::try_from).transpose()
        })?,
        secret_on_public: row.get("secret_on_public")?,
        grants,
        // Registrations of before have none.
        redirects: redirects.map(|Json(uris)| uris).unwrap_or_default(),
        state: row.word("state")?,
        created_at: row.get("created_at")?,
        id: row.get("client_id")?,
        name: row.get("name")?,
    })
}

fn client_kind(row: &Record<'_>) -> Result<ClientKind, Corrupt> {
    Ok(match row.get::<String>("kind")?.as_str() {
        "connector" => ClientKind::Connector {
            role: row.word("connector_role")?,
            base_url: row.parse_some("base_url")?,
            profile: row.parse_some("profile")?,
        },
        "service" => ClientKind::Service(row.word("service_kind")?),
        "app" => {
            let purpose = row.get::<Option<Json<_>>>("purpose")?;
            ClientKind::App(purpose.map(|Json(purpose)| purpose).unwrap_or_default())
        }
        other => return Err(row.corrupt(format_args!("unknown kind {other}"))),
    })
}

pub(super) fn certificate(row: &Row) -> Result<CertificateRecord, Corrupt> {
    let row = row.of("certificates", "serial");
    Ok(CertificateRecord {
        certificate: Certificate {
            subject: row.parse("client_id")?,
            sha256: hex::encode(row.get::<Vec<u8>>("sha256")?),
            not_before: row.get("not_before")?,
            not_after: row.get("not_after")?,
            revoked_at: row.get("revoked_at")?,
            serial: row.get("serial")?,
        },
        spki_sha256: row.with("spki_sha256", |hash: Vec<u8>| {
            SecretHash::try_from(hash.as_slice())
        })?,
        chain_pem: row.get("chain_pem")?,
        issued_here: row.get("issued_here")?,
        parent: None,
    })
}

pub(super) fn event(row: &Row) -> Result<Event, Corrupt> {
    let row = row.of("events", "id");
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        actor: row.get("actor")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        reason: row.get("reason")?,
        request_id: row.get("request_id")?,
    })
}

pub(super) fn family(row: &Row) -> Result<Family, Corrupt> {
    let row = row.of("token_families", "id");
    Ok(Family {
        id: row.get("id")?,
        user_id: row.parse("user_id")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        client_id: row.get("client_id")?,
        aal: row.get("aal")?,
        scope: row.get("scope")?,
    })
}

/// Writes an event in the transaction of the change that it tells of.
pub(super) async fn insert_event(tx: &mut Transaction, event: &Event) -> Result<(), AccountsError> {
    tx.execute(
        sql(
            "INSERT INTO events (id, at, actor, kind, subject, reason, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(event.id)
        .bind(event.at)
        .bind(&event.actor)
        .bind(&event.kind)
        .bind(&event.subject)
        .bind(&event.reason)
        .bind(&event.request_id),
    )
    .await?;
    Ok(())
}
