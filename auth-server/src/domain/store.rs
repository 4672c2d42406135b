//! What the domain asks of a database. One trait an aggregate; `store` implements them.
//!
//! A change and the event that tells of it are written together or not at all. Lookups answer `Option`: absence is an
//! answer, not a failure.

mod error;
mod families;
mod sign_ins;

use std::fmt::Debug;

use async_trait::async_trait;
use auth_client::{
    State,
    api::{
        Certificate, Event, GrantType, Participant, ParticipantDomain, Purpose, RedirectUris, User,
    },
};
use common::{ids::UserId, profile::Profile};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::{
    error::{AccountsError, Duplicate},
    families::{Families, Family, Rotated, Rotation},
    sign_ins::{
        Begun, Coded, LoginSession, NewAuthorizationCode, NewLoginSession, Redeemed, Redemption,
        SignIns,
    },
};
use super::{client::Client, secrets::SecretHash};
pub use crate::ca::CertificateRecord;

/// Everything that is held in memory while the server runs.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// All participants.
    pub participants: Vec<Participant>,
    /// All users.
    pub users: Vec<User>,
    /// All clients.
    pub clients: Vec<Client>,
    /// Families revoked since the time asked for.
    pub revoked_families: Vec<(Uuid, OffsetDateTime)>,
}

/// What is different in the database.
#[derive(Debug, Default)]
pub struct News {
    /// How many changes there are now.
    pub changes: i64,
    /// Whether the entries are all that there are, and not those alone that were added or changed.
    pub is_whole: bool,
    /// The entries.
    pub entries: Snapshot,
}

/// A one-time code as it is kept.
#[derive(Debug, Clone)]
pub struct CodeRecord {
    /// For whom.
    pub client_id: String,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// What it was spent on.
    pub spent_on: Option<CertificateRecord>,
}

/// The state of the installation itself.
#[async_trait]
pub trait Installation: Send + Sync {
    /// Whether `init` was finished.
    async fn is_initialised(&self) -> Result<bool, AccountsError>;
    /// Writes the first participant, user and clients, and says that `init` is finished; all or nothing.
    async fn initialise(&self, first: &FirstEntries, event: &Event) -> Result<(), AccountsError>;
    /// Everything that is held in memory; families revoked since `families_since`.
    async fn load(&self, families_since: OffsetDateTime) -> Result<Snapshot, AccountsError>;
    /// How often anything was changed that is held in memory, or revoked, by whichever process.
    async fn changes(&self) -> Result<i64, AccountsError>;
    /// What is different since there were `since` changes, by whichever process; everything if that is not told, or not known any
    /// more. Families revoked since `families_since` in either case.
    async fn news(
        &self,
        since: Option<i64>,
        families_since: OffsetDateTime,
    ) -> Result<News, AccountsError>;
    /// The number of the next CRL: `at_least`, or one more than the last.
    async fn next_crl_number(&self, at_least: i64) -> Result<i64, AccountsError>;
}

/// What `init` registers.
#[derive(Debug)]
pub struct FirstEntries {
    /// The operator's participant.
    pub participant: Participant,
    /// The operator.
    pub user: User,
    /// Hash of the operator's password.
    pub password_hash: String,
    /// The server itself and the operator's application.
    pub clients: Vec<Client>,
    /// The server's own certificate.
    pub certificate: CertificateRecord,
}

