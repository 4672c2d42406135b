//! One connection: resolve, judge the address, connect, TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use common::{
    addresses::AddressPolicy,
    pem::PemError,
    tls::{TlsError, TlsStore},
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;

use super::resource_url::Origin;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name does not resolve.
    #[error("the host name does not resolve")]
    Resolve(#[source] io::Error),
    /// Every address of the host is one that may not be connected to from here.
    #[error("the address {0} may not be connected to")]
    AddressRefused(IpAddr),
    /// Nobody accepts connections there.
    #[error("no TCP connection")]
    Connect(#[source] io::Error),
    /// The TLS handshake failed: certificate, version, or no TLS at all.
    #[error("no TLS connection")]
    Tls(#[source] io::Error),
    /// `https` where no TLS is configured, or a host that no certificate can name.
    #[error("TLS is not possible with this host")]
    NoTls,
    /// It took longer than allowed.
    #[error("no connection in time")]
    TimedOut,
}

/// A connection, encrypted or not.
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// The server's address.
    pub fn peer_address(&self) -> Option<IpAddr> {
        let tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref().0,
        };
        Some(tcp.peer_addr().ok()?.ip())
    }

    /// The server's certificate and what came with it.
    pub fn server_chain(&self) -> Option<&[CertificateDer<'static>]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => stream.get_ref().1.peer_certificates(),
        }
    }
}

/// Connects to `origin` before `by`, to addresses that `policy` allows.
///
/// Cancel safe: dropping the future closes the connection.
pub async fn dial(
    origin: &Origin,
    tls: Option<&Arc<ClientConfig>>,
    policy: &AddressPolicy,
    by: Instant,
) -> Result<Stream, DialError> {
    let connecting = async {
        let addresses = allowed_addresses(origin, policy).await?;
        let tcp = connect(&addresses, by).await?;
        // Small requests and answers must not wait for an acknowledgement of what went before.
        tcp.set_nodelay(true).map_err(DialError::Connect)?;
        if !origin.tls {
            return Ok(Stream::Plain(tcp));
        }
        let (Some(config), Some(name)) = (tls, server_name(&origin.host)) else {
            return Err(DialError::NoTls);
        };
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(name, tcp)
            .await
            .map_err(DialError::Tls)?;
        Ok(Stream::Tls(Box::new(stream)))
    };
    timeout_at(by, connecting)
        .await
        .unwrap_or(Err(DialError::TimedOut))
}

async fn allowed_addresses(
    origin: &Origin,
    policy: &AddressPolicy,
) -> Result<Vec<SocketAddr>, DialError> {
    let resolved: Vec<SocketAddr> = match &origin.host {
        Host::Ipv4(address) => vec![SocketAddr::from((*address, origin.port))],
        Host::Ipv6(address) => vec![SocketAddr::from((*address, origin.port))],
        Host::Domain(name) => tokio::net::lookup_host((name.as_str(), origin.port))
            .await
            .map_err(DialError::Resolve)?
            .collect(),
    };
    let Some(first) = resolved.first().map(SocketAddr::ip) else {
        return Err(DialError::Resolve(io::ErrorKind::NotFound.into()));
    };
    let allowed: Vec<_> = resolved
        .into_iter()
        .filter(|address| policy.allows(address.ip()))
        .collect();
    if allowed.is_empty() {
        Err(DialError::AddressRefused(first))
    } else {
        Ok(allowed)
    }
}

/// Tries the addresses in turn; each gets an even share of the time that is left.
async fn connect(addresses: &[SocketAddr], by: Instant) -> Result<TcpStream, DialError> {
    let mut failure = DialError::TimedOut;
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = by.saturating_duration_since(now) / left;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = DialError::Connect(error),
            Err(_) => failure = DialError::TimedOut,
        }
    }
    Err(failure)
}

/// The name that a server's certificate has to hold.
pub(super) fn server_name(host: &Host<String>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress(IpAddr::V4(*address).into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress(IpAddr::V6(*address).into())),
    }
}

/// Why the trust anchors for data sources cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicTlsError {
    /// The file of trust anchors cannot be read.
    #[error(transparent)]
    Read(#[from] PemError),
    /// No certificate of the file is usable.
    #[error("{0} holds no usable trust anchor")]
    Empty(std::path::PathBuf),
    /// They cannot be used for TLS.
    #[error("TLS towards data sources cannot be set up")]
    Tls(#[source] TlsError),
}

/// The trust anchors in the PEM file `path`.
///
/// # Errors
/// [`PublicTlsError`] if the file is missing or holds no trust anchor.
pub fn anchors(path: &Path) -> Result<Vec<CertificateDer<'static>>, PublicTlsError> {
    let mut usable = common::pem::certificates(path)?;
    // A bundle of the operating system may hold one that webpki does not take; the others count.
    usable.retain(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
    if usable.is_empty() {
        return Err(PublicTlsError::Empty(path.to_owned()));
    }
    Ok(usable)
}

/// TLS towards data sources: trust anchors from the file `path` and those of `tls` that vouch for servers, no client certificate,
/// 1.3 and 1.2.
///
/// # Errors
/// [`PublicTlsError`] if the file is missing or holds no trust anchor.
pub fn public_tls(path: &Path, tls: &Arc<TlsStore>) -> Result<Arc<ClientConfig>, PublicTlsError> {
    tls.source_client_config(anchors(path)?)
        .map_err(PublicTlsError::Tls)
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
