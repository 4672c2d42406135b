//! Stands for the authentication server as a server with screens uses it, as strict as that. People sign in by [`FakeIssuer::sign_in`], and
//! are stewards.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use auth_client::{
    Audience, Person, PersonsDomain, PersonsParticipant, Role, SignInAnswer, SignInError,
    SignInRequest, SignedInTokens, SignsPeopleIn, TokenClaims, TokenError,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::clock::{Clock as _, ManualClock};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use time::Duration;
use tokio::sync::Semaphore;
use url::Url;

use crate::{FakeAuth, plain};

/// Its name.
pub const ISSUER: &str = "https://auth.example";

/// The server with the screens.
pub const OWN: &str = "catalog.example";

/// How long its access tokens live.
pub const LIFE: Duration = Duration::HOUR;

/// One sign-in that somebody has finished there.
#[derive(Clone)]
struct Code {
    user: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

/// An authentication server at which people sign in.
pub struct FakeIssuer {
    /// What it knows otherwise.
    pub auth: Arc<FakeAuth>,
    clock: Arc<ManualClock>,
    codes: Mutex<HashMap<String, Code>>,
    /// Refresh tokens that count, with their users.
    current: Mutex<HashMap<String, String>>,
    /// Secrets that were given out, none of which a browser may ever see.
    pub secrets: Mutex<Vec<String>>,
    /// Refresh tokens whose families were ended.
    pub revoked: Mutex<Vec<String>>,
    /// How often a code was redeemed.
    pub redeems: AtomicU64,
    /// How often a token was asked for anew.
    pub refreshes: AtomicU64,
    /// Gives no answer.
    pub is_away: AtomicBool,
    /// Every question waits for one of these.
    pub gate: Semaphore,
    number: AtomicU64,
}

impl FakeIssuer {
    /// One at which nobody has signed in.
    pub fn new(clock: Arc<ManualClock>) -> Arc<Self> {
        Arc::new(Self {
            auth: Arc::default(),
            clock,
            codes: Mutex::default(),
            current: Mutex::default(),
            secrets: Mutex::default(),
            revoked: Mutex::default(),
            redeems: AtomicU64::new(0),
            refreshes: AtomicU64::new(0),
            is_away: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            number: AtomicU64::new(0),
        })
    }

    /// `user` signs in where `address` has led their browser: the code that it comes back with.
    pub fn sign_in(&self, user: &str, address: &Url) -> String {
        let of = |name: &str| {
            let mut found = address.query_pairs().filter(|(key, _)| key == name);
            let value = found.next().expect("it is asked for").1.into_owned();
            assert!(found.next().is_none(), "{name} once");
            value
        };
        assert_eq!(of("response_type"), "code");
        assert_eq!(of("client_id"), OWN);
        assert_eq!(of("code_challenge_method"), "S256");
        let code = format!("code-{}", self.next());
        let kept = Code {
            user: user.to_owned(),
            nonce: of("nonce"),
            challenge: of("code_challenge"),
            redirect_uri: of("redirect_uri"),
        };
        self.codes.lock().unwrap().insert(code.clone(), kept);
        code
    }

    /// Whoever is suspended has no token that counts, and no refresh token either.
    pub fn suspend(&self, user: &str) {
        self.current.lock().unwrap().retain(|_, of| of != user);
        for secret in self.secrets.lock().unwrap().iter() {
            self.auth.token(secret, Err(TokenError::Inactive));
        }
    }

    fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::SeqCst)
    }

    /// The claims of a token of `user`.
    pub fn claims_of(user: &str) -> TokenClaims {
        TokenClaims {
            aud: Some(Audience::One(OWN.to_owned())),
            azp: OWN.to_owned(),
            roles: vec![Role::Steward],
            sub: format!("sub-of-{user}"),
            ..plain(user, &["cadde.org"])
        }
    }

    fn give(&self, user: &str) -> SignedInTokens {
        let number = self.next();
        let access = format!("h.access-token-{user}-{number}.s");
        let refresh = format!("refresh-token-{user}-{number}");
        self.auth.token(&access, Ok(Self::claims_of(user)));
        self.current
            .lock()
            .unwrap()
            .insert(refresh.clone(), user.to_owned());
        let mut secrets = self.secrets.lock().unwrap();
        secrets.extend([access.clone(), refresh.clone()]);
        SignedInTokens {
            access: access.into(),
            refresh: refresh.into(),
            expires_at: self.clock.now() + LIFE,
        }
    }

    async fn hear(&self) -> Result<(), SignInError> {
        let turn = self.gate.acquire().await.expect("it stays open");
        drop(turn);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(SignInError::Unavailable("away".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl SignsPeopleIn for FakeIssuer {
    fn issuer(&self) -> &str {
        ISSUER
    }

    fn sign_in_address(&self, request: &SignInRequest<'_>) -> Url {
        let mut url: Url = format!("{ISSUER}/oauth2/authorize").parse().unwrap();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", OWN),
            ("redirect_uri", request.redirect_uri),
            ("state", request.state),
            ("nonce", request.nonce),
            ("code_challenge", request.challenge),
            ("code_challenge_method", "S256"),
        ]);
        url
    }

    fn sign_out_address(&self, post_logout_redirect_uri: &str) -> Url {
        let mut url: Url = format!("{ISSUER}/oauth2/logout").parse().unwrap();
        url.query_pairs_mut()
            .append_pair("post_logout_redirect_uri", post_logout_redirect_uri);
        url
    }

    async fn redeem(&self, answer: &SignInAnswer<'_>) -> Result<SignedInTokens, SignInError> {
        self.redeems.fetch_add(1, Ordering::SeqCst);
        self.hear().await?;
        let refused = || SignInError::Refused("invalid_grant".to_owned());
        let code = self.codes.lock().unwrap().remove(answer.code);
        let code = code.ok_or_else(refused)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(answer.verifier));
        if code.challenge != challenge || code.redirect_uri != answer.redirect_uri {
            return Err(refused());
        }
        if code.nonce != answer.nonce {
            return Err(SignInError::IdToken(TokenError::WrongAudience));
        }
        Ok(self.give(&code.user))
    }

    async fn refresh(&self, token: &SecretString) -> Result<SignedInTokens, SignInError> {
        self.refreshes.fetch_add(1, Ordering::SeqCst);
        self.hear().await?;
        let user = self.current.lock().unwrap().remove(token.expose_secret());
        match user {
            Some(user) => Ok(self.give(&user)),
            None => Err(SignInError::Refused("invalid_grant".to_owned())),
        }
    }

    async fn revoke(&self, refresh: &SecretString) -> Result<(), SignInError> {
        self.hear().await?;
        let token = refresh.expose_secret().to_owned();
        self.current.lock().unwrap().remove(&token);
        self.revoked.lock().unwrap().push(token);
        Ok(())
    }

    async fn person(&self, access: &SecretString) -> Result<Person, SignInError> {
        self.hear().await?;
        let user = access.expose_secret().split('-').nth(2).expect("ours");
        Ok(Person {
            sub: format!("sub-of-{user}"),
            name: Some("利用者".to_owned()),
            participant: Some(PersonsParticipant {
                id: "p1".to_owned(),
                name: "参加機関".to_owned(),
            }),
            domain: Some(PersonsDomain {
                letter: "A".to_owned(),
                name_ja: "防災".to_owned(),
                name_en: "Disaster prevention".to_owned(),
            }),
        })
    }
}
