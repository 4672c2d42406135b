//! Scripts, styles and images: the same for everybody.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse as _, Response},
    routing::get,
};
use common::http::{problem::Problem, refusals::NO_SUCH_PATH};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};

use crate::{
    files::{File, Files},
    policy,
};

/// The path of all scripts, styles and images, as a router has it.
pub const ASSETS: &str = "/assets/{file}";

/// The name of the style sheet that all pages share, below [`Files`].
pub const STYLESHEET: &str = "assets/kakehashi.css";

/// Serves `files` at [`ASSETS`].
pub fn assets(files: &'static Files) -> Router {
    let serve = async move |Path(name): Path<String>, headers: HeaderMap| match files
        .get(&format!("assets/{name}"))
    {
        Some(file) => answer(file, &headers),
        None => Problem::from(&NO_SUCH_PATH).into_response(),
    };
    Router::new().route(ASSETS, get(serve))
}

fn answer(file: &File, asked: &HeaderMap) -> Response {
    let mut response = if is_known(file, asked) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = file.bytes.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, file.media_type.clone());
        // An image that somebody opens by itself is a document, and can do nothing.
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
        response
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, file.etag.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    policy::common(headers);
    response
}

/// Whether the caller has the file already (RFC 9110 §13.1.2): tags are compared weakly, in all lines.
fn is_known(file: &File, asked: &HeaderMap) -> bool {
    asked
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == file.etag)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Method, Request, header::CONTENT_LENGTH};
    use http_body_util::BodyExt as _;
    use rstest::rstest;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(method: Method, path: &str, if_none_match: &[&str]) -> (Response, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        for line in if_none_match {
            request = request.header(IF_NONE_MATCH, *line);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = assets(Files::built()).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (Response::from_parts(head, Body::empty()), body)
    }

    #[tokio::test]
    async fn every_asset_is_served_whole_with_its_type_and_is_asked_for_again() {
        let mut count = 0;
        for (name, file) in Files::built().iter() {
            let Some(path) = name.strip_prefix("assets/") else {
                continue;
            };
            count += 1;
            let (got, body) = ask(Method::GET, &format!("/assets/{path}"), &[]).await;
            assert_eq!(got.status(), 200, "{name}");
            assert_eq!(body, file.bytes, "{name}");
            let headers = got.headers();
            assert_eq!(headers[CONTENT_TYPE], file.media_type, "{name}");
            assert_eq!(headers[ETAG], file.etag, "{name}");
            assert_eq!(headers[CACHE_CONTROL], "no-cache", "{name}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{name}");
            assert_eq!(headers["referrer-policy"], "same-origin", "{name}");
            assert!(headers.contains_key(CONTENT_SECURITY_POLICY), "{name}");
        }
        assert!(count > 0, "nothing was built");
    }

    #[tokio::test]
    async fn its_head_says_how_long_it_is() {
        let file = Files::built().get(STYLESHEET).unwrap();
        let (got, body) = ask(Method::HEAD, "/assets/kakehashi.css", &[]).await;
        assert_eq!(got.status(), 200);
        assert_eq!(
            got.headers()[CONTENT_LENGTH],
            file.bytes.len().to_string().as_str()
        );
        assert!(body.is_empty());
    }

    #[rstest]
    #[case(&["ETAG"], true)]
    #[case(&["\"other\", W/ETAG"], true)]
    #[case(&["\"other\"", "ETAG"], true)]
    #[case(&["*"], true)]
    #[case(&["\"other\""], false)]
    #[case(&["\u{e9}"], false)]
    #[case(&[""], false)]
    #[tokio::test]
    async fn whoever_has_it_gets_it_not_again(#[case] lines: &[&str], #[case] has_it: bool) {
        let etag = &Files::built().get(STYLESHEET).unwrap().etag;
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.replace("ETAG", etag.to_str().unwrap()))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (got, body) = ask(Method::GET, "/assets/kakehashi.css", &lines).await;
        assert_eq!(got.status(), if has_it { 304 } else { 200 });
        assert_eq!(body.is_empty(), has_it);
        assert_eq!(got.headers()[ETAG], etag);
        assert_eq!(got.headers()[CACHE_CONTROL], "no-cache");
    }

    #[rstest]
    #[case("/assets/nothing.js", 404)]
    #[case("/assets/..%2Findex.html", 404)]
    #[case("/assets/%2e%2e%2findex.html", 404)]
    #[case("/assets/", 404)]
    #[case("/assets/a/b.js", 404)]
    #[tokio::test]
    async fn nothing_else_is_served(#[case] path: &str, #[case] status: u16) {
        let (got, _) = ask(Method::GET, path, &[]).await;
        assert_eq!(got.status(), status);
    }

    #[tokio::test]
    async fn nothing_is_written() {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let (got, _) = ask(method, "/assets/kakehashi.css", &[]).await;
            assert_eq!(got.status(), 405);
        }
    }
}
