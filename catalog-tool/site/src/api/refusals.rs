//! Every way in which the catalogue refuses.
//!
//! The sites of CKAN answer in its form, with the message id as `__type`; `/v1` answers problems.

use auth_client::{CallerError, TokenError};
use common::{
    http::{Refused, problem::Problem, refusals},
    refusals,
};

use crate::domain::{ChangeError, StoreError};

refusals! {
    /// What the CKAN sites answer.
    pub static ACTION_TABLE;

    NO_SUCH_ACTION: 400 "action-unknown".id("Bad Request"),
        "このアクションはありません: {}",
        "Action name not known: {}";
    BAD_REQUEST: 400 "request-unreadable".id("Bad Request"),
        "リクエストを読めません: {}",
        "The request cannot be read: {}";
    INVALID: 409 "parameter-invalid".id("Validation Error"),
        "パラメータが正しくありません。",
        "A parameter is missing, or not what it has to be.";
    BAD_PARAMETER: 409 "parameter-unfit".id("Validation Error"),
        "パラメータが正しくありません: {}",
        "A parameter is missing, or not what it has to be: {}";
    NOT_FOUND: 404 "package-unknown".id("Not Found Error"),
        "見つかりません。",
        "Not found";
    BAD_QUERY: 400 "query-unreadable".id("Search Query Error"),
        "検索条件を読めません: {}",
        "The query cannot be read: {}";
    SEARCH_FAILED: 409 "search-failed".id("Search Error").alarming(),
        "検索できませんでした。",
        "The search failed.";
    NOT_SEARCHABLE: 503 "search-rebuilding".id("Search Error").retry(5),
        "検索の準備をしています。しばらくしてから再度お試しください。",
        "The index is being built. Please try again in a moment.";
    NO_CREDENTIALS: 403 "site-closed".id("Authorization Error"),
        "このサイトは提供者の関係者だけが閲覧できます。アクセストークンを付けてください。",
        "This site is for the provider's own people. Send an access token.";
    NOT_ADMITTED: 403 "site-not-for-caller".id("Authorization Error"),
        "このサイトを閲覧する権限がありません。",
        "You may not read this site.";
    WRITES_ELSEWHERE: 403 "site-read-only".id("Authorization Error"),
        "このサイトへの書き込みは受け付けていません。/v1/datasets を使ってください。",
        "Nothing is written here: use /v1/datasets.";
    TOO_LARGE: 413 "request-too-large".id("Bad Request"),
        "リクエストが {} バイトを超えています。",
        "The request is longer than {} bytes.";
    AWAY: 503 "catalogue-unavailable".id("Internal Error").retry(5),
        "一時的に処理できません。しばらくしてから再度お試しください。",
        "Something that the answer depends on is away. Please try again in a moment.";
    FAILED: 500 "action-failed".id("Internal Error").alarming(),
        "サーバ内部で処理に失敗しました。",
        "The request failed here.";
}

