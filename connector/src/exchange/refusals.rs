//! Every way in which a connector refuses an exchange.
//!
//! Message ids are those of CADDE 4.0 (message list of the detailed design); where it has none, the function number is 90. Texts
//! are our own.

use auth_client::{CallerError, TokenError};
use axum::response::Response;
use common::{
    http::{Refusal, Refused, Text, cadde},
    refusals,
};
use provenance_outbox::OutboxError;

use super::{options::OptionsError, record_error::RecordError, role::Role};
use crate::upstream::{
    CodingError, DialError, FollowError, MAX_URL_BYTES, UpstreamError, UrlError,
};

/// What a client is asked for whose token is missing or does not count.
pub const BEARER: &str = "Bearer";

/// When something that is out of reach is worth another try, in seconds.
const SOON: u64 = 5;

refusals! {
    /// What connectors answer on `/cadde/api/v4/file`.
    pub static TABLE;

    // The request.
    METHOD: 405 "method-not-allowed".ids("010090002E", "020090002E"),
        "このメソッドは使えません。",
        "This method is not allowed here.";
    HEADER_MISSING: 400 "header-missing".ids("010090001E", "020090001E"),
        "ヘッダー {} がありません。",
        "The header {} is missing.";
    HEADER_REPEATED: 400 "header-repeated".ids("010090001E", "020090001E"),
        "ヘッダー {} が複数あります。",
        "The header {} is there more than once.";
    HEADER_NOT_TEXT: 400 "header-not-text".ids("010090001E", "020090001E"),
        "ヘッダー {} に使えない文字があります。",
        "The header {} has characters other than printable ASCII.";
    URL_EMPTY: 400 "resource-url-empty".id("000201002E"),
        "リソースURLが空です。",
        "The resource URL is empty.";
    URL_REFUSED: 400 "resource-url-refused".id("000201003E"),
        "リソースURLを受け付けられません（{}）。",
        "The resource URL is refused: {}.";
    OPTIONS_REFUSED: 400 "options-refused".ids("010002002E", "020004004E"),
        "x-cadde-options を受け付けられません（{}）。",
        "x-cadde-options is refused: {}.";
    OPTION_NOT_ALLOWED: 400 "option-not-allowed".id("010090003E"),
        "x-cadde-options を受け付けられません（{} はここでは指定できません）。",
        "x-cadde-options is refused: the option {} is not allowed here.";
    API_TYPE: 400 "resource-api-type-unknown".ids("010002003E", "020004001E"),
        "このリソース提供手段識別子には対応していません。",
        "This resource API type is not known here.";
    PROVIDER_ID: 400 "provider-not-a-user-id".id("020090003E"),
        "x-cadde-provider がCADDEユーザIDの形式ではありません。",
        "x-cadde-provider is not a CADDE user ID.";
    BUSY: 503 "busy".ids("010090006E", "020090006E").retry(SOON),
        "同時に処理できる数を超えています。しばらくしてからやり直してください。",
        "Too many exchanges are under way. Please try again later.";

    // Who asks.
    NO_IDENTITY: 403 "certificate-without-identity".id("010090004E"),
        "クライアント証明書からコネクタIDを特定できません。",
        "The client certificate names no single connector.";
    NOT_REGISTERED: 403 "certificate-not-registered".id("010090004E"),
        "コネクタ {} は有効な利用者コネクタとして登録されていません。",
        "The connector {} is not registered as an active receiver connector.";
    NOT_BEARER: 400 "token-not-bearer".id("010401002E"),
        "Authorization ヘッダーが Bearer 形式ではありません。",
        "The Authorization header is not a bearer token.";
    TOKEN_MISSING: 401 "token-missing".id("010002005E").asks(BEARER),
        "このリソースの取得には認証トークンが必要です。",
        "This resource needs an authentication token.";
    TOKEN_REFUSED: 401 "token-refused".ids("010002004E", "020004002E").asks(BEARER),
        "認証トークンが無効です。",
        "The authentication token is not valid.";
    TOKEN_ELSEWHERE: 401 "token-elsewhere".ids("010002004E", "020004002E").asks(BEARER),
        "この認証トークンは別の用途のものなので、ここでは使えません。",
        "This token is meant for something else and cannot be used here.";
    OTHER_USER: 403 "user-of-another-participant".id("020090008E"),
        "このコネクタは自組織の利用者だけが使えます。",
        "This connector is for the users of its own participant.";
    AUTH_AWAY: 503 "auth-unavailable".ids("010002004E", "020004002E").retry(SOON),
        "認証サーバに確認できません。しばらくしてからやり直してください。",
        "The authentication server cannot be asked. Please try again later.";
    PROVIDER_BARRED: 403 "provider-connector-not-registered".id("010090007E"),
        "この提供者コネクタ（{}）は認証サーバに登録されていないか、停止されています。",
        "This provider's connector, {}, is not registered with the authentication server, or suspended.";
    RECEIVER_BARRED: 500 "receiver-connector-not-registered".id("020090007E"),
        "このコネクタは認証サーバに登録されていないか、停止されています。",
        "This connector is not registered with the authentication server, or suspended.";
    OF_ANOTHER: 500 "registered-for-another-provider".id("010090008E"),
        "この提供者コネクタの登録と設定が一致しません。",
        "This provider's connector is not registered for the provider that it is set up for.";

    // What may be had.
    NO_SOURCE: 404 "resource-not-offered".id("010090005E"),
        "このリソースはここでは提供していません。",
        "This resource is not offered here.";
    NOTHING_GRANTED: 404 "no-grant-registered".id("010002006E"),
        "このリソースには認可が登録されていません。",
        "No grant is registered for this resource.";
    NOT_GRANTED: 403 "not-granted".id("010002006E"),
        "このリソースを取得する権限がありません。",
        "The user has no grant on this resource.";
    GRANTS_AWAY: 503 "grants-unavailable".id("010002006E").retry(SOON),
        "認可を確認できません。しばらくしてからやり直してください。",
        "The grants cannot be checked. Please try again later.";
    NO_TRADE: 500 "grant-without-trade".id("010002007E"),
        "契約が必要ですが、認可に取引IDがありません。",
        "A contract is required, and the grant has no trade ID.";
    NO_CONTRACT_URL: 500 "grant-without-contract-service".id("010002008E"),
        "契約が必要ですが、認可に契約管理サービスURLがありません。",
        "A contract is required, and the grant has no address of a contract management service.";
    NOT_LISTED: 403 "url-not-listed".id("020090004E"),
        "このURLは直接取得の対象として登録されていません。",
        "This URL is not listed for fetching without a provider connector.";
    ADDRESS_REFUSED: 403 "address-refused".id("020090005E"),
        "このURLのアドレスには接続できません。",
        "The address of this URL may not be connected to.";

    // The record.
    NO_CREATION: 500 "no-creation-event".id("010002010E"),
        "交換実績記録用リソースIDが登録されていません。",
        "The resource has no resource ID for provenance.";
    RECORD_NEEDS_TOKEN: 401 "record-needs-token".id("010002011E").asks(BEARER),
        "来歴を記録するために認証トークンが必要です。",
        "Recording the exchange needs an authentication token.";
    LEDGER_NEEDS_TOKEN: 500 "ledger-needs-token".id("020004008E"),
        "来歴を登録するために認証トークンが必要です。",
        "Recording the exchange needs an authentication token.";
    LEDGER_AWAY: 503 "ledger-unavailable".id("010002012E").retry(SOON),
        "来歴管理サービスに登録できません。しばらくしてからやり直してください。",
        "The ledger is out of reach. Please try again later.";
    LEDGER_REFUSED: 500 "ledger-refused".id("020004009E"),
        "来歴管理サービスに登録できません。",
        "The provider's ledger did not take the record.";
    NOT_RECORDED: 500 "not-recorded".ids("010002012E", "020004009E"),
        "来歴を記録できません。",
        "The exchange cannot be recorded.";
    NOT_RECORDED_NOW: 503 "not-recorded-now".ids("010002012E", "020004009E").retry(SOON),
        "来歴を記録できません。しばらくしてからやり直してください。",
        "The exchange cannot be recorded. Please try again later.";
    OUTBOX_FULL: 503 "outbox-full".ids("010002012E", "020004009E").retry(OutboxError::RETRY_AFTER.as_secs()),
        "来歴を記録できません。しばらくしてからやり直してください。",
        "The exchange cannot be recorded. Please try again later.";

    // Where the data comes from.
    SOURCE_LATE: 408 "source-late".id("000001001E"),
        "データ提供元の応答が時間内にありません。",
        "The data source did not answer in time.";
    SOURCE_ENDLESS: 502 "source-endless".id("000001002E"),
        "データ提供元の応答は、全体が届いたことを確認できない形式です。",
        "The data source's answer does not show where it ends, so it cannot be told to be whole.";
    SOURCE_BROKEN: 500 "source-broken".id("000001002E"),
        "データ提供元から取得できません。",
        "The data source gave no usable answer.";
    SOURCE_WITHOUT: 404 "source-without-resource".id("000201006E"),
        "データ提供元にリソースがありません。",
        "The data source has no such resource.";
    SOURCE_CREDENTIALS: 401 "source-wants-credentials".id("000201007E"),
        "データ提供元の認証に失敗しました。",
        "The data source wants other credentials than the connector has for it.";
    SOURCE_CODED: 500 "source-coded".id("000201008E"),
        "データ提供元の内容は、この利用者に渡せない形式で符号化されています（{}）。",
        "The data source's content has a coding that cannot be passed on to this receiver: {}.";
    SOURCE_ERROR: 500 "source-error".id("000201008E"),
        "データ提供元がエラーを返しました。",
        "The data source answered with an error.";
    NO_LOCATION: 500 "location-unknown".id("020004003E"),
        "提供者コネクタのURLが登録されていません。",
        "No connector is registered for this provider.";
    LOCATION_AWAY: 500 "location-unusable".id("020004003E"),
        "提供者コネクタのURLを確認できません。",
        "The provider's connector cannot be found.";
    PROVIDER_LATE: 408 "provider-late".id("020004005E"),
        "提供者コネクタの応答が時間内にありません。",
        "The provider connector did not answer in time.";
    PROVIDER_ENDLESS: 502 "provider-endless".id("020004005E"),
        "提供者コネクタの応答は、全体が届いたことを確認できない形式です。",
        "The provider connector's answer does not show where it ends, so it cannot be told to be whole.";
    PROVIDER_BROKEN: 500 "provider-broken".id("020004005E"),
        "提供者コネクタから取得できません。",
        "The provider connector gave no usable answer.";
    PROVIDER_CODED: 500 "provider-coded".id("020004005E"),
        "提供者コネクタの内容は、渡せない形式で符号化されています（{}）。",
        "The provider connector's content has a coding that cannot be passed on: {}.";
    PROVIDER_REFUSED: 500 "provider-refused".id("020004005E"),
        "提供者コネクタがエラーを返しました。{}",
        "The provider connector answered with an error. {}";
}

