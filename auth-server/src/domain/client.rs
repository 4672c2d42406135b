//! Everything that calls in its own name.

use auth_client::{
    ConnectorRole, State,
    api::{AppClient, Connector, GrantType, Purpose, RedirectUris, Service, ServiceKind},
};
use common::{
    ids::{ConnectorId, UserId},
    profile::Profile,
};
use time::OffsetDateTime;
use url::Url;

use super::secrets::SecretHash;

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Client id; of connectors and services the DNS name in their certificates.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// What it is.
    pub kind: ClientKind,
    /// The user in whose name it works.
    pub user: Option<UserId>,
    /// What is kept of its secret, if it has one.
    pub secret_hash: Option<SecretHash>,
    /// Whether the secret counts on `public`.
    pub secret_on_public: bool,
    /// How it may get tokens.
    pub grants: Vec<GrantType>,
    /// Where people are sent back to.
    pub redirects: RedirectUris,
    /// Own state.
    pub state: State,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// What a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKind {
    /// A connector, known by its certificate.
    Connector {
        /// Provider or receiver.
        role: ConnectorRole,
        /// Where it is reached.
        base_url: Option<Url>,
        /// What it speaks, where that is known.
        profile: Option<Profile>,
    },
    /// Another process with a certificate.
    Service(ServiceKind),
    /// An application with a secret, and what it is for.
    App(Purpose),
}

impl Client {
    /// Whether a certificate can stand for it.
    pub fn has_certificate(&self) -> bool {
        !matches!(self.kind, ClientKind::App(_))
    }

    /// Whether it may use `grant`.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Where a connector is reached, normalised.
    pub fn base_url(&self) -> Option<&Url> {
        match &self.kind {
            ClientKind::Connector { base_url, .. } => base_url.as_ref(),
            ClientKind::Service(_) | ClientKind::App(_) => None,
        }
    }

    /// The client id as the DNS name that it is, for connectors and services.
    pub fn dns_name(&self) -> Option<ConnectorId> {
        self.has_certificate()
            .then(|| ConnectorId::parse(&self.id).ok())
            .flatten()
    }

    /// As the API shows a connector; `None` if it is none.
    pub fn to_connector(&self) -> Option<Connector> {
        let ClientKind::Connector {
            role,
            base_url,
            profile,
        } = &self.kind
        else {
            return None;
        };
        Some(Connector {
            connector_id: self.dns_name()?,
            role: *role,
            user_id: self.user.clone()?,
            base_url: base_url.clone(),
            profile: *profile,
            has_secret: self.secret_hash.is_some(),
            secret_on_public: self.secret_on_public,
            redirect_uris: self.redirects.redirect_uris.clone(),
            post_logout_redirect_uris: self.redirects.post_logout_redirect_uris.clone(),
            state: self.state,
            created_at: self.created_at,
        })
    }

    /// As the API shows a service; `None` if it is none.
    pub fn to_service(&self) -> Option<Service> {
        let ClientKind::Service(kind) = self.kind else {
            return None;
        };
        Some(Service {
            service_id: self.dns_name()?,
            kind,
            name: self.name.clone(),
            redirect_uris: self.redirects.redirect_uris.clone(),
            post_logout_redirect_uris: self.redirects.post_logout_redirect_uris.clone(),
            state: self.state,
            created_at: self.created_at,
        })
    }

    /// As the API shows an application; `None` if it is none.
    pub fn to_app(&self) -> Option<AppClient> {
        let ClientKind::App(purpose) = &self.kind else {
            return None;
        };
        Some(AppClient {
            client_id: self.id.clone(),
            purpose: purpose.clone(),
            name: self.name.clone(),
            grants: self.grants.clone(),
            user_id: self.user.clone(),
            redirect_uris: self.redirects.redirect_uris.clone(),
            post_logout_redirect_uris: self.redirects.post_logout_redirect_uris.clone(),
            state: self.state,
            created_at: self.created_at,
        })
    }
}
