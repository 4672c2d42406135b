//! Certificates, as the operator sees them.

use auth_client::api::{Certificate, Page, RevokeCertificate};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use common::http::{body::ValidJson, problem::Problem, refusals::PARAMETER_DOES_NOT_FIT};
use serde::Deserialize;

use super::{Operator, PageQuery, page::cursor};
use crate::{
    api::{named::Named, problems::store_failed, refusals::unknown, state::AppState},
    domain::registrar::check_reason,
};

/// Which certificates.
#[derive(Debug, Deserialize)]
pub struct Filter {
    subject: Option<String>,
}

/// Lists certificates in the order in which they were recorded.
#[utoipa::path(
    get, path = "/v1/certificates", tag = "certificates", security(("operator" = [])),
    params(
        ("subject" = Option<String>, Query, description = "connector or service ID"),
        ("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)
    ),
    responses((status = 200, body = Page<Certificate>))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Operator,
    query: PageQuery,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Page<Certificate>>, Problem> {
    let Query(filter) =
        filter.map_err(|error| PARAMETER_DOES_NOT_FIT.problem(error.body_text()))?;
    let subject = filter.subject.map(|subject| subject.to_ascii_lowercase());
    let after = query.after::<i64>()?.unwrap_or(0);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    // One more than shown tells whether more follow.
    let mut found = state
        .store
        .certificates(subject.as_deref(), after, limit + 1)
        .await
        .map_err(|error| store_failed(&error))?;
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(position, _)| cursor(position));
    Ok(Json(Page {
        items: found
            .into_iter()
            .map(|(_, certificate)| certificate)
            .collect(),
        next,
    }))
}

/// Shows a certificate.
#[utoipa::path(
    get, path = "/v1/certificates/{serial}", tag = "certificates", security(("operator" = [])),
    params(("serial" = String, Path, description = "hexadecimal")),
    responses((status = 200, body = Certificate), (status = 404, body = Problem))
)]
pub async fn show(
    State(state): State<AppState>,
    _: Operator,
    Named(serial): Named,
) -> Result<Json<Certificate>, Problem> {
    let found = state
        .store
        .certificate(&normal(&serial))
        .await
        .map_err(|error| store_failed(&error))?;
    found.map(Json).ok_or_else(|| unknown("certificate"))
}

/// Revokes a certificate and publishes the revocation list that says so; compromised, with all that descend from it. One that another
/// authority issued is withdrawn: it is recorded no more.
#[utoipa::path(
    post, path = "/v1/certificates/{serial}/revocation", tag = "certificates", security(("operator" = [])),
    params(("serial" = String, Path, description = "hexadecimal")), request_body = RevokeCertificate,
    responses((status = 200, body = Certificate), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub async fn revoke(
    State(state): State<AppState>,
    Operator(actor): Operator,
    Named(serial): Named,
    ValidJson(body): ValidJson<RevokeCertificate>,
) -> Result<Json<Certificate>, Problem> {
    check_reason(&body.reason)?;
    let revoked = state
        .certifier
        .revoke(actor, normal(&serial), body.reason, body.key_compromised)
        .await?;
    Ok(Json(revoked))
}

/// Serial numbers are shown in many ways: with colons, in capitals, with zeros in front.
fn normal(serial: &str) -> String {
    let plain: String = serial
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let bytes_start = plain.len() - plain.trim_start_matches('0').len();
    // Whole bytes: a leading zero stays where it is half of one.
    plain[bytes_start - bytes_start % 2..].to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::normal;

    #[rstest]
    #[case("0A:1B", "0a1b")]
    #[case("000a1b", "0a1b")]
    #[case("a1b2", "a1b2")]
    #[case("", "")]
    fn serial_numbers_have_one_spelling(#[case] given: &str, #[case] spelled: &str) {
        assert_eq!(normal(given), spelled);
    }
}
