//! Credentials, and what each rule makes of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use tests::Trial;
use tests::certs::Wanted;
use tests::operator::Operator;
use tests::tls::Identity;
use tests::tokens::{self, Signer};
use url::Url;

use crate::rows::{Needs, Row};

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
    pub headers: Vec<(&'static str, String)>,
    /// What has to come of it.
    pub expected: Expected,
}

/// Everybody's credentials.
pub struct World {
    /// The trial of this file.
    pub trial: &'static Trial,
    /// B's receiver connector.
    pub receiver: Identity,
    provider: Identity,
    expired: Identity,
    unregistered: Identity,
    tool: Identity,
    user: String,
    /// The user under whom provider A offers its data.
    owner: String,
    operator: String,
    expired_user: String,
    expired_operator: String,
    forged: String,
    data_server: Url,
    /// A request for a certificate, as it stands in JSON.
    request: String,
}

impl World {
    /// Collects them.
    pub async fn new() -> Self {
        let trial = Trial::shared();
        let authority = trial.authority();
        let id = &trial.domain("b").ready.receiver.connector_id;
        let operator = Operator::of(trial).await;
        let user = trial.domain("b").token().await;
        let kid = tokens::header(&user)["kid"].as_str().unwrap().to_owned();
        let signer = trial.signer();
        Self {
            trial,
            receiver: trial.domain("b").receiver_identity(),
            provider: trial.domain("a").provider_identity(),
            expired: authority.issue(&Wanted::good(id).expired()),
            unregistered: authority.issue(&Wanted::good("nobody.connectors.example")),
            tool: operator.new_tool().await,
            owner: trial.domain("a").token().await,
            expired_user: signer.sign(&tokens::expired(&tokens::claims(&user))),
            expired_operator: signer.sign(&tokens::expired(&tokens::claims(operator.token()))),
            forged: Signer::foreign(&kid).sign(&tokens::claims(operator.token())),
            operator: operator.token().to_owned(),
            user,
            request: CertificateParams::default()
                .serialize_request(&KeyPair::generate().unwrap())
                .and_then(|request| request.pem())
                .unwrap()
                .replace('\n', "\\n"),
            data_server: Url::parse(&trial.domain("a").granted_resource("b").url)
                .unwrap()
                .join("/")
                .unwrap(),
        }
    }

    /// Where a listener is.
    pub fn base(&self, service: &str, listener: &str) -> &Url {
        let ready = &self.trial.ready;
        match (service, listener) {
            ("auth", "peer") => &ready.auth.peer,
            ("auth", "public") => &ready.auth.public,
            ("location", "peer") => &ready.location.peer,
            ("provenance", "peer") => &ready.provenance.peer,
            ("provenance", "public") => &ready.provenance.public,
            ("provider", "peer") => &ready.domains["a"].provider.peer,
            ("data", "data") => &self.data_server,
            ("receiver", "api") => &ready.domains["b"].receiver.api,
            other => panic!("no listener {other:?}"),
        }
    }

