//! Every way in which the ledger refuses. Existing clients look at the status alone, people at the text.

use common::{
    http::{Refused, Text, cadde::LedgerError, refusals},
    refusals,
};
use http::StatusCode;
use provenance_model::event::EventError;

use crate::{
    config::AuthStatus,
    domain::{access::AuthorityError, sequencer::SubmitError, store::ReadError, submission},
};

/// 5 s: when a queue that was full, or a database that was locked, is worth another try.
const SOON: u64 = 5;
/// 30 s: when an authentication server that was away may be back.
const LATER: u64 = 30;
/// 5 min: when somebody may have made room on a disk.
const MUCH_LATER: u64 = 300;

refusals! {
    /// What the ledger answers besides what every listener does.
    pub static TABLE;

    // Who asks.
    TOKEN_MISSING: 401 "token-missing"
        .advice("Send one. 400 with `auth_status = \"reference\"`."),
        "アクセストークンがありません。",
        "There is no access token.";
    TOKEN_REFUSED: 401 "token-refused"
        .advice("Sign in again. 400 with `auth_status = \"reference\"`."),
        "アクセストークンを受け付けられません: {}",
        "The access token is not accepted: {}";
    AUTH_AWAY: 503 "auth-unavailable".retry(LATER)
        .advice("Repeat after `Retry-After`. 400 with `auth_status = \"reference\"`."),
        "認証サーバに接続できないため、確認できません。",
        "The authentication server cannot be reached, so nothing can be checked.";
    FOREIGN_PARTY: 403 "foreign-party"
        .advice("Have a party register it."),
        "履歴は当事者（提供者、利用者、またはその組織の構成員）のみが登録できます。",
        "Only a party of an event may register it: its provider, its consumer, or a member of one of them.";
    SENT_BY_TOKEN: 403 "sent-by-token"
        .advice("Leave it to the connector."),
        "この提供者の送信履歴は、提供者のコネクタのみが登録します。",
        "A Sent of this provider is registered by its own connectors alone.";
    UNKNOWN_USER: 400 "unknown-user"
        .advice("Check the user ID."),
        "{} の CADDE ユーザ ID は登録されていません。",
        "{} is no registered user.";

    // What is registered one by one.
    INVALID_EVENT: 400 "invalid-event"
        .advice("Correct it."),
        "履歴が正しくありません: {}",
        "The event is not valid: {}";
    TIME_AHEAD: 400 "time-ahead"
        .advice("Check the clock."),
        "cdltimestamp が台帳の時刻より 1 時間以上先です。",
        "cdltimestamp is more than an hour ahead of the ledger's clock.";
    INVALID_KEY: 400 "invalid-key"
        .advice("Use 1 to 256 visible characters."),
        "Idempotency-Key は 1 文字以上 256 文字以下の表示可能な文字でなければなりません。",
        "Idempotency-Key must have 1 to 256 visible characters.";
    NOT_MULTIPART: 400 "not-multipart"
        .advice("Send `multipart/form-data`."),
        "リクエストを multipart として読めません: {}",
        "The request cannot be read as multipart: {}";
    NO_EVENT: 400 "no-event"
        .advice("Send the event as the part `request`."),
        "request という名前のパートがありません。",
        "There is no part named request.";
    TWO_EVENTS: 400 "two-events"
        .advice("Send one event a request."),
        "request という名前のパートが複数あります。",
        "There are two parts named request.";
    TOO_MANY_PARTS: 400 "too-many-parts"
        .advice("Send fewer."),
        "パートが {} 個を超えています。",
        "There are more than {} parts.";
    TOO_MANY_FILES: 400 "too-many-files"
        .advice("Send fewer."),
        "upfile という名前のパートが {} 個を超えています。",
        "There are more than {} parts named upfile.";
    BODY_TOO_LARGE: 413 "body-too-large"
        .advice("Send less; `ledger.max_upload` is the bound."),
        "リクエストが {} バイトを超えています。",
        "The request is longer than {} bytes.";
    BODY_SLOW: 408 "body-slow"
        .advice("Repeat the request."),
        "リクエストの受信が途切れました。",
        "The request stopped arriving.";
    ID_TAKEN: 400 "id-taken"
        .advice("Choose another, or none."),
        "識別情報 {} は既に使われています。",
        "The id {} is already in use.";
    PREDECESSOR_MISSING: 400 "predecessor-missing"
        .advice("Register it first."),
        "直前の履歴 {} が存在しません。",
        "The predecessor {} does not exist.";
    SELF_REFERENCE: 400 "self-reference"
        .advice("Correct `cdlpreviousevents`."),
        "履歴が自分自身を直前の履歴としています。",
        "The event names itself as predecessor.";
    CYCLE: 400 "cycle"
        .advice("Correct `cdlpreviousevents`."),
        "履歴が循環します。",
        "The event would be its own ancestor.";
    CONFLICT: 409 "conflict"
        .advice("Look at what is recorded under the id."),
        "識別情報 {} は別の内容で登録されています。",
        "The id {} was recorded with other content.";
    KEY_REUSED: 409 "key-reused"
        .advice("Use a new key for another request."),
        "この Idempotency-Key は別のリクエストで使われています。",
        "The Idempotency-Key was used for another request.";
    TOO_MANY_WRITES: 429 "too-many-writes"
        .advice("Come again after `Retry-After`; `ledger.writes` is the bound."),
        "登録が多すぎます。しばらくしてからもう一度お試しください。",
        "Too much was registered lately. Try again in a moment.";

    // Batches.
    NO_ITEMS: 400 "no-items"
        .advice("Send records."),
        "記録がありません。",
        "There are no items.";
    BATCH_TOO_LARGE: 413 "batch-too-large"
        .advice("Send it in parts; `max_items` and `max_bytes` are the bounds, twice that for records in their canonical form."),
        "記録が多すぎるか、長すぎます。",
        "The batch has too many items, or too long ones.";
    TOO_MANY_REQUESTS: 503 "too-many-requests".retry(1)
        .advice("Repeat after `Retry-After`."),
        "同時に送信できる数を超えています。",
        "The connector has too many batches open.";

    // What is read.
    NO_SUCH_EVENT: 404 "no-such-event"
        .advice("Check the id."),
        "指定された識別情報の履歴はありません。",
        "There is no event with this id.";
    LINEAGE_TOO_LARGE: 400 "lineage-too-large"
        .advice("Ask with a `depth` or a `limit`."),
        "来歴が大きすぎます（{}）。depth または limit を指定してください。",
        "The lineage is too large ({}); ask with a depth or a limit.";
    INVALID_LIMIT: 400 "invalid-limit"
        .advice("Correct it."),
        "limit は 1 から {} の整数でなければなりません。bookmark には limit が必要です。",
        "limit is an integer from 1 to {}, and a bookmark needs one.";
    INVALID_BOOKMARK: 400 "invalid-bookmark"
        .advice("Begin anew."),
        "bookmark が正しくありません。",
        "The bookmark is none that a page came with.";
    INVALID_DIRECTION: 400 "invalid-direction"
        .advice("Correct it."),
        "direction は BACKWARD、FORWARD、BOTH のいずれかでなければなりません。",
        "direction is BACKWARD, FORWARD or BOTH.";
    INVALID_DEPTH: 400 "invalid-depth"
        .advice("Correct it."),
        "depth は -1 以上の整数でなければなりません。",
        "depth is an integer from -1.";
    READING_BUSY: 503 "reading-busy".retry(SOON)
        .advice("Repeat after `Retry-After`."),
        "来歴の照会が混み合っています。",
        "Too many lineages are being read.";

    // What the ledger cannot do now.
    BUSY: 503 "busy".retry(SOON)
        .advice("Repeat after `Retry-After`."),
        "登録が混み合っています。",
        "Too many registrations are waiting.";
    DISK_FULL: 503 "disk-full".retry(MUCH_LATER)
        .advice("Reads go on. Repeat later; the operator makes room."),
        "台帳の空き容量が不足しています。",
        "The ledger's disk is nearly full.";
    STOPPING: 503 "stopping".retry(SOON)
        .advice("Repeat after `Retry-After`."),
        "台帳を停止しています。",
        "The ledger is stopping.";
}

