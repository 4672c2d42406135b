//! `trial up`: from an empty folder to a running trial, and from a stopped one to the same again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use auth_client::{OperatorClient, enrol};
use common::clock::SystemClock;
use common::http::client::PeerClient;
use common::ids::UserId;
use common::service::Shutdown;
use location_client::LocationClient;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli;
use crate::configs::Configs;
use crate::console::Console;
use crate::layout::{Domain, Layout, Port, Service, text};
use crate::offer::Offers;
use crate::ports::Ports;
use crate::publish::Publisher;
use crate::ready::{
    DomainReady, PeerListener, ProviderReady, ReadyFile, ReceiverReady, Resource, TwoListeners,
};
use crate::register::{Registered, Registrar};
use crate::session::Session;
use crate::state::{Operator, State, StateFile};
use crate::supervise::Supervisor;
use crate::{exchange, guide, samples};

/// Where a trial begins unless told otherwise.
const DEFAULT_BASE: u16 = 20_000;

/// The folder whose files a trial offers.
pub fn data_folder(layout: &Layout, state: &State) -> anyhow::Result<PathBuf> {
    match &state.data {
        Some(data) => Ok(data.clone()),
        None => samples::unpack(layout.dir()),
    }
}

/// Runs the trial until Ctrl-C.
///
/// # Errors
/// Whatever keeps it from starting; every process is stopped again then.
pub async fn run(options: cli::Up) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let console = Console::start();
    let trial = Prepared::new(&options, console.clone())?;
    let http = common::http::client::plain()?;
    let mut supervisor = Supervisor::new(trial.layout.clone(), console.clone(), http.clone())?;

    let started = tokio::select! {
        started = trial.start(&mut supervisor, &http) => started.map(Some),
        _ = interrupt.recv() => Ok(None),
        _ = terminate.recv() => Ok(None),
    };
    let ended = match started {
        Ok(Some(ready)) => announce(&trial, &ready),
        Ok(None) => Ok(false),
        Err(error) => Err(error),
    };
    if matches!(ended, Ok(true)) {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    console.line("");
    console.step("stopping");
    supervisor.stop().await;
    // What it says is no longer true. Who asked for a copy elsewhere keeps it.
    let _ = std::fs::remove_file(trial.layout.ready());
    console.step("every service has stopped");
    ended.map(drop)
}

fn announce(trial: &Prepared, ready: &ReadyFile) -> anyhow::Result<bool> {
    guide::print(&trial.console, ready, &trial.layout);
    ready.write(&trial.layout.ready())?;
    if let Some(path) = &trial.ready_file {
        ready.write(path)?;
    }
    trial.console.step("ready; Ctrl-C stops everything");
    Ok(true)
}

/// A trial whose folder and ports are taken.
struct Prepared {
    layout: Layout,
    state: StateFile,
    offers: Offers,
    ready_file: Option<PathBuf>,
    console: Console,
    _ports: Ports,
    _lock: File,
}

