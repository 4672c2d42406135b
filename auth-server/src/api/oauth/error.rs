//! Errors as RFC 6749 §5.2 has them.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use common::{http::context, telemetry::Chain};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

use crate::{
    api::{cadde::seconds, refusals::BASIC, unverified::ClientError},
    domain::tokens::{ExchangeError, LoginError},
};

/// An OAuth error.
#[derive(Debug, Clone)]
pub struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: String,
    /// Content of `Retry-After`, in seconds.
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl OAuthError {
    /// An error with status 400.
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: description.into(),
            retry_after: None,
        }
    }

    /// `invalid_request`.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }
}

impl From<ClientError> for OAuthError {
    fn from(error: ClientError) -> Self {
        let (status, retry_after) = match error {
            ClientError::Throttled(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(seconds(wait))),
            _ => (StatusCode::UNAUTHORIZED, None),
        };
        Self {
            status,
            error: "invalid_client",
            description: "the client is not authenticated".into(),
            retry_after,
        }
    }
}

impl From<ExchangeError> for OAuthError {
    fn from(error: ExchangeError) -> Self {
        let code = match error {
            ExchangeError::NotAReceiver => "unauthorized_client",
            // RFC 8693 §2.2.2.
            ExchangeError::Subject
            | ExchangeError::NotPlain
            | ExchangeError::NotOwnScreens
            | ExchangeError::NotASteward => "invalid_request",
            ExchangeError::Audience => "invalid_target",
        };
        Self::new(code, error.to_string())
    }
}

impl From<LoginError> for OAuthError {
    fn from(error: LoginError) -> Self {
        match &error {
            LoginError::NotAllowed => Self::new("unauthorized_client", error.to_string()),
            LoginError::Credentials
            | LoginError::RefreshToken
            | LoginError::Code
            | LoginError::Throttled(_) => Self::new("invalid_grant", error.to_string()),
            LoginError::Password(_) | LoginError::Store(_) => {
                tracing::error!(request.id = %context::request_id(), error = %Chain(&error), "request failed");
                Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    error: "temporarily_unavailable",
                    description: "the request failed here; try again later".into(),
                    retry_after: Some(1),
                }
            }
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = Body {
            error: self.error,
            error_description: &self.description,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(BASIC));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
