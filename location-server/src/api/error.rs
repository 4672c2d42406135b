//! Every way in which the location server refuses, in the two forms it leaves in: the wire's and our own API's.

use auth_client::{CallerError, TokenError};
use axum::{
    extract::{Path, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        Refused,
        cadde::{ValidationError, message},
        refusals,
    },
    ids::UserId,
    refusals,
};

use crate::{
    domain,
    domain::{ChangeError, Fault, ReadError},
};

refusals! {
    /// What the location server answers besides what every listener does.
    pub static TABLE;

    NOT_OPERATORS: 403 "certificate-not-operators"
        .advice("Register one (`POST /v1/services`)."),
        "運用者用のクライアント証明書が必要です。",
        "A change takes the certificate of an operator's tool.";
    NOT_OWN: 403 "not-own-address"
        .advice("Have an operator do it."),
        "提供者コネクタが変更できるのは、自身のロケーション情報のURLだけです。",
        "A provider's connector may change the URL of its own location and nothing else.";
    TOO_MANY_CHANGES: 429 "too-many-changes"
        .advice("Change it once it is clear where it is."),
        "ロケーション情報の変更が多すぎます。しばらくしてから再度お試しください。",
        "This connector has changed its location too often lately. Please try again later.";
    UNKNOWN: 404 "location-unknown"
        .advice("Register it."),
        "指定された提供者のロケーション情報は登録されていません。",
        "No location is registered for this provider.";
    EXISTS: 409 "location-exists"
        .advice("Change it instead."),
        "指定された提供者のロケーション情報は既に登録されています。",
        "A location is already registered for this provider.";
    CHANGED: 412 "location-changed"
        .advice("Read it again."),
        "ロケーション情報は他の操作によって変更されています。取得し直してください。",
        "The location was changed by somebody else meanwhile. Please look at it again.";
    CONTENDED: 409 "location-contended"
        .advice("Repeat."),
        "他の操作と競合しました。再度お試しください。",
        "Others are changing this location at the same time. Please try again.";
}

/// What a caller is told who was not recognised.
pub(super) fn caller(error: CallerError) -> Refused {
    let refusal = match error {
        CallerError::NotRegistered(_) | CallerError::Suspended(_) => &refusals::NOT_REGISTERED,
        _ if error.is_unavailable() => &refusals::UNAVAILABLE,
        CallerError::Token(TokenError::WrongAudience) => &refusals::TOKEN_ELSEWHERE,
        CallerError::Token(_) | CallerError::Registry(_) => &refusals::TOKEN_REFUSED,
    };
    refusal.because(error)
}

impl From<domain::AccessDenied> for Refused {
    fn from(refusal: domain::AccessDenied) -> Self {
        Self::from(match refusal {
            domain::AccessDenied::NoToken => &refusals::TOKEN_MISSING,
            domain::AccessDenied::NotOperator => &refusals::ROLE_MISSING,
            domain::AccessDenied::NotOperatorsCertificate => &NOT_OPERATORS,
            domain::AccessDenied::NotOwn => &NOT_OWN,
        })
    }
}

impl From<ReadError> for Refused {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => refusals::UNAVAILABLE.because(error),
            ReadError::Signer(error) => refusals::INTERNAL.because(error),
        }
    }
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Store(error) => refusals::UNAVAILABLE.because(error),
            ChangeError::Unknown(_) => (&UNKNOWN).into(),
            ChangeError::Duplicate(_) => (&EXISTS).into(),
            ChangeError::Outdated(_) => (&CHANGED).into(),
            ChangeError::Contended(_) => (&CONTENDED).into(),
        }
    }
}

/// An error on a wire path.
pub(super) enum WireError {
    Refused(Refused),
    Validation(ValidationError),
}

impl<E: Into<Refused>> From<E> for WireError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl WireError {
    /// Faults of a body that was read.
    pub(super) fn body(faults: Vec<Fault>) -> Self {
        Self::Validation(
            faults
                .into_iter()
                .fold(ValidationError::default(), |all, fault| {
                    all.and(&["body", fault.member], fault.message, "value_error")
                }),
        )
    }

    /// The provider that the path names.
    pub(super) fn provider(path: Result<Path<String>, PathRejection>) -> Result<UserId, Self> {
        path.map_err(|rejection| rejection.body_text())
            .and_then(|Path(id)| UserId::parse(&id).map_err(|error| error.to_string()))
            .map_err(|message| {
                let at = ["path", "provider_id"];
                Self::Validation(ValidationError::new(&at, message, "value_error"))
            })
    }

    /// A query that can't be read.
    pub(super) fn queries(message: String) -> Self {
        Self::Validation(ValidationError::new(&["query"], message, "value_error"))
    }

    pub(super) fn query(name: &str, message: impl Into<String>) -> Self {
        Self::Validation(ValidationError::new(
            &["query", name],
            message,
            "value_error",
        ))
    }
}

impl IntoResponse for WireError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => message(&refused),
            Self::Validation(error) => error.into_response(),
        }
    }
}
