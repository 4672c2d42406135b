//! One domain of a trial, seen by its user.

use reqwest::header::HeaderValue;
use url::Url;

use crate::{
    Trial,
    client::{self, Answer},
    ready::{Credentials, DomainReady, Resource},
    tls::Identity,
};

/// A domain with the trial it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Domain<'a> {
    trial: &'a Trial,
    /// What the ready file says about it.
    pub ready: &'a DomainReady,
}

impl Trial {
    /// The domain with this letter.
    pub fn domain(&self, letter: &str) -> Domain<'_> {
        let ready = self.ready.domains.get(letter);
        Domain {
            trial: self,
            ready: ready.expect("the trial has domains a, b and c"),
        }
    }
}

impl<'a> Domain<'a> {
    /// The user ID of its user.
    pub fn user_id(&self) -> &'a str {
        &self.ready.user.user_id
    }

    /// The user ID under which it offers data.
    pub fn provider_id(&self) -> &'a str {
        &self.ready.provider.provider_id
    }

    /// A token for its user, got with user ID and password through its application.
    pub async fn token(&self) -> String {
        self.token_of(&self.ready.user).await
    }

    /// A token for somebody else through this domain's application.
    pub async fn token_of(&self, user: &Credentials) -> String {
        self.trial.sign_in(&self.ready.app_client, user).await
    }

    /// A token with which its user manages its provider connector.
    pub async fn management_token(&self) -> String {
        let client = self.trial.ready.operator.client();
        self.trial.sign_in(&client, &self.ready.user).await
    }

    /// Exchanges `token` as its receiver connector does (RFC 8693) for one bound to its certificate and meant for the provider
    /// connector `audience`; `None` where it gets none.
    pub async fn bound_token(&self, token: &str, audience: &str) -> Option<String> {
        let form = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", token),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("audience", audience),
            ("client_id", self.ready.receiver.connector_id.as_str()),
        ];
        let response = client::with_certificate(&self.trial.ready.ca, self.receiver_identity())
            .post(self.trial.at(&self.trial.ready.auth.peer, "/oauth2/token"))
            .form(&form)
            .send()
            .await
            .ok()?;
        let answer = Answer::read(response).await.ok()?;
        let token = (answer.status == 200).then(|| answer.json()["access_token"].clone())?;
        Some(token.as_str()?.to_owned())
    }

    /// Something closed that the user of `domain` has a grant for.
    pub fn granted_resource(&self, domain: &str) -> &'a Resource {
        let user = self.trial.domain(domain).user_id();
        self.ready
            .resources
            .iter()
            .find(|resource| {
                !resource.open && resource.granted_to.iter().any(|granted| granted == user)
            })
            .expect("the trial grants resources to the users of the other domains")
    }

    /// Something open.
    pub fn open_resource(&self) -> &'a Resource {
        self.ready
            .resources
            .iter()
            .find(|resource| resource.open)
            .expect("the data has an open folder")
    }

    /// The resource whose URL ends with `name`.
    pub fn resource(&self, name: &str) -> &'a Resource {
        self.ready
            .resources
            .iter()
            .find(|resource| resource.url.ends_with(name))
            .expect("the file is offered")
    }

    /// The certificate of its receiver connector.
    pub fn receiver_identity(&self) -> Identity {
        Identity::read(&self.ready.receiver.cert, &self.ready.receiver.key)
    }

    /// The certificate of its provider connector.
    pub fn provider_identity(&self) -> Identity {
        Identity::read(&self.ready.provider.cert, &self.ready.provider.key)
    }

    /// A request to its receiver connector for the resource `url`.
    pub fn fetch(&self, url: &str) -> Fetch<'a> {
        Fetch {
            trial: self.trial,
            url: self
                .trial
                .at(&self.ready.receiver.api, "/cadde/api/v4/file"),
            client: self.trial.http().clone(),
            headers: vec![
                ("x-cadde-resource-url".into(), url.into()),
                ("x-cadde-resource-api-type".into(), "file/http".into()),
            ],
        }
    }
}

/// A request for a resource, being put together.
#[derive(Debug, Clone)]
pub struct Fetch<'a> {
    trial: &'a Trial,
    url: Url,
    client: reqwest::Client,
    headers: Vec<(String, String)>,
}

impl Fetch<'_> {
    /// From the provider of `domain`; without a provider the receiver fetches directly.
    #[must_use]
    pub fn from_provider_of(self, domain: &str) -> Self {
        let id = self.trial.domain(domain).provider_id().to_owned();
        self.from_provider(&id)
    }

    /// From the provider with this user ID.
    #[must_use]
    pub fn from_provider(self, provider_id: &str) -> Self {
        self.header("x-cadde-provider", provider_id)
    }

    /// With a token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With another header field, or the same one again with another value.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a header field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// By another client than the plain one.
    #[must_use]
    pub fn with(mut self, client: &reqwest::Client) -> Self {
        self.client = client.clone();
        self
    }

    /// To another receiver than the domain's own.
    #[must_use]
    pub fn at(mut self, url: Url) -> Self {
        self.url = url;
        self
    }

    /// Sends it; the body is still to be read.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn open(self) -> reqwest::Result<reqwest::Response> {
        let mut request = self.client.get(self.url);
        for (name, value) in &self.headers {
            let value = HeaderValue::from_bytes(value.as_bytes())
                .expect("the scenario sends header values");
            request = request.header(name, value);
        }
        request.send().await
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("the receiver answers whole")
    }

    /// Sends it and reads the answer as far as it comes.
    ///
    /// # Errors
    /// If there is no whole answer.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        Answer::read(self.open().await?).await
    }

    /// The same request as text, for a connection handled byte by byte.
    pub fn as_text(&self, version: &str) -> String {
        use std::fmt::Write as _;
        let mut text = format!(
            "GET {} HTTP/{version}\r\nhost: {}\r\n",
            self.url.path(),
            self.url.authority()
        );
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text + "connection: close\r\n\r\n"
    }
}
