//! Connectors, services, applications.

use std::sync::Arc;

use auth_client::{
    ConnectorRole, State,
    api::{
        ChangeState, CreateAppClient, CreateConnector, CreateService, CreatedAppClient,
        CreatedConnector, CreatedService, EnrolmentCode, GrantType, OneTimeSecret, Purpose,
        RotatedSecret,
    },
};
use common::{
    base_url,
    ids::{ConnectorId, UserId},
    profile::Profile,
};

use super::{
    Actor, RegisterError, Registrar, check_reason, check_text, invalid,
    redirects::{checked, fit_grants, with_screens},
    state_event,
};
use crate::{
    ca::external,
    domain::{
        certifier::unlike_others,
        client::{Client, ClientKind},
        secrets::{self, random_secret},
        store::{Duplicate, NewCode},
    },
};

/// As many IDs as fit a token beside everything else.
const MAX_MANAGED: usize = 32;

impl Registrar {
    /// Registers a connector. Its ID, its address and its key must not belong to another one.
    pub async fn create_connector(
        &self,
        actor: Actor,
        body: CreateConnector,
    ) -> Result<CreatedConnector, RegisterError> {
        let (draft, certificate) = self.draft(&body)?;
        let secret = body.secret.then(random_secret);
        let client = Client {
            secret_hash: secret.as_deref().map(secrets::hash),
            ..draft
        };
        let code = certificate.is_none().then(|| self.new_code()).flatten();
        let (code, enrolment) = code.unzip();
        let client = self
            .insert(actor, client, code, certificate, "connector.registered")
            .await?;
        Ok(CreatedConnector {
            connector: client
                .to_connector()
                .ok_or(RegisterError::Unknown("connector"))?,
            client_secret: secret.map(OneTimeSecret::new),
            enrolment,
        })
    }

    /// What of a connector belongs to another one already. Somebody else may take the rest before it is registered.
    pub async fn check_connector(
        &self,
        body: &CreateConnector,
    ) -> Result<Vec<Duplicate>, RegisterError> {
        let (draft, certificate) = self.draft(body)?;
        let mut found = self.0.directory.conflicts(&draft);
        if let Some(certificate) = certificate {
            let record = unlike_others(self.0.store.as_ref(), certificate.into_record()).await?;
            if !self.0.store.is_certifiable(&record).await? {
                found.push(Duplicate::Key);
            }
        }
        Ok(found)
    }

    /// The connector that `body` asks for, without a secret, and its certificate from elsewhere.
    fn draft(
        &self,
        body: &CreateConnector,
    ) -> Result<(Client, Option<external::Read>), RegisterError> {
        let user = self.registered(&body.user_id)?;
        let redirects = checked(&body.redirect_uris, &body.post_logout_redirect_uris)?;
        if body.role == ConnectorRole::Provider && body.base_url.is_none() {
            return Err(invalid("base_url", "is required of a provider"));
        }
        let base_url = body.base_url.as_ref().map(base_url::normalise).transpose();
        let base_url = base_url.map_err(|error| invalid("base_url", error.to_string()))?;
        let certificate = body
            .certificate
            .as_deref()
            .map(|pem| external::read_recorded(pem, &body.connector_id))
            .transpose()
            .map_err(|error| invalid("certificate", error.to_string()))?;
        let client = Client {
            id: body.connector_id.to_string(),
            name: body.connector_id.to_string(),
            kind: ClientKind::Connector {
                role: body.role,
                base_url,
                profile: Some(body.profile.unwrap_or(if certificate.is_none() {
                    Profile::Kakehashi1
                } else {
                    Profile::Cadde4
                })),
            },
            user: Some(user),
            secret_hash: None,
            secret_on_public: body.secret_on_public,
            grants: with_screens(vec![GrantType::ClientCredentials], &redirects),
            redirects,
            state: State::Active,
            created_at: self.now(),
        };
        Ok((client, certificate))
    }

    /// Registers a service.
    pub async fn create_service(
        &self,
        actor: Actor,
        body: CreateService,
    ) -> Result<CreatedService, RegisterError> {
        check_text("name", &body.name, 1, 200)?;
        let redirects = checked(&body.redirect_uris, &body.post_logout_redirect_uris)?;
        let client = Client {
            id: body.service_id.to_string(),
            name: body.name,
            kind: ClientKind::Service(body.kind),
            user: None,
            secret_hash: None,
            secret_on_public: false,
            grants: with_screens(Vec::new(), &redirects),
            redirects,
            state: State::Active,
            created_at: self.now(),
        };
        let (code, enrolment) = self.new_code().unzip();
        let client = self
            .insert(actor, client, code, None, "service.registered")
            .await?;
        Ok(CreatedService {
            service: client
                .to_service()
                .ok_or(RegisterError::Unknown("service"))?,
            enrolment,
        })
    }

