//! The claims of an access token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::ids::UserId;
use serde::{Deserialize, Serialize};

/// What a person may do beyond exchanging data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the data space: registers participants, connectors, locations.
    Operator,
    /// Reviews applications.
    Reviewer,
    /// Reads audit trails.
    Auditor,
    /// Curates catalogues.
    Steward,
}

impl Role {
    /// The spelling in tokens and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
            Self::Steward => "steward",
        }
    }
}

/// The claims of an access token (CADDE 4.0, basic design of the authentication function, token claims; RFC 7519, RFC 8693,
/// RFC 8705).
///
/// They are trustworthy only inside a [`crate::VerifiedToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenClaims {
    /// Issuer: the public origin of the authentication server.
    pub iss: String,
    /// The user's internal identifier at this issuer; it survives a change of the user ID.
    pub sub: String,
    /// Expiry, seconds since 1970.
    pub exp: i64,
    /// Time of issue, seconds since 1970.
    pub iat: i64,
    /// Not valid before this time, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Unique identifier of the token.
    pub jti: String,
    /// `Bearer`, as existing peers know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The client the token was issued to.
    pub azp: String,
    /// User ID; existing providers take the receiver's identity from this member.
    pub preferred_username: UserId,
    /// User ID; authorization rules use this member.
    pub user: UserId,
    /// User IDs of the organisations the user belongs to, separated by comma and space; see [`TokenClaims::orgs`].
    #[serde(default)]
    pub org: String,
    /// Assurance level of the login, `"1"` to `"3"`; see [`TokenClaims::assurance`].
    pub aal: String,
    /// Opaque further attribute, compared exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<String>,
    /// Scopes, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What the user may do besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Login session the token descends from; absent for unattended clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// For whom the token is meant; absent means everybody who trusts the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// The certificate the token is bound to (RFC 8705 §3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Cnf>,
    /// Who acts for the user (RFC 8693 §4.1): the receiver connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
}

/// `aud`: one value or several (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single audience.
    One(String),
    /// Several audiences.
    Many(Vec<String>),
}

/// What a token is for, which shows in its claims. There are no other kinds: what fits none of them counts nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A user's, got through an application: meant for nobody in particular.
    Plain,
    /// A user's, got through a management client: for what it names, with the user's roles.
    Management,
    /// Made by a receiver of ours for one provider of ours, and bound to the receiver's certificate.
    Bound,
    /// Made by a receiver of ours for a provider or a ledger that cannot check a binding.
    Addressed,
    /// Of a person who signed in at a server with screens: for that server alone, with the roles that its own API knows.
    Screens,
    /// A steward's, made by the catalogue tool of one for its screens: for one provider's catalogue, with that role alone.
    Stewards,
}

impl Audience {
    /// Whether `id` is among the audiences.
    pub fn contains(&self, id: &str) -> bool {
        match self {
            Self::One(only) => only == id,
            Self::Many(all) => all.iter().any(|one| one == id),
        }
    }
}

/// `cnf`: how the holder proves possession (RFC 8705 §3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cnf {
    /// SHA-256 of the DER certificate, base64url without padding.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: String,
}

/// `act`: who acts for the subject (RFC 8693 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Connector ID of the acting receiver.
    pub sub: String,
    /// Who acted before it: the client that the exchanged token was issued to. For the record; the issuer alone goes by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Act>>,
}

impl TokenClaims {
    /// The organisations of the user, split at commas and trimmed.
    pub fn orgs(&self) -> Vec<&str> {
        self.org
            .split(',')
            .map(str::trim)
            .filter(|org| !org.is_empty())
            .collect()
    }

    /// The assurance level as a number; 0 for a value outside `"1"` to `"3"`, so that it satisfies no rule.
    pub fn assurance(&self) -> u8 {
        match self.aal.as_str() {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            _ => 0,
        }
    }

    /// What the token is for; `None` if its members contradict each other.
    pub fn kind(&self) -> Option<TokenKind> {
        match (&self.aud, &self.cnf, &self.act) {
            (None, None, None) => Some(TokenKind::Plain),
            // No client manages itself: whoever is managed has a certificate, and no management client has one.
            (Some(_), None, None) if self.audiences() == std::slice::from_ref(&self.azp) => {
                Some(TokenKind::Screens)
            }
            (Some(_), None, None) => Some(TokenKind::Management),
            (Some(_), Some(_), Some(_)) => Some(TokenKind::Bound),
            (Some(_), None, Some(_)) => match self.roles.as_slice() {
                [] => Some(TokenKind::Addressed),
                [Role::Steward] => Some(TokenKind::Stewards),
                _ => None,
            },
            _ => None,
        }
    }

    /// For whom the token is meant, by name.
    pub fn audiences(&self) -> &[String] {
        match &self.aud {
            None => &[],
            Some(Audience::One(only)) => std::slice::from_ref(only),
            Some(Audience::Many(all)) => all,
        }
    }

    /// Whether the token is meant for `id` by name.
    pub fn names(&self, id: &str) -> bool {
        self.aud.as_ref().is_some_and(|aud| aud.contains(id))
    }

    /// Whether the user has `role`. Roles count only in tokens that name those whom they are for.
    pub fn has_role(&self, role: Role) -> bool {
        let counts = matches!(
            self.kind(),
            Some(TokenKind::Management | TokenKind::Screens | TokenKind::Stewards)
        );
        counts && self.roles.contains(&role)
    }

