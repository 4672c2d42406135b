//! The life of the location server.

use std::sync::Arc;

use anyhow::Context as _;
use auth_client::{AuthFacts, Callers, Registry, TokenVerifier, enrol};
use common::{listener::Listener, process::Context, service::Service};

use crate::{
    api::{self, AppState},
    config::Config,
    domain::{Directory, RecordSigner},
    store::Locations,
};

/// The location server.
pub struct LocationServer;

impl Service for LocationServer {
    const NAME: &'static str = "location-server";
    const ABOUT: &'static str =
        "Tells where the connector of a provider is, with signed, expiring records";
    type Config = Config;

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        enrol::ensure_certificate(&config.tls, config.enrolment.as_ref())
            .await
            .context("cannot get a certificate")?;
        let tls =
            common::tls::open(&config.tls, context.clock.clone(), context.shutdown.clone()).await?;
        tls.watch_own(&context);
        enrol::spawn_renewal(
            tls.clone(),
            &config.auth,
            context.clock.clone(),
            context.shutdown.clone(),
        );

        let signer = RecordSigner::open(&config.records.key_file, config.records.validity.get())?;
        let store = Locations::open(&config.database).await?;
        store
            .database()
            .spawn_probe(context.ready.register("database"), context.shutdown.clone());
        let directory = Directory::new(Box::new(store), signer, context.clock.clone());
        let directory = Arc::new(directory);
        let history = directory.clone();
        config.retention.spawn(
            context.clock.clone(),
            context.shutdown.clone(),
            move |before| {
                let history = history.clone();
                async move { history.forget_changes(before).await }
            },
        );

        let own = tls.own().connector_id;
        let own = own.context("the certificate of this server names no single service")?;
        let facts = AuthFacts {
            registry: Registry::new(config.auth.clone(), tls.clone(), context.clock.clone()),
            tokens: TokenVerifier::new(config.auth.clone(), tls.clone(), context.clock.clone()),
        };
        let callers = Callers::new(Arc::new(facts));
        let router = api::router(AppState::new(directory, callers, own));
        let listener = Listener::bind(&config.peer, Some(tls)).await?;
        tracing::info!(address = %config.peer.listen, "the location server answers");
        context.ready.started();
        listener.serve(router, context.shutdown).await;
        Ok(())
    }
}