    /// Registers an application.
    pub async fn create_app_client(
        &self,
        actor: Actor,
        body: CreateAppClient,
    ) -> Result<CreatedAppClient, RegisterError> {
        check_text("name", &body.name, 1, 200)?;
        if let Some(id) = &body.client_id {
            check_client_id(id)?;
        }
        let mut grants = body.grants;
        grants.sort_by_key(|grant| grant.as_str());
        grants.dedup();
        if grants.is_empty() {
            return Err(invalid("grants", "at least one is needed"));
        }
        self.check_purpose(&body.purpose, &grants)?;
        let redirects = checked(&body.redirect_uris, &body.post_logout_redirect_uris)?;
        fit_grants(&redirects, &grants)?;
        let user = match (
            &body.user_id,
            grants.contains(&GrantType::ClientCredentials),
        ) {
            (None, true) => {
                return Err(invalid(
                    "user_id",
                    "client credentials need a user in whose name they work",
                ));
            }
            (Some(_), false) => {
                return Err(invalid(
                    "user_id",
                    "only client credentials work in a user's name",
                ));
            }
            (Some(user), true) => Some(self.registered(user)?),
            (None, false) => None,
        };
        let secret = random_secret();
        let client = Client {
            id: body
                .client_id
                .unwrap_or_else(|| format!("app-{}", random_secret().to_ascii_lowercase())),
            name: body.name,
            kind: ClientKind::App(body.purpose),
            user,
            secret_hash: Some(secrets::hash(&secret)),
            secret_on_public: true,
            grants,
            redirects,
            state: State::Active,
            created_at: self.now(),
        };
        let client = self
            .insert(actor, client, None, None, "client.registered")
            .await?;
        Ok(CreatedAppClient {
            client: client.to_app().ok_or(RegisterError::Unknown("client"))?,
            client_secret: OneTimeSecret::new(secret),
        })
    }

    /// Says what a connector speaks.
    pub async fn set_profile(
        &self,
        actor: Actor,
        id: String,
        profile: Profile,
    ) -> Result<Arc<Client>, RegisterError> {
        self.note_profile(actor, id, profile, true).await
    }

    /// Notes what a connector has shown that it speaks, where its registration is from before there were profiles.
    pub async fn learn_profile(
        &self,
        actor: Actor,
        id: String,
        profile: Profile,
    ) -> Result<(), RegisterError> {
        self.note_profile(actor, id, profile, false).await?;
        Ok(())
    }

    async fn note_profile(
        &self,
        actor: Actor,
        id: String,
        profile: Profile,
        over: bool,
    ) -> Result<Arc<Client>, RegisterError> {
        self.alone(move |this| async move {
            let is = |client: &Client| matches!(client.kind, ClientKind::Connector { .. });
            let found = this.find(&id, "connector", is)?;
            let event = actor.event(
                this.now(),
                "connector.profile-set",
                &id,
                Some(profile.to_string()),
            );
            let set = this.0.store.set_profile(&id, profile, over, &event).await?;
            let mut client = (*found).clone();
            // Where another process was first, memory learns it with the change that is counted.
            if set && let ClientKind::Connector { profile: held, .. } = &mut client.kind {
                *held = Some(profile);
                this.0.directory.put_client(client.clone());
            }
            Ok(Arc::new(client))
        })
        .await
    }

    /// Says what an application is for.
    pub async fn set_purpose(
        &self,
        actor: Actor,
        id: String,
        purpose: Purpose,
    ) -> Result<Arc<Client>, RegisterError> {
        self.alone(move |this| async move {
            let is = |client: &Client| matches!(client.kind, ClientKind::App(_));
            let found = this.find(&id, "client", is)?;
            this.check_purpose(&purpose, &found.grants)?;
            let told = serde_json::to_string(&purpose).ok();
            let event = actor.event(this.now(), "client.purpose-set", &id, told);
            this.0.store.set_purpose(&id, &purpose, &event).await?;
            let client = Client {
                kind: ClientKind::App(purpose),
                ..(*found).clone()
            };
            this.0.directory.put_client(client.clone());
            Ok(Arc::new(client))
        })
        .await
    }

    /// What is managed is registered, and by people: client credentials, which are no person's, lead to nothing there.
    fn check_purpose(&self, purpose: &Purpose, grants: &[GrantType]) -> Result<(), RegisterError> {
        let Purpose::Management { ids, .. } = purpose else {
            return Ok(());
        };
        if grants.contains(&GrantType::ClientCredentials) {
            return Err(invalid(
                "grants",
                "a management client is for people: it has no client credentials",
            ));
        }
        if ids.len() > MAX_MANAGED {
            return Err(invalid("purpose", "names 32 IDs at most"));
        }
        let is_known = |id: &ConnectorId| {
            let client = self.0.directory.client(id.as_str());
            client.is_some_and(|client| client.has_certificate())
        };
        match ids.iter().find(|id| !is_known(id)) {
            Some(id) => Err(invalid(
                "purpose",
                format!("{id} is no registered connector or service"),
            )),
            None => Ok(()),
        }
    }

