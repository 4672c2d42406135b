//! Signing out (`OpenID` Connect RP-Initiated Logout 1.0).

use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use common::{
    http::{
        Lang, context,
        refusals::{DATABASE_AWAY, INTERNAL},
    },
    ids::UserId,
};
use common_db::is_unavailable;
use http::{StatusCode, header::SET_COOKIE};
use url::Url;

use super::{
    authorize::read_form,
    browser::form_proof,
    in_other_language, lang,
    page::{self, Page, SignOutPage, SignedOutPage, see_other},
};
use crate::{
    api::{
        oauth::Form,
        refusals::SIGN_IN_PARAMETER_TWICE,
        state::AppState,
        unverified::{UnverifiedRequest, request_id},
    },
    domain::tokens::{IdTokenHint, LoginError},
};

const PATH: &str = "/oauth2/logout";

/// What the form of the page that asks is for.
const PURPOSE: &str = "sign out";

/// What the endpoint reads, from the address or from a form.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; reading it refuses repeated parameters"
)]
pub struct LogoutForm {
    /// An ID token of the session that ends, however old. Without one a page asks.
    id_token_hint: Option<String>,
    /// Client id; optional beside the ID token, which names it.
    client_id: Option<String>,
    /// Where to go then: exactly as it is registered.
    post_logout_redirect_uri: Option<String>,
    /// Sent back there.
    state: Option<String>,
    /// `ja` or `en`.
    ui_locales: Option<String>,
    /// That the form is from a page that this browser got.
    form: Option<String>,
}

/// Signs out of the session of an ID token, and of the one at the login page, and sends back; without an ID token a page asks first.
#[utoipa::path(
    get, path = "/oauth2/logout", tag = "sign-in",
    params(
        ("id_token_hint" = Option<String>, Query), ("client_id" = Option<String>, Query),
        ("post_logout_redirect_uri" = Option<String>, Query), ("state" = Option<String>, Query),
        ("ui_locales" = Option<String>, Query)
    ),
    responses(
        (status = 200, description = "A page: signed out, or whether to", body = String, content_type = "text/html"),
        (status = 303, description = "Back, with `state`")
    )
)]
pub async fn show(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    caller: UnverifiedRequest,
) -> Response {
    let query = query.unwrap_or_default();
    match Form::parse(query.as_bytes()) {
        Ok(parameters) => answer(&state, &caller, &parameters, Some(&query)).await,
        Err(twice) => {
            let refused = SIGN_IN_PARAMETER_TWICE.naming(twice);
            page::refused(&refused, context::lang(), None)
        }
    }
}

/// The same, asked with a form: a client's, or that of the page that asks.
#[utoipa::path(
    post, path = "/oauth2/logout", tag = "sign-in",
    request_body(content = LogoutForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: signed out, or whether to", body = String, content_type = "text/html"),
        (status = 303, description = "Back, with `state`")
    )
)]
pub async fn submit(State(state): State<AppState>, request: Request) -> Response {
    let (caller, body) = match UnverifiedRequest::split(request).await {
        Ok(split) => split,
        Err(answer) => return answer,
    };
    match read_form(&caller, body).await {
        Ok(parameters) => answer(&state, &caller, &parameters, None).await,
        Err(refused) => page::refused(&refused, context::lang(), None),
    }
}

async fn answer(
    state: &AppState,
    caller: &UnverifiedRequest,
    parameters: &Form,
    query: Option<&str>,
) -> Response {
    let lang = lang(parameters);
    let hint = parameters
        .get("id_token_hint")
        .and_then(|token| state.issuer.read_hint(token));
    let asked = parameters.get("client_id");
    let hint = hint.filter(|hint| asked.is_none_or(|id| id == hint.client));
    match signed_out(state, caller, parameters, hint.as_ref()).await {
        Ok(SignedOut::Asking(user)) => asking(state, caller, parameters, query, &user),
        Ok(SignedOut::Done { forget }) => {
            let client = hint.as_ref().map(|hint| hint.client.as_str()).or(asked);
            let mut answer = done(state, client, parameters, lang);
            if forget {
                let cookie = state.cookies.forget_session();
                answer.headers_mut().append(SET_COOKIE, cookie);
            }
            answer
        }
        Err(error) => {
            let refused = match &error {
                LoginError::Store(source) if is_unavailable(source) => DATABASE_AWAY.because(error),
                _ => INTERNAL.because(error),
            };
            page::refused(&refused, lang, None)
        }
    }
}

