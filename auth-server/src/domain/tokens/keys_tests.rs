use std::sync::LazyLock;

use auth_client::TokenClaims;
use base64::engine::general_purpose::URL_SAFE;
use proptest::prelude::*;
use time::macros::datetime;

use super::*;

fn ring() -> KeyRing {
    let folder = tempfile::tempdir().expect("a folder");
    create(folder.path(), datetime!(2026-01-01 0:00 UTC)).expect("a key");
    KeyRing::load(folder.path()).expect("a key ring")
}

static RING: LazyLock<KeyRing> = LazyLock::new(ring);

fn claims(user: &str, extras: Option<&str>) -> TokenClaims {
    serde_json::from_value(serde_json::json!({
        "iss": "https://auth.example", "sub": "0190", "exp": 2, "iat": 1, "jti": "j", "azp": "app",
        "preferred_username": user, "user": user, "org": user, "aal": "1", "extras": extras,
    }))
    .expect("claims")
}

/// Decodes a payload as existing connectors do (connector repository, `src/consumer/authentication` and
/// `src/provider/authorization`): split at the points, then add as many `=` as the length of the *whole* token suggests.
/// Python's decoder ignores padding that is too long and fails where it is too short.
fn reference_decode(token: &str) -> Option<serde_json::Value> {
    let payload = token.split('.').nth(1)?;
    let padding = (4 - token.len() % 4) % 4;
    let needed = (4 - payload.len() % 4) % 4;
    if padding < needed {
        return None;
    }
    let padded = format!("{payload}{}", "=".repeat(needed));
    serde_json::from_slice(&URL_SAFE.decode(padded).ok()?).ok()
}

proptest! {
    #[test]
    fn existing_connectors_can_decode_every_token(user in "[a-z0-9.]{1,60}", extras in "[ -~]{0,40}") {
        let token = RING.sign(&claims(&user, Some(&extras)));
        let decoded = reference_decode(&token);
        prop_assert!(decoded.is_some(), "{token}");
        prop_assert_eq!(&decoded.unwrap()["preferred_username"], &serde_json::json!(user));
    }

    #[test]
    fn what_was_signed_is_verified_and_nothing_else(user in "[a-z0-9.]{1,20}", position in 0usize..400) {
        let claims = claims(&user, None);
        let token = RING.sign(&claims);
        prop_assert_eq!(RING.verify::<TokenClaims>(&token), Some(claims));
        let mut forged = token.clone().into_bytes();
        let position = position % forged.len();
        forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        // The last character of a part may differ in bits that mean nothing; our decoder refuses those too.
        prop_assert_eq!(RING.verify::<TokenClaims>(&forged), None);
    }
}

#[test]
fn payloads_of_every_length_are_decodable() {
    for length in 1..=64 {
        let token = RING.sign(&claims(&"a".repeat(length), None));
        assert!(reference_decode(&token).is_some(), "{length}");
    }
}

#[test]
fn the_header_has_a_length_that_existing_connectors_bear() {
    let token = RING.sign(&claims("cadde.a", None));
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    assert_ne!(header.len() % 3, 1);
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["alg"], "ES256");
    assert_eq!(
        header["kid"],
        serde_json::to_value(RING.jwks()).unwrap()["keys"][0]["kid"]
    );
}

#[test]
fn tokens_of_another_key_are_refused() {
    assert_eq!(
        RING.verify::<TokenClaims>(&ring().sign(&claims("cadde.a", None))),
        None
    );
    for text in ["", "a", "a.b", "a.b.c", "...."] {
        assert_eq!(RING.verify::<TokenClaims>(text), None, "{text:?}");
    }
}

#[test]
fn common_libraries_verify_our_tokens() {
    let token = RING.sign(&claims("cadde.a", None));
    let set: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(serde_json::to_value(RING.jwks()).unwrap()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&set.keys[0]).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.validate_exp = false;
    let data = jsonwebtoken::decode::<TokenClaims>(&token, &key, &validation).unwrap();
    assert_eq!(data.claims.user.as_str(), "cadde.a");
}

#[test]
fn the_newest_key_signs_and_older_ones_still_verify() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path(), datetime!(2026-01-01 0:00 UTC)).unwrap();
    let old = KeyRing::load(folder.path())
        .unwrap()
        .sign(&claims("cadde.a", None));
    std::fs::write(
        folder.path().join("009999999999.pem"),
        KeyPair::generate().unwrap().serialize_pem(),
    )
    .unwrap();
    let both = KeyRing::load(folder.path()).unwrap();
    let new = both.sign(&claims("cadde.a", None));
    assert_ne!(old.split('.').next(), new.split('.').next());
    assert!(
        both.verify::<TokenClaims>(&old).is_some() && both.verify::<TokenClaims>(&new).is_some()
    );
}