    /// Suspends a client of the kind that `is` recognises, or lets it act again.
    pub async fn set_client_state(
        &self,
        actor: Actor,
        id: String,
        change: ChangeState,
        what: &'static str,
        is: fn(&Client) -> bool,
    ) -> Result<Arc<Client>, RegisterError> {
        check_reason(&change.reason)?;
        self.alone(move |this| async move {
            let found = this.find(&id, what, is)?;
            let now = this.now();
            let event = actor.event(
                now,
                state_event(what, change.state),
                &id,
                Some(change.reason),
            );
            let ended = this
                .0
                .store
                .set_client_state(&id, change.state, &event)
                .await?;
            let client = Client {
                state: change.state,
                ..(*found).clone()
            };
            this.0.directory.put_client(client.clone());
            this.0.directory.revoke_families(ended, now);
            Ok(Arc::new(client))
        })
        .await
    }

    /// Gives a client of the kind that `is` recognises a new secret.
    pub async fn rotate_secret(
        &self,
        actor: Actor,
        id: String,
        what: &'static str,
        is: fn(&Client) -> bool,
    ) -> Result<RotatedSecret, RegisterError> {
        self.alone(move |this| async move {
            let found = this.find(&id, what, is)?;
            let secret = random_secret();
            let hash = secrets::hash(&secret);
            let event = actor.event(this.now(), format!("{what}.secret-replaced"), &id, None);
            this.0.store.set_client_secret(&id, &hash, &event).await?;
            this.0.directory.put_client(Client {
                secret_hash: Some(hash),
                ..(*found).clone()
            });
            Ok(RotatedSecret {
                client_secret: OneTimeSecret::new(secret),
            })
        })
        .await
    }

    /// Makes a new one-time code for a client of the kind that `is` recognises; its older ones stop working.
    pub async fn replace_code(
        &self,
        actor: Actor,
        id: String,
        what: &'static str,
        is: fn(&Client) -> bool,
    ) -> Result<EnrolmentCode, RegisterError> {
        self.find(&id, what, is)?;
        let (code, enrolment) = self.new_code().ok_or(RegisterError::Elsewhere)?;
        let event = actor.event(self.now(), format!("{what}.code-replaced"), &id, None);
        self.0.store.replace_code(&id, &code, &event).await?;
        Ok(enrolment)
    }

    /// The ID of a user as it is registered, whatever case it was typed in.
    fn registered(&self, user: &UserId) -> Result<UserId, RegisterError> {
        match self.0.directory.user(user) {
            Some(user) => Ok(user.user_id.clone()),
            None => Err(invalid("user_id", "there is no such user")),
        }
    }

    pub(super) fn find(
        &self,
        id: &str,
        what: &'static str,
        is: fn(&Client) -> bool,
    ) -> Result<Arc<Client>, RegisterError> {
        self.0
            .directory
            .client(id)
            .filter(|client| is(client))
            .ok_or(RegisterError::Unknown(what))
    }

    async fn insert(
        &self,
        actor: Actor,
        client: Client,
        code: Option<NewCode>,
        certificate: Option<external::Read>,
        kind: &'static str,
    ) -> Result<Client, RegisterError> {
        self.alone(move |this| async move {
            let certificate = match certificate.map(external::Read::into_record) {
                Some(record) => Some(unlike_others(this.0.store.as_ref(), record).await?),
                None => None,
            };
            let event = actor.event(this.now(), kind, &client.id, None);
            this.0
                .store
                .insert_client(&client, code.as_ref(), certificate.as_ref(), &event)
                .await?;
            this.0.directory.put_client(client.clone());
            Ok(client)
        })
        .await
    }

    /// A code: what is kept of it, and what is shown. `None` where codes lead nowhere.
    fn new_code(&self) -> Option<(NewCode, EnrolmentCode)> {
        let code = random_secret();
        let created_at = self.now();
        let expires_at = created_at + self.0.code_lifetime?;
        let kept = NewCode {
            hash: secrets::hash(&code),
            created_at,
            expires_at,
        };
        let shown = EnrolmentCode {
            code: OneTimeSecret::new(code),
            expires_at,
        };
        Some((kept, shown))
    }
}

/// Characters that stand for themselves in HTTP Basic, in forms and in paths.
fn check_client_id(id: &str) -> Result<(), RegisterError> {
    let fits = (1..=255).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~' | b'@'));
    if fits {
        Ok(())
    } else {
        Err(invalid(
            "client_id",
            "must have 1 to 255 of the characters A-Z a-z 0-9 . _ ~ @ -",
        ))
    }
}
