//! What the handlers of exchanges work with.

use std::sync::{Arc, atomic::AtomicBool};

use auth_client::{Callers, Registrations};
use catalog_site::origins::Origins;
use common::{
    clock::SharedClock,
    ids::{ConnectorId, UserId},
    process::Context,
    tls::TlsStore,
};
use http::HeaderValue;
use provenance_outbox::Outbox;

use super::{
    config::{Config, Delivery},
    sources::Sources,
};
use crate::{
    authorization::GrantBook,
    exchange::{Admission, Deadlines, Recorder, Running},
    upstream::{Client, ClientTls, public_tls},
};

/// What an exchange needs.
pub(crate) struct Provider {
    pub(super) owner: UserId,
    pub(super) connector_id: ConnectorId,
    /// It was seen to be registered for its owner.
    pub(super) is_own_known: AtomicBool,
    pub(super) sources: Sources,
    pub(super) grants: Arc<GrantBook>,
    pub(super) callers: Callers,
    pub(super) registrations: Arc<dyn Registrations>,
    pub(crate) recorder: Recorder,
    pub(super) source_client: Arc<Client>,
    pub(super) admission: Arc<Admission>,
    pub(super) deadlines: Deadlines,
    pub(super) delivery: Delivery,
    pub(super) ledger_url: HeaderValue,
    pub(super) clock: SharedClock,
    /// Which events made what the catalogue names; none without a catalogue.
    pub(super) origins: Arc<Origins>,
}

/// Whom the provider asks about callers and connectors.
pub(crate) struct Identity {
    pub callers: Callers,
    pub registrations: Arc<dyn Registrations>,
}

impl Provider {
    pub(crate) fn new(
        config: &Config,
        context: &Context,
        tls: &Arc<TlsStore>,
        grants: Arc<GrantBook>,
        outbox: Outbox,
        identity: Identity,
    ) -> anyhow::Result<Self> {
        let sources = Sources::new(&config.sources)?;
        let source_tls = if sources.need_tls() {
            ClientTls::Public(public_tls(&config.source_anchors, tls)?)
        } else {
            ClientTls::None
        };
        let source_client = Client::new(source_tls);
        source_client.spawn_housekeeping();
        let ledger_wait = config.provenance.ledger_wait.get();
        let registrations = Arc::clone(&identity.registrations);
        Ok(Self {
            owner: config.provider_id.clone(),
            connector_id: config.connector_id.clone(),
            is_own_known: AtomicBool::new(false),
            sources,
            grants,
            callers: identity.callers,
            registrations: identity.registrations,
            recorder: Recorder::new(
                outbox,
                config.connector_id.clone(),
                context.clock.clone(),
                context.shutdown.clone(),
                ledger_wait,
                Running::new(registrations),
            ),
            source_client,
            admission: config.limits.admission(),
            deadlines: config.deadlines,
            delivery: config.provenance.delivery,
            ledger_url: crate::ledger::header(&config.provenance.public_url)?,
            clock: context.clock.clone(),
            origins: Arc::default(),
        })
    }
}
