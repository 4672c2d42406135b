//! What a provider of the reference kind is sent, and keeps.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{
    impostor::Impostor,
    operator::{Operator, Reference},
    tls::Identity,
    tokens,
};

use crate::access::{
    attempts::{Attempt, Expected, Headers, basic, bearer, raw},
    credentials::AccessFixture,
    rows::{Needs, Row},
};

/// 5 minutes.
pub(super) const LIFETIME: i64 = 300;

/// Where everything is tried that one kept token could do.
pub(super) struct Keeper {
    /// Its connector.
    pub(super) own: Reference,
    /// Its receiver, with which it could fetch from others.
    pub(super) receiver: Identity,
    /// The user ID under which it is registered.
    pub(super) user_id: String,
    /// What B's receiver sent it for B's user.
    pub(super) token: String,
    /// The same, five minutes later.
    pub(super) late: String,
    /// Every byte of that.
    pub(super) kept: String,
}

impl Keeper {
    /// Joins, and is asked for something by B's user.
    pub(super) async fn join(world: &AccessFixture) -> Self {
        let trial = world.trial;
        let operator = Operator::of(trial).await;
        let user = operator
            .new_user("a provider that keeps what it gets")
            .await;
        let own = operator.new_reference_provider(&user.user_id).await;
        let receiver = operator.new_reference(&user.user_id).await;
        let impostor = Impostor::start(own.identity.clone()).await;
        let url = impostor.url().as_str().trim_end_matches('/').to_owned();
        let id = Some(own.connector_id.as_str());
        operator
            .register_location(&user.user_id, &url, id, "cadde/4")
            .await;
        let fetch = trial
            .domain("b")
            .fetch(&trial.domain("a").granted_resource("b").url)
            .from_provider(&user.user_id)
            .token(&world.user);
        // What an application adds is between it and the receiver.
        let fetch = fetch
            .header("cookie", "session=of-the-application")
            .header("x-private", "of-the-application")
            .header("x-cadde-provenance-nonce", "of-the-application");
        fetch.clone().send().await;
        fetch.send().await;

        let kept = String::from_utf8(impostor.seen().received).unwrap();
        let found: BTreeSet<&str> = kept
            .split_whitespace()
            .filter(|word| is_token(word))
            .collect();
        assert_eq!(found.len(), 1, "one token, for both requests: {kept}");
        let token = found.into_iter().next().unwrap().to_owned();
        let signer = trial.signer();
        Self {
            late: signer.sign(&tokens::expired(&tokens::claims(&token))),
            user_id: user.user_id,
            own,
            receiver,
            token,
            kept,
        }
    }

    /// What is tried on an endpoint, besides what every client of its own may do there.
    pub(super) fn tries(&self, world: &AccessFixture, row: &Row) -> Vec<Attempt> {
        let mut tries = Tries {
            identities: match row.listener {
                "peer" => vec![
                    (
                        "its provider's certificate",
                        Some(self.own.identity.clone()),
                    ),
                    ("its receiver's certificate", Some(self.receiver.clone())),
                ],
                _ => vec![("no certificate", None)],
            },
            attempts: Vec::new(),
        };
        match row.needs {
            Needs::Nothing | Needs::Page | Needs::Registered => {}
            Needs::Code => {
                tries.with(bearer(&self.token), None);
                let body = format!(r#"{{"code": "{}", "csr": "{{csr}}"}}"#, self.token);
                tries.with(vec![], Some(body));
            }
            Needs::Client => self.as_client(world, row, &mut tries),
            // It counts there for a `Sent`, which is tried by itself; whose it is it says itself.
            Needs::Bearer | Needs::Person => tries.with(bearer(&self.late), None),
            Needs::RawBearer => {
                for headers in [
                    bearer(&self.token),
                    raw(&self.token),
                    vec![("id_token", self.token.clone())],
                ] {
                    tries.with(headers, None);
                }
            }
            Needs::Server
            | Needs::Operator
            | Needs::OperatorWithTool
            | Needs::OperatorWithToolOrOwner
            | Needs::Owner
            | Needs::Grant
            | Needs::GrantAndReceiver
            | Needs::Steward
            | Needs::Reader
            | Needs::Session
            | Needs::OwnPage
            | Needs::SignedIn
            | Needs::StewardsPage => tries.with(bearer(&self.token), None),
        }
        tries.attempts
    }

    /// The token for a client's secret, a password, a refresh token, and as what is exchanged.
    fn as_client(&self, world: &AccessFixture, row: &Row, tries: &mut Tries) {
        let user = &world.trial.ready.domains["b"].user.user_id;
        for id in [&self.own.connector_id, user] {
            tries.with(basic(id, &self.token), None);
        }
        let is_peer = row.listener == "peer";
        if !is_peer {
            tries.with(bearer(&self.token), None);
        }
        // By itself, as the client that it is.
        let own = if is_peer {
            vec![]
        } else {
            basic(&self.own.connector_id, &self.own.secret)
        };
        let token = &self.token;
        let bodies = match row.path {
            "/cadde/api/v4/token" => {
                vec![json!({"user_id": user, "password": token}).to_string()]
            }
            "/cadde/api/v4/token/refresh" => vec![json!({"refresh_token": token}).to_string()],
            "/oauth2/token" => self.exchanges(world),
            // What it may ask is tried by itself.
            _ => vec![],
        };
        for body in bodies {
            tries.with(own.clone(), Some(body));
        }
    }

    /// For another token: the user's, one for another provider, one for itself.
    fn exchanges(&self, world: &AccessFixture) -> Vec<String> {
        let a = &world.trial.ready.domains["a"].provider;
        let token = &self.token;
        let mut bodies = vec![format!("grant_type=refresh_token&refresh_token={token}")];
        for audience in [&a.connector_id, &a.provider_id, &self.user_id] {
            bodies.push(format!(
                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={token}\
                 &subject_token_type=urn:ietf:params:oauth:token-type:access_token&audience={audience}"
            ));
        }
        bodies
    }
}

struct Tries {
    identities: Vec<(&'static str, Option<Identity>)>,
    attempts: Vec<Attempt>,
}

impl Tries {
    fn with(&mut self, headers: Headers, body: Option<String>) {
        let each = std::iter::repeat_n((headers, body), self.identities.len());
        for ((name, identity), (headers, body)) in self.identities.iter().zip(each) {
            self.attempts.push(Attempt {
                name,
                identity: identity.clone(),
                headers,
                body,
                expected: Expected::Refused,
            });
        }
    }
}

/// Whether it has the form of a token.
fn is_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && word.starts_with("eyJ")
}

pub(super) fn with(identity: Option<Identity>, headers: Headers, body: Option<String>) -> Attempt {
    Attempt {
        name: "a kept token",
        identity,
        headers,
        body,
        expected: Expected::Refused,
    }
}
