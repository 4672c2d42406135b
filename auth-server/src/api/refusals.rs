//! Every way in which the authentication server refuses. What operators and other processes are told is English alone.

use common::{
    http::{problem::Problem, refusals::BEARER},
    refusals,
};

/// What clients are asked for whose ID and secret, or certificate, are missing or wrong.
pub const BASIC: &str = "Basic realm=\"kakehashi\", charset=\"UTF-8\"";

refusals! {
    /// What the authentication server answers besides what every listener does and OAuth has.
    pub static TABLE;

    // Who asks.
    CLIENT_REFUSED: 401 "client-refused".asks(BASIC)
        .advice("Check them, the listener, and the client's state."),
        "クライアントを確認できません。クライアントIDとシークレット、または証明書を確認してください。",
        "The client cannot be authenticated. Check its ID and secret, or its certificate.";
    CLIENTS_REFUSED: 429 "clients-refused"
        .advice("Check ID and secret, or the certificate. Credentials that are right are never answered so."),
        "クライアントの認証に何度も失敗しています。しばらくしてからもう一度お試しください。",
        "Too many clients of this network were refused. Try again in a moment.";
    SERVERS_ONLY: 403 "servers-only",
        "This is told to servers of the data space alone.";
    TOKEN_INACTIVE: 403 "token-inactive"
        .advice("Whoever it belongs to has to sign in again."),
        "トークンは無効です。期限切れ、取り消し、または利用停止の可能性があります。",
        "The token is not active: it expired, was revoked, or its user is suspended.";

    OWN_TOKEN_INACTIVE: 401 "token-inactive".asks(BEARER)
        .advice("Sign in again."),
        "The token that came along is not active: it expired, was revoked, or its user is suspended.";

    // Signing in.
    GRANT_NOT_ALLOWED: 401 "grant-not-allowed"
        .advice("Have it registered (`grants`), or take another way."),
        "このクライアントには、この方法でのトークン取得が許可されていません。",
        "This client is not registered for this way to get tokens.";
    LOGIN_REFUSED: 401 "login-refused"
        .advice("Try again, or ask the operator: the user may be barred."),
        "ユーザIDまたはパスワードが正しくありません。",
        "User ID or password is wrong.";
    LOGIN_THROTTLED: 429 "login-throttled"
        .advice("Wait for `Retry-After`: too many failed through this application, of this user or from this network."),
        "ログインの失敗が続いています。{}秒後にもう一度お試しください。",
        "Too many failed logins. Try again in {} seconds.";
    LOGIN_BUSY: 503 "login-busy".retry(1)
        .advice("Repeat after `Retry-After`."),
        "ログインが集中しています。しばらくしてからもう一度お試しください。",
        "Too many logins at once. Try again in a moment.";
    REFRESH_TOKEN_REFUSED: 401 "refresh-token-refused"
        .advice("Sign in again."),
        "リフレッシュトークンは無効です。もう一度ログインしてください。",
        "The refresh token does not count any more. Sign in again.";

    // Signing in with a browser: pages.
    SIGN_IN_CLIENT_UNKNOWN: 400 "sign-in-client-unknown"
        .advice("`client_id` names nobody who may act: the server that sent the browser is not registered, or suspended."),
        "ログインを求めたサーバは、登録されていないか、停止中です。そのサーバの運用者に連絡してください。",
        "The server that asks you to sign in is not registered, or suspended. Tell those who run it.";
    SIGN_IN_ADDRESS_UNKNOWN: 400 "sign-in-address-unknown"
        .advice("`redirect_uri` is missing or, character by character, none that is registered for the client (`redirect_uris`)."),
        "ログインのあとに戻る先が、登録されたものと違います。ログインは行いません。リンクの出どころを確かめてください。",
        "Where you would be sent after signing in is not registered, so you are not signed in. Check where the link came from.";
    SIGN_IN_PARAMETER_TWICE: 400 "sign-in-parameter-twice"
        .advice("Send each parameter once."),
        "パラメータ「{}」が二つあります。",
        "The parameter {} is there twice.";
    SIGN_IN_FORM_OLD: 403 "sign-in-form-old"
        .advice("The form did not come from a page that this browser got from here, or cookies are off."),
        "この画面は古くなっています。もう一度入力してください。ブラウザのクッキーが使えることも確かめてください。",
        "This form is an old one. Fill it in again, and check that your browser keeps cookies.";
    SIGN_IN_NO_USER_ID: 400 "sign-in-no-user-id"
        .advice("Send `user_id`."),
        "ユーザIDを書いてください",
        "Enter your user ID";
    SIGN_IN_NO_PASSWORD: 400 "sign-in-no-password"
        .advice("Send `password`."),
        "パスワードを書いてください",
        "Enter your password";
    SIGN_IN_WRONG: 403 "sign-in-wrong"
        .advice("Try again, or ask the operator: the user may be barred, of which nothing is said here."),
        "ユーザIDとパスワードの組み合わせを確かめてください",
        "Check the user ID and password";
    SIGN_IN_WAIT: 429 "sign-in-wait"
        .advice("Wait for `Retry-After`: too many attempts failed, of this user or from this network."),
        "続けて違っていたので、{}秒お待ちください。そのあともう一度試せます",
        "Several attempts did not match. Wait {} seconds, then try again";

    // What is registered.
    INVALID_MEMBER: 422 "invalid-member"
        .advice("`errors` says which and how."),
        "A member of the body is wrong.";
    TOO_MANY_ASKED: 422 "too-many-asked"
        .advice("Ask in parts."),
        "A question about suspensions names more than `max`.";
    UNKNOWN_PARTICIPANT: 404 "unknown-participant"
        .advice("Check the ID."),
        "There is no such participant.";
    UNKNOWN_USER: 404 "unknown-user"
        .advice("Check the ID."),
        "There is no such user.";
    UNKNOWN_CONNECTOR: 404 "unknown-connector"
        .advice("Check the ID."),
        "There is no such connector.";
    UNKNOWN_SERVICE: 404 "unknown-service"
        .advice("Check the ID."),
        "There is no such service.";
    UNKNOWN_CLIENT: 404 "unknown-client"
        .advice("Check the ID."),
        "There is no such client.";
    UNKNOWN_CERTIFICATE: 404 "unknown-certificate"
        .advice("Check the ID."),
        "There is no such certificate.";
    DUPLICATE_NUMBER: 409 "duplicate-number"
        .advice("Look for it; it may be suspended."),
        "A participant with this number is registered.";
    DUPLICATE_USER_ID: 409 "duplicate-user-id"
        .advice("Choose another suffix, or none: IDs are never used again."),
        "This user ID is taken.";
    NO_USER_ID_LEFT: 409 "no-user-id-left"
        .advice("Register a further participant."),
        "Every user ID of the participant is in use.";
    DUPLICATE_ID: 409 "duplicate-id"
        .advice("Choose another; case makes no difference."),
        "This ID is taken by a connector, a service or an application.";
    DUPLICATE_URL: 409 "duplicate-url"
        .advice("Check it; of the other one nothing is said."),
        "This address is registered for another connector.";
    DUPLICATE_KEY: 409 "duplicate-key"
        .advice("Make a new key."),
        "This key belongs to another client or is compromised.";
    OWN_ACCOUNT: 409 "own-account"
        .advice("Have another operator do it."),
        "Nobody suspends their own account or participant.";
    BUSY: 503 "busy".retry(1)
        .advice("Repeat after `Retry-After`."),
        "Too many passwords at once.";

    // Certificates.
    CODE_REFUSED: 403 "code-refused"
        .advice("Have a new one made."),
        "The one-time code is unknown, spent, replaced or too old.";
    CSR_UNUSABLE: 422 "csr-unusable"
        .advice("Make another; `detail` says why."),
        "The certificate request cannot be used.";
    CLIENT_BARRED: 403 "client-barred"
        .advice("Ask the operator."),
        "The client, or its participant, is suspended and gets no certificate.";
    NOT_RENEWABLE: 403 "certificate-not-renewable"
        .advice("Enrol with a new one-time code."),
        "The certificate that came with the request is unknown here, or revoked.";
    TOO_MANY_RENEWALS: 429 "too-many-renewals"
        .advice("Keep the one that it has; see why it is renewed again and again."),
        "The client has had a hundred certificates and more renewed of late.";
    EXTERNAL_AUTHORITY: 409 "external-authority"
        .advice("Ask that authority, then have its certificate recorded."),
        "Certificates come from another authority; this server only records them.";
    NO_REVOCATION_LIST: 404 "no-revocation-list"
        .advice("Fetch them from the other authority."),
        "The other authority's lists are not at hand here.";
}

/// There is no such entry.
pub fn unknown(what: &str) -> Problem {
    Problem::from(match what {
        "participant" => &UNKNOWN_PARTICIPANT,
        "user" => &UNKNOWN_USER,
        "connector" => &UNKNOWN_CONNECTOR,
        "service" => &UNKNOWN_SERVICE,
        "certificate" => &UNKNOWN_CERTIFICATE,
        _ => &UNKNOWN_CLIENT,
    })
}
