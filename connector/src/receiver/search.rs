//! `GET /cadde/api/v4/catalog` of the receiver connector: the cross-domain search, and a provider's detail site.

use std::sync::Arc;

use auth_client::ExchangedToken;
use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use common::{http::Refused, ids::UserId, listener::ConnectionInfo};
use http::{HeaderMap, Request, Response as Answer, StatusCode, Uri, header, request::Parts};
use http_body_util::Empty;
use location_client::{Location, Profile};
use url::Url;

use super::{
    Receiver,
    file::Requester,
    forward::{authorize, endpoint},
    provider_refusal::ProviderRefusal,
};
use crate::{
    exchange::{
        Allowed, Budget, Role,
        headers::{self, PROVIDER, SEARCH},
        reading, refusals,
    },
    search::{
        CATALOG, Found, NO_SEARCH, PROVIDER_MISSING, QUERY_REFUSED, SEARCH_UNKNOWN, SITE_BROKEN,
        SITE_LATE, SITE_REFUSED, Search,
    },
    upstream::{AddressPolicy, Call, Ends, Origin, PooledBody, content_coding, file_headers},
};

/// Answers an application.
pub(super) async fn get(State(receiver): State<Arc<Receiver>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    let mut search = Search::begin(Role::Receiver, &request);
    let found = receiver.search(&request, &mut search).await;
    search.answer(found)
}

/// What is searched.
enum Wanted {
    /// The cross-domain search, at this address.
    Meta(Url),
    /// The detail site of this provider.
    Detail(UserId),
}

impl Receiver {
    async fn search(&self, request: &Parts, log: &mut Search) -> Result<Found, Refused> {
        let fields = &request.headers;
        let budget = Budget::start(self.deadlines, Allowed::default());
        let wanted = self.wanted(fields, log)?;
        let query = request.uri.query();
        let info = request.extensions.get::<ConnectionInfo>();
        let (place, asker) = self.who(fields, info, &budget).await?;
        log.place = Some(place);
        log.consumer = Some(asker.user.clone());
        let answer = match wanted {
            Wanted::Meta(url) => self.meta(&url, query, &budget).await?,
            Wanted::Detail(provider) => {
                self.detail(&provider, (query, fields), &asker, &budget)
                    .await?
            }
        };
        let (parts, body) = answer.into_parts();
        let coding = content_coding(&parts.headers);
        let coding = coding.map_err(|error| refusals::coded(&refusals::PROVIDER_CODED, error))?;
        Ok(Found::Passed {
            body: Box::new(body),
            coding,
            budget,
        })
    }

    /// Reads the headers. What cannot succeed is refused before anybody is asked.
    fn wanted(&self, fields: &HeaderMap, log: &mut Search) -> Result<Wanted, Refused> {
        reading::check_unambiguous(fields)?;
        match reading::required(fields, &SEARCH)? {
            "meta" => {
                log.kind = "meta";
                Ok(Wanted::Meta(self.search_url.clone().ok_or(&NO_SEARCH)?))
            }
            "detail" => {
                log.kind = "detail";
                let provider = headers::present(fields, &PROVIDER).ok_or(&PROVIDER_MISSING)?;
                let provider = reading::text(provider, &PROVIDER)?.trim();
                let provider = UserId::parse(provider).map_err(|_| &refusals::PROVIDER_ID)?;
                log.provider = Some(provider.clone());
                Ok(Wanted::Detail(provider))
            }
            other => Err(SEARCH_UNKNOWN.because(other)),
        }
    }

    /// Asks the cross-domain search, which gets neither a token nor anything else of the caller's.
    async fn meta(
        &self,
        url: &Url,
        query: Option<&str>,
        budget: &Budget,
    ) -> Result<Answer<PooledBody>, Refused> {
        let origin = Origin::of(url).map_err(|_| &SITE_BROKEN)?;
        let call = Call {
            origin: &origin,
            policy: &AddressPolicy::Any,
            expected: None,
            ends: Ends::Marked,
            budget,
        };
        let fields = file_headers();
        let uri = target(url.path(), query)?;
        let answer = self
            .search_client
            .get(&call, || asking(&uri, &fields))
            .await;
        let answer = answer.map_err(|error| {
            let refusal = if error.is_timeout() {
                &SITE_LATE
            } else {
                &SITE_BROKEN
            };
            refusal.because(error)
        })?;
        accepted(answer, budget).await.map_err(|mut refused| {
            refused.refusal = &SITE_REFUSED;
            refused
        })
    }

    /// Asks the connector of `provider`, in the user's name.
    async fn detail(
        &self,
        provider: &UserId,
        (query, from): (Option<&str>, &HeaderMap),
        asker: &Requester,
        budget: &Budget,
    ) -> Result<Answer<PooledBody>, Refused> {
        let location = self.located(provider, budget).await?;
        let budget = if location.profile == Profile::Cadde4 {
            &budget.towards_cadde4()
        } else {
            budget
        };
        let generation = self.provider_client.generation();
        let mut answer = self.ask(&location, (query, from), asker, budget).await?;
        if answer.status() == StatusCode::UNAUTHORIZED
            && self.provider_client.generation() != generation
        {
            // Our certificate was renewed on the way: the token is bound to one, the connection was made with the other.
            answer = self.ask(&location, (query, from), asker, budget).await?;
        }
        accepted(answer, budget).await
    }

    async fn ask(
        &self,
        location: &Location,
        (query, from): (Option<&str>, &HeaderMap),
        asker: &Requester,
        budget: &Budget,
    ) -> Result<Answer<PooledBody>, Refused> {
        let (origin, path) = endpoint(location, CATALOG)?;
        let uri = target(&path, query)?;
        let token = self.exchanged(location, asker.token.as_deref(), budget);
        let fields = request_headers(token.await?.as_deref(), from, budget)?;
        let call = Call {
            origin: &origin,
            policy: &AddressPolicy::Any,
            expected: location.connector_id.as_ref(),
            ends: Ends::Marked,
            budget,
        };
        let answer = self.provider_client.get(&call, || asking(&uri, &fields));
        answer.await.map_err(refusals::provider)
    }
}

fn request_headers(
    token: Option<&ExchangedToken>,
    from: &HeaderMap,
    budget: &Budget,
) -> Result<HeaderMap, Refused> {
    let mut fields = file_headers();
    if let Some(token) = token {
        authorize(&mut fields, token)?;
    }
    // What the provider says if it refuses becomes part of what we say.
    for line in from.get_all(header::ACCEPT_LANGUAGE) {
        fields.append(header::ACCEPT_LANGUAGE, line.clone());
    }
    budget.pass_on(&mut fields);
    Ok(fields)
}

/// The request target: the query as it came, not one character of it read or written anew.
fn target(path: &str, query: Option<&str>) -> Result<Uri, Refused> {
    let text = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Uri::try_from(text).map_err(|error| QUERY_REFUSED.because(error))
}

fn asking(uri: &Uri, fields: &HeaderMap) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    request.uri_mut().clone_from(uri);
    request.headers_mut().clone_from(fields);
    request
}

/// An answer that has found something: any 2xx, as in the CADDE reference.
async fn accepted(
    answer: Answer<PooledBody>,
    budget: &Budget,
) -> Result<Answer<PooledBody>, Refused> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let reading = ProviderRefusal::read(status, &parts.headers, body, budget.headers_by());
    Err(Box::pin(reading).await.into())
}
