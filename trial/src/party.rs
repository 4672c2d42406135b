//! The domains as they were registered, and what the ready file says of them.

use std::path::PathBuf;

use anyhow::Context as _;
use common::ids::UserId;

use crate::{
    layout::{Domain, Port, Service, text},
    prepare::Prepared,
    ready::{
        AppClient, CatalogSiteReady, DomainReady, OperatorReady, PeerListener, Person,
        ProviderReady, PublicListener, ReadyFile, ReceiverReady, Resource, TwoListeners, services,
    },
    session::Session,
    state::Operator,
    supervise::Supervisor,
};

/// A registered domain whose user is signed in.
#[derive(Debug)]
pub struct Party {
    /// The domain.
    pub domain: Domain,
    /// The organisation's own user ID, under which it offers data.
    pub organisation: UserId,
    /// Its user.
    pub user: Person,
    /// The application its user works with.
    pub app_client: AppClient,
    /// The user at work.
    pub session: Session,
}

/// The name in the certificate of `service`.
pub(crate) fn id(service: Service) -> String {
    service.id().map(|id| id.to_string()).unwrap_or_default()
}

/// All that is needed to use the running trial.
pub(crate) fn ready_file(
    trial: &Prepared,
    ca: PathBuf,
    operator: &Operator,
    parties: &[Party],
    supervisor: &Supervisor,
) -> anyhow::Result<ReadyFile> {
    let url = |service, port| text(&trial.layout.url(service, port));
    let both = |service| TwoListeners {
        peer: url(service, Port::Peer),
        public: url(service, Port::Public),
    };
    let domains = parties
        .iter()
        .map(|party| Ok((party.domain, domain(trial, party, parties)?)));
    Ok(ReadyFile {
        ca,
        operator: OperatorReady {
            person: operator.person.clone(),
            client: operator.client.clone(),
        },
        auth: both(Service::Auth),
        location: PeerListener {
            peer: url(Service::Location, Port::Peer),
        },
        provenance: both(Service::Provenance),
        catalog_tool: PublicListener {
            public: url(Service::Catalog, Port::Public),
        },
        domains: domains.collect::<anyhow::Result<_>>()?,
        services: services(&trial.layout, &supervisor.processes().borrow()),
    })
}

fn domain(trial: &Prepared, party: &Party, parties: &[Party]) -> anyhow::Result<DomainReady> {
    let layout = &trial.layout;
    let url = |service, port| text(&layout.url(service, port));
    let (receiver, provider) = (
        Service::Receiver(party.domain),
        Service::Provider(party.domain),
    );
    let secrets = trial.state.domain(party.domain);
    let others = parties.iter().filter(|other| other.domain != party.domain);
    let others: Vec<String> = others.map(|other| other.user.user_id.clone()).collect();
    let resources = trial.offers.of(party.domain).map(|offer| Resource {
        url: offer.url.as_str().to_owned(),
        api_type: "file/http".to_owned(),
        open: offer.open,
        granted_to: if offer.open {
            Vec::new()
        } else {
            others.clone()
        },
    });
    Ok(DomainReady {
        user: party.user.clone(),
        app_client: party.app_client.clone(),
        receiver: ReceiverReady {
            api: url(receiver, Port::Public),
            connector_id: id(receiver),
            connector_secret: secrets
                .receiver_secret
                .context("a receiver connector has a secret")?,
            cert: layout.certificate(receiver),
            key: layout.key(receiver),
            admin: url(receiver, Port::Admin),
        },
        provider: ProviderReady {
            provider_id: party.organisation.to_string(),
            peer: url(provider, Port::Peer),
            public: url(provider, Port::Public),
            connector_id: id(provider),
            connector_secret: secrets
                .provider_secret
                .context("a provider connector has a secret")?,
            cert: layout.certificate(provider),
            key: layout.key(provider),
            admin: url(provider, Port::Admin),
        },
        catalog_site: CatalogSiteReady {
            release: format!("{}/release", url(provider, Port::Public)),
            detail: layout.detail_site(party.domain),
        },
        resources: resources.collect(),
    })
}
