//! The authentication server as a process.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context as _;
use auth_client::enrol::{EnrolError, finish_installation, install};
use common::{
    clock::SharedClock,
    ids::ConnectorId,
    listener::Listener,
    pem,
    process::{Check, Context, Shutdown},
    service::{OwnCommand, Program, Service},
    telemetry::Chain,
    tls::{TlsConfig, TlsStore},
};
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    api::{App, peer_router, public_router},
    assemble::assemble,
    cli,
    config::Config,
    domain::tokens::families_since,
    store::SqlStore,
};

/// 1 min: how often chores are looked at.
const CHORES: Duration = Duration::from_mins(1);

/// 1 s: a database that went away is noticed before a load balancer's second look.
const PROBE: Duration = Duration::from_secs(1);

/// 10 s: how often it is looked for successors of refresh tokens whose grace is over.
const SUCCESSORS: Duration = Duration::from_secs(10);

/// The authentication server.
#[derive(Debug, Clone, Copy)]
pub struct AuthServer;

impl Service for AuthServer {
    const NAME: &'static str = "auth-server";
    const ABOUT: &'static str =
        "Participants, users, connectors, certificates and tokens of a data space";
    type Config = Config;

    fn commands() -> Vec<OwnCommand<Config>> {
        vec![cli::command()]
    }

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let store = SqlStore::open(&config.database)
            .await
            .context("the database")?;
        store
            .database()
            .spawn_probe(context.ready.register("database"), context.shutdown.clone());
        let app = assemble(&config, Arc::new(store), Arc::clone(&context.clock)).await?;
        warn_of_unknown_profiles(&app);
        app.certifier.publish_if_due().await?;
        finish_installation(&config.tls)?;
        renew_own(&app, &config, context.clock.now())
            .await
            .context("the server's own certificate")?;
        let tls = TlsStore::load(&config.tls, Arc::clone(&context.clock)).context("[tls]")?;
        tls.watch_own(&context);
        tls.spawn_reload(context.shutdown.clone());
        app.certifier.attach(Arc::clone(&tls));
        tls.ask_recorded(Arc::new(app.certifier.clone()));

        let peer = Listener::bind(&config.peer, Some(Arc::clone(&tls)))
            .await
            .context("[peer]")?;
        let public = Listener::bind(&config.public, Some(tls))
            .await
            .context("[public]")?;
        tokio::spawn(watch_database(
            Arc::clone(&app),
            context.ready.register("registrations"),
            (Arc::clone(&context.clock), config.tokens.access.get()),
            context.shutdown.clone(),
        ));
        tokio::spawn(forget_successors(
            Arc::clone(&app),
            config.tokens.refresh_grace.get(),
            Arc::clone(&context.clock),
            context.shutdown.clone(),
        ));
        let trail = Arc::clone(&app);
        config.retention.spawn(
            context.clock.clone(),
            context.shutdown.clone(),
            move |before| {
                let trail = Arc::clone(&trail);
                async move { trail.store.forget_events(before).await }
            },
        );
        let chores = tokio::spawn(chores(
            Arc::clone(&app),
            config,
            context.clock,
            context.shutdown.clone(),
        ));
        context.ready.started();
        tracing::info!(issuer = app.issuer.name(), peer = app.peer_url, "serving");
        tokio::join!(
            peer.serve(peer_router(Arc::clone(&app)), context.shutdown.clone()),
            public.serve(public_router(app), context.shutdown.clone()),
        );
        chores.await.context("chores")
    }
}

/// Names the connectors that count as `cadde/4` because their registrations are from before there were profiles.
fn warn_of_unknown_profiles(app: &App) {
    for id in app.directory.without_profile() {
        tracing::warn!(
            connector.id = id,
            "the registration doesn't say what this connector speaks, it counts as cadde/4; that ends when it exchanges a \
             token, or with POST /v1/connectors/{id}/profile"
        );
    }
}

