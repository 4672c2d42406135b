//! The provider connector: offers the data of one provider to receiver connectors that may have it.

mod catalog;
mod check;
mod config;
mod decision;
mod fetch;
mod file;
mod search;
mod sources;
mod state;

use std::sync::Arc;

use auth_client::Membership;
use auth_sessions::Sessions;
use axum::{
    Router,
    routing::{MethodRouter, get, head},
};
use catalog_site::api::CatalogState;
use common::{
    http::Endpoint,
    listener::ListenerConfig,
    process::Context,
    service::{OwnCommand, Program, Service},
    tls::PeerClient,
};
use common_db::Database;
pub use config::{
    ApiType, Config, Delivery, ProvenanceConfig, Record, SourceConfig, SourceCredentials,
};
pub use sources::{Source, SourceError, Sources};
pub(crate) use state::{Identity, Provider};

use self::{catalog::LedgerRecorder, search::DetailSite};
use crate::{
    authorization::{self, AuthorizationApi, GrantBook, store::Grants},
    exchange::{Role, refusals},
    search::CATALOG,
    start::{self, Connector, Settings},
};

/// The service.
#[derive(Debug)]
pub struct ProviderConnector;

/// Its program.
pub static PROGRAM: Program = Program::of::<ProviderConnector>();

impl Service for ProviderConnector {
    const NAME: &'static str = "provider-connector";
    const ABOUT: &'static str = "Offers a provider's data to receiver connectors that hold a grant";
    type Config = Config;

    fn commands() -> Vec<OwnCommand<Config>> {
        start::commands()
    }

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let started = start::start(&config.settings(), &context).await?;
        let member = &started.member;
        let store = Grants::open(&config.database).await?;
        let database = store.database().clone();
        database.spawn_probe(context.ready.register("database"), context.shutdown.clone());
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

        let identity = Identity {
            registrations: Arc::new(member.registry.clone()),
            callers: member.callers.clone(),
        };
        let provider = Provider::new(
            &config,
            &context,
            &member.tls,
            grants,
            started.outbox.clone(),
            identity,
        )?;
        let provider = Arc::new(provider);
        let running = provider.recorder.running().clone();
        let (mut catalog, mut listeners) = (None, Vec::new());
        if let (Some(public), Some(settings)) = (&config.public, &config.catalog) {
            let client = PeerClient::new(Arc::clone(&member.tls));
            let ledger = &config.provenance.peer_url;
            let ledger = LedgerRecorder::new(client, ledger, config.provider_id.clone());
            let sessions = sessions(&config, public, (member, &database), &context).await?;
            let site = catalog::start(catalog::Host {
                config: settings,
                external: public.external(),
                database,
                provider: Arc::clone(&provider),
                ledger,
                sessions,
                retention: config.retention,
                context: &context,
            });
            let site = site.await?;
            catalog = Some((site.state, site.detail));
            listeners.push((public, site.router));
        }
        listeners.push((&config.peer, router(provider, catalog)));
        started.serve(listeners, &running, context).await
    }
}

/// Signs people in at the pages of the catalogue, where that is configured.
async fn sessions(
    config: &Config,
    public: &ListenerConfig,
    (member, database): (&Membership, &Database),
    context: &Context,
) -> anyhow::Result<Option<Sessions>> {
    let Some(sessions) = &config.sessions else {
        return Ok(None);
    };
    let opened = Sessions::open(auth_sessions::Host {
        config: sessions,
        external_url: &public.external_url,
        own: &config.connector_id,
        auth: &config.auth,
        member,
        database,
        context,
    });
    Ok(Some(opened.await?))
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

/// The path of searches, with its rule.
fn search_endpoint() -> Endpoint {
    Endpoint::new(
        "peer",
        "GET",
        CATALOG,
        "certificate of a registered receiver connector; bearer with a grant on the detail site",
    )
}

/// What the listeners `peer` and `public` serve.
pub fn endpoints() -> Vec<Endpoint> {
    let own = table().into_iter().map(|(endpoint, _)| endpoint);
    let own = own.chain([search_endpoint()]);
    let others = authorization::endpoints().into_iter();
    own.chain(others).chain(catalog::endpoints()).collect()
}

/// All routes of the listener `peer`.
pub(crate) fn router(provider: Arc<Provider>, catalog: Option<(CatalogState, String)>) -> Router {
    let grants = AuthorizationApi {
        book: Arc::clone(&provider.grants),
        callers: provider.callers.clone(),
        provider_id: provider.owner.clone(),
        connector_id: provider.connector_id.clone(),
        clock: provider.clock.clone(),
    };
    // `HEAD` too: the router would otherwise run `GET` for it, and record it.
    let other_method = || async { refusals::other_method(Role::Provider) };
    let detail = DetailSite {
        provider: Arc::clone(&provider),
        catalog,
    };
    let searches = get(search::get)
        .merge(head(other_method))
        .fallback(other_method);
    let searches = Router::new()
        .route(search_endpoint().path, searches)
        .with_state(Arc::new(detail));
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .route(FILE, head(other_method).fallback(other_method))
        .with_state(provider)
        .merge(authorization::router(grants))
        .merge(searches)
}
