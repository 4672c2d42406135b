//! Credentials, and what each rule makes of them.

use std::sync::LazyLock;

use Expected::{Admitted, Forbidden, NoHandshake, Refused, Served, Unauthorized, Unprocessable};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair};
use tests::{
    Trial,
    certs::Wanted,
    operator::Operator,
    tls::Identity,
    tokens::{self, Signer},
};
use url::Url;

use super::rows::{Needs, Row};

/// SHA-256 of nobody's certificate.
const NO_CERTIFICATE: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

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

/// A trial of its own: what is tried here is what services slow down and shut out.
fn trial() -> &'static Trial {
    static TRIAL: LazyLock<Trial> =
        LazyLock::new(|| Trial::start().knowing(Trial::another_authority()).start());
    &TRIAL
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

/// Everybody's credentials.
pub struct AccessFixture {
    /// The trial of this file.
    pub trial: &'static Trial,
    /// B's receiver connector.
    pub receiver: Identity,
    /// A's provider connector.
    pub provider: Identity,
    expired: Identity,
    unregistered: Identity,
    /// Of an authority that all services know, with the name of B's receiver, for which it is not recorded.
    misnamed: Identity,
    tool: Identity,
    ledger: Identity,
    /// B's user.
    pub user: String,
    /// The user under whom provider A offers its data.
    owner: String,
    operator: String,
    /// The operator's token for managing a provider alone, and the owner's for managing another provider.
    elsewhere: String,
    owner_elsewhere: String,
    /// A role in a token that says not for whom.
    with_role: String,
    /// What B's receiver got for provider A.
    bound: String,
    addressed: String,
    other_receiver: Identity,
    expired_user: String,
    expired_operator: String,
    forged: String,
    data_server: Url,
    /// A request for a certificate, as it stands in JSON.
    request: String,
}

impl AccessFixture {
    /// Collects them.
    pub async fn new() -> Self {
        let trial = trial();
        let authority = trial.authority();
        let id = &trial.domain("b").ready.receiver.connector_id;
        let operator = Operator::of(trial).await;
        let user = trial.domain("b").token().await;
        let kid = tokens::header(&user)["kid"].as_str().unwrap().to_owned();
        let signer = trial.signer();
        let (a, b) = (trial.domain("a"), trial.domain("b"));
        let provider = &a.ready.provider.connector_id;
        let exchanged = async |audience: &str| b.bound_token(&user, audience).await.unwrap();
        let role = serde_json::json!({"roles": ["operator", "auditor"]});
        Self {
            elsewhere: operator
                .management_token(provider, &trial.ready.operator.person())
                .await,
            owner_elsewhere: operator
                .management_token(&b.ready.provider.connector_id, &a.ready.user)
                .await,
            with_role: signer.sign(&tokens::with(&tokens::claims(&user), role)),
            bound: exchanged(provider).await,
            addressed: exchanged(a.provider_id()).await,
            other_receiver: trial.domain("c").receiver_identity(),
            trial,
            receiver: trial.domain("b").receiver_identity(),
            provider: trial.domain("a").provider_identity(),
            expired: authority.issue(&Wanted::good(id).expired()),
            unregistered: authority.issue(&Wanted::good("nobody.connectors.example")),
            misnamed: Trial::another_authority().issue(&Wanted::good(id)),
            tool: operator.new_tool().await,
            ledger: trial.service_identity("provenance-server"),
            owner: trial.domain("a").management_token().await,
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
            ("{sha256}", NO_CERTIFICATE),
            ("{id}", "01941f29-7c00-7000-8000-0000000000aa"),
            ("{cdleventid}", "01941f29-7c00-7000-8000-0000000000aa"),
            ("{token}", &self.user),
            ("{csr}", &self.request),
            (
                "{*path}",
                closed.url.trim_start_matches(self.data_server.as_str()),
            ),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    /// Everything to be tried on an endpoint.
    pub fn attempts(&self, row: &Row) -> Vec<Attempt> {
        let tries = self.tries(row);
        let tries = match row.needs {
            Needs::Nothing => tries.try_with("no credential", vec![], Served),
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
            Needs::Operator => self.operator(tries),
            Needs::OperatorWithTool => self.operator_with_tool(tries),
            Needs::OperatorWithToolOrOwner => self.operator_with_tool_or_owner(tries),
            Needs::Owner => self.owner(tries),
            Needs::Grant => self.grant(tries),
            Needs::GrantAndReceiver => self.provider(tries),
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
        let tool = &self.tool;
        tries
            .try_by("no token", tool, vec![], Refused)
            .try_by(
                "an expired token",
                tool,
                bearer(&self.expired_operator),
                Refused,
            )
            .try_by("a forged token", tool, bearer(&self.forged), Refused)
            .try_by(
                "a user's token and a tool",
                tool,
                bearer(&self.user),
                Forbidden,
            )
            .try_by(
                "a token of another audience",
                tool,
                bearer(&self.elsewhere),
                Forbidden,
            )
            .try_by(
                "a passed-on token",
                tool,
                bearer(&self.addressed),
                Forbidden,
            )
            .try_by(
                "a role without audience",
                tool,
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_by("a provider by itself", &self.provider, vec![], Refused)
            .try_with(
                "an operator without a tool",
                bearer(&self.operator),
                Forbidden,
            )
            .try_by(
                "the operator with a tool",
                tool,
                bearer(&self.operator),
                Admitted,
            )
    }

    fn operator_with_tool_or_owner(&self, tries: Tries) -> Tries {
        let tool = &self.tool;
        tries
            .try_by("no token", tool, vec![], Refused)
            .try_by(
                "an expired token",
                tool,
                bearer(&self.expired_operator),
                Refused,
            )
            .try_by(
                "a user's token and a tool",
                tool,
                bearer(&self.user),
                Forbidden,
            )
            .try_by(
                "a token of another audience",
                tool,
                bearer(&self.elsewhere),
                Forbidden,
            )
            .try_by(
                "a passed-on token",
                tool,
                bearer(&self.addressed),
                Forbidden,
            )
            .try_by(
                "a role without audience",
                tool,
                bearer(&self.with_role),
                Unauthorized,
            )
            .try_by(
                "an unregistered certificate",
                &self.unregistered,
                vec![],
                Refused,
            )
            .try_with(
                "an operator without a tool",
                bearer(&self.operator),
                Forbidden,
            )
            .try_with("a receiver by itself", vec![], Refused)
            .try_by(
                "the operator with a tool",
                tool,
                bearer(&self.operator),
                Admitted,
            )
            .try_by("the provider itself", &self.provider, vec![], Admitted)
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
