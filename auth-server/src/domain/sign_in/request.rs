//! What a browser comes with that is to be sent back with a code (RFC 6749 §4.1.1, RFC 7636, `OpenID` Connect Core 1.0 §3.1.2.1).

use std::sync::Arc;

use auth_client::api::GrantType;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use time::{Duration, OffsetDateTime};

use crate::domain::{client::Client, directory::Directory, secrets::SecretHash};

/// 1 KiB: what the client wants back is sent on in an address.
const MAX_STATE_BYTES: usize = 1 << 10;

/// 512 bytes: it is kept with the code, and stands in the ID token.
const MAX_NONCE_BYTES: usize = 512;

/// What can be asked for beside being told who it is.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// Where the browser is sent back to: a registered address of an active client. Nobody is sent anywhere else.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Who asks.
    pub client: Arc<Client>,
    /// The address, as it is registered.
    pub redirect_uri: String,
    /// What the client wants back with the answer.
    pub state: Option<String>,
}

/// Why nobody can be sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Nobody active has this client id.
    Client,
    /// The address is none of the client's.
    Address,
}

/// What is wrong with a request of somebody who is known: for the client's developers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objection {
    /// Code of the error (RFC 6749 §4.1.2.1, `OpenID` Connect Core 1.0 §3.1.2.6).
    pub error: &'static str,
    /// What is wrong.
    pub description: &'static str,
}

const fn invalid(description: &'static str) -> Objection {
    Objection {
        error: "invalid_request",
        description,
    }
}

/// Whether the person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Where nobody is signed in.
    WhereNeeded,
    /// In any case.
    Always,
    /// Never: without a session the answer is an error.
    Never,
}

/// A request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRequest {
    /// What is asked for of what there is.
    pub scope: Option<String>,
    /// What the ID token has to repeat.
    pub nonce: Option<String>,
    /// SHA-256 of what will prove that the code is the client's.
    pub challenge: SecretHash,
    /// Whether the person is asked.
    pub prompt: Prompt,
    /// How long ago the person may have signed in at most.
    pub max_age: Option<Duration>,
}

impl Destination {
    /// Whoever the parameters name, and where.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn find<'p>(
        directory: &Directory,
        parameter: impl Fn(&str) -> Option<&'p str>,
    ) -> Result<Self, Lost> {
        let id = parameter("client_id").ok_or(Lost::Client)?;
        let client = directory.active_client(id).ok_or(Lost::Client)?;
        let asked = parameter("redirect_uri").ok_or(Lost::Address)?;
        let uris = &client.redirects.redirect_uris;
        let known = uris.iter().find(|uri| *uri == asked);
        let redirect_uri = known.ok_or(Lost::Address)?.clone();
        if !client.may(GrantType::AuthorizationCode) {
            return Err(Lost::Address);
        }
        let state = parameter("state").map(ToOwned::to_owned);
        Ok(Self {
            client,
            redirect_uri,
            // One that is too long is refused, and not repeated.
            state: state.filter(|state| state.len() <= MAX_STATE_BYTES),
        })
    }
}

impl SignInRequest {
    /// Reads what is asked for. What is not offered is refused, not left out, where it would change what the answer means.
    ///
    /// # Errors
    /// [`Objection`].
    pub fn read<'p>(parameter: impl Fn(&str) -> Option<&'p str>) -> Result<Self, Objection> {
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if parameter(name).is_some() {
                return Err(Objection {
                    error,
                    description: "this parameter is not offered",
                });
            }
        }
        match parameter("response_type") {
            Some("code") => {}
            None => return Err(invalid("response_type is missing")),
            Some(_) => {
                return Err(Objection {
                    error: "unsupported_response_type",
                    description: "response_type must be code",
                });
            }
        }
        if !matches!(parameter("response_mode"), None | Some("query")) {
            return Err(invalid("response_mode must be query"));
        }
        if parameter("state").is_some_and(|state| state.len() > MAX_STATE_BYTES) {
            return Err(invalid("state has 1024 bytes at most"));
        }
        let nonce = parameter("nonce");
        if nonce.is_some_and(|nonce| {
            nonce.len() > MAX_NONCE_BYTES || nonce.chars().any(char::is_control)
        }) {
            return Err(invalid(
                "nonce has 512 bytes at most and no control characters",
            ));
        }
        Ok(Self {
            scope: scope(parameter("scope")),
            nonce: nonce.map(ToOwned::to_owned),
            challenge: challenge(
                parameter("code_challenge"),
                parameter("code_challenge_method"),
            )?,
            prompt: prompt(parameter("prompt"))?,
            max_age: max_age(parameter("max_age"))?,
        })
    }

    /// Whether somebody who signed in at `at` has to do so again.
    pub fn is_too_old(&self, at: OffsetDateTime, now: OffsetDateTime) -> bool {
        self.prompt == Prompt::Always || self.max_age.is_some_and(|max| now - at > max)
    }
}

/// PKCE (RFC 7636), with SHA-256 alone: who sees a plain challenge has what proves it.
fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<SecretHash, Objection> {
    let challenge = challenge.ok_or(invalid("code_challenge is missing: PKCE is required"))?;
    if method != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let hash = URL_SAFE_NO_PAD.decode(challenge).ok();
    let hash = hash.and_then(|hash| SecretHash::try_from(hash.as_slice()).ok());
    hash.ok_or(invalid(
        "code_challenge must be a SHA-256 in 43 characters of base64url",
    ))
}

