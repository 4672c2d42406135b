//! Why the provider connector refuses an exchange, and what the receiver is told.
//!
//! Message ids are those of CADDE 4.0 (message list of the detailed design); where it has none, the function number is
//! 90. Texts are our own.

use auth_client::{CallerError, ConnectorRole, TokenError};
use axum::response::Response;
use common::http::Text;
use common::http::cadde::ConnectorError;
use common::ids::{ConnectorId, UserId};
use http::StatusCode;

use crate::exchange::{OptionsError, RecordError, RequestError, refusing};
use crate::upstream::{BodyError, FollowError, UpstreamError, UrlError};

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
    #[error("the resource API type {0:?} is not offered")]
    ApiType(String),
    /// The certificate names no connector.
    #[error("the client certificate names no single connector")]
    NoIdentity,
    /// The connector is not registered, suspended, or no receiver.
    #[error("{0} is no active receiver connector")]
    NotRegistered(ConnectorId),
    /// This connector may not act itself.
    #[error("{0}, this connector, is not registered or suspended")]
    Suspended(ConnectorId),
    /// This connector is registered for another provider than it offers data of: the ledger would take none of its records.
    #[error(
        "this connector is registered as {role:?} connector of {user}, not for the provider of its configuration (provider_id)"
    )]
    OfAnother {
        /// What it is registered as.
        role: ConnectorRole,
        /// For whom.
        user: UserId,
    },
    /// The registration could not be looked up.
    #[error("the registration of the connector cannot be looked up: {0}")]
    Registry(String),
    /// The resource lies in no data source.
    #[error("the resource lies in no data source")]
    NoSource,
    /// Too many exchanges at a time.
    #[error("too many exchanges at a time")]
    Busy,
    /// `Authorization` is of another scheme than `Bearer`.
    #[error("the Authorization header is not a bearer token")]
    NotBearer,
    /// The token is refused or cannot be checked.
    #[error("the token is refused")]
    Token(#[source] TokenError),
    /// A grant is required, so a token is.
    #[error("a grant is required and no token was sent")]
    NoToken,
    /// Nobody was ever granted the resource.
    #[error("nobody has a grant on the resource")]
    NothingGranted,
    /// No grant matches.
    #[error("no grant on the resource matches the user")]
    NotGranted,
    /// The grants cannot be read.
    #[error("the grants are out of reach")]
    GrantsOutOfReach,
    /// The grant has no contract or one without a trade ID.
    #[error("a contract is required and the grant has no trade ID")]
    NoTrade,
    /// The contract has no address of its service.
    #[error("a contract is required and the grant has no address of a contract management service")]
    NoContractUrl,
    /// The creation of the resource is not known.
    #[error("the event of the resource's creation is not known")]
    NoCreation,
    /// Data of this source is for known users alone.
    #[error("the exchange is to be recorded with a user and no token was sent")]
    NoUser,
    /// The record could not be written.
    #[error("the exchange could not be recorded")]
    Record(#[from] RecordError),
    /// The ledger has to acknowledge this exchange and is out of reach.
    #[error("the ledger is out of reach: {0}")]
    LedgerAway(String),
    /// The data source gave no answer.
    #[error("the data source gave no answer")]
    Source(#[from] UpstreamError),
    /// The data source answered with another status than 200.
    #[error("the data source answered {0}")]
    SourceStatus(StatusCode),
    /// The data source coded the content, unasked.
    #[error("the data source coded the content as {0:?}")]
    SourceCoding(String),
    /// The data source led somewhere else.
    #[error("the data source redirected out of itself")]
    Redirect,
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

impl From<BodyError> for FileError {
    fn from(error: BodyError) -> Self {
        Self::Source(UpstreamError::Body(error))
    }
}

impl From<FollowError> for FileError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Upstream(error) => Self::Source(error),
            FollowError::Status(status) => Self::SourceStatus(status),
            FollowError::Coded(coding) => Self::SourceCoding(coding),
            FollowError::Redirect => Self::Redirect,
        }
    }
}

fn request_id(error: &RequestError) -> &'static str {
    match error {
        RequestError::Missing(_) | RequestError::Repeated(_) | RequestError::NotText(_) => {
            "010090001E"
        }
        RequestError::Url(UrlError::Empty) => "000201002E",
        RequestError::Url(_) => "000201003E",
        RequestError::Options(OptionsError::NotAllowed(_)) => "010090003E",
        RequestError::Options(_) => "010002002E",
    }
}

