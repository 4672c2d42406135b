//! Signing in and out in a browser (`OpenID` Connect Core 1.0, RP-Initiated Logout 1.0).
//!
//! The login page has the whole request in its address, and its form goes to the same one: nothing is kept here of somebody who has
//! not signed in.

pub mod asset;
pub mod authorize;
mod browser;
pub mod logout;
mod page;
pub mod userinfo;
mod words;

pub use browser::Cookies;
use common::http::{Lang, context};
use url::form_urlencoded;

use super::oauth::Form;

/// The language that was asked for in the address, else the one that the browser prefers.
fn lang(parameters: &Form) -> Lang {
    let asked = parameters.get("ui_locales").unwrap_or_default();
    let known = asked
        .split(' ')
        .find_map(|tag| match tag.split('-').next() {
            Some("ja") => Some(Lang::Ja),
            Some("en") => Some(Lang::En),
            _ => None,
        });
    known.unwrap_or_else(context::lang)
}

/// Where the page at `path` with `query` is in the other language than `lang`.
fn in_other_language(path: &str, query: &str, lang: Lang) -> String {
    let other = match lang {
        Lang::Ja => "en",
        Lang::En => "ja",
    };
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "ui_locales");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("ui_locales", other)
        .finish();
    format!("{path}?{query}")
}
