//! Debian's squid as existing receivers have it: a forward proxy that opens TLS, shows a client certificate to whoever asks, and
//! closes it again with an authority of its own.

use std::{
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::client::TlsStream;
use url::Url;

use crate::{certs::Authority, ports::free_address, process::Guarded, tls, wait};

/// Where Debian puts the program (package `squid-openssl`: plain `squid` cannot open TLS).
const PROGRAM: &str = "/usr/sbin/squid";

/// What makes certificates for the hosts that are called through it.
const CERTIFIER: &str = "/usr/lib/squid/security_file_certgen";

/// A running squid.
#[derive(Debug)]
pub struct Squid {
    address: SocketAddr,
    /// The authority that its clients have to trust.
    ca: PathBuf,
    // Ended before its directory goes.
    _process: Guarded,
    _directory: TempDir,
}

impl Squid {
    /// Starts squid: `certificate` and `key` (PEM) are shown to servers, which have to prove themselves by `servers_ca`.
    pub fn with_certificate(certificate: &str, key: &str, servers_ca: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let at = |name: &str| directory.path().join(name);
        let put = |name: &str, text: &str| {
            std::fs::write(at(name), text).expect("the directory is ours");
        };
        let (bump, bump_key) = Authority::foreign_pem();
        put("client.pem", certificate);
        put("client.key", key);
        put("bump.pem", &bump);
        put("bump.key", &bump_key);
        let servers = std::fs::read_to_string(servers_ca).expect("the authority can be read");
        put("servers.pem", &servers);
        let address = free_address();
        put("squid.conf", &text(directory.path(), address));
        let made = Command::new(CERTIFIER)
            .args(["-c", "-s"])
            .arg(at("certificates"))
            .args(["-M", "4MB"])
            .output()
            .expect("squid's certifier runs");
        assert!(made.status.success(), "{made:?}");
        // Started by root, squid becomes a user of its own.
        open_up(directory.path());
        let arguments = ["-N", "-f"].map(Into::into).into_iter();
        let arguments = arguments.chain([at("squid.conf").into_os_string()]);
        let mut process = Guarded::start(Path::new(PROGRAM), arguments, &at("output"), None);
        let up = wait::poll(Duration::from_secs(20), || {
            (process.ended().is_some() || TcpStream::connect(address).is_ok()).then_some(())
        });
        assert!(
            up.is_some() && process.ended().is_none(),
            "squid did not start: {}{}",
            std::fs::read_to_string(at("output")).unwrap_or_default(),
            std::fs::read_to_string(at("cache.log")).unwrap_or_default()
        );
        Self {
            address,
            ca: at("bump.pem"),
            _process: process,
            _directory: directory,
        }
    }

    /// A connection through it to the origin of `url`.
    ///
    /// # Errors
    /// If squid refuses, or its certificate does.
    pub async fn connect(&self, url: &Url) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
        let host = url.host_str().expect("the URL names a host");
        let port = url.port_or_known_default().expect("the URL has a port");
        let mut stream = tokio::net::TcpStream::connect(self.address).await?;
        let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // Byte by byte: what follows is TLS.
            head.push(stream.read_u8().await?);
        }
        if !head.starts_with(b"HTTP/1.1 200") {
            let head = String::from_utf8_lossy(&head).into_owned();
            return Err(std::io::Error::other(head));
        }
        let config = tls::client_config(&self.ca, None);
        let name = rustls_pki_types::ServerName::try_from(host.to_owned());
        let name = name.map_err(std::io::Error::other)?;
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
            .connect(name, stream)
            .await
    }
}

fn open_up(path: &Path) {
    let is_folder = path.is_dir();
    let mode = if is_folder { 0o777 } else { 0o666 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .expect("the directory is ours");
    if is_folder {
        for entry in std::fs::read_dir(path).expect("the directory can be read") {
            open_up(&entry.expect("the directory can be read").path());
        }
    }
}

fn text(directory: &Path, address: SocketAddr) -> String {
    let at = directory.display();
    format!(
        "http_port {address} ssl-bump tls-cert={at}/bump.pem tls-key={at}/bump.key generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program {CERTIFIER} -s {at}/certificates -M 4MB
sslcrtd_children 1 startup=1 idle=1
ssl_bump bump all
tls_outgoing_options cert={at}/client.pem key={at}/client.key cafile={at}/servers.pem
http_access allow all
cache deny all
access_log none
cache_log {at}/cache.log
coredump_dir {at}
pid_filename none
netdb_filename none
pinger_enable off
max_filedescriptors 1024
visible_hostname localhost
shutdown_lifetime 0 seconds
"
    )
}