/// With `auth_status = "reference"` whoever is not known is told 400, as the ledger of the CADDE reference says.
fn unauthorized(mut refused: Refused, status: AuthStatus) -> LedgerError {
    if status == AuthStatus::Reference {
        refused.status = StatusCode::BAD_REQUEST;
        refused.retry_after = None;
    }
    refused.into()
}

pub(super) fn token_missing(status: AuthStatus) -> LedgerError {
    unauthorized((&TOKEN_MISSING).into(), status)
}

pub(super) fn authority(error: &AuthorityError, status: AuthStatus) -> LedgerError {
    let refused = match error {
        AuthorityError::Refused(why) => TOKEN_REFUSED.naming(why),
        AuthorityError::Unavailable(why) => AUTH_AWAY.because(why.as_str()),
    };
    unauthorized(refused, status)
}

/// A token that is meant for somebody else.
pub(super) fn other_audience(status: AuthStatus) -> LedgerError {
    let why = "the token is meant for another audience".to_owned();
    authority(&AuthorityError::Refused(why), status)
}

/// The caller has registered more than its share lately.
pub(super) fn too_many_writes(retry_after: u64) -> LedgerError {
    let mut refused = Refused::from(&TOO_MANY_WRITES);
    refused.retry_after = Some(retry_after);
    refused.into()
}

