//! Everybody's credentials, good ones and bad ones, and what a request is filled with.

use std::sync::LazyLock;

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tests::{
    Trial, browser,
    certs::Wanted,
    operator::Operator,
    tls::Identity,
    tokens::{self, Signer},
};
use url::Url;

/// SHA-256 of nobody's certificate.
const NO_CERTIFICATE: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

/// A trial of its own: what is tried here is what services slow down and shut out.
fn trial() -> &'static Trial {
    static TRIAL: LazyLock<Trial> =
        LazyLock::new(|| Trial::start().knowing(Trial::another_authority()).start());
    &TRIAL
}

/// Everybody's credentials.
pub struct AccessFixture {
    /// The trial of this file.
    pub trial: &'static Trial,
    /// B's receiver connector.
    pub receiver: Identity,
    /// A's provider connector.
    pub provider: Identity,
    pub(super) expired: Identity,
    pub(super) unregistered: Identity,
    /// Of an authority that all services know, with the name of B's receiver, for which it is not recorded.
    pub(super) misnamed: Identity,
    pub(super) tool: Identity,
    pub(super) ledger: Identity,
    /// B's user.
    pub user: String,
    /// The user under whom provider A offers its data.
    pub(super) owner: String,
    pub(super) operator: String,
    /// The operator's token for managing a provider alone, and the owner's for managing another provider.
    pub(super) elsewhere: String,
    pub(super) owner_elsewhere: String,
    /// A role in a token that says not for whom.
    pub(super) with_role: String,
    /// What B's receiver got for provider A.
    pub(super) bound: String,
    pub(super) addressed: String,
    pub(super) other_receiver: Identity,
    pub(super) expired_user: String,
    pub(super) expired_operator: String,
    pub(super) forged: String,
    /// For provider A's catalogue: of its steward, of a member of its organisation, and of a steward who is none.
    pub(super) steward: String,
    pub(super) member: String,
    pub(super) other_steward: String,
    /// Cookies with which B's user, a steward, is signed in at the catalogue tool, and somebody who is none.
    pub(super) stewards_cookie: String,
    pub(super) members_cookie: String,
    pub(super) data_server: Url,
    /// A request for a certificate, as it stands in JSON.
    pub(super) request: String,
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
        let tool = &trial.ready.catalog_tool.public;
        let member = operator.new_user("Somebody who is no steward").await;
        let role = serde_json::json!({"roles": ["operator", "auditor"]});
        let (org, elsewhere) = (a.provider_id(), b.provider_id());
        let person = async |more| {
            let person = operator.new_person("Of a catalogue", more).await;
            operator.management_token(provider, &person).await
        };
        Self {
            steward: person(json!({"orgs": [org], "roles": ["steward"]})).await,
            member: person(json!({"orgs": [org]})).await,
            other_steward: person(json!({"orgs": [elsewhere], "roles": ["steward"]})).await,
            stewards_cookie: browser::signed_in(trial, tool, &b.ready.user).await,
            members_cookie: browser::signed_in(trial, tool, &member).await,
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
            ("provider", "public") => &ready.domains["a"].provider.public,
            ("data", "data") => &self.data_server,
            ("catalog", "public") => &ready.catalog_tool.public,
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
            ("{number}", "1"),
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
}
