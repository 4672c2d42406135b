//! Who a peer is: what the anchors that vouch for its certificate may say of it.

use std::{sync::Arc, time::Duration};

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{
    PeerCertificate, Scope, TlsStore,
    anchors::Host,
    peer::{RecordedCertificates, Standing, has_name},
};
use crate::{clock::unix_millis, ids::ConnectorId};

/// 30 s: how often a connection looks whether its certificate has ended or is recorded no more. A clock that is set is followed
/// within this time.
const LOOK: Duration = Duration::from_secs(30);

/// Why a peer is nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Its certificate cannot be read.
    #[error("the certificate cannot be read")]
    Malformed,
    /// No anchor vouches for it, or none of those that do may vouch for it here.
    #[error("no trust anchor may vouch for the certificate here")]
    NotVouched,
    /// Whether it is recorded cannot be found out now.
    #[error("whether the certificate is recorded cannot be found out: {0}")]
    Unavailable(String),
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A revocation list names the certificate.
    Revoked,
    /// The certificate's validity is over.
    Expired,
    /// The registry has the certificate recorded no more.
    Withdrawn,
}

impl Ended {
    /// A word for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "its certificate is revoked",
            Self::Expired => "its certificate has expired",
            Self::Withdrawn => "its certificate is recorded no more",
        }
    }
}

impl TlsStore {
    /// From now on `registry` is asked about certificates of anchors of scope [`Scope::Recorded`].
    pub fn ask_recorded(&self, registry: Arc<dyn RecordedCertificates>) {
        self.recorded.store(Some(Arc::new(registry)));
    }

    /// Who the caller is that presented `chain` in a handshake. One that an anchor vouches for and nobody knows has no
    /// `connector_id`.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn identify_client(
        &self,
        chain: &[CertificateDer<'_>],
    ) -> Result<PeerCertificate, IdentityError> {
        let anchors = self.current.load().anchors.clone();
        let mut peer = self.read(chain)?;
        let by_name = peer.connector_id.take();
        let (mut is_vouched, mut recorded) = (false, None);
        for (anchor, vouching) in anchors.of_client(chain, self.now()) {
            let standing = Standing {
                anchor,
                ..Standing::default()
            };
            if !is_vouched {
                (is_vouched, peer.standing) = (true, standing);
            }
            match &vouching.scope {
                Scope::Recorded => recorded = recorded.or(Some(standing)),
                scope => {
                    if let Some(id) = by_name.clone().filter(|id| may_name(scope, id)) {
                        (peer.connector_id, peer.standing) = (Some(id), standing);
                        return Ok(peer);
                    }
                }
            }
        }
        if !is_vouched {
            return Err(IdentityError::NotVouched);
        }
        if let Some(standing) = recorded {
            self.look_up(&mut peer, standing).await?;
        }
        if peer.connector_id.is_none() {
            let sha256 = peer.sha256_hex();
            tracing::info!(certificate.sha256 = sha256, named = ?by_name, "a certificate is good, and names nobody that its authority may vouch for here or that is recorded");
        }
        Ok(peer)
    }