    /// Puts values in the place of `{name}`: such that exist where reading does no harm, else such that don't.
    pub fn fill(&self, text: &str) -> String {
        let a = &self.trial.ready.domains["a"];
        let closed = a.resources.iter().find(|resource| !resource.open).unwrap();
        [
            ("{provider_id}", a.provider.provider_id.as_str()),
            (
                "{provider_url}",
                a.provider.peer.as_str().trim_end_matches('/'),
            ),
            ("{provider_connector_id}", a.provider.connector_id.as_str()),
            ("{nobody}", "cadde.nobody.zz"),
            ("{resource}", closed.url.as_str()),
            ("{user_id}", &self.trial.ready.domains["b"].user.user_id),
            ("{connector_id}", "nobody.connectors.example"),
            ("{service_id}", "nobody.services.example"),
            ("{client_id}", "nobody"),
            ("{serial}", "00ff00ff"),
            ("{id}", "01941f29-7c00-7000-8000-0000000000aa"),
            ("{cdleventid}", "01941f29-7c00-7000-8000-0000000000aa"),
            ("{token}", &self.user),
            ("{csr}", &self.request),
            ("{*path}", "nothing-here"),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    /// Everything to be tried on an endpoint.
    pub fn attempts(&self, row: &Row) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        let peer = row.listener == "peer";
        let mut add = |name, identity: Option<&Identity>, headers, expected| {
            attempts.push(Attempt {
                name,
                identity: identity.cloned(),
                headers,
                expected,
            });
        };
        if peer {
            add("no certificate", None, vec![], Expected::NoHandshake);
            add(
                "an expired certificate",
                Some(&self.expired),
                vec![],
                Expected::NoHandshake,
            );
        }
        let certificate = peer.then_some(&self.receiver);
        let nobody = peer.then_some(&self.unregistered);
        match row.needs {
            Needs::Nothing => add("no credential", certificate, vec![], Expected::Admitted),
            Needs::Registered => {
                add(
                    "an unregistered certificate",
                    nobody,
                    vec![],
                    Expected::Refused,
                );
                add(
                    "a receiver's certificate",
                    certificate,
                    vec![],
                    Expected::Admitted,
                );
            }
            Needs::Bearer | Needs::RawBearer => {
                let form = if row.needs == Needs::Bearer {
                    bearer
                } else {
                    raw
                };
                add("no token", certificate, vec![], Expected::Refused);
                add(
                    "an expired token",
                    certificate,
                    form(&self.expired_user),
                    Expected::Refused,
                );
                add(
                    "a forged token",
                    certificate,
                    form(&self.forged),
                    Expected::Refused,
                );
                add(
                    "nonsense for a token",
                    certificate,
                    form("nonsense"),
                    Expected::Refused,
                );
                add(
                    "a user's token",
                    certificate,
                    form(&self.user),
                    Expected::Admitted,
                );
            }
            Needs::Operator => {
                add("no token", certificate, vec![], Expected::Refused);
                add(
                    "an expired token",
                    certificate,
                    bearer(&self.expired_operator),
                    Expected::Refused,
                );
                add(
                    "a forged token",
                    certificate,
                    bearer(&self.forged),
                    Expected::Refused,
                );
                add(
                    "a user's token",
                    certificate,
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add(
                    "the operator's token",
                    certificate,
                    bearer(&self.operator),
                    Expected::Admitted,
                );
            }
            Needs::OperatorWithTool => {
                let tool = Some(&self.tool);
                add("no token", tool, vec![], Expected::Refused);
                add(
                    "an expired token",
                    tool,
                    bearer(&self.expired_operator),
                    Expected::Refused,
                );
                add(
                    "a forged token",
                    tool,
                    bearer(&self.forged),
                    Expected::Refused,
                );
                add(
                    "a user's token and a tool",
                    tool,
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add(
                    "an operator without a tool",
                    certificate,
                    bearer(&self.operator),
                    Expected::Forbidden,
                );
                add(
                    "a provider by itself",
                    Some(&self.provider),
                    vec![],
                    Expected::Refused,
                );
                add(
                    "the operator with a tool",
                    tool,
                    bearer(&self.operator),
                    Expected::Admitted,
                );
            }
            Needs::OperatorWithToolOrOwner => {
                let tool = Some(&self.tool);
                add("no token", tool, vec![], Expected::Refused);
                add(
                    "a user's token and a tool",
                    tool,
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add(
                    "an operator without a tool",
                    certificate,
                    bearer(&self.operator),
                    Expected::Forbidden,
                );
                add(
                    "a receiver by itself",
                    certificate,
                    vec![],
                    Expected::Refused,
                );
                add(
                    "an unregistered certificate",
                    nobody,
                    vec![],
                    Expected::Refused,
                );
                add(
                    "the operator with a tool",
                    tool,
                    bearer(&self.operator),
                    Expected::Admitted,
                );
                add(
                    "the provider itself",
                    Some(&self.provider),
                    vec![],
                    Expected::Admitted,
                );
            }
            Needs::Client => {
                let b = &self.trial.ready.domains["b"].app_client;
                add(
                    "no credential",
                    certificate,
                    vec![],
                    if peer {
                        Expected::Admitted
                    } else {
                        Expected::Unauthorized
                    },
                );
                add(
                    "a wrong secret",
                    certificate,
                    basic(&b.client_id, "wrong"),
                    Expected::Unauthorized,
                );
                add(
                    "an unknown client",
                    certificate,
                    basic("nobody", &b.client_secret),
                    Expected::Unauthorized,
                );
                if !peer {
                    add(
                        "its secret",
                        None,
                        basic(&b.client_id, &b.client_secret),
                        Expected::Admitted,
                    );
                }
            }
            Needs::Owner => {
                // The specification of this path has it so.
                add("no token", certificate, vec![], Expected::Unprocessable);
                add(
                    "an expired token",
                    certificate,
                    bearer(&self.expired_user),
                    Expected::Refused,
                );
                add(
                    "a forged token",
                    certificate,
                    bearer(&self.forged),
                    Expected::Refused,
                );
                add(
                    "another user's token",
                    certificate,
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add(
                    "the provider's own user",
                    certificate,
                    bearer(&self.owner),
                    Expected::Admitted,
                );
            }
            Needs::Grant => {
                add("no token", certificate, vec![], Expected::Unauthorized);
                add(
                    "an expired token",
                    certificate,
                    bearer(&self.expired_user),
                    Expected::Unauthorized,
                );
                add(
                    "a forged token",
                    certificate,
                    bearer(&self.forged),
                    Expected::Unauthorized,
                );
                add(
                    "the operator, who has no grant",
                    certificate,
                    bearer(&self.operator),
                    Expected::Forbidden,
                );
                add(
                    "a granted user's token",
                    certificate,
                    bearer(&self.user),
                    Expected::Admitted,
                );
            }
            Needs::GrantAndReceiver => {
                add(
                    "an unregistered certificate",
                    nobody,
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add("no token", certificate, vec![], Expected::Unauthorized);
                add(
                    "an expired token",
                    certificate,
                    bearer(&self.expired_user),
                    Expected::Unauthorized,
                );
                add(
                    "a forged token",
                    certificate,
                    bearer(&self.forged),
                    Expected::Unauthorized,
                );
                add(
                    "the operator, who has no grant",
                    certificate,
                    bearer(&self.operator),
                    Expected::Forbidden,
                );
                add(
                    "a provider's certificate",
                    Some(&self.provider),
                    bearer(&self.user),
                    Expected::Forbidden,
                );
                add(
                    "a granted user's token",
                    certificate,
                    bearer(&self.user),
                    Expected::Admitted,
                );
            }
            Needs::Code => add("a wrong code", None, vec![], Expected::Refused),
        }
        attempts
    }
}

fn bearer(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {token}"))]
}

fn raw(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", token.to_owned())]
}

fn basic(id: &str, secret: &str) -> Vec<(&'static str, String)> {
    vec![(
        "authorization",
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
    )]
}
