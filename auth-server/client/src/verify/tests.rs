//! The verifier against a stand-in issuer behind real mutual TLS, which counts what it is asked.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::State,
    routing::{get, post},
};
use common::{
    clock::ManualClock,
    listener::{Listener, ListenerConfig, TlsMode},
    process::Shutdown,
    tls::TlsConfig,
};
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-04-01 9:00 UTC);
const ISSUER: &str = "https://auth.example";

#[derive(Default)]
struct Asked {
    keys: AtomicU64,
    has_no_keys: AtomicBool,
    introspection: AtomicU64,
    answer: Mutex<Value>,
}

struct Fixture {
    asked: Arc<Asked>,
    clock: Arc<ManualClock>,
    verifier: TokenVerifier,
    signer: EncodingKey,
    shutdown: Shutdown,
    // Deleted at the end.
    _folder: tempfile::TempDir,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A certificate for `name` and the store of the process that has it.
fn store(
    folder: &Path,
    name: &str,
    root: &CertifiedIssuer<'_, KeyPair>,
    clock: &SharedClock,
) -> Arc<TlsStore> {
    let key = KeyPair::generate().expect("a key");
    let params =
        CertificateParams::new(vec![name.to_owned(), "localhost".to_owned()]).expect("names");
    let certificate = params.signed_by(&key, root).expect("a certificate");
    let file = |suffix: &str, content: &str| {
        let path = folder.join(format!("{name}.{suffix}"));
        std::fs::write(&path, content).expect("a file");
        path
    };
    let config: TlsConfig = serde_json::from_value(json!({
        "certificate": file("pem", &certificate.pem()), "key": file("key", &key.serialize_pem()),
        "ca": file("ca", &root.pem()),
    }))
    .expect("a TLS section");
    TlsStore::load(&config, Arc::clone(clock)).expect("TLS material")
}

fn jwks(key: &KeyPair) -> Value {
    use jsonwebtoken::jwk::Jwk;
    let key = EncodingKey::from_ec_der(key.serialized_der());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
    jwk.common.key_id = Some("one".into());
    json!({ "keys": [jwk] })
}

impl Fixture {
    async fn new(mode: IntrospectionMode) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::new(NOW));
        let shared: SharedClock = clock.clone();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
            .expect("a root");
        let server = store(folder.path(), "auth.example", &root, &shared);
        let client = store(folder.path(), "provider.a.example", &root, &shared);

        let key = KeyPair::generate().expect("a key");
        let asked = Arc::new(Asked {
            answer: Mutex::new(json!({ "active": true })),
            ..Asked::default()
        });
        let keys = jwks(&key);
        let router =
            Router::new()
                .route(
                    "/.well-known/jwks.json",
                    get(move |State(asked): State<Arc<Asked>>| async move {
                        asked.keys.fetch_add(1, Ordering::Relaxed);
                        if asked.has_no_keys.load(Ordering::Relaxed) {
                            return Err(http::StatusCode::SERVICE_UNAVAILABLE);
                        }
                        Ok(Json(keys))
                    }),
                )
                .route(
                    "/oauth2/introspect",
                    post(
                        |State(asked): State<Arc<Asked>>,
                         Form(form): Form<HashMap<String, String>>| async move {
                            asked.introspection.fetch_add(1, Ordering::Relaxed);
                            assert_eq!(form["client_id"], "provider.a.example");
                            Json(asked.answer.lock().expect("no panic").clone())
                        },
                    ),
                )
                .with_state(asked.clone());
        let config = ListenerConfig::new(
            ([127, 0, 0, 1], 0).into(),
            "https://localhost".parse().expect("a URL"),
            TlsMode::Mutual,
        );
        let listener = Listener::bind(&config, Some(server))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shutdown = Shutdown::default();
        tokio::spawn(listener.serve(router, shutdown.clone()));

        let peer_url = format!("https://localhost:{port}").parse().expect("a URL");
        let config = AuthConfig {
            introspection: mode,
            ..AuthConfig::new(ISSUER.parse().expect("a URL"), peer_url)
        };
        let verifier = TokenVerifier::new(config, client, shared);
        let signer = EncodingKey::from_ec_der(key.serialized_der());
        Self {
            asked,
            clock,
            verifier,
            signer,
            shutdown,
            _folder: folder,
        }
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        self.signed_as("one", change)
    }

    fn signed_as(&self, kid: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "0190", "iat": NOW.unix_timestamp(), "exp": NOW.unix_timestamp() + 3600, "jti": "j",
            "azp": "app", "preferred_username": "cadde.a.aa", "user": "cadde.a.aa", "org": "", "aal": "1",
        });
        change(&mut claims);
        let header = Header {
            kid: Some(kid.into()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.signer).expect("a token")
    }

    fn asked(&self) -> (u64, u64) {
        (
            self.asked.keys.load(Ordering::Relaxed),
            self.asked.introspection.load(Ordering::Relaxed),
        )
    }

    fn answer(&self, answer: Value) {
        *self.asked.answer.lock().expect("no panic") = answer;
    }
}

