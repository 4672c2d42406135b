//! Every way in which the catalogue tool refuses.

use auth_client::TokenError;
use catalog_items::ReadError;
use common::{
    clock::rfc3339_millis,
    http::{Lang, context, problem::Problem, refusals},
    refusals,
};

use super::access::problem;
use crate::{
    catalogue::CatalogueError,
    domain::{ChangeError, StoreError},
    publishing::PublishError,
};

refusals! {
    /// What the catalogue tool answers besides what every listener and every server with screens does.
    pub static TABLE;

    DRAFT_UNKNOWN: 404 "draft-unknown"
        .advice("Look for it in the list; it may have been deleted."),
        "このデータセットは見つかりません。",
        "There is no such dataset.";
    VERSION_UNKNOWN: 404 "version-unknown"
        .advice("Old versions are not kept for ever: see the list."),
        "この版は残っていません。",
        "There is no such version, or it is not kept any more.";
    PROVIDER_NOT_YOURS: 403 "provider-not-yours"
        .advice("`GET /v1/providers` lists those for whom one may write."),
        "この提供者のデータセットを書く権限がありません。",
        "You may not write for this provider.";
    PROVIDER_MISSING: 422 "provider-missing"
        .advice("Name one of `GET /v1/providers`."),
        "どの提供者のデータセットかを選んでください。",
        "Say whose dataset it is.";
    SOURCE_AMBIGUOUS: 422 "draft-source-ambiguous"
        .advice("Send one of `dataset`, `copy_of` and `site_dataset`, or none."),
        "新しいデータセットのもとになるものは一つだけ指定してください。",
        "A draft begins with one thing alone.";
    ALREADY_HERE: 409 "dataset-already-here"
        .advice("`GET /v1/providers/{id}/datasets` names its draft."),
        "このデータセットはすでに下書きにあります。",
        "There is a draft for this dataset already.";
    DRAFTS_FULL: 409 "drafts-full"
        .advice("Delete what is not needed; `drafts.per_provider` is the bound."),
        "データセットの数が上限に達しています。",
        "There are as many datasets as there may be.";
    CHANGED: 412 "draft-changed"
        .advice("Read it again, and make the change to what is there now; `changed_by` and `changed_at` say who was first, and when."),
        "ほかの人が先に保存しました。違いを見て合わせてください。",
        "Someone saved first. Compare and merge.";
    NO_CONDITION: 428 "condition-missing"
        .advice("Send `If-Match` with the ETag that was read, or `*`."),
        "If-Match ヘッダーが必要です。",
        "A change says by If-Match which state it was made from.";
    NO_TAG: 412 "condition-unknown"
        .advice("Send `If-Match` with one ETag as it was read."),
        "If-Match ヘッダーの値は、この API が返した ETag ではありません。",
        "If-Match has no ETag that was ever given out.";
    WRONG_STATE: 409 "draft-state"
        .advice("`state` says where it stands."),
        "「{}」のデータセットでは、この操作はできません。",
        "This cannot be done: the dataset is {}.";
    NOTHING_TO_UNDO: 409 "nothing-to-undo"
        .advice("The list of versions has what is kept."),
        "これより前の版は残っていません。",
        "No older version is kept.";
    QUERY_UNREADABLE: 400 "query-unreadable"
        .advice("The text says which parameter it is, and where."),
        "検索条件を読めません: {}",
        "The query cannot be read: {}";
    PACKAGE_ID_MISSING: 400 "package-id-missing"
        .advice("Send `id`."),
        "id を指定してください。",
        "Say which package, by id.";
    PACKAGE_UNKNOWN: 404 "package-unknown"
        .advice("Search for it; its site may show it no more."),
        "見つかりません。",
        "Not found.";
    INDEX_REBUILDING: 503 "search-rebuilding".retry(5)
        .advice("Repeat after `Retry-After`."),
        "検索の準備をしています。しばらくしてから再度お試しください。",
        "The index is being built. Please try again in a moment.";
    NOT_READY: 422 "draft-not-publishable"
        .advice("`check` says what has to be mended."),
        "公開する前に直すところがあります。",
        "Something has to be mended before it can be published.";
    UNDER_WAY: 409 "publication-under-way"
        .advice("Wait for it, or cancel it."),
        "公開の処理が進んでいます。終わるのを待つか、中止してください。",
        "It is being published. Wait for that, or cancel it.";
    SITE_CHANGED: 409 "site-changed"
        .advice("Publish with `?overwrite=true`, or take the provider's dataset over anew; `site_version` is its version there."),
        "提供者のカタログで、ほかの方法で変更されています。",
        "It was changed at the provider, not from here.";
    PUBLICATION_UNKNOWN: 404 "publication-unknown"
        .advice("Publish it."),
        "まだ公開の操作をしていません。",
        "It was never published from here.";
    PUBLICATION_ENDED: 409 "publication-ended"
        .advice("Look at the publication."),
        "公開の処理はすでに終わっています。",
        "The publication has ended.";
    DATASET_UNKNOWN: 404 "dataset-unknown"
        .advice("`GET /v1/providers/{id}/datasets` lists what there is."),
        "提供者のカタログにこのデータセットはありません。",
        "The provider has no such dataset.";
    PROVIDER_UNKNOWN: 404 "provider-unknown"
        .advice("`GET /v1/providers` lists those for whom one may write."),
        "この提供者は見つかりません。",
        "There is no such provider.";
    PROVIDER_FORBIDS: 403 "provider-not-steward"
        .advice("The provider's own user and the members of its organisation may, with the role steward: ask the operator."),
        "提供者のカタログが、この利用者からの操作を受け付けませんでした。",
        "The provider's catalogue takes nothing from this user.";
    PROVIDER_REFUSED: 502 "provider-refused"
        .advice("`provider_problem` is what the provider says."),
        "提供者のカタログが受け付けませんでした。",
        "The provider's catalogue refuses.";
    PROVIDER_AWAY: 503 "provider-away".retry(10)
        .advice("Repeat after `Retry-After`: what was begun goes on from where it was."),
        "提供者のカタログから返事がありません。下書きは残っています。しばらくしてから再度お試しください。",
        "The provider's catalogue does not answer. The draft is kept. Please try again in a moment.";
    DATASET_UNREADABLE: 422 "dataset-unreadable"
        .advice("`errors` says where and why."),
        "データセットを読めません。",
        "The dataset cannot be read.";
}

