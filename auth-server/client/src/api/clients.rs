//! Everything that calls the authentication server in its own name: connectors, services, applications.

use common::{
    ids::{ConnectorId, UserId},
    profile::Profile,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use super::{OneTimeSecret, State};

/// What a connector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectorRole {
    /// Offers data (提供者コネクタ).
    Provider,
    /// Fetches data (受領者コネクタ, 利用者コネクタ).
    Receiver,
}

impl ConnectorRole {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Receiver => "receiver",
        }
    }
}

/// `POST /v1/connectors`. A duplicate is refused with 409 and a `type` that ends in `duplicate-id`, `duplicate-url` or
/// `duplicate-key`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConnector {
    /// Connector ID (コネクタID), a DNS name: the name in the connector's certificate and its client id.
    #[schema(value_type = String)]
    pub connector_id: ConnectorId,
    /// Provider or receiver.
    pub role: ConnectorRole,
    /// On whose behalf it works: the provider, or the participant whose exchanges without a token it records.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Where it is reached: `http` or `https`, no query, no fragment. Required of providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// Whether it also gets a client secret, as connectors of other make need one. Default: yes.
    #[serde(default = "yes")]
    pub secret: bool,
    /// Whether the secret counts on the `public` listener. Default: yes.
    #[serde(default = "yes")]
    pub secret_on_public: bool,
    /// PEM certificate that another authority issued to the connector. Its key counts for the detection of duplicates; no
    /// enrolment code is made then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// What it speaks. Default: `kakehashi/1`, or `cadde/4` where a certificate comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Addresses to which people who sign in are sent back, 16 at most, compared exactly: `https`, or `http` on loopback, as
    /// browsers spell them, without user information and fragment. With one of them it is a server with screens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back, 16 at most, in the same form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
}

impl CreateConnector {
    /// A registration with the defaults.
    pub fn new(
        connector_id: ConnectorId,
        role: ConnectorRole,
        user_id: UserId,
        base_url: Option<Url>,
    ) -> Self {
        Self {
            connector_id,
            role,
            user_id,
            base_url,
            secret: true,
            secret_on_public: true,
            certificate: None,
            profile: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}

/// A connector.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Connector {
    /// Connector ID, also its client id.
    #[schema(value_type = String)]
    pub connector_id: ConnectorId,
    /// Provider or receiver.
    pub role: ConnectorRole,
    /// On whose behalf it works.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Where it is reached, normalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// What it speaks. Absent in registrations from before there were profiles, which count as `cadde/4` until the connector
    /// exchanges a token for the first time, or an operator says what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Whether it has a client secret.
    pub has_secret: bool,
    /// Whether the secret counts on the `public` listener.
    pub secret_on_public: bool,
    /// Addresses to which people who sign in are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Own state; a suspended participant bars it all the same.
    pub state: State,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Answer to `POST /v1/connectors`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedConnector {
    /// The connector.
    #[serde(flatten)]
    pub connector: Connector,
    /// The client secret, shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub client_secret: Option<OneTimeSecret>,
    /// The one-time code for the first certificate; absent where certificates come from another authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<super::EnrolmentCode>,
}

/// `POST /v1/connectors/{id}/profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfile {
    /// What the connector speaks.
    pub profile: Profile,
}

/// Answer to `POST /v1/connectors/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectorCheck {
    /// What the registration would be refused for; empty if for nothing.
    pub conflicts: Vec<Conflict>,
}

/// Something that belongs to another connector, of which no more is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conflict {
    /// The `type` of the problem that the registration would be refused with.
    #[serde(rename = "type")]
    pub kind: String,
    /// The member of the registration.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// A server of the data space: location, provenance, catalogue.
    Server,
    /// A tool with which an operator works.
    OperatorTool,
}

impl ServiceKind {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::OperatorTool => "operator-tool",
        }
    }
}

/// `POST /v1/services`: a process with a certificate that is no connector. It may ask introspection and the registry.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateService {
    /// Service ID, a DNS name: the name in its certificate and its client id.
    #[schema(value_type = String)]
    pub service_id: ConnectorId,
    /// Server or operator's tool.
    pub kind: ServiceKind,
    /// Name shown, 1 to 200 characters.
    pub name: String,
    /// Addresses to which people who sign in are sent back, 16 at most, compared exactly: `https`, or `http` on loopback, as
    /// browsers spell them, without user information and fragment. With one of them it is a server with screens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back, 16 at most, in the same form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
}