impl FileError {
    /// Status and message id.
    pub fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Request(error) => (StatusCode::BAD_REQUEST, request_id(error)),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "010090002E"),
            Self::ApiType(_) => (StatusCode::BAD_REQUEST, "010002003E"),
            Self::NoIdentity | Self::NotRegistered(_) => (StatusCode::FORBIDDEN, "010090004E"),
            Self::Suspended(_) => (StatusCode::FORBIDDEN, "010090007E"),
            Self::OfAnother { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "010090008E"),
            Self::Registry(_) | Self::Token(TokenError::Unavailable(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, "010002004E")
            }
            Self::NoSource => (StatusCode::NOT_FOUND, "010090005E"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "010090006E"),
            Self::NotBearer => (StatusCode::BAD_REQUEST, "010401002E"),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, "010002004E"),
            Self::NoToken => (StatusCode::UNAUTHORIZED, "010002005E"),
            Self::NothingGranted => (StatusCode::NOT_FOUND, "010002006E"),
            Self::NotGranted => (StatusCode::FORBIDDEN, "010002006E"),
            Self::GrantsOutOfReach => (StatusCode::SERVICE_UNAVAILABLE, "010002006E"),
            Self::NoTrade => (StatusCode::INTERNAL_SERVER_ERROR, "010002007E"),
            Self::NoContractUrl => (StatusCode::INTERNAL_SERVER_ERROR, "010002008E"),
            Self::NoCreation => (StatusCode::INTERNAL_SERVER_ERROR, "010002010E"),
            Self::NoUser => (StatusCode::UNAUTHORIZED, "010002011E"),
            Self::Record(error) => (refusing::not_recorded_status(error), "010002012E"),
            Self::LedgerAway(_) => (StatusCode::SERVICE_UNAVAILABLE, "010002012E"),
            Self::Source(error) if error.is_timeout() => {
                (StatusCode::REQUEST_TIMEOUT, "000001001E")
            }
            Self::Source(error) if error.is_framing() => (StatusCode::BAD_GATEWAY, "000001002E"),
            Self::Source(_) => (StatusCode::INTERNAL_SERVER_ERROR, "000001002E"),
            Self::SourceStatus(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, "000201006E"),
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => {
                (StatusCode::UNAUTHORIZED, "000201007E")
            }
            Self::SourceStatus(_) | Self::SourceCoding(_) | Self::Redirect => {
                (StatusCode::INTERNAL_SERVER_ERROR, "000201008E")
            }
        }
    }

    fn wants_token(&self) -> bool {
        matches!(self, Self::Token(_) | Self::NoToken | Self::NoUser)
            && self.code().0 == StatusCode::UNAUTHORIZED
    }

    fn text(&self) -> Text {
        match self {
            Self::Request(error) => error.text(),
            Self::Method => refusing::METHOD,
            Self::ApiType(_) => Text::new(
                "このリソース提供手段識別子には対応していません。",
                "This resource API type is not offered here.",
            ),
            Self::NoIdentity => Text::new(
                "クライアント証明書からコネクタIDを特定できません。",
                "The client certificate names no single connector.",
            ),
            Self::NotRegistered(id) => Text::of(
                format!("コネクタ {id} は有効な利用者コネクタとして登録されていません。"),
                format!("The connector {id} is not registered as an active receiver connector."),
            ),
            Self::Suspended(id) => Text::of(
                format!(
                    "この提供者コネクタ（{id}）は認証サーバに登録されていないか、停止されています。"
                ),
                format!(
                    "This provider's connector, {id}, is not registered with the authentication server, or suspended."
                ),
            ),
            Self::OfAnother { .. } => Text::new(
                "この提供者コネクタの登録と設定が一致しません。",
                "This provider's connector is not registered for the provider that it is set up for.",
            ),
            Self::Registry(_) | Self::Token(TokenError::Unavailable(_)) => refusing::AUTH_AWAY,
            Self::NoSource => Text::new(
                "このリソースはここでは提供していません。",
                "This resource is not offered here.",
            ),
            Self::Busy => refusing::BUSY,
            Self::NotBearer => Text::new(
                "Authorization ヘッダーが Bearer 形式ではありません。",
                "The Authorization header is not a bearer token.",
            ),
            Self::Token(_) => refusing::BAD_TOKEN,
            Self::NoToken => Text::new(
                "このリソースの取得には認証トークンが必要です。",
                "This resource needs an authentication token.",
            ),
            Self::NothingGranted => Text::new(
                "このリソースには認可が登録されていません。",
                "No grant is registered for this resource.",
            ),
            Self::NotGranted => Text::new(
                "このリソースを取得する権限がありません。",
                "The user has no grant on this resource.",
            ),
            Self::GrantsOutOfReach => Text::new(
                "認可を確認できません。しばらくしてからやり直してください。",
                "The grants cannot be checked. Please try again later.",
            ),
            Self::NoTrade => Text::new(
                "契約が必要ですが、認可に取引IDがありません。",
                "A contract is required, and the grant has no trade ID.",
            ),
            Self::NoContractUrl => Text::new(
                "契約が必要ですが、認可に契約管理サービスURLがありません。",
                "A contract is required, and the grant has no address of a contract management service.",
            ),
            Self::NoCreation => Text::new(
                "交換実績記録用リソースIDが登録されていません。",
                "The resource has no resource ID for provenance.",
            ),
            Self::NoUser => Text::new(
                "来歴を記録するために認証トークンが必要です。",
                "Recording the exchange needs an authentication token.",
            ),
            Self::Record(error) => refusing::not_recorded(error),
            Self::LedgerAway(_) => Text::new(
                "来歴管理サービスに登録できません。しばらくしてからやり直してください。",
                "The ledger is out of reach. Please try again later.",
            ),
            Self::Source(error) if error.is_timeout() => refusing::SOURCE_LATE,
            Self::Source(error) if error.is_framing() => refusing::SOURCE_ENDLESS,
            Self::Source(_) => refusing::SOURCE_BROKEN,
            Self::SourceStatus(StatusCode::NOT_FOUND) => refusing::SOURCE_WITHOUT,
            Self::SourceStatus(StatusCode::UNAUTHORIZED) => Text::new(
                "データ提供元の認証に失敗しました。",
                "The data source refused the connector's credentials.",
            ),
            Self::SourceStatus(_) | Self::SourceCoding(_) | Self::Redirect => {
                refusing::SOURCE_ERROR
            }
        }
    }

    /// The answer to the receiver.
    pub fn into_response(self) -> Response {
        let (status, message_id) = self.code();
        let error = ConnectorError::new(status, message_id, self.text());
        let record = match &self {
            Self::Record(error) => Some(error),
            _ => None,
        };
        refusing::respond(
            error.wants_token(self.wants_token()),
            refusing::retry_after(status, record),
        )
    }
}
