//! What every request passes on its way to a router, from outside in:
//!
//! 1. request id and language, so that everything behind can name them;
//! 2. catching panics, so that one bad request ends with a 500 that carries its id;
//! 3. the size of the headers, before anything reads them, and that they say once whom the request is for and who sends it;
//! 4. the client's address behind a load balancer, before anything logs or limits by it.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use axum::{Router, body::Body, response::IntoResponse as _};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use tower::Service as _;

use super::{
    Refused,
    context::{self, Lang, RequestContext, RequestId},
    problem::Problem,
    refusals, unambiguous,
};
use crate::{
    address_block::AddressBlock,
    clock::{Clock as _, SystemClock},
    ids::uuid_v7,
    listener::{ConnectionInfo, ListenerConfig},
};

/// Name of the header that carries the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a listener hands its requests to: a router, behind everything that all requests pass.
///
/// It stands in front of the router instead of in `Router::layer`, which would make and clone one more boxed service for every
/// request.
#[derive(Debug, Clone)]
pub struct Front {
    router: Router,
    settings: Arc<Settings>,
}

#[derive(Debug)]
struct Settings {
    header_size: usize,
    proxies: Vec<AddressBlock>,
}

impl Front {
    /// Stands in front of `router` for the listener of `config`. Listeners do this themselves.
    pub fn new(router: Router, config: &ListenerConfig) -> Self {
        let router = router
            .fallback(|| async { Problem::from(&refusals::NO_SUCH_PATH) })
            .method_not_allowed_fallback(|| async { Problem::from(&refusals::METHOD_NOT_ALLOWED) });
        let settings = Settings {
            header_size: config.limits.header_size.as_usize(),
            proxies: if config.reads_forwarded_for() {
                config.trusted_proxies.clone()
            } else {
                Vec::new()
            },
        };
        Self {
            router,
            settings: Arc::new(settings),
        }
    }

    /// Why `request` reaches no router, if it does not.
    fn check(&self, request: &Request<Body>) -> Result<(), Refused> {
        if header_size(request) > self.settings.header_size {
            return Err((&refusals::HEADERS_TOO_LARGE).into());
        }
        unambiguous::check(request).map_err(|why| refusals::AMBIGUOUS_REQUEST.naming(why))
    }

    /// Answers `request`.
    pub fn answer(
        &self,
        mut request: Request<Body>,
    ) -> impl Future<Output = Response<Body>> + Send + use<> {
        let id = RequestId(uuid_v7(SystemClock.now()));
        let lang = Lang::from_headers(request.headers());
        request.extensions_mut().insert(id);
        let is_head = request.method() == Method::HEAD;
        let checked = self.check(&request);
        if !self.settings.proxies.is_empty() {
            restore_client(&mut request, &self.settings.proxies);
        }
        let answer = checked.map(|()| self.router.clone().call(request));
        context::scope(RequestContext { id, lang }, async move {
            let mut response = match answer {
                Err(refused) => own(refused.into(), is_head),
                Ok(answer) => match AssertUnwindSafe(answer).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    // The panic itself was printed by the panic hook.
                    Err(_) => own(Problem::internal("a handler panicked"), is_head),
                },
            };
            if let Ok(value) = HeaderValue::from_str(
                id.0.hyphenated()
                    .encode_lower(&mut uuid::Uuid::encode_buffer()),
            ) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            response
        })
    }
}

/// An answer that does not come from the router, which would see to it that one to `HEAD` has no body.
fn own(problem: Problem, is_head: bool) -> Response<Body> {
    let response = problem.into_response();
    if is_head {
        response.map(|_| Body::empty())
    } else {
        response
    }
}

fn header_size(request: &Request<Body>) -> usize {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |p| p.as_str().len());
    request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum::<usize>()
        + target
}