#[tokio::test]
async fn a_good_token_is_asked_about_once_in_a_while() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let token = fixture.token(|_| {});
    for _ in 0..3 {
        let verified = fixture.verifier.verify(&token).await.unwrap();
        assert_eq!(verified.claims.user.as_str(), "cadde.a.aa");
    }
    assert_eq!(fixture.asked(), (1, 1));
    fixture.clock.advance(Duration::from_secs(29));
    fixture.verifier.verify(&token).await.unwrap();
    assert_eq!(fixture.asked(), (1, 1));
    fixture.clock.advance(Duration::from_secs(1));
    fixture.verifier.verify(&token).await.unwrap();
    assert_eq!(fixture.asked(), (1, 2));
}

#[tokio::test]
async fn revocation_arrives_within_the_cache_time() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let token = fixture.token(|_| {});
    fixture.verifier.verify(&token).await.unwrap();
    fixture.answer(json!({ "active": false }));
    fixture.clock.advance(Duration::from_secs(30));
    for _ in 0..2 {
        assert_eq!(
            fixture.verifier.verify(&token).await.unwrap_err(),
            TokenError::Inactive
        );
    }
    // The refusal is remembered as long.
    assert_eq!(fixture.asked(), (1, 2));
}

#[tokio::test]
async fn callers_that_waited_for_keys_in_vain_do_not_wait_again() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let tokens: Vec<_> = ["a", "b", "c"]
        .map(|jti| fixture.token(|claims| claims["jti"] = jti.into()))
        .into();
    let [a, b, c] = [&tokens[0], &tokens[1], &tokens[2]];
    let at_once = async || {
        let verify = |token| Box::pin(fixture.verifier.verify(token));
        let (a, b, c) = tokio::join!(verify(a), verify(b), verify(c));
        [a, b, c].map(|one| one.map(drop))
    };
    fixture.asked.has_no_keys.store(true, Ordering::Relaxed);
    for outcome in at_once().await {
        assert!(
            matches!(outcome, Err(TokenError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    assert_eq!(fixture.asked(), (1, 0));
    // The next one asks again.
    fixture.asked.has_no_keys.store(false, Ordering::Relaxed);
    assert_eq!(at_once().await, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(fixture.asked(), (2, 3));
}

#[tokio::test]
async fn without_the_cache_every_use_is_asked_about() {
    let fixture = Fixture::new(IntrospectionMode::Always).await;
    let token = fixture.token(|_| {});
    for _ in 0..3 {
        fixture.verifier.verify(&token).await.unwrap();
    }
    assert_eq!(fixture.asked(), (1, 3));
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_question() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let token = fixture.token(|_| {});
    let all = (0..32).map(|_| {
        let (verifier, token) = (fixture.verifier.clone(), token.clone());
        tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
    });
    for one in all.collect::<Vec<_>>() {
        assert!(one.await.unwrap());
    }
    assert_eq!(fixture.asked(), (1, 1));
}

#[tokio::test]
async fn nobody_is_asked_about_what_is_refused_by_itself() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let foreign = fixture.token(|claims| claims["iss"] = "https://evil.example".into());
    let longer = fixture.token(|claims| claims["iss"] = format!("{ISSUER}.evil.example").into());
    for (token, error) in [
        (foreign.as_str(), TokenError::ForeignIssuer),
        (longer.as_str(), TokenError::ForeignIssuer),
        ("", TokenError::Malformed),
        ("a.b.c", TokenError::Malformed),
        (&"x".repeat(MAX_TOKEN_BYTES + 1), TokenError::Malformed),
    ] {
        assert_eq!(fixture.verifier.verify(token).await.unwrap_err(), error);
    }
    assert_eq!(fixture.asked(), (0, 0));
}

#[tokio::test]
async fn times_are_checked_with_leeway_also_for_cached_answers() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let now = NOW.unix_timestamp();
    let ends_soon = fixture.token(|claims| claims["exp"] = (now + 5).into());
    fixture.verifier.verify(&ends_soon).await.unwrap();
    let ended = fixture.token(|claims| claims["exp"] = (now - 30).into());
    assert_eq!(
        fixture.verifier.verify(&ended).await.unwrap_err(),
        TokenError::Expired
    );
    let early = fixture.token(|claims| claims["iat"] = (now + 31).into());
    assert_eq!(
        fixture.verifier.verify(&early).await.unwrap_err(),
        TokenError::NotYetValid
    );
    let tolerated = fixture.token(|claims| claims["nbf"] = (now + 30).into());
    fixture.verifier.verify(&tolerated).await.unwrap();
    // Expired ones lead to no question.
    assert_eq!(fixture.asked(), (1, 2));
    fixture.clock.advance(Duration::from_secs(35));
    assert_eq!(
        fixture.verifier.verify(&ends_soon).await.unwrap_err(),
        TokenError::Expired
    );
}

#[tokio::test]
async fn a_forged_signature_is_refused_and_unknown_keys_are_looked_for_rarely() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let token = fixture.token(|_| {});
    let (head, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let error = fixture.verifier.verify(&forged).await.unwrap_err();
    assert!(
        matches!(error, TokenError::BadSignature | TokenError::Malformed),
        "{error:?}"
    );
    for number in 0..5 {
        let unknown = fixture.signed_as("two", |claims| claims["jti"] = format!("{number}").into());
        assert_eq!(
            fixture.verifier.verify(&unknown).await.unwrap_err(),
            TokenError::BadSignature
        );
    }
    assert_eq!(fixture.asked(), (1, 0));
    fixture.clock.advance(Duration::from_secs(31));
    let unknown = fixture.signed_as("two", |_| {});
    assert_eq!(
        fixture.verifier.verify(&unknown).await.unwrap_err(),
        TokenError::BadSignature
    );
    assert_eq!(fixture.asked(), (2, 0));
}

#[rstest]
#[case::no_object(json!([]))]
#[case::no_active(json!({}))]
#[case::text(json!({ "active": "true" }))]
#[tokio::test]
async fn an_unreadable_answer_lets_nobody_in_and_is_asked_again(#[case] answer: Value) {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let token = fixture.token(|_| {});
    fixture.answer(answer);
    assert!(matches!(
        fixture.verifier.verify(&token).await,
        Err(TokenError::Unavailable(_))
    ));
    fixture.answer(json!({ "active": true }));
    fixture.verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_is_down_is_named_and_its_answers_so_far_count() {
    let fixture = Fixture::new(IntrospectionMode::Cached).await;
    let known = fixture.token(|_| {});
    fixture.verifier.verify(&known).await.unwrap();
    fixture.shutdown.cancel();
    let other = fixture.token(|claims| claims["jti"] = "other".into());
    // The listener ends soon; until then it may still answer.
    let down = async {
        loop {
            let fresh =
                fixture.token(|claims| claims["jti"] = uuid::Uuid::new_v4().to_string().into());
            if let Err(error) = fixture.verifier.verify(&fresh).await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(30), down)
        .await
        .unwrap();
    assert!(matches!(error, TokenError::Unavailable(_)), "{error:?}");
    assert!(fixture.verifier.verify(&other).await.is_err());
    fixture.verifier.verify(&known).await.unwrap();
}

#[test]
fn a_verified_token_does_not_print_itself() {
    let claims: TokenClaims = serde_json::from_value(json!({
        "iss": ISSUER, "sub": "0190", "iat": 1, "exp": 2, "jti": "j", "azp": "app",
        "preferred_username": "cadde.a.aa", "user": "cadde.a.aa", "aal": "1",
    }))
    .unwrap();
    let token = VerifiedToken {
        claims,
        raw: SecretString::from("secret-token"),
        digest: [0; 32],
    };
    assert!(!format!("{token:?}").contains("secret-token"));
}

#[rstest]
#[case("", false)]
#[case("a.b", false)]
#[case("a.b.c.d", false)]
// {"alg":"none","kid":"k"} . {"iss":"i"}
#[case("eyJhbGciOiJub25lIiwia2lkIjoiayJ9.eyJpc3MiOiJpIn0.x", false)]
// {"alg":"ES256","kid":"k"} . {"iss":"i"}
#[case("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJpIn0.x", true)]
#[case("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJpIn0.", false)]
fn only_the_shape_of_our_issuer_is_read(#[case] token: &str, #[case] good: bool) {
    assert_eq!(Shape::read(token).is_some(), good);
}

proptest! {
    #[test]
    fn reading_the_shape_never_panics(token in "[a-zA-Z0-9_.=-]{0,200}") {
        let _ = Shape::read(&token);
    }
}
