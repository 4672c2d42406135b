//! Domain errors as problem documents.

use std::error::Error;

use auth_client::api::Conflict;
use common::{
    http::{
        Refusal,
        problem::{BASE, Problem},
    },
    telemetry::Chain,
};
use common_db::is_unavailable;

use super::{
    cadde::seconds,
    refusals::{self, unknown},
};
use crate::domain::{
    certifier::CertifyError,
    password::PasswordError,
    registrar::RegisterError,
    store::{AccountsError, Duplicate},
};

/// The database failed: 503 where it is away, locked or full, 500 otherwise.
pub fn store_failed(error: &AccountsError) -> Problem {
    failed(error)
}

fn failed(error: &(dyn Error + 'static)) -> Problem {
    if is_unavailable(error) {
        return Problem::from(
            common::http::refusals::DATABASE_AWAY.because(Chain(error).to_string()),
        );
    }
    Problem::internal(Chain(error))
}

/// The refusal and the member of the request. Nothing is said of the other party.
fn duplicate(what: Duplicate) -> (&'static Refusal, &'static str) {
    match what {
        Duplicate::Number => (&refusals::DUPLICATE_NUMBER, "corporate_number"),
        Duplicate::UserId => (&refusals::DUPLICATE_USER_ID, "suffix"),
        Duplicate::ClientId => (&refusals::DUPLICATE_ID, "connector_id"),
        Duplicate::BaseUrl => (&refusals::DUPLICATE_URL, "base_url"),
        Duplicate::Key => (&refusals::DUPLICATE_KEY, "certificate"),
    }
}

/// What a connector would be refused for.
pub fn conflict(what: Duplicate) -> Conflict {
    let (refusal, field) = duplicate(what);
    Conflict {
        kind: format!("{BASE}{}", refusal.kind),
        field: field.into(),
        detail: refusal.text.en.to_string(),
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match &error {
            RegisterError::Invalid { field, message } => refusals::INVALID_MEMBER
                .problem(error.to_string())
                .error(*field, message.clone()),
            RegisterError::Duplicate(what) => duplicate(*what).0.into(),
            RegisterError::Unknown(what) => unknown(what),
            RegisterError::NoSuffixLeft => (&refusals::NO_USER_ID_LEFT).into(),
            RegisterError::Elsewhere => (&refusals::EXTERNAL_AUTHORITY).into(),
            RegisterError::OwnAccount => (&refusals::OWN_ACCOUNT).into(),
            RegisterError::Password(PasswordError::Busy) => (&refusals::BUSY).into(),
            RegisterError::Password(_)
            | RegisterError::Store(_)
            | RegisterError::Interrupted(_) => failed(&error),
        }
    }
}

impl From<CertifyError> for Problem {
    fn from(error: CertifyError) -> Self {
        match &error {
            CertifyError::Csr(_) => refusals::CSR_UNUSABLE
                .problem(error.to_string())
                .error("csr", error.to_string()),
            CertifyError::Code => (&refusals::CODE_REFUSED).into(),
            CertifyError::Barred(_) => refusals::CLIENT_BARRED.problem(error.to_string()),
            CertifyError::NotRenewable => (&refusals::NOT_RENEWABLE).into(),
            CertifyError::Throttled(wait) => {
                let problem = Problem::from(&refusals::TOO_MANY_RENEWALS);
                problem.retry_after(seconds(*wait))
            }
            CertifyError::Key => (&refusals::DUPLICATE_KEY).into(),
            CertifyError::Elsewhere => (&refusals::EXTERNAL_AUTHORITY).into(),
            CertifyError::External(cause) => refusals::INVALID_MEMBER
                .problem(error.to_string())
                .error("certificate", cause.to_string()),
            CertifyError::NoList => (&refusals::NO_REVOCATION_LIST).into(),
            CertifyError::Unknown => (&refusals::UNKNOWN_CERTIFICATE).into(),
            CertifyError::Authority(_)
            | CertifyError::Store(_)
            | CertifyError::List { .. }
            | CertifyError::Interrupted(_) => failed(&error),
        }
    }
}