/// Tells `check` whether the database answers, and keeps memory in step with it: it takes in what other processes have
/// changed, and what was committed here without an acknowledgement.
async fn watch_database(
    app: Arc<App>,
    check: Check,
    (clock, access): (SharedClock, Duration),
    shutdown: Shutdown,
) {
    let mut seen = None;
    loop {
        let since = families_since(clock.now(), access);
        let outcome = app.keep_in_step(&mut seen, since).await;
        check.set(outcome.map_err(|error| Chain(&error).to_string()));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PROBE) => {}
        }
    }
}

/// Forgets the successor of a used refresh token once its grace is over.
async fn forget_successors(app: Arc<App>, grace: Duration, clock: SharedClock, shutdown: Shutdown) {
    let grace = time::Duration::try_from(grace).unwrap_or(time::Duration::MAX);
    loop {
        let before = clock.now().saturating_sub(grace);
        if let Err(error) = app.store.forget_successors(before).await {
            tracing::error!(error = %Chain(&error), "successors of refresh tokens could not be forgotten");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(SUCCESSORS) => {}
        }
    }
}

/// Keeps revocation list and own certificate fresh and forgets what has ended.
async fn chores(app: Arc<App>, config: Config, clock: SharedClock, shutdown: Shutdown) {
    let mut purged: Option<OffsetDateTime> = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(CHORES) => {}
        }
        if let Err(error) = app.certifier.publish_if_due().await {
            tracing::error!(error = %Chain(&error), "the revocation list could not be refreshed");
        }
        if let Err(error) = renew_own(&app, &config, clock.now()).await {
            tracing::error!(error = %Chain(error.as_ref()), "the server's own certificate could not be renewed");
        }
        let now = clock.now();
        if purged.is_none_or(|at| now >= at + Duration::from_hours(1)) {
            let before = families_since(now, config.tokens.access.get());
            app.directory.forget_families(before);
            let sign_ins = app.store.purge_sign_ins(now).await;
            match sign_ins.and(app.store.purge_families(before).await) {
                Ok(forgotten) => {
                    purged = Some(now);
                    tracing::debug!(forgotten, "ended sessions forgotten");
                }
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "ended sessions could not be forgotten");
                }
            }
        }
    }
}

/// Renews the own certificate once two thirds of its lifetime are over. The TLS store notices the new files by itself.
async fn renew_own(app: &App, config: &Config, now: OffsetDateTime) -> anyhow::Result<()> {
    if !app.certifier.issues() {
        return Ok(());
    }
    let Some(current) = due(&config.tls, now)? else {
        return Ok(());
    };
    let id: &ConnectorId = &config.identity.service_id;
    let key = KeyPair::generate()?;
    let csr = CertificateParams::default()
        .serialize_request(&key)?
        .pem()?;
    let issued = app.certifier.issue_own(id, &csr, &current).await?;
    let tls = config.tls.clone();
    let installed = move || install(&tls, &key.serialize_pem(), &issued.certificate);
    uninterrupted(installed).await?;
    tracing::info!("own certificate renewed");
    Ok(())
}

fn uninterrupted(
    work: impl FnOnce() -> Result<(), EnrolError> + Send + 'static,
) -> impl Future<Output = anyhow::Result<()>> {
    let running = tokio::task::spawn_blocking(work);
    async move { Ok(running.await??) }
}

/// SHA-256 of the own certificate, if it is time to replace it.
fn due(tls: &TlsConfig, now: OffsetDateTime) -> anyhow::Result<Option<[u8; 32]>> {
    let chain = pem::certificates(&tls.certificate)?;
    let certificates: Result<Vec<_>, _> = chain
        .iter()
        .map(|der| X509Certificate::from_der(der).map(|(_, parsed)| parsed))
        .collect();
    let certificates = certificates?;
    let begins = |one: &X509Certificate<'_>| one.validity().not_before.to_datetime();
    let (begin, end) = certificates.first().map_or((now, now), |own| {
        (begins(own), own.validity().not_after.to_datetime())
    });
    // One of the future, its own or its issuer's, was made while the clock was ahead, and nobody accepts it.
    let is_unbegun = certificates.iter().any(|one| now < begins(one));
    let is_due = is_unbegun || now >= begin + (end - begin) * 2 / 3;
    Ok(is_due.then(|| Sha256::digest(&chain[0]).into()))
}

/// The server's program.
pub static PROGRAM: Program = Program::of::<AuthServer>();
