//! Making the offers known: originals in the ledger, grants at the providers, locations.

use std::time::Duration;

use anyhow::{Context as _, bail};
use common::{ids::UserId, tls::PeerClient};
use futures_util::{Stream, StreamExt as _, stream};
use http::{StatusCode, header::RETRY_AFTER};
use location_client::{LocationClient, Profile, api::PostLocationRequest};
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    console::Console,
    layout::{Layout, Port, Service, text},
    offer::{Offer, Offers},
    party::Party,
    session::Session,
    state::{Published, State, StateFile},
};

/// 4 MiB: files up to here are sent along with their Create event, so that the ledger has their digest from the start.
const MAX_HASHED: u64 = 4 << 20;
/// Requests at a time.
const AT_ONCE: usize = 8;
/// What was done is written down after so many requests: each writes the whole state.
const STEP: usize = 100;

#[derive(Deserialize)]
struct Recorded {
    cdleventid: String,
}

/// What publishing works with.
pub struct Publisher<'a> {
    /// For `public` listeners.
    pub http: &'a reqwest::Client,
    /// For `peer` listeners, with the operator's tool's certificate.
    pub peers: &'a PeerClient,
    /// Where the services are.
    pub layout: &'a Layout,
    /// What was done so far.
    pub state: &'a StateFile,
    /// Where progress is shown.
    pub console: &'a Console,
}

