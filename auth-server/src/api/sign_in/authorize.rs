//! The authorization endpoint, and the login page in front of it.

use axum::{
    body::Body,
    extract::{RawQuery, Request, State},
    response::{IntoResponse, Response},
};
use common::http::{
    Lang, Refused,
    body::Nobodys,
    context,
    refusals::{DATABASE_AWAY, INTERNAL},
};
use common_db::is_unavailable;
use http::header::{RETRY_AFTER, SET_COOKIE};
use url::Url;

use super::{
    browser::form_proof,
    in_other_language, lang,
    page::{self, FormProblem, LoginPage, Page, see_other},
};
use crate::{
    api::{
        cadde::seconds,
        oauth::Form,
        refusals::{
            LOGIN_BUSY, SIGN_IN_ADDRESS_UNKNOWN, SIGN_IN_CLIENT_UNKNOWN, SIGN_IN_FORM_OLD,
            SIGN_IN_NO_PASSWORD, SIGN_IN_NO_USER_ID, SIGN_IN_PARAMETER_TWICE, SIGN_IN_WAIT,
            SIGN_IN_WRONG,
        },
        state::AppState,
        unverified::UnverifiedRequest,
    },
    domain::{
        password::PasswordError,
        sign_in::{Code, Destination, Lost, Prompt, SignInRequest},
        tokens::LoginError,
    },
};

/// Where all of this is.
const PATH: &str = "/oauth2/authorize";

/// 8 KiB: a user ID and a password, escaped.
const MAX_FORM: usize = 8 << 10;

/// A request that can be answered, and how it came.
struct Understood {
    to: Destination,
    request: SignInRequest,
    query: String,
    lang: Lang,
    login_hint: Option<String>,
}

impl Understood {
    /// Reads `query`.
    ///
    /// # Errors
    /// The answer: a page as long as it is not certain where the browser may be sent back to, that address from there on.
    fn read(state: &AppState, query: Option<String>) -> Result<Self, Box<Response>> {
        let query = query.unwrap_or_default();
        let parameters = Form::parse(query.as_bytes()).map_err(|twice| {
            let refused = SIGN_IN_PARAMETER_TWICE.naming(twice);
            Box::new(page::refused(&refused, context::lang(), None))
        })?;
        let lang = lang(&parameters);
        let parameter = |name: &str| parameters.get(name);
        let to = Destination::find(&state.directory, parameter).map_err(|lost| {
            let refusal = match lost {
                Lost::Client => &SIGN_IN_CLIENT_UNKNOWN,
                Lost::Address => &SIGN_IN_ADDRESS_UNKNOWN,
            };
            let other = in_other_language(PATH, &query, lang);
            Box::new(page::refused(&refusal.into(), lang, Some(other)))
        })?;
        let request = SignInRequest::read(parameter).map_err(|objection| {
            let (error, description) = (objection.error, objection.description);
            tracing::info!(request.id = %context::request_id(), client.id = to.client.id, error, description, "a request for a code is refused");
            Box::new(back_with_error(state, &to, error, description))
        })?;
        let login_hint = parameters.get("login_hint").map(ToOwned::to_owned);
        Ok(Self {
            to,
            request,
            query,
            lang,
            login_hint,
        })
    }

