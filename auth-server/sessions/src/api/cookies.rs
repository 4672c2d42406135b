//! The two cookies of a server with screens: one while somebody signs in, one while they are signed in.

use std::time::Duration;

use common::ids::ConnectorId;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use url::Url;

/// A cookie of this process.
#[derive(Debug)]
pub(super) struct Cookie {
    name: String,
    is_secure: bool,
}

/// What a browser holds for this process.
#[derive(Debug)]
pub(super) struct Cookies {
    /// What was begun, sealed, until its answer comes.
    pub(super) sign_in: Cookie,
    /// The id of a session.
    pub(super) session: Cookie,
}

impl Cookies {
    /// Of the process `own`, which browsers reach at `external_url`. Its name is in theirs: a host's cookies are sent to all its
    /// ports.
    pub(super) fn new(own: &ConnectorId, external_url: &Url) -> Self {
        // Browsers keep one with this beginning only if it is secure, for all of an origin and for no other host: nobody plants it
        // from a neighbouring name. Without TLS, which is for one machine alone, there is no such thing.
        let is_secure = external_url.scheme() == "https";
        let cookie = |kind: &str| Cookie {
            name: format!(
                "{}kakehashi-{kind}.{own}",
                if is_secure { "__Host-" } else { "" }
            ),
            is_secure,
        };
        Self {
            sign_in: cookie("sign-in"),
            session: cookie("session"),
        }
    }
}

impl Cookie {
    /// Its value, if the browser sends one. Of two that are called the same, one is not ours, and nobody knows which.
    pub(super) fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// `Set-Cookie` that has the browser keep `value`, of characters that a cookie may have, for so long at most.
    pub(super) fn keep(&self, value: &str, at_most: Duration) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name,
            at_most.as_secs()
        );
        HeaderValue::try_from(text)
            .expect("a name of a DNS name, and a value of visible characters")
    }

    /// `Set-Cookie` that has the browser forget it.
    pub(super) fn forget(&self) -> HeaderValue {
        self.keep("", Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn cookies(url: &str) -> Cookies {
        let own = ConnectorId::parse("catalog.example").unwrap();
        Cookies::new(&own, &url.parse().unwrap())
    }

    #[rstest]
    #[case("kakehashi-session.catalog.example=v", Some("v"))]
    #[case("a=b; kakehashi-session.catalog.example=v;c=d", Some("v"))]
    #[case("kakehashi-session.catalog.example=", Some(""))]
    #[case("kakehashi-session.catalog.example", None)]
    #[case("kakehashi-session.catalog.example2=v", None)]
    #[case("akakehashi-session.catalog.example=v", None)]
    #[case("Kakehashi-session.catalog.example=v", None)]
    #[case("__Host-kakehashi-session.catalog.example=v", None)]
    #[case("kakehashi-sign-in.catalog.example=v", None)]
    #[case(
        "kakehashi-session.catalog.example=v; kakehashi-session.catalog.example=w",
        None
    )]
    #[case("", None)]
    #[case("=;;=", None)]
    fn a_cookie_is_found_by_its_whole_name(#[case] header: &str, #[case] value: Option<&str>) {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(header).unwrap())]);
        let cookies = cookies("http://127.0.0.1:1");
        assert_eq!(cookies.session.read(&headers), value);
    }

    #[test]
    fn two_lines_with_one_name_have_none() {
        let mut headers = HeaderMap::new();
        for value in ["v", "w"] {
            let line = format!("kakehashi-session.catalog.example={value}");
            headers.append(COOKIE, line.parse().unwrap());
        }
        assert_eq!(cookies("http://127.0.0.1:1").session.read(&headers), None);
    }

    #[rstest]
    #[case(
        "https://catalog.example",
        "__Host-kakehashi-session.catalog.example=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    )]
    #[case(
        "http://localhost:1",
        "kakehashi-session.catalog.example=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
    )]
    fn a_cookie_is_for_this_origin_alone_and_for_no_script(#[case] url: &str, #[case] line: &str) {
        let cookie = cookies(url).session;
        assert_eq!(cookie.keep("v", Duration::from_mins(1)), line);
        let forgotten = cookie.forget();
        assert!(
            forgotten
                .to_str()
                .unwrap()
                .contains("=; Path=/; Max-Age=0;")
        );
    }

    #[test]
    fn processes_of_one_host_have_names_of_their_own() {
        let url = "http://127.0.0.1:1".parse().unwrap();
        let of = |id: &str| {
            Cookies::new(&ConnectorId::parse(id).unwrap(), &url)
                .session
                .name
        };
        assert_ne!(of("provider.a.example"), of("provider.b.example"));
    }
}