impl CreateService {
    /// A registration with the defaults.
    pub fn new(service_id: ConnectorId, kind: ServiceKind, name: impl Into<String>) -> Self {
        Self {
            service_id,
            kind,
            name: name.into(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
        }
    }
}

/// A service.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Service {
    /// Service ID, also its client id.
    #[schema(value_type = String)]
    pub service_id: ConnectorId,
    /// Server or operator's tool.
    pub kind: ServiceKind,
    /// Name shown.
    pub name: String,
    /// Addresses to which people who sign in are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// State.
    pub state: State,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Answer to `POST /v1/services`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedService {
    /// The service.
    #[serde(flatten)]
    pub service: Service,
    /// The one-time code for the first certificate; absent where certificates come from another authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<super::EnrolmentCode>,
}

/// How a client may get tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantType {
    /// User ID and password at `/cadde/api/v4/token`.
    Password,
    /// Refresh tokens.
    RefreshToken,
    /// In its own name, for the user it is bound to.
    ClientCredentials,
    /// For people who sign in at the authentication server itself and come back with a code.
    AuthorizationCode,
}

impl GrantType {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::RefreshToken => "refresh-token",
            Self::ClientCredentials => "client-credentials",
            Self::AuthorizationCode => "authorization-code",
        }
    }
}

/// What an application is for, which decides what the tokens of those who sign in through it are for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Purpose {
    /// Works for users: its tokens are meant for nobody in particular and carry no roles.
    #[default]
    Application,
    /// Manages: its tokens name what is managed, carry the user's roles, and count nowhere else.
    Management {
        /// Whether it manages every registered server, also those that are registered later.
        #[serde(default)]
        servers: bool,
        /// What else it manages: connectors and services, 32 at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<String>)]
        ids: Vec<ConnectorId>,
    },
    /// Is a ledger of another make: it may ask about tokens that were made for somebody else, since those whom it serves show
    /// it theirs.
    Ledger,
}

/// `POST /v1/clients/{id}/purpose`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePurpose {
    /// What the application is for from now on. Tokens that name what it manages no more stop working.
    pub purpose: Purpose,
}

/// `POST /v1/clients`: an application that has a client secret.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAppClient {
    /// Client id, 1 to 255 of the characters `A-Z a-z 0-9 . _ ~ @ -`. The server makes one where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Name shown, 1 to 200 characters.
    pub name: String,
    /// How it may get tokens. The password grant has to be asked for by name.
    pub grants: Vec<GrantType>,
    /// The user in whose name client credentials work. Required for that grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// What it is for. Default: an application like others.
    #[serde(default)]
    pub purpose: Purpose,
    /// Addresses to which people who sign in are sent back, 16 at most, compared exactly: `https`, or `http` on loopback, as
    /// browsers spell them, without user information and fragment. Required for `authorization-code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back, 16 at most, in the same form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
}

impl CreateAppClient {
    /// A registration with the defaults.
    pub fn new(name: impl Into<String>, grants: Vec<GrantType>) -> Self {
        Self {
            client_id: None,
            name: name.into(),
            grants,
            user_id: None,
            purpose: Purpose::default(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
        }
    }
}

/// `POST …/{id}/redirect-uris`: all of both, instead of those of before. Connectors and services with none are no servers with
/// screens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedirectUris {
    /// Addresses to which people who sign in are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
}

/// An application client.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AppClient {
    /// Client id.
    pub client_id: String,
    /// Name shown.
    pub name: String,
    /// How it may get tokens.
    pub grants: Vec<GrantType>,
    /// The user in whose name client credentials work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Addresses to which people who sign in are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Addresses to which people who sign out are sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// State.
    pub state: State,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Answer to `POST /v1/clients`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedAppClient {
    /// The client.
    #[serde(flatten)]
    pub client: AppClient,
    /// The client secret, shown once.
    #[schema(value_type = String)]
    pub client_secret: OneTimeSecret,
}

/// Answer to `POST …/secret`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RotatedSecret {
    /// The new client secret, shown once. The old one stops working at once.
    #[schema(value_type = String)]
    pub client_secret: OneTimeSecret,
}

/// Answer to `GET /v1/registry/connectors/{id}`, for peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectorRegistration {
    /// Connector ID.
    #[schema(value_type = String)]
    pub connector_id: ConnectorId,
    /// Provider or receiver.
    pub role: ConnectorRole,
    /// On whose behalf it works.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// What it speaks; `cadde/4` where its registration doesn't say.
    #[serde(default)]
    pub profile: Profile,
    /// Suspended as well where its participant is.
    pub state: State,
}

/// Answer to `GET /v1/registry/users/{user_id}`, for servers of the data space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserRegistration {
    /// The user ID as it is registered.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// What the provider connectors that work for this user speak, each once.
    #[schema(value_type = Vec<String>)]
    pub provider_profiles: Vec<Profile>,
}

/// Answer to `GET /v1/registry/services/{id}`, for peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceRegistration {
    /// Service ID.
    #[schema(value_type = String)]
    pub service_id: ConnectorId,
    /// Server or operator's tool.
    pub kind: ServiceKind,
    /// State.
    pub state: State,
}
