//! Many connections at once to one listener.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures_util::stream::{self, StreamExt as _};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::tls::{self, Identity};

/// 30 s: a machine that does much else needs that for some thousand handshakes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections that are made at a time: fewer than any listener's backlog.
const AT_ONCE: usize = 64;

/// Addresses of loopback that the crowd comes from, so that it is not one client.
const ADDRESSES: usize = 8;

/// A connection of any kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A listener, and how one gets in.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    /// For `Host`.
    authority: String,
    connectors: Vec<TlsConnector>,
}

impl Door {
    /// A listener on plain HTTP.
    pub fn plain(url: &Url) -> Self {
        let address = url.socket_addrs(|| None).expect("an address of loopback")[0];
        Self {
            address,
            authority: url.authority().to_owned(),
            connectors: Vec::new(),
        }
    }

    /// A listener with mutual TLS, for the holders of `identities` in turn.
    pub fn mutual(url: &Url, ca: &Path, identities: &[Identity]) -> Self {
        let connector = |identity: &Identity| {
            let config = tls::client_config(ca, Some(identity.clone()));
            TlsConnector::from(Arc::new(config))
        };
        Self {
            connectors: identities.iter().map(connector).collect(),
            ..Self::plain(url)
        }
    }

    /// A bare TCP connection, the `n`th of the crowd.
    ///
    /// # Errors
    /// If there is none.
    pub async fn tcp(&self, n: usize) -> io::Result<TcpStream> {
        let last = u8::try_from(2 + n % ADDRESSES).expect("few addresses");
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        timeout(PATIENCE, socket.connect(self.address)).await?
    }

    /// A connection that can ask, the `n`th of the crowd.
    ///
    /// # Errors
    /// If there is none.
    pub async fn connect(&self, n: usize) -> io::Result<Box<dyn Stream>> {
        let stream = self.tcp(n).await?;
        if self.connectors.is_empty() {
            return Ok(Box::new(stream));
        }
        let connector = &self.connectors[n % self.connectors.len()];
        let name = ServerName::try_from("localhost").expect("it is a name");
        let stream = timeout(PATIENCE, connector.connect(name, stream)).await??;
        Ok(Box::new(stream))
    }

    /// A request for `path` with these header lines, as text.
    pub fn request(&self, path: &str, headers: &[(&str, &str)]) -> String {
        use std::fmt::Write as _;
        let mut text = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text + "\r\n"
    }

    /// `count` connections on which `request` was asked and the first piece of the answer has come, which `fits` it.
    pub async fn crowd(
        &self,
        count: usize,
        request: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Vec<Box<dyn Stream>> {
        let opened = stream::iter(0..count).map(|n| async move {
            let mut stream = self.connect(n).await?;
            stream.write_all(request.as_bytes()).await?;
            // TLS keeps what the socket did not take at once.
            stream.flush().await?;
            let mut piece = vec![0; 16 << 10];
            let length = timeout(PATIENCE, stream.read(&mut piece)).await??;
            io::Result::Ok((
                stream,
                String::from_utf8_lossy(&piece[..length]).into_owned(),
            ))
        });
        let opened: Vec<_> = opened.buffer_unordered(AT_ONCE).collect().await;
        opened
            .into_iter()
            .map(|result| {
                let (stream, answer) = result.expect("everybody of the crowd gets in");
                assert!(fits(&answer), "{answer}");
                stream
            })
            .collect()
    }
}

/// Resident memory of process `pid` now, in KiB.
pub fn memory_kib(pid: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is running");
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .expect("the kernel states VmRSS in kB")
}

/// The time within which 99 of 100 were done.
pub fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[(times.len() * 99).div_ceil(100) - 1]
}

/// Raises the number of files that this process may open to what it may be raised to.
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised to the hard one");
}
