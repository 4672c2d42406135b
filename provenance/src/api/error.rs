//! Errors of the ledger's wire paths. Existing clients look at the status alone, people at the text.

use common::http::{Text, cadde::LedgerError};
use http::StatusCode;
use provenance_model::event::EventError;

use crate::{
    config::AuthStatus,
    domain::{
        access::AuthorityError, sequencer::SubmitError, store::ReadError, submission::Refused,
    },
};

/// 5 s: when a queue that was full, or a database that was locked, is worth another try.
const SOON: u64 = 5;
/// 30 s: when an authentication server that was away may be back.
const LATER: u64 = 30;
/// 5 min: when somebody may have made room on a disk.
const MUCH_LATER: u64 = 300;

pub(super) fn error(status: StatusCode, kind: &'static str, text: Text) -> LedgerError {
    LedgerError {
        message_id: Some(kind.into()),
        ..LedgerError::new(status, text)
    }
}

fn unavailable(kind: &'static str, text: Text, retry_after: u64) -> LedgerError {
    LedgerError {
        retry_after: Some(retry_after),
        ..error(StatusCode::SERVICE_UNAVAILABLE, kind, text)
    }
}

/// The caller has registered more than its share lately.
pub(super) fn too_many_writes(retry_after: u64) -> LedgerError {
    let text = Text::new(
        "登録が多すぎます。しばらくしてからもう一度お試しください。",
        "Too much was registered lately. Try again in a moment.",
    );
    LedgerError {
        retry_after: Some(retry_after),
        ..error(StatusCode::TOO_MANY_REQUESTS, "too-many-writes", text)
    }
}

/// Others have all there is.
pub(super) fn busy() -> LedgerError {
    submit(&SubmitError::Busy)
}

/// Something of the request is wrong; `detail` says what, in English.
pub(super) fn bad_request(kind: &'static str, detail: &str) -> LedgerError {
    let text = Text::of(
        format!("リクエストが正しくありません: {detail}"),
        format!("The request is not valid: {detail}"),
    );
    error(StatusCode::BAD_REQUEST, kind, text)
}

pub(super) fn invalid_event(error: &EventError) -> LedgerError {
    bad_request("invalid-event", &error.0)
}

pub(super) fn token_missing(status: AuthStatus) -> LedgerError {
    let code = match status {
        AuthStatus::Strict => StatusCode::UNAUTHORIZED,
        AuthStatus::Reference => StatusCode::BAD_REQUEST,
    };
    error(
        code,
        "token-missing",
        Text::new(
            "アクセストークンがありません。",
            "There is no access token.",
        ),
    )
}

pub(super) fn authority(error_found: &AuthorityError, status: AuthStatus) -> LedgerError {
    match (error_found, status) {
        (AuthorityError::Refused(why), _) => {
            let text = Text::of(
                format!("アクセストークンを受け付けられません: {why}"),
                format!("The access token is not accepted: {why}"),
            );
            let code = match status {
                AuthStatus::Strict => StatusCode::UNAUTHORIZED,
                AuthStatus::Reference => StatusCode::BAD_REQUEST,
            };
            error(code, "token-refused", text)
        }
        (AuthorityError::Unavailable(why), status) => {
            tracing::warn!(why, "the authentication server cannot be asked");
            let text = Text::new(
                "認証サーバに接続できないため、確認できません。",
                "The authentication server cannot be reached, so nothing can be checked.",
            );
            match status {
                AuthStatus::Strict => unavailable("auth-unavailable", text, LATER),
                AuthStatus::Reference => error(StatusCode::BAD_REQUEST, "auth-unavailable", text),
            }
        }
    }
}

pub(super) fn not_registered() -> LedgerError {
    error(
        StatusCode::FORBIDDEN,
        "connector-not-registered",
        Text::new(
            "このコネクタは登録されていないか、停止されています。",
            "This connector is not registered, or suspended.",
        ),
    )
}

pub(super) fn no_certificate() -> LedgerError {
    error(
        StatusCode::FORBIDDEN,
        "certificate-without-identity",
        Text::new(
            "クライアント証明書からコネクタを特定できません。",
            "The client certificate names no single connector.",
        ),
    )
}

pub(super) fn foreign_party() -> LedgerError {
    error(
        StatusCode::FORBIDDEN,
        "foreign-party",
        Text::new(
            "履歴は当事者（提供者、利用者、またはその組織の構成員）のみが登録できます。",
            "Only a party of an event may register it: its provider, its consumer, or a member of one of them.",
        ),
    )
}

pub(super) fn sent_by_token() -> LedgerError {
    error(
        StatusCode::FORBIDDEN,
        "sent-by-token",
        Text::new(
            "この提供者の送信履歴は、提供者のコネクタのみが登録します。",
            "A Sent of this provider is registered by its own connectors alone.",
        ),
    )
}

pub(super) fn unknown_user(member: &str) -> LedgerError {
    error(
        StatusCode::BAD_REQUEST,
        "unknown-user",
        Text::of(
            format!("{member} の CADDE ユーザ ID は登録されていません。"),
            format!("{member} is no registered user."),
        ),
    )
}

