//! Bodies of the authentication server's own API below `/v1/` (described at its `/openapi.json`).
//!
//! Times are RFC 3339 in UTC. Secrets appear once, in the answer to the request that made them.

mod clients;
mod people;
mod pki;
mod secret;
mod suspensions;

pub use clients::{
    AppClient, ChangeProfile, ChangePurpose, Conflict, Connector, ConnectorCheck,
    ConnectorRegistration, ConnectorRole, CreateAppClient, CreateConnector, CreateService,
    CreatedAppClient, CreatedConnector, CreatedService, GrantType, Purpose, RedirectUris,
    RotatedSecret, Service, ServiceKind, ServiceRegistration, UserRegistration,
};
pub use people::{
    ChangeDomain, ChangeState, CreateParticipant, CreateUser, CreatedUser, Participant,
    ParticipantDomain, ParticipantKind, ResetPassword, State, User,
};
pub use pki::{
    Certificate, EnrolRequest, EnrolmentCode, Event, IssuedCertificate, RecordCertificate,
    RecordedCertificate, RenewRequest, RevokeCertificate,
};
pub use secret::OneTimeSecret;
use serde::{Deserialize, Serialize};
pub use suspensions::Suspensions;

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The entries, oldest first (events: newest first).
    pub items: Vec<T>,
    /// Value of `cursor` that continues the list; absent at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
