use std::{collections::BTreeMap, os::unix::fs::symlink};

use common::clock::{Clock as _, SystemClock};
use http_body_util::BodyExt as _;
use rstest::rstest;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;

/// A served folder `a` with a file, and one outside that links point to.
fn site() -> (TempDir, Router) {
    let dir = TempDir::new().expect("a temporary folder");
    let (served, outside) = (dir.path().join("served"), dir.path().join("outside"));
    for folder in [served.join("sub"), outside.clone()] {
        std::fs::create_dir_all(folder).expect("a writable folder");
    }
    let write = |path: std::path::PathBuf, text: &str| {
        std::fs::write(path, text).expect("a writable folder");
    };
    write(served.join("data.csv"), "0123456789");
    write(served.join("sub/表 1.csv"), "sub");
    write(served.join(".hidden"), "hidden");
    write(outside.join("secret.csv"), "secret");
    symlink(outside.join("secret.csv"), served.join("leak.csv")).expect("links");
    symlink(&outside, served.join("leaks")).expect("links");
    symlink("data.csv", served.join("alias.csv")).expect("links");
    let folders =
        Folders::open(&BTreeMap::from([("a".to_owned(), served)])).expect("the folder is there");
    let clock = Arc::new(SystemClock);
    (dir, router(Site { folders, clock }))
}

async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    (parts.status, parts.headers, body)
}

use bytes::Bytes;

#[tokio::test]
async fn a_file_comes_whole_with_its_description() {
    let (_dir, router) = site();
    let (status, headers, body) = ask(&router, "GET", "/a/data.csv", &[]).await;
    assert_eq!(
        (status, body.as_ref()),
        (StatusCode::OK, b"0123456789".as_slice())
    );
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(headers["content-length"], "10");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert!(headers.contains_key("etag") && headers.contains_key("last-modified"));
    let (status, alias, _) = ask(&router, "GET", "/a/alias.csv", &[]).await;
    assert_eq!((status, &alias["etag"]), (StatusCode::OK, &headers["etag"]));
    let (status, _, body) = ask(&router, "GET", "/a/sub/%E8%A1%A8%201.csv", &[]).await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, b"sub".as_slice()));
}

