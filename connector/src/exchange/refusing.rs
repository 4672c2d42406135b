//! What both connectors say when they refuse: requests that cannot be read, texts, the form of the answer.
//!
//! Texts are our own, in Japanese and English.

use axum::response::{IntoResponse as _, Response};
use common::http::Text;
use common::http::cadde::ConnectorError;
use http::{HeaderName, HeaderValue, StatusCode, header};
use provenance_outbox::OutboxError;

use super::body::RecordError;
use super::options::OptionsError;
use crate::upstream::{MAX_URL_BYTES, UrlError};

/// What to wait before asking again while something is out of reach, in seconds.
const RETRY_AFTER: u64 = 5;

pub const METHOD: Text = Text::new(
    "このメソッドは使えません。",
    "This method is not allowed here.",
);
pub const BUSY: Text = Text::new(
    "同時に処理できる数を超えています。しばらくしてからやり直してください。",
    "Too many exchanges are under way. Please try again later.",
);
pub const AUTH_AWAY: Text = Text::new(
    "認証サーバに確認できません。しばらくしてからやり直してください。",
    "The authentication server cannot be asked. Please try again later.",
);
pub const BAD_TOKEN: Text = Text::new(
    "認証トークンが無効です。",
    "The authentication token is not valid.",
);
pub const SOURCE_LATE: Text = Text::new(
    "データ提供元の応答が時間内にありません。",
    "The data source did not answer in time.",
);
pub const SOURCE_BROKEN: Text = Text::new(
    "データ提供元から取得できません。",
    "The data source gave no usable answer.",
);
pub const SOURCE_ENDLESS: Text = Text::new(
    "データ提供元の応答は、全体が届いたことを確認できない形式です。",
    "The data source's answer does not show where it ends, so it cannot be told to be whole.",
);
pub const SOURCE_WITHOUT: Text = Text::new(
    "データ提供元にリソースがありません。",
    "The data source has no such resource.",
);
pub const SOURCE_ERROR: Text = Text::new(
    "データ提供元がエラーを返しました。",
    "The data source answered with an error.",
);

/// What is wrong with a request for a file, whichever connector reads it.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A header is missing.
    #[error("the header {0} is missing")]
    Missing(HeaderName),
    /// A header is there twice.
    #[error("the header {0} is there twice")]
    Repeated(HeaderName),
    /// A header is not text.
    #[error("the header {0} is not printable ASCII")]
    NotText(HeaderName),
    /// The resource URL is not usable.
    #[error("the resource URL is refused")]
    Url(#[source] UrlError),
    /// `x-cadde-options` cannot be read, or names what may not reach the source.
    #[error("the options are refused")]
    Options(#[source] OptionsError),
}

impl RequestError {
    /// What the caller is told.
    pub fn text(&self) -> Text {
        match self {
            Self::Missing(name) => Text::of(
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
            Self::Url(error) => Text::of(
                format!(
                    "リソースURLを受け付けられません（{}）。",
                    url_reason(*error)
                ),
                format!("The resource URL is refused: {error}."),
            ),
            Self::Options(error) => Text::of(
                format!(
                    "x-cadde-options を受け付けられません（{}）。",
                    options_reason(error)
                ),
                format!("x-cadde-options is refused: {error}."),
            ),
        }
    }
}

fn url_reason(error: UrlError) -> String {
    match error {
        UrlError::Empty => "空です".to_owned(),
        UrlError::TooLong => format!("{MAX_URL_BYTES} バイトを超えています"),
        UrlError::Character => "パーセントエンコードが必要な文字があります".to_owned(),
        UrlError::Scheme => "http でも https でもありません".to_owned(),
        UrlError::Host => "ホスト名が使えません".to_owned(),
        UrlError::UserInfo => "ユーザ名またはパスワードが含まれています".to_owned(),
        UrlError::Fragment => "フラグメントが含まれています".to_owned(),
        UrlError::Path => "パスが一意に解釈できません".to_owned(),
        UrlError::Query => "クエリが含まれています".to_owned(),
    }
}

fn options_reason(error: &OptionsError) -> String {
    match error {
        OptionsError::Form(item) => format!("{item:?} が name:value の形式ではありません"),
        OptionsError::Field(item) => format!("{item:?} はヘッダーにできません"),
        OptionsError::NotAllowed(name) => format!("{name} はここでは指定できません"),
    }
}

/// What a caller whose exchange could not be recorded is told.
pub fn not_recorded(error: &RecordError) -> Text {
    if error.is_permanent() {
        Text::new("来歴を記録できません。", "The exchange cannot be recorded.")
    } else {
        Text::new(
            "来歴を記録できません。しばらくしてからやり直してください。",
            "The exchange cannot be recorded. Please try again later.",
        )
    }
}

/// Status of an exchange that could not be recorded.
pub fn not_recorded_status(error: &RecordError) -> StatusCode {
    if error.is_permanent() {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// When to try again, in seconds, if that may help: where `status` says so; later where the outbox is full.
pub fn retry_after(status: StatusCode, record: Option<&RecordError>) -> Option<u64> {
    if let Some(RecordError::Outbox(OutboxError::Full(_))) = record {
        return Some(OutboxError::RETRY_AFTER.as_secs());
    }
    (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER)
}

/// The answer `error`.
pub fn respond(error: ConnectorError, retry_after: Option<u64>) -> Response {
    let status = error.status;
    let error = match retry_after {
        Some(seconds) => error.retry_after(seconds),
        None => error,
    };
    let mut response = error.into_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// Logs the reason in full, under the request's id. Refusals are part of the day, failures are not.
pub fn log(error: &(dyn std::error::Error + 'static), status: StatusCode) {
    let request_id = common::http::context::request_id();
    let reason = common::telemetry::Chain(error);
    if status.is_server_error() {
        tracing::warn!(request.id = %request_id, error = %reason, "exchange failed");
    } else {
        tracing::info!(request.id = %request_id, reason = %reason, "exchange refused");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_in_one_language() {
        let name = HeaderName::from_static("host");
        let errors = [
            RequestError::Url(UrlError::UserInfo),
            RequestError::Url(UrlError::TooLong),
            RequestError::Url(UrlError::Path),
            RequestError::Options(OptionsError::NotAllowed(name)),
            RequestError::Options(OptionsError::Form("x".to_owned())),
        ];
        for error in errors {
            let text = error.text();
            assert!(
                !text.ja.contains("the ") && !text.ja.contains("not "),
                "{}",
                text.ja
            );
            assert!(text.en.is_ascii(), "{}", text.en);
        }
    }
}
