//! What the pages say, in both languages: a word that lacks one does not compile.

use common::http::Lang;

/// The words of the pages in one language.
#[derive(Debug)]
pub struct Words {
    pub product: &'static str,
    pub server: &'static str,
    pub skip: &'static str,
    pub language: &'static str,
    pub error: &'static str,
    pub sign_in: &'static str,
    pub to_before: &'static str,
    pub open: &'static str,
    pub close: &'static str,
    pub to_after: &'static str,
    pub not_signed_in: &'static str,
    pub user_id: &'static str,
    pub user_id_hint: &'static str,
    pub password: &'static str,
    pub show: &'static str,
    pub first_time: &'static str,
    pub first_time_text: &'static str,
    pub forgotten: &'static str,
    pub forgotten_text: &'static str,
    pub safety: &'static str,
    pub safety_text: &'static str,
    pub cannot_go_on: &'static str,
    pub request: &'static str,
    pub sign_out: &'static str,
    pub sign_out_text: &'static str,
    pub signed_in_as: &'static str,
    pub signed_out: &'static str,
    pub signed_out_text: &'static str,
}

static JA: Words = Words {
    product: "架け橋",
    server: "認証サーバ",
    skip: "本文へ移動",
    language: "表示言語",
    error: "エラー：",
    sign_in: "ログイン",
    to_before: "",
    open: "（",
    close: "）",
    to_after: "を使います。",
    not_signed_in: "ログインできませんでした",
    user_id: "CADDEユーザID",
    user_id_hint: "cadde. で始まるIDです。例：cadde.1000000000011.03",
    password: "パスワード",
    show: "表示",
    first_time: "はじめて使う方へ",
    first_time_text: "利用には登録が必要です。登録すると、運用者からIDと最初のパスワードをお渡しします。",
    forgotten: "パスワードを忘れたとき",
    forgotten_text: "運用者に連絡してください。新しいパスワードをお渡しします。",
    safety: "安全のために",
    safety_text: "パスワードを、電話やメールでおたずねすることはありません。",
    cannot_go_on: "先へ進めません",
    request: "リクエストID:",
    sign_out: "ログアウト",
    sign_out_text: "このブラウザのログインと、ここからログインしたサーバのログインを終えます。",
    signed_in_as: "ログイン中のID:",
    signed_out: "ログアウトしました",
    signed_out_text: "このページは閉じてかまいません。",
};

static EN: Words = Words {
    product: "Kakehashi",
    server: "authentication server",
    skip: "Skip to content",
    language: "Language",
    error: "Error: ",
    sign_in: "Sign in",
    to_before: "to use ",
    open: " (",
    close: ")",
    to_after: ".",
    not_signed_in: "You are not signed in",
    user_id: "CADDE user ID",
    user_id_hint: "It begins with cadde., for example cadde.1000000000011.03",
    password: "Password",
    show: "Show",
    first_time: "New here?",
    first_time_text: "You need to be registered. The operator then gives you an ID and a first password.",
    forgotten: "Forgot the password?",
    forgotten_text: "Ask the operator, who gives you a new one.",
    safety: "Stay safe",
    safety_text: "Nobody asks you for your password by phone or by mail.",
    cannot_go_on: "This page cannot go on",
    request: "Request ID:",
    sign_out: "Sign out",
    sign_out_text: "This ends your session in this browser, and at the servers you signed in to from here.",
    signed_in_as: "Signed in as",
    signed_out: "You are signed out",
    signed_out_text: "You can close this page.",
};

impl Words {
    /// Those of `lang`.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Ja => &JA,
            Lang::En => &EN,
        }
    }
}
