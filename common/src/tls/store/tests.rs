use std::path::PathBuf;

use time::macros::datetime;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use super::{super::crl::tests::Authority, *};
use crate::{clock::ManualClock, config::Period};

const NOW: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);

/// Answers every request with `content`.
async fn serve(content: impl Into<Vec<u8>>) -> Url {
    let content = content.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                content.len()
            );
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = [head.as_bytes(), &content].concat();
            let _ = stream.write_all(&answer).await;
        }
    });
    Url::parse(&format!("http://{address}/crl.pem")).expect("a URL")
}

struct Files {
    config: TlsConfig,
    folder: tempfile::TempDir,
}

impl Files {
    fn new(ca: &Authority, crl_url: Url) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = ca.leaf();
        let put = |name: &str, text: String| -> PathBuf {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a writable folder");
            path
        };
        let [certificate, key, ca] = [
            put("certificate.pem", certificate),
            put("key.pem", key),
            put("ca.pem", ca.pem()),
        ];
        let config = TlsConfig {
            crl: Some(folder.path().join("crl.pem")),
            crl_url: vec![crl_url],
            crl_grace: Period::seconds(0),
            ..TlsConfig::new(certificate, key, ca)
        };
        Self { config, folder }
    }

    async fn open(&self) -> Result<Arc<TlsStore>, TlsError> {
        let clock = Arc::new(ManualClock::new(NOW));
        open(&self.config, clock, Shutdown::default()).await
    }

    fn stored(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("crl.pem")).ok()
    }
}

#[tokio::test]
async fn a_first_list_of_a_stranger_is_not_kept() {
    let (ours, stranger) = (Authority::new("ours"), Authority::new("stranger"));
    let files = Files::new(&ours, serve(stranger.list_pem(NOW)).await);
    let refused = files.open().await.unwrap_err();
    assert!(
        matches!(refused, TlsError::Crl(CrlError::Foreign)),
        "{refused}"
    );
    assert_eq!(files.stored(), None);
}

#[tokio::test]
async fn a_stored_list_of_no_use_is_fetched_again_at_the_start() {
    let (ours, stranger) = (Authority::new("ours"), Authority::new("stranger"));
    let fresh = ours.list_pem(NOW);
    let outdated = ours.list_pem(NOW - time::Duration::days(7));
    for stored in [stranger.list_pem(NOW), outdated, "nothing".to_owned()] {
        let files = Files::new(&ours, serve(fresh.clone()).await);
        std::fs::write(files.folder.path().join("crl.pem"), stored).unwrap();
        files.open().await.unwrap();
        let stored = pem::parse_crls(files.stored().unwrap().as_bytes()).unwrap();
        let fresh = pem::parse_crls(fresh.as_bytes()).unwrap();
        assert!(stored.contains(&fresh[0]));
    }
}

fn der(authority: &Authority) -> Vec<u8> {
    let lists = pem::parse_crls(authority.list_pem(NOW).as_bytes()).unwrap();
    lists[0].to_vec()
}

fn lists(files: &Files) -> usize {
    pem::crls(&files.folder.path().join("crl.pem")).map_or(0, |lists| lists.len())
}

/// An authority with an intermediate publishes at two addresses, most in DER (RFC 5280 §4.2.1.13).
#[tokio::test]
async fn lists_come_in_der_too_and_from_several_addresses() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let mut files = Files::new(&ours, serve(der(&ours)).await);
    std::fs::write(&files.config.ca, ours.pem() + &other.pem()).unwrap();
    files.config.crl_url.push(serve(der(&other)).await);
    files.open().await.unwrap();
    assert_eq!(lists(&files), 2);
    // One of them out of order keeps the other from nothing.
    std::fs::remove_file(files.folder.path().join("crl.pem")).unwrap();
    files.config.crl_url[0] = serve("garbage").await;
    files.open().await.unwrap();
    assert_eq!(lists(&files), 1);
}

#[tokio::test]
async fn what_somebody_added_to_the_file_is_not_lost_by_the_next_fetch() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    // A signature is another one each time.
    let (own, added) = (der(&ours), der(&other));
    let files = Files::new(&ours, serve(own.clone()).await);
    std::fs::write(&files.config.ca, ours.pem() + &other.pem()).unwrap();
    let old = ours.list_pem(NOW - time::Duration::days(7));
    let by_hand = old + &crl::to_pem(&[added.clone().into()]);
    std::fs::write(files.folder.path().join("crl.pem"), by_hand).unwrap();
    let store = files.open().await.unwrap();
    store.refresh_lists(&mut crl::Fetcher::default()).await;
    store.reload().unwrap();
    assert_eq!(lists(&files), 2);
    let stored = files.stored().unwrap();
    let stored = pem::parse_crls(stored.as_bytes()).unwrap();
    assert!(stored.iter().any(|list| list.as_ref() == added));
    assert!(stored.iter().any(|list| list.as_ref() == own));
}

#[tokio::test]
async fn a_list_in_der_may_lie_in_the_file() {
    let ours = Authority::new("ours");
    let mut files = Files::new(&ours, serve("garbage").await);
    files.config.crl_url.clear();
    std::fs::write(files.folder.path().join("crl.pem"), der(&ours)).unwrap();
    files.open().await.unwrap();
}

#[tokio::test]
async fn what_is_no_list_is_said_to_be_none() {
    let files = Files::new(&Authority::new("ours"), serve("garbage").await);
    let refused = files.open().await.unwrap_err();
    let text = Chain(&refused).to_string();
    assert!(text.contains("neither PEM nor DER"), "{text}");
    assert_eq!(files.stored(), None);
}

#[tokio::test]
async fn a_new_list_alone_retires_no_connection() {
    let ours = Authority::new("ours");
    let files = Files::new(&ours, serve(ours.list_pem(NOW)).await);
    let store = files.open().await.unwrap();
    let later = ours.list_pem(NOW + time::Duration::hours(1));
    std::fs::write(files.folder.path().join("crl.pem"), later).unwrap();
    assert!(store.reload().unwrap());
    assert_eq!((store.generation(), store.revision()), (0, 1));
}
