//! The life of the provenance server.

use std::sync::Arc;

use anyhow::Context as _;
use auth_client::{AuthFacts, Callers, Registry, TokenVerifier, enrol};
use common::{listener::Listener, process::Context, service::Service};
use common_db::{Backend, Database};

use crate::{
    api::{self, Batches, Ledger, Lineages, Writes},
    authority::AuthServer,
    config::Config,
    domain::{
        sequencer::{Sequencer, SequencerLimits},
        store::LedgerReader,
    },
    store::{open_postgres, open_sqlite},
};

/// The provenance server.
pub struct ProvenanceServer;

impl Service for ProvenanceServer {
    const NAME: &'static str = "provenance-server";
    const ABOUT: &'static str =
        "Records exchanges as events that nobody can change, and tells their lineage";
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

        let (sequencer, reader) = open(&config, &context).await?;
        let facts = AuthFacts {
            registry: Registry::new(config.auth.clone(), tls.clone(), context.clock.clone()),
            tokens: TokenVerifier::new(config.auth.clone(), tls.clone(), context.clock.clone()),
        };
        let ledger = Arc::new(Ledger {
            sequencer,
            reader,
            authority: Arc::new(AuthServer(Callers::new(Arc::new(facts)))),
            clock: context.clock.clone(),
            organization: config.organization(),
            batches: Batches::new(&config.ledger),
            writes: Writes::new(&config.ledger.writes),
            lineages: Lineages::new(&config.ledger),
            config: config.ledger.clone(),
        });

        let peer = Listener::bind(&config.peer, Some(tls.clone())).await?;
        let public = Listener::bind(&config.public, Some(tls)).await?;
        tracing::info!(peer = %config.peer.listen, public = %config.public.listen, "the ledger answers");
        context.ready.started();
        tokio::join!(
            peer.serve(api::peer_router(ledger.clone()), context.shutdown.clone()),
            public.serve(api::public_router(ledger.clone()), context.shutdown.clone()),
        );
        ledger.sequencer.close().await;
        Ok(())
    }
}

/// Opens the ledger in whichever database the configuration names, and starts its writer.
async fn open(
    config: &Config,
    context: &Context,
) -> anyhow::Result<(Sequencer, Arc<dyn LedgerReader>)> {
    let limits = |disk| SequencerLimits {
        queue: config.ledger.queue,
        queue_bytes: config.ledger.queue_bytes.as_usize(),
        disk,
        watermark: config.ledger.watermark(),
        keep_keys: config.ledger.keep_idempotency_keys.get(),
        patience: config.ledger.writer_patience.get(),
    };
    let (clock, check) = (context.clock.clone(), context.ready.register("ledger"));
    Ok(match Backend::of(&config.database)? {
        Backend::Sqlite => {
            let (store, reader, folder) = open_sqlite(&config.database).await?;
            let sequencer = Sequencer::start(store, clock, limits(Some(folder)), check)?;
            (sequencer, Arc::new(reader))
        }
        Backend::Postgres => {
            let (store, reader, database) = open_postgres(&config.database).await?;
            Database::Postgres(database)
                .spawn_probe(context.ready.register("database"), context.shutdown.clone());
            let sequencer = Sequencer::start(store, clock, limits(None), check)?;
            (sequencer, Arc::new(reader))
        }
    })
}
