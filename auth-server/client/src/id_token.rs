//! Checking `id_token`s (`OpenID` Connect Core 1.0 §3.1.3.7).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{clock::SharedClock, ids::ConnectorId, tls::PeerClient};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use crate::{AuthConfig, claims::Audience, jwks::Jwks, token_error::TokenError, verify::Shape};

/// 8 KiB, as for access tokens.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Checks the `id_token`s of the one configured issuer.
pub(crate) struct IdTokens {
    issuer: String,
    leeway: i64,
    jwks: Jwks,
    clock: SharedClock,
}

/// What an `id_token` has to be for.
pub(crate) struct Expected<'a> {
    /// The server at which somebody signs in.
    pub(crate) audience: &'a ConnectorId,
    /// What that sign-in was begun with.
    pub(crate) nonce: &'a str,
    /// The access token that came with it.
    pub(crate) access: &'a str,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
}

/// What is compared of the access token.
#[derive(Deserialize)]
struct Subject {
    sub: String,
}

impl IdTokens {
    pub(crate) fn new(config: &AuthConfig, client: PeerClient, clock: SharedClock) -> Self {
        Self {
            issuer: config.issuer_text().to_owned(),
            leeway: i64::try_from(config.leeway.get().as_secs()).unwrap_or(i64::MAX),
            jwks: Jwks::new(
                config.peer_endpoint("/.well-known/jwks.json"),
                client,
                clock.clone(),
            ),
            clock,
        }
    }

    /// Checks shape, issuer, signature, audience, nonce, times, and that it is about the person of the access token.
    pub(crate) async fn check(
        &self,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<(), TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let shape = Shape::read(token).ok_or(TokenError::Malformed)?;
        if shape.iss() != self.issuer {
            return Err(TokenError::ForeignIssuer);
        }
        let key = self.jwks.key(shape.kid()).await?;
        let mut validation = Validation::new(Algorithm::ES256);
        // All of these follow below, times by our clock and its leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
        let claims = decoded
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => TokenError::BadSignature,
                _ => TokenError::Malformed,
            })?
            .claims;
        let now = self.clock.now().unix_timestamp();
        judge(&claims, expected, &self.issuer, (now, self.leeway))
    }
}

/// Whether what a good signature stands under was said of this sign-in, now, in seconds since 1970.
fn judge(
    claims: &Claims,
    expected: &Expected<'_>,
    issuer: &str,
    (now, leeway): (i64, i64),
) -> Result<(), TokenError> {
    let own = expected.audience.as_str();
    // One that is for others as well would be theirs to use, too.
    let is_own = match &claims.aud {
        Audience::One(only) => only == own,
        Audience::Many(all) => matches!(all.as_slice(), [only] if only == own),
    };
    if claims.iss != issuer {
        return Err(TokenError::ForeignIssuer);
    }
    if !is_own || claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(TokenError::WrongAudience);
    }
    if now >= claims.exp.saturating_add(leeway) {
        return Err(TokenError::Expired);
    }
    if now < claims.iat.saturating_sub(leeway) {
        return Err(TokenError::NotYetValid);
    }
    if subject_of(expected.access).as_deref() != Some(claims.sub.as_str()) {
        return Err(TokenError::WrongBinding);
    }
    Ok(())
}

/// Whom an access token is about, which is checked elsewhere.
fn subject_of(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let subject: Subject = serde_json::from_slice(&claims).ok()?;
    Some(subject.sub)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://auth.example";

    fn judged(change: &serde_json::Value) -> Result<(), TokenError> {
        let mut claims = json!({
            "iss": ISSUER, "sub": "s", "aud": "tool.example", "exp": 1000, "iat": 900, "nonce": "n",
            "auth_time": 1, "sid": "others are passed over",
        });
        let members = claims.as_object_mut().expect("an object");
        members.extend(change.as_object().expect("an object").clone());
        members.retain(|_, value| !value.is_null());
        let claims: Claims = serde_json::from_value(claims).expect("they can be read");
        let access = format!("h.{}.s", URL_SAFE_NO_PAD.encode(r#"{"sub":"s"}"#));
        let expected = Expected {
            audience: &"tool.example".parse().expect("an ID"),
            nonce: "n",
            access: &access,
        };
        judge(&claims, &expected, ISSUER, (950, 30))
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({ "aud": ["tool.example"] }))]
    #[case(json!({ "exp": 921 }))]
    #[case(json!({ "iat": 980 }))]
    fn what_was_made_for_this_sign_in_is_taken(#[case] change: serde_json::Value) {
        assert_eq!(judged(&change), Ok(()));
    }

    #[rstest]
    #[case(json!({ "iss": "https://other.example" }), TokenError::ForeignIssuer)]
    #[case(json!({ "aud": "other.example" }), TokenError::WrongAudience)]
    #[case(json!({ "aud": [] }), TokenError::WrongAudience)]
    #[case(json!({ "aud": ["tool.example", "other.example"] }), TokenError::WrongAudience)]
    #[case(json!({ "nonce": "m" }), TokenError::WrongAudience)]
    #[case(json!({ "nonce": null }), TokenError::WrongAudience)]
    #[case(json!({ "exp": 920 }), TokenError::Expired)]
    #[case(json!({ "iat": 981 }), TokenError::NotYetValid)]
    #[case(json!({ "sub": "t" }), TokenError::WrongBinding)]
    fn everything_else_is_refused(#[case] change: serde_json::Value, #[case] error: TokenError) {
        assert_eq!(judged(&change), Err(error));
    }
}