/// The answer of a connector of `role`.
pub fn respond(refused: &Refused, role: Role) -> Response {
    cadde::connector(refused, role.message_id(refused))
}

/// The answer of a connector of `role` to any method but `GET`.
pub fn other_method(role: Role) -> Response {
    let mut refused = Refused::from(&METHOD);
    refused.allow = Some("GET");
    respond(&refused, role)
}

/// What a caller is told who was not recognised.
pub fn caller(error: CallerError) -> Refused {
    match error {
        CallerError::NotRegistered(ref id) | CallerError::Suspended(ref id) => {
            NOT_REGISTERED.naming(id).because(error)
        }
        CallerError::Token(error) => token(error),
        CallerError::Registry(error) => AUTH_AWAY.because(error),
    }
}

/// What a caller is told whose token does not count, or could not be checked.
pub fn token(error: TokenError) -> Refused {
    let refusal = match error {
        TokenError::Unavailable(_) => &AUTH_AWAY,
        TokenError::WrongAudience => &TOKEN_ELSEWHERE,
        _ => &TOKEN_REFUSED,
    };
    refusal.because(error)
}

/// What is said of a data source that gave no answer.
pub fn source(error: UpstreamError) -> Refused {
    let refusal = match error {
        UpstreamError::Dial {
            source: DialError::AddressRefused(_),
            ..
        } => &ADDRESS_REFUSED,
        _ if error.is_timeout() => &SOURCE_LATE,
        _ if error.is_framing() => &SOURCE_ENDLESS,
        _ => &SOURCE_BROKEN,
    };
    refusal.because(error)
}

