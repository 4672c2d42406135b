//! A browser at the screens of a server.

use std::sync::Mutex;

use axum::{Router, body::Body};
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
};
use serde_json::Value;
use url::Url;

use crate::{
    calls::{self, Answer},
    issuer::{FakeIssuer, ISSUER},
};

/// Where it reaches the server.
pub const EXTERNAL: &str = "https://catalog.example:8443";

/// A browser: it keeps cookies, and goes nowhere by itself.
pub struct Browser {
    /// Where it asks.
    pub router: Router,
    /// What it keeps.
    pub cookies: Mutex<Vec<(String, String)>>,
    /// All that it was ever shown.
    pub seen: Mutex<String>,
}

/// Headers of the server's own pages.
pub const OWN_PAGE: &[(&str, &str)] = &[("origin", EXTERNAL), ("x-kakehashi-request", "1")];

impl Browser {
    /// A new one.
    pub fn of(router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookies: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// The same browser at another process of the same address.
    pub fn at(&self, router: &Router) -> Self {
        Self {
            router: router.clone(),
            cookies: Mutex::new(self.cookies.lock().unwrap().clone()),
            seen: Mutex::default(),
        }
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    /// Asks with these headers, and all cookies.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers, None).await
    }

    /// The same with a body, JSON.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies.lock().unwrap().clone();
        if !cookies.is_empty() {
            let pairs: Vec<_> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let request = request.body(body).expect("a request");
        let answer = calls::ask(&self.router, request, calls::connection(None)).await;
        self.take(&answer);
        answer
    }

    fn take(&self, answer: &Answer) {
        let shown = format!("{:?} {}\n", answer.headers, answer.body);
        self.seen.lock().unwrap().push_str(&shown);
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("a text");
            let (pair, rest) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            // What such a name promises, a browser looks at.
            assert!(name.starts_with("__Host-"), "{line}");
            for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
                assert!(
                    rest.split("; ").any(|one| one.trim() == attribute),
                    "{line}"
                );
            }
            assert!(!rest.contains("Domain"), "{line}");
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|(known, _)| known != name);
            if !rest.contains("Max-Age=0;") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of the cookie whose name has `part` in it.
    pub fn cookie(&self, part: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let found = cookies.iter().find(|(name, _)| name.contains(part));
        found.map(|(_, value)| value.clone())
    }

    /// Puts a cookie into it.
    pub fn plant(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap();
        cookies.retain(|(known, _)| known != name);
        cookies.push((name.to_owned(), value.to_owned()));
    }

    /// Where `/login` sends it.
    pub async fn begin(&self, query: &str) -> Url {
        let answer = self.get(&format!("/login{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
        location(&answer.headers)
    }

    /// It comes back from there with `code`.
    pub async fn come_back(&self, address: &Url, code: &str) -> Answer {
        let state = state_of(address);
        self.get(&callback(&[
            ("code", code),
            ("state", &state),
            ("iss", ISSUER),
        ]))
        .await
    }

    /// Signs `user` in.
    pub async fn sign_in(&self, issuer: &FakeIssuer, user: &str) {
        let address = self.begin("").await;
        let code = issuer.sign_in(user, &address);
        let answer = self.come_back(&address, &code).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{:?}", answer.body);
    }

    /// Who it is for the server; `None` where nobody.
    pub async fn who(&self) -> Option<String> {
        let answer = self.get("/session").await;
        match answer.status {
            StatusCode::OK => Some(answer.body["user_id"].as_str()?.to_owned()),
            StatusCode::UNAUTHORIZED => {
                assert_eq!(kind(&answer), "not-signed-in");
                None
            }
            other => panic!("{other} {:?}", answer.body),
        }
    }
}

/// Where an answer leads.
pub fn location(headers: &HeaderMap) -> Url {
    let text = headers[LOCATION].to_str().expect("a text");
    text.parse().expect("an address")
}

/// The state with which it was sent there.
pub fn state_of(address: &Url) -> String {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(name, _)| name == "state");
    found.expect("a state").1.into_owned()
}

/// The way back with these parameters.
pub fn callback(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/callback?{query}")
}

/// The `type` of a problem, without what is the same in all.
pub fn kind(answer: &Answer) -> String {
    let kind = answer.body["type"].as_str().unwrap_or_default();
    kind.trim_start_matches("urn:kakehashi:problem:").to_owned()
}
