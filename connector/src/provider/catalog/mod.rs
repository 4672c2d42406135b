//! The provider's catalogue, run by its connector: the sites and the stewards' API on the listener `public`, and publishing.

mod reader;
mod recorder;

use std::sync::Arc;

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
use common::{http::Endpoint, process::Context};
use common_db::{Database, RetentionConfig};
use tokio::sync::Notify;

use self::reader::SourceReader;
pub(super) use self::recorder::LedgerRecorder;
use super::state::Provider;

/// What the listener `public` serves.
pub(super) fn endpoints() -> Vec<Endpoint> {
    api::endpoints()
}

/// Opens the catalogue in the connector's database, and has it work from now on. What it answers on the listener whose address
/// others know as `external`.
pub(super) async fn start(
    config: &CatalogConfig,
    external: &str,
    database: Database,
    provider: &Arc<Provider>,
    ledger: LedgerRecorder,
    (retention, context): (RetentionConfig, &Context),
) -> anyhow::Result<Router> {
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

    let wake = Arc::new(Notify::new());
    let publisher = Publisher {
        store: store.clone(),
        planner: Arc::new(ItemPlanner {
            provider_id: provider.owner.clone(),
        }),
        reader: Arc::new(SourceReader {
            provider: Arc::clone(provider),
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
    Ok(api::router(CatalogState {
        store,
        index,
        callers: provider.callers.clone(),
        provider_id: provider.owner.clone(),
        connector_id: provider.connector_id.clone(),
        sites: Arc::new([site(Side::Public, "release"), site(Side::Limited, "detail")]),
        limits: config.limits,
        clock: context.clock.clone(),
        wake,
    }))
}
