//! The operator API as a client.

use common::{
    ids::{ConnectorId, UserId},
    profile::Profile,
};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use crate::api::{
    AppClient, Certificate, ChangeProfile, ChangePurpose, ChangeState, Connector, ConnectorCheck,
    CreateAppClient, CreateConnector, CreateParticipant, CreateService, CreateUser,
    CreatedAppClient, CreatedConnector, CreatedService, CreatedUser, EnrolmentCode, Event, Page,
    Participant, Purpose, ResetPassword, RevokeCertificate, RotatedSecret, Service, State, User,
};

/// 4 MiB: the longest page of a list.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// Why a call of the operator API failed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No HTTP client could be built.
    #[error("no HTTP client could be built")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server could not be reached or stopped answering.
    #[error("the authentication server cannot be reached")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The login was refused.
    #[error("the authentication server refused the login: {status} {message}")]
    Login {
        /// Status of the answer.
        status: StatusCode,
        /// The server's message.
        message: String,
    },
    /// The request was refused.
    #[error("the authentication server refused: {status} {title}: {detail}")]
    Refused {
        /// Status of the answer.
        status: StatusCode,
        /// Last part of the problem's `type`, for example `duplicate-id`.
        kind: String,
        /// The problem's title.
        title: String,
        /// The problem's detail.
        detail: String,
    },
    /// The answer was none that the API describes.
    #[error("the authentication server answered something unexpected")]
    Answer(#[source] serde_json::Error),
}

impl OperatorError {
    /// The kind of problem the server named, for example `duplicate-id`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Refused { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

/// Calls the operator API in the name of a person with role `operator`.
///
/// It renews its access token by itself as long as the refresh token lives (2 h idle, 10 h in all by default).
#[derive(Debug)]
pub struct OperatorClient {
    http: reqwest::Client,
    base: Url,
    client_id: String,
    client_secret: SecretString,
    tokens: Mutex<Tokens>,
}

#[derive(Debug, Clone, Deserialize)]
struct Tokens {
    access_token: SecretString,
    refresh_token: SecretString,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProblemBody {
    r#type: String,
    title: String,
    detail: String,
}

impl OperatorClient {
    /// Signs in at `public_url` with an application client that has the password grant, and a person's user ID and password.
    pub async fn login(
        public_url: &Url,
        client_id: &str,
        client_secret: &str,
        user_id: &UserId,
        password: &str,
    ) -> Result<Self, OperatorError> {
        let http =
            common::http::client::plain().map_err(|error| OperatorError::Client(error.into()))?;
        let body = serde_json::json!({ "user_id": user_id, "password": password });
        let client_secret = SecretString::from(client_secret);
        let tokens = tokens(&http, public_url, "token", client_id, &client_secret, &body).await?;
        Ok(Self {
            http,
            base: public_url.clone(),
            client_id: client_id.to_owned(),
            client_secret,
            tokens: Mutex::new(tokens),
        })
    }

    /// The current access token, for calls to other services in the operator's name.
    pub async fn access_token(&self) -> SecretString {
        self.tokens.lock().await.access_token.clone()
    }

    /// Replaces the access token now.
    pub async fn refresh(&self) -> Result<(), OperatorError> {
        let mut held = self.tokens.lock().await;
        let body = serde_json::json!({ "refresh_token": held.refresh_token.expose_secret() });
        *held = tokens(
            &self.http,
            &self.base,
            "token/refresh",
            &self.client_id,
            &self.client_secret,
            &body,
        )
        .await?;
        Ok(())
    }

    /// `POST /v1/participants`.
    pub async fn create_participant(
        &self,
        body: &CreateParticipant,
    ) -> Result<Participant, OperatorError> {
        self.post(&["participants"], body).await
    }

    /// `POST /v1/users`.
    pub async fn create_user(&self, body: &CreateUser) -> Result<CreatedUser, OperatorError> {
        self.post(&["users"], body).await
    }

    /// `POST /v1/connectors`.
    pub async fn create_connector(
        &self,
        body: &CreateConnector,
    ) -> Result<CreatedConnector, OperatorError> {
        self.post(&["connectors"], body).await
    }

    /// `POST /v1/services`.
    pub async fn create_service(
        &self,
        body: &CreateService,
    ) -> Result<CreatedService, OperatorError> {
        self.post(&["services"], body).await
    }

    /// `POST /v1/clients`.
    pub async fn create_app_client(
        &self,
        body: &CreateAppClient,
    ) -> Result<CreatedAppClient, OperatorError> {
        self.post(&["clients"], body).await
    }

    /// `GET /v1/participants/{id}`.
    pub async fn participant(&self, id: Uuid) -> Result<Participant, OperatorError> {
        self.get(&["participants", &id.to_string()], None).await
    }

