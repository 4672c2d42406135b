//! Why the receiver connector refuses an exchange, and what the application is told.
//!
//! Message ids are those of CADDE 4.0 (message list of the detailed design); where it has none, the function number is
//! 90. Texts are our own.

use std::net::IpAddr;

use auth_client::{CallerError, TokenError};
use axum::response::Response;
use common::http::Text;
use common::http::cadde::ConnectorError;
use common::ids::{ConnectorId, UserId};
use http::StatusCode;

use super::refusal::Refusal;
use crate::exchange::{RecordError, RequestError, refusing};
use crate::upstream::{DialError, FollowError, UpstreamError, UrlError};

/// Why an exchange is refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The request cannot be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Another method than `GET`.
    #[error("the method is not GET")]
    Method,
    /// The way of offering is not known here.
    #[error("the resource API type {0:?} is not known")]
    ApiType(String),
    /// `x-cadde-provider` is no user ID.
    #[error("the provider is no CADDE user ID")]
    ProviderId,
    /// Too many exchanges at a time.
    #[error("too many exchanges at a time")]
    Busy,
    /// The token is refused or cannot be checked.
    #[error("the token is refused")]
    Token(#[source] TokenError),
    /// The user is not one of those whom this connector serves.
    #[error("{0} is no user of this connector's participant")]
    OtherUser(UserId),
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
    /// The provider connector coded the content, unasked.
    #[error("the provider connector coded the content as {0:?}")]
    ProviderCoding(String),
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

impl From<CallerError> for FileError {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::NotRegistered(id) | CallerError::Suspended(id) => Self::NotRegistered(id),
            CallerError::Token(error) => Self::Token(error),
            CallerError::Registry(error) => Self::Registry(error.to_string()),
        }
    }
}

impl From<FollowError> for FileError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Upstream(UpstreamError::Dial {
                source: DialError::AddressRefused(address),
                ..
            }) => Self::Address(address),
            FollowError::Upstream(error) => Self::Source(error),
            FollowError::Status(status) => Self::SourceStatus(status),
            FollowError::Coded(_) => Self::SourceAnswer("its content is coded"),
            FollowError::Redirect => Self::SourceAnswer("it redirected off the list"),
        }
    }
}

fn request_id(error: &RequestError) -> &'static str {
    match error {
        RequestError::Missing(_) | RequestError::Repeated(_) | RequestError::NotText(_) => {
            "020090001E"
        }
        RequestError::Url(UrlError::Empty) => "000201002E",
        RequestError::Url(_) => "000201003E",
        RequestError::Options(_) => "020004004E",
    }
}

impl FileError {
    /// Status and message id.
    pub fn code(&self) -> (StatusCode, &'static str) {
        const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::Request(error) => (StatusCode::BAD_REQUEST, request_id(error)),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "020090002E"),
            Self::ApiType(_) => (StatusCode::BAD_REQUEST, "020004001E"),
            Self::ProviderId => (StatusCode::BAD_REQUEST, "020090003E"),
            Self::Busy => (UNAVAILABLE, "020090006E"),
            Self::Token(TokenError::Unavailable(_)) | Self::Registry(_) => {
                (UNAVAILABLE, "020004002E")
            }
            Self::Token(_) => (StatusCode::UNAUTHORIZED, "020004002E"),
            Self::OtherUser(_) => (StatusCode::FORBIDDEN, "020090008E"),
            Self::NotRegistered(_) => (INTERNAL, "020090007E"),
            Self::NoLocation(_) | Self::LocationAway(..) | Self::BadLocation(_) => {
                (INTERNAL, "020004003E")
            }
            Self::Provider(error) if error.is_timeout() => {
                (StatusCode::REQUEST_TIMEOUT, "020004005E")
            }
            Self::Provider(error) if error.is_framing() => (StatusCode::BAD_GATEWAY, "020004005E"),
            Self::Provider(_) | Self::ProviderCoding(_) => (INTERNAL, "020004005E"),
            Self::Refused(refusal) => (refusal.status, "020004005E"),
            Self::NotListed => (StatusCode::FORBIDDEN, "020090004E"),
            Self::Address(_) => (StatusCode::FORBIDDEN, "020090005E"),
            Self::Source(error) if error.is_timeout() => {
                (StatusCode::REQUEST_TIMEOUT, "000001001E")
            }
            Self::Source(error) if error.is_framing() => (StatusCode::BAD_GATEWAY, "000001002E"),
            Self::Source(_) => (INTERNAL, "000001002E"),
            Self::SourceStatus(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, "000201006E"),
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => {
                (StatusCode::UNAUTHORIZED, "000201007E")
            }
            Self::SourceStatus(_) | Self::SourceAnswer(_) => (INTERNAL, "000201008E"),
            Self::NoUser => (INTERNAL, "020004008E"),
            Self::ForeignLedger(_) => (INTERNAL, "020004009E"),
            Self::Record(error) => (refusing::not_recorded_status(error), "020004009E"),
        }
    }

    fn wants_token(&self) -> bool {
        match self {
            Self::Token(_) => self.code().0 == StatusCode::UNAUTHORIZED,
            Self::Refused(refusal) => refusal.wants_token,
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Record(error) => refusing::retry_after(self.code().0, Some(error)),
            _ => refusing::retry_after(self.code().0, None),
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Request(error) => error.text(),
            Self::Method => refusing::METHOD,
            Self::ApiType(_) => Text::new(
                "このリソース提供手段識別子には対応していません。",
                "This resource API type is not known here.",
            ),
            Self::ProviderId => Text::new(
                "x-cadde-provider がCADDEユーザIDの形式ではありません。",
                "x-cadde-provider is not a CADDE user ID.",
            ),
            Self::Busy => refusing::BUSY,
            Self::Token(TokenError::Unavailable(_)) | Self::Registry(_) => refusing::AUTH_AWAY,
            Self::Token(TokenError::WrongAudience) => Text::new(
                "この認証トークンは別の用途のものなので、ここでは使えません。",
                "This token is meant for something else and cannot be used here.",
            ),
            Self::Token(_) => refusing::BAD_TOKEN,
            Self::OtherUser(_) => Text::new(
                "このコネクタは自組織の利用者だけが使えます。",
                "This connector is for the users of its own participant.",
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
            Self::Provider(_) | Self::ProviderCoding(_) => Text::new(
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
            Self::Source(error) if error.is_timeout() => refusing::SOURCE_LATE,
            Self::Source(error) if error.is_framing() => refusing::SOURCE_ENDLESS,
            Self::Source(_) => refusing::SOURCE_BROKEN,
            Self::SourceStatus(StatusCode::NOT_FOUND) => refusing::SOURCE_WITHOUT,
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => Text::new(
                "データ提供元の認証が必要です。",
                "The data source wants credentials.",
            ),
            Self::SourceStatus(_) | Self::SourceAnswer(_) => refusing::SOURCE_ERROR,
            Self::NoUser => Text::new(
                "来歴を登録するために認証トークンが必要です。",
                "Recording the exchange needs an authentication token.",
            ),
            Self::ForeignLedger(_) => Text::new(
                "来歴管理サービスに登録できません。",
                "The provider's ledger did not take the record.",
            ),
            Self::Record(error) => refusing::not_recorded(error),
        }
    }

    /// The answer to the application.
    pub fn into_response(self) -> Response {
        let (status, message_id) = self.code();
        let error = ConnectorError::new(status, message_id, self.text());
        refusing::respond(error.wants_token(self.wants_token()), self.retry_after())
    }
}