impl Publisher<'_> {
    /// Registers a Create event for each file of `party` that is new or was changed; returns how many that were.
    pub async fn originals(&self, party: &Party, offers: &Offers) -> anyhow::Result<usize> {
        let known = self.state.get().published;
        let missing = offers.of(party.domain).filter(|offer| {
            known.get(offer.url.as_str()).is_none_or(|before| {
                before.bytes != offer.bytes || before.modified_ms != offer.modified_ms
            })
        });
        let registered = stream::iter(missing.map(|offer| self.original(party, offer)));
        let what = format!("originals of {} are in the ledger", party.domain);
        self.note(registered, &what, |state, all| state.published.extend(all))
            .await
    }

    /// Makes `requests`, some at a time, and writes down what came of them with `keep`, also of those before one that fails:
    /// nothing is asked for twice at the next `up`. Returns how many those were.
    async fn note<T>(
        &self,
        requests: impl Stream<Item = impl Future<Output = anyhow::Result<T>>>,
        what: &str,
        keep: impl Fn(&mut State, Vec<T>),
    ) -> anyhow::Result<usize> {
        let mut results = std::pin::pin!(requests.buffer_unordered(AT_ONCE));
        let (mut fresh, mut count, mut failed) = (Vec::new(), 0, None);
        while failed.is_none() {
            match results.next().await {
                Some(Ok(one)) => {
                    fresh.push(one);
                    count += 1;
                }
                Some(Err(error)) => failed = Some(error),
                None => break,
            }
            if fresh.len() == STEP {
                self.state
                    .update(|state| keep(state, std::mem::take(&mut fresh)))?;
                self.console.step(format_args!("{count} {what}"));
            }
        }
        if !fresh.is_empty() {
            self.state.update(|state| keep(state, fresh))?;
        }
        failed.map_or(Ok(count), Err)
    }

    async fn original(&self, party: &Party, offer: &Offer) -> anyhow::Result<(String, Published)> {
        let event = json!({
            "cdldatamodelversion": "2.0",
            "cdleventtype": "Create",
            "cdleventid": "",
            "dataprovider": party.organisation,
            "cdlpreviousevents": [],
            "cdldatatags": [{ "cdluri": offer.url.as_str() }],
        });
        let event = event.to_string();
        let mut file = None;
        let mut key = Sha256::new();
        key.update(offer.url.as_str());
        key.update(offer.bytes.to_be_bytes());
        key.update(offer.modified_ms.to_be_bytes());
        if offer.bytes <= MAX_HASHED {
            let content = std::fs::read(&offer.path)
                .with_context(|| format!("cannot read {}", offer.path.display()))?;
            let name = offer
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            key.update(&content);
            file = Some((content, name));
        }
        let mut url = self.layout.url(Service::Provenance, Port::Public);
        url.set_path("/v2/eventwithhash");
        // An `up` that is interrupted before it can write the answer down gets the same event the next time.
        let key = hex::encode(key.finalize());
        let answer = loop {
            let request = Part::text(event.clone()).mime_str("application/json")?;
            let mut form = Form::new().part("request", request);
            if let Some((content, name)) = &file {
                let part = Part::bytes(content.clone()).file_name(name.clone());
                form = form.part("upfile", part);
            }
            let answer = self
                .http
                .post(url.clone())
                .bearer_auth(party.session.token())
                .header("idempotency-key", &key)
                .multipart(form)
                .send()
                .await
                .context("the ledger does not answer")?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                break answer;
            }
            // Many files at once: the ledger takes so many a second of one user.
            let wait = answer.headers().get(RETRY_AFTER);
            let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
        };
        let status = answer.status();
        if !status.is_success() {
            bail!(
                "the ledger refuses the original {}: {status} {}",
                offer.url,
                answer.text().await.unwrap_or_default()
            );
        }
        let recorded: Recorded = answer
            .json()
            .await
            .context("the ledger's answer names no event")?;
        let published = Published {
            event_id: recorded.cdleventid,
            bytes: offer.bytes,
            modified_ms: offer.modified_ms,
        };
        Ok((offer.url.as_str().to_owned(), published))
    }

    /// Gives the users of the other parties a grant on each closed file of `party` and on its detail site, where they have none;
    /// returns how many that were.
    pub async fn grants(
        &self,
        party: &Party,
        parties: &[Party],
        offers: &Offers,
    ) -> anyhow::Result<usize> {
        let known = self.state.get().granted;
        let others = parties.iter().filter(|other| other.domain != party.domain);
        let users = others
            .map(|other| UserId::parse(&other.user.user_id))
            .collect::<Result<Vec<_>, _>>()?;
        let closed = offers.of(party.domain).filter(|offer| !offer.open);
        let wanted = closed
            .map(|offer| offer.url.as_str().to_owned())
            .chain([self.layout.detail_site(party.domain)])
            .flat_map(|target| users.iter().map(move |user| (target.clone(), user.clone())))
            .filter(|grant| !known.contains(grant))
            .collect::<Vec<_>>();
        if wanted.is_empty() {
            return Ok(0);
        }
        // Grants take a token that names the provider connector, which one gets where one manages.
        let manager = self.state.get().operator()?.client;
        let auth = text(&self.layout.url(Service::Auth, Port::Public));
        let session = &Session::open(self.http, &auth, &manager, &party.user).await?;
        let given = wanted
            .into_iter()
            .map(|(target, user)| self.grant(party, session, target, user));
        let given = stream::iter(given);
        let what = format!(
            "grants are registered with the provider of {}",
            party.domain
        );
        self.note(given, &what, |state, all| state.granted.extend(all))
            .await
    }

    async fn grant(
        &self,
        party: &Party,
        session: &Session,
        target: String,
        user: UserId,
    ) -> anyhow::Result<(String, UserId)> {
        let mut url = self.layout.url(Service::Provider(party.domain), Port::Peer);
        url.set_path("/cadde/api/v4/authorization");
        let permission = json!({ "target": target, "assigner": party.organisation, "assignee": { "user": user } });
        let answer = self
            .peers
            .get()
            .post(url)
            .bearer_auth(session.token())
            .json(&json!({ "permission": permission }))
            .send()
            .await
            .with_context(|| {
                format!("the provider connector of {} does not answer", party.domain)
            })?;
        let status = answer.status();
        if !status.is_success() {
            bail!(
                "{target} can't be granted to {user}: {status} {}",
                answer.text().await.unwrap_or_default()
            );
        }
        Ok((target, user))
    }

    /// Registers where the provider connector of `party` is, in the operator's name, unless that was done; returns how
    /// often that was.
    pub async fn location(
        &self,
        locations: &LocationClient,
        party: &Party,
    ) -> anyhow::Result<usize> {
        if self.state.get().located.contains(&party.domain) {
            return Ok(0);
        }
        let service = Service::Provider(party.domain);
        let entry = PostLocationRequest {
            provider_id: party.organisation.to_string(),
            provider_connector_url: self.layout.named_url(service),
            connector_id: service.id().map(|id| id.to_string()),
            profile: Some(Profile::Kakehashi1.to_string()),
        };
        match locations.create(&entry).await {
            // Left behind by an `up` that was interrupted before it could write it down.
            Err(error) if error.status() == Some(StatusCode::CONFLICT) => {
                locations.update(&entry).await
            }
            other => other,
        }
        .with_context(|| format!("cannot register the location of the {service}"))?;
        self.state.update(|state| {
            state.located.insert(party.domain);
        })?;
        Ok(1)
    }
}
