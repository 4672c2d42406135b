//! Entries to register.

use auth_client::{
    ConnectorRole, Role, State,
    api::{
        Certificate, Event, GrantType, Participant, ParticipantDomain, ParticipantKind, Purpose,
        RedirectUris, ServiceKind, User,
    },
};
use common::ids::{UserId, uuid_v7};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::domain::{
    client::{Client, ClientKind},
    secrets::SecretHash,
    store::{CertificateRecord, Family, FirstEntries, NewCode, Store},
};

/// Now, in these tests.
pub(crate) const AT: OffsetDateTime = datetime!(2026-11-22 01:02:03.000_456 UTC);

pub(super) fn id(text: &str) -> UserId {
    UserId::parse(text).expect("a user ID")
}

pub(super) fn hash(seed: u8) -> SecretHash {
    [seed; 32]
}

/// An event `seconds` after [`AT`].
pub(crate) fn event(kind: &str, seconds: i64) -> Event {
    let at = AT + Duration::seconds(seconds);
    Event {
        id: uuid_v7(at),
        at,
        actor: "cadde.op".into(),
        kind: kind.into(),
        subject: "subject".into(),
        reason: Some("because".into()),
        request_id: None,
    }
}

pub(crate) fn participant(number: &str) -> Participant {
    Participant {
        id: uuid_v7(AT),
        kind: ParticipantKind::Organisation,
        name: "架け橋".into(),
        number: number.into(),
        email: Some("a@example".into()),
        domain: Some(ParticipantDomain {
            letter: "A".into(),
            name_ja: "防災".into(),
            name_en: "Disaster prevention".into(),
        }),
        state: State::Active,
        created_at: AT,
    }
}

pub(super) fn user(user_id: &str, participant: Uuid) -> User {
    User {
        id: uuid_v7(AT),
        user_id: id(user_id),
        participant,
        name: "名前".into(),
        email: None,
        orgs: vec![id(user_id)],
        roles: vec![Role::Operator, Role::Reviewer],
        extras: Some("x".into()),
        state: State::Active,
        created_at: AT,
    }
}

pub(super) fn app(client_id: &str) -> Client {
    Client {
        id: client_id.into(),
        name: "App".into(),
        kind: ClientKind::App(Purpose::Application),
        user: None,
        secret_hash: Some(hash(1)),
        secret_on_public: true,
        grants: vec![GrantType::Password, GrantType::RefreshToken],
        redirects: RedirectUris::default(),
        state: State::Active,
        created_at: AT,
    }
}

pub(super) fn service(client_id: &str) -> Client {
    Client {
        kind: ClientKind::Service(ServiceKind::Server),
        secret_hash: None,
        secret_on_public: false,
        grants: Vec::new(),
        ..app(client_id)
    }
}

pub(super) fn connector(client_id: &str, user: &str, base_url: Option<&str>) -> Client {
    Client {
        kind: ClientKind::Connector {
            role: ConnectorRole::Provider,
            base_url: base_url.map(|url| url.parse().expect("a URL")),
            profile: None,
        },
        user: Some(id(user)),
        ..app(client_id)
    }
}

/// A certificate for `subject` with the key `key`, good for 90 days.
pub(super) fn certificate(serial: &str, subject: &str, key: u8) -> CertificateRecord {
    CertificateRecord {
        certificate: Certificate {
            serial: serial.into(),
            subject: subject.parse().expect("a connector ID"),
            sha256: hex::encode(hash(key)),
            not_before: AT,
            not_after: AT + Duration::days(90),
            revoked_at: None,
        },
        spki_sha256: hash(key),
        chain_pem: "PEM".into(),
        issued_here: true,
        parent: None,
    }
}

pub(super) fn code(seed: u8) -> NewCode {
    NewCode {
        hash: hash(seed),
        created_at: AT,
        expires_at: AT + Duration::DAY,
    }
}

/// A family of `user` that lives for ten hours.
pub(super) fn family(client: &str, user: &str) -> Family {
    Family {
        id: uuid_v7(AT),
        client_id: client.into(),
        user_id: id(user),
        aal: "2".into(),
        scope: Some("openid".into()),
        created_at: AT,
        expires_at: AT + Duration::hours(10),
    }
}

/// The participant `1`, the user `cadde.op`, the clients `auth.example` with the certificate `00` and `operator`.
pub(super) async fn initialised(store: &impl Store) -> FirstEntries {
    let participant = participant("1");
    let first = FirstEntries {
        user: user("cadde.op", participant.id),
        participant,
        password_hash: "$argon2id$".into(),
        clients: vec![service("auth.example"), app("operator")],
        certificate: certificate("00", "auth.example", 0),
    };
    let event = event("installation.initialised", 0);
    store.initialise(&first, &event).await.expect("it is new");
    first
}

/// Everything that is registered, as text that can be compared.
pub(super) async fn everything(store: &impl Store) -> String {
    let mut all = store
        .load(AT - Duration::DAY)
        .await
        .expect("the database works");
    all.participants.sort_by_key(|one| one.id);
    all.users.sort_by_key(|one| one.id);
    all.clients.sort_by(|one, other| one.id.cmp(&other.id));
    all.revoked_families.sort();
    format!("{all:?}")
}

/// What stands in the audit trail, newest first.
pub(super) async fn kinds(store: &impl Store) -> Vec<String> {
    let events = store.events(None, 100).await.expect("the database works");
    events.into_iter().map(|event| event.kind).collect()
}
