//! What a browser brings along: cookies, and what tells that a form is one of ours.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, ORIGIN},
};
use subtle::ConstantTimeEq as _;
use url::{Host, Url};

use crate::domain::secrets::{self, random_token};

/// Characters of what our cookies hold: 256 bits.
const SECRET_LENGTH: usize = 43;

/// Our cookies, as the address of the server lets them be.
#[derive(Debug, Clone)]
pub struct Cookies {
    /// The session of whoever signed in.
    session: &'static str,
    /// Without a meaning but that a form came from a page that this browser got.
    form: &'static str,
    /// What stands behind them.
    attributes: &'static str,
}

impl Cookies {
    /// Cookies of a server at `url`. Their names bind them to its host and to TLS; without TLS, which is for loopback alone, they are
    /// ours by their names, since the ports of a host share their cookies.
    pub fn of(url: &Url) -> Self {
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() == "http" && is_loopback {
            Self {
                session: "kakehashi-login",
                form: "kakehashi-login-form",
                attributes: "; Path=/; HttpOnly; SameSite=Lax",
            }
        } else {
            Self {
                session: "__Host-kakehashi-login",
                form: "__Host-kakehashi-login-form",
                attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
            }
        }
    }

    /// The secret of a session.
    pub fn session<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        secret(headers, self.session)
    }

    /// What keeps a session.
    pub fn keep_session(&self, secret: &str) -> HeaderValue {
        self.set(self.session, secret, "")
    }

    /// What ends it in the browser.
    pub fn forget_session(&self) -> HeaderValue {
        self.set(self.session, "", "; Max-Age=0")
    }

    /// What binds forms to this browser, and the header that keeps it, where the browser has none yet.
    pub fn form(&self, headers: &HeaderMap) -> (String, Option<HeaderValue>) {
        if let Some(kept) = secret(headers, self.form) {
            return (kept.to_owned(), None);
        }
        let new = random_token();
        let header = self.set(self.form, &new, "");
        (new, Some(header))
    }

    /// Whether a form that brings `proof` along is from a page for `purpose` that this browser got from us, as far as it tells.
    pub fn is_own_form(
        &self,
        headers: &HeaderMap,
        origin: &str,
        purpose: &str,
        proof: Option<&str>,
    ) -> bool {
        let text = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        let is_from_here = text(ORIGIN.as_str()).is_none_or(|from| from == origin.as_bytes())
            && text("sec-fetch-site").is_none_or(|site| site == b"same-origin");
        let Some((kept, proof)) = secret(headers, self.form).zip(proof) else {
            return false;
        };
        let expected = form_proof(kept, purpose);
        is_from_here && bool::from(expected.as_bytes().ct_eq(proof.as_bytes()))
    }

    fn set(&self, name: &str, value: &str, more: &str) -> HeaderValue {
        let attributes = self.attributes;
        HeaderValue::from_str(&format!("{name}={value}{attributes}{more}"))
            .expect("names, attributes and secrets are plain ASCII")
    }
}

/// What a page for `purpose` puts into its form, for the browser that keeps `kept`: no other page's form has it, nor does anybody
/// else's browser.
pub fn form_proof(kept: &str, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode(secrets::hash(&format!("{kept}\n{purpose}")))
}

/// The value of a cookie of ours; `None` where it is sent twice, as it is when somebody else has set one.
fn secret<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    });
    let only = values.next().filter(|_| values.next().is_none())?;
    let is_ours = only.len() == SECRET_LENGTH
        && only
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_ours.then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://auth.example";

    fn cookies(url: &str) -> Cookies {
        Cookies::of(&url.parse().unwrap())
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn cookies_need_tls_except_on_loopback() {
        let kept = |url| {
            let header = cookies(url).keep_session("x");
            header.to_str().unwrap().to_owned()
        };
        for url in [
            "https://auth.example",
            "http://auth.example",
            "https://127.0.0.1",
        ] {
            let header = kept(url);
            assert!(header.starts_with("__Host-"), "{header}");
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(header.contains(attribute), "{header}");
            }
            assert!(!header.contains("Domain"), "{header}");
        }
        for url in [
            "http://127.0.0.1:20001",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            let header = kept(url);
            assert!(header.starts_with("kakehashi-login=x; "), "{header}");
            assert!(!header.contains("Secure") && header.contains("HttpOnly"));
        }
        let forgotten = cookies(OWN).forget_session();
        assert!(
            forgotten.to_str().unwrap().contains("=; ")
                && forgotten.to_str().unwrap().contains("Max-Age=0")
        );
    }

    #[test]
    fn what_is_none_of_ours_is_no_session() {
        let ours = cookies(OWN);
        let secret = random_token();
        let name = "__Host-kakehashi-login";
        let good = format!("a=b; {name}={secret}; c");
        assert_eq!(
            ours.session(&headers(&[("cookie", &good)])),
            Some(secret.as_str())
        );
        for bad in [
            format!("{name}=short"),
            format!("{name}={secret}x"),
            format!("{name}={}'", &secret[1..]),
            format!("kakehashi-login={secret}"),
            format!("{name}={secret}; {name}={secret}"),
        ] {
            assert_eq!(ours.session(&headers(&[("cookie", &bad)])), None, "{bad}");
        }
        let twice = headers(&[("cookie", &good), ("cookie", &good)]);
        assert_eq!(ours.session(&twice), None);
    }

    #[test]
    fn a_form_is_ours_by_cookie_proof_and_origin() {
        let ours = cookies(OWN);
        let (kept, set) = ours.form(&HeaderMap::new());
        assert!(set.is_some());
        let cookie = format!("__Host-kakehashi-login-form={kept}");
        let with = |more: &[(&'static str, &str)]| {
            headers(&[&[("cookie", cookie.as_str())], more].concat())
        };
        assert_eq!(ours.form(&with(&[])), (kept.clone(), None));
        let proof = form_proof(&kept, "here");
        let is_own = |headers: &HeaderMap, purpose: &str, proof: &str| {
            ours.is_own_form(headers, OWN, purpose, Some(proof))
        };
        for fine in [
            with(&[]),
            with(&[("origin", OWN)]),
            with(&[("origin", OWN), ("sec-fetch-site", "same-origin")]),
        ] {
            assert!(is_own(&fine, "here", &proof), "{fine:?}");
        }
        for foreign in [
            HeaderMap::new(),
            with(&[("origin", "https://evil.example")]),
            with(&[("origin", "null")]),
            with(&[("sec-fetch-site", "cross-site")]),
            with(&[("sec-fetch-site", "same-site")]),
        ] {
            assert!(!is_own(&foreign, "here", &proof), "{foreign:?}");
        }
        assert!(!is_own(&with(&[]), "there", &proof));
        assert!(!is_own(
            &with(&[]),
            "here",
            &form_proof(&random_token(), "here")
        ));
        assert!(!ours.is_own_form(&with(&[]), OWN, "here", None));
    }
}
