//! Registering participants, users, connectors, services and applications, as an operator would.
//!
//! Every step asks the state first and writes down what it got before the next: an `up` that was
//! interrupted continues, and what was registered without being written down is taken over.

use std::path::Path;

use anyhow::Context as _;
use auth_client::{
    OperatorClient, OperatorError, Role,
    api::{
        ConnectorRole, CreateAppClient, CreateConnector, CreateParticipant, CreateService,
        CreateUser, EnrolmentCode, GrantType, ParticipantDomain, ParticipantKind, Purpose,
        RedirectUris, ServiceKind,
    },
};
use common::{
    clock::SharedClock,
    ids::{ConnectorId, UserId, is_corporate_number},
    tls::validity,
};
use http::StatusCode;
use uuid::Uuid;

use crate::{
    layout::{Domain, Layout, Port, Service, text, tool_id},
    ready::{AppClient, Person},
    state::StateFile,
};

/// Registers with the authentication server in the operator's name.
pub struct Registrar<'a> {
    /// The operator, signed in.
    pub operator: &'a OperatorClient,
    /// Where ports and files are.
    pub layout: &'a Layout,
    /// What was registered so far.
    pub state: &'a StateFile,
    /// The time by which the services judge certificates.
    pub clock: SharedClock,
}

/// What was registered for a domain: all of it.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The organisation's own user ID.
    pub organisation: UserId,
    /// Its user.
    pub user: Person,
    /// The application its user works with.
    pub app_client: AppClient,
}

/// What a domain's organisation and user are called.
fn names(domain: Domain) -> (&'static str, &'static str) {
    match domain {
        Domain::A => ("Trial shelter office", "Aoi of the shelter office"),
        Domain::B => ("Trial river bureau", "Botan of the river bureau"),
        Domain::C => ("Trial road authority", "Chidori of the road authority"),
    }
}

/// What screens call a domain.
fn shown(domain: Domain) -> ParticipantDomain {
    let (name_ja, name_en) = match domain {
        Domain::A => ("避難", "Shelters"),
        Domain::B => ("河川", "Rivers"),
        Domain::C => ("道路", "Roads"),
    };
    ParticipantDomain {
        letter: domain.letter().to_ascii_uppercase(),
        name_ja: name_ja.into(),
        name_en: name_en.into(),
    }
}

fn number_of(domain: Domain) -> String {
    corporate_number(match domain {
        Domain::A => "999900000010",
        Domain::B => "999900000020",
        Domain::C => "999900000030",
    })
}

/// The corporate number of twelve digits that are in no register, with the digit that checks them in front.
pub(crate) fn corporate_number(rest: &str) -> String {
    (1..=9)
        .map(|check| format!("{check}{rest}"))
        .find(|number| is_corporate_number(number))
        .expect("the check digit of twelve digits is one of 1 to 9")
}

