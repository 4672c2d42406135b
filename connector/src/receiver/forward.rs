//! Fetching through a provider's connector.

use std::sync::Arc;

use auth_client::{ExchangedToken, RegistryError, TokenError, VerifiedToken};
use bytes::Bytes;
use common::{addresses::AddressPolicy, base_url, http::Refused, ids::UserId};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body::Body as _;
use http_body_util::Empty;
use location_client::{Location, Profile, Source};
use provenance_model::{batch::Jti, event_id};
use provenance_outbox::Kind;
use secrecy::ExposeSecret as _;
use tokio::time::timeout_at;

use super::{
    Receiver,
    file::{FILE, Fetch},
    foreign::ForeignLedger,
    provider_refusal::ProviderRefusal,
    request::FileRequest,
};
use crate::{
    exchange::{
        Budget, Collected, Exchange, Opened, Options, Recording, TRACEPARENT, attachment, collect,
        headers::{self, CONTRACT_URL, PROVENANCE, PROVENANCE_NONCE, PROVENANCE_URL},
        refusals,
    },
    upstream::{
        Call, Ends, Origin, PooledBody, ResourceUrl, UpstreamError, content_coding, file_headers,
    },
};

/// How a disposition begins that is passed on.
const ATTACHMENT: &[u8] = b"attachment";

/// Longest id of an event that a ledger takes, in bytes.
const MAX_EVENT_ID: usize = 256;

impl Receiver {
    /// Asks the connector of `provider` and answers with what it sends.
    pub(super) async fn forward(
        &self,
        asked: &FileRequest,
        provider: &UserId,
        options: &Options,
        mut fetch: Fetch,
        log: &mut Exchange,
    ) -> Result<Box<Opened>, Refused> {
        let location = self.located(provider, &fetch.budget).await?;
        log.peer.clone_from(&location.connector_id);
        if location.profile == Profile::Cadde4 {
            fetch.budget = fetch.budget.towards_cadde4();
        }
        let generation = self.provider_client.generation();
        let mut response;
        (response, fetch.jti) = self.call(asked, options, &location, &fetch).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && self.provider_client.generation() != generation
        {
            // Our certificate was renewed on the way: the token is bound to one, the connection was made with the other.
            (response, fetch.jti) = self.call(asked, options, &location, &fetch).await?;
        }
        let response = accepted(response, &fetch).await?;
        self.opened(response, asked, (provider, &location), fetch)
            .await
    }

    /// Where the connector of `provider` is.
    pub(super) async fn located(
        &self,
        provider: &UserId,
        budget: &Budget,
    ) -> Result<Arc<Location>, Refused> {
        let away = |reason: String| {
            refusals::LOCATION_AWAY.because(format!("the connector of {provider}: {reason}"))
        };
        let resolving = self.locations.resolve(provider);
        let location = timeout_at(budget.headers_by(), resolving)
            .await
            .map_err(|_| away("no answer in time".to_owned()))?
            .map_err(|error| away(common::telemetry::Chain(&error).to_string()))?
            .ok_or_else(|| refusals::NO_LOCATION.because(provider.to_string()))?;
        self.check_kept(&location, budget).await?;
        Ok(location)
    }

    /// The location server tells nothing of a provider that is suspended; what was kept for its outage, or is configured, must not
    /// tell it instead.
    async fn check_kept(&self, location: &Location, budget: &Budget) -> Result<(), Refused> {
        if location.source == Source::Server {
            return Ok(());
        }
        let provider = &location.provider_id;
        let asking = self
            .registrations
            .is_suspended(provider, location.connector_id.as_ref());
        // A registry that is away too leaves it at what is known.
        match budget.checks(asking).await {
            Some(Ok(true)) => Err(refusals::NO_LOCATION.because(provider.to_string())),
            Some(Err(RegistryError::Barred)) => Err((&refusals::RECEIVER_BARRED).into()),
            _ => Ok(()),
        }
    }

