//! Pages of the front end: one document a server, at each of its addresses.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use common::http::{Lang, context};
use serde::{Deserialize, Serialize};

use crate::{
    assets,
    entry::Entry,
    files::Files,
    policy::{Nonce, page},
};

/// Which environment a server is part of. All pages show it, so that nobody takes one for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Where people try things.
    Trial,
    /// Where a release is looked at before it goes on.
    Verification,
    /// Where it counts.
    Production,
}

impl Environment {
    fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Verification => "verification",
            Self::Production => "production",
        }
    }
}

/// Why a page can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitPage {
    /// It isn't there.
    #[error("there is no page {0}")]
    Missing(String),
    /// It isn't text.
    #[error("{0} is not UTF-8")]
    NotText(String),
    /// A place that nobody fills.
    #[error("{page} has a place for {name}, which nobody fills")]
    UnknownPlace {
        /// The page.
        page: String,
        /// What stands in the braces.
        name: String,
    },
    /// A place that every page has to have is not there.
    #[error("{page} has no place for {name}")]
    NoPlace {
        /// The page.
        page: String,
        /// What should stand in braces.
        name: &'static str,
    },
}

/// What is filled in: `{{nonce}}` in the built page, and so on.
const PLACES: [&str; 4] = ["nonce", "lang", "environment", "version"];

/// The screens of one server.
#[derive(Debug, Clone)]
pub struct Screens {
    routes: &'static [&'static str],
    files: &'static Files,
    template: Arc<Template>,
}

#[derive(Debug)]
struct Template {
    /// A text, and what follows it.
    pieces: Vec<(String, Option<Place>)>,
    environment: Environment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nonce,
    Lang,
    Environment,
    Version,
}

impl Screens {
    /// The screens of `entry` out of `files`, for a server that is part of `environment`.
    ///
    /// # Errors
    /// [`UnfitPage`], for a page that was not built by this project.
    pub fn new(
        files: &'static Files,
        entry: &Entry,
        environment: Environment,
    ) -> Result<Self, UnfitPage> {
        let name = format!("{}.html", entry.name);
        let file = files
            .get(&name)
            .ok_or_else(|| UnfitPage::Missing(name.clone()))?;
        let html =
            std::str::from_utf8(&file.bytes).map_err(|_| UnfitPage::NotText(name.clone()))?;
        Ok(Self {
            routes: entry.routes,
            files,
            template: Arc::new(Template {
                pieces: pieces(&name, html)?,
                environment,
            }),
        })
    }

    /// Serves the page at its addresses, and what it loads. A path that is none of these is left to the router that this one is merged into.
    pub fn router(&self) -> Router {
        let mut router = assets(self.files);
        for route in self.routes {
            let template = Arc::clone(&self.template);
            router = router.route(route, get(async move || template.answer()));
        }
        router
    }
}

impl Template {
    fn answer(&self) -> Response {
        let nonce = Nonce::new();
        let mut html = String::new();
        for (text, place) in &self.pieces {
            html.push_str(text);
            match place {
                Some(Place::Nonce) => html.push_str(&nonce.to_string()),
                Some(Place::Lang) => html.push_str(match context::lang() {
                    Lang::Ja => "ja",
                    Lang::En => "en",
                }),
                Some(Place::Environment) => html.push_str(self.environment.name()),
                Some(Place::Version) => html.push_str(env!("CARGO_PKG_VERSION")),
                None => {}
            }
        }
        page(&nonce, html, &[])
    }
}

