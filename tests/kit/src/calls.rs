//! Calls of a router without a socket.

use std::sync::Arc;

use axum::{Router, body::Body};
use bytes::Bytes;
use common::{
    ids::ConnectorId,
    listener::{ConnectionControl, ConnectionInfo},
    tls::{PeerCertificate, Standing},
};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use time::macros::datetime;
use tower::ServiceExt as _;

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body: JSON, a text where it is none, or `null` where there is none.
    pub body: Value,
}

/// The certificate of the connector or service `id`; of somebody without a name where that is empty.
pub fn certificate(id: &str, sha256: u8) -> PeerCertificate {
    let id = (!id.is_empty()).then(|| ConnectorId::parse(id).expect("a connector ID"));
    PeerCertificate {
        connector_id: id,
        sha256: [sha256; 32],
        issuer: Bytes::new(),
        serial: Bytes::new(),
        not_after: datetime!(2027-01-01 00:00 UTC),
        der: Bytes::new(),
        standing: Standing::default(),
    }
}

/// A connection over which this certificate was shown, if any was.
pub fn connection(certificate: Option<PeerCertificate>) -> ConnectionInfo {
    ConnectionInfo {
        remote: ([127, 0, 0, 1], 50_000).into(),
        peer: certificate.map(Arc::new),
        control: ConnectionControl::default(),
    }
}

/// Sends `request` over `connection`.
pub async fn send(
    router: &Router,
    mut request: Request<Body>,
    connection: ConnectionInfo,
) -> Response<Bytes> {
    request.extensions_mut().insert(connection);
    let response = router.clone().oneshot(request).await;
    let (parts, body) = response.expect("a router never fails").into_parts();
    let body = common::http::body::read_limited(body, 64 << 20).await;
    Response::from_parts(parts, body.expect("a whole body"))
}

/// The same, with the answer read.
pub async fn ask(router: &Router, request: Request<Body>, connection: ConnectionInfo) -> Answer {
    let (parts, body) = send(router, request, connection).await.into_parts();
    let text = || Value::from(String::from_utf8_lossy(&body));
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: match &body[..] {
            [] => Value::Null,
            json => serde_json::from_slice(json).unwrap_or_else(|_| text()),
        },
    }
}