    async fn call(
        &self,
        asked: &FileRequest,
        options: &Options,
        location: &Location,
        fetch: &Fetch,
    ) -> Result<(Response<PooledBody>, Option<Jti>), Refused> {
        let (origin, path) = endpoint(location, FILE)?;
        let uri = Uri::try_from(path)
            .map_err(|_| refusals::LOCATION_AWAY.because("it is no request target"))?;
        let token = fetch.asker.token.as_deref();
        let token = self.exchanged(location, token, &fetch.budget).await?;
        let fields = request_headers(asked, options, fetch, token.as_deref())?;
        // For both sides' records.
        let jti = token.and_then(|token| Jti::new(token.jti()?));
        let call = Call {
            origin: &origin,
            policy: &AddressPolicy::Any,
            expected: location.connector_id.as_ref(),
            ends: Ends::Marked,
            budget: &fetch.budget,
        };
        let build = || {
            let mut request = Request::new(Empty::<Bytes>::new());
            request.uri_mut().clone_from(&uri);
            request.headers_mut().clone_from(&fields);
            request
        };
        let response = self.provider_client.get(&call, build).await;
        Ok((response.map_err(refusals::provider)?, jti))
    }

    async fn opened(
        &self,
        response: Response<PooledBody>,
        asked: &FileRequest,
        (provider, location): (&UserId, &Location),
        fetch: Fetch,
    ) -> Result<Box<Opened>, Refused> {
        let (parts, body) = response.into_parts();
        let coding = content_coding(&parts.headers)
            .map_err(|error| refusals::coded(&refusals::PROVIDER_CODED, error))?;
        let predecessor = predecessor(&parts.headers, location);
        let mut answer = answer_headers(&parts.headers, asked);
        if let Some(coding) = coding {
            answer.insert(header::CONTENT_ENCODING, coding);
        }
        if predecessor.is_none() {
            // What is no event of the provider's, the application is not told of.
            for name in [PROVENANCE, PROVENANCE_URL] {
                answer.insert(name, HeaderValue::from_static(""));
            }
            self.keep_listed(&mut answer);
        }
        let resource = asked.resource.to_str().unwrap_or_default();
        let foreign = match &predecessor {
            Some(_) => self.foreign_ledger(&parts.headers, &fetch)?,
            None => None,
        };
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, &fetch.budget)
            .await
            .map_err(|error| refusals::provider(UpstreamError::Body(error)))?;
        let mut recording = Recording::Off;
        // Whose header names the event: a record of this side that others can follow, or what another ledger gave.
        let mut is_named = predecessor.is_none();
        if let Some((predecessor, (ledger, token))) = predecessor.as_ref().zip(foreign) {
            let token = self.for_ledger(ledger, token, &fetch).await?;
            let registering =
                ledger.received(token.token(), &fetch.asker.user, provider, predecessor);
            // Seldom, and several KiB: on the heap, for this future is made and moved for each exchange.
            let event = Box::pin(registering).await?;
            answer.insert(PROVENANCE, event);
            is_named = true;
        }
        // What that ledger has as received may still break off, unless it is all here: then this is on record as well.
        let is_done = predecessor.is_some() && is_named;
        if fetch.can_record && !(is_done && matches!(collected, Collected::Whole(_))) {
            let provider = provider.clone();
            let kind = match predecessor {
                Some(predecessor) => Kind::Received {
                    provider,
                    predecessor,
                },
                None => Kind::Unsent {
                    provider,
                    source_url: headers::text_for_log(resource),
                },
            };
            recording = self.recording(&fetch, kind, resource);
        }
        let mut of_record = HeaderMap::new();
        if let (false, Recording::Outbox(reservation)) = (is_named, &recording) {
            let event = reservation.event_id.to_string();
            let event = HeaderValue::try_from(event).expect("a UUID is header text");
            of_record.insert(PROVENANCE, event);
            // The event is to be found in the ledger that we deliver to, whichever the provider uses.
            of_record.insert(PROVENANCE_URL, self.ledger_url.clone());
        }
        Ok(Box::new(Opened {
            body: collected,
            announced,
            recording,
            caller: fetch.caller,
            budget: fetch.budget,
            headers: answer,
            of_record,
        }))
    }

    /// Empties the address of a contract management service that is not on the list of the configuration. A provider whose answer
    /// is in no ledger answers for nothing, and the application would take its user's token there.
    fn keep_listed(&self, answer: &mut HeaderMap) {
        let is_listed = headers::present_text(answer, &CONTRACT_URL).is_some_and(|named| {
            let mut services = self.contract_services.iter();
            services.any(|service| base_url::is_same(named, service.as_str()))
        });
        if !is_listed {
            answer.insert(CONTRACT_URL, HeaderValue::from_static(""));
        }
    }

    /// The ledger that the provider names, if it is another one that is on the list, and the token that it wants.
    fn foreign_ledger<'a>(
        &'a self,
        fields: &HeaderMap,
        fetch: &'a Fetch,
    ) -> Result<Option<(&'a ForeignLedger, &'a VerifiedToken)>, Refused> {
        let named = headers::present_text(fields, &PROVENANCE_URL);
        let Some(ledger) = named.and_then(|named| self.foreign_ledgers.find(named)) else {
            return Ok(None);
        };
        if headers::present(fields, &PROVENANCE).is_none() {
            return Ok(None);
        }
        let token = fetch
            .asker
            .token
            .as_deref()
            .ok_or(&refusals::LEDGER_NEEDS_TOKEN)?;
        Ok(Some((ledger, token)))
    }

    /// The token that a foreign ledger gets in the user's name: addressed to it.
    async fn for_ledger(
        &self,
        ledger: &ForeignLedger,
        token: &VerifiedToken,
        fetch: &Fetch,
    ) -> Result<Arc<ExchangedToken>, Refused> {
        let asking = self
            .exchanged_tokens
            .addressed_token(token, ledger.client_id());
        let exchanged = timeout_at(fetch.budget.headers_by(), asking).await;
        let exchanged = exchanged
            .unwrap_or_else(|_| Err(TokenError::Unavailable("no answer in time".to_owned())));
        exchanged.map_err(|error| match error {
            TokenError::WrongAudience => {
                refusals::LEDGER_REFUSED.because("its client id is registered as no ledger")
            }
            error => refusals::token(error),
        })
    }

    /// The token that this provider gets in the user's name: bound to our certificate if it is one of ours, addressed to it
    /// otherwise. The user's own never leaves this process.
    pub(super) async fn exchanged(
        &self,
        location: &Location,
        token: Option<&VerifiedToken>,
        budget: &Budget,
    ) -> Result<Option<Arc<ExchangedToken>>, Refused> {
        let Some(token) = token else {
            return Ok(None);
        };
        let exchanged = async {
            match (location.profile, &location.connector_id) {
                (Profile::Cadde4, _) => {
                    let audience = location.provider_id.as_str();
                    let asking = self.exchanged_tokens.addressed_token(token, audience);
                    asking.await.map_err(|error| match error {
                        TokenError::WrongAudience => {
                            refusals::LOCATION_AWAY.because("its provider is no active user")
                        }
                        error => refusals::token(error),
                    })
                }
                (Profile::Kakehashi1, Some(connector)) => {
                    let asking = self.exchanged_tokens.bound_token(token, connector);
                    asking.await.map_err(|error| match error {
                        TokenError::WrongAudience => refusals::LOCATION_AWAY
                            .because("its connector is no active provider connector"),
                        error => refusals::token(error),
                    })
                }
                // Its tokens are for a connector that is named; without a name there is nobody to bind one to.
                (Profile::Kakehashi1, None) => {
                    Err(refusals::LOCATION_AWAY.because("it names no connector"))
                }
            }
        };
        let exchanged = timeout_at(budget.headers_by(), exchanged).await;
        let in_time = || TokenError::Unavailable("no answer in time".to_owned());
        let exchanged = exchanged.unwrap_or_else(|_| Err(refusals::token(in_time())))?;
        Ok(Some(exchanged))
    }
}