/// What is said of a provider's connector that gave no answer.
pub fn provider(error: UpstreamError) -> Refused {
    let refusal = match error {
        _ if error.is_timeout() => &PROVIDER_LATE,
        _ if error.is_framing() => &PROVIDER_ENDLESS,
        _ => &PROVIDER_BROKEN,
    };
    refusal.because(error)
}

impl From<FollowError> for Refused {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Upstream(error) => source(error),
            FollowError::Status(status) if status == 404 => SOURCE_WITHOUT.because(error),
            FollowError::Status(status) if status == 401 => SOURCE_CREDENTIALS.because(error),
            FollowError::Status(_) | FollowError::Redirect => SOURCE_ERROR.because(error),
        }
    }
}

/// What is said of content whose coding cannot be passed on: `refusal` names it.
pub fn coded(refusal: &'static Refusal, error: CodingError) -> Refused {
    refusal.naming(&error.0).because(error)
}

impl From<RecordError> for Refused {
    fn from(error: RecordError) -> Self {
        let refusal = match error {
            RecordError::Outbox(OutboxError::Full(_)) => &OUTBOX_FULL,
            _ if error.is_permanent() => &NOT_RECORDED,
            _ => &NOT_RECORDED_NOW,
        };
        refusal.because(error)
    }
}

