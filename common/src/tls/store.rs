//! The current TLS material, and its replacement while connections go on.

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};

use super::{
    AnchorConfig, PeerCertificate, TlsConfig, TlsError,
    anchors::Authorities,
    crl::{self, CrlError, Revocations},
    error::OwnError,
    material::{Fingerprint, Material},
    own,
    peer::RecordedCertificates,
};
use crate::{clock::SharedClock, ids::ConnectorId, pem, process::Shutdown, telemetry::Chain};

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
    pub(super) config: TlsConfig,
    pub(super) clock: SharedClock,
    pub(super) current: ArcSwap<Material>,
    /// Who tells for which connector a certificate is recorded.
    pub(super) recorded: ArcSwapOption<Arc<dyn RecordedCertificates>>,
    /// Counts changes of this process's own certificate or trust.
    generation: AtomicU64,
    /// Counts replacements of any kind.
    revision: watch::Sender<u64>,
    nudge: Notify,
}

/// Gets the process ready for TLS: fetches the revocation list if there is none of use, reads everything, and keeps it
/// fresh until `shutdown`.
///
/// # Errors
/// [`TlsError`].
pub async fn open(
    config: &TlsConfig,
    clock: SharedClock,
    shutdown: Shutdown,
) -> Result<Arc<TlsStore>, TlsError> {
    let chain = pem::certificates(&config.certificate)?;
    let mut lists = crl::Fetcher::default();
    for (index, anchor) in config.all_anchors().iter().enumerate() {
        let fetched = match fetch_first(anchor, index, &chain, &clock, &mut lists).await {
            Err(error) if index > 0 || has_lists(anchor) => {
                tracing::warn!(anchor = %anchor.ca.display(), error = %Chain(&error), "starting with the stored revocation lists");
                Ok(())
            }
            fetched => fetched,
        };
        fetched?;
    }
    let store = TlsStore::load(config, clock)?;
    store.current.load().uses.check_client()?;
    store.spawn_reload(shutdown);
    Ok(store)
}

fn has_lists(anchor: &AnchorConfig) -> bool {
    anchor.lists().iter().all(|list| list.file.exists())
}

