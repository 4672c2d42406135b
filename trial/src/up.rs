//! `trial up`: from an empty folder to a running trial, and from a stopped one to the same again.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use auth_client::{OperatorClient, enrol};
use common::{
    ids::UserId,
    process::{self, Shutdown},
    tls::{PeerClient, TlsStore},
};
use futures_util::future::try_join_all;
use location_client::LocationClient;
use tokio::sync::watch;

use crate::{
    cli,
    configs::Configs,
    console::Console,
    exchange, guide, initialise,
    layout::{Domain, Port, Service, text},
    party,
    party::Party,
    prepare::Prepared,
    publish::Publisher,
    ready::{self, ReadyFile},
    register::Registrar,
    session::Session,
    signals::Signals,
    state::Operator,
    supervise::Supervisor,
};

/// Runs the trial until Ctrl-C.
///
/// # Errors
/// Whatever keeps it from starting; every process is stopped again then.
pub async fn run(options: cli::Up) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let console = Console::start();
    // Looking at a large folder of data, or waiting for what the last `up` left behind, takes its time.
    let preparing = {
        let console = console.clone();
        tokio::task::spawn_blocking(move || Prepared::new(&options, console))
    };
    let trial = tokio::select! {
        prepared = preparing => prepared.context("the preparation panicked")??,
        () = signals.stop() => return Err(interrupted()),
    };
    let http = common::http::client::plain()?;
    let mut supervisor = Supervisor::new(trial.layout.clone(), console.clone(), http.clone())?;

    let started = tokio::select! {
        started = start(&trial, &mut supervisor, &http) => started,
        () = signals.stop() => Err(interrupted()),
    };
    let ended = match started.and_then(|ready| announce(&trial, &ready).map(|()| ready)) {
        Ok(ready) => {
            tokio::select! {
                ended = keep_current(&trial, ready, supervisor.processes()) => ended,
                () = signals.stop() => Ok(()),
            }
        }
        Err(error) => Err(error),
    };
    // What they say is no longer true.
    for file in &trial.ready_files {
        let _ = std::fs::remove_file(file);
    }
    console.line("");
    console.step("stopping; Ctrl-C again kills what is left");
    tokio::select! {
        () = supervisor.stop() => console.step("every service has stopped"),
        // The runtime ends with this function, and the children with it.
        () = signals.hurry() => console.step("killing what is left"),
    }
    ended
}

/// Nothing that was asked for is there, so whoever waits for it is not told that all is well.
fn interrupted() -> anyhow::Error {
    anyhow::anyhow!("interrupted before everything was ready")
}

fn announce(trial: &Prepared, ready: &ReadyFile) -> anyhow::Result<()> {
    guide::print(&trial.console, ready, &trial.layout)?;
    write(trial, ready)?;
    trial.console.step("ready; Ctrl-C stops everything");
    Ok(())
}

fn write(trial: &Prepared, ready: &ReadyFile) -> anyhow::Result<()> {
    trial
        .ready_files
        .iter()
        .try_for_each(|file| ready.write(file))
}

/// Writes the ready files anew whenever a service has ended or been started again. Ends with a failure alone.
async fn keep_current(
    trial: &Prepared,
    mut ready: ReadyFile,
    mut processes: watch::Receiver<BTreeMap<Service, u32>>,
) -> anyhow::Result<()> {
    loop {
        let services = ready::services(&trial.layout, &processes.borrow_and_update());
        if services != ready.services {
            ready.services = services;
            write(trial, &ready)?;
        }
        processes
            .changed()
            .await
            .context("nobody watches the services any more")?;
    }
}

