//! The parts of a running server, put together.

use std::sync::Arc;

use common::clock::SharedClock;

use crate::{
    api::{App, Cookies},
    ca::{CaError, Source},
    config::Config,
    domain::{
        certifier::Certifier,
        directory,
        password::{PasswordError, Passwords},
        registrar::Registrar,
        store::{AccountsError, Store},
        throttle::{Rate, Throttle},
        tokens::{
            Logins, TokenIssuer, families_since,
            keys::{KeyError, KeyRing},
        },
    },
};

/// Why the parts don't fit.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// `init` was not run, or not to its end.
    #[error(
        "this installation is not initialised; run `auth-server init` with this configuration first"
    )]
    NotInitialised,
    /// `tls.crl` is missing.
    #[error("tls.crl is missing")]
    NoCrlPath,
    /// The certificate authority is unusable.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The signing keys are unusable.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] AccountsError),
}

/// Puts a server together over `store`. Nothing listens yet, and no revocation list was published.
pub async fn assemble(
    config: &Config,
    store: Arc<dyn Store>,
    clock: SharedClock,
) -> Result<Arc<App>, AssembleError> {
    describe_metrics();
    if !store.is_initialised().await? {
        return Err(AssembleError::NotInitialised);
    }
    let source = Source::load(config)?.ok_or(AssembleError::NoCrlPath)?;
    let since = families_since(clock.now(), config.tokens.access.get());
    let directory = directory::load(store.as_ref(), since).await?;
    let keys = KeyRing::load(&config.tokens.key_directory)?;
    let passwords = Arc::new(Passwords::new(
        config.login.hashes_at_once,
        config.login.longest_wait.get(),
    )?);
    let issuer = TokenIssuer::new(
        config.issuer(),
        keys,
        Arc::clone(&directory),
        Arc::clone(&clock),
        &config.tokens,
    );
    let throttle = Throttle::new(
        Arc::clone(&clock),
        config.login.failures,
        config.login.forgiven_every.get(),
    );
    Ok(Arc::new(App {
        registrar: Registrar::new(
            Arc::clone(&store),
            Arc::clone(&directory),
            Arc::clone(&passwords),
            Arc::clone(&clock),
            (!config.ca.external).then(|| config.ca.code_lifetime.get()),
        ),
        certifier: Certifier::new(
            Arc::clone(&store),
            Arc::clone(&directory),
            source,
            Arc::clone(&clock),
        ),
        logins: Logins {
            store: Arc::clone(&store),
            directory: Arc::clone(&directory),
            passwords,
            throttle,
            issuer: issuer.clone(),
            clock: Arc::clone(&clock),
            config: config.tokens.clone(),
            login: config.login.clone(),
        },
        cookies: Cookies::of(&config.public.external_url),
        refused_clients: Rate::of_refused_clients(clock),
        issuer,
        directory,
        store,
        service_id: config.identity.service_id.clone(),
        peer_url: config.peer.external().to_owned(),
    }))
}

fn describe_metrics() {
    metrics::describe_counter!("auth_tokens_issued_total", "Access tokens issued.");
    metrics::describe_counter!(
        "auth_logins_total",
        "Logins with a password, by outcome: accepted, refused, throttled."
    );
    metrics::describe_counter!(
        "auth_codes_redeemed_total",
        "Authorization codes exchanged for tokens."
    );
    metrics::describe_counter!(
        "auth_clients_refused_total",
        "Requests whose client was not authenticated."
    );
}
