//! A user at work: signed in through the domain's application.

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::ready::{AppClient, Person};

/// A person's access token.
#[derive(Clone, Debug)]
pub struct Session(SecretString);

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
}

impl Session {
    /// Signs in with user ID and password at `auth`, the authentication server's `public` URL.
    pub async fn open(
        http: &reqwest::Client,
        auth: &str,
        client: &AppClient,
        user: &Person,
    ) -> anyhow::Result<Self> {
        let answer = http
            .post(format!("{auth}/cadde/api/v4/token"))
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .json(&serde_json::json!({ "user_id": user.user_id, "password": user.password }))
            .send()
            .await
            .context("the authentication server does not answer")?;
        let status = answer.status();
        if !status.is_success() {
            bail!(
                "{} gets no token: {status} {}",
                user.user_id,
                answer.text().await.unwrap_or_default()
            );
        }
        let tokens: Tokens = answer.json().await.context("the answer holds no token")?;
        Ok(Self(tokens.access_token))
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.0.expose_secret()
    }
}
