//! The life of a process: arguments, configuration, telemetry, readiness, shutdown.
//!
//! A binary is one call: `fn main() -> ExitCode { common::service::main::<MyServer>() }`.

mod admin;
mod arguments;
mod last_words;
mod own_command;

use std::{fmt::Debug, future::Future, path::Path, process::ExitCode};

use serde::{Serialize, de::DeserializeOwned};

pub use self::{admin::ENDPOINTS as ADMIN_ENDPOINTS, arguments::main, own_command::OwnCommand};
use crate::{
    config::{self, AdminConfig, Loaded},
    listener::ListenerConfig,
    process::{Context, Finding, Readiness, Shutdown, clock, on_signals, open_files, skew},
    telemetry::{self, Chain, Telemetry, TelemetryConfig},
};

/// A long-running service.
pub trait Service {
    /// Name of the binary.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const ABOUT: &'static str;
    /// Its configuration.
    type Config: DeserializeOwned + Serialize + Debug + Clone + Send + 'static;

    /// What is wrong with `config` beyond its form.
    fn check(config: &Self::Config) -> Vec<Finding>;

    /// The `[admin]` section.
    fn admin(config: &Self::Config) -> &AdminConfig;

    /// The `[telemetry]` section.
    fn telemetry(config: &Self::Config) -> &TelemetryConfig;

    /// The sections of its listeners, by name.
    fn listeners(config: &Self::Config) -> Vec<(&'static str, &ListenerConfig)>;

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

/// Everything that is wrong with `config` beyond its form.
fn findings<S: Service>(config: &S::Config) -> Vec<Finding> {
    let listeners = S::listeners(config);
    let warnings = listeners
        .iter()
        .flat_map(|(name, listener)| listener.warnings(name));
    S::check(config).into_iter().chain(warnings).collect()
}

/// Runs the service with the configuration at `path` until SIGINT or SIGTERM, or until `shutdown` is cancelled.
pub fn serve<S: Service>(path: &Path, shutdown: &Shutdown) -> ExitCode {
    let loaded: Loaded<S::Config> = match config::load(path) {
        Ok(loaded) => loaded,
        Err(error) => {
            return last_words::unstarted(S::NAME, last_words::format_at(path), &error.into());
        }
    };
    let format = S::telemetry(&loaded.config).format;
    match prepare::<S>(path, &loaded) {
        Ok(telemetry) => match run::<S>(loaded.config, telemetry, shutdown) {
            Ok(()) => ExitCode::SUCCESS,
            // It stands in the log.
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => last_words::unstarted(S::NAME, format, &error),
    }
}

/// Refuses a configuration that cannot work; afterwards there is a log.
fn prepare<S: Service>(path: &Path, loaded: &Loaded<S::Config>) -> anyhow::Result<Telemetry> {
    let mut risks = Vec::new();
    for finding in findings::<S>(&loaded.config) {
        match finding {
            Finding::Error(message) => anyhow::bail!("{}: {message}", path.display()),
            Finding::Warning(message) => risks.push(message),
        }
    }
    skew()?;
    let settings = S::telemetry(&loaded.config);
    let telemetry = telemetry::init(settings)?;
    last_words::of_panics(settings.format);
    for finding in risks {
        tracing::warn!(finding, "the configuration is risky");
    }
    for finding in loaded.warnings() {
        tracing::warn!(finding, "the configuration is not all that was meant");
    }
    Ok(telemetry)
}

fn run<S: Service>(
    config: S::Config,
    Telemetry { metrics, log: _log }: Telemetry,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    open_files::raise();
    // Only the first call decides; the provider is the same each time.
    let _ = crate::tls::provider().as_ref().clone().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        on_signals(shutdown)?;
        let ready = Readiness::default();
        let admin =
            admin::start(S::admin(&config), ready.clone(), metrics, shutdown.clone()).await?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            "{} is starting",
            S::NAME
        );
        let context = Context {
            clock: clock(),
            shutdown: shutdown.clone(),
            ready,
        };
        let ended = S::run(config, context).await;
        shutdown.cancel();
        admin.await?;
        ended
    });
    match &ended {
        Ok(()) => tracing::info!("{} has stopped", S::NAME),
        Err(error) => tracing::error!(error = %Chain(error.as_ref()), "{} failed", S::NAME),
    }
    // Blocking work that hangs must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended
}