/// Fetches the revocation lists of an anchor if those that are stored are of no use.
async fn fetch_first(
    anchor: &AnchorConfig,
    index: usize,
    own_chain: &[CertificateDer<'static>],
    clock: &SharedClock,
    lists: &mut crl::Fetcher,
) -> Result<(), TlsError> {
    if anchor.lists().iter().all(|list| list.url.is_empty()) {
        return Ok(());
    }
    let authorities = Authorities::read(anchor, index, own_chain)?.all;
    for list in anchor.lists() {
        let stored = pem::crls(&list.file).ok();
        let stored = stored.and_then(|lists| Revocations::read(&lists, &authorities).ok());
        let is_of_use = |lists: Revocations| {
            !lists.is_outdated(clock.now(), Duration::ZERO) && lists.covers(&authorities)
        };
        if !stored.is_some_and(is_of_use) {
            let check = |lists: &[CertificateRevocationListDer<'static>]| {
                Revocations::read(lists, &authorities).map(drop)
            };
            lists.fetch(list, &[], check).await?;
        }
    }
    Ok(())
}

impl TlsStore {
    /// Reads the files of `config`.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(config: &TlsConfig, clock: SharedClock) -> Result<Arc<Self>, TlsError> {
        let material = Material::load(config, &clock, None)?;
        Ok(Arc::new(Self {
            config: config.clone(),
            clock,
            recorded: ArcSwapOption::empty(),
            current: ArcSwap::from_pointee(material),
            generation: AtomicU64::new(0),
            revision: watch::Sender::new(0),
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

    /// For connections to the servers of the data space, with our certificate. Without ALPN: the caller knows what it speaks.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.current.load().client)
    }

    /// Whether the certificate of one of these servers has ended since `since`, on whose connections nobody may go on.
    pub(crate) fn has_server_ended_since(&self, since: OffsetDateTime) -> bool {
        let ends = &self.current.load().ends;
        ends.is_any_between(since, self.clock.now())
    }

    /// The time by which certificates are judged.
    pub(crate) fn time(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// For connections to providers, with our certificate. What answers is not identified before
    /// [`identify_provider`](Self::identify_provider) has looked at it.
    pub fn provider_client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.current.load().provider_client)
    }

    /// Counts changes of this process's own certificate or of its trust anchors: pools of connections and tokens bound
    /// to the certificate belong to one generation. A new revocation list alone retires neither.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Counts replacements of any kind, new revocation lists included.
    pub fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Tells of each replacement of any kind.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
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

    /// Whether a listener may show the own certificate.
    pub(crate) fn check_server(&self) -> Result<(), OwnError> {
        self.current.load().uses.check_server()
    }

    /// Whether a revocation list in use names `peer`: one of the authority that vouched for it.
    pub fn is_revoked(&self, peer: &PeerCertificate) -> bool {
        self.current
            .load()
            .anchors
            .get(peer.standing.anchor)
            .is_some_and(|anchor| anchor.revocations.contains(&peer.issuer, &peer.serial))
    }

    /// Ends when a revocation list names `peer`, also one that is in use already. Cancel safe.
    pub async fn revoked(&self, peer: &PeerCertificate) {
        let mut changes = self.subscribe();
        while !self.is_revoked(peer) {
            changes
                .changed()
                .await
                .expect("the sender lives as long as `self`");
        }
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
        let (now, grace) = (self.clock.now(), self.config.crl_grace.get());
        let is_enforced = current
            .anchors
            .0
            .iter()
            .all(|(_, anchor)| anchor.revocations.is_outdated(now, grace) == anchor.enforcing);
        if Fingerprint::of(&self.config) == current.fingerprint && is_enforced {
            return Ok(false);
        }
        let fresh = Material::load(&self.config, &self.clock, Some(&current))?;
        own::check_replaces((&fresh.own, fresh.uses), (&current.own, current.uses))?;
        let is_identity_new = fresh.fingerprint.identity != current.fingerprint.identity;
        self.current.store(Arc::new(fresh));
        if is_identity_new {
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.revision.send_modify(|revision| *revision += 1);
        Ok(true)
    }

    /// Fetches the lists of all anchors again. One that cannot be fetched keeps no other away.
    async fn refresh_lists(&self, fetcher: &mut crl::Fetcher) {
        let (current, now) = (self.current.load_full(), self.clock.now());
        for (index, config) in self.config.all_anchors().iter().enumerate() {
            for list in config.lists() {
                let refreshed = match current.anchors.get(index) {
                    Some(anchor) => {
                        let check = |lists: &[CertificateRevocationListDer<'static>]| {
                            let fresh = Revocations::read(lists, &anchor.authorities)?;
                            match config.lists() {
                                [_] => fresh.check_replaces(&anchor.revocations, now),
                                _ => fresh.check_not_older(&anchor.revocations, now),
                            }
                        };
                        fetcher.fetch(list, &anchor.lists, check).await
                    }
                    // Not usable yet: most likely for want of this very list.
                    None => match Authorities::read(config, index, &[]) {
                        Ok(authorities) => {
                            let check = |lists: &[CertificateRevocationListDer<'static>]| {
                                Revocations::read(lists, &authorities.all).map(drop)
                            };
                            fetcher.fetch(list, &[], check).await
                        }
                        Err(error) => Err(CrlError::Authorities(error)),
                    },
                };
                if let Err(error) = refreshed {
                    tracing::warn!(anchor = %config.ca.display(), error = %Chain(&error), "a revocation list could not be refreshed");
                }
            }
        }
    }

    /// Keeps files and revocation list fresh until `shutdown`.
    pub fn spawn_reload(self: &Arc<Self>, shutdown: Shutdown) {
        let store = Arc::clone(self);
        tokio::spawn(async move {
            let mut hangup = hangup();
            let mut lists = crl::Fetcher::default();
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(store.config.reload_interval.get()) => {}
                    () = store.nudge.notified() => {}
                    () = hangup.next() => lists = crl::Fetcher::default(),
                }
                store.refresh_lists(&mut lists).await;
                let reloading = Arc::clone(&store);
                match tokio::task::spawn_blocking(move || reloading.reload()).await {
                    Ok(Ok(true)) => {
                        tracing::info!(not_after = %store.own().not_after, "TLS material replaced");
                    }
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) => {
                        tracing::error!(error = %Chain(&error), "TLS material not replaced, the previous stays in use");
                    }
                    Err(error) => tracing::error!(%error, "reloading TLS material failed"),
                }
            }
        });
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