/// A token that is meant for somebody else.
pub(super) fn other_audience(status: AuthStatus) -> LedgerError {
    let why = "the token is meant for another audience".to_owned();
    authority(&AuthorityError::Refused(why), status)
}

pub(super) fn no_such_event() -> LedgerError {
    error(
        StatusCode::NOT_FOUND,
        "no-such-event",
        Text::new(
            "指定された識別情報の履歴はありません。",
            "There is no event with this id.",
        ),
    )
}

fn conflict(id: &str) -> (StatusCode, &'static str, String) {
    (
        StatusCode::CONFLICT,
        "conflict",
        format!("識別情報 {id} は別の内容で登録されています。"),
    )
}

pub(super) fn refused(refused: &Refused) -> LedgerError {
    let (status, kind, ja) = match refused {
        Refused::IdTaken(id) => (
            StatusCode::BAD_REQUEST,
            "id-taken",
            format!("識別情報 {id} は既に使われています。"),
        ),
        Refused::Missing(id) => (
            StatusCode::BAD_REQUEST,
            "predecessor-missing",
            format!("直前の履歴 {id} が存在しません。"),
        ),
        Refused::SelfReference => (
            StatusCode::BAD_REQUEST,
            "self-reference",
            "履歴が自分自身を直前の履歴としています。".to_owned(),
        ),
        Refused::Cycle => (
            StatusCode::BAD_REQUEST,
            "cycle",
            "履歴が循環します。".to_owned(),
        ),
        Refused::Conflict(id) => conflict(id),
        Refused::Contradicts(recorded) => conflict(&recorded.id),
        Refused::Failed => return internal(refused),
        Refused::KeyReused => (
            StatusCode::CONFLICT,
            "key-reused",
            "この Idempotency-Key は別のリクエストで使われています。".to_owned(),
        ),
    };
    error(status, kind, Text::of(ja, refused.to_string()))
}

pub(super) fn submit(failure: &SubmitError) -> LedgerError {
    let (kind, ja, en, retry_after) = match failure {
        SubmitError::Busy => (
            "busy",
            "登録が混み合っています。",
            "Too many registrations are waiting.",
            SOON,
        ),
        SubmitError::DiskFull => (
            "disk-full",
            "台帳の空き容量が不足しています。",
            "The ledger's disk is nearly full.",
            MUCH_LATER,
        ),
        SubmitError::Stopped => (
            "stopping",
            "台帳を停止しています。",
            "The ledger is stopping.",
            SOON,
        ),
        SubmitError::Store(error) if error.is_unavailable() => return database(failure),
        SubmitError::Store(_) => return internal(failure),
    };
    unavailable(kind, Text::new(ja, en), retry_after)
}

pub(super) fn read(failure: &ReadError) -> LedgerError {
    match failure {
        ReadError::TooLarge { events, bytes } => error(
            StatusCode::BAD_REQUEST,
            "lineage-too-large",
            Text::of(
                format!(
                    "来歴が {events} 件または {bytes} バイトを超えます。depth または limit を指定してください。"
                ),
                format!(
                    "The lineage has more than {events} events or {bytes} bytes; ask with a depth or a limit."
                ),
            ),
        ),
        ReadError::Exhausted => error(
            StatusCode::BAD_REQUEST,
            "lineage-too-large",
            Text::new(
                "来歴の照会に時間がかかりすぎます。depth または limit を指定してください。",
                "Reading the lineage takes too long; ask with a depth or a limit.",
            ),
        ),
        ReadError::Bookmark(_) => bad_request("invalid-bookmark", &failure.to_string()),
        ReadError::Busy => reading_busy(),
        ReadError::Store(error) if error.is_unavailable() => database(failure),
        ReadError::Store(_) => internal(failure),
    }
}

pub(super) fn reading_busy() -> LedgerError {
    let text = Text::new(
        "来歴の照会が混み合っています。",
        "Too many lineages are being read.",
    );
    unavailable("reading-busy", text, SOON)
}

pub(super) fn too_large(limit: u64) -> LedgerError {
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        Text::of(
            format!("リクエストが {limit} バイトを超えています。"),
            format!("The request is longer than {limit} bytes."),
        ),
    )
}

pub(super) fn too_slow() -> LedgerError {
    error(
        StatusCode::REQUEST_TIMEOUT,
        "body-slow",
        Text::new(
            "リクエストの受信が途切れました。",
            "The request stopped arriving.",
        ),
    )
}

fn database(cause: &(dyn std::error::Error + 'static)) -> LedgerError {
    tracing::warn!(request.id = %common::http::context::request_id(), error = cause, "the database is not available");
    let text = Text::new(
        "台帳のデータベースを利用できません。しばらくしてから再度お試しください。",
        "The ledger's database is not available. Please try again in a moment.",
    );
    unavailable("database-unavailable", text, SOON)
}

/// The cause goes to the log under the id of the request, the caller learns only the id.
fn internal(cause: &(dyn std::error::Error + 'static)) -> LedgerError {
    tracing::error!(request.id = %common::http::context::request_id(), error = cause, "request failed");
    error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        Text::new(
            "台帳の内部で処理に失敗しました。request_id を運用者にお知らせください。",
            "The request failed inside the ledger; the operator finds the cause by request_id.",
        ),
    )
}