fn pieces(page: &str, html: &str) -> Result<Vec<(String, Option<Place>)>, UnfitPage> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some((text, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
        let place = match name {
            "nonce" => Place::Nonce,
            "lang" => Place::Lang,
            "environment" => Place::Environment,
            "version" => Place::Version,
            _ => {
                return Err(UnfitPage::UnknownPlace {
                    page: page.to_owned(),
                    name: name.chars().take(32).collect(),
                });
            }
        };
        pieces.push((text.to_owned(), Some(place)));
        rest = behind;
    }
    pieces.push((rest.to_owned(), None));
    let places = [
        Place::Nonce,
        Place::Lang,
        Place::Environment,
        Place::Version,
    ];
    for (place, name) in places.into_iter().zip(PLACES) {
        if !pieces.iter().any(|(_, there)| *there == Some(place)) {
            return Err(UnfitPage::NoPlace {
                page: page.to_owned(),
                name,
            });
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use axum::body::Body;
    use common::{
        http::layers::Front,
        listener::{ListenerConfig, TlsMode},
    };
    use http::{Method, Request, header::CONTENT_SECURITY_POLICY};
    use http_body_util::BodyExt as _;
    use rstest::rstest;

    use super::*;

    const PAGE: &str = r#"<html lang="{{lang}}"><meta name="nonce" content="{{nonce}}"><meta name="environment" content="{{environment}}"><meta name="version" content="{{version}}">"#;
    static ENTRY: Entry = Entry {
        name: "a",
        routes: &["/", "/datasets/{id}"],
    };

    fn files(page: &[u8]) -> &'static Files {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.html"), page).unwrap();
        Box::leak(Box::new(Files::read(folder.path()).unwrap()))
    }

    async fn ask(method: Method, path: &str, lang: &str) -> (Response, String) {
        let screens =
            Screens::new(files(PAGE.as_bytes()), &ENTRY, Environment::Verification).unwrap();
        let url = "http://x.example".parse().unwrap();
        let config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::None);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "x.example")
            .header("accept-language", lang);
        let front = Front::new(screens.router(), &config);
        let response = front.answer(request.body(Body::empty()).unwrap()).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let body = String::from_utf8(body).unwrap();
        (Response::from_parts(head, Body::empty()), body)
    }

    #[rstest]
    #[case("/", "ja", "ja")]
    #[case("/", "en-GB", "en")]
    #[case("/datasets/%E5%B7%9D?sort=title", "", "ja")]
    #[tokio::test]
    async fn each_address_has_the_page_with_a_nonce_of_its_own(
        #[case] path: &str,
        #[case] asked: &str,
        #[case] lang: &str,
    ) {
        let mut nonces = BTreeSet::new();
        for _ in 0..3 {
            let (got, body) = ask(Method::GET, path, asked).await;
            assert_eq!(got.status(), 200);
            assert_eq!(got.headers()["content-type"], "text/html; charset=utf-8");
            let nonce = body
                .split_once("name=\"nonce\" content=\"")
                .and_then(|(_, rest)| rest.split_once('"'))
                .unwrap()
                .0;
            let policy = got.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
            nonces.insert(nonce.to_owned());
            assert!(
                body.starts_with(&format!("<html lang=\"{lang}\">")),
                "{body}"
            );
            assert!(body.contains("content=\"verification\""), "{body}");
            assert!(body.contains(env!("CARGO_PKG_VERSION")), "{body}");
        }
        assert_eq!(nonces.len(), 3, "a nonce came twice");
    }

    #[tokio::test]
    async fn its_head_has_the_policy_and_no_body() {
        let (got, body) = ask(Method::HEAD, "/", "ja").await;
        assert_eq!(got.status(), 200);
        assert!(got.headers().contains_key(CONTENT_SECURITY_POLICY));
        assert!(body.is_empty());
    }

    #[rstest]
    #[case("GET", "/nowhere", 404)]
    #[case("GET", "/datasets/1/2", 404)]
    #[case("GET", "/a.html", 404)]
    #[case("POST", "/", 405)]
    #[tokio::test]
    async fn what_is_no_address_of_a_page_is_refused(
        #[case] method: &str,
        #[case] path: &str,
        #[case] status: u16,
    ) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (got, _) = ask(method, path, "ja").await;
        assert_eq!(got.status(), status);
        assert_eq!(got.headers()["content-type"], "application/problem+json");
    }

    #[rstest]
    #[case(PAGE.replace("{{nonce}}", "x").into_bytes(), "no place for nonce")]
    #[case(PAGE.replace("{{lang}}", "ja").into_bytes(), "no place for lang")]
    #[case(PAGE.replace("{{version}}", "{{version").into_bytes(), "which nobody fills")]
    #[case(PAGE.replace("{{version}}", "{{name}}").into_bytes(), "place for name")]
    #[case(vec![0xff], "not UTF-8")]
    fn a_page_that_does_not_fit_is_told_at_the_start(#[case] page: Vec<u8>, #[case] why: &str) {
        let error = Screens::new(files(&page), &ENTRY, Environment::Trial).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }

    #[test]
    fn a_page_that_was_not_built_is_named() {
        let entry = Entry {
            name: "b",
            routes: &["/"],
        };
        let error = Screens::new(files(b""), &entry, Environment::Trial).unwrap_err();
        assert_eq!(error, UnfitPage::Missing("b.html".to_owned()));
    }
}
