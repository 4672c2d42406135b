//! A browser that keeps cookies, and clients that send it here.

use std::{collections::BTreeMap, sync::Arc};

use auth_client::{
    TokenClaims,
    api::{
        CreateAppClient, CreateService, CreatedAppClient, CreatedService, CreatedUser, GrantType,
        IssuedCertificate, Purpose, ServiceKind,
    },
};
use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    http::{
        Lang,
        context::{self, RequestContext, RequestId},
    },
    tls::PeerCertificate,
};
use http::{
    Request, StatusCode,
    header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded::Serializer};

use crate::api::tests::fixture::{
    Answer, Ask, Fixture, csr, identity, with_basic, with_certificate,
};

/// Where clients want people back.
pub const BACK: &str = "https://tool.example/session/callback";

/// What proves that a code is the client's.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A client that people sign in at.
pub struct Tool {
    pub id: String,
    /// How it asks for tokens.
    pub ask: Ask,
}

impl Tool {
    /// An application with a secret.
    pub async fn app(fixture: &Fixture, id: &str, purpose: Purpose) -> Self {
        let body = CreateAppClient {
            client_id: Some(id.into()),
            purpose,
            redirect_uris: vec![BACK.into(), format!("{BACK}?from=here")],
            post_logout_redirect_uris: vec!["https://tool.example/".into()],
            ..CreateAppClient::new(
                "道具",
                vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            )
        };
        let created: CreatedAppClient = fixture
            .operate("/v1/clients", &body)
            .await
            .read(StatusCode::CREATED);
        Self {
            id: id.into(),
            ask: with_basic(id, created.client_secret.expose()),
        }
    }

    /// A service with a certificate.
    pub async fn service(fixture: &Fixture, id: &str) -> Self {
        let body = CreateService {
            redirect_uris: vec![BACK.into()],
            ..CreateService::new(id.parse().unwrap(), ServiceKind::Server, "カタログ")
        };
        let created: CreatedService = fixture
            .operate("/v1/services", &body)
            .await
            .read(StatusCode::CREATED);
        let code = created.enrolment.unwrap().code;
        let issued: IssuedCertificate = fixture
            .enrol(code.expose(), &csr())
            .await
            .read(StatusCode::CREATED);
        Self::with_certificate(id, &identity(&issued.certificate))
    }

    pub fn with_certificate(id: &str, certificate: &Arc<PeerCertificate>) -> Self {
        Self {
            id: id.into(),
            ask: with_certificate(certificate),
        }
    }

    /// Where it sends people, with changes; a value that is empty is left out.
    pub fn url(&self, changes: &[(&str, &str)]) -> String {
        let challenge = challenge();
        let usual = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "back & forth"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let kept = usual.iter().filter(|(name, _)| !is_changed(name));
        let all = kept.chain(changes).filter(|(_, value)| !value.is_empty());
        let query = Serializer::new(String::new()).extend_pairs(all).finish();
        format!("/oauth2/authorize?{query}")
    }

    /// Asks for tokens, where it has its credentials for.
    pub async fn redeem(&self, fixture: &Fixture, code: &str, changes: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let kept = usual.iter().filter(|(name, _)| !is_changed(name));
        let form: Vec<_> = kept.chain(changes).copied().collect();
        self.token(fixture, &form).await
    }

    pub async fn refresh(&self, fixture: &Fixture, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token(fixture, &form).await
    }

    async fn token(&self, fixture: &Fixture, form: &[(&str, &str)]) -> Answer {
        if self.ask.peer.is_some() {
            fixture.peer_form(&self.ask, "/oauth2/token", form).await
        } else {
            fixture.public_form(&self.ask, "/oauth2/token", form).await
        }
    }

    /// All tokens of `user`, who signs in with a new browser.
    pub async fn sign_in(&self, fixture: &Fixture, user: &CreatedUser) -> Value {
        let mut browser = Browser::new(fixture);
        self.sign_in_with(&mut browser, user).await
    }

    pub async fn sign_in_with(&self, browser: &mut Browser<'_>, user: &CreatedUser) -> Value {
        let code = browser.sign_in(&self.url(&[]), user).await;
        self.redeem(browser.fixture, &code, &[])
            .await
            .read(StatusCode::OK)
    }
}

/// Keeps cookies and follows nothing.
pub struct Browser<'f> {
    pub fixture: &'f Fixture,
    pub cookies: BTreeMap<String, String>,
    pub headers: Vec<(&'static str, String)>,
}

impl<'f> Browser<'f> {
    pub fn new(fixture: &'f Fixture) -> Self {
        Self {
            fixture,
            cookies: BTreeMap::new(),
            headers: vec![(ACCEPT_LANGUAGE.as_str(), "ja".into())],
        }
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut request = request.header(COOKIE, pairs.collect::<Vec<_>>().join("; "));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(body).unwrap();
        // What stands in front of every router sets the language.
        let context = RequestContext {
            id: RequestId(uuid::Uuid::nil()),
            lang: Lang::from_headers(request.headers()),
        };
        let ask = Ask::default();
        let answer = context::scope(context, self.fixture.send(false, &ask, request)).await;
        for line in answer.headers.get_all(SET_COOKIE) {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        answer
    }

    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(Request::get(url), Body::empty()).await
    }

    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let media = "application/x-www-form-urlencoded";
        let request = Request::post(url).header(CONTENT_TYPE, media);
        self.send(request, body.into()).await
    }

    /// Fills the form of the login page at `url`.
    pub async fn fill(&mut self, url: &str, user: &str, password: &str) -> Answer {
        let page = self.get(url).await;
        page.expect(StatusCode::OK);
        let form = hidden(&page, "form");
        let fields = [
            ("form", form.as_str()),
            ("user_id", user),
            ("password", password),
        ];
        self.post(url, &fields).await
    }

    /// The code with which a person comes back who signs in at `url`.
    pub async fn sign_in(&mut self, url: &str, user: &CreatedUser) -> String {
        let password = user.initial_password.expose();
        let answer = self.fill(url, user.user.user_id.as_str(), password).await;
        sent_back(&answer)["code"].clone()
    }

    pub fn session(&self) -> Option<&str> {
        self.cookies.get("kakehashi-login").map(String::as_str)
    }
}

/// A hidden field of a page's form.
#[track_caller]
pub fn hidden(page: &Answer, name: &str) -> String {
    let text = text(page);
    let begin = format!("name=\"{name}\" value=\"");
    let (_, rest) = text.split_once(&begin).expect("a hidden field");
    rest.split_once('"').unwrap().0.to_owned()
}

pub fn text(page: &Answer) -> String {
    String::from_utf8(page.body.clone()).unwrap()
}

/// With what the browser is sent back, which has to be to the client.
#[track_caller]
pub fn sent_back(answer: &Answer) -> BTreeMap<String, String> {
    answer.expect(StatusCode::SEE_OTHER);
    let url: Url = answer.headers[LOCATION].to_str().unwrap().parse().unwrap();
    assert!(url.as_str().starts_with(BACK), "{url}");
    url.query_pairs().into_owned().collect()
}

/// The browser is sent nowhere.
#[track_caller]
pub fn assert_stays(answer: &Answer, status: StatusCode) {
    answer.expect(status);
    assert_eq!(answer.headers.get(LOCATION), None);
}

/// What a JWT says, as it is read by somebody who was given it by its maker.
pub fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The claims of an access token that counts.
pub fn counting(fixture: &Fixture, token: &Value) -> Option<TokenClaims> {
    fixture.app.issuer.check(token.as_str().unwrap())
}
