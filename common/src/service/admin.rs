//! `/healthz`, `/readyz` and `/metrics` on loopback, and the first two with a status alone for load balancers.

use std::net::SocketAddr;

use axum::{Json, Router, response::IntoResponse, routing::get};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;
use url::Url;

use crate::{
    config::{AdminConfig, Period},
    http::Endpoint,
    listener::{Listener, ListenerConfig, ListenerError, TlsMode},
    process::{Findings, Readiness, Section, Shutdown},
};

/// What the admin listener of every process serves.
pub const ENDPOINTS: [Endpoint; 3] = [
    Endpoint::new("admin", "GET", "/healthz", "anyone on this host"),
    Endpoint::new("admin", "GET", "/readyz", "anyone on this host"),
    Endpoint::new("admin", "GET", "/metrics", "anyone on this host"),
];

impl Section for AdminConfig {
    fn check(&self, findings: &mut Findings) {
        if !self.listen.ip().is_loopback() {
            findings.error(
                "listen",
                &self.listen,
                "must be a loopback address: whoever reaches it reads everything",
            );
        }
    }
}

pub(super) async fn start(
    config: &AdminConfig,
    ready: Readiness,
    metrics: PrometheusHandle,
    shutdown: Shutdown,
) -> Result<JoinHandle<()>, ListenerError> {
    let details = ready.clone();
    let router = Router::new()
        .route(
            "/healthz",
            get(|| async { Json(serde_json::json!({ "status": "alive" })) }),
        )
        .route(
            "/readyz",
            get(move || async move { readyz(&details).into_response() }),
        )
        .route(
            "/metrics",
            get(move || async move {
                metrics.run_upkeep();
                metrics.render()
            }),
        );
    let listener = bind(config.listen, TlsMode::None).await?;
    let health = match config.health {
        None => None,
        Some(address) => {
            let router = Router::new()
                .route("/healthz", get(|| async { StatusCode::OK }))
                .route("/readyz", get(move || async move { status(&ready) }));
            let listener = bind(address, TlsMode::TerminatedUpstream).await?;
            Some((listener.passing_over_proxy_headers(), router))
        }
    };
    Ok(tokio::spawn(async move {
        let health = async {
            if let Some((listener, router)) = health {
                listener.serve(router, shutdown.clone()).await;
            }
        };
        tokio::join!(listener.serve(router, shutdown.clone()), health);
    }))
}

async fn bind(address: SocketAddr, tls: TlsMode) -> Result<Listener, ListenerError> {
    let url = Url::parse(&format!("http://{address}")).expect("a socket address makes a URL");
    let mut config = ListenerConfig::new(address, url, tls);
    config.limits.connections = 64;
    config.limits.drain = Period::seconds(1);
    if tls == TlsMode::None {
        // On loopback all are one network, and whoever looks after the machine must get in.
        config.limits.new_connections = u32::MAX;
    }
    Listener::bind(&config, None).await
}

fn status(ready: &Readiness) -> StatusCode {
    if ready.problems().is_none() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

fn readyz(ready: &Readiness) -> impl IntoResponse + use<> {
    let (status, mut answer) = match ready.problems() {
        None => (StatusCode::OK, serde_json::json!({ "status": "ready" })),
        Some(problems) => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({ "status": "not ready", "problems": problems }),
        ),
    };
    let counts = ready.counts();
    if !counts.is_empty() {
        answer["counts"] = serde_json::json!(counts);
    }
    (status, Json(answer))
}
