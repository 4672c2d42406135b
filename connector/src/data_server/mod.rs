//! The data server: files of a domain over plain HTTP, for the domain's own provider connector.
//!
//! Whoever reaches it reads everything it has, so it listens on loopback, or on an address inside the domain where the
//! configuration says so in as many words.

mod conditional;
mod config;
mod file_body;
mod files;
mod media;
mod range;

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any, get, head},
};
use common::{
    clock::SharedClock,
    http::{Endpoint, problem::Problem},
    listener::Listener,
    process::Context,
    refusals,
    service::{Program, Service},
};
pub use config::{Config, is_folder_name};
use file_body::FileBody;
use files::{Folders, OpenFile};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use range::{ByteRange, Requested};

/// The service.
#[derive(Debug)]
pub struct DataServer;

/// Its program.
pub static PROGRAM: Program = Program::of::<DataServer>();

impl Service for DataServer {
    const NAME: &'static str = "data-server";
    const ABOUT: &'static str = "Serves a domain's files to the domain's own provider connector";
    type Config = Config;

    async fn run(config: Config, context: Context) -> anyhow::Result<()> {
        let folders = Folders::open(&config.folders)?;
        let listener = Listener::bind(&config.data, None).await?;
        tracing::info!(listen = %listener.local_addr()?, folders = config.folders.len(), "serving files");
        context.ready.started();
        let site = Site {
            folders,
            clock: context.clock,
        };
        listener.serve(router(site), context.shutdown).await;
        Ok(())
    }
}

/// What is served.
struct Site {
    folders: Folders,
    clock: SharedClock,
}

/// The path of every file.
const FILE: &str = "/{*path}";

/// Every path with its rule and its handler: the router and the list of endpoints come from here.
fn table() -> Vec<(Endpoint, MethodRouter<Arc<Site>>)> {
    let data = |method| Endpoint::new("data", method, FILE, "anyone");
    vec![(data("GET"), get(answer)), (data("HEAD"), head(answer))]
}

/// What the listener `data` serves.
pub fn endpoints() -> Vec<Endpoint> {
    table().into_iter().map(|(endpoint, _)| endpoint).collect()
}

/// The files of `site`.
fn router(site: Site) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (endpoint, handler)| {
            router.route(endpoint.path, handler)
        })
        .route(FILE, any(answer))
        .with_state(Arc::new(site))
}

refusals! {
    /// What the data server answers besides what every listener does.
    pub static REFUSALS;

    NO_SUCH_FILE: 404 "no-such-file"
        .advice("Check the resource's address."),
        "There is no such file here.";
}

async fn answer(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::method_not_allowed("GET, HEAD").into_response();
    }
    let now = SystemTime::from(site.clock.now());
    if let Some(file) = site.folders.find_in_memory(request.uri().path()) {
        return respond(file, request.method(), request.headers(), now);
    }
    let path = request.uri().path().to_owned();
    let opened = tokio::task::spawn_blocking(move || site.folders.find(&path)).await;
    match opened {
        Ok(Ok(Some(file))) => respond(file, request.method(), request.headers(), now),
        Ok(Ok(None)) => Problem::from(&NO_SUCH_FILE).into_response(),
        Ok(Err(error)) => Problem::internal(error).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// Source: RFC 9110 §13.2.2 for the order of the conditions.
fn respond(file: OpenFile, method: &Method, asked: &HeaderMap, now: SystemTime) -> Response {
    let mut response = Response::new(Body::empty());
    describe(response.headers_mut(), &file, now);
    if conditional::is_not_modified(asked, &file) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let requested = if *method == Method::GET && conditional::range_applies(asked, &file, now) {
        range::requested(asked, file.len)
    } else {
        Requested::Whole
    };
    let range = match requested {
        Requested::Whole => ByteRange {
            first: 0,
            len: file.len,
        },
        Requested::Part(range) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            insert(
                response.headers_mut(),
                header::CONTENT_RANGE,
                &range.content_range(file.len),
            );
            range
        }
        Requested::Unsatisfiable => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            insert(
                response.headers_mut(),
                header::CONTENT_RANGE,
                &format!("bytes */{}", file.len),
            );
            response.headers_mut().remove(header::CONTENT_TYPE);
            return response;
        }
    };
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(range.len));
    if *method == Method::GET {
        *response.body_mut() = Body::new(FileBody::new(file, range));
    }
    response
}

fn describe(headers: &mut HeaderMap, file: &OpenFile, now: SystemTime) {
    insert(headers, header::ETAG, &file.etag);
    if let Some(modified) = conditional::last_modified(file, now) {
        insert(
            headers,
            header::LAST_MODIFIED,
            &httpdate::fmt_http_date(modified),
        );
    }
    headers.insert(header::CONTENT_TYPE, file.media_type.clone());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