    /// Whether the token works with one certificate only.
    pub fn is_bound(&self) -> bool {
        self.cnf.is_some()
    }
}

/// The identifier of `token`, which nobody has checked. `None` if it is no JWT.
pub(crate) fn jti_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        jti: String,
    }
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Identified>(&claims)
        .ok()
        .map(|claims| claims.jti)
}

#[cfg(test)]
mod tests {
    use common::ids::ConnectorId;

    use super::*;

    fn claims() -> TokenClaims {
        serde_json::from_value(serde_json::json!({
            "iss": "https://auth.example", "sub": "0190", "exp": 2, "iat": 1, "jti": "j", "azp": "app",
            "preferred_username": "cadde.a.aa", "user": "cadde.a.aa", "org": "cadde.a.aa, cadde.b.bb", "aal": "2",
            "session_state": "unknown members are ignored"
        }))
        .unwrap()
    }

    #[test]
    fn the_identifier_of_a_token_is_read() {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap());
        assert_eq!(jti_of(&format!("h.{claims}.s")).as_deref(), Some("j"));
        for other in ["", "h", "h.!.s", "h.e30.s", &claims] {
            assert_eq!(jti_of(other), None, "{other}");
        }
    }

    #[test]
    fn organisations_are_split_and_trimmed() {
        assert_eq!(claims().orgs(), ["cadde.a.aa", "cadde.b.bb"]);
        let none = TokenClaims {
            org: String::new(),
            ..claims()
        };
        assert!(none.orgs().is_empty());
    }

    #[test]
    fn assurance_outside_the_scale_satisfies_nothing() {
        for (text, level) in [("1", 1), ("2", 2), ("3", 3), ("4", 0), ("", 0), ("02", 0)] {
            let claims = TokenClaims {
                aal: text.into(),
                ..claims()
            };
            assert_eq!(claims.assurance(), level, "{text:?}");
        }
    }

    #[test]
    fn both_spellings_of_the_audience_are_read() {
        let one: Audience = serde_json::from_str("\"a\"").unwrap();
        let many: Audience = serde_json::from_str("[\"a\",\"b\"]").unwrap();
        assert!(one.contains("a") && many.contains("b") && !one.contains("b"));
    }

    #[test]
    fn an_audience_named_twice_is_that_audience_alone() {
        let with = |aud: serde_json::Value| {
            let mut json = serde_json::to_value(claims()).unwrap();
            json["aud"] = aud;
            json["roles"] = serde_json::json!(["operator"]);
            serde_json::from_value::<TokenClaims>(json).unwrap()
        };
        let own: ConnectorId = "provider.a.example".parse().unwrap();
        let twice = with(serde_json::json!([own, own]));
        let once = with(serde_json::json!([own]));
        let among = with(serde_json::json!([
            "b.example",
            own,
            "b.example",
            own,
            "b.example"
        ]));
        for named in [&once, &twice, &among] {
            assert_eq!(named.kind(), Some(TokenKind::Management));
            assert!(named.names("provider.a.example") && named.has_role(Role::Operator));
        }
        // It counts for nobody else because of that, and is no token for everybody either.
        let nobody = with(serde_json::json!([]));
        for claims in [&once, &twice, &among, &nobody] {
            assert!(!claims.names("provider.b.example"));
            assert_ne!(claims.kind(), Some(TokenKind::Plain));
        }
        // It is passed on as it was said.
        assert_eq!(twice.audiences().len(), 2);
    }

    #[test]
    fn a_server_with_screens_has_tokens_of_its_own_and_a_steward_has_some_for_one_provider() {
        let of = |azp: &str, aud: &[&str], acts: bool, roles: &[Role]| TokenClaims {
            azp: azp.into(),
            aud: Some(Audience::Many(
                aud.iter().map(ToString::to_string).collect(),
            )),
            act: acts.then(|| Act {
                sub: azp.into(),
                act: None,
            }),
            roles: roles.to_vec(),
            ..claims()
        };
        let steward = [Role::Steward];
        let screens = of("tool.example", &["tool.example"], false, &steward);
        assert_eq!(screens.kind(), Some(TokenKind::Screens));
        assert!(screens.has_role(Role::Steward) && !screens.has_role(Role::Operator));
        for aud in [&["tool.example", "tool.example"][..], &["p.example"], &[]] {
            let other = of("tool.example", aud, false, &steward);
            assert_eq!(other.kind(), Some(TokenKind::Management), "{aud:?}");
        }
        let stewards = of("tool.example", &["p.example"], true, &steward);
        assert_eq!(stewards.kind(), Some(TokenKind::Stewards));
        assert!(stewards.has_role(Role::Steward));
        let addressed = of("r.example", &["cadde.p"], true, &[]);
        assert_eq!(addressed.kind(), Some(TokenKind::Addressed));
        for roles in [&[Role::Operator][..], &[Role::Steward, Role::Operator]] {
            let other = of("tool.example", &["p.example"], true, roles);
            assert_eq!(other.kind(), None, "{roles:?}");
            assert!(!other.has_role(Role::Operator));
        }
    }

    #[test]
    fn absent_members_are_left_out() {
        let json = serde_json::to_value(claims()).unwrap();
        for absent in [
            "aud", "cnf", "act", "roles", "extras", "scope", "nbf", "sid",
        ] {
            assert!(json.get(absent).is_none(), "{absent}");
        }
        assert_eq!(json["aal"], "2");
    }
}