    /// `GET /v1/users/{user_id}`.
    pub async fn user(&self, id: &UserId) -> Result<User, OperatorError> {
        self.get(&["users", id.as_str()], None).await
    }

    /// `POST /v1/connectors/check`: what [`OperatorClient::create_connector`] would be refused for.
    pub async fn check_connector(
        &self,
        body: &CreateConnector,
    ) -> Result<ConnectorCheck, OperatorError> {
        self.post(&["connectors", "check"], body).await
    }

    /// `GET /v1/connectors/{id}`.
    pub async fn connector(&self, id: &ConnectorId) -> Result<Connector, OperatorError> {
        self.get(&["connectors", id.as_str()], None).await
    }

    /// `GET /v1/participants`; `cursor` is `next` of the page before.
    pub async fn participants(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<Participant>, OperatorError> {
        self.get(&["participants"], cursor).await
    }

    /// `GET /v1/users`; `cursor` is `next` of the page before.
    pub async fn users(&self, cursor: Option<&str>) -> Result<Page<User>, OperatorError> {
        self.get(&["users"], cursor).await
    }

    /// `GET /v1/connectors`; `cursor` is `next` of the page before.
    pub async fn connectors(&self, cursor: Option<&str>) -> Result<Page<Connector>, OperatorError> {
        self.get(&["connectors"], cursor).await
    }

    /// `GET /v1/services`; `cursor` is `next` of the page before.
    pub async fn services(&self, cursor: Option<&str>) -> Result<Page<Service>, OperatorError> {
        self.get(&["services"], cursor).await
    }

    /// `GET /v1/clients`; `cursor` is `next` of the page before.
    pub async fn app_clients(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<AppClient>, OperatorError> {
        self.get(&["clients"], cursor).await
    }

    /// `GET /v1/certificates`; `cursor` is `next` of the page before.
    pub async fn certificates(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<Certificate>, OperatorError> {
        self.get(&["certificates"], cursor).await
    }

    /// `GET /v1/events`; `cursor` is `next` of the page before.
    pub async fn events(&self, cursor: Option<&str>) -> Result<Page<Event>, OperatorError> {
        self.get(&["events"], cursor).await
    }

    /// `POST /v1/participants/{id}/state`.
    pub async fn set_participant_state(
        &self,
        id: Uuid,
        state: State,
        reason: &str,
    ) -> Result<Participant, OperatorError> {
        self.set_state("participants", &id.to_string(), state, reason)
            .await
    }

    /// `POST /v1/users/{user_id}/state`.
    pub async fn set_user_state(
        &self,
        id: &UserId,
        state: State,
        reason: &str,
    ) -> Result<User, OperatorError> {
        self.set_state("users", id.as_str(), state, reason).await
    }

    /// `POST /v1/connectors/{id}/state`.
    pub async fn set_connector_state(
        &self,
        id: &ConnectorId,
        state: State,
        reason: &str,
    ) -> Result<Connector, OperatorError> {
        self.set_state("connectors", id.as_str(), state, reason)
            .await
    }

    /// `POST /v1/connectors/{id}/profile`.
    pub async fn set_connector_profile(
        &self,
        id: &ConnectorId,
        profile: Profile,
    ) -> Result<Connector, OperatorError> {
        self.post(
            &["connectors", id.as_str(), "profile"],
            &ChangeProfile { profile },
        )
        .await
    }

    /// `POST /v1/services/{id}/state`.
    pub async fn set_service_state(
        &self,
        id: &ConnectorId,
        state: State,
        reason: &str,
    ) -> Result<Service, OperatorError> {
        self.set_state("services", id.as_str(), state, reason).await
    }

    /// `POST /v1/clients/{id}/state`.
    pub async fn set_app_client_state(
        &self,
        id: &str,
        state: State,
        reason: &str,
    ) -> Result<AppClient, OperatorError> {
        self.set_state("clients", id, state, reason).await
    }

    /// `POST /v1/clients/{id}/purpose`.
    pub async fn set_app_client_purpose(
        &self,
        id: &str,
        purpose: Purpose,
    ) -> Result<AppClient, OperatorError> {
        self.post(&["clients", id, "purpose"], &ChangePurpose { purpose })
            .await
    }

    /// `GET /v1/clients/{id}`.
    pub async fn app_client(&self, id: &str) -> Result<AppClient, OperatorError> {
        self.get(&["clients", id], None).await
    }

    /// `POST /v1/users/{user_id}/password`: a new password, made by the server.
    pub async fn reset_password(&self, id: &UserId) -> Result<ResetPassword, OperatorError> {
        self.post(&["users", id.as_str(), "password"], &Empty {})
            .await
    }

    /// `POST /v1/connectors/{id}/secret`: a new client secret.
    pub async fn rotate_connector_secret(
        &self,
        id: &ConnectorId,
    ) -> Result<RotatedSecret, OperatorError> {
        self.post(&["connectors", id.as_str(), "secret"], &Empty {})
            .await
    }

    /// `POST /v1/clients/{id}/secret`: a new client secret.
    pub async fn rotate_app_client_secret(&self, id: &str) -> Result<RotatedSecret, OperatorError> {
        self.post(&["clients", id, "secret"], &Empty {}).await
    }

    /// `POST /v1/connectors/{id}/enrolment`: a new one-time code; older ones stop working.
    pub async fn connector_enrolment(
        &self,
        id: &ConnectorId,
    ) -> Result<EnrolmentCode, OperatorError> {
        self.post(&["connectors", id.as_str(), "enrolment"], &Empty {})
            .await
    }

    /// `POST /v1/services/{id}/enrolment`: a new one-time code; older ones stop working.
    pub async fn service_enrolment(
        &self,
        id: &ConnectorId,
    ) -> Result<EnrolmentCode, OperatorError> {
        self.post(&["services", id.as_str(), "enrolment"], &Empty {})
            .await
    }

    /// `POST /v1/certificates/{serial}/revocation`; `serial` is lower-case hexadecimal without leading zeros.
    pub async fn revoke_certificate(
        &self,
        serial: &str,
        reason: &str,
    ) -> Result<Certificate, OperatorError> {
        let body = RevokeCertificate {
            reason: reason.to_owned(),
            key_compromised: true,
        };
        self.post(&["certificates", serial, "revocation"], &body)
            .await
    }

    async fn set_state<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: &str,
        state: State,
        reason: &str,
    ) -> Result<T, OperatorError> {
        let body = ChangeState {
            state,
            reason: reason.to_owned(),
        };
        self.post(&[collection, id, "state"], &body).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        cursor: Option<&str>,
    ) -> Result<T, OperatorError> {
        self.call(Method::GET, path, cursor, None::<&Empty>).await
    }

    async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<T, OperatorError> {
        self.call(Method::POST, path, None, Some(body)).await
    }

    /// One call; a 401 leads to one renewal of the access token and one more try.
    async fn call<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        cursor: Option<&str>,
        body: Option<&B>,
    ) -> Result<T, OperatorError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("v1").extend(path);
        }
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let first = self.send(&method, &url, body).await?;
        let response = if first.status() == StatusCode::UNAUTHORIZED {
            self.refresh().await?;
            self.send(&method, &url, body).await?
        } else {
            first
        };
        let status = response.status();
        let body = read(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(OperatorError::Answer);
        }
        let problem: ProblemBody = serde_json::from_slice(&body).unwrap_or_default();
        let kind = problem
            .r#type
            .rsplit(['/', ':'])
            .next()
            .unwrap_or_default()
            .to_owned();
        Err(OperatorError::Refused {
            status,
            kind,
            title: problem.title,
            detail: problem.detail,
        })
    }

