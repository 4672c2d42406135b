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
mod state;

use std::sync::Arc;

use auth_client::{AuthFacts, Callers, Registry, TokenExchange, TokenVerifier, enrol};
use axum::{
    Router,
    routing::{MethodRouter, get, head},
};
use common::{
    http::Endpoint,
    listener::Listener,
    process::Context,
    service::{OwnCommand, Service},
    tls::PeerClient,
};
pub use config::{Config, EgressConfig, ForeignConfig, ProvenanceConfig};
pub use egress::{Egress, EgressError};
use location_client::LocationResolver;
use provenance_outbox::{HttpLedger, Outbox};
pub use provider_refusal::ProviderRefusal;
pub(crate) use state::{Identity, Receiver};

use crate::{
    exchange::{Role, refusals},
    outbox_command,
};

/// The service.
#[derive(Debug)]
pub struct ReceiverConnector;

impl Service for ReceiverConnector {
    const NAME: &'static str = "receiver-connector";
    const ABOUT: &'static str = "Fetches other domains' data for the applications of its own";
    type Config = Config;

    fn commands() -> Vec<OwnCommand<Config>> {
        vec![OwnCommand {
            command: outbox_command::command(),
            run: |config, matches| {
                outbox_command::run(&config.outbox.path, &config.connector_id, matches)
            },
        }]
    }

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        enrol::ensure_certificate(&config.tls, config.enrolment.as_ref()).await?;
        let tls =
            common::tls::open(&config.tls, context.clock.clone(), context.shutdown.clone()).await?;
        tls.watch_own(&context);
        crate::check_identity(&tls, &config.connector_id)?;
        enrol::spawn_renewal(
            Arc::clone(&tls),
            &config.auth,
            context.clock.clone(),
            context.shutdown.clone(),
        );

        let (outbox, connector_id) = (config.outbox.clone(), config.connector_id.clone());
        let clock = context.clock.clone();
        let opening = move || Outbox::open(outbox, &connector_id, clock);
        let outbox = tokio::task::spawn_blocking(opening).await??;
        outbox.start_delivery(HttpLedger::new(
            PeerClient::new(Arc::clone(&tls)),
            &config.provenance.peer_url,
        ));
        crate::watch_outbox(&outbox, &context.ready, context.shutdown.clone());

        let (auth, clock) = (&config.auth, &context.clock);
        let facts = AuthFacts {
            tokens: TokenVerifier::new(auth.clone(), Arc::clone(&tls), clock.clone()),
            registry: Registry::new(auth.clone(), Arc::clone(&tls), clock.clone()),
        };
        let identity = Identity {
            registrations: Arc::new(facts.registry.clone()),
            callers: Callers::new(Arc::new(facts)),
            exchanged_tokens: Arc::new(TokenExchange::new(auth, Arc::clone(&tls), clock.clone())),
            locations: Arc::new(LocationResolver::new(
                config.location.clone(),
                Arc::clone(&tls),
                clock.clone(),
            )),
        };
        let receiver = Receiver::new(&config, &context, &tls, outbox.clone(), identity)?;
        receiver
            .recorder
            .running()
            .spawn_checks(context.shutdown.clone());
        let listener = Listener::bind(&config.api, Some(tls)).await?;
        tracing::info!(listen = %listener.local_addr()?, egress = config.egress.len(), "fetching for applications");
        context.ready.started();
        listener
            .serve(router(Arc::new(receiver)), context.shutdown)
            .await;
        outbox.close(crate::OUTBOX_PATIENCE).await;
        Ok(())
    }
}

/// The path of the exchange.
const FILE: &str = "/cadde/api/v4/file";

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<Arc<Receiver>>)> {
    vec![(
        Endpoint::new(
            "api",
            "GET",
            FILE,
            "anyone; bearer by the provider's grants",
        ),
        get(file::get),
    )]
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
        .with_state(receiver)
}