    /// Who the server is that presented `chain` in a handshake made with
    /// [`provider_client_config`](Self::provider_client_config) to `host`, where `expected` should be.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn identify_provider(
        &self,
        chain: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        expected: Option<&ConnectorId>,
    ) -> Result<PeerCertificate, IdentityError> {
        let anchors = self.current.load().anchors.clone();
        let mut peer = self.read(chain)?;
        let by_name = peer.connector_id.take();
        let suits = |id: &ConnectorId| expected.is_none_or(|expected| expected == id);
        let (mut named, mut recorded) = (None, None);
        for (anchor, vouching, is_named) in anchors.of_provider(chain, host, self.now()) {
            let standing = Standing {
                anchor,
                is_nameless: is_named == Host::NotNamed,
                ..Standing::default()
            };
            let id = match &vouching.scope {
                Scope::Recorded => {
                    recorded = recorded.or(Some(standing));
                    continue;
                }
                Scope::Servers => expected
                    .filter(|id| chain.first().is_some_and(|der| has_name(der, id)))
                    .or(by_name.as_ref().filter(|_| expected.is_none()))
                    .cloned(),
                Scope::Registered => by_name.clone(),
                scope @ Scope::Connectors(_) => {
                    let Some(id) = by_name.clone().filter(|id| may_name(scope, id)) else {
                        continue;
                    };
                    Some(id)
                }
            };
            let is_it = expected.is_none() || id.as_ref().is_some_and(suits);
            if is_it || named.is_none() {
                named = Some((id, standing));
            }
            if is_it {
                break;
            }
        }
        if let Some((id, standing)) = &named
            && (expected.is_none() || id.as_ref().is_some_and(suits) || recorded.is_none())
        {
            (peer.connector_id, peer.standing) = (id.clone(), *standing);
            return Ok(peer);
        }
        let standing = recorded.ok_or(IdentityError::NotVouched)?;
        self.look_up(&mut peer, standing).await?;
        let is_known = peer.connector_id.as_ref().is_some_and(|id| {
            // Without a connector to expect, the host has to be it: in the certificate, or as the connector's ID.
            expected.is_some() || !standing.is_nameless || is_host(host, id)
        });
        if is_known {
            Ok(peer)
        } else {
            Err(IdentityError::NotVouched)
        }
    }

    /// Ends when `peer` may be spoken to no longer. Cancel safe.
    pub async fn ended(&self, peer: &PeerCertificate) -> Ended {
        tokio::select! {
            () = self.revoked(peer) => Ended::Revoked,
            ended = self.lapsed(peer) => ended,
        }
    }

    async fn lapsed(&self, peer: &PeerCertificate) -> Ended {
        loop {
            let left = peer.not_after - self.clock.now();
            let Ok(left) = Duration::try_from(left) else {
                return Ended::Expired;
            };
            // A little more than what is left: timers are coarse, and one that fires early would only look again.
            tokio::time::sleep(left.min(LOOK) + Duration::from_millis(10)).await;
            if peer.standing.is_recorded
                && let Ok(told) = self.told(peer).await
                && told != peer.connector_id
            {
                return Ended::Withdrawn;
            }
        }
    }

    /// Puts the connector into `peer` that the registry tells. A pin of the configuration counts like a record.
    async fn look_up(
        &self,
        peer: &mut PeerCertificate,
        standing: Standing,
    ) -> Result<(), IdentityError> {
        peer.standing = standing;
        if let Some(pinned) = self.config.pinned.get(&peer.sha256_hex()) {
            peer.connector_id = Some(pinned.clone());
            return Ok(());
        }
        peer.connector_id = self.told(peer).await.map_err(IdentityError::Unavailable)?;
        peer.standing.is_recorded = true;
        Ok(())
    }

    async fn told(&self, peer: &PeerCertificate) -> Result<Option<ConnectorId>, String> {
        let registry = self.recorded.load_full();
        match registry {
            Some(registry) => registry.recorded(&peer.sha256).await,
            None => Err("this process asks no registry".to_owned()),
        }
    }

    fn read(&self, chain: &[CertificateDer<'_>]) -> Result<PeerCertificate, IdentityError> {
        chain
            .first()
            .and_then(|der| PeerCertificate::from_der(der, &self.config.pinned))
            .ok_or(IdentityError::Malformed)
    }

    fn now(&self) -> UnixTime {
        let now = Duration::from_millis(unix_millis(self.clock.now()));
        UnixTime::since_unix_epoch(now)
    }
}

/// Whether an anchor of `scope` may say that a certificate is `id`'s because the certificate, or a pin, says so.
fn may_name(scope: &Scope, id: &ConnectorId) -> bool {
    match scope {
        Scope::Registered => true,
        Scope::Connectors(ids) => ids.contains(id),
        Scope::Recorded | Scope::Servers => false,
    }
}

fn is_host(host: &ServerName<'_>, id: &ConnectorId) -> bool {
    matches!(host, ServerName::DnsName(name) if name.as_ref().eq_ignore_ascii_case(id.as_str()))
}