/// Those asked for that there are, each once.
fn scope(asked: Option<&str>) -> Option<String> {
    let asked = asked?;
    let known = SCOPES.into_iter();
    let found: Vec<_> = known
        .filter(|scope| asked.split(' ').any(|one| one == *scope))
        .collect();
    (!found.is_empty()).then(|| found.join(" "))
}

fn prompt(asked: Option<&str>) -> Result<Prompt, Objection> {
    let words: Vec<_> = asked
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    let mut prompt = Prompt::WhereNeeded;
    for word in &words {
        match *word {
            "none" if words.len() == 1 => prompt = Prompt::Never,
            "none" => return Err(invalid("prompt none stands alone")),
            "login" | "select_account" => prompt = Prompt::Always,
            // Nobody is asked for consent: the operator registers who may ask.
            "consent" => {}
            _ => return Err(invalid("prompt is none, login, select_account or consent")),
        }
    }
    Ok(prompt)
}

fn max_age(asked: Option<&str>) -> Result<Option<Duration>, Objection> {
    let Some(asked) = asked else { return Ok(None) };
    let seconds = asked.parse::<u32>().ok();
    let seconds = seconds.ok_or(invalid("max_age must be a number of seconds"))?;
    Ok(Some(Duration::seconds(seconds.into())))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(changes: &[(&str, &str)]) -> Result<SignInRequest, Objection> {
        let asked = [
            ("response_type", "code"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "openid"),
        ];
        SignInRequest::read(|name| {
            let all = changes.iter().chain(&asked);
            let found = all.copied().find(|(known, _)| *known == name);
            found
                .map(|(_, value)| value)
                .filter(|value| !value.is_empty())
        })
    }

    #[rstest]
    #[case(&[("response_type", "")], "invalid_request", "response_type")]
    #[case(&[("response_type", "token")], "unsupported_response_type", "response_type")]
    #[case(&[("response_type", "code id_token")], "unsupported_response_type", "response_type")]
    #[case(&[("response_mode", "fragment")], "invalid_request", "response_mode")]
    #[case(&[("response_mode", "form_post")], "invalid_request", "response_mode")]
    #[case(&[("code_challenge", "")], "invalid_request", "PKCE")]
    #[case(&[("code_challenge_method", "")], "invalid_request", "S256")]
    #[case(&[("code_challenge_method", "plain")], "invalid_request", "S256")]
    #[case(&[("code_challenge", "too-short")], "invalid_request", "43")]
    #[case(&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], "invalid_request", "43")]
    #[case(&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")], "invalid_request", "43")]
    #[case(&[("prompt", "none login")], "invalid_request", "alone")]
    #[case(&[("prompt", "create")], "invalid_request", "prompt")]
    #[case(&[("max_age", "-1")], "invalid_request", "max_age")]
    #[case(&[("max_age", "soon")], "invalid_request", "max_age")]
    #[case(&[("nonce", "a\u{0}b")], "invalid_request", "nonce")]
    #[case(&[("request", "ey")], "request_not_supported", "")]
    #[case(&[("request_uri", "https://a.example/")], "request_uri_not_supported", "")]
    #[case(&[("registration", "{}")], "registration_not_supported", "")]
    fn what_is_not_offered_is_refused(
        #[case] changes: &[(&str, &str)],
        #[case] error: &str,
        #[case] about: &str,
    ) {
        let objection = read(changes).unwrap_err();
        assert_eq!(objection.error, error);
        assert!(
            objection.description.contains(about),
            "{}",
            objection.description
        );
    }

    #[test]
    fn what_is_long_is_refused() {
        for (name, most) in [("state", MAX_STATE_BYTES), ("nonce", MAX_NONCE_BYTES)] {
            read(&[(name, &"x".repeat(most))]).unwrap();
            let objection = read(&[(name, &"x".repeat(most + 1))]).unwrap_err();
            assert!(objection.description.contains(name));
        }
    }

    #[rstest]
    #[case("openid", Some("openid"))]
    #[case("email profile openid email", Some("openid profile email"))]
    #[case("openid operator offline_access", Some("openid"))]
    #[case("everything", None)]
    #[case("", None)]
    fn the_scope_is_what_there_is_of_it(#[case] asked: &str, #[case] scope: Option<&str>) {
        let request = read(&[("scope", asked)]).unwrap();
        // The value that is left out counts as one that was not sent.
        let scope = scope.map(ToOwned::to_owned);
        if !asked.is_empty() {
            assert_eq!(request.scope, scope);
        }
    }

    #[rstest]
    #[case(&[], 0, false)]
    #[case(&[], 100_000, false)]
    #[case(&[("prompt", "consent")], 10, false)]
    #[case(&[("prompt", "login")], 0, true)]
    #[case(&[("prompt", "select_account")], 0, true)]
    #[case(&[("max_age", "60")], 60, false)]
    #[case(&[("max_age", "60")], 61, true)]
    #[case(&[("max_age", "0")], 1, true)]
    fn a_session_may_be_too_old(
        #[case] changes: &[(&str, &str)],
        #[case] seconds: i64,
        #[case] is_too_old: bool,
    ) {
        let at = datetime!(2026-04-01 9:00 UTC);
        let request = read(changes).unwrap();
        let now = at + Duration::seconds(seconds);
        assert_eq!(request.is_too_old(at, now), is_too_old);
    }
}
