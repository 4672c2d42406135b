//! The life of the location server.

use std::sync::Arc;

use anyhow::Context as _;
use auth_client::Membership;
use common::{
    listener::Listener,
    process::Context,
    service::{Program, Service},
};

use crate::{
    api::{self, AppState},
    config::Config,
    domain::{Directory, RecordSigner},
    store::Locations,
};

/// The location server.
pub struct LocationServer;

/// Its program.
pub static PROGRAM: Program = Program::of::<LocationServer>();

impl Service for LocationServer {
    const NAME: &'static str = "location-server";
    const ABOUT: &'static str =
        "Tells where the connector of a provider is, with signed, expiring records";
    type Config = Config;

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let enrolment = config.enrolment.as_ref();
        let member = Membership::join(&config.tls, enrolment, &config.auth, &context).await?;
        let own = member
            .id()
            .context("the certificate of this server names no single service")?;

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

        let router = api::router(AppState::new(directory, member.callers, own));
        let listener = Listener::bind(&config.peer, Some(member.tls)).await?;
        tracing::info!(address = %config.peer.listen, "the location server answers");
        context.ready.started();
        listener.serve(router, context.shutdown).await;
        Ok(())
    }
}
