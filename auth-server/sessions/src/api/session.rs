//! Who is signed in, and signing out.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use common::http::{problem::Problem, refusals};
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, SET_COOKIE, VARY},
};

use super::{
    messages::{SessionAnswer, SignedOut},
    refusals::CROSS_SITE,
    state::Sessions,
};
use crate::domain::signed_in::SignedIn;

/// Who is signed in.
#[utoipa::path(
    get, path = "/session", tag = "session",
    responses((status = 200, body = SessionAnswer), (status = 401, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn session(caller: SignedIn) -> Response {
    answer(Json(SessionAnswer::from(&caller)))
}

/// Ends the session, with all that came of its sign-in.
#[utoipa::path(
    post, path = "/logout", tag = "session",
    params(("x-kakehashi-request" = String, Header, description = "`1`")),
    responses((status = 200, body = SignedOut), (status = 403, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn logout(
    State(sessions): State<Sessions>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let inner = &sessions.0;
    // Also where no cookie comes with it: what a page from elsewhere sends has none, and must not take it away.
    if !inner.origin.sent(&headers) {
        return Err((&CROSS_SITE).into());
    }
    if let Some(cookie) = inner.cookies.session.read(&headers) {
        let ended = inner.book.end(cookie).await;
        ended.map_err(|error| refusals::DATABASE_AWAY.because(error))?;
    }
    let home = format!("{}/", inner.external);
    let mut response = answer(Json(SignedOut {
        sign_out_address: inner.issuer.sign_out_address(&home).into(),
    }));
    let forgotten = inner.cookies.session.forget();
    response.headers_mut().append(SET_COOKIE, forgotten);
    Ok(response)
}

/// For this browser alone.
fn answer(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("cookie"));
    response
}
