//! The current TLS material, and its replacement while connections go on.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use rustls::{ClientConfig, ServerConfig};
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};

use super::{
    PeerCertificate, TlsConfig, TlsError,
    crl::{self, CrlError, Revocations},
    material::{Material, fingerprint},
};
use crate::{clock::SharedClock, ids::ConnectorId, service::Shutdown};

/// Facts about this process's own certificate.
#[derive(Debug, Clone)]
pub struct OwnCertificate {
    /// The connector or service it names.
    pub connector_id: Option<ConnectorId>,
    /// `x5t#S256` (RFC 8705 §3.1).
    pub thumbprint: String,
    /// Start of its validity.
    pub not_before: OffsetDateTime,
    /// End of its validity.
    pub not_after: OffsetDateTime,
}

/// Publishes TLS configurations made from the files that a [`TlsConfig`] names.
#[derive(Debug)]
pub struct TlsStore {
    config: TlsConfig,
    clock: SharedClock,
    current: ArcSwap<Material>,
    /// Counts changes of this process's own certificate or trust.
    generation: AtomicU64,
    changed: watch::Sender<u64>,
    nudge: Notify,
}

/// Gets the process ready for TLS: fetches the revocation list if it is missing, reads everything, and keeps it fresh
/// until `shutdown`.
///
/// # Errors
/// [`TlsError`].
pub async fn open(
    config: &TlsConfig,
    clock: SharedClock,
    shutdown: Shutdown,
) -> Result<Arc<TlsStore>, TlsError> {
    if let (Some(path), Some(url)) = (&config.crl, &config.crl_url)
        && !path.exists()
    {
        crl::fetch(url, path, |_| Ok(())).await?;
    }
    let store = TlsStore::load(config, clock)?;
    store.spawn_reload(shutdown);
    Ok(store)
}

impl TlsStore {
    /// Reads the files of `config`.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(config: &TlsConfig, clock: SharedClock) -> Result<Arc<Self>, TlsError> {
        let material = Material::load(config, &clock)?;
        Ok(Arc::new(Self {
            config: config.clone(),
            clock,
            current: ArcSwap::from_pointee(material),
            generation: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            nudge: Notify::new(),
        }))
    }

    /// For listeners that require a client certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().peer_server)
    }

    /// For TLS listeners without client certificates.
    pub fn plain_server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().plain_server)
    }

    /// For connections to peers, with our certificate. Without ALPN: the caller knows what it speaks.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.current.load().client)
    }

    /// Counts replacements; pools of connections belong to one generation.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Tells of each replacement.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Our own certificate.
    pub fn own(&self) -> OwnCertificate {
        let material = self.current.load();
        OwnCertificate {
            connector_id: material.own.connector_id.clone(),
            thumbprint: material.own.thumbprint(),
            not_before: material.not_before,
            not_after: material.own.not_after,
        }
    }

    /// Whether the revocation list in use names `peer`.
    pub fn is_revoked(&self, peer: &PeerCertificate) -> bool {
        self.current
            .load()
            .revocations
            .contains(&peer.issuer, &peer.serial)
    }

    /// Reads whom the certificate `der` names, with the pins of the configuration.
    pub fn identify(&self, der: &[u8]) -> Option<PeerCertificate> {
        PeerCertificate::from_der(der, &self.config.pinned)
    }

    /// The configuration this store was made from.
    pub fn config(&self) -> &TlsConfig {
        &self.config
    }

    /// Asks the reload task to look at the files now.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Reads the files again if one of them changed, or if a revocation list has outlived its grace.
    /// Returns whether anything was replaced. On an error the material in use stays.
    ///
    /// # Errors
    /// [`TlsError`]; [`CrlError::Older`] for a revocation list older than the one in use.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let current = self.current.load_full();
        let overdue = current
            .revocations
            .next_update
            .is_some_and(|at| self.clock.now() > at + self.config.crl_grace.get());
        if fingerprint(&self.config) == current.fingerprint && overdue == current.enforcing {
            return Ok(false);
        }
        let fresh = Material::load(&self.config, &self.clock)?;
        check_age(&fresh.revocations, &current.revocations)?;
        self.current.store(Arc::new(fresh));
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        self.changed.send_replace(generation);
        Ok(true)
    }

    async fn refresh_crl(&self) -> Result<(), CrlError> {
        let (Some(path), Some(url)) = (&self.config.crl, &self.config.crl_url) else {
            return Ok(());
        };
        let current = self.current.load_full();
        crl::fetch(url, path, |lists| {
            check_age(
                &Revocations::read(lists, &current.authorities)?,
                &current.revocations,
            )
        })
        .await
    }

    /// Keeps files and revocation list fresh until `shutdown`.
    pub fn spawn_reload(self: &Arc<Self>, shutdown: Shutdown) {
        let store = Arc::clone(self);
        tokio::spawn(async move {
            let mut hangup = hangup();
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(store.config.reload_interval.get()) => {}
                    () = store.nudge.notified() => {}
                    () = hangup.next() => {}
                }
                if let Err(error) = store.refresh_crl().await {
                    tracing::warn!(error = %crate::telemetry::Chain(&error), "the revocation list could not be refreshed");
                }
                let reloading = Arc::clone(&store);
                match tokio::task::spawn_blocking(move || reloading.reload()).await {
                    Ok(Ok(true)) => {
                        tracing::info!(not_after = %store.own().not_after, "TLS material replaced");
                    }
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) => {
                        tracing::error!(error = %crate::telemetry::Chain(&error), "TLS material not replaced, the previous stays in use");
                    }
                    Err(error) => tracing::error!(%error, "reloading TLS material failed"),
                }
            }
        });
    }
}

fn check_age(fresh: &Revocations, current: &Revocations) -> Result<(), CrlError> {
    if fresh.this_update < current.this_update {
        Err(CrlError::Older)
    } else {
        Ok(())
    }
}

/// SIGHUP, where the runtime can listen to it.
struct Hangup(Option<tokio::signal::unix::Signal>);

fn hangup() -> Hangup {
    Hangup(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
}

impl Hangup {
    async fn next(&mut self) {
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
