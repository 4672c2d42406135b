//! To the authentication server, and back.

use auth_client::{SignInAnswer, SignInError, SignInRequest};
use axum::{
    extract::{Extension, RawQuery, State},
    response::{IntoResponse, Response},
};
use common::{
    http::{Refused, Text, problem::Problem, refusals},
    listener::{ConnectionInfo, network},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE},
};
use url::form_urlencoded;

use super::{
    page,
    paths::LOGIN,
    refusals::{FOREIGN_RETURN, SIGN_IN_AWAY, SIGN_IN_REFUSED, SIGN_IN_UNKNOWN},
    state::Sessions,
};
use crate::domain::{
    book::BeginError,
    return_to::{ReturnTo, ReturnToError},
    sign_in::BegunSignIn,
};

/// 64 bytes: errors of the standard have less than 30.
const MAX_ERROR: usize = 64;

/// Begins a sign-in: the browser goes to the authentication server, with a cookie by which its answer is known.
#[utoipa::path(
    get, path = "/login", tag = "session",
    params(("return_to" = Option<String>, Query, description = "Path of this server to go on at")),
    responses((status = 303, description = "to the authentication server"), (status = 400, body = Problem))
)]
pub(super) async fn login(
    State(sessions): State<Sessions>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = Parameters::read(query.as_deref());
    let return_to = match parameters.map(|found| found.return_to.map(|text| ReturnTo::parse(&text)))
    {
        Ok(None) => ReturnTo::default(),
        Ok(Some(Ok(path))) => path,
        Ok(Some(Err(error))) => return page::answer(foreign(error), &headers, LOGIN),
        Err(refused) => return page::answer(refused, &headers, LOGIN),
    };
    let inner = &sessions.0;
    let begun = BegunSignIn::new(return_to, inner.clock.now());
    let address = inner.issuer.sign_in_address(&SignInRequest {
        redirect_uri: &inner.redirect_uri,
        state: &begun.state,
        nonce: &begun.nonce,
        challenge: &begun.challenge(),
    });
    let cookie = &inner.cookies.sign_in;
    let kept = cookie.keep(&begun.seal(&inner.sealer), inner.sign_in);
    going(address.as_str(), [kept])
}

/// Takes somebody back from the authentication server: only the browser that went there, with the answer to what it went with.
#[utoipa::path(
    get, path = "/callback", tag = "session",
    params(
        ("code" = Option<String>, Query, description = "Where somebody has signed in"),
        ("error" = Option<String>, Query, description = "Where nobody has"),
        ("state" = String, Query), ("iss" = String, Query)
    ),
    responses(
        (status = 303, description = "to where it was begun, signed in"), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 503, body = Problem)
    )
)]
pub(super) async fn callback(
    State(sessions): State<Sessions>,
    Extension(connection): Extension<ConnectionInfo>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let inner = &sessions.0;
    let parameters = match Parameters::read(query.as_deref()) {
        Ok(parameters) => parameters,
        Err(refused) => return page::answer(refused, &headers, LOGIN),
    };
    let cookie = &inner.cookies.sign_in;
    let times = (inner.clock.now(), inner.sign_in);
    let begun = cookie
        .read(&headers)
        .and_then(|value| BegunSignIn::open(value, &inner.sealer, times))
        .filter(|begun| {
            let state = parameters.state.as_deref();
            state.is_some_and(|state| begun.is_answered_by(state))
        });
    let Some(begun) = begun else {
        // Whoever sends a browser here with an answer of their own ends nothing that was begun in it.
        return page::answer((&SIGN_IN_UNKNOWN).into(), &headers, LOGIN);
    };
    match finish(&sessions, &parameters, &begun, &connection, &headers).await {
        Ok(id) => {
            let session = inner.cookies.session.keep(&id, inner.book.longest());
            let to = format!("{}{}", inner.external, begun.return_to);
            going(&to, [session, cookie.forget()])
        }
        Err(refused) => {
            let is_over = !refused.status.is_server_error();
            let mut response = page::answer(refused, &headers, &again(&begun.return_to));
            if is_over {
                response.headers_mut().append(SET_COOKIE, cookie.forget());
            }
            response
        }
    }
}