/// What came of it.
enum SignedOut {
    /// There is somebody to be asked first.
    Asking(UserId),
    /// Nobody is signed in any more by what was shown; whether the browser may forget its session.
    Done { forget: bool },
}

async fn signed_out(
    state: &AppState,
    caller: &UnverifiedRequest,
    parameters: &Form,
    hint: Option<&IdTokenHint>,
) -> Result<SignedOut, LoginError> {
    let secret = state.cookies.session(&caller.headers);
    let session = match secret {
        Some(secret) => state.logins.session(secret).await?,
        None => None,
    };
    let user = session.map(|(user, _)| user.user_id.clone());
    if let Some(hint) = hint {
        // Whoever has an ID token of their own signs nobody else out with it.
        let is_own = user.is_none_or(|user| user == hint.user);
        let secret = secret.filter(|_| is_own);
        state.logins.sign_out(hint, secret, request_id()).await?;
        return Ok(SignedOut::Done { forget: is_own });
    }
    let Some((secret, user)) = secret.zip(user) else {
        return Ok(SignedOut::Done { forget: true });
    };
    let (origin, proof) = (state.issuer.name(), parameters.get("form"));
    let is_sure = state
        .cookies
        .is_own_form(&caller.headers, origin, PURPOSE, proof);
    if !is_sure {
        return Ok(SignedOut::Asking(user));
    }
    state.logins.sign_out_here(secret, request_id()).await?;
    Ok(SignedOut::Done { forget: true })
}

/// The page that asks. Where to go then it repeats only where the answer will lead there.
fn asking(
    state: &AppState,
    caller: &UnverifiedRequest,
    parameters: &Form,
    query: Option<&str>,
    user: &UserId,
) -> Response {
    let lang = lang(parameters);
    let client = parameters.get("client_id");
    let uri = registered(state, client, parameters);
    let (kept, cookie) = state.cookies.form(&caller.headers);
    let template = SignOutPage {
        page: Page::new(
            lang,
            query.map(|query| in_other_language(PATH, query, lang)),
        ),
        user: user.as_str(),
        form: &form_proof(&kept, PURPOSE),
        client: client.unwrap_or_default(),
        uri: uri.as_deref(),
        state: parameters.get("state"),
    };
    let origin = uri.as_deref().and_then(|uri| Url::parse(uri).ok());
    let origin = origin.map(|url| url.origin().ascii_serialization());
    let mut answer = page::page(StatusCode::OK, &template, origin.as_deref());
    if let Some(cookie) = cookie {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

/// The address to go to, where it is one of the client's.
fn registered(state: &AppState, client: Option<&str>, parameters: &Form) -> Option<String> {
    let client = state.directory.active_client(client?)?;
    let asked = parameters.get("post_logout_redirect_uri")?;
    let known = &client.redirects.post_logout_redirect_uris;
    known.iter().find(|uri| *uri == asked).cloned()
}

/// Signed out: back to the client where it has registered the address, else a page.
fn done(state: &AppState, client: Option<&str>, parameters: &Form, lang: Lang) -> Response {
    let back = registered(state, client, parameters).and_then(|uri| Url::parse(&uri).ok());
    let Some(mut back) = back else {
        let template = SignedOutPage {
            page: Page::new(lang, None),
        };
        return page::page(StatusCode::OK, &template, None);
    };
    if let Some(state) = parameters.get("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    see_other(back.as_str())
}