fn request_headers(
    asked: &FileRequest,
    options: &Options,
    fetch: &Fetch,
    token: Option<&ExchangedToken>,
) -> Result<HeaderMap, Refused> {
    let mut fields = file_headers();
    fields.insert(headers::RESOURCE_URL, asked.resource.clone());
    fields.insert(headers::RESOURCE_API_TYPE, asked.api_type.clone());
    if let Some(options) = options.to_header() {
        fields.insert(headers::OPTIONS, options);
    }
    if let Some(token) = token {
        authorize(&mut fields, token)?;
    }
    for line in &asked.languages {
        fields.append(header::ACCEPT_LANGUAGE, line.clone());
    }
    fields.insert(TRACEPARENT, fetch.trace.to_header());
    let exchange_id = fetch.exchange_id.to_string();
    fields.insert(
        headers::EXCHANGE_ID,
        HeaderValue::try_from(exchange_id).expect("a UUID is header text"),
    );
    fetch.budget.pass_on(&mut fields);
    Ok(fields)
}

/// The provider's event, if it names one that the record of this side can follow: a connector of ours one of its own, others
/// whatever a ledger takes for an id.
fn predecessor(fields: &HeaderMap, location: &Location) -> Option<String> {
    let value = headers::present(fields, &PROVENANCE)?;
    let id = value.to_str().unwrap_or_default().trim();
    let is_followed = match (location.profile, &location.connector_id) {
        (Profile::Cadde4, _) => {
            (1..=MAX_EVENT_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        }
        // The connection was made with a certificate that has this ID.
        (Profile::Kakehashi1, Some(connector)) => {
            let nonce = headers::present_text(fields, &PROVENANCE_NONCE);
            event_id::may_be_of(id, nonce, connector)
        }
        (Profile::Kakehashi1, None) => false,
    };
    if !is_followed {
        tracing::warn!(
            peer = location.connector_id.as_ref().map(tracing::field::display),
            "the provider names an event that is not its own; the exchange is recorded without it"
        );
    }
    is_followed.then(|| id.to_owned())
}

/// Shows the token that the provider gets.
pub(super) fn authorize(fields: &mut HeaderMap, token: &ExchangedToken) -> Result<(), Refused> {
    let mut value = bearer(token.token().expose_secret())
        .map_err(|_| refusals::LOCATION_AWAY.because("its token is not header text"))?;
    value.set_sensitive(true);
    fields.insert(header::AUTHORIZATION, value);
    Ok(())
}

fn bearer(token: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    HeaderValue::try_from(format!("Bearer {token}"))
}

/// Where a provider's connector is asked for `path`. Its location was read and checked with the record, so its parts need no second
/// look.
pub(super) fn endpoint(location: &Location, path: &str) -> Result<(Origin, String), Refused> {
    let url = &location.url;
    if url.scheme() != "https" {
        return Err(refusals::LOCATION_AWAY.because("it is not https"));
    }
    let origin = Origin::of(url).map_err(|_| refusals::LOCATION_AWAY.because("it has no host"))?;
    let base = url.path().trim_end_matches('/');
    Ok((origin, format!("{base}{path}")))
}

/// An answer that carries data: any 2xx, as in the CADDE reference, but for a part, which nobody asked for.
async fn accepted(
    response: Response<PooledBody>,
    fetch: &Fetch,
) -> Result<Response<PooledBody>, Refused> {
    let status = response.status();
    // RFC 9110 §15.3.7, RFC 3229 §10.4.1: both are parts.
    let is_part = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::IM_USED);
    if status.is_success() && !is_part {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let reading = ProviderRefusal::read(status, &parts.headers, body, fetch.budget.headers_by());
    Err(Box::pin(reading).await.into())
}

/// What is passed on of a provider's headers, whatever their spelling was. It may name the file, but only as one that is saved.
fn answer_headers(from: &HeaderMap, asked: &FileRequest) -> HeaderMap {
    let is_attachment = |value: &&HeaderValue| {
        let start = value.as_bytes().get(..ATTACHMENT.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(ATTACHMENT))
    };
    let named = from
        .get(header::CONTENT_DISPOSITION)
        .filter(is_attachment)
        .cloned();
    let mut answer = headers::of_answer(named.unwrap_or_else(|| {
        // The provider does not name the file. Its URL is read for that alone.
        let url = asked.resource.to_str().unwrap_or_default();
        let name = ResourceUrl::parse(url).map(|url| url.file_name());
        attachment(&name.unwrap_or_default())
    }));
    headers::pass_on(from, &mut answer);
    answer
}
