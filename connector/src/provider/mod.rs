//! The provider connector: offers the data of one provider to receiver connectors that may have it.

mod check;
mod config;
mod decision;
mod fetch;
mod file;
mod sources;
mod state;

use std::sync::Arc;

use auth_client::{AuthFacts, Callers, Registry, TokenVerifier, enrol};
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
pub use config::{
    ApiType, Config, Delivery, ProvenanceConfig, Record, SourceConfig, SourceCredentials,
};
use provenance_outbox::{HttpLedger, Outbox};
pub use sources::{Source, SourceError, Sources};
pub(crate) use state::{Identity, Provider};

use crate::{
    authorization::{self, AuthorizationApi, GrantBook, store::Grants},
    exchange::{Role, refusals},
    outbox_command,
};

/// The service.
#[derive(Debug)]
pub struct ProviderConnector;

impl Service for ProviderConnector {
    const NAME: &'static str = "provider-connector";
    const ABOUT: &'static str = "Offers a provider's data to receiver connectors that hold a grant";
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

        let store = Grants::open(&config.database).await?;
        store
            .database()
            .spawn_probe(context.ready.register("database"), context.shutdown.clone());
        let grants = GrantBook::open(Arc::new(store)).await?;
        let history = Arc::clone(&grants);
        config.retention.spawn(
            context.clock.clone(),
            context.shutdown.clone(),
            move |before| {
                let history = Arc::clone(&history);
                async move { history.store().forget_changes(before).await }
            },
        );
        grants.spawn_sync(context.ready.register("grants"), context.shutdown.clone());

        let outbox = open_outbox(&config, &context).await?;
        outbox.start_delivery(HttpLedger::new(
            PeerClient::new(Arc::clone(&tls)),
            &config.provenance.peer_url,
        ));
        crate::watch_outbox(&outbox, &context.ready, context.shutdown.clone());

        let facts = AuthFacts {
            tokens: TokenVerifier::new(
                config.auth.clone(),
                Arc::clone(&tls),
                context.clock.clone(),
            ),
            registry: Registry::new(config.auth.clone(), Arc::clone(&tls), context.clock.clone()),
        };
        let identity = Identity {
            registrations: Arc::new(facts.registry.clone()),
            callers: Callers::new(Arc::new(facts)),
        };
        let provider = Provider::new(&config, &context, &tls, grants, outbox.clone(), identity)?;
        provider
            .recorder
            .running()
            .spawn_checks(context.shutdown.clone());
        let listener = Listener::bind(&config.peer, Some(tls)).await?;
        tracing::info!(listen = %listener.local_addr()?, sources = config.sources.len(), "offering data");
        context.ready.started();
        listener
            .serve(router(Arc::new(provider)), context.shutdown)
            .await;
        outbox.close(crate::OUTBOX_PATIENCE).await;
        Ok(())
    }
}

async fn open_outbox(config: &Config, context: &Context) -> anyhow::Result<Outbox> {
    let (outbox, connector_id) = (config.outbox.clone(), config.connector_id.clone());
    let clock = context.clock.clone();
    let opening = move || Outbox::open(outbox, &connector_id, clock);
    Ok(tokio::task::spawn_blocking(opening).await??)
}

/// The path of the exchange.
const FILE: &str = "/cadde/api/v4/file";

/// Every path of the exchange with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<Arc<Provider>>)> {
    vec![(
        Endpoint::new(
            "peer",
            "GET",
            FILE,
            "certificate of a registered receiver connector; bearer by the source",
        ),
        get(file::get),
    )]
}

/// What the listener `peer` serves.
pub fn endpoints() -> Vec<Endpoint> {
    let own = table().into_iter().map(|(endpoint, _)| endpoint);
    own.chain(authorization::endpoints()).collect()
}

/// All routes of the listener `peer`.
pub(crate) fn router(provider: Arc<Provider>) -> Router {
    let grants = AuthorizationApi {
        book: Arc::clone(&provider.grants),
        callers: provider.callers.clone(),
        provider_id: provider.owner.clone(),
        connector_id: provider.connector_id.clone(),
        clock: provider.clock.clone(),
    };
    // `HEAD` too: the router would otherwise run `GET` for it, and record it.
    let other_method = || async { refusals::other_method(Role::Provider) };
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .route(FILE, head(other_method).fallback(other_method))
        .with_state(provider)
        .merge(authorization::router(grants))
}