    /// The login page, with what went wrong.
    fn login_page(
        &self,
        state: &AppState,
        caller: &UnverifiedRequest,
        user_id: &str,
        problem: Option<(&'static str, Refused)>,
    ) -> Response {
        let client = &self.to.client;
        let participant = client.user.as_ref().and_then(|user| {
            let user = state.directory.user(user)?;
            state.directory.participant(user.participant)
        });
        let (kept, cookie) = state.cookies.form(&caller.headers);
        let form = form_proof(&kept, &self.query);
        let text = |refused: &Refused| refused.text_in(self.lang);
        let wrong = problem.as_ref().filter(|(field, _)| *field == "pw");
        let template = LoginPage {
            page: Page::new(
                self.lang,
                Some(in_other_language(PATH, &self.query, self.lang)),
            ),
            client: &client.name,
            participant: participant.as_deref().map(|one| one.name.as_str()),
            action: &format!("{PATH}?{}", self.query),
            form: &form,
            user_id,
            wrong: wrong.map(|(_, refused)| text(refused)),
            problem: problem.as_ref().map(|(field, refused)| FormProblem {
                field,
                text: text(refused),
            }),
        };
        let status = problem.as_ref().map(|(_, refused)| refused.status);
        let origin =
            Url::parse(&self.to.redirect_uri).map(|url| url.origin().ascii_serialization());
        let mut response = page::page(
            status.unwrap_or_default(),
            &template,
            origin.ok().as_deref(),
        );
        let headers = response.headers_mut();
        if let Some(cookie) = cookie {
            headers.append(SET_COOKIE, cookie);
        }
        if let Some(seconds) = problem.and_then(|(_, refused)| refused.retry_after) {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// A code by the session of `secret`; `None` where that has ended.
    async fn code(&self, state: &AppState, secret: &str) -> Result<Option<Response>, LoginError> {
        Ok(
            match state.logins.code(secret, &self.to, &self.request).await? {
                Code::Made(code) => Some(back(state, &self.to, &[("code", &code)])),
                Code::SessionEnded => None,
                Code::TooMany => Some(back_with_error(
                    state,
                    &self.to,
                    "temporarily_unavailable",
                    "there are too many codes under way",
                )),
            },
        )
    }

    fn failed(&self, error: LoginError) -> Response {
        let refused = match &error {
            LoginError::Store(source) if is_unavailable(source) => DATABASE_AWAY.because(error),
            _ => INTERNAL.because(error),
        };
        let other = in_other_language(PATH, &self.query, self.lang);
        page::refused(&refused, self.lang, Some(other))
    }
}

/// Begins signing in: answers with a code where the browser's session is good for it, else with the login page. Sends back to
/// addresses alone that are registered for the client.
#[utoipa::path(
    get, path = "/oauth2/authorize", tag = "sign-in",
    params(
        ("client_id" = String, Query), ("redirect_uri" = String, Query, description = "Exactly as it is registered"),
        ("response_type" = String, Query, description = "`code`"),
        ("code_challenge" = String, Query, description = "RFC 7636"),
        ("code_challenge_method" = String, Query, description = "`S256`"),
        ("scope" = Option<String>, Query, description = "`openid`, `profile`, `email`; others are left out"),
        ("state" = Option<String>, Query, description = "1024 bytes at most"),
        ("nonce" = Option<String>, Query, description = "512 bytes at most"),
        ("prompt" = Option<String>, Query, description = "`none`, `login`, `select_account`, `consent`"),
        ("max_age" = Option<u32>, Query, description = "Seconds"),
        ("ui_locales" = Option<String>, Query, description = "`ja`, `en`"),
        ("login_hint" = Option<String>, Query, description = "A user ID")
    ),
    responses(
        (status = 200, description = "The login page", body = String, content_type = "text/html"),
        (status = 303, description = "Back, with `code` or `error`, `state` and `iss` (RFC 9207)"),
        (status = 400, description = "A page: client or address is not registered", body = String, content_type = "text/html")
    )
)]
pub async fn show(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    caller: UnverifiedRequest,
) -> Response {
    let understood = match Understood::read(&state, query) {
        Ok(understood) => understood,
        Err(answer) => return *answer,
    };
    match with_session(&state, &understood, &caller).await {
        Ok(Some(answer)) => return answer,
        Ok(None) => {}
        Err(error) => return understood.failed(error),
    }
    if understood.request.prompt == Prompt::Never {
        let description = "nobody is signed in, or not lately enough";
        return back_with_error(&state, &understood.to, "login_required", description);
    }
    let user_id = understood.login_hint.clone().unwrap_or_default();
    understood.login_page(&state, &caller, &user_id, None)
}

/// A code by the browser's session, where that is good for what is asked.
async fn with_session(
    state: &AppState,
    understood: &Understood,
    caller: &UnverifiedRequest,
) -> Result<Option<Response>, LoginError> {
    let Some(secret) = state.cookies.session(&caller.headers) else {
        return Ok(None);
    };
    let Some((_, session)) = state.logins.session(secret).await? else {
        return Ok(None);
    };
    let now = state.logins.clock.now();
    if understood.request.is_too_old(session.created_at, now) {
        return Ok(None);
    }
    understood.code(state, secret).await
}

/// What the form of the login page sends.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; reading it refuses repeated parameters"
)]
pub struct LoginForm {
    /// That the form is from a page that this browser got.
    form: String,
    /// User ID.
    user_id: String,
    /// Password.
    password: String,
}

