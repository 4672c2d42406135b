//! Domain errors as problem documents.

use super::cadde::seconds;
use crate::domain::{
    certifier::CertifyError,
    password::PasswordError,
    registrar::RegisterError,
    store::{Duplicate, StoreError},
};
use auth_client::api::Conflict;
use common::{
    http::{
        context,
        problem::{BASE, Problem},
    },
    telemetry::Chain,
};
use common_db::is_unavailable;
use std::{error::Error, time::Duration};

/// There is no such entry.
pub fn unknown(what: &str) -> Problem {
    Problem::not_found(
        &format!("unknown-{what}"),
        format!("there is no such {what}"),
    )
}

/// The database failed: 503 where it is away, locked or full, 500 otherwise.
pub fn store_failed(error: &StoreError) -> Problem {
    failed(error)
}

fn failed(error: &(dyn Error + 'static)) -> Problem {
    if is_unavailable(error) {
        tracing::error!(request.id = %context::request_id(), error = %Chain(error), "the database is not available");
        return Problem::unavailable(
            "database-unavailable",
            "the database is not available, nothing was changed",
            2,
        );
    }
    Problem::internal(Chain(error))
}

/// Kind of problem, member of the request, detail. Nothing is said of the other party.
fn duplicate(what: Duplicate) -> (&'static str, &'static str, &'static str) {
    match what {
        Duplicate::Number => (
            "duplicate-number",
            "corporate_number",
            "a participant with this number is registered",
        ),
        Duplicate::UserId => ("duplicate-user-id", "suffix", "this user ID is taken"),
        Duplicate::ClientId => (
            "duplicate-id",
            "connector_id",
            "this ID is taken by a connector, a service or an application",
        ),
        Duplicate::BaseUrl => (
            "duplicate-url",
            "base_url",
            "this address is registered for another connector",
        ),
        Duplicate::Key => (
            "duplicate-key",
            "certificate",
            "this key belongs to another client or is compromised",
        ),
    }
}

fn taken(what: Duplicate) -> Problem {
    let (slug, _, detail) = duplicate(what);
    Problem::conflict(slug, detail)
}

/// What a connector would be refused for.
pub fn conflict(what: Duplicate) -> Conflict {
    let (slug, field, detail) = duplicate(what);
    Conflict {
        kind: format!("{BASE}{slug}"),
        field: field.into(),
        detail: detail.into(),
    }
}

fn elsewhere() -> Problem {
    Problem::conflict(
        "external-authority",
        "certificates come from another authority; this server only records them",
    )
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match &error {
            RegisterError::Invalid { field, message } => {
                Self::unprocessable("invalid-member", error.to_string())
                    .error(*field, message.clone())
            }
            RegisterError::Duplicate(what) => taken(*what),
            RegisterError::Unknown(what) => unknown(what),
            RegisterError::NoSuffixLeft => Self::conflict("no-user-id-left", error.to_string()),
            RegisterError::Elsewhere => elsewhere(),
            RegisterError::OwnAccount => Self::conflict("own-account", error.to_string()),
            RegisterError::Password(PasswordError::Busy) => Self::unavailable(
                "busy",
                "too many passwords at once",
                seconds(Duration::from_secs(1)),
            ),
            RegisterError::Password(_)
            | RegisterError::Store(_)
            | RegisterError::Interrupted(_) => failed(&error),
        }
    }
}

impl From<CertifyError> for Problem {
    fn from(error: CertifyError) -> Self {
        match &error {
            CertifyError::Csr(_) => Self::unprocessable("csr-unusable", error.to_string())
                .error("csr", error.to_string()),
            CertifyError::Code => Self::forbidden("code-refused", error.to_string()),
            CertifyError::Barred(_) => Self::forbidden("client-barred", error.to_string()),
            CertifyError::NotRenewable => {
                Self::forbidden("certificate-not-renewable", error.to_string())
            }
            CertifyError::Throttled(wait) => {
                Self::too_many_requests("too-many-renewals", error.to_string(), seconds(*wait))
            }
            CertifyError::Key => taken(Duplicate::Key),
            CertifyError::Elsewhere => elsewhere(),
            CertifyError::External(cause) => {
                Self::unprocessable("invalid-member", error.to_string())
                    .error("certificate", cause.to_string())
            }
            CertifyError::NoList => Self::not_found("no-revocation-list", error.to_string()),
            CertifyError::Unknown => unknown("certificate"),
            CertifyError::Authority(_)
            | CertifyError::Store(_)
            | CertifyError::List { .. }
            | CertifyError::Interrupted(_) => failed(&error),
        }
    }
}