/// What a change comes to that was not made.
pub(super) fn change(error: ChangeError) -> Problem {
    match error {
        ChangeError::Unknown => problem(&DRAFT_UNKNOWN),
        ChangeError::Changed(is) => problem(&CHANGED)
            .member("changed_by", is.changed_by)
            .member("changed_at", rfc3339_millis(is.changed_at))
            .member("version", is.version)
            .member("revision", is.revision),
        ChangeError::State(state) => problem(WRONG_STATE.saying(state.word())),
        ChangeError::Taken => problem(&ALREADY_HERE),
        ChangeError::Full => problem(&DRAFTS_FULL),
        ChangeError::Store(error) => store(error),
    }
}

/// What is told of something that was not done at a provider.
pub(super) fn publishing(error: PublishError) -> Problem {
    match error {
        PublishError::NotReady(check) => {
            let check = serde_json::to_value(check).unwrap_or_default();
            problem(&NOT_READY).member("check", check)
        }
        PublishError::UnderWay => problem(&UNDER_WAY),
        PublishError::SiteChanged(version) => {
            problem(&SITE_CHANGED).member("site_version", version)
        }
        PublishError::Nothing => problem(&PUBLICATION_UNKNOWN),
        PublishError::Ended => problem(&PUBLICATION_ENDED),
        PublishError::Token(error) => problem(match &error {
            TokenError::Unavailable(_) => refusals::UNAVAILABLE.because(error),
            _ => PROVIDER_FORBIDS.because(error),
        }),
        PublishError::Catalogue(error) => catalogue(error),
        PublishError::Change(error) => change(error),
        PublishError::Read(error) => unreadable(&error),
    }
}

fn catalogue(error: CatalogueError) -> Problem {
    match error {
        CatalogueError::Away { retry_after, .. } => {
            let told = problem(PROVIDER_AWAY.because(error));
            match retry_after {
                Some(seconds) => told.retry_after(seconds.min(600)),
                None => told,
            }
        }
        CatalogueError::Forbidden(_) => problem(PROVIDER_FORBIDS.because(error)),
        CatalogueError::Refused { ref problem, .. } => {
            let said = problem.clone();
            self::problem(PROVIDER_REFUSED.because(error)).member("provider_problem", said)
        }
        CatalogueError::Strange(_) => problem(PROVIDER_REFUSED.because(error)),
    }
}

/// A database that does not do it, or holds what nobody can read.
pub(super) fn store(error: StoreError) -> Problem {
    let refusal = if common_db::is_unavailable(&error) {
        &refusals::DATABASE_AWAY
    } else {
        &refusals::INTERNAL
    };
    problem(refusal.because(error))
}

/// A dataset that cannot be read; it stands in the member `dataset` of what was sent.
pub(super) fn unreadable(error: &ReadError) -> Problem {
    let text = error.text();
    let message = match context::lang() {
        Lang::En => text.en,
        Lang::Ja => text.ja,
    };
    problem(&DATASET_UNREADABLE)
        .error(format!("/dataset{}", error.pointer()), message)
        .member("reason", error.kind())
}
