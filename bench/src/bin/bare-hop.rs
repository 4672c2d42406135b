//! One hop of an exchange made of libraries alone: HTTP, mutual TLS, SHA-256 and one durable row for each body. No checks, no
//! delivery, no ledger, no log line. `bench` puts two of them in the place of both connectors: below what they take, no exchange can
//! come that is made of the same libraries in the same way.
//!
//! It is as careless as that allows: what goes wrong is answered with 502, a file that cannot be written ends the process, and
//! nothing is ever removed from that file.

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::SendRequest,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    server::WebPkiClientVerifier,
    version::TLS13,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use uuid::Uuid;

#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Whom to ask.
    #[arg(long)]
    next: SocketAddr,
    /// The file of rows.
    #[arg(long)]
    rows: PathBuf,
    /// Which side speaks mutual TLS.
    #[arg(long)]
    tls: Side,
    #[arg(long)]
    cert: PathBuf,
    #[arg(long)]
    key: PathBuf,
    #[arg(long)]
    ca: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum Side {
    Server,
    Client,
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Where a provider of another library was chosen before, that one is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let acceptor = match arguments.tls {
        Side::Server => Some(acceptor(&arguments)?),
        Side::Client => None,
    };
    let hop = Arc::new(Hop {
        next: arguments.next,
        connector: match arguments.tls {
            Side::Client => Some(connector(&arguments)?),
            Side::Server => None,
        },
        idle: Mutex::default(),
        rows: writer(&arguments.rows)?,
    });
    let listener = TcpListener::bind(arguments.listen).await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        tcp.set_nodelay(true)?;
        tokio::spawn(serve(tcp, acceptor.clone(), Arc::clone(&hop)));
    }
}

async fn serve(tcp: TcpStream, acceptor: Option<TlsAcceptor>, hop: Arc<Hop>) {
    let stream: Box<dyn Duplex> = match acceptor {
        None => Box::new(tcp),
        Some(acceptor) => match acceptor.accept(tcp).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let hop = Arc::clone(&hop);
        async move {
            let answer = hop.exchange(&request).await.unwrap_or_else(|error| {
                let mut answer = Response::new(Full::from(error.to_string()));
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                answer
            });
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = hyper::server::conn::http1::Builder::new();
    // Whoever asked has gone.
    let _ = connection
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

struct Hop {
    next: SocketAddr,
    connector: Option<TlsConnector>,
    idle: Mutex<Vec<SendRequest<Empty<Bytes>>>>,
    rows: mpsc::Sender<Row>,
}

struct Row {
    id: Uuid,
    text: String,
    written: oneshot::Sender<()>,
}

impl Hop {
    async fn exchange(&self, request: &Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
        let mut connection = self.connection().await?;
        let mut ask = Request::get(request.uri().path()).header(HOST, "localhost");
        if let Some(token) = request.headers().get(AUTHORIZATION) {
            ask = ask.header(AUTHORIZATION, token);
        }
        let answer = connection.send_request(ask.body(Empty::new())?).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        self.idle().push(connection);
        let (written, done) = oneshot::channel();
        let row = row(&body, written);
        self.rows.send(row).context("the writer has ended")?;
        done.await?;
        let mut answer = Response::builder().status(head.status);
        if let Some(kind) = head.headers.get(CONTENT_TYPE) {
            answer = answer.header(CONTENT_TYPE, kind);
        }
        Ok(answer.body(Full::from(body))?)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SendRequest<Empty<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> anyhow::Result<SendRequest<Empty<Bytes>>> {
        while let Some(connection) = { self.idle().pop() } {
            if connection.is_ready() {
                return Ok(connection);
            }
        }
        let tcp = TcpStream::connect(self.next).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Duplex> = match &self.connector {
            None => Box::new(tcp),
            Some(tls) => Box::new(tls.connect(ServerName::try_from("localhost")?, tcp).await?),
        };
        let (connection, driver) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(connection)
    }
}

/// As long as a record of an exchange is.
fn row(body: &Bytes, written: oneshot::Sender<()>) -> Row {
    let (id, sha256) = (Uuid::now_v7(), digest(&SHA256, body));
    let text = format!(
        "{{\"id\":\"{id}\",\"sha256\":\"{sha256:?}\",\"len\":{},\"rest\":\"{:-^400}\"}}",
        body.len(),
        ""
    );
    Row { id, text, written }
}

/// Starts the thread that writes what arrived during the last sync in one transaction.
fn writer(path: &Path) -> anyhow::Result<mpsc::Sender<Row>> {
    let file = rusqlite::Connection::open(path)?;
    file.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE row(id BLOB PRIMARY KEY, text BLOB) STRICT, WITHOUT ROWID;",
    )?;
    let (rows, inbox) = mpsc::channel::<Row>();
    std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || {
            while let Ok(first) = inbox.recv() {
                let group: Vec<_> = std::iter::once(first).chain(inbox.try_iter()).collect();
                if let Err(error) = write(&file, &group) {
                    eprintln!("the file cannot be written: {error}");
                    std::process::exit(1);
                }
                for row in group {
                    // Whoever asked has gone.
                    let _ = row.written.send(());
                }
            }
        })?;
    Ok(rows)
}

fn write(file: &rusqlite::Connection, group: &[Row]) -> rusqlite::Result<()> {
    file.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut insert = file.prepare_cached("INSERT INTO row VALUES (?1, ?2)")?;
    for row in group {
        insert.execute((row.id.as_bytes(), row.text.as_bytes()))?;
    }
    file.prepare_cached("COMMIT")?.execute([]).map(drop)
}

fn acceptor(arguments: &Arguments) -> anyhow::Result<TlsAcceptor> {
    let (chain, key) = identity(arguments)?;
    let clients = WebPkiClientVerifier::builder(Arc::new(anchors(&arguments.ca)?)).build()?;
    let config = ServerConfig::builder_with_protocol_versions(&[&TLS13])
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn connector(arguments: &Arguments) -> anyhow::Result<TlsConnector> {
    let (chain, key) = identity(arguments)?;
    let config = ClientConfig::builder_with_protocol_versions(&[&TLS13])
        .with_root_certificates(anchors(&arguments.ca)?)
        .with_client_auth_cert(chain, key)?;
    Ok(TlsConnector::from(Arc::new(config)))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(arguments: &Arguments) -> anyhow::Result<Identity> {
    let key = fs::read(&arguments.key)?;
    let key = rustls_pemfile::private_key(&mut &key[..])?.context("no key")?;
    Ok((certificates(&arguments.cert)?, key))
}

fn anchors(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut anchors = RootCertStore::empty();
    for certificate in certificates(path)? {
        anchors.add(certificate)?;
    }
    Ok(anchors)
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(path)?;
    Ok(rustls_pemfile::certs(&mut &pem[..]).collect::<Result<_, _>>()?)
}
