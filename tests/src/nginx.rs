//! Debian's nginx in front of a service, with the defaults an operator gets.

use std::{
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use tempfile::TempDir;
use url::Url;

use crate::{ports::free_address, process::Guarded, wait};

/// A running nginx that passes everything on to one upstream.
#[derive(Debug)]
pub struct Nginx {
    address: SocketAddr,
    // Ended before its directory goes.
    _process: Guarded,
    _directory: TempDir,
}

/// Where Debian puts the program, which is not on the path of ordinary users.
const PROGRAM: &str = "/usr/sbin/nginx";

impl Nginx {
    /// Starts nginx towards `upstream`, adding nothing to its defaults: HTTP/1.0 to the upstream, buffering on.
    pub fn in_front_of(upstream: SocketAddr) -> Self {
        Self::run(|_, address| {
            format!("listen {address};\nlocation / {{ proxy_pass http://{upstream}; }}")
        })
    }

    /// Starts nginx as providers of the reference kind have it: TLS with `certificate` and `key` (PEM), a certificate of
    /// `clients_ca` required of callers, and the path of the exchange passed on, here to `file`.
    pub fn as_provider(certificate: &str, key: &str, clients_ca: &Path, file: &Url) -> Self {
        Self::run(|directory, address| {
            let (at, ca) = (directory.display(), clients_ca.display());
            std::fs::write(directory.join("server.pem"), certificate)
                .and_then(|()| std::fs::write(directory.join("server.key"), key))
                .expect("the directory is ours");
            format!(
                "listen {address} ssl;
                 ssl_certificate {at}/server.pem;
                 ssl_certificate_key {at}/server.key;
                 ssl_client_certificate {ca};
                 ssl_verify_client on;
                 ssl_verify_depth 3;
                 location = /cadde/api/v4/file {{ proxy_pass {file}; }}"
            )
        })
    }

    /// Starts nginx with one server that does what the text says that `server` makes of its directory and its address.
    fn run(server: impl FnOnce(&Path, SocketAddr) -> String) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let address = free_address();
        let configuration = directory.path().join("nginx.conf");
        let server = server(directory.path(), address);
        std::fs::write(&configuration, text(directory.path(), &server))
            .expect("the directory is ours");
        let arguments = [
            "-p".into(),
            directory.path().as_os_str().to_owned(),
            "-c".into(),
            configuration.into(),
        ];
        let mut process = Guarded::start(
            Path::new(PROGRAM),
            arguments,
            &directory.path().join("output"),
            None,
        );
        let up = wait::poll(Duration::from_secs(10), || {
            (process.ended().is_some() || TcpStream::connect(address).is_ok()).then_some(())
        });
        assert!(
            up.is_some() && process.ended().is_none(),
            "nginx did not start: {}",
            std::fs::read_to_string(directory.path().join("output")).unwrap_or_default()
        );
        Self {
            address,
            _process: process,
            _directory: directory,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn text(directory: &Path, server: &str) -> String {
    let at = directory.display();
    // Only what lets it run as an ordinary user, or as root, in a directory of its own.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        "daemon off;
         {user}
         worker_processes 1;
         pid {at}/pid;
         error_log {at}/error.log;
         events {{}}
         http {{
             access_log off;
             client_body_temp_path {at}/body;
             proxy_temp_path {at}/proxy;
             fastcgi_temp_path {at}/fastcgi;
             uwsgi_temp_path {at}/uwsgi;
             scgi_temp_path {at}/scgi;
             server {{
                 {server}
             }}
         }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{raw, source::Source};

    #[tokio::test]
    async fn nginx_asks_its_upstream_with_http_1_0() {
        let source = Source::start().await;
        let address = source.url("/").socket_addrs(|| None).unwrap()[0];
        let nginx = Nginx::in_front_of(address);
        let request = "GET /whole/10 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = raw::over_tcp(nginx.address(), request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(source.asked()[0].version, "HTTP/1.0");
    }
}
