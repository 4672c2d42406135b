//! Refusals that are the same everywhere.

use super::{Refused, body_error::BodyError};
use crate::refusals;

/// What a client is asked for whose token is missing or does not count (RFC 6750 §3).
pub const BEARER: &str = "Bearer";

refusals! {
    /// What any of our listeners may answer.
    pub static TABLE;

    NO_SUCH_PATH: 404 "no-such-path"
        .advice("Look at the listener: `peer` and `public` serve different ones."),
        "このパスは提供していません。",
        "The listener serves no such path.";
    METHOD_NOT_ALLOWED: 405 "method-not-allowed"
        .advice("See `Allow`, or `/openapi.json`."),
        "このメソッドは使えません。",
        "The path does not answer that method.";
    HEADERS_TOO_LARGE: 431 "headers-too-large"
        .advice("Send less; `limits.header_size` is the bound."),
        "リクエストヘッダーが大きすぎます。",
        "The request's head is longer than the listener reads.";
    AMBIGUOUS_REQUEST: 400 "ambiguous-request"
        .advice("HTTP/1.1 without `Host`, a `Host` that is no host and port, two of them, one that differs from `:authority`, or two `Authorization`: send each once."),
        "リクエストを一意に解釈できません: {}",
        "The request can be read in more than one way: {}";
    TOO_MANY_CONNECTIONS: 503 "too-many-connections"
        .advice("Keep and reuse connections; come again after `Retry-After`. `limits.connections` and `limits.connections_per_client` are the bounds."),
        "接続が多すぎます。",
        "The listener, or this caller, has as many connections as it may.";
    PATH_NOT_TEXT: 400 "path-not-text"
        .advice("Encode it as UTF-8."),
        "パスが UTF-8 ではありません。",
        "A percent-encoded part of the path is not UTF-8.";
    PARAMETER_DOES_NOT_FIT: 400 "parameter-does-not-fit"
        .advice("`errors`, or `detail`, names it."),
        "パラメータが正しくありません。",
        "A parameter is unknown, there twice, or out of its range.";
    CURSOR_UNKNOWN: 400 "cursor-unknown"
        .advice("Begin the list anew."),
        "カーソルがこの一覧のものではありません。",
        "The cursor is none that a list has answered.";
    NOT_JSON: 415 "not-json"
        .advice("Send `Content-Type: application/json`, without a coding."),
        "リクエストボディは application/json でなければなりません。",
        "The body must be application/json.";
    BODY_NOT_JSON: 400 "body-not-json"
        .advice("`line` and `column` say where."),
        "リクエストボディが JSON ではありません。",
        "The body is no JSON.";
    BODY_DOES_NOT_FIT: 422 "body-does-not-fit"
        .advice("`line` and `column` say where; see `/openapi.json`."),
        "リクエストボディの形式が正しくありません。",
        "The body is JSON, but not of the form described.";
    BODY_TOO_LARGE: 413 "body-too-large"
        .advice("Send less; `max_bytes` is the bound."),
        "リクエストボディが {} バイトを超えています。",
        "The body is longer than {} bytes.";
    BODY_BROKEN: 400 "body-broken"
        .advice("Repeat the request."),
        "リクエストボディを最後まで受信できませんでした。",
        "The body did not arrive whole.";
    BODY_SLOW: 408 "body-slow"
        .advice("Repeat the request."),
        "リクエストボディの受信が時間内に終わりませんでした。",
        "The body did not arrive in time.";
    NO_IDENTITY: 403 "certificate-without-identity"
        .advice("Enrol the process anew, record the certificate (`POST /v1/connectors/{id}/certificates`) or pin it (`tls.pinned`)."),
        "クライアント証明書から接続元を特定できません。",
        "The client certificate names nobody, or several, or somebody whom its authority may not vouch for, and is neither pinned nor recorded.";
    NOT_REGISTERED: 403 "certificate-not-registered"
        .advice("Ask the operator. An outbox keeps its records meanwhile."),
        "クライアント証明書の接続元は登録されていないか、停止中です。",
        "Whom the client certificate names is not registered, or suspended.";
    TOKEN_MISSING: 401 "token-missing".asks(BEARER)
        .advice("Send one."),
        "アクセストークンが必要です。",
        "There is no bearer token.";
    TOKEN_REFUSED: 401 "token-refused".asks(BEARER)
        .advice("Sign in again."),
        "アクセストークンが有効ではありません。",
        "The access token is not valid.";
    TOKEN_ELSEWHERE: 403 "token-elsewhere"
        .advice("Sign in through a management client that manages it, such as `operator`."),
        "このサーバの管理用のアクセストークンが必要です。",
        "The token is good, but not for managing this server.";
    ROLE_MISSING: 403 "role-missing"
        .advice("Sign in through a management client as a person who has it; other tokens carry no roles."),
        "この操作に必要な権限がありません。",
        "The token's user lacks the role.";
    DATABASE_AWAY: 503 "database-unavailable".retry(5)
        .advice("Nothing was changed: repeat after `Retry-After`; the operator looks at `/readyz`."),
        "サーバのデータベースを利用できません。しばらくしてから再度お試しください。",
        "The database is away, locked or full. Please try again in a moment.";
    UNAVAILABLE: 503 "unavailable".retry(5)
        .advice("Repeat after `Retry-After`; the operator looks at `/readyz`."),
        "一時的に処理できません。しばらくしてから再度お試しください。",
        "Something that the answer depends on is away. Please try again in a moment.";
    BUSY: 503 "busy".retry(5)
        .advice("Repeat after `Retry-After`."),
        "現在受け付けられる数を超えています。",
        "Too much of the same is under way.";
    INTERNAL: 500 "internal".alarming()
        .advice("Give the operator the request's id: the log has the cause under it."),
        "サーバ内部で処理に失敗しました。リクエストの ID を添えて運用者にお問い合わせください。",
        "The request failed here; the operator finds the cause by the request's id.";
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { max } => BODY_TOO_LARGE.naming(max),
            BodyError::Broken(_) => (&BODY_BROKEN).into(),
            BodyError::Slow => (&BODY_SLOW).into(),
            BodyError::Busy => (&BUSY).into(),
        }
    }
}
