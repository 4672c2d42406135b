//! HTTP clients for everything off the exchange path.
//!
//! Redirects, proxies and decompression are off: what is asked for is what is answered.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::{addresses::AddressPolicy, tls::provider};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest wait for a whole answer.
const TOTAL: Duration = Duration::from_secs(10);

/// Why an answer was not read.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It is longer than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// It did not arrive whole or in time.
    #[error("the answer did not arrive whole")]
    Broken(#[source] reqwest::Error),
}

pub(crate) fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("kakehashi/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .pool_idle_timeout(Duration::from_secs(30))
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// A client without a certificate, that trusts what the operating system trusts. For plain HTTP on loopback and for
/// public addresses.
///
/// # Errors
/// [`reqwest::Error`] where the trust store cannot be read.
pub fn plain() -> Result<reqwest::Client, reqwest::Error> {
    // Only the first call decides; the provider is the same each time.
    let _ = provider().as_ref().clone().install_default();
    builder().build()
}

/// Where a request may not go.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The text is no address.
    #[error("it is no URL")]
    Url(#[from] url::ParseError),
    /// It is not asked by HTTP, or the address is one that may not be connected to from here.
    #[error("{0} may not be asked from here")]
    Refused(Url),
}

/// A client as [`plain`] makes them, which connects to addresses of a policy alone: hosts are resolved here, and the connection is made
/// to what was judged.
#[derive(Debug, Clone)]
pub struct Guarded {
    client: reqwest::Client,
    policy: Arc<AddressPolicy>,
}

impl Guarded {
    /// One that connects where `policy` allows.
    ///
    /// # Errors
    /// [`reqwest::Error`] where the trust store cannot be read.
    pub fn new(policy: AddressPolicy) -> Result<Self, reqwest::Error> {
        let _ = provider().as_ref().clone().install_default();
        let policy = Arc::new(policy);
        let judge = Arc::new(Judge(Arc::clone(&policy)));
        Ok(Self {
            client: builder().dns_resolver(judge).build()?,
            policy,
        })
    }

    /// A request to `url`.
    ///
    /// # Errors
    /// [`GuardError`]; what a name resolves to shows when the request is sent.
    pub fn request(
        &self,
        method: Method,
        url: &str,
    ) -> Result<reqwest::RequestBuilder, GuardError> {
        let url = Url::parse(url)?;
        if !matches!(url.scheme(), "http" | "https") || !self.policy.may_allow(&url) {
            return Err(GuardError::Refused(url));
        }
        Ok(self.client.request(method, url))
    }
}

/// Resolves names, and leaves out what may not be connected to.
struct Judge(Arc<AddressPolicy>);

/// A name behind which there is nothing that may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("every address of the host is one that may not be connected to from here")]
struct Barred;

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|one| policy.allows(one.ip())).collect();
            if allowed.is_empty() {
                return Err(Barred.into());
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(allowed)
        })
    }
}

/// A client without a certificate, that trusts the certificates in `anchors` alone.
///
/// # Errors
/// [`reqwest::Error`], or a rustls error where an anchor cannot be used.
pub fn trusting(
    anchors: &[rustls_pki_types::CertificateDer<'static>],
) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = rustls::RootCertStore::empty();
    for anchor in anchors {
        roots.add(anchor.clone())?;
    }
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(builder().tls_backend_preconfigured(config).build()?)
}

/// Reads an answer, up to `max` bytes.
///
/// # Errors
/// [`AnswerError`].
pub async fn read_limited(mut answer: reqwest::Response, max: usize) -> Result<Bytes, AnswerError> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|e| AnswerError::Broken(e.without_url()))?
    {
        if whole.len() + chunk.len() > max {
            return Err(AnswerError::TooLarge(max));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::telemetry::Chain;

    fn guarded(blocks: &[&str]) -> Guarded {
        let blocks = blocks.iter().map(|block| block.parse().expect("a block"));
        Guarded::new(AddressPolicy::PublicAnd(blocks.collect())).expect("a client")
    }

    /// A server on loopback that answers whoever comes.
    async fn server() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let answer = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(answer).await;
            }
        });
        port
    }

    #[rstest]
    #[case("127.0.0.1")]
    #[case("2130706433")]
    #[case("[::ffff:127.0.0.1]")]
    #[tokio::test]
    async fn an_address_of_the_machine_itself_is_not_asked(#[case] host: &str) {
        let port = server().await;
        let refused = guarded(&[]).request(Method::GET, &format!("http://{host}:{port}/"));
        assert!(
            matches!(refused, Err(GuardError::Refused(_))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn neither_is_a_name_that_leads_there() {
        let port = server().await;
        let request = guarded(&[]).request(Method::GET, &format!("http://localhost:{port}/"));
        let error = request
            .expect("a name")
            .send()
            .await
            .expect_err("nobody is asked");
        assert!(
            Chain(&error)
                .to_string()
                .contains("may not be connected to"),
            "{}",
            Chain(&error)
        );
    }

    #[rstest]
    #[case("127.0.0.1")]
    #[case("localhost")]
    #[tokio::test]
    async fn what_the_configuration_names_is_asked_and_leads_nowhere_else(#[case] host: &str) {
        let port = server().await;
        let request =
            guarded(&["127.0.0.0/8"]).request(Method::GET, &format!("http://{host}:{port}/"));
        let answer = request.expect("a request").send().await.expect("an answer");
        assert_eq!(answer.status(), 302);
    }

    #[rstest]
    #[case("ftp://files.example/")]
    #[case("file:///etc/passwd")]
    #[case("nothing")]
    fn nothing_is_asked_but_by_http(#[case] url: &str) {
        guarded(&["0.0.0.0/0"])
            .request(Method::GET, url)
            .expect_err("refused");
    }
}
