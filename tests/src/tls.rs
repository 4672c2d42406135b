//! TLS as a client of a scenario needs it: any certificate, or none.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Url;

/// A certificate chain with its private key.
#[derive(Debug)]
pub struct Identity {
    /// End-entity certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate.
    pub key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl Identity {
    /// Reads PEM files.
    pub fn read(certificate: &Path, key: &Path) -> Self {
        Self {
            chain: certificates(certificate),
            key: PrivateKeyDer::from_pem_file(key).expect("the file holds a private key"),
        }
    }
}

impl Identity {
    /// Reads PEM texts.
    pub fn of_pem(certificate: &str, key: &str) -> Self {
        Self {
            chain: CertificateDer::pem_slice_iter(certificate.as_bytes())
                .collect::<Result<_, _>>()
                .expect("the text holds certificates"),
            key: PrivateKeyDer::from_pem_slice(key.as_bytes())
                .expect("the text holds a private key"),
        }
    }
}

/// The certificates of a PEM file.
pub fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .expect("the file can be read")
        .collect::<Result<_, _>>()
        .expect("the file holds certificates")
}

/// A client configuration that trusts the authority in `ca` and shows `identity`, if any.
pub fn client_config(ca: &Path, identity: Option<Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(ca));
    assert!(!roots.is_empty(), "no certificate in {}", ca.display());
    let builder = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("the provider supports the default versions")
    .with_root_certificates(roots);
    match identity {
        Some(Identity { chain, key }) => builder
            .with_client_auth_cert(chain, key)
            .expect("the key belongs to the certificate"),
        None => builder.with_no_client_auth(),
    }
}

/// What became of a TLS connection that was tried with one request on it.
#[derive(Debug)]
pub enum Outcome {
    /// The handshake failed.
    RefusedInHandshake(io::Error),
    /// The client's part of the handshake was done, its first read failed. TLS 1.3 shows a server's refusal of the client there.
    RefusedAtFirstRead(io::Error),
    /// The server answered: the status line.
    Answered(String),
}

impl Outcome {
    /// Whether the server refused before it answered anything.
    pub fn is_refused(&self) -> bool {
        !matches!(self, Self::Answered(_))
    }

    /// What the refusal said.
    pub fn reason(&self) -> String {
        match self {
            Self::RefusedInHandshake(error) | Self::RefusedAtFirstRead(error) => error.to_string(),
            Self::Answered(line) => format!("answered: {line}"),
        }
    }
}

/// Connects to the origin of `url` with TLS.
pub async fn connect(url: &Url, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let host = url.host_str().expect("the URL names a host");
    let port = url.port_or_known_default().expect("the URL has a port");
    let address: SocketAddr = tokio::net::lookup_host((host, port))
        .await?
        .next()
        .ok_or(io::ErrorKind::NotFound)?;
    let name = ServerName::try_from(host.to_owned()).expect("the host is a TLS server name");
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Connects and sends one `GET path`; tells how far that went.
pub async fn probe(url: &Url, path: &str, config: ClientConfig) -> Outcome {
    let mut stream = match connect(url, config).await {
        Ok(stream) => stream,
        Err(error) => return Outcome::RefusedInHandshake(error),
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        url.authority()
    );
    if let Err(error) = stream.write_all(request.as_bytes()).await {
        return Outcome::RefusedAtFirstRead(error);
    }
    let mut answer = vec![0; 4096];
    match stream.read(&mut answer).await {
        Ok(0) => Outcome::RefusedAtFirstRead(io::ErrorKind::UnexpectedEof.into()),
        Ok(length) => {
            let text = String::from_utf8_lossy(&answer[..length]).into_owned();
            Outcome::Answered(text.lines().next().unwrap_or_default().to_owned())
        }
        Err(error) => Outcome::RefusedAtFirstRead(error),
    }
}