/// Participants.
#[async_trait]
pub trait Participants: Send + Sync {
    /// Registers a participant.
    async fn insert_participant(
        &self,
        participant: &Participant,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Says which domain it belongs to.
    async fn set_domain(
        &self,
        id: Uuid,
        domain: Option<&ParticipantDomain>,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Changes its state; suspended, the sessions of its users end with it. Returns the families that ended.
    async fn set_participant_state(
        &self,
        id: Uuid,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
}

/// Users.
#[async_trait]
pub trait Users: Send + Sync {
    /// Registers a user.
    async fn insert_user(
        &self,
        user: &User,
        password_hash: &str,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Changes the state; suspended, the user's sessions end with it. Returns the families that ended.
    async fn set_user_state(
        &self,
        id: &UserId,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
    /// Changes the password, which ends the sessions begun with the one before. Returns the families that ended.
    async fn set_password(
        &self,
        id: &UserId,
        password_hash: &str,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
    /// The password's hash; `None` for an unknown user or one without a password.
    async fn password_hash(&self, id: &UserId) -> Result<Option<String>, AccountsError>;
}

/// Connectors, services, applications.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Registers a client, with its one-time code or its certificate from elsewhere.
    async fn insert_client(
        &self,
        client: &Client,
        code: Option<&NewCode>,
        certificate: Option<&CertificateRecord>,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Changes the state; suspended, the sessions begun with it end. Returns the families that ended.
    async fn set_client_state(
        &self,
        id: &str,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError>;
    /// Says what a connector speaks. `false` where that is said already and `over` is not set: nothing changes then.
    async fn set_profile(
        &self,
        id: &str,
        profile: Profile,
        over: bool,
        event: &Event,
    ) -> Result<bool, AccountsError>;
    /// Says what an application is for.
    async fn set_purpose(
        &self,
        id: &str,
        purpose: &Purpose,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Says where people are sent back to, and by which ways the client gets tokens.
    async fn set_redirects(
        &self,
        id: &str,
        redirects: &RedirectUris,
        grants: &[GrantType],
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// Changes the secret.
    async fn set_client_secret(
        &self,
        id: &str,
        hash: &SecretHash,
        event: &Event,
    ) -> Result<(), AccountsError>;
}

/// A one-time code to be kept.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// What is kept of it.
    pub hash: SecretHash,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it works.
    pub expires_at: OffsetDateTime,
}

/// Certificates and the codes that lead to them.
#[async_trait]
pub trait Certificates: Send + Sync {
    /// Replaces the unspent codes of a client by a new one.
    async fn replace_code(
        &self,
        client_id: &str,
        code: &NewCode,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// A code by its hash.
    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, AccountsError>;
    /// Records a certificate and spends the code it was issued for. `false` if the code was spent meanwhile.
    async fn record_enrolment(
        &self,
        code: &SecretHash,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<bool, AccountsError>;
    /// Whether a certificate could be recorded now: neither is it there, nor is its key another client's or condemned.
    async fn is_certifiable(&self, certificate: &CertificateRecord) -> Result<bool, AccountsError>;
    /// Records a certificate. [`AccountsError::Revoked`] if the one that it renews was revoked meanwhile: a revocation takes all that
    /// descend from a certificate, and none may come behind its back.
    async fn record_certificate(
        &self,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<(), AccountsError>;
    /// A certificate by its serial number.
    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, AccountsError>;
    /// A certificate by its SHA-256.
    async fn certificate_by_sha256(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<Certificate>, AccountsError>;
    /// At most `limit` certificates after position `after`, of one client or of all, oldest first, with their positions.
    async fn certificates(
        &self,
        of: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Certificate)>, AccountsError>;
    /// Revokes a certificate, or withdraws one from elsewhere. Where `compromised`, all that descend from it are revoked with it, each
    /// with an event, and their keys are condemned. `None` if there is no such certificate; one that was revoked before stays
    /// as it is.
    async fn revoke(
        &self,
        serial: &str,
        at: OffsetDateTime,
        compromised: bool,
        event: &Event,
    ) -> Result<Option<Certificate>, AccountsError>;
    /// Serial numbers and times of the revoked certificates of ours that end after `since`.
    async fn revoked(
        &self,
        since: OffsetDateTime,
    ) -> Result<Vec<(String, OffsetDateTime)>, AccountsError>;
}

/// The audit trail.
#[async_trait]
pub trait Events: Send + Sync {
    /// At most `limit` events, newest first, older than `before`.
    async fn events(&self, before: Option<Uuid>, limit: i64) -> Result<Vec<Event>, AccountsError>;

    /// Forgets events of before `before`, in small steps, and returns how many.
    async fn forget_events(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
}

/// All of it.
pub trait Store:
    Installation + Participants + Users + Clients + Certificates + Families + SignIns + Events + Debug
{
}

impl<T> Store for T where
    T: Installation
        + Participants
        + Users
        + Clients
        + Certificates
        + Families
        + SignIns
        + Events
        + Debug
{
}