impl Prepared {
    fn new(options: &cli::Up, console: Console) -> anyhow::Result<Self> {
        let dir = &options.dir;
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let dir = dir
            .canonicalize()
            .with_context(|| format!("cannot find the folder {}", dir.display()))?;
        let lock = lock(&dir)?;
        let path = Layout::new(dir.clone(), 0).state();
        let known = StateFile::read(&path)?;
        let asked = options.port_base;
        if let (Some(known), Some(asked)) = (&known, asked)
            && asked != 0
            && asked != known.base
        {
            bail!(
                "the trial in {} has the ports from {} on; leave --port-base out, or begin anew in another folder",
                dir.display(),
                known.base
            );
        }
        let ports = match (&known, asked) {
            (Some(known), _) => Ports::take(known.base)?,
            (None, Some(0)) => Ports::choose(std::process::id() as u16)?,
            (None, asked) => Ports::take(asked.unwrap_or(DEFAULT_BASE))?,
        };
        let data = options.data.as_ref().map(|data| {
            data.canonicalize()
                .with_context(|| format!("cannot find the folder {}", data.display()))
        });
        let data = data.transpose()?;
        let is_new = known.is_none();
        let mut state = known.unwrap_or_default();
        state.base = ports.base;
        if data.is_some() {
            state.data = data;
        }
        let layout = Layout::new(dir, ports.base);
        let folder = data_folder(&layout, &state)?;
        let offers = Offers::scan(&folder, &layout)?;
        console.step(format_args!(
            "{} the trial in {}, ports from {} on, {} files of {}",
            if is_new { "making" } else { "continuing" },
            layout.dir().display(),
            layout.base(),
            offers.files.len(),
            folder.display()
        ));
        // They appear when everything is ready, not before.
        for stale in std::iter::once(layout.ready()).chain(options.ready_file.clone()) {
            match std::fs::remove_file(&stale) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot replace {}", stale.display()));
                }
                _ => {}
            }
        }
        Ok(Self {
            state: StateFile::create(path, state)?,
            layout,
            offers,
            ready_file: options.ready_file.clone(),
            console,
            _ports: ports,
            _lock: lock,
        })
    }

    async fn start(
        &self,
        supervisor: &mut Supervisor,
        http: &reqwest::Client,
    ) -> anyhow::Result<ReadyFile> {
        let configs = Configs {
            layout: &self.layout,
        };
        for service in Service::all() {
            let folder = self.layout.folder(service);
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let operator = self.initialise(&configs).await?;
        configs.write(Service::Auth, &configs.auth())?;
        supervisor.start(Service::Auth)?;
        supervisor.ready(Service::Auth).await?;

        let signed_in = OperatorClient::login(
            &self.layout.url(Service::Auth, Port::Public),
            &operator.client.client_id,
            &operator.client.client_secret,
            &UserId::parse(&operator.person.user_id)?,
            &operator.person.password,
        )
        .await?;
        let registrar = Registrar {
            operator: &signed_in,
            layout: &self.layout,
            state: &self.state,
        };
        tokio::try_join!(
            registrar.server(Service::Location),
            registrar.server(Service::Provenance),
            registrar.tool(),
        )?;
        self.start_servers(supervisor, &configs)?;
        let (a, b, c) = tokio::try_join!(
            registrar.domain(Domain::A),
            registrar.domain(Domain::B),
            registrar.domain(Domain::C)
        )?;
        let registered = [(Domain::A, a), (Domain::B, b), (Domain::C, c)];
        self.console
            .step("three participants, their users, connectors and applications are registered");
        for domain in Domain::ALL {
            configs.write(
                Service::Receiver(domain),
                &configs.receiver(domain, &self.offers),
            )?;
            supervisor.start(Service::Receiver(domain))?;
        }

        let tls = self.tool(&configs).await?;
        let peers = PeerClient::new(Arc::clone(&tls));
        let publisher = Publisher {
            http,
            peers: &peers,
            layout: &self.layout,
            state: &self.state,
        };
        let sessions = self.sign_in(http, &registered).await?;
        supervisor.ready(Service::Provenance).await?;
        self.originals(&publisher, &registered, &sessions).await?;
        let published = self.state.get().published;
        for (domain, known) in &registered {
            let config = configs.provider(*domain, &known.organisation, &self.offers, &published);
            configs.write(Service::Provider(*domain), &config)?;
            supervisor.start(Service::Provider(*domain))?;
        }
        supervisor.ready(Service::Location).await?;
        let locations = LocationClient::new(
            self.layout.url(Service::Location, Port::Peer),
            tls,
            Some(signed_in.access_token().await),
        );
        for (domain, known) in &registered {
            publisher
                .location(&locations, *domain, &known.organisation)
                .await?;
        }
        for domain in Domain::ALL {
            for service in [
                Service::Data(domain),
                Service::Receiver(domain),
                Service::Provider(domain),
            ] {
                supervisor.ready(service).await?;
            }
        }
        self.grants(&publisher, &registered, &sessions).await?;

        let ready = self.ready(&configs, &operator, &registered)?;
        self.first_exchange(http, &ready).await?;
        Ok(ready)
    }

    /// Makes certificate authority, signing key and first operator where there are none.
    async fn initialise(&self, configs: &Configs<'_>) -> anyhow::Result<Operator> {
        if let Some(operator) = self.state.get().operator {
            return Ok(operator);
        }
        let operator = crate::initialise::run(&configs.auth()).await?;
        self.state
            .update(|state| state.operator = Some(operator.clone()))?;
        self.console
            .step("certificate authority, signing key and first operator are made");
        Ok(operator)
    }

    fn start_servers(
        &self,
        supervisor: &mut Supervisor,
        configs: &Configs<'_>,
    ) -> anyhow::Result<()> {
        configs.write(Service::Provenance, &configs.provenance())?;
        supervisor.start(Service::Provenance)?;
        configs.write(Service::Location, &configs.location())?;
        supervisor.start(Service::Location)?;
        for domain in Domain::ALL {
            configs.write(Service::Data(domain), &configs.data(domain, &self.offers))?;
            supervisor.start(Service::Data(domain))?;
        }
        Ok(())
    }

    /// The certificate of the trial's own tool.
    async fn tool(&self, configs: &Configs<'_>) -> anyhow::Result<Arc<common::tls::TlsStore>> {
        let config = configs.tls(self.layout.tool());
        enrol::ensure_certificate(&config, Some(&configs.tool_enrolment()))
            .await
            .context("the trial's own tool gets no certificate")?;
        Ok(common::tls::open(&config, Arc::new(SystemClock), Shutdown::default()).await?)
    }

    async fn sign_in(
        &self,
        http: &reqwest::Client,
        registered: &[(Domain, Registered); 3],
    ) -> anyhow::Result<[Session; 3]> {
        let auth = text(&self.layout.url(Service::Auth, Port::Public));
        let open = |known: &Registered| {
            let (http, auth, client, user) = (
                http.clone(),
                auth.clone(),
                known.app_client.clone(),
                known.user.clone(),
            );
            async move { Session::open(&http, &auth, &client, &user).await }
        };
        let [a, b, c] = registered;
        let (a, b, c) = tokio::try_join!(open(&a.1), open(&b.1), open(&c.1))?;
        Ok([a, b, c])
    }

    async fn originals(
        &self,
        publisher: &Publisher<'_>,
        registered: &[(Domain, Registered); 3],
        sessions: &[Session; 3],
    ) -> anyhow::Result<()> {
        let one = |at: usize| {
            let (domain, known) = &registered[at];
            publisher.originals(*domain, &known.organisation, &sessions[at], &self.offers)
        };
        let (a, b, c) = tokio::try_join!(one(0), one(1), one(2))?;
        if a + b + c > 0 {
            self.console.step(format_args!(
                "{} originals are in the ledger (events Create)",
                a + b + c
            ));
        }
        Ok(())
    }

    async fn grants(
        &self,
        publisher: &Publisher<'_>,
        registered: &[(Domain, Registered); 3],
        sessions: &[Session; 3],
    ) -> anyhow::Result<()> {
        let one = |at: usize| {
            let (domain, known) = &registered[at];
            let others = registered.iter().filter(|(other, _)| other != domain);
            let users = others
                .map(|(_, other)| UserId::parse(&other.user.user_id))
                .collect::<Result<Vec<_>, _>>();
            async move {
                publisher
                    .grants(
                        *domain,
                        &known.organisation,
                        &sessions[at],
                        &users?,
                        &self.offers,
                    )
                    .await
            }
        };
        let (a, b, c) = tokio::try_join!(one(0), one(1), one(2))?;
        if a + b + c > 0 {
            self.console.step(format_args!(
                "{} grants are registered with the providers",
                a + b + c
            ));
        }
        Ok(())
    }

    fn ready(
        &self,
        configs: &Configs<'_>,
        operator: &Operator,
        registered: &[(Domain, Registered); 3],
    ) -> anyhow::Result<ReadyFile> {
        let url = |service, port| text(&self.layout.url(service, port));
        let both = |service| TwoListeners {
            peer: url(service, Port::Peer),
            public: url(service, Port::Public),
        };
        let mut domains = std::collections::BTreeMap::new();
        for (domain, known) in registered {
            let (receiver, provider) = (Service::Receiver(*domain), Service::Provider(*domain));
            let id = |service: Service| service.id().map(|id| id.to_string()).unwrap_or_default();
            let secrets = self.state.domain(*domain);
            let others = domain
                .others()
                .filter_map(|other| registered.iter().find(|(known, _)| *known == other));
            let others: Vec<String> = others
                .map(|(_, other)| other.user.user_id.clone())
                .collect();
            let ready = DomainReady {
                user: known.user.clone(),
                app_client: known.app_client.clone(),
                receiver: ReceiverReady {
                    api: url(receiver, Port::Public),
                    connector_id: id(receiver),
                    connector_secret: secrets
                        .receiver_secret
                        .context("a receiver connector has a secret")?,
                    cert: self.layout.certificate(receiver),
                    key: self.layout.key(receiver),
                    admin: url(receiver, Port::Admin),
                },
                provider: ProviderReady {
                    provider_id: known.organisation.to_string(),
                    peer: url(provider, Port::Peer),
                    connector_id: id(provider),
                    connector_secret: secrets
                        .provider_secret
                        .context("a provider connector has a secret")?,
                    cert: self.layout.certificate(provider),
                    key: self.layout.key(provider),
                    admin: url(provider, Port::Admin),
                },
                resources: self
                    .offers
                    .of(*domain)
                    .map(|offer| Resource {
                        url: offer.url.as_str().to_owned(),
                        api_type: "file/http".to_owned(),
                        open: offer.open,
                        granted_to: if offer.open {
                            Vec::new()
                        } else {
                            others.clone()
                        },
                    })
                    .collect(),
            };
            domains.insert(*domain, ready);
        }
        Ok(ReadyFile {
            ca: configs.ca(),
            operator: operator.person.clone(),
            auth: both(Service::Auth),
            location: PeerListener {
                peer: url(Service::Location, Port::Peer),
            },
            provenance: both(Service::Provenance),
            domains,
        })
    }

    /// A → B, with the first file that needs a grant: the way of everything else.
    async fn first_exchange(
        &self,
        http: &reqwest::Client,
        ready: &ReadyFile,
    ) -> anyhow::Result<()> {
        let offered = &ready.domain(Domain::A)?.resources;
        let resource = offered
            .iter()
            .find(|resource| !resource.open)
            .or(offered.first());
        let resource = resource.context("domain A offers nothing")?;
        let source = self
            .offers
            .find(&resource.url)
            .map(|offer| offer.path.as_path());
        exchange::run(
            &self.console,
            http,
            ready,
            (Domain::A, Domain::B),
            resource,
            source,
        )
        .await
        .context("the first exchange failed")
    }
}

/// One `up` at a time in a folder.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another `trial up` is running in {}", dir.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).context("cannot lock the folder"),
    }
}
