//! The provider's catalogue, run by its connector: the sites and the stewards' API on the listener `public`, and publishing.

mod reader;
mod recorder;
mod surroundings;

use std::sync::Arc;

use auth_sessions::Sessions;
use axum::Router;
use catalog_site::{
    api::{self, CatalogState},
    config::CatalogConfig,
    content::ItemPlanner,
    domain::{DatasetStore as _, Organization, Publisher, Side, SiteFacts},
    following::SiteSource,
    index::{Bounds, Index, query::Limits},
    store::Catalog,
};
use common::{concurrency::ConcurrencyLimit, http::Endpoint, process::Context};
use common_db::{Database, RetentionConfig};
use tokio::sync::Notify;
use ui::{Files, Screens};

pub(super) use self::recorder::LedgerRecorder;
use self::{reader::SourceReader, surroundings::Neighbourhood};
use super::state::Provider;

/// Datasets of which it is looked at a time whether they can be obtained, and by one steward: each makes the connector ask its sources.
const LOOKS: (usize, usize) = (4, 1);

/// What the listener `public` serves: the sites and the API, sign-in, and pages.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = api::endpoints();
    all.extend(auth_sessions::endpoints("public"));
    all.extend(ui::endpoints("public", &ui::SITE));
    all
}

/// What the connector gives its catalogue.
pub(super) struct Host<'a> {
    pub config: &'a CatalogConfig,
    /// The address of the listener `public`, without a slash at its end.
    pub external: &'a str,
    pub database: Database,
    pub provider: Arc<Provider>,
    pub ledger: LedgerRecorder,
    /// Who is signed in at the pages, where anybody can.
    pub sessions: Option<Sessions>,
    pub retention: RetentionConfig,
    pub context: &'a Context,
}

/// A catalogue at work.
pub(super) struct Site {
    /// What the listener `public` answers.
    pub router: Router,
    /// The catalogue itself, for others who search it.
    pub state: CatalogState,
    /// The address of the detail site, which grants are on.
    pub detail: String,
}

/// Opens the catalogue in the connector's database, and has it work from now on.
pub(super) async fn start(host: Host<'_>) -> anyhow::Result<Site> {
    let Host {
        config,
        external,
        database,
        provider,
        ledger,
        sessions,
        retention,
        context,
    } = host;
    let store = Arc::new(Catalog::open(database).await?);
    let bounds = Bounds {
        query: Limits {
            bytes: config.limits.query.as_usize(),
            ..Limits::default()
        },
        rows: config.limits.rows,
        ..Bounds::default()
    };
    let folder = config.index.clone();
    let index = tokio::task::spawn_blocking(move || Index::open(&folder, bounds)).await??;
    let source = SiteSource {
        store: store.clone(),
        organization: config.organization.clone(),
    };
    tokio::spawn(Arc::clone(&index).follow(Arc::new(source), context.shutdown.clone()));

    provider.origins.refresh(store.as_ref()).await?;
    provider
        .origins
        .spawn(store.clone(), context.shutdown.clone());

    let wake = Arc::new(Notify::new());
    let publisher = Publisher {
        store: store.clone(),
        planner: Arc::new(ItemPlanner {
            provider_id: provider.owner.clone(),
        }),
        reader: Arc::new(SourceReader {
            provider: Arc::clone(&provider),
        }),
        recorder: Arc::new(ledger),
        clock: context.clock.clone(),
        wake: Arc::clone(&wake),
    };
    publisher.spawn(config.publishers, &context.shutdown);
    let history = Arc::clone(&store);
    retention.spawn(
        context.clock.clone(),
        context.shutdown.clone(),
        move |before| {
            let history = Arc::clone(&history);
            async move { history.forget(before).await }
        },
    );

    let site = |side, path| SiteFacts {
        side,
        url: format!("{external}/{path}"),
        title: config.title.clone(),
        description: config.description.clone(),
        organization: Organization {
            name: config.organization.clone(),
            title: config
                .organization_title
                .clone()
                .unwrap_or_else(|| config.organization.clone()),
            description: config.description.clone(),
        },
    };
    let pages = Screens::new(Files::built(), &ui::SITE, config.environment)?;
    let sign_in = sessions.clone().map(auth_sessions::router);
    let state = CatalogState {
        store,
        index,
        callers: provider.callers.clone(),
        provider_id: provider.owner.clone(),
        connector_id: provider.connector_id.clone(),
        sites: Arc::new([site(Side::Public, "release"), site(Side::Limited, "detail")]),
        limits: config.limits,
        clock: context.clock.clone(),
        wake,
        sessions,
        surroundings: Arc::new(Neighbourhood {
            provider: Arc::clone(&provider),
        }),
        looks: ConcurrencyLimit::new(LOOKS.0, LOOKS.1, metrics::gauge!("catalog_looks")),
    };
    let router = api::router(state.clone())
        .merge(pages.router())
        .merge(sign_in.unwrap_or_default());
    Ok(Site {
        router,
        detail: format!("{external}/detail"),
        state,
    })
}
