//! Certificates for those who don't have one yet, or whose own ends soon.

use auth_client::api::{EnrolRequest, IssuedCertificate, RenewRequest};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::{
        body::{NobodysJson, ValidJson},
        problem::Problem,
    },
    listener::Peer,
};
use http::{StatusCode, header::CONTENT_TYPE};

use super::{state::AppState, unverified::request_id};

/// 24 KiB: a code and a certificate request; one with an RSA key of 16,384 bits has 6.
const MAX_ENROLMENT: usize = 24 << 10;

const PEM: &str = "application/x-pem-file";

/// Answers the first certificate of a connector or service, for its one-time code.
#[utoipa::path(
    post, path = "/v1/enrolments", tag = "certificates", request_body = EnrolRequest,
    responses(
        (status = 201, body = IssuedCertificate), (status = 403, body = Problem, description = "the code does not count"),
        (status = 409, body = Problem, description = "duplicate-key"), (status = 413, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem, description = "too many are enrolling")
    )
)]
pub async fn enrol(
    State(state): State<AppState>,
    request: NobodysJson<EnrolRequest, MAX_ENROLMENT>,
) -> Result<(StatusCode, Json<IssuedCertificate>), Problem> {
    let body = &request.body;
    let issued = state
        .certifier
        .enrol(body.code.expose(), &body.csr, request_id())
        .await?;
    Ok((StatusCode::CREATED, Json(issued)))
}

/// Answers a new certificate to the holder of the current one.
#[utoipa::path(
    post, path = "/v1/certificates/renewal", tag = "certificates", security(("certificate" = [])),
    request_body = RenewRequest,
    responses(
        (status = 201, body = IssuedCertificate), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "duplicate-key"), (status = 422, body = Problem),
        (status = 429, body = Problem, description = "too many renewals lately")
    )
)]
pub async fn renew(
    State(state): State<AppState>,
    peer: Peer,
    ValidJson(body): ValidJson<RenewRequest, MAX_ENROLMENT>,
) -> Result<(StatusCode, Json<IssuedCertificate>), Problem> {
    let issued = state
        .certifier
        .renew(&peer.certificate, &peer.id, &body.csr, request_id())
        .await?;
    Ok((StatusCode::CREATED, Json(issued)))
}

/// Root and intermediate of the certificate authority, or what is trusted instead.
#[utoipa::path(
    get, path = "/v1/ca.pem", tag = "certificates",
    responses((status = 200, body = String, content_type = "application/x-pem-file"))
)]
pub async fn ca(State(state): State<AppState>) -> Result<Response, Problem> {
    let text = state.certifier.ca_pem().await?;
    Ok(([(CONTENT_TYPE, PEM)], text).into_response())
}

/// Revocation lists of root and intermediate.
#[utoipa::path(
    get, path = "/v1/crl.pem", tag = "certificates",
    responses(
        (status = 200, body = String, content_type = "application/x-pem-file"),
        (status = 404, body = Problem, description = "no-revocation-list")
    )
)]
pub async fn crl(State(state): State<AppState>) -> Result<Response, Problem> {
    let text = state.certifier.lists_pem().await?;
    Ok(([(CONTENT_TYPE, PEM)], text).into_response())
}
