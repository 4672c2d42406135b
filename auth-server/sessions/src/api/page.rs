//! What people see who cannot be signed in: a page, where their browser asks for one.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use common::http::{Lang, Refused, context, problem::Problem};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
        VARY, X_CONTENT_TYPE_OPTIONS,
    },
};

/// Nothing is loaded, nothing runs, nobody frames it.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `refused` as the one who asks reads it, with the address `again` for another try.
pub(super) fn answer(refused: Refused, headers: &HeaderMap, again: &str) -> Response {
    if !wants_page(headers) {
        return Problem::from(refused).into_response();
    }
    refused.log_reason();
    let mut response = Response::new(Body::from(page(&refused.text(), again)));
    *response.status_mut() = refused.status;
    let fields = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept, accept-language"),
    ];
    for (name, value) in fixed {
        fields.insert(name, HeaderValue::from_static(value));
    }
    if let Some(seconds) = refused.retry_after {
        fields.insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Programs ask for JSON, or say nothing.
fn wants_page(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.to_ascii_lowercase().contains("text/html"))
}

fn page(text: &str, again: &str) -> String {
    let (lang, title, link) = match context::lang() {
        Lang::Ja => ("ja", "サインインできませんでした", "もう一度サインインする"),
        Lang::En => ("en", "You are not signed in", "Sign in again"),
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
         <body><main><h1>{title}</h1><p>{}</p><p><a href=\"{}\">{link}</a></p></main></body>\n</html>\n",
        escaped(text),
        escaped(again)
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_text_on_the_page() {
        let page = page("<script>&\"'", "/login?return_to=\"><b>");
        assert!(
            page.contains("<p>&lt;script&gt;&amp;&quot;&#39;</p>"),
            "{page}"
        );
        assert!(
            page.contains("href=\"/login?return_to=&quot;&gt;&lt;b&gt;\""),
            "{page}"
        );
    }
}