async fn start(
    trial: &Prepared,
    supervisor: &mut Supervisor,
    http: &reqwest::Client,
) -> anyhow::Result<ReadyFile> {
    let configs = configs(trial).await?;
    for service in Service::all() {
        let folder = trial.layout.folder(service);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let operator = initialise(trial, &configs).await?;
    trial.console.step("starting the auth-server");
    configs.write(Service::Auth, &configs.auth())?;
    supervisor.start(Service::Auth)?;
    supervisor.ready(Service::Auth).await?;

    let signed_in = sign_in_operator(trial, &operator).await?;
    let registrar = Registrar {
        operator: &signed_in,
        layout: &trial.layout,
        state: &trial.state,
        clock: process::clock(),
    };
    tokio::try_join!(
        registrar.server(Service::Location),
        registrar.server(Service::Provenance),
        registrar.catalog(),
        registrar.tool()
    )?;
    start_servers(trial, supervisor, &configs)?;
    let parties = register(trial, &registrar, http).await?;
    trial.console.step("starting the catalogue tool");
    let organisations = parties
        .iter()
        .map(|party| (party.domain, &party.organisation));
    configs.write(Service::Catalog, &configs.catalog(organisations))?;
    supervisor.start(Service::Catalog)?;
    trial.console.step("starting the receiver connectors");
    for domain in Domain::ALL {
        configs.write(
            Service::Receiver(domain),
            &configs.receiver(domain, &trial.offers),
        )?;
        supervisor.start(Service::Receiver(domain))?;
    }

    let tls = tool(trial, &configs).await?;
    let peers = PeerClient::new(Arc::clone(&tls));
    let publisher = Publisher {
        http,
        peers: &peers,
        layout: &trial.layout,
        state: &trial.state,
        console: &trial.console,
    };
    supervisor.ready(Service::Provenance).await?;
    let created = try_join_all(
        parties
            .iter()
            .map(|party| publisher.originals(party, &trial.offers)),
    )
    .await?;
    count(
        &trial.console,
        &created,
        "originals are in the ledger (events Create)",
    );

    trial.console.step("starting the provider connectors");
    let originals = trial.state.get().published;
    for party in &parties {
        let config = configs.provider(party.domain, &party.organisation, &trial.offers, &originals);
        configs.write(Service::Provider(party.domain), &config)?;
        supervisor.start(Service::Provider(party.domain))?;
    }
    supervisor.ready(Service::Location).await?;
    supervisor.ready(Service::Catalog).await?;
    let address = trial.layout.url(Service::Location, Port::Peer);
    let locations = LocationClient::new(address, tls, Some(signed_in.access_token().await));
    let located = try_join_all(
        parties
            .iter()
            .map(|party| publisher.location(&locations, party)),
    )
    .await?;
    count(
        &trial.console,
        &located,
        "provider connectors can be found through the location-server",
    );
    for domain in Domain::ALL {
        for service in [
            Service::Data(domain),
            Service::Receiver(domain),
            Service::Provider(domain),
        ] {
            supervisor.ready(service).await?;
        }
    }
    let granted = try_join_all(
        parties
            .iter()
            .map(|party| publisher.grants(party, &parties, &trial.offers)),
    )
    .await?;
    count(
        &trial.console,
        &granted,
        "grants are registered with the providers",
    );

    let ready = party::ready_file(trial, configs.ca(), &operator, &parties, supervisor)?;
    first_exchange(trial, http, &ready).await?;
    Ok(ready)
}

/// What the services' configurations are made from, once their databases are there.
async fn configs(trial: &Prepared) -> anyhow::Result<Configs<'_>> {
    let databases = trial.state.get().database;
    if let Some(server) = &databases {
        let made = server.make().await?;
        trial.console.step(format_args!(
            "records are kept at {} ({made} databases made)",
            server.address()
        ));
    }
    Ok(Configs {
        layout: &trial.layout,
        databases,
    })
}

/// Makes certificate authority, signing key and first operator where there are none.
async fn initialise(trial: &Prepared, configs: &Configs<'_>) -> anyhow::Result<Operator> {
    if let Some(operator) = trial.state.get().operator {
        if auth_server::remake_unbegun(&configs.auth(), &process::clock())? {
            trial.console.step(
                "the certificates of the authority were of the future and are made anew; the clock was ahead",
            );
        }
        return Ok(operator);
    }
    let operator = initialise::run(&configs.auth(), configs.databases.as_ref()).await?;
    trial
        .state
        .update(|state| state.operator = Some(operator.clone()))?;
    trial
        .console
        .step("certificate authority, signing key and first operator are made");
    Ok(operator)
}

