//! Every way in which the grant API refuses.

use auth_client::{CallerError, TokenError};
use axum::response::{IntoResponse, Response};
use common::{
    http::{
        Refusal, Refused,
        body::BodyError,
        cadde::{ValidationError, message_and_detail},
    },
    refusals,
};

use super::store::StoreError;

/// When something that is out of reach is worth another try, in seconds.
const SOON: u64 = 5;

refusals! {
    /// What a provider connector answers on `/cadde/api/v4/authorization`, besides 422.
    pub static TABLE;

    METHOD: 405 "method-not-allowed".id("010490009E"),
        "このメソッドは使えません。",
        "This method is not allowed here.";
    NOT_REGISTERED: 403 "certificate-not-registered".id("010490010E"),
        "この証明書の持ち主は登録されていないか、停止されています。",
        "The holder of this certificate is not registered, or suspended.";
    TOKEN_REFUSED: 403 "token-refused".id("010490001E"),
        "トークンが無効です。",
        "The token is not valid.";
    TOKEN_ELSEWHERE: 403 "token-elsewhere".id("010490001E"),
        "このコネクタの管理用の認証トークンが必要です。",
        "This takes a token for managing this connector.";
    NOT_ENTITLED: 403 "not-entitled".id("010490002E"),
        "この提供者の認可を扱う権限がありません。",
        "The user may not handle the grants of this provider.";
    OTHER_ASSIGNER: 404 "assigner-elsewhere".id("010490003E"),
        "assigner の提供者の認可はここにはありません。",
        "The assigner's grants are not kept here.";
    NOBODY: 400 "grant-to-nobody".id("010490004E"),
        "user、org、aal のいずれかを指定してください。",
        "At least one of user, org and aal is required.";
    LEVEL: 400 "assurance-level-unknown".id("010490005E"),
        "aal は 1 から 3 で指定してください。",
        "The assurance level is 1 to 3.";
    NO_SUCH_GRANT: 404 "grant-unknown".id("010490006E"),
        "該当する認可がありません。",
        "There is no such grant.";
    AUTH_AWAY: 503 "auth-unavailable".id("010490007E").retry(SOON),
        "ただいま確認できません。しばらくしてからやり直してください。",
        "This cannot be checked at the moment. Please try again later.";
    DATABASE_AWAY: 503 "database-unavailable".id("010490008E").retry(SOON).alarming(),
        "ただいま確認できません。しばらくしてからやり直してください。",
        "This cannot be checked at the moment. Please try again later.";
}

/// Why a request on grants is refused.
#[derive(Debug)]
pub(super) enum GrantError {
    /// A row of the table.
    Refused(Refused),
    /// It does not fit the schema: 422.
    Schema(ValidationError),
}

impl GrantError {
    /// What is wrong at `location`.
    pub fn at(location: &[&str], message: &str, kind: &str) -> Self {
        Self::Schema(ValidationError::new(location, message, kind))
    }
}

impl IntoResponse for GrantError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => message_and_detail(&refused),
            Self::Schema(error) => error.into_response(),
        }
    }
}

impl From<Refused> for GrantError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<&'static Refusal> for GrantError {
    fn from(refusal: &'static Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<BodyError> for GrantError {
    fn from(error: BodyError) -> Self {
        Self::at(&["body"], &error.to_string(), "value_error.body")
    }
}

impl From<StoreError> for GrantError {
    fn from(error: StoreError) -> Self {
        DATABASE_AWAY.because(error).into()
    }
}

impl From<CallerError> for GrantError {
    fn from(error: CallerError) -> Self {
        let refusal = match error {
            _ if error.is_unavailable() => &AUTH_AWAY,
            CallerError::NotRegistered(_) | CallerError::Suspended(_) => &NOT_REGISTERED,
            CallerError::Token(TokenError::WrongAudience) => &TOKEN_ELSEWHERE,
            CallerError::Token(_) | CallerError::Registry(_) => &TOKEN_REFUSED,
        };
        refusal.because(error).into()
    }
}
