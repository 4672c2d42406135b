//! Why the receiver connector refuses an exchange, and what the application is told.
//!
//! Message ids are those of CADDE 4.0 (message list of the detailed design); where it has none, the function number is
//! 90. Texts are our own.

use std::net::IpAddr;

use auth_client::TokenError;
use axum::response::{IntoResponse as _, Response};
use common::http::Text;
use common::http::cadde::ConnectorError;
use common::ids::{ConnectorId, UserId};
use http::{HeaderName, HeaderValue, StatusCode, header};
use provenance::outbox::OutboxError;

use super::refusal::Refusal;
use crate::exchange::{OptionsError, RecordError};
use crate::upstream::{DialError, UpstreamError, UrlError};

/// What to wait before asking again while something is out of reach, in seconds.
const RETRY_AFTER: u64 = 5;

/// Why an exchange is refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A header is missing or empty.
    #[error("the header {0} is missing")]
    MissingHeader(HeaderName),
    /// A header is there twice.
    #[error("the header {0} is there twice")]
    Repeated(HeaderName),
    /// A header is not text.
    #[error("the header {0} is not printable ASCII")]
    NotText(HeaderName),
    /// Another method than `GET`.
    #[error("the method is not GET")]
    Method,
    /// The way of offering is not known here.
    #[error("the resource API type {0:?} is not known")]
    ApiType(String),
    /// The resource URL is not usable.
    #[error("the resource URL is refused")]
    Url(#[source] UrlError),
    /// `x-cadde-provider` is no user ID.
    #[error("the provider is no CADDE user ID")]
    ProviderId,
    /// `x-cadde-options` cannot be read.
    #[error("the options are refused")]
    Options(#[source] OptionsError),
    /// Too many exchanges at a time.
    #[error("too many exchanges at a time")]
    Busy,
    /// The token is refused or cannot be checked.
    #[error("the token is refused")]
    Token(#[source] TokenError),
    /// A token that is bound to a certificate cannot be used where there is none.
    #[error("the token is bound to a certificate")]
    BoundToken,
    /// For whom this connector is registered could not be looked up.
    #[error("the own registration cannot be looked up: {0}")]
    Registry(String),
    /// This connector may not fetch for anybody.
    #[error("{0}, this connector, is not registered or suspended")]
    NotRegistered(ConnectorId),
    /// Nobody knows where the provider is.
    #[error("no connector of {0} is known")]
    NoLocation(UserId),
    /// The location server could not be asked, and nothing is known from before.
    #[error("the connector of {0} cannot be found: {1}")]
    LocationAway(UserId, String),
    /// The location cannot be used.
    #[error("the location of the provider cannot be used: {0}")]
    BadLocation(&'static str),
    /// The provider connector gave no answer.
    #[error("the provider connector gave no answer")]
    Provider(#[source] UpstreamError),
    /// The provider connector refused.
    #[error("the provider connector refused: {0}")]
    Refused(Refusal),
    /// The provider connector answered with what cannot be used.
    #[error("the provider connector's answer is of no use: {0}")]
    ProviderAnswer(&'static str),
    /// Direct mode: the URL is not on the egress list.
    #[error("the URL is not on the egress list")]
    NotListed,
    /// Direct mode: the host's address may not be connected to.
    #[error("the address {0} may not be connected to")]
    Address(IpAddr),
    /// Direct mode: the server gave no answer.
    #[error("the server gave no answer")]
    Source(#[source] UpstreamError),
    /// Direct mode: the server answered with another status than 200.
    #[error("the server answered {0}")]
    SourceStatus(StatusCode),
    /// Direct mode: the server led somewhere else or coded the content, unasked.
    #[error("the server's answer is of no use: {0}")]
    SourceAnswer(&'static str),
    /// A foreign ledger wants a user.
    #[error("the provider's ledger wants a user, and no token was sent")]
    NoUser,
    /// A foreign ledger did not take the event.
    #[error("the provider's ledger did not take the event: {0}")]
    ForeignLedger(String),
    /// The record could not be written.
    #[error("the exchange could not be recorded")]
    Record(#[from] RecordError),
}

impl FileError {
    /// A failure to reach a server in direct mode.
    pub(super) fn from_source(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Dial {
                source: DialError::AddressRefused(address),
                ..
            } => Self::Address(address),
            error => Self::Source(error),
        }
    }

    /// Status and message id.
    pub fn code(&self) -> (StatusCode, &'static str) {
        const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::MissingHeader(_) | Self::Repeated(_) | Self::NotText(_) => {
                (StatusCode::BAD_REQUEST, "020090001E")
            }
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "020090002E"),
            Self::ApiType(_) => (StatusCode::BAD_REQUEST, "020004001E"),
            Self::Url(UrlError::Empty) => (StatusCode::BAD_REQUEST, "000201002E"),
            Self::Url(_) => (StatusCode::BAD_REQUEST, "000201003E"),
            Self::ProviderId => (StatusCode::BAD_REQUEST, "020090003E"),
            Self::Options(_) => (StatusCode::BAD_REQUEST, "020004004E"),
            Self::Busy => (UNAVAILABLE, "020090006E"),
            Self::Token(TokenError::Unavailable(_)) | Self::Registry(_) => {
                (UNAVAILABLE, "020004002E")
            }
            Self::Token(_) | Self::BoundToken => (StatusCode::UNAUTHORIZED, "020004002E"),
            Self::NotRegistered(_) => (INTERNAL, "020090007E"),
            Self::NoLocation(_) | Self::LocationAway(..) | Self::BadLocation(_) => {
                (INTERNAL, "020004003E")
            }
            Self::Provider(error) if error.is_timeout() => {
                (StatusCode::REQUEST_TIMEOUT, "020004005E")
            }
            Self::Provider(_) | Self::ProviderAnswer(_) => (INTERNAL, "020004005E"),
            Self::Refused(refusal) => (refusal.status, "020004005E"),
            Self::NotListed => (StatusCode::FORBIDDEN, "020090004E"),
            Self::Address(_) => (StatusCode::FORBIDDEN, "020090005E"),
            Self::Source(error) if error.is_timeout() => {
                (StatusCode::REQUEST_TIMEOUT, "000001001E")
            }
            Self::Source(_) => (INTERNAL, "000001002E"),
            Self::SourceStatus(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, "000201006E"),
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => {
                (StatusCode::UNAUTHORIZED, "000201007E")
            }
            Self::SourceStatus(_) | Self::SourceAnswer(_) => (INTERNAL, "000201008E"),
            Self::NoUser => (INTERNAL, "020004008E"),
            Self::ForeignLedger(_) => (INTERNAL, "020004009E"),
            Self::Record(error) if error.is_permanent() => (INTERNAL, "020004009E"),
            Self::Record(_) => (UNAVAILABLE, "020004009E"),
        }
    }

    fn wants_token(&self) -> bool {
        match self {
            Self::Token(_) | Self::BoundToken => self.code().0 == StatusCode::UNAUTHORIZED,
            Self::Refused(refusal) => refusal.wants_token,
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Record(RecordError::Outbox(OutboxError::Full(_))) => {
                Some(OutboxError::RETRY_AFTER.as_secs())
            }
            Self::Refused(refusal) => refusal.retry_after,
            _ => (self.code().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one entry a refusal")]
    fn text(&self) -> Text {
        match self {
            Self::MissingHeader(name) => Text::of(
                format!("ヘッダー {name} がありません。"),
                format!("The header {name} is missing."),
            ),
            Self::Repeated(name) => Text::of(
                format!("ヘッダー {name} が複数あります。"),
                format!("The header {name} is there more than once."),
            ),
            Self::NotText(name) => Text::of(
                format!("ヘッダー {name} に使えない文字があります。"),
                format!("The header {name} has characters other than printable ASCII."),
            ),
            Self::Method => Text::new(
                "このメソッドは使えません。",
                "This method is not allowed here.",
            ),
            Self::ApiType(_) => Text::new(
                "このリソース提供手段識別子には対応していません。",
                "This resource API type is not known here.",
            ),
            Self::Url(error) => Text::of(
                format!("リソースURLを受け付けられません（{error}）。"),
                format!("The resource URL is refused: {error}."),
            ),
            Self::ProviderId => Text::new(
                "x-cadde-provider がCADDEユーザIDの形式ではありません。",
                "x-cadde-provider is not a CADDE user ID.",
            ),
            Self::Options(error) => Text::of(
                format!("x-cadde-options を受け付けられません（{error}）。"),
                format!("x-cadde-options is refused: {error}."),
            ),
            Self::Busy => Text::new(
                "同時に処理できる数を超えています。しばらくしてからやり直してください。",
                "Too many exchanges are under way. Please try again later.",
            ),
            Self::Token(TokenError::Unavailable(_)) | Self::Registry(_) => Text::new(
                "認証サーバに確認できません。しばらくしてからやり直してください。",
                "The authentication server cannot be asked. Please try again later.",
            ),
            Self::Token(_) => Text::new(
                "認証トークンが無効です。",
                "The authentication token is not valid.",
            ),
            Self::BoundToken => Text::new(
                "証明書に紐づいた認証トークンはここでは使えません。",
                "A token that is bound to a certificate cannot be used here.",
            ),
            Self::NotRegistered(_) => Text::new(
                "このコネクタは認証サーバに登録されていないか、停止されています。",
                "This connector is not registered with the authentication server, or suspended.",
            ),
            Self::NoLocation(_) => Text::new(
                "提供者コネクタのURLが登録されていません。",
                "No connector is registered for this provider.",
            ),
            Self::LocationAway(..) | Self::BadLocation(_) => Text::new(
                "提供者コネクタのURLを確認できません。",
                "The provider's connector cannot be found.",
            ),
            Self::Provider(error) if error.is_timeout() => Text::new(
                "提供者コネクタの応答が時間内にありません。",
                "The provider connector did not answer in time.",
            ),
            Self::Provider(_) | Self::ProviderAnswer(_) => Text::new(
                "提供者コネクタから取得できません。",
                "The provider connector gave no usable answer.",
            ),
            Self::Refused(refusal) => Text::of(
                format!("提供者コネクタがエラーを返しました。{}", refusal.detail),
                format!(
                    "The provider connector answered with an error. {}",
                    refusal.detail
                ),
            ),
            Self::NotListed => Text::new(
                "このURLは直接取得の対象として登録されていません。",
                "This URL is not listed for fetching without a provider connector.",
            ),
            Self::Address(_) => Text::new(
                "このURLのアドレスには接続できません。",
                "The address of this URL may not be connected to.",
            ),
            Self::Source(error) if error.is_timeout() => Text::new(
                "データ提供元の応答が時間内にありません。",
                "The data source did not answer in time.",
            ),
            Self::Source(_) => Text::new(
                "データ提供元から取得できません。",
                "The data source gave no usable answer.",
            ),
            Self::SourceStatus(StatusCode::NOT_FOUND) => Text::new(
                "データ提供元にリソースがありません。",
                "The data source has no such resource.",
            ),
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => Text::new(
                "データ提供元の認証が必要です。",
                "The data source wants credentials.",
            ),
            Self::SourceStatus(_) | Self::SourceAnswer(_) => Text::new(
                "データ提供元がエラーを返しました。",
                "The data source answered with an error.",
            ),
            Self::NoUser => Text::new(
                "来歴を登録するために認証トークンが必要です。",
                "Recording the exchange needs an authentication token.",
            ),
            Self::ForeignLedger(_) => Text::new(
                "来歴管理サービスに登録できません。",
                "The provider's ledger did not take the record.",
            ),
            Self::Record(error) if error.is_permanent() => {
                Text::new("来歴を記録できません。", "The exchange cannot be recorded.")
            }
            Self::Record(_) => Text::new(
                "来歴を記録できません。しばらくしてからやり直してください。",
                "The exchange cannot be recorded. Please try again later.",
            ),
        }
    }

    /// The answer to the application.
    pub fn into_response(self) -> Response {
        let (status, message_id) = self.code();
        let error = ConnectorError::new(status, message_id, self.text());
        let error = error.wants_token(self.wants_token());
        let error = match self.retry_after() {
            Some(seconds) => error.retry_after(seconds),
            None => error,
        };
        let mut response = error.into_response();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }

    /// The reason in full, under the request's id. Refusals are part of the day, failures are not.
    pub(super) fn log(&self) {
        let request_id = common::http::context::request_id();
        let reason = common::telemetry::Chain(self);
        if self.code().0.is_server_error() {
            tracing::warn!(request.id = %request_id, error = %reason, "exchange failed");
        } else {
            tracing::info!(request.id = %request_id, reason = %reason, "exchange refused");
        }
    }
}
