//! Tokens, and records that are signed like them.

use auth_client::{ExchangedToken, Shape, TokenClaims};
use common::ids::UserId;
use jsonwebtoken::jwk::JwkSet;
use location_client::{LocationRecord, Source, verify::RecordKeys};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::bytes::text;

/// A token as it stands in a header, and the claims of one.
pub fn token(bytes: &[u8]) {
    if let Some(text) = text(bytes) {
        let _ = Shape::read(text);
        let _ = ExchangedToken::new(text.to_owned().into()).jti();
    }
    if let Ok(claims) = serde_json::from_slice::<TokenClaims>(bytes) {
        let _ = (claims.kind(), claims.orgs(), claims.audiences());
        assert!(claims.assurance() <= 3);
        let again = serde_json::to_vec(&claims).expect("claims are JSON");
        assert_eq!(
            serde_json::from_slice::<TokenClaims>(&again).ok(),
            Some(claims)
        );
    }
}

/// A key set, and a record that one of its keys may have signed.
#[derive(Deserialize)]
struct Signed {
    keys: JwkSet,
    record: LocationRecord,
}

/// The record of a provider's location.
pub fn location_record(bytes: &[u8]) {
    let Ok(signed) = serde_json::from_slice::<Signed>(bytes) else {
        return;
    };
    let provider = UserId::parse("cadde.a.aa").expect("a user ID");
    let keys = RecordKeys::new(signed.keys);
    let verified = keys.verify(
        &provider,
        &signed.record,
        OffsetDateTime::UNIX_EPOCH,
        Source::Server,
    );
    if verified.is_ok() {
        let _ = serde_json::to_vec(&signed.record);
    }
}
