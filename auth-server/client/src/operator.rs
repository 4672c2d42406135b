//! The operator API as a client.

mod paths;

use common::ids::UserId;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use url::Url;

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
