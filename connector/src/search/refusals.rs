//! Every way in which a connector refuses a search.
//!
//! What both kinds of request are refused for has the same name as in the table of exchanges, and the id of a catalogue.

use common::{http::Refused, refusals};

use crate::exchange::refusals::BEARER;

/// When something that is out of reach is worth another try, in seconds.
const SOON: u64 = 5;

refusals! {
    /// What connectors answer on `/cadde/api/v4/catalog`, besides what they answer everywhere.
    pub static TABLE;

    // The request.
    SEARCH_UNKNOWN: 400 "search-type-unknown".id("020001002E"),
        "x-cadde-search は meta か detail を指定してください。",
        "x-cadde-search has to be meta or detail.";
    PROVIDER_MISSING: 400 "provider-missing".id("020000002E"),
        "詳細検索には x-cadde-provider が必要です。",
        "A detail search needs the header x-cadde-provider.";
    QUERY_REFUSED: 400 "query-refused".id("020190001E"),
        "検索条件に使えない文字があります。",
        "The query has characters that no request may have.";
    NO_SEARCH: 500 "no-search-configured".id("020101004E"),
        "横断検索の接続先が設定されていません。",
        "This connector has no cross-domain search that it could ask.";
    NO_CATALOGUE: 404 "no-catalogue".id("010190001E"),
        "この提供者コネクタにはカタログがありません。",
        "This provider connector has no catalogue.";

    // Who asks.
    TOKEN_MISSING: 401 "token-missing".id("010001003E").asks(BEARER),
        "詳細検索には認証トークンが必要です。",
        "A detail search needs an authentication token.";
    TOKEN_REFUSED: 401 "token-refused".ids("010001002E", "020001003E").asks(BEARER),
        "認証トークンが無効です。",
        "The authentication token is not valid.";
    TOKEN_ELSEWHERE: 401 "token-elsewhere".ids("010001002E", "020001003E").asks(BEARER),
        "この認証トークンは別の用途のものなので、ここでは使えません。",
        "This token is meant for something else and cannot be used here.";
    AUTH_AWAY: 503 "auth-unavailable".ids("010001002E", "020001003E").retry(SOON),
        "認証サーバに確認できません。しばらくしてからやり直してください。",
        "The authentication server cannot be asked. Please try again later.";
    NOTHING_GRANTED: 404 "no-grant-registered".id("010001004E"),
        "この詳細検索用カタログには認可が登録されていません。",
        "No grant is registered for this provider's detail site.";
    NOT_GRANTED: 403 "not-granted".id("010001004E"),
        "この詳細検索用カタログを検索する権限がありません。",
        "The user has no grant on this provider's detail site.";
    GRANTS_AWAY: 503 "grants-unavailable".id("010001004E").retry(SOON),
        "認可を確認できません。しばらくしてからやり直してください。",
        "The grants cannot be checked. Please try again later.";

    // What is searched.
    NO_LOCATION: 500 "location-unknown".id("020001004E"),
        "提供者コネクタのURLが登録されていません。",
        "No connector is registered for this provider.";
    LOCATION_AWAY: 500 "location-unusable".id("020001004E"),
        "提供者コネクタのURLを確認できません。",
        "The provider's connector cannot be found.";
    PROVIDER_LATE: 408 "provider-late".id("020001005E"),
        "提供者コネクタの応答が時間内にありません。",
        "The provider connector did not answer in time.";
    PROVIDER_ENDLESS: 502 "provider-endless".id("020001005E"),
        "提供者コネクタの応答は、全体が届いたことを確認できない形式です。",
        "The provider connector's answer does not show where it ends, so it cannot be told to be whole.";
    PROVIDER_BROKEN: 500 "provider-broken".id("020001005E"),
        "提供者コネクタから取得できません。",
        "The provider connector gave no usable answer.";
    PROVIDER_CODED: 500 "provider-coded".id("020001005E"),
        "提供者コネクタの内容は、渡せない形式で符号化されています（{}）。",
        "The provider connector's content has a coding that cannot be passed on: {}.";
    PROVIDER_REFUSED: 500 "provider-refused".id("020001005E"),
        "提供者コネクタがエラーを返しました。{}",
        "The provider connector answered with an error. {}";
    SITE_LATE: 408 "search-late".id("020001005E"),
        "横断検索の応答が時間内にありません。",
        "The cross-domain search did not answer in time.";
    SITE_BROKEN: 500 "search-broken".id("020001005E"),
        "横断検索から取得できません。",
        "The cross-domain search gave no usable answer.";
    SITE_REFUSED: 500 "search-refused".id("020001005E"),
        "横断検索がエラーを返しました。{}",
        "The cross-domain search answered with an error. {}";
    QUERY_UNREADABLE: 400 "query-unreadable".id("000101002E"),
        "カタログが検索条件を受け付けませんでした。{}",
        "The catalogue does not take the query. {}";
    CATALOGUE_REFUSED: 500 "catalogue-refused".id("000101003E"),
        "カタログがエラーを返しました。{}",
        "The catalogue answered with an error. {}";
}

/// The same refusal with the id and the words of a catalogue, where it has some of its own.
pub fn of_catalogue(mut refused: Refused) -> Refused {
    let kind = refused.refusal.kind;
    if let Some(own) = TABLE.iter().find(|row| row.kind == kind) {
        refused.refusal = own;
    }
    refused
}

#[cfg(test)]
mod tests {
    use common::http::Lang;

    use super::*;
    use crate::exchange::{Role, refusals as exchange};

    #[test]
    fn what_both_are_refused_for_has_the_id_of_a_catalogue_and_is_the_same_otherwise() {
        for row in TABLE {
            let Some(other) = exchange::TABLE.iter().find(|other| other.kind == row.kind) else {
                continue;
            };
            assert_eq!(
                (row.status, row.retry_after),
                (other.status, other.retry_after),
                "{}",
                row.kind
            );
            assert_ne!(row.ids, other.ids, "{}", row.kind);
        }
        let refused = of_catalogue(exchange::PROVIDER_REFUSED.naming("x"));
        assert_eq!(Role::Receiver.message_id(&refused), "020001005E");
        assert!(refused.text_in(Lang::En).ends_with('x'));
        let refused = of_catalogue((&exchange::BUSY).into());
        assert_eq!(Role::Receiver.message_id(&refused), "020090006E");
    }
}
