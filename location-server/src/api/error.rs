//! Refusals and failures in the two forms they leave in: the wire's and our own API's.

use std::sync::Arc;

use auth_client::{CallerError, TokenError};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use common::http::Text;
use common::http::cadde::{MessageError, ValidationError};
use common::http::problem::Problem;
use common::ids::UserId;
use common::telemetry::Chain;
use http::StatusCode;

use crate::domain::{ChangeError, Fault, ReadError, Refusal, SignerError, StoreError};

/// A dependency that failed is asked again after this many seconds.
const RETRY_AFTER: u64 = 5;

/// Why a request is not answered as asked: one list for both forms.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    kind: &'static str,
    text: Text,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        ja: &'static str,
        en: &'static str,
    ) -> Self {
        Self {
            status,
            kind,
            text: Text::new(ja, en),
        }
    }

    pub(super) fn no_identity() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "certificate-without-identity",
            "クライアント証明書から接続元を特定できません。",
            "The client certificate names no single connector or service.",
        )
    }

    pub(super) fn not_registered() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "certificate-not-registered",
            "クライアント証明書の接続元は登録されていないか、停止中です。",
            "The connector or service that the client certificate names is not registered, or is suspended.",
        )
    }

    pub(super) fn bad_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token-refused",
            "アクセストークンが有効ではありません。",
            "The access token is not valid.",
        )
    }

    pub(super) fn unknown() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "location-unknown",
            "指定された提供者のロケーション情報は登録されていません。",
            "No location is registered for this provider.",
        )
    }

    pub(super) fn moved_too_often() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-changes",
            "ロケーション情報の変更が多すぎます。しばらくしてから再度お試しください。",
            "This connector has changed its location too often lately. Please try again later.",
        )
    }

    pub(super) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no-such-path",
            "このパスは提供していません。",
            "This server has no such path.",
        )
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "このメソッドは使えません。",
            "This path does not answer that method.",
        )
    }

    fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "一時的に処理できません。しばらくしてから再度お試しください。",
            "This can't be done right now. Please try again in a moment.",
        )
    }
}

impl From<CallerError> for Failure {
    fn from(error: CallerError) -> Self {
        let request_id = common::http::context::request_id();
        match &error {
            CallerError::NotRegistered(_) => Self::not_registered(),
            CallerError::Suspended(id) => {
                tracing::info!(request.id = %request_id, peer.id = %id, "the caller is suspended");
                Self::not_registered()
            }
            _ if error.is_unavailable() => {
                log(&error);
                Self::unavailable()
            }
            CallerError::Token(TokenError::WrongAudience) => {
                tracing::info!(request.id = %request_id, "a token for something else was sent");
                Self::new(
                    StatusCode::FORBIDDEN,
                    "token-elsewhere",
                    "このサーバの管理用のアクセストークンが必要です。",
                    "This takes an access token for managing this server.",
                )
            }
            CallerError::Token(_) | CallerError::Registry(_) => {
                tracing::info!(request.id = %request_id, reason = %Chain(&error), "token refused");
                Self::bad_token()
            }
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoToken => Self::new(
                StatusCode::UNAUTHORIZED,
                "token-missing",
                "運用者のアクセストークンが必要です。",
                "An operator's access token is needed.",
            ),
            Refusal::NotOperator => Self::new(
                StatusCode::FORBIDDEN,
                "role-missing",
                "運用者の権限がありません。",
                "The role of an operator is needed.",
            ),
            Refusal::NotOperatorsCertificate => Self::new(
                StatusCode::FORBIDDEN,
                "certificate-not-operators",
                "運用者用のクライアント証明書が必要です。",
                "An operator's client certificate is needed.",
            ),
            Refusal::NotOwn => Self::new(
                StatusCode::FORBIDDEN,
                "not-own-address",
                "提供者コネクタが変更できるのは、自身のロケーション情報のURLだけです。",
                "A provider's connector may change the URL of its own location and nothing else.",
            ),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        log(&error);
        Self::unavailable()
    }
}

impl From<Arc<SignerError>> for Failure {
    fn from(error: Arc<SignerError>) -> Self {
        log(&*error);
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "内部エラーが発生しました。",
            "The request failed here; the operator finds the cause by the request id.",
        )
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Signer(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Store(error) => error.into(),
            ChangeError::Unknown(_) => Self::unknown(),
            ChangeError::Duplicate(_) => Self::new(
                StatusCode::CONFLICT,
                "location-exists",
                "指定された提供者のロケーション情報は既に登録されています。",
                "A location is already registered for this provider.",
            ),
            ChangeError::Outdated(_) => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "location-changed",
                "ロケーション情報は他の操作によって変更されています。取得し直してください。",
                "The location was changed by somebody else meanwhile. Please look at it again.",
            ),
            ChangeError::Contended(_) => Self::new(
                StatusCode::CONFLICT,
                "location-contended",
                "他の操作と競合しました。再度お試しください。",
                "Others are changing this location at the same time. Please try again.",
            ),
        }
    }
}

impl From<Failure> for MessageError {
    fn from(failure: Failure) -> Self {
        Self {
            message_id: Some(failure.kind.into()),
            challenge: (failure.status == StatusCode::UNAUTHORIZED).then_some("Bearer"),
            retry_after: (failure.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
            ..Self::new(failure.status, failure.text)
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = failure.text.current().to_owned();
        match failure.status {
            StatusCode::UNAUTHORIZED => Self::unauthorized(failure.kind, detail),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(failure.kind, detail, RETRY_AFTER),
            status => Self::new(
                status,
                failure.kind,
                status.canonical_reason().unwrap_or("Error"),
            )
            .detail(detail),
        }
    }
}

/// An error on a wire path.
pub(super) enum WireError {
    Failure(Failure),
    Validation(ValidationError),
}

impl<E: Into<Failure>> From<E> for WireError {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
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
            Self::Failure(failure) => MessageError::from(failure).into_response(),
            Self::Validation(error) => error.into_response(),
        }
    }
}

fn log(error: &(dyn std::error::Error + 'static)) {
    tracing::error!(request.id = %common::http::context::request_id(), error = %Chain(error), "request failed");
}