impl From<UrlError> for Refused {
    fn from(error: UrlError) -> Self {
        let ja = match error {
            UrlError::Empty => return (&URL_EMPTY).into(),
            UrlError::TooLong => format!("{MAX_URL_BYTES} バイトを超えています").into(),
            UrlError::Character => "パーセントエンコードが必要な文字があります".into(),
            UrlError::Scheme => "http でも https でもありません".into(),
            UrlError::Host => "ホスト名が使えません".into(),
            UrlError::UserInfo => "ユーザ名またはパスワードが含まれています".into(),
            UrlError::Fragment => "フラグメントが含まれています".into(),
            UrlError::Path => "パスが一意に解釈できません".into(),
            UrlError::Query => "クエリが含まれています".into(),
        };
        URL_REFUSED.saying(Text {
            ja,
            en: error.to_string().into(),
        })
    }
}

impl From<OptionsError> for Refused {
    fn from(error: OptionsError) -> Self {
        let ja = match &error {
            OptionsError::NotAllowed(name) => return OPTION_NOT_ALLOWED.naming(name),
            OptionsError::Form(item) => format!("{item:?} が name:value の形式ではありません"),
            OptionsError::Field(item) => format!("{item:?} はヘッダーにできません"),
        };
        OPTIONS_REFUSED.saying(Text::of(ja, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_one_language() {
        let reasons: [Refused; 5] = [
            UrlError::TooLong.into(),
            UrlError::Path.into(),
            OptionsError::NotAllowed(http::header::HOST).into(),
            OptionsError::Form("x".to_owned()).into(),
            HEADER_MISSING.naming(http::header::HOST),
        ];
        for refused in reasons {
            let text = refused.text();
            assert!(!text.contains("the ") && !text.contains("not "), "{text}");
        }
        for refusal in TABLE {
            assert!(refusal.text.en.is_ascii(), "{}", refusal.text.en);
            assert!(!refusal.text.ja.is_ascii(), "{}", refusal.text.en);
            assert_eq!(
                refusal.text.en.contains("{}"),
                refusal.text.ja.contains("{}")
            );
        }
    }

    #[test]
    fn an_id_belongs_to_the_role_that_says_it() {
        for refusal in TABLE {
            for (id, roles) in refusal.ids.iter().zip([["00", "01"], ["00", "02"]]) {
                let is_shared = refusal.ids[0] == refusal.ids[1];
                let is_own = roles.iter().any(|role| id.starts_with(role));
                assert!(id.len() == 10 && (is_own || is_shared), "{refusal:?}");
            }
        }
    }
}