/// Signs a person in who filled the login page's form, which goes to the address of the page, and sends back with a code.
#[utoipa::path(
    post, path = "/oauth2/authorize", tag = "sign-in",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "Back, with `code`, `state` and `iss`"),
        (status = 403, description = "The login page: user ID or password is wrong, or the form is an old one", body = String, content_type = "text/html"),
        (status = 429, description = "The login page: too many failures lately", body = String, content_type = "text/html")
    )
)]
pub async fn sign_in(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let (caller, body) = match UnverifiedRequest::split(request).await {
        Ok(split) => split,
        Err(answer) => return answer,
    };
    let understood = match Understood::read(&state, query) {
        Ok(understood) => understood,
        Err(answer) => return *answer,
    };
    let form = match read_form(&caller, body).await {
        Ok(form) => form,
        Err(refused) => {
            let other = in_other_language(PATH, &understood.query, understood.lang);
            return page::refused(&refused, understood.lang, Some(other));
        }
    };
    let typed = form.get("user_id").unwrap_or_default().trim();
    let again = |field, refused: Refused| {
        refused.log();
        understood.login_page(&state, &caller, typed, Some((field, refused)))
    };
    let (origin, proof) = (state.issuer.name(), form.get("form"));
    if !state
        .cookies
        .is_own_form(&caller.headers, origin, &understood.query, proof)
    {
        return again("uid", (&SIGN_IN_FORM_OLD).into());
    }
    if typed.is_empty() {
        return again("uid", (&SIGN_IN_NO_USER_ID).into());
    }
    let Some(password) = form.get("password") else {
        return again("pw", (&SIGN_IN_NO_PASSWORD).into());
    };
    let before = state.cookies.session(&caller.headers);
    let address = caller.connection.remote.ip();
    let opened = state
        .logins
        .sign_in(typed, password.to_owned(), address, before)
        .await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(LoginError::Credentials) => return again("pw", (&SIGN_IN_WRONG).into()),
        Err(LoginError::Throttled(wait)) => {
            let seconds = seconds(wait);
            let mut refused = SIGN_IN_WAIT.naming(seconds);
            refused.retry_after = Some(seconds);
            return again("pw", refused);
        }
        Err(LoginError::Password(PasswordError::Busy)) => {
            return again("pw", (&LOGIN_BUSY).into());
        }
        Err(error) => return understood.failed(error),
    };
    let mut answer = match understood.code(&state, &opened.secret).await {
        Ok(Some(answer)) => answer,
        // Ended before it began: the user was barred just now.
        Ok(None) => return again("pw", (&SIGN_IN_WRONG).into()),
        Err(error) => return understood.failed(error),
    };
    let session = state.cookies.keep_session(&opened.secret);
    answer.headers_mut().append(SET_COOKIE, session);
    answer
}

/// The form, of a browser that nobody knows yet.
pub(super) async fn read_form(caller: &UnverifiedRequest, body: Body) -> Result<Form, Refused> {
    let body = Nobodys::read(body, caller.connection.remote.ip(), MAX_FORM).await?;
    Form::parse(&body.bytes).map_err(|twice| SIGN_IN_PARAMETER_TWICE.naming(twice))
}

/// Sends the browser back to whoever asked.
fn back(state: &AppState, to: &Destination, answer: &[(&str, &str)]) -> Response {
    let mut url = match Url::parse(&to.redirect_uri) {
        Ok(url) => url,
        Err(error) => {
            let refused = INTERNAL.because(error);
            return page::refused(&refused, context::lang(), None).into_response();
        }
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(answer);
        if let Some(state) = &to.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", state.issuer.name());
    }
    see_other(url.as_str())
}

fn back_with_error(state: &AppState, to: &Destination, error: &str, description: &str) -> Response {
    let answer = [("error", error), ("error_description", description)];
    back(state, to, &answer)
}
