//! The receiver connector: fetches for the applications of a domain, from providers' connectors or directly.

mod check;
mod config;
mod direct;
mod egress;
mod file;
mod foreign;
mod forward;
mod provider_refusal;
mod request;
mod search;
mod state;

use std::sync::Arc;

use auth_client::TokenExchange;
use axum::{
    Router,
    routing::{MethodRouter, get, head},
};
use common::{
    http::Endpoint,
    process::Context,
    service::{OwnCommand, Program, Service},
};
pub use config::{Config, EgressConfig, ForeignConfig, ProvenanceConfig, SearchConfig};
pub use egress::{Egress, EgressError};
use location_client::LocationResolver;
pub use provider_refusal::ProviderRefusal;
pub(crate) use state::{Identity, Receiver};

use self::file::FILE;
use crate::{
    exchange::{Role, refusals},
    search::CATALOG,
    start::{self, Connector, Settings},
};

/// The service.
#[derive(Debug)]
pub struct ReceiverConnector;

/// Its program.
pub static PROGRAM: Program = Program::of::<ReceiverConnector>();

impl Service for ReceiverConnector {
    const NAME: &'static str = "receiver-connector";
    const ABOUT: &'static str = "Fetches other domains' data for the applications of its own";
    type Config = Config;

    fn commands() -> Vec<OwnCommand<Config>> {
        start::commands()
    }

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let started = start::start(&config.settings(), &context).await?;
        let member = &started.member;
        let (tls, clock) = (&member.tls, &context.clock);
        let identity = Identity {
            registrations: Arc::new(member.registry.clone()),
            callers: member.callers.clone(),
            exchanged_tokens: Arc::new(TokenExchange::new(
                &config.auth,
                Arc::clone(tls),
                clock.clone(),
            )),
            locations: Arc::new(LocationResolver::new(
                config.location.clone(),
                Arc::clone(tls),
                clock.clone(),
            )),
        };
        let receiver = Receiver::new(
            &config,
            &context,
            &member.tls,
            started.outbox.clone(),
            identity,
        )?;
        let running = receiver.recorder.running().clone();
        let router = router(Arc::new(receiver));
        started
            .serve(vec![(&config.api, router)], &running, context)
            .await
    }
}

impl Connector for Config {
    fn settings(&self) -> Settings<'_> {
        Settings {
            connector_id: &self.connector_id,
            tls: &self.tls,
            enrolment: self.enrolment.as_ref(),
            auth: &self.auth,
            outbox: &self.outbox,
            ledger: &self.provenance.peer_url,
        }
    }
}

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<Arc<Receiver>>)> {
    vec![
        (
            Endpoint::new(
                "api",
                "GET",
                FILE,
                "anyone; bearer by the provider's grants",
            ),
            get(file::get),
        ),
        (
            Endpoint::new(
                "api",
                "GET",
                CATALOG,
                "anyone; bearer by the provider's grants",
            ),
            get(search::get),
        ),
    ]
}

/// What the listener `api` serves.
pub fn endpoints() -> Vec<Endpoint> {
    table().into_iter().map(|(endpoint, _)| endpoint).collect()
}

/// All routes of the listener `api`.
pub(crate) fn router(receiver: Arc<Receiver>) -> Router {
    // `HEAD` too: the router would otherwise run `GET` for it, and record it.
    let other_method = || async { refusals::other_method(Role::Receiver) };
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .route(FILE, head(other_method).fallback(other_method))
        .route(CATALOG, head(other_method).fallback(other_method))
        .with_state(receiver)
}