pub(super) fn invalid_event(error: &EventError) -> LedgerError {
    INVALID_EVENT.naming(&error.0).into()
}

pub(super) fn refused(refused: &submission::Refused) -> LedgerError {
    use submission::Refused::{
        Conflict, Contradicts, Cycle, Failed, IdTaken, KeyReused, Missing, SelfReference,
    };
    let refused: Refused = match refused {
        IdTaken(id) => ID_TAKEN.naming(id),
        Missing(id) => PREDECESSOR_MISSING.naming(id),
        SelfReference => (&SELF_REFERENCE).into(),
        Cycle => (&CYCLE).into(),
        Conflict(id) => CONFLICT.naming(id),
        Contradicts(recorded) => CONFLICT.naming(&recorded.id),
        Failed => refusals::INTERNAL.because(refused.to_string()),
        KeyReused => (&KEY_REUSED).into(),
    };
    refused.into()
}

pub(super) fn submit(failure: SubmitError) -> Refused {
    match failure {
        SubmitError::Busy => (&BUSY).into(),
        SubmitError::DiskFull => (&DISK_FULL).into(),
        SubmitError::Stopped => (&STOPPING).into(),
        SubmitError::Store(ref error) if error.is_unavailable() => {
            refusals::DATABASE_AWAY.because(failure)
        }
        SubmitError::Store(_) => refusals::INTERNAL.because(failure),
    }
}

pub(super) fn read(failure: ReadError) -> LedgerError {
    let refused: Refused = match failure {
        ReadError::TooLarge { events, bytes } => LINEAGE_TOO_LARGE.saying(Text::of(
            format!("{events} 件または {bytes} バイト超"),
            format!("more than {events} events or {bytes} bytes"),
        )),
        ReadError::Exhausted => LINEAGE_TOO_LARGE.saying(Text::new(
            "照会に時間がかかりすぎます",
            "reading it takes too long",
        )),
        ReadError::Bookmark(_) => (&INVALID_BOOKMARK).into(),
        ReadError::Busy => (&READING_BUSY).into(),
        ReadError::Store(ref error) if error.is_unavailable() => {
            refusals::DATABASE_AWAY.because(failure)
        }
        ReadError::Store(_) => refusals::INTERNAL.because(failure),
    };
    refused.into()
}
