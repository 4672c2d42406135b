//! ID tokens: who signed in, for the client alone (`OpenID` Connect Core 1.0 §2).

use auth_client::api::User;
use common::ids::UserId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::issuer::{TokenIssuer, orgs};
use crate::domain::store::Family;

/// 5 min: it is read when it arrives, and as a hint it counts for ever.
const LIFETIME: Duration = Duration::minutes(5);

/// What tells an ID token from an access token, beside the members that one of them lacks.
const TYP: &str = "ID";

/// The claims. An access token has `jti` and `azp` in any case, this one never: nobody takes the one for the other.
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenClaims {
    typ: String,
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    sid: Uuid,
    #[serde(default)]
    amr: Vec<String>,
    preferred_username: UserId,
    user: UserId,
    org: String,
    aal: String,
}

/// Whose session at which client an ID token of ours is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The client.
    pub client: String,
    /// The user.
    pub user: UserId,
    /// The session: a family.
    pub sid: Uuid,
}

impl TokenIssuer {
    /// An ID token for `client`: `user` signed in at `auth_time`, and has the session `family` there.
    pub fn id_token(
        &self,
        user: &User,
        client: &str,
        family: &Family,
        auth_time: OffsetDateTime,
        nonce: Option<String>,
    ) -> String {
        let now = self.now();
        self.keys().sign(&IdTokenClaims {
            typ: TYP.into(),
            iss: self.name().to_owned(),
            sub: user.id.to_string(),
            aud: client.to_owned(),
            exp: (now + LIFETIME).unix_timestamp(),
            iat: now.unix_timestamp(),
            auth_time: auth_time.unix_timestamp(),
            nonce,
            sid: family.id,
            amr: vec!["pwd".into()],
            preferred_username: user.user_id.clone(),
            user: user.user_id.clone(),
            org: orgs(user),
            aal: family.aal.clone(),
        })
    }

    /// What an ID token of ours is about, however old it is (`OpenID` Connect RP-Initiated Logout 1.0 §2); `None` for any other
    /// text.
    pub fn read_hint(&self, token: &str) -> Option<IdTokenHint> {
        let claims: IdTokenClaims = self.keys().verify(token)?;
        (claims.typ == TYP && claims.iss == self.name()).then_some(IdTokenHint {
            client: claims.aud,
            user: claims.user,
            sid: claims.sid,
        })
    }
}
