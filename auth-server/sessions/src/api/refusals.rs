//! Every way in which the screens' sign-in refuses.

use common::{
    http::{Refused, refusals},
    refusals,
};

use crate::domain::book::SessionError;

refusals! {
    /// What a server with screens answers about sessions, besides what every listener does.
    pub static TABLE;

    NOT_SIGNED_IN: 401 "not-signed-in"
        .advice("Go to `/login`, with `return_to` for the page that asked."),
        "サインインしていないか、セッションが終了しています。",
        "Nobody is signed in, or the session has ended.";
    CROSS_SITE: 403 "cross-site-request"
        .advice("Changes come from the server's own pages: with `Origin` of its own and `X-Kakehashi-Request: 1`."),
        "この操作は、このサーバの画面からのみ行えます。",
        "With a session, changes are taken from the server's own pages alone.";
    FOREIGN_RETURN: 400 "return-to-foreign"
        .advice("Name a path of this server."),
        "サインイン後の移動先が正しくありません: {}",
        "That is nowhere to go on after the sign-in: {}";
    SIGN_IN_UNKNOWN: 400 "sign-in-unknown"
        .advice("Sign in again, in one window."),
        "このサインインは、このブラウザで始められたものではないか、時間が過ぎています。もう一度サインインしてください。",
        "This sign-in was not begun in this browser, or too long ago. Please sign in again.";
    SIGN_IN_REFUSED: 403 "sign-in-refused"
        .advice("Sign in again; where that does not help, ask the operator of the authentication server."),
        "認証サーバがサインインを認めませんでした: {}",
        "The authentication server did not let you in: {}";
    SIGN_IN_AWAY: 503 "sign-in-unavailable".retry(5)
        .advice("Sign in again after `Retry-After`; the operator looks at the authentication server."),
        "認証サーバを利用できないため、サインインできません。しばらくしてから再度お試しください。",
        "Nobody can sign in, for the authentication server is away. Please try again in a moment.";
}

impl From<SessionError> for Refused {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Store(_) => refusals::DATABASE_AWAY.because(error),
            SessionError::Judge(_) | SessionError::Refresh(_) => {
                refusals::UNAVAILABLE.because(error)
            }
        }
    }
}