/// The last address in `X-Forwarded-For` that is none of our proxies is the client's; whatever stands in front of it
/// is the client's own claim.
fn restore_client(request: &mut Request<Body>, proxies: &[AddressBlock]) {
    let is_proxy = |ip: IpAddr| proxies.iter().any(|block| block.contains(ip));
    let client = request
        .headers()
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|v| v.trim().parse::<IpAddr>())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .map_while(Result::ok)
        .find(|ip| !is_proxy(*ip));
    let Some(info) = request.extensions_mut().get_mut::<ConnectionInfo>() else {
        return;
    };
    if let (Some(client), true) = (client, is_proxy(info.remote.ip())) {
        info.remote = SocketAddr::new(client, 0);
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use rstest::rstest;

    use super::*;
    use crate::listener::{ConnectionControl, TlsMode};

    fn front() -> Front {
        let url = "http://x.example".parse().unwrap();
        let config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::None);
        let broken = get(async || -> &'static str { panic!("on purpose") });
        Front::new(Router::new().route("/broken", broken), &config)
    }

    #[rstest]
    #[case("GET", "/broken", 500, "problem:internal")]
    #[case("GET", "/large", 431, "headers-too-large")]
    #[case("GET", "/nowhere", 404, "no-such-path")]
    #[case("PUT", "/broken", 405, "method-not-allowed")]
    #[case("HEAD", "/broken", 500, "")]
    #[case("HEAD", "/large", 431, "")]
    #[case("HEAD", "/nowhere", 404, "")]
    #[case("GET", "/twice", 400, "ambiguous-request")]
    #[case("HEAD", "/twice", 400, "")]
    #[tokio::test]
    async fn whatever_is_refused_has_an_id_and_a_problem_unless_only_its_head_is_asked_for(
        #[case] method: &str,
        #[case] path: &str,
        #[case] status: u16,
        #[case] problem: &str,
    ) {
        let padding = if path == "/large" { 1 << 20 } else { 1 };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "x.example")
            .header("x-padding", "x".repeat(padding))
            .body(Body::empty());
        let mut request = request.unwrap();
        if path == "/twice" {
            let again = HeaderValue::from_static("x.example");
            request.headers_mut().append("host", again);
        }
        let answer = front().answer(request).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()[REQUEST_ID].len(), 36);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert_eq!(text.is_empty(), problem.is_empty(), "{text}");
        assert!(
            text.contains(problem) && !text.contains("on purpose"),
            "{text}"
        );
    }

    /// From 10.20.0.5, with `X-Forwarded-For` in so many lines.
    #[rstest]
    #[case::a_load_balancer(TlsMode::TerminatedUpstream, "10.20.0.0/24", &["192.0.2.7"], "192.0.2.7")]
    #[case::one_that_speaks_tls_to_us(TlsMode::Server, "10.20.0.0/24", &["192.0.2.7"], "192.0.2.7")]
    #[case::by_its_address(TlsMode::Server, "10.20.0.5", &["192.0.2.7"], "192.0.2.7")]
    #[case::what_a_client_claims(TlsMode::Server, "10.20.0.0/24", &["203.0.113.1, 192.0.2.7"], "192.0.2.7")]
    #[case::in_several_lines(TlsMode::Server, "10.20.0.0/24", &["203.0.113.1", "192.0.2.7"], "192.0.2.7")]
    #[case::through_two_of_ours(TlsMode::Server, "10.20.0.0/24", &["192.0.2.7, 10.20.0.9"], "192.0.2.7")]
    #[case::none_is_told(TlsMode::Server, "10.20.0.0/24", &[], "10.20.0.5")]
    #[case::no_address(TlsMode::Server, "10.20.0.0/24", &["192.0.2.7, x"], "10.20.0.5")]
    #[case::another_network(TlsMode::Server, "10.20.1.0/24", &["192.0.2.7"], "10.20.0.5")]
    #[case::callers_with_certificates(TlsMode::Mutual, "10.20.0.0/24", &["192.0.2.7"], "10.20.0.5")]
    #[case::on_this_machine(TlsMode::None, "10.20.0.0/24", &["192.0.2.7"], "10.20.0.5")]
    #[tokio::test]
    async fn whom_a_proxy_of_ours_names_is_the_client(
        #[case] tls: TlsMode,
        #[case] proxies: &str,
        #[case] lines: &[&'static str],
        #[case] expected: &str,
    ) {
        let url = "https://x.example".parse().unwrap();
        let mut config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, tls);
        config.trusted_proxies = vec![proxies.parse().unwrap()];
        let told =
            get(
                |info: axum::Extension<ConnectionInfo>| async move { info.remote.ip().to_string() },
            );
        let front = Front::new(Router::new().route("/", told), &config);
        let mut request = Request::get("/").header("host", "x.example");
        for line in lines {
            request = request.header(FORWARDED_FOR, *line);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectionInfo {
            remote: ([10, 20, 0, 5], 4711).into(),
            peer: None,
            control: ConnectionControl::default(),
        });
        let answer = front.answer(request).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected);
    }
}