refusals! {
    /// What the stewards' API answers besides what every listener does.
    pub static TABLE;

    NOT_MEMBER: 403 "not-of-provider"
        .advice("Sign in as the provider's own user or a member of its organisation."),
        "この提供者のカタログを扱う権限がありません。",
        "The token's user is neither the provider's own nor a member of its organisation.";
    DATASET_UNKNOWN: 404 "dataset-unknown"
        .advice("Look for it in the list."),
        "このデータセットはありません。",
        "There is no such dataset.";
    VERSION_UNKNOWN: 404 "version-unknown"
        .advice("Old versions are not kept for ever: see the list."),
        "この版はありません。",
        "The dataset has no such version, or it is not kept any more.";
    PUBLICATION_UNKNOWN: 404 "publication-unknown"
        .advice("Look for it in the list of the dataset's."),
        "この公開処理はありません。",
        "There is no such publication.";
    NAME_TAKEN: 409 "dataset-name-taken"
        .advice("Choose another name, or none."),
        "この名前は別のデータセットが使っています。",
        "Another dataset has this name.";
    ID_TAKEN: 409 "dataset-id-taken"
        .advice("Leave the ids out, or delete the other dataset."),
        "この ID は別のデータセットが使っています。",
        "Another dataset has one of these ids.";
    RESOURCE_TAKEN: 409 "distribution-id-taken"
        .advice("Leave the id of the distribution out."),
        "この配信の ID は別のデータセットが使っています。",
        "A distribution of another dataset has one of these ids.";
    CATALOGUE_FULL: 409 "catalogue-full"
        .advice("Delete what is not needed; `catalog.limits.datasets` is the bound."),
        "データセットの数が上限に達しています。",
        "There are as many datasets as there may be.";
    QUEUE_FULL: 503 "publications-full".retry(30)
        .advice("Repeat after `Retry-After`; `catalog.limits.publications` is the bound."),
        "公開処理が混み合っています。しばらくしてから再度お試しください。",
        "As many publications are under way as may be.";
    CHANGED: 412 "dataset-changed"
        .advice("Read it again, and make the change to what is there now."),
        "データセットは他の操作によって変更されています。取得し直してください。",
        "The dataset was changed by somebody else meanwhile.";
    NO_CONDITION: 428 "condition-missing"
        .advice("Send `If-Match` with the ETag that was read, or `*`."),
        "If-Match ヘッダーが必要です。",
        "A change says by If-Match which state of the dataset it was made from.";
    WRONG_STATE: 409 "dataset-state"
        .advice("`state` says where it stands; a publication can be cancelled."),
        "データセットの状態が「{}」のため、この操作はできません。",
        "This cannot be done: the dataset is {}.";
    ENDED: 409 "publication-ended"
        .advice("Look at the publication."),
        "公開処理はすでに終わっています。",
        "The publication has ended.";
    NOT_ONE_DATASET: 422 "dataset-not-named"
        .advice("Send `dataset_id` or `dataset`."),
        "dataset_id と dataset のどちらか一方を指定してください。",
        "Either dataset_id or dataset is expected.";
    CONTENT_REFUSED: 422 "dataset-unreadable"
        .advice("`errors` says where and why."),
        "データセットを読めません。",
        "The dataset cannot be read.";
}

/// In the language of the request: stewards read it.
pub(super) fn problem(refused: impl Into<Refused>) -> Problem {
    let refused = refused.into();
    let text = refused.text();
    Problem::from(refused).detail(text)
}

/// What a caller of `/v1` is told who was not recognised.
pub(super) fn caller(error: CallerError) -> Refused {
    let refusal = match error {
        _ if error.is_unavailable() => &refusals::UNAVAILABLE,
        CallerError::Token(TokenError::WrongAudience) => &refusals::TOKEN_ELSEWHERE,
        _ => &refusals::TOKEN_REFUSED,
    };
    refusal.because(error)
}

/// What a change comes to that was not made.
pub(super) fn change(error: ChangeError) -> Refused {
    match error {
        ChangeError::Store(error) => store(error),
        ChangeError::NameTaken => (&NAME_TAKEN).into(),
        ChangeError::IdTaken => (&ID_TAKEN).into(),
        ChangeError::ResourceTaken => (&RESOURCE_TAKEN).into(),
        ChangeError::Full => (&CATALOGUE_FULL).into(),
        ChangeError::Unknown => (&DATASET_UNKNOWN).into(),
        ChangeError::Outdated => (&CHANGED).into(),
        ChangeError::State(state) => WRONG_STATE.saying(super::wire::word(state)),
        ChangeError::Lost => (&ENDED).into(),
        ChangeError::OtherOrigin(_) => refusals::INTERNAL.because(error),
    }
}

/// A database that does not do it, or holds what nobody can read.
pub(super) fn store(error: StoreError) -> Refused {
    if common_db::is_unavailable(&error) {
        refusals::DATABASE_AWAY.because(error)
    } else {
        refusals::INTERNAL.because(error)
    }
}

/// The same, on a CKAN site.
pub(super) fn site_store(error: StoreError) -> Refused {
    if common_db::is_unavailable(&error) {
        AWAY.because(error)
    } else {
        FAILED.because(error)
    }
}
