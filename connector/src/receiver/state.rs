//! What the handlers of exchanges work with.

use std::{sync::Arc, time::Duration};

use auth_client::{Callers, ExchangedTokens, Registrations};
use common::{ids::ConnectorId, process::Context, tls::TlsStore};
use http::HeaderValue;
use location_client::Locations;
use provenance_outbox::Outbox;
use url::Url;

use super::{config::Config, egress::Egress, foreign::ForeignLedgers};
use crate::{
    exchange::{Admission, Deadlines, Recorder, Running},
    upstream::{Client, ClientTls, public_tls},
};

/// What an exchange needs.
pub(crate) struct Receiver {
    pub(super) connector_id: ConnectorId,
    pub(super) callers: Callers,
    pub(super) exchanged_tokens: Arc<dyn ExchangedTokens>,
    pub(super) registrations: Arc<dyn Registrations>,
    pub(super) locations: Arc<dyn Locations>,
    pub(crate) recorder: Recorder,
    pub(super) provider_client: Arc<Client>,
    pub(super) direct_client: Arc<Client>,
    pub(super) search_client: Arc<Client>,
    pub(super) search_url: Option<Url>,
    pub(super) egress: Egress,
    pub(super) foreign_ledgers: ForeignLedgers,
    pub(super) own_users_only: bool,
    pub(super) admission: Arc<Admission>,
    pub(super) deadlines: Deadlines,
    pub(super) ledger_url: HeaderValue,
    pub(super) contract_services: Vec<Url>,
}

/// Whom the receiver asks about callers, tokens, connectors and providers.
pub(crate) struct Identity {
    pub callers: Callers,
    pub exchanged_tokens: Arc<dyn ExchangedTokens>,
    pub registrations: Arc<dyn Registrations>,
    pub locations: Arc<dyn Locations>,
}

impl Receiver {
    pub(crate) fn new(
        config: &Config,
        context: &Context,
        tls: &Arc<TlsStore>,
        outbox: Outbox,
        identity: Identity,
    ) -> anyhow::Result<Self> {
        let egress = Egress::new(&config.egress)?;
        let direct_tls = if egress.needs_tls() {
            ClientTls::Public(public_tls(&config.egress_anchors, tls)?)
        } else {
            ClientTls::None
        };
        let (provider_client, direct_client) = (
            Client::new(ClientTls::Peer(Arc::clone(tls))),
            Client::new(direct_tls),
        );
        let search_url = config.search.as_ref().map(|search| search.url.clone());
        let search_tls = if search_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https")
        {
            ClientTls::Public(public_tls(&config.egress_anchors, tls)?)
        } else {
            ClientTls::None
        };
        let search_client = Client::new(search_tls);
        search_client.spawn_housekeeping();
        let registrations = Arc::clone(&identity.registrations);
        provider_client.spawn_housekeeping();
        direct_client.spawn_housekeeping();
        Ok(Self {
            connector_id: config.connector_id.clone(),
            callers: identity.callers,
            exchanged_tokens: identity.exchanged_tokens,
            own_users_only: config.own_users_only,
            registrations: identity.registrations,
            locations: identity.locations,
            // A receiver never waits for the ledger: the provider does, where somebody has to.
            recorder: Recorder::new(
                outbox,
                config.connector_id.clone(),
                context.clock.clone(),
                context.shutdown.clone(),
                Duration::ZERO,
                Running::new(registrations),
            ),
            provider_client,
            direct_client,
            search_client,
            search_url,
            egress,
            foreign_ledgers: ForeignLedgers::new(
                &config.provenance.foreign,
                &config.egress_anchors,
            )?,
            admission: config.limits.admission(),
            deadlines: config.deadlines,
            ledger_url: crate::ledger::header(&config.provenance.public_url)?,
            contract_services: config.provenance.contract_services.clone(),
        })
    }
}