    async fn send<B: Serialize + Sync>(
        &self,
        method: &Method,
        url: &Url,
        body: Option<&B>,
    ) -> Result<reqwest::Response, OperatorError> {
        let token = self.access_token().await;
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .bearer_auth(token.expose_secret());
        if let Some(body) = body {
            request = request.json(body);
        }
        request
            .send()
            .await
            .map_err(|error| OperatorError::Transport(error.into()))
    }
}

#[derive(Serialize)]
struct Empty {}

async fn tokens(
    http: &reqwest::Client,
    base: &Url,
    operation: &str,
    client_id: &str,
    client_secret: &SecretString,
    body: &serde_json::Value,
) -> Result<Tokens, OperatorError> {
    let url = format!(
        "{}/cadde/api/v4/{operation}",
        base.as_str().trim_end_matches('/')
    );
    let response = http
        .post(url)
        .basic_auth(client_id, Some(client_secret.expose_secret()))
        .json(body)
        .send()
        .await
        .map_err(|error| OperatorError::Transport(error.into()))?;
    let status = response.status();
    let body = read(response).await?;
    if status != StatusCode::OK {
        let message = serde_json::from_slice::<Message>(&body)
            .map(|body| body.message)
            .unwrap_or_default();
        return Err(OperatorError::Login { status, message });
    }
    serde_json::from_slice(&body).map_err(OperatorError::Answer)
}

async fn read(response: reqwest::Response) -> Result<Vec<u8>, OperatorError> {
    common::http::client::read_limited(response, MAX_ANSWER_BYTES)
        .await
        .map(Into::into)
        .map_err(|error| OperatorError::Transport(error.into()))
}
