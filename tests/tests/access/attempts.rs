//! Credentials, and what each rule makes of them.

use Expected::{Admitted, Forbidden, NoHandshake, Refused, Served, Unauthorized, Unprocessable};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tests::tls::Identity;

use super::{
    credentials::AccessFixture,
    rows::{Needs, Row},
};

/// What has to come of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Not even a connection.
    NoHandshake,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 401 or 403: the path's specification has one of them for both.
    Refused,
    /// 422.
    Unprocessable,
    /// 2xx: there is nothing that could be wrong about the request.
    Served,
    /// Anything but a refusal or a failure: the request may be a bad one, its sender is let in.
    Admitted,
}

/// One try with one set of credentials.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What is tried, for the report.
    pub name: &'static str,
    /// The client certificate on a `peer` listener.
    pub identity: Option<Identity>,
    /// Credentials in the header.
    pub headers: Headers,
    /// Credentials in the body, instead of the row's own.
    pub body: Option<String>,
    /// What has to come of it.
    pub expected: Expected,
}

impl AccessFixture {
    /// Everything to be tried on an endpoint.
    pub fn attempts(&self, row: &Row) -> Vec<Attempt> {
        let tries = self.tries(row);
        let tries = match row.needs {
            Needs::Nothing => tries.try_with("no credential", vec![], Served),
            Needs::Page => tries.try_with("no credential", vec![], Admitted),
            Needs::Code => tries.try_with("a wrong code", vec![], Refused),
            Needs::Registered => tries
                .try_by(
                    "an unregistered certificate",
                    &self.unregistered,
                    vec![],
                    Refused,
                )
                .try_with("a receiver's certificate", vec![], Admitted),
            Needs::Server => tries
                .try_by(
                    "an unregistered certificate",
                    &self.unregistered,
                    vec![],
                    Forbidden,
                )
                .try_by("an operator's tool", &self.tool, vec![], Forbidden)
                .try_by(
                    "a provider's certificate",
                    &self.provider,
                    vec![],
                    Forbidden,
                )
                .try_with("a receiver's certificate", vec![], Forbidden)
                .try_by("the ledger's certificate", &self.ledger, vec![], Admitted),
            Needs::Client => self.client(tries),
            Needs::Bearer => self.bearer(tries, bearer),
            Needs::RawBearer => self.bearer(tries, raw),
            Needs::Person => self.person(tries),
            Needs::Operator => self.operator(tries),
            Needs::OperatorWithTool => self.operator_with_tool(tries),
            Needs::OperatorWithToolOrOwner => self.operator_with_tool_or_owner(tries),
            Needs::Owner => self.owner(tries),
            Needs::Grant => self.grant(tries),
            Needs::GrantAndReceiver => self.provider(tries),
            Needs::Steward => self.steward(tries),
            Needs::Reader => self.reader(tries),
            Needs::Session => tries
                .try_with("no session", vec![], Refused)
                .try_with("a user's token", bearer(&self.user), Refused)
                .try_with("a steward's token", bearer(&self.steward), Refused),
            Needs::OwnPage => tries
                .try_with("a request from elsewhere", vec![], Forbidden)
                .try_with("an own page", self.page(""), Served),
            Needs::SignedIn => self.session(tries).try_with(
                "somebody who is signed in",
                self.page(&self.members_cookie),
                Served,
            ),
            Needs::StewardsPage => {
                let tries = self.session(tries).try_with(
                    "somebody who is signed in and no steward",
                    self.page(&self.members_cookie),
                    Forbidden,
                );
                let tries = if row.method == "GET" {
                    tries
                } else {
                    let cookie = vec![("cookie", self.stewards_cookie.clone())];
                    tries.try_with("a steward's cookie from elsewhere", cookie, Forbidden)
                };
                tries.try_with("a steward", self.page(&self.stewards_cookie), Admitted)
            }
        };
        tries.attempts
    }

