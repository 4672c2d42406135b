//! What the domain asks of a database. One trait an aggregate; `store` implements them.
//!
//! A change and the event that tells of it are written together or not at all. Lookups answer `Option`: absence is an
//! answer, not a failure.

use std::fmt::Debug;

use async_trait::async_trait;
use auth_client::{
    State,
    api::{Certificate, Event, Participant, Purpose, User},
};
use common::{ids::UserId, profile::Profile};
use common_db::Corrupt;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{client::Client, secrets::SecretHash};
pub use crate::ca::CertificateRecord;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// Something unique exists already.
    #[error("{0:?} is taken")]
    Duplicate(Duplicate),
    /// Something that is referred to does not exist.
    #[error("a referenced entry does not exist")]
    Reference,
    /// The certificate that was to be renewed is revoked.
    #[error("the certificate to be renewed is revoked")]
    Revoked,
    /// A row cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// A participant's number.
    Number,
    /// A user ID.
    UserId,
    /// A client id: of a connector, a service or an application.
    ClientId,
    /// A connector's address.
    BaseUrl,
    /// A key: another client was certified with it, or it is known to be compromised.
    Key,
}

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

/// One login and everything that descends from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Identifier, `sid` of the tokens.
    pub id: Uuid,
    /// The client that logged in.
    pub client_id: String,
    /// The user who logged in.
    pub user_id: UserId,
    /// Assurance level of the login.
    pub aal: String,
    /// Scope of the tokens.
    pub scope: Option<String>,
    /// Time of the login.
    pub created_at: OffsetDateTime,
    /// When even refreshing ends.
    pub expires_at: OffsetDateTime,
}

/// A refresh token presented for a new one.
#[derive(Debug, Clone)]
pub struct Rotation<'a> {
    /// The token presented.
    pub presented: SecretHash,
    /// Who presented it.
    pub client_id: &'a str,
    /// The token to replace it.
    pub replacement: SecretHash,
    /// The same token, sealed so that the one presented opens it. It is kept as long as the grace.
    pub sealed: Vec<u8>,
    /// Now.
    pub now: OffsetDateTime,
    /// How long the replacement may lie unused.
    pub idle: Duration,
    /// How long a used token is still answered with what replaced it.
    pub grace: Duration,
}

/// What became of a [`Rotation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The replacement is in force.
    Replaced(Family),
    /// The token had been replaced before, within the grace: by what is sealed here, which is still in force.
    Repeated(Family, Vec<u8>),
    /// The token is unknown, of another client, expired, or its family was revoked.
    Refused,
    /// The token had been used before: somebody has a copy. Its family is revoked now.
    Reused(Family),
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

/// Logins and refresh tokens.
#[async_trait]
pub trait Families: Send + Sync {
    /// Begins a family with its first refresh token, for a user whose password was found right by `password_hash`. `false`
    /// if the password was changed meanwhile, or user, participant or client suspended: nothing is begun that the change,
    /// which ends sessions, has not seen.
    async fn begin_family(
        &self,
        family: &Family,
        token: &SecretHash,
        idle: Duration,
        password_hash: &str,
    ) -> Result<bool, AccountsError>;
    /// Exchanges a refresh token.
    async fn rotate(
        &self,
        rotation: &Rotation<'_>,
        reused: &Event,
    ) -> Result<Rotated, AccountsError>;
    /// Forgets what is sealed for tokens that were used before `before`, whose grace is over. Returns for how many.
    async fn forget_successors(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
    /// Forgets families that ended, or were revoked, before `before`.
    async fn purge_families(&self, before: OffsetDateTime) -> Result<u64, AccountsError>;
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
    Installation + Participants + Users + Clients + Certificates + Families + Events + Debug
{
}

impl<T> Store for T where
    T: Installation + Participants + Users + Clients + Certificates + Families + Events + Debug
{
}