#[tokio::test]
async fn head_says_the_same_without_a_body() {
    let (_dir, router) = site();
    let (status, headers, body) =
        ask(&router, "HEAD", "/a/data.csv", &[("range", "bytes=0-1")]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(headers["content-length"], "10");
}

#[rstest]
#[case("/")]
#[case("/a")]
#[case("/a/")]
#[case("/a/sub")]
#[case("/a/nothing")]
#[case("/b/data.csv")]
#[case("/a/.hidden")]
#[case("/a/../outside/secret.csv")]
#[case("/a/%2e%2e/outside/secret.csv")]
#[case("/a/..%2foutside%2fsecret.csv")]
#[case("/a/sub/%2e%2e/data.csv")]
#[case("/a//data.csv")]
#[case("/a/data.csv/")]
#[case("/a/data.csv%00")]
#[case("/a/leak.csv")]
#[case("/a/leaks/secret.csv")]
#[case("/a/%ff")]
#[tokio::test]
async fn what_is_not_a_served_file_is_not_there(#[case] path: &str) {
    let (_dir, router) = site();
    let (status, _, body) = ask(&router, "GET", path, &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!String::from_utf8_lossy(&body).contains("secret"));
}

#[tokio::test]
async fn other_methods_are_refused() {
    let (_dir, router) = site();
    let (status, headers, _) = ask(&router, "POST", "/a/data.csv", &[]).await;
    assert_eq!(
        (status, &headers["allow"]),
        (
            StatusCode::METHOD_NOT_ALLOWED,
            &HeaderValue::from_static("GET, HEAD")
        )
    );
}

#[rstest]
#[case("bytes=2-4", StatusCode::PARTIAL_CONTENT, "234", Some("bytes 2-4/10"))]
#[case("bytes=-2", StatusCode::PARTIAL_CONTENT, "89", Some("bytes 8-9/10"))]
#[case("bytes=10-", StatusCode::RANGE_NOT_SATISFIABLE, "", Some("bytes */10"))]
#[case("bytes=0-1,4-5", StatusCode::OK, "0123456789", None)]
#[tokio::test]
async fn a_range_gives_a_part(
    #[case] range: &str,
    #[case] status: StatusCode,
    #[case] text: &str,
    #[case] content_range: Option<&str>,
) {
    let (_dir, router) = site();
    let (found, headers, body) = ask(&router, "GET", "/a/data.csv", &[("range", range)]).await;
    assert_eq!((found, body.as_ref()), (status, text.as_bytes()));
    assert_eq!(
        headers
            .get("content-range")
            .map(|value| value.to_str().unwrap()),
        content_range
    );
}

#[tokio::test]
async fn a_caller_that_has_the_file_does_not_get_it_again() {
    let (_dir, router) = site();
    let (_, headers, _) = ask(&router, "GET", "/a/data.csv", &[]).await;
    let etag = headers["etag"].to_str().unwrap();
    let modified = headers["last-modified"].to_str().unwrap();
    let weak = format!("\"other\", W/{etag}");
    for condition in [
        ("if-none-match", etag),
        ("if-none-match", &weak),
        ("if-modified-since", modified),
    ] {
        let (status, _, body) = ask(&router, "GET", "/a/data.csv", &[condition]).await;
        assert_eq!(
            (status, body.len()),
            (StatusCode::NOT_MODIFIED, 0),
            "{condition:?}"
        );
    }
    let both = [
        ("if-none-match", "\"other\""),
        ("if-modified-since", modified),
    ];
    assert_eq!(
        ask(&router, "GET", "/a/data.csv", &both).await.0,
        StatusCode::OK
    );
    let stale = [("range", "bytes=0-0"), ("if-range", "\"other\"")];
    assert_eq!(
        ask(&router, "GET", "/a/data.csv", &stale).await.0,
        StatusCode::OK
    );
    let fresh = [("range", "bytes=0-0"), ("if-range", etag)];
    assert_eq!(
        ask(&router, "GET", "/a/data.csv", &fresh).await.0,
        StatusCode::PARTIAL_CONTENT
    );
}

#[tokio::test]
async fn a_large_file_is_streamed_whole_and_in_parts() {
    let (dir, router) = site();
    let content: Vec<u8> = (0..1_000_003u32)
        .map(|number| (number % 251) as u8)
        .collect();
    std::fs::write(dir.path().join("served/large.bin"), &content).unwrap();
    let (_, _, body) = ask(&router, "GET", "/a/large.bin", &[]).await;
    assert!(body == content);
    let (_, _, body) = ask(
        &router,
        "GET",
        "/a/large.bin",
        &[("range", "bytes=60000-700000")],
    )
    .await;
    assert!(body == content[60_000..=700_000]);
    let (_, _, body) = ask(
        &router,
        "GET",
        "/a/large.bin",
        &[("range", "bytes=900000-900001")],
    )
    .await;
    assert!(body == content[900_000..900_002]);
}

/// What somebody does to a file while it is served.
type Change = fn(&std::fs::File);

/// Begins an answer for a file of 2 MB, lets `change` do its work, and reads the rest.
async fn changed_while_served(
    headers: &[(&str, &str)],
    change: Change,
) -> Result<Bytes, axum::Error> {
    let (dir, router) = site();
    let path = dir.path().join("served/large.bin");
    std::fs::write(&path, vec![b'x'; 2_000_000]).unwrap();
    let mut request = Request::get("/a/large.bin");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert!(response.status().is_success());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    change(&file);
    let collected = response.into_body().collect().await;
    collected.map(http_body_util::Collected::to_bytes)
}

/// As many bytes as before, later.
fn overwrite(file: &std::fs::File) {
    use std::os::unix::fs::FileExt as _;
    file.write_all_at(&vec![b'y'; 2_000_000], 0).unwrap();
    touch(file);
}

fn touch(file: &std::fs::File) {
    let later = SystemTime::from(SystemClock.now()) + std::time::Duration::from_millis(20);
    file.set_modified(later).unwrap();
}

#[rstest]
#[case::shorter(|file: &std::fs::File| file.set_len(300_000).unwrap())]
#[case::longer(|file: &std::fs::File| file.set_len(2_000_001).unwrap())]
#[case::overwritten(overwrite)]
#[case::touched(touch)]
#[tokio::test]
async fn a_file_that_changes_breaks_the_body(
    #[case] change: Change,
    #[values(&[], &[("range", "bytes=70000-1999999")])] headers: &[(&str, &str)],
) {
    assert!(changed_while_served(headers, change).await.is_err());
}

#[tokio::test]
async fn a_file_that_is_replaced_goes_on_as_it_was() {
    let (dir, router) = site();
    let path = dir.path().join("served/large.bin");
    std::fs::write(&path, vec![b'x'; 2_000_000]).unwrap();
    let request = Request::get("/a/large.bin").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let new = dir.path().join("new");
    std::fs::write(&new, vec![b'y'; 2_000_000]).unwrap();
    std::fs::rename(&new, &path).unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.len() == 2_000_000 && body.iter().all(|byte| *byte == b'x'));
}

