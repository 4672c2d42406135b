//! Pages, and what they may do in a browser.

use askama::Template;
use axum::response::{IntoResponse, Response};
use common::http::{Lang, Refused, context};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
        RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use super::words::Words;

/// What all pages have.
#[derive(Debug)]
pub struct Page {
    /// The language, as HTML names it.
    pub lang: &'static str,
    /// Its words.
    pub words: &'static Words,
    /// Where the same page is in the other language.
    pub other: Option<String>,
    /// Version of the server.
    pub version: &'static str,
}

impl Page {
    /// A page in `lang`, which `other` leads to in the other one.
    pub fn new(lang: Lang, other: Option<String>) -> Self {
        Self {
            lang: match lang {
                Lang::Ja => "ja",
                Lang::En => "en",
            },
            words: Words::of(lang),
            other,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// What went wrong, and with which field of the form.
#[derive(Debug)]
pub struct FormProblem {
    /// The field's id.
    pub field: &'static str,
    /// What people are told.
    pub text: String,
}

/// The login page.
#[derive(Debug, Template)]
#[template(path = "sign_in/login.html")]
pub struct LoginPage<'a> {
    pub page: Page,
    /// Whose server it is that asks.
    pub client: &'a str,
    pub participant: Option<&'a str>,
    /// Where the form goes.
    pub action: &'a str,
    /// That it is ours.
    pub form: &'a str,
    /// What was typed before.
    pub user_id: &'a str,
    pub problem: Option<FormProblem>,
    /// What is wrong with the password, where that is it.
    pub wrong: Option<String>,
}

/// Nobody is sent anywhere.
#[derive(Debug, Template)]
#[template(path = "sign_in/refused.html")]
struct RefusedPage {
    page: Page,
    text: String,
    request_id: String,
}

/// Whether to sign out.
#[derive(Debug, Template)]
#[template(path = "sign_in/sign_out.html")]
pub struct SignOutPage<'a> {
    pub page: Page,
    pub user: &'a str,
    pub form: &'a str,
    pub client: &'a str,
    /// Where to go then.
    pub uri: Option<&'a str>,
    pub state: Option<&'a str>,
}

/// Signed out.
#[derive(Debug, Template)]
#[template(path = "sign_in/signed_out.html")]
pub struct SignedOutPage {
    pub page: Page,
}

/// An answer with a page. Its forms go to us, and from here on to `form_target`, an origin: browsers hold the redirect behind a form
/// to this, too.
pub fn page(status: StatusCode, template: &impl Template, form_target: Option<&str>) -> Response {
    let text = match template.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(request.id = %context::request_id(), %error, "a page could not be made");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let target = form_target.map_or(String::new(), |origin| format!(" {origin}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self'{target}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that says why it does not go on.
pub fn refused(refused: &Refused, lang: Lang, other: Option<String>) -> Response {
    refused.log();
    let template = RefusedPage {
        page: Page::new(lang, other),
        text: refused.text_in(lang),
        request_id: context::request_id().to_string(),
    };
    let mut response = page(refused.status, &template, None);
    if let Some(seconds) = refused.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Sends the browser to `address` with a GET, whatever it came with (RFC 9700 §4.12).
pub fn see_other(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::from_str(address) {
        headers.insert(LOCATION, address);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address of this page, with what the client asked, is nobody's business there.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
