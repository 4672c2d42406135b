//! The yardstick: the same hops made of Debian's nginx alone, client → nginx → mutual TLS → nginx → nginx with the
//! file, keep-alive everywhere, no checks and no records.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;
use tests::ports::free_address;
use url::Url;

use crate::children::Children;

const PROGRAM: &str = "/usr/sbin/nginx";

/// Connections between the hops are kept for ever; nginx would otherwise close each after 1,000 requests.
const KEEP: &str = "keepalive 64; keepalive_requests 1000000;";

/// Where the second hop says what TLS the first one speaks with it.
const TLS_PATH: &str = "/tls";

/// Three nginx in a row.
#[derive(Debug)]
pub struct Hops {
    /// Where the client asks.
    pub address: SocketAddr,
    /// The hop with the files.
    pub data: SocketAddr,
    children: Children,
    _folder: TempDir,
}

/// Certificates for the middle hop.
#[derive(Debug)]
pub struct Certificates<'p> {
    /// Of the first nginx, as a client.
    pub client: (&'p Path, &'p Path),
    /// Of the second, as a server.
    pub server: (&'p Path, &'p Path),
    /// Trust anchors of both.
    pub ca: &'p Path,
}

impl Hops {
    /// Starts the chain in front of the files below `root`.
    ///
    /// # Errors
    /// Where nginx is missing or does not come up.
    pub fn start(root: &Path, certificates: &Certificates<'_>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let [receiver, provider, data] = [free_address(), free_address(), free_address()];
        let (client_cert, client_key) = certificates.client;
        let (server_cert, server_key) = certificates.server;
        let (ca, root) = (certificates.ca.display(), root.display());
        let upstream = |url: &str| {
            format!(
                "proxy_pass {url}; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering on; proxy_max_temp_file_size 0;"
            )
        };
        let servers = [
            ("nginx data", data, format!("server {{ listen {data} reuseport; root {root}; }}")),
            (
                "nginx provider",
                provider,
                format!(
                    "upstream next {{ server {data}; {KEEP} }}
                     server {{ listen {provider} ssl; ssl_protocols TLSv1.3; ssl_certificate {}; ssl_certificate_key {};
                       ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {ca};
                       location = {TLS_PATH} {{ return 200 \"$ssl_protocol $ssl_cipher\"; }}
                       location / {{ {} }} }}",
                    server_cert.display(),
                    server_key.display(),
                    upstream("http://next")
                ),
            ),
            (
                "nginx receiver",
                receiver,
                format!(
                    "upstream next {{ server {provider}; {KEEP} }}
                     server {{ listen {receiver}; location / {{ {}
                       proxy_ssl_protocols TLSv1.3; proxy_ssl_certificate {}; proxy_ssl_certificate_key {};
                       proxy_ssl_trusted_certificate {ca}; proxy_ssl_verify on; proxy_ssl_verify_depth 3;
                       proxy_ssl_name localhost; proxy_ssl_server_name on; }} }}",
                    upstream("https://next"),
                    client_cert.display(),
                    client_key.display()
                ),
            ),
        ];
        let mut children = Children::default();
        for (name, address, server) in servers {
            let at = folder.path().join(name.replace(' ', "-"));
            std::fs::create_dir(&at)?;
            let file = at.join("nginx.conf");
            std::fs::write(&file, configuration(&at, &server))?;
            let mut command = Command::new(PROGRAM);
            command
                .arg("-p")
                .arg(&at)
                .arg("-c")
                .arg(&file)
                .stderr(Stdio::null());
            children
                .start(name, &mut command, address)
                .context("is nginx installed (Debian: apt-get install nginx-light)?")?;
        }
        Ok(Self {
            address: receiver,
            data,
            children,
            _folder: folder,
        })
    }

    /// Where the files are: what begins their addresses at the last hop.
    ///
    /// # Errors
    /// Never, in fact: an address makes a URL.
    pub fn files(&self) -> anyhow::Result<Url> {
        Ok(Url::parse(&format!("http://{}/", self.data))?)
    }

    /// The file of `size` bytes.
    ///
    /// # Errors
    /// As [`Hops::files`].
    pub fn file(&self, size: u64) -> anyhow::Result<Url> {
        Ok(self.files()?.join(&format!("{size}.bin"))?)
    }

    /// Version and cipher between the first two hops, asked through the first.
    ///
    /// # Errors
    /// Where the chain does not answer.
    pub fn tls(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "GET {TLS_PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let body = answer.split("\r\n\r\n").nth(1);
        Ok(body.context("nginx does not tell its TLS")?.to_owned())
    }

    /// What nginx calls itself.
    ///
    /// # Errors
    /// Where nginx is missing.
    pub fn version() -> anyhow::Result<String> {
        let told = Command::new(PROGRAM).arg("-v").output()?;
        let text = String::from_utf8_lossy(&told.stderr).into_owned();
        Ok(text.trim().trim_start_matches("nginx version: ").to_owned())
    }

    /// Name and process ID of each hop, that with the files first. With one process and no master, it is the worker itself.
    pub fn processes(&self) -> Vec<(String, u32)> {
        self.children.ids().collect()
    }
}

/// One process an nginx: the chain then uses as many cores as ours can, and its CPU time is one process's.
fn configuration(at: &Path, server: &str) -> String {
    let at = at.display();
    format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
         events {{ worker_connections 1024; }}
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; include /etc/nginx/mime.types;
           client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
           uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
           {server} }}"
    )
}