    /// What holds on every listener for peers.
    fn tries(&self, row: &Row) -> Tries {
        let peer = row.listener == "peer";
        let mut tries = Tries {
            certificate: peer.then(|| self.receiver.clone()),
            attempts: Vec::new(),
        };
        if peer {
            tries.add("no certificate", None, vec![], NoHandshake);
            tries.add(
                "an expired certificate",
                Some(self.expired.clone()),
                vec![],
                NoHandshake,
            );
            tries.add(
                "a certificate of another anchor with the right name",
                Some(self.misnamed.clone()),
                vec![],
                if row.needs == Needs::Nothing {
                    Served
                } else {
                    Refused
                },
            );
        }
        tries
    }

    /// What nobody is signed in with.
    fn session(&self, tries: Tries) -> Tries {
        let forged: Vec<_> = self
            .stewards_cookie
            .split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| format!("{name}={}", "A".repeat(value.len())))
            .collect();
        tries
            .try_with("no cookie", self.page(""), Unauthorized)
            .try_with(
                "a forged cookie",
                self.page(&forged.join("; ")),
                Unauthorized,
            )
            .try_with("a user's token", bearer(&self.user), Unauthorized)
            .try_with("the operator's token", bearer(&self.operator), Unauthorized)
    }

    /// As the catalogue tool's own page asks, with this cookie.
    fn page(&self, cookie: &str) -> Headers {
        let address = self.base("catalog", "public");
        let mut headers = vec![
            ("origin", address.origin().ascii_serialization()),
            ("x-kakehashi-request", "1".to_owned()),
        ];
        if !cookie.is_empty() {
            headers.push(("cookie", cookie.to_owned()));
        }
        headers
    }

    fn client(&self, tries: Tries) -> Tries {
        let app = &self.trial.ready.domains["b"].app_client;
        let is_peer = tries.certificate.is_some();
        let tries = tries
            .try_with(
                "a wrong secret",
                basic(&app.client_id, "wrong"),
                Unauthorized,
            )
            .try_with(
                "an unknown client",
                basic("nobody", &app.client_secret),
                Unauthorized,
            );
        if is_peer {
            // The certificate is the credential.
            tries.try_with("its certificate", vec![], Admitted)
        } else {
            tries
                .try_with("no credential", vec![], Unauthorized)
                .try_with(
                    "its secret",
                    basic(&app.client_id, &app.client_secret),
                    Admitted,
                )
        }
    }

    fn bearer(&self, tries: Tries, form: fn(&str) -> Headers) -> Tries {
        tries
            .try_with("no token", vec![], Refused)
            .try_with("an expired token", form(&self.expired_user), Refused)
            .try_with("a forged token", form(&self.forged), Refused)
            .try_with("nonsense for a token", form("nonsense"), Refused)
            .try_with("a token for managing", form(&self.operator), Refused)
            .try_with("a token of another audience", form(&self.bound), Refused)
            .try_with("a user's token", form(&self.user), Admitted)
    }

    /// Whoever the token is about, unless it works with one certificate or at one provider only.
    fn person(&self, tries: Tries) -> Tries {
        tries
            .try_with("no token", vec![], Unauthorized)
            .try_with("an expired token", bearer(&self.expired_user), Unauthorized)
            .try_with("a forged token", bearer(&self.forged), Unauthorized)
            .try_with("nonsense for a token", bearer("nonsense"), Unauthorized)
            .try_with(
                "a role without audience",
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_with("a bound token", bearer(&self.bound), Unauthorized)
            .try_with("a token for managing", bearer(&self.operator), Served)
            .try_with("an addressed token", bearer(&self.addressed), Served)
            .try_with("a user's token", bearer(&self.user), Served)
    }

    fn operator(&self, tries: Tries) -> Tries {
        tries
            .try_with("no token", vec![], Refused)
            .try_with("an expired token", bearer(&self.expired_operator), Refused)
            .try_with("a forged token", bearer(&self.forged), Refused)
            .try_with("a user's token", bearer(&self.user), Forbidden)
            .try_with(
                "a token of another audience",
                bearer(&self.elsewhere),
                Forbidden,
            )
            .try_with("a passed-on token", bearer(&self.addressed), Forbidden)
            .try_with(
                "a role without audience",
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_with("the operator's token", bearer(&self.operator), Admitted)
    }

    fn operator_with_tool(&self, tries: Tries) -> Tries {
        self.managing(tries)
            .try_by("a provider by itself", &self.provider, vec![], Refused)
    }

    fn operator_with_tool_or_owner(&self, tries: Tries) -> Tries {
        self.managing(tries)
            .try_with("a receiver by itself", vec![], Refused)
            .try_by("the provider itself", &self.provider, vec![], Admitted)
    }

    /// What holds wherever an operator needs a tool.
    fn managing(&self, tries: Tries) -> Tries {
        let refused = [
            ("no token", vec![], Refused),
            ("an expired token", bearer(&self.expired_operator), Refused),
            ("a forged token", bearer(&self.forged), Refused),
            ("a user's token and a tool", bearer(&self.user), Forbidden),
            (
                "a token of another audience",
                bearer(&self.elsewhere),
                Forbidden,
            ),
            ("a passed-on token", bearer(&self.addressed), Forbidden),
            (
                "a role without audience",
                bearer(&self.with_role),
                Unauthorized,
            ),
        ];
        let operator = || bearer(&self.operator);
        refused
            .into_iter()
            .fold(tries, |tries, (name, headers, expected)| {
                tries.try_by(name, &self.tool, headers, expected)
            })
            .try_by(
                "an unregistered certificate",
                &self.unregistered,
                vec![],
                Refused,
            )
            .try_with("an operator without a tool", operator(), Forbidden)
            .try_by("the operator with a tool", &self.tool, operator(), Admitted)
    }

    fn owner(&self, tries: Tries) -> Tries {
        tries
            // The specification of this path has it so.
            .try_with("no token", vec![], Unprocessable)
            .try_with("an expired token", bearer(&self.expired_user), Refused)
            .try_with("a forged token", bearer(&self.forged), Refused)
            .try_with("another user's token", bearer(&self.user), Forbidden)
            .try_with("the operator's token", bearer(&self.operator), Forbidden)
            .try_with("a token of another audience", bearer(&self.owner_elsewhere), Forbidden)
            .try_with("a passed-on token", bearer(&self.bound), Forbidden)
            .try_with("a role without audience", bearer(&self.with_role), Forbidden)
            .try_with("the provider's own user", bearer(&self.owner), Admitted)
    }

    /// Whoever writes a provider's catalogue.
    fn steward(&self, tries: Tries) -> Tries {
        tries
            .try_with("no token", vec![], Unauthorized)
            .try_with("an expired token", bearer(&self.expired_user), Unauthorized)
            .try_with("a forged token", bearer(&self.forged), Unauthorized)
            .try_with("nonsense for a token", bearer("nonsense"), Unauthorized)
            .try_with(
                "a role without audience",
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_with("a user's token", bearer(&self.user), Forbidden)
            .try_with("a passed-on token", bearer(&self.bound), Forbidden)
            .try_with(
                "a token of another audience",
                bearer(&self.owner_elsewhere),
                Refused,
            )
            .try_with("the operator's token", bearer(&self.operator), Forbidden)
            .try_with(
                "a steward of somebody else",
                bearer(&self.other_steward),
                Forbidden,
            )
            .try_with("a member without the role", bearer(&self.member), Forbidden)
            .try_with("a steward's token", bearer(&self.steward), Admitted)
    }

    /// Whoever reads a provider's detail site: CKAN has 403 for all who may not.
    fn reader(&self, tries: Tries) -> Tries {
        tries
            .try_with("no token", vec![], Forbidden)
            .try_with("an expired token", bearer(&self.expired_user), Forbidden)
            .try_with("a forged token", bearer(&self.forged), Forbidden)
            .try_with("a user's token", bearer(&self.user), Forbidden)
            .try_with("a passed-on token", bearer(&self.bound), Forbidden)
            .try_with(
                "a token of another audience",
                bearer(&self.owner_elsewhere),
                Forbidden,
            )
            .try_with("the operator's token", bearer(&self.operator), Forbidden)
            .try_with(
                "a steward of somebody else",
                bearer(&self.other_steward),
                Forbidden,
            )
            .try_with("a member's token", bearer(&self.member), Served)
            .try_with(
                "a member's token without its scheme",
                raw(&self.member),
                Served,
            )
            .try_with("a steward's token", bearer(&self.steward), Served)
    }

    fn grant(&self, tries: Tries) -> Tries {
        tries
            .try_with("no token", vec![], Unauthorized)
            .try_with("an expired token", bearer(&self.expired_user), Unauthorized)
            .try_with("a forged token", bearer(&self.forged), Unauthorized)
            .try_with(
                "the operator's token, which is for managing",
                bearer(&self.operator),
                Unauthorized,
            )
            .try_with("a passed-on token", bearer(&self.bound), Unauthorized)
            .try_with(
                "another passed-on token",
                bearer(&self.addressed),
                Unauthorized,
            )
            .try_with("a granted user's token", bearer(&self.user), Admitted)
    }

    fn provider(&self, tries: Tries) -> Tries {
        let other = &self.other_receiver;
        tries
            .try_with("no token", vec![], Unauthorized)
            .try_with("an expired token", bearer(&self.expired_user), Unauthorized)
            .try_with("a forged token", bearer(&self.forged), Unauthorized)
            .try_with("a token for managing it", bearer(&self.owner), Unauthorized)
            .try_with("the user's own token", bearer(&self.user), Unauthorized)
            .try_with(
                "a role without audience",
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_by(
                "a passed-on token",
                other,
                bearer(&self.bound),
                Unauthorized,
            )
            .try_by(
                "a passed-on addressed token",
                other,
                bearer(&self.addressed),
                Unauthorized,
            )
            .try_by(
                "an unregistered certificate",
                &self.unregistered,
                bearer(&self.bound),
                Forbidden,
            )
            .try_by(
                "a provider's certificate",
                &self.provider,
                bearer(&self.bound),
                Forbidden,
            )
            .try_with("a token addressed to it", bearer(&self.addressed), Admitted)
            .try_with("a granted user's token", bearer(&self.bound), Admitted)
    }
}

/// Header fields with credentials.
pub type Headers = Vec<(&'static str, String)>;

/// The attempts on one endpoint, being collected.
struct Tries {
    /// What is shown on a listener for peers unless an attempt says otherwise.
    certificate: Option<Identity>,
    attempts: Vec<Attempt>,
}

impl Tries {
    fn add(
        &mut self,
        name: &'static str,
        identity: Option<Identity>,
        headers: Headers,
        expected: Expected,
    ) {
        self.attempts.push(Attempt {
            name,
            identity,
            headers,
            body: None,
            expected,
        });
    }

    fn try_with(mut self, name: &'static str, headers: Headers, expected: Expected) -> Self {
        self.add(name, self.certificate.clone(), headers, expected);
        self
    }

    fn try_by(
        mut self,
        name: &'static str,
        identity: &Identity,
        headers: Headers,
        expected: Expected,
    ) -> Self {
        self.add(name, Some(identity.clone()), headers, expected);
        self
    }
}

/// A token as most endpoints read it.
pub fn bearer(token: &str) -> Headers {
    vec![("authorization", format!("Bearer {token}"))]
}

/// A token without its scheme.
pub fn raw(token: &str) -> Headers {
    vec![("authorization", token.to_owned())]
}

/// A client's id and secret.
pub fn basic(id: &str, secret: &str) -> Headers {
    vec![(
        "authorization",
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
    )]
}