/// Who came back is signed in under a new id.
async fn finish(
    sessions: &Sessions,
    parameters: &Parameters,
    begun: &BegunSignIn,
    connection: &ConnectionInfo,
    headers: &HeaderMap,
) -> Result<String, Refused> {
    let inner = &sessions.0;
    // RFC 9207 §2.4: also where it says no, it has to be the one that was asked.
    if parameters.iss.as_deref() != Some(inner.issuer.issuer()) {
        return Err(SIGN_IN_UNKNOWN.because("the answer is another issuer's"));
    }
    let code = match (&parameters.code, &parameters.error) {
        (Some(code), None) => code,
        (None, Some(error)) => return Err(refused(error)),
        _ => return Err((&SIGN_IN_UNKNOWN).into()),
    };
    let place = inner.redeemed.enter_as(network(connection.remote.ip()));
    let _place = place.ok_or(&refusals::BUSY)?;
    let answer = SignInAnswer {
        code,
        redirect_uri: &inner.redirect_uri,
        nonce: &begun.nonce,
        verifier: &begun.verifier,
    };
    let tokens = inner.issuer.redeem(&answer).await.map_err(not_redeemed)?;
    let former = inner.cookies.session.read(headers);
    inner
        .book
        .begin(tokens, former)
        .await
        .map_err(|error| match error {
            BeginError::Store(_) => refusals::DATABASE_AWAY.because(error),
            error if error.is_passing() => SIGN_IN_AWAY.because(error),
            error => SIGN_IN_REFUSED.naming("token").because(error),
        })
}

fn not_redeemed(error: SignInError) -> Refused {
    match error {
        SignInError::Unavailable(_) => SIGN_IN_AWAY.because(error),
        SignInError::Refused(reason) => refused(&reason),
        SignInError::IdToken(_) => SIGN_IN_REFUSED.naming("id_token").because(error),
    }
}

/// What the authentication server says: a word of the standard, or nothing that is repeated.
fn refused(error: &str) -> Refused {
    let is_word = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        !text.is_empty() && text.len() <= MAX_ERROR && text.bytes().all(fits)
    };
    match error {
        "temporarily_unavailable" | "server_error" => (&SIGN_IN_AWAY).into(),
        error if is_word(error) => SIGN_IN_REFUSED.naming(error),
        _ => SIGN_IN_REFUSED.naming("?"),
    }
}

fn foreign(error: ReturnToError) -> Refused {
    let ja = match error {
        ReturnToError::TooLong => "return_to が長すぎます",
        ReturnToError::Foreign => {
            "return_to はこのサーバのパスでなければなりません（先頭のスラッシュは1つ、バックスラッシュと制御文字は不可）"
        }
    };
    FOREIGN_RETURN.saying(Text::of(ja, error.to_string()))
}

/// The address for another try.
fn again(return_to: &ReturnTo) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", &return_to.to_string())
        .finish();
    format!("{LOGIN}?{query}")
}

/// 303 to `address`.
fn going<const N: usize>(address: &str, cookies: [HeaderValue; N]) -> Response {
    let Ok(location) = HeaderValue::from_str(address) else {
        return Problem::internal("an address has characters that none of a URL are")
            .into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address has a code, or what belongs to one.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

/// What stands in the query, each at most once; what is unknown is passed over (RFC 6749 §4.1.2).
#[derive(Debug, Default)]
struct Parameters {
    return_to: Option<String>,
    code: Option<String>,
    error: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

impl Parameters {
    fn read(query: Option<&str>) -> Result<Self, Refused> {
        let mut found = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let place = match &*name {
                "return_to" => &mut found.return_to,
                "code" => &mut found.code,
                "error" => &mut found.error,
                "state" => &mut found.state,
                "iss" => &mut found.iss,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                let twice = format!("{name} occurs twice");
                return Err(refusals::PARAMETER_DOES_NOT_FIT.because(twice));
            }
        }
        Ok(found)
    }
}
