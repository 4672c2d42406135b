//! The life of a process: arguments, configuration, telemetry, readiness, shutdown.
//!
//! The library of a service has a [`Program`], and its binary is one call: `fn main() -> ExitCode { my_server::PROGRAM.main() }`.

mod admin;
mod arguments;
mod configuration;
mod documents;
mod last_words;
mod manager;
mod own_command;
mod program;

use std::{future::Future, path::Path, pin::Pin, process::ExitCode};

pub use self::{
    admin::ENDPOINTS as ADMIN_ENDPOINTS,
    arguments::main,
    configuration::{Configuration, findings},
    own_command::OwnCommand,
    program::Program,
};
use crate::{
    config::{self, AdminConfig, Loaded},
    process::{Context, Readiness, Shutdown, clock, on_signals, open_files, skew},
    telemetry::{self, Chain, Telemetry},
};

/// A long-running service.
pub trait Service: 'static {
    /// Name of the binary.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const ABOUT: &'static str;
    /// Its configuration.
    type Config: Configuration;

    /// Its commands beside `check-config`.
    fn commands() -> Vec<OwnCommand<Self::Config>> {
        Vec::new()
    }

    /// Runs until `context.shutdown`; calls `context.ready.started()` once it serves.
    fn run(
        config: Self::Config,
        context: Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Runs the service with the configuration at `path` until SIGINT or SIGTERM, or until `shutdown` is cancelled.
pub fn serve<S: Service>(path: &Path, shutdown: &Shutdown) -> ExitCode {
    let loaded: Loaded<S::Config> = match config::load(path) {
        Ok(loaded) => loaded,
        Err(error) => {
            return last_words::unstarted(S::NAME, last_words::format_at(path), &error.into());
        }
    };
    let format = loaded.config.telemetry().format;
    match prepare(path, &loaded) {
        Ok(telemetry) => match run(
            S::NAME,
            &loaded.config.admin().clone(),
            telemetry,
            shutdown,
            Box::new(|context| Box::pin(S::run(loaded.config, context))),
        ) {
            Ok(()) => ExitCode::SUCCESS,
            // It stands in the log.
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => last_words::unstarted(S::NAME, format, &error),
    }
}

/// Refuses a configuration that cannot work; afterwards there is a log.
fn prepare(path: &Path, loaded: &Loaded<impl Configuration>) -> anyhow::Result<Telemetry> {
    let findings = findings(&loaded.config);
    if !findings.errors().is_empty() {
        anyhow::bail!("{}: {}", path.display(), findings.errors().join("; "));
    }
    skew()?;
    let settings = loaded.config.telemetry();
    let telemetry = telemetry::init(settings)?;
    last_words::of_panics(settings.format);
    for finding in findings.warnings() {
        tracing::warn!(finding, "the configuration is risky");
    }
    for finding in loaded.warnings() {
        tracing::warn!(finding, "the configuration is not all that was meant");
    }
    Ok(telemetry)
}

/// Begins what a service does, in a process that is ready for it.
type Begin = Box<dyn FnOnce(Context) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>>;

/// The life of the process around that. Knowing nothing of the service's type, it is compiled once.
fn run(
    name: &'static str,
    admin: &AdminConfig,
    Telemetry { metrics, log: _log }: Telemetry,
    shutdown: &Shutdown,
    begin: Begin,
) -> anyhow::Result<()> {
    open_files::raise();
    let manager = manager::Manager::of(|name| std::env::var_os(name), std::process::id());
    // Whoever is started by hand below a manager's shell has its variables too: nothing that a service needs.
    let manager = manager.unwrap_or_else(|error| {
        tracing::warn!(error = %Chain(error.as_ref()), "the service manager cannot be told how it goes");
        None
    });
    // Only the first call decides; the provider is the same each time.
    let _ = crate::tls::provider().as_ref().clone().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        on_signals(shutdown)?;
        let ready = Readiness::default();
        let admin = admin::start(admin, ready.clone(), metrics, shutdown.clone()).await?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "{name} is starting");
        if let Some(manager) = manager {
            tokio::spawn(manager.tell(ready.clone(), shutdown.clone()));
        }
        let context = Context {
            clock: clock(),
            shutdown: shutdown.clone(),
            ready,
        };
        let ended = begin(context).await;
        shutdown.cancel();
        admin.await?;
        ended
    });
    match &ended {
        Ok(()) => tracing::info!("{name} has stopped"),
        Err(error) => tracing::error!(error = %Chain(error.as_ref()), "{name} failed"),
    }
    // Blocking work that hangs must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended
}