/// 1969-12-31 15:00 UTC is the first of January 1970 in Japan.
#[rstest]
#[case::new_year_of_1970_in_japan(-32_400, true)]
#[case::year_1964(-165_000_000, true)]
#[case::year_1901(-2_147_483_648, true)]
#[case::year_2200(7_258_118_400, false)]
#[case::past_what_a_date_can_say(253_402_300_800, false)]
#[tokio::test]
async fn a_time_that_cannot_be_said_is_left_out(#[case] at: i64, #[case] is_past: bool) {
    let (dir, router) = site();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(dir.path().join("served/data.csv"))
        .unwrap();
    let since = std::time::Duration::from_secs(at.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let modified = if at < 0 { epoch - since } else { epoch + since };
    file.set_modified(modified).unwrap();
    for conditions in [
        &[][..],
        &[
            ("range", "bytes=0-3"),
            ("if-range", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ],
    ] {
        let (status, headers, body) = ask(&router, "GET", "/a/data.csv", conditions).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 10), "{conditions:?}");
        assert!(!headers.contains_key("last-modified"));
        assert!(headers.contains_key("etag"));
    }
    let since = ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
    let (status, ..) = ask(&router, "GET", "/a/data.csv", &[since]).await;
    let expected = if is_past {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    assert_eq!(status, expected);
}

#[tokio::test]
async fn a_time_of_the_past_is_said_and_asked_for() {
    let (dir, router) = site();
    let file = std::fs::File::options()
        .write(true)
        .open(dir.path().join("served/data.csv"))
        .unwrap();
    for (seconds, text) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        let half = std::time::Duration::from_millis(seconds * 1000 + 500);
        file.set_modified(SystemTime::UNIX_EPOCH + half).unwrap();
        let (_, headers, _) = ask(&router, "GET", "/a/data.csv", &[]).await;
        assert_eq!(headers["last-modified"], text);
        let same = ("if-modified-since", text);
        let (status, ..) = ask(&router, "GET", "/a/data.csv", &[same]).await;
        assert_eq!(status, StatusCode::NOT_MODIFIED);
        let part = [("range", "bytes=0-3"), ("if-range", text)];
        let (status, ..) = ask(&router, "GET", "/a/data.csv", &part).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    }
}

#[test]
fn an_address_off_loopback_has_to_be_meant() {
    let dir = TempDir::new().unwrap();
    let is_taken = |listen: &str, tls: &str, internal: bool| {
        let folder = dir.path().display();
        let text = format!(
            "domain_internal = {internal}\n[admin]\nlisten = '127.0.0.1:0'\n[data]\nlisten = '{listen}'\n\
             external_url = 'http://{listen}'\ntls = '{tls}'\n[folders]\na = '{folder}'\n"
        );
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let config: Config = common::config::load(&file).unwrap().config;
        common::service::findings(&config).errors().is_empty()
    };
    assert!(is_taken("127.0.0.1:0", "none", false));
    assert!(!is_taken("192.0.2.1:80", "none", true));
    assert!(!is_taken("192.0.2.1:80", "terminated-upstream", false));
    assert!(is_taken("192.0.2.1:80", "terminated-upstream", true));
    assert!(!is_taken("127.0.0.1:0", "mutual", false));
}
