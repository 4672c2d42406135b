//! What the trial's operator does by hand: registering whoever joins.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};

use crate::{
    Trial,
    client::{self, Answer},
    ready::{ClientCredentials, Credentials},
    tls::Identity,
    tokens,
};

/// The operator, signed in.
#[derive(Debug)]
pub struct Operator<'a> {
    trial: &'a Trial,
    token: String,
}

/// A connector as it was registered.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// Good for its first certificate, once.
    pub code: String,
}

/// A connector of another make with all that it has to show.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// With its connector ID, what it shows where nobody asks for a certificate.
    pub secret: String,
    /// Its certificate.
    pub identity: Identity,
}

impl<'a> Operator<'a> {
    /// Signs in, through the application that is for managing.
    pub async fn of(trial: &'a Trial) -> Self {
        let operator = &trial.ready.operator;
        Self {
            trial,
            token: trial.sign_in(&operator.client(), &operator.person()).await,
        }
    }

    /// The operator's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Calls the operator API of the auth-server.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let url = self.trial.at(&self.trial.ready.auth.public, path);
        let request = self
            .trial
            .http()
            .post(url)
            .bearer_auth(&self.token)
            .json(body);
        Answer::read(request.send().await.expect("the auth-server answers"))
            .await
            .expect("whole")
    }

    /// Reads from the operator API of the auth-server.
    pub async fn get(&self, path: &str) -> Answer {
        let url = self.trial.at(&self.trial.ready.auth.public, path);
        let request = self.trial.http().get(url).bearer_auth(&self.token);
        Answer::read(request.send().await.expect("the auth-server answers"))
            .await
            .expect("whole")
    }

    async fn created(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body).await;
        assert!(
            answer.status == 201 || answer.status == 200,
            "POST {path}: {}",
            answer.text()
        );
        answer.json()
    }

    /// Registers an organisation with one user.
    pub async fn new_user(&self, name: &str) -> Credentials {
        self.new_person(name, json!({})).await
    }

    /// Registers a user who belongs to the organisation `org`.
    pub async fn new_member(&self, name: &str, org: &str) -> Credentials {
        self.new_person(name, json!({"orgs": [org]})).await
    }

    /// Registers an organisation with one user, of whom `more` says what is particular.
    pub async fn new_person(&self, name: &str, more: Value) -> Credentials {
        let organisation =
            json!({"kind": "organisation", "name": name, "corporate_number": corporate_number()});
        let participant = self.created("/v1/participants", &organisation).await;
        let user = json!({"participant": participant["id"], "name": name});
        let user = tokens::with(&user, more);
        let user = self.created("/v1/users", &user).await;
        let text = |member: &str| {
            user[member]
                .as_str()
                .expect("a created user has it")
                .to_owned()
        };
        Credentials {
            user_id: text("user_id"),
            password: text("initial_password"),
        }
    }

    /// A token with which `user` manages the connector or service `id`, through a new application that is for nothing else.
    pub async fn management_token(&self, id: &str, user: &Credentials) -> String {
        let body = json!({
            "name": "a management client of the harness", "grants": ["password"],
            "purpose": {"kind": "management", "ids": [id]},
        });
        let client = self.created("/v1/clients", &body).await;
        let text = |member: &str| {
            client[member]
                .as_str()
                .expect("a created application has it")
                .to_owned()
        };
        let client = ClientCredentials {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        };
        self.trial.sign_in(&client, user).await
    }

    /// Registers a connector; `role` is `provider` or `receiver`.
    pub async fn new_connector(
        &self,
        role: &str,
        user_id: &str,
        base_url: Option<&str>,
    ) -> Registered {
        let connector_id = format!("{role}-{}.connectors.example", unique());
        let mut body = json!({"connector_id": connector_id, "role": role, "user_id": user_id});
        if let Some(url) = base_url {
            body["base_url"] = url.into();
        }
        let connector = self.created("/v1/connectors", &body).await;
        let code = connector["enrolment"]["code"]
            .as_str()
            .expect("a new connector has a code")
            .to_owned();
        Registered { connector_id, code }
    }

    /// Gets the first certificate for a code, as a connector would.
    pub async fn enrol(&self, code: &str) -> Identity {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a P-256 key can be made");
        let request = CertificateParams::default()
            .serialize_request(&key)
            .expect("an empty request is one");
        let body = json!({"code": code, "csr": request.pem().expect("a request has a PEM form")});
        let issued = self.created("/v1/enrolments", &body).await;
        let chain = issued["certificate"]
            .as_str()
            .expect("the answer holds a chain");
        Identity {
            chain: CertificateDer::pem_slice_iter(chain.as_bytes())
                .collect::<Result<_, _>>()
                .expect("the chain is PEM"),
            key: PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())
                .expect("rcgen writes PEM"),
        }
    }

    /// A receiver of another make, registered for `user_id`, with its certificate.
    pub async fn new_reference(&self, user_id: &str) -> Identity {
        self.reference("receiver", user_id).await.identity
    }

    /// A provider of another make, registered for `user_id`.
    pub async fn new_reference_provider(&self, user_id: &str) -> Reference {
        self.reference("provider", user_id).await
    }

    async fn reference(&self, role: &str, user_id: &str) -> Reference {
        let connector_id = format!("reference-{}.connectors.example", unique());
        let mut body = json!({
            "connector_id": connector_id, "role": role, "user_id": user_id, "profile": "cadde/4",
        });
        if role == "provider" {
            body["base_url"] = format!("https://{connector_id}").into();
        }
        let connector = self.created("/v1/connectors", &body).await;
        let text = |value: &Value| {
            value
                .as_str()
                .expect("a new connector of another make has code and secret")
                .to_owned()
        };
        Reference {
            secret: text(&connector["client_secret"]),
            identity: self.enrol(&text(&connector["enrolment"]["code"])).await,
            connector_id,
        }
    }

    /// A new operator's tool with its certificate.
    pub async fn new_tool(&self) -> Identity {
        let id = format!("tool-{}.operators.example", unique());
        let body =
            json!({"service_id": id, "kind": "operator-tool", "name": "a tool of the harness"});
        let service = self.created("/v1/services", &body).await;
        self.enrol(
            service["enrolment"]["code"]
                .as_str()
                .expect("a new service has a code"),
        )
        .await
    }

    /// Registers where the connector of a provider is reached.
    pub async fn register_location(
        &self,
        provider_id: &str,
        url: &str,
        connector_id: Option<&str>,
        profile: &str,
    ) {
        let tool = client::with_certificate(&self.trial.ready.ca, self.new_tool().await);
        let mut body =
            json!({"provider_id": provider_id, "provider_connector_url": url, "profile": profile});
        if let Some(id) = connector_id {
            body["connector_id"] = id.into();
        }
        let address = self
            .trial
            .at(&self.trial.ready.location.peer, "/cadde/api/v4/location");
        let request = tool.post(address).bearer_auth(&self.token).json(&body);
        let answer = Answer::read(request.send().await.expect("the location-server answers"))
            .await
            .expect("whole");
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

/// Different at every call, in this process and beside others.
fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..12].to_owned()
}

/// A corporate number that nobody registered yet in this trial.
///
/// The first digit checks the other twelve: 9 − (Σ digit × weight mod 9), weights 1 and 2 in turn from the right
/// (ordinance of the Ministry of Finance No. 70 of 2014, article 2).
pub fn corporate_number() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let body = 770_000_000_000 + NEXT.fetch_add(1, Ordering::Relaxed);
    let sum: u64 = (0..12)
        .map(|at| body / 10_u64.pow(at) % 10 * (1 + u64::from(at % 2)))
        .sum();
    format!("{}{body:012}", 9 - sum % 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporate_numbers_carry_their_check_digit() {
        let number = corporate_number();
        assert_eq!(number.len(), 13);
        assert!(
            common::ids::UserId::issue(&number, "zz").is_ok(),
            "{number}"
        );
    }
}