async fn sign_in_operator(trial: &Prepared, operator: &Operator) -> anyhow::Result<OperatorClient> {
    OperatorClient::login(
        &trial.layout.url(Service::Auth, Port::Public),
        &operator.client.client_id,
        &operator.client.client_secret,
        &UserId::parse(&operator.person.user_id)?,
        &operator.person.password,
    )
    .await
    .context("the operator can't sign in")
}

fn start_servers(
    trial: &Prepared,
    supervisor: &mut Supervisor,
    configs: &Configs<'_>,
) -> anyhow::Result<()> {
    trial
        .console
        .step("starting provenance-server, location-server and data servers");
    configs.write(Service::Provenance, &configs.provenance())?;
    supervisor.start(Service::Provenance)?;
    configs.write(Service::Location, &configs.location())?;
    supervisor.start(Service::Location)?;
    for domain in Domain::ALL {
        configs.write(Service::Data(domain), &configs.data(domain, &trial.offers))?;
        supervisor.start(Service::Data(domain))?;
    }
    Ok(())
}

/// Registers the domains and signs their users in.
async fn register(
    trial: &Prepared,
    registrar: &Registrar<'_>,
    http: &reqwest::Client,
) -> anyhow::Result<Vec<Party>> {
    let auth = text(&trial.layout.url(Service::Auth, Port::Public));
    let auth = auth.as_str();
    let one = |domain| async move {
        let known = registrar.domain(domain).await?;
        let session = Session::open(http, auth, &known.app_client, &known.user).await?;
        anyhow::Ok(Party {
            domain,
            organisation: known.organisation,
            user: known.user,
            app_client: known.app_client,
            session,
        })
    };
    let parties = try_join_all(Domain::ALL.map(one)).await?;
    registrar.management().await?;
    for party in &parties {
        trial.console.step(format_args!(
            "domain {} is registered: organisation {}, user {}, connectors {} and {}",
            party.domain,
            party.organisation,
            party.user.user_id,
            party::id(Service::Provider(party.domain)),
            party::id(Service::Receiver(party.domain)),
        ));
    }
    Ok(parties)
}

/// The certificate of the trial's own tool.
async fn tool(trial: &Prepared, configs: &Configs<'_>) -> anyhow::Result<Arc<TlsStore>> {
    let config = configs.tls(&trial.layout.tool());
    enrol::ensure_certificate(&config, Some(&configs.tool_enrolment()))
        .await
        .context("the trial's own tool gets no certificate")?;
    Ok(common::tls::open(&config, process::clock(), Shutdown::default()).await?)
}

fn count(console: &Console, done: &[usize], what: &str) {
    let sum: usize = done.iter().sum();
    if sum > 0 {
        console.step(format_args!("{sum} {what}"));
    }
}

/// A → B, with the smallest file that needs a grant: the way of everything else.
async fn first_exchange(
    trial: &Prepared,
    http: &reqwest::Client,
    ready: &ReadyFile,
) -> anyhow::Result<()> {
    let offer = trial
        .offers
        .of(Domain::A)
        .min_by_key(|offer| (offer.open, offer.bytes));
    let offer = offer.context("domain A offers nothing")?;
    let offered = &ready.domain(Domain::A)?.resources;
    let resource = offered
        .iter()
        .find(|resource| resource.url == offer.url.as_str());
    let resource = resource.context("the ready file lacks what domain A offers")?;
    exchange::run(
        &trial.console,
        http,
        ready,
        (Domain::A, Domain::B),
        resource,
        Some(&offer.path),
    )
    .await
    .context("the first exchange failed")
}
