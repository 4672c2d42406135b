//! The life of the catalogue tool.

use std::sync::Arc;

use anyhow::Context as _;
use auth_client::{Membership, TokenExchange};
use auth_sessions::{Host, Sessions};
use catalog_site::index::{Bounds, Index};
use common::{
    concurrency::ConcurrencyLimit,
    http::{Endpoint, client::Guarded},
    listener::Listener,
    process::Context,
    service::{Program, Service},
};
use common_db::RetentionConfig;
use metrics::gauge;
use ui::{Files, Screens};

use crate::{
    api::{self, AppState, KnownSite, SEARCHES, TURNS},
    config::{Config, ProviderConfig},
    domain::{DraftStore, HarvestStore, Providers},
    harvest::{self, HarvestSource, Limit, Site, Source},
    publishing::Publisher,
    store::Store,
};

/// The catalogue tool.
pub struct CatalogServer;

/// Its program.
pub static PROGRAM: Program = Program::of::<CatalogServer>();

/// What the listener `public` serves: the API, sign-in, the search, and the pages.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = api::endpoints();
    all.extend(ui::endpoints("public", &ui::TOOL));
    all
}

impl Service for CatalogServer {
    const NAME: &'static str = "catalog-server";
    const ABOUT: &'static str =
        "Has stewards write what their providers offer, and searches over all domains";
    type Config = Config;

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let enrolment = config.enrolment.as_ref();
        let member = Membership::join(&config.tls, enrolment, &config.auth, &context).await?;
        let own = member
            .id()
            .context("the certificate of this server names no single service")?;

        let store = Store::open(&config.database).await?;
        store
            .database()
            .spawn_probe(context.ready.register("database"), context.shutdown.clone());
        let sessions = Sessions::open(Host {
            config: &config.sessions,
            external_url: &config.public.external_url,
            own: &own,
            auth: &config.auth,
            member: &member,
            database: store.database(),
            context: &context,
        })
        .await?;
        let store = Arc::new(store);
        forget_deleted(&config, &store, &context);

        let exchange = TokenExchange::new(&config.auth, member.tls.clone(), context.clock.clone());
        let publisher = Publisher {
            drafts: store.clone(),
            tokens: Arc::new(exchange),
            limits: config.drafts.of_dataset(),
            keep: config.drafts.versions,
        };
        let harvest: Arc<dyn HarvestStore> = store.clone();
        let index = search(&config, &harvest, &context).await?;
        let sites = config.providers.iter().map(|provider| {
            let site = KnownSite {
                name: provider.called(),
                address: provider.release(),
            };
            (provider.connector_id.to_string(), site)
        });
        let (all, each) = TURNS;
        let (searches, of_network) = SEARCHES;
        let router = api::router(AppState {
            sessions,
            drafts: store,
            publisher: Arc::new(publisher),
            turns: ConcurrencyLimit::new(all, each, gauge!("catalog_calls_of_providers")),
            harvest,
            index,
            sites: Arc::new(sites.collect()),
            searches: ConcurrencyLimit::new(searches, of_network, gauge!("catalog_searches")),
            providers: Providers::of(&config.providers)?,
            limits: config.drafts,
            clock: context.clock.clone(),
        });
        let pages = Screens::new(Files::built(), &ui::TOOL, config.environment)?;
        let router = router.merge(pages.router());
        let listener = Listener::bind(&config.public, Some(member.tls)).await?;
        tracing::info!(address = %config.public.listen, "the catalogue tool answers");
        context.ready.started();
        listener.serve(router, context.shutdown).await;
        Ok(())
    }
}

/// Opens the index, and has the sites harvested that it is about.
async fn search(
    config: &Config,
    store: &Arc<dyn HarvestStore>,
    context: &Context,
) -> anyhow::Result<Arc<Index>> {
    let folder = config.search.index.clone();
    let opened = tokio::task::spawn_blocking(move || Index::open(&folder, Bounds::default()));
    let index = opened.await??;
    let named = config
        .providers
        .iter()
        .map(|one| (one.connector_id.to_string(), one.called()));
    let followed = HarvestSource {
        store: Arc::clone(store),
        names: named.collect(),
    };
    for known in store.sources().await? {
        if !followed.names.contains_key(&known.id) {
            tracing::info!(
                source = known.id,
                "a site that is asked no more is forgotten"
            );
            store.forget(&known.id, context.clock.now()).await?;
        }
    }
    tokio::spawn(Arc::clone(&index).follow(Arc::new(followed), context.shutdown.clone()));
    let source = |one: &ProviderConfig| {
        let site = Site {
            address: one.release(),
            client: Guarded::new(one.policy())?,
        };
        Ok(Source {
            id: one.connector_id.to_string(),
            site,
        })
    };
    let sources = config
        .providers
        .iter()
        .map(source)
        .collect::<Result<_, reqwest::Error>>()?;
    let wake = Arc::clone(&index);
    let limit = Limit {
        interval: config.harvest.interval.get(),
        sweep: config.harvest.sweep.get(),
        records: config.harvest.records as usize,
    };
    let time = (context.clock.clone(), context.shutdown.clone());
    harvest::spawn(store, sources, limit, time, move || wake.changed());
    Ok(index)
}

/// Removes what was deleted and cannot be brought back any more, once an hour.
fn forget_deleted(config: &Config, store: &Arc<Store>, context: &Context) {
    let kept = RetentionConfig {
        history: config.drafts.keep_deleted,
    };
    let store = Arc::clone(store);
    let (clock, shutdown) = (context.clock.clone(), context.shutdown.clone());
    kept.spawn(clock, shutdown, move |before| {
        let store = Arc::clone(&store);
        async move { store.forget_deleted(before).await }
    });
}