impl Registrar<'_> {
    /// Registers a domain: organisation, user, application, both connectors.
    pub async fn domain(&self, domain: Domain) -> anyhow::Result<Registered> {
        let participant = self.participant(domain).await?;
        let organisation = self.organisation(domain, participant).await?;
        let (user, app_client, (), ()) = tokio::try_join!(
            self.user(domain, participant, &organisation),
            self.app_client(domain),
            self.connector(domain, ConnectorRole::Receiver, &organisation),
            self.connector(domain, ConnectorRole::Provider, &organisation),
        )?;
        Ok(Registered {
            organisation,
            user,
            app_client,
        })
    }

    /// The participant, which says which domain it belongs to also where it was registered before there was that to say.
    async fn participant(&self, domain: Domain) -> anyhow::Result<Uuid> {
        let id = self.organisation_of(domain).await?;
        let belongs = Some(shown(domain));
        if self.operator.participant(id).await?.domain != belongs {
            let set = self.operator.set_participant_domain(id, belongs).await;
            set.with_context(|| format!("cannot say what domain {domain} is called"))?;
        }
        Ok(id)
    }

    async fn organisation_of(&self, domain: Domain) -> anyhow::Result<Uuid> {
        if let Some(id) = self.state.domain(domain).participant {
            return Ok(id);
        }
        let number = number_of(domain);
        let body = CreateParticipant {
            kind: ParticipantKind::Organisation,
            name: names(domain).0.to_owned(),
            corporate_number: Some(number.clone()),
            email: None,
            domain: Some(shown(domain)),
        };
        let id = match self.operator.create_participant(&body).await {
            Ok(created) => created.id,
            Err(error) if exists(&error) => {
                let all = self.operator.participants(None).await?;
                let known = all
                    .items
                    .into_iter()
                    .find(|participant| participant.number == number);
                known
                    .context("a participant has this corporate number but is not listed")?
                    .id
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot register the participant of {domain}"));
            }
        };
        self.state
            .update_domain(domain, |known| known.participant = Some(id))?;
        Ok(id)
    }

    async fn organisation(&self, domain: Domain, participant: Uuid) -> anyhow::Result<UserId> {
        if let Some(id) = self.state.domain(domain).organisation {
            return Ok(id);
        }
        // Nobody signs in as the organisation, so its password is not kept.
        let (id, _) = self
            .person(
                domain,
                participant,
                "00",
                names(domain).0,
                (None, Vec::new()),
            )
            .await?;
        self.state
            .update_domain(domain, |known| known.organisation = Some(id.clone()))?;
        Ok(id)
    }

    async fn user(
        &self,
        domain: Domain,
        participant: Uuid,
        organisation: &UserId,
    ) -> anyhow::Result<Person> {
        if let Some(user) = self.state.domain(domain).user {
            return Ok(user);
        }
        let orgs = Some(vec![organisation.clone()]);
        let (id, password) = self
            .person(
                domain,
                participant,
                "01",
                names(domain).1,
                (orgs, vec![Role::Steward]),
            )
            .await?;
        let user = Person {
            user_id: id.to_string(),
            password,
        };
        self.state
            .update_domain(domain, |known| known.user = Some(user.clone()))?;
        Ok(user)
    }

    async fn person(
        &self,
        domain: Domain,
        participant: Uuid,
        suffix: &str,
        name: &str,
        (orgs, roles): (Option<Vec<UserId>>, Vec<Role>),
    ) -> anyhow::Result<(UserId, String)> {
        let body = CreateUser {
            participant,
            suffix: Some(suffix.to_owned()),
            name: name.to_owned(),
            email: None,
            orgs,
            roles,
            extras: None,
        };
        match self.operator.create_user(&body).await {
            Ok(created) => Ok((
                created.user.user_id,
                created.initial_password.expose().to_owned(),
            )),
            Err(error) if exists(&error) => {
                let id = UserId::issue(&number_of(domain), suffix)?;
                let reset = self.operator.reset_password(&id).await?;
                Ok((id, reset.password.expose().to_owned()))
            }
            Err(error) => Err(error).with_context(|| format!("cannot register {name}")),
        }
    }

    async fn app_client(&self, domain: Domain) -> anyhow::Result<AppClient> {
        if let Some(client) = self.state.domain(domain).app_client {
            return Ok(client);
        }
        let client_id = format!("app-{}", domain.letter());
        let grants = vec![GrantType::Password, GrantType::RefreshToken];
        let body = CreateAppClient {
            client_id: Some(client_id.clone()),
            ..CreateAppClient::new(format!("Application of domain {domain}"), grants)
        };
        let client_secret = match self.operator.create_app_client(&body).await {
            Ok(created) => created.client_secret,
            Err(error) if exists(&error) => {
                self.operator
                    .rotate_app_client_secret(&client_id)
                    .await?
                    .client_secret
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot register the application of {domain}"));
            }
        };
        let client = AppClient {
            client_id,
            client_secret: client_secret.expose().to_owned(),
        };
        self.state
            .update_domain(domain, |known| known.app_client = Some(client.clone()))?;
        Ok(client)
    }

    /// A connector, which sends people who sign in at its pages back there also where it was registered before it had any.
    async fn connector(
        &self,
        domain: Domain,
        role: ConnectorRole,
        organisation: &UserId,
    ) -> anyhow::Result<()> {
        let uris = match role {
            ConnectorRole::Receiver => RedirectUris::default(),
            ConnectorRole::Provider => self.redirect_uris(Service::Provider(domain)),
        };
        let id = self.connector_of(domain, role, organisation, &uris).await?;
        if role == ConnectorRole::Provider
            && self.operator.connector(&id).await?.redirect_uris != uris.redirect_uris
        {
            let set = self.operator.set_connector_redirect_uris(&id, &uris).await;
            set.with_context(|| format!("cannot say where {id} has its pages"))?;
        }
        Ok(())
    }

    /// Where people come back to who sign in or out at the pages of `service`.
    fn redirect_uris(&self, service: Service) -> RedirectUris {
        let external = text(&self.layout.url(service, Port::Public));
        RedirectUris {
            redirect_uris: vec![format!("{external}/callback")],
            post_logout_redirect_uris: vec![format!("{external}/")],
        }
    }

    async fn connector_of(
        &self,
        domain: Domain,
        role: ConnectorRole,
        organisation: &UserId,
        uris: &RedirectUris,
    ) -> anyhow::Result<ConnectorId> {
        let (service, base_url) = match role {
            ConnectorRole::Receiver => (Service::Receiver(domain), None),
            ConnectorRole::Provider => {
                let provider = Service::Provider(domain);
                (provider, Some(self.layout.url(provider, Port::Peer)))
            }
        };
        let id = service.id().context("a connector has an ID")?;
        let known = self.state.domain(domain);
        let has_secret = match role {
            ConnectorRole::Receiver => known.receiver_secret.is_some(),
            ConnectorRole::Provider => known.provider_secret.is_some(),
        };
        let code = self.layout.code(service);
        if has_secret {
            // A code that is there may be older than the day for which it counts.
            if !self.has_certificate(&self.layout.folder(service))? {
                keep_code(&code, &self.operator.connector_enrolment(&id).await?)?;
            }
            return Ok(id);
        }
        let body = CreateConnector {
            redirect_uris: uris.redirect_uris.clone(),
            post_logout_redirect_uris: uris.post_logout_redirect_uris.clone(),
            ..CreateConnector::new(id.clone(), role, organisation.clone(), base_url)
        };
        let secret = match self.operator.create_connector(&body).await {
            Ok(created) => {
                let enrolment = created
                    .enrolment
                    .context("a new connector gets a code for its certificate")?;
                keep_code(&code, &enrolment)?;
                created
                    .client_secret
                    .context("a new connector gets a secret")?
            }
            Err(error) if exists(&error) => {
                keep_code(&code, &self.operator.connector_enrolment(&id).await?)?;
                self.operator
                    .rotate_connector_secret(&id)
                    .await?
                    .client_secret
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot register the {service}"));
            }
        };
        let secret = secret.expose().to_owned();
        self.state.update_domain(domain, |known| match role {
            ConnectorRole::Receiver => known.receiver_secret = Some(secret),
            ConnectorRole::Provider => known.provider_secret = Some(secret),
        })?;
        Ok(id)
    }

    /// Whether `folder` has a certificate that counts. One that ran out while nobody kept it renewed, or that was made while the
    /// clock was ahead, is removed with its key, and the service gets another as it got the first.
    fn has_certificate(&self, folder: &Path) -> anyhow::Result<bool> {
        let certificate = folder.join("certificate.pem");
        if !certificate.exists() {
            return Ok(false);
        }
        let chain = common::pem::certificates(&certificate)?;
        let now = self.clock.now();
        let counts = |der| validity(der).is_some_and(|validity| validity.contains(&now));
        if chain.iter().all(counts) {
            return Ok(true);
        }
        let key = folder.join("key.pem");
        for file in [certificate, key].into_iter().filter(|file| file.exists()) {
            std::fs::remove_file(&file)
                .with_context(|| format!("cannot remove {}", file.display()))?;
        }
        Ok(false)
    }

    /// Lets those who sign in through the operator's application manage the provider connectors beside the servers.
    pub async fn management(&self) -> anyhow::Result<()> {
        let client = self.state.get().operator()?.client;
        let providers = Domain::ALL.map(|domain| Service::Provider(domain).id());
        let purpose = Purpose::Management {
            servers: true,
            ids: providers.into_iter().flatten().collect(),
        };
        if self.operator.app_client(&client.client_id).await?.purpose != purpose {
            self.operator
                .set_app_client_purpose(&client.client_id, purpose)
                .await
                .context("the operator's application cannot manage the providers")?;
        }
        // The token that the operator signed in with names no server that was registered since.
        Ok(self.operator.refresh().await?)
    }

    /// Registers one of the servers.
    pub async fn server(&self, service: Service) -> anyhow::Result<()> {
        let id = service.id().context("a server has an ID")?;
        self.service(
            id,
            ServiceKind::Server,
            service.program(),
            &self.layout.folder(service),
        )
        .await
    }

    /// Registers the catalogue tool, a server with screens.
    pub async fn catalog(&self) -> anyhow::Result<()> {
        let service = Service::Catalog;
        self.server(service).await?;
        let id = service.id().context("a server has an ID")?;
        let address = text(&self.layout.url(service, Port::Public));
        let back = RedirectUris {
            redirect_uris: vec![format!("{address}/callback")],
            post_logout_redirect_uris: vec![format!("{address}/")],
        };
        let set = self.operator.set_service_redirect_uris(&id, &back).await;
        set.with_context(|| format!("people can't be sent back to the {service}"))?;
        Ok(())
    }

    /// Registers the trial itself as an operator's tool.
    pub async fn tool(&self) -> anyhow::Result<()> {
        self.service(
            tool_id(),
            ServiceKind::OperatorTool,
            "The trial's own tool",
            &self.layout.tool(),
        )
        .await
    }

    async fn service(
        &self,
        id: ConnectorId,
        kind: ServiceKind,
        name: &str,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let code = folder.join("enrolment-code");
        if self.has_certificate(folder)? {
            return Ok(());
        }
        let body = CreateService::new(id.clone(), kind, name);
        let enrolment = match self.operator.create_service(&body).await {
            Ok(created) => created
                .enrolment
                .context("a new service gets a code for its certificate")?,
            Err(error) if exists(&error) => self.operator.service_enrolment(&id).await?,
            Err(error) => return Err(error).with_context(|| format!("cannot register {id}")),
        };
        keep_code(&code, &enrolment)
    }
}

pub(crate) fn exists(error: &OperatorError) -> bool {
    matches!(
        error,
        OperatorError::Refused {
            status: StatusCode::CONFLICT,
            ..
        }
    )
}

/// The code is a secret until it is used, and the service deletes it then.
pub(crate) fn keep_code(path: &Path, enrolment: &EnrolmentCode) -> anyhow::Result<()> {
    common::config::write_file(path, enrolment.code.expose().as_bytes(), true)
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporate_numbers_are_valid_and_different() {
        let numbers: std::collections::BTreeSet<_> =
            Domain::ALL.into_iter().map(number_of).collect();
        assert_eq!(numbers.len(), 3);
        assert!(
            numbers
                .iter()
                .all(|number| UserId::issue(number, "00").is_ok())
        );
    }
}
