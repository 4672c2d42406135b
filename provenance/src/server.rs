//! The life of the provenance server.

use std::sync::Arc;

use auth_client::Membership;
use common::{
    listener::Listener,
    process::Context,
    service::{Program, Service},
};
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

/// Its program.
pub static PROGRAM: Program = Program::of::<ProvenanceServer>();

impl Service for ProvenanceServer {
    const NAME: &'static str = "provenance-server";
    const ABOUT: &'static str =
        "Records exchanges as events that nobody can change, and tells their lineage";
    type Config = Config;

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let enrolment = config.enrolment.as_ref();
        let member = Membership::join(&config.tls, enrolment, &config.auth, &context).await?;
        let (sequencer, reader) = open(&config, &context).await?;
        let ledger = Arc::new(Ledger {
            sequencer,
            reader,
            authority: Arc::new(AuthServer(member.callers)),
            clock: context.clock.clone(),
            organization: config.organization(),
            batches: Batches::new(&config.ledger),
            writes: Writes::new(&config.ledger.writes),
            lineages: Lineages::new(&config.ledger),
            config: config.ledger.clone(),
        });

        let peer = Listener::bind(&config.peer, Some(member.tls.clone())).await?;
        let public = Listener::bind(&config.public, Some(member.tls)).await?;
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
