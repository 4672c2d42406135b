//! A browser in which somebody signs in at a server's screens, as far as that takes.

use std::collections::BTreeMap;

use reqwest::{
    RequestBuilder, Response,
    header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};
use url::Url;

use crate::{Trial, ready::Credentials};

/// Signs `user` in at the screens of `server`, and returns the cookies with which they are known there.
pub async fn signed_in(trial: &Trial, server: &Url, user: &Credentials) -> String {
    let (mut own, mut auth) = (Cookies::default(), Cookies::default());
    let http = trial.http();
    let login = trial.at(server, "/login");
    let address = leads_to(&own.send(http.get(login)).await);
    let page = auth.send(http.get(address.clone())).await;
    let page = page.text().await.expect("the login page");
    let form = page
        .split_once("name=\"form\" value=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .unwrap_or_else(|| panic!("no form: {page}"))
        .0;
    let filled = [
        ("form", form),
        ("user_id", user.user_id.as_str()),
        ("password", user.password.as_str()),
    ];
    let origin = address.origin().ascii_serialization();
    let answered = http.post(address).header(ORIGIN, origin).form(&filled);
    let back = leads_to(&auth.send(answered).await);
    leads_to(&own.send(http.get(back)).await);
    own.header()
}

/// What one server has had the browser keep.
#[derive(Default)]
struct Cookies(BTreeMap<String, String>);

impl Cookies {
    fn header(&self) -> String {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let response = request.header(COOKIE, self.header()).send().await;
        let response = response.expect("an answer");
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().expect("a text");
            let (pair, attributes) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}

#[track_caller]
fn leads_to(response: &Response) -> Url {
    let to = response.headers().get(LOCATION);
    let to =
        to.unwrap_or_else(|| panic!("{} leads nowhere: {}", response.url(), response.status()));
    let to = to.to_str().expect("a text");
    response.url().join(to).expect("an address")
}
