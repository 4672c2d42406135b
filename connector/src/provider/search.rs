//! `GET /cadde/api/v4/catalog` of the provider connector: searching its detail site, for whoever has a grant on that.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use catalog_site::{
    api::{CatalogState, package_search},
    domain::Side,
};
use common::{
    http::Refused,
    listener::{ConnectionInfo, Peer},
};
use http::{Request, StatusCode, request::Parts};

use super::Provider;
use crate::{
    exchange::{Allowed, Asking, Budget, Role, reading, refusals},
    search::{CATALOGUE_REFUSED, Found, NO_CATALOGUE, QUERY_UNREADABLE, Search},
};

/// A provider's detail site, as receiver connectors reach it.
pub(crate) struct DetailSite {
    /// The provider.
    pub provider: Arc<Provider>,
    /// Its catalogue and the address of the detail site, which grants are on; `None` where it has no catalogue.
    pub catalog: Option<(CatalogState, String)>,
}

/// Answers a receiver connector.
pub(super) async fn get(State(site): State<Arc<DetailSite>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    let mut search = Search::begin(Role::Provider, &request);
    search.kind = "detail";
    let found = site.search(&request, &mut search).await;
    search.answer(found)
}

impl DetailSite {
    async fn search(&self, request: &Parts, log: &mut Search) -> Result<Found, Refused> {
        let (provider, fields) = (&self.provider, &request.headers);
        log.provider = Some(provider.owner.clone());
        let budget = Budget::start(provider.deadlines, Allowed::read(fields));
        let info = request.extensions.get::<ConnectionInfo>();
        let peer = info.and_then(Peer::of).ok_or(&refusals::NO_IDENTITY)?;
        reading::check_unambiguous(fields)?;
        log.place = Some(
            provider
                .admission
                .enter(Asking::Connector(peer.id.clone()), log.has_token())
                .ok_or(&refusals::BUSY)?,
        );
        let checked = budget.checks(provider.caller(fields, &peer)).await;
        let asker = checked.ok_or_else(|| refusals::AUTH_AWAY.because("no answer in time"))??;
        let token = asker.token.as_deref();
        log.consumer = Some(token.map_or_else(
            || asker.receiver.user_id.clone(),
            |token| token.claims.user.clone(),
        ));
        if let (Some(token), Some(place)) = (token, &mut log.place)
            && !provider
                .admission
                .is_shared(place, &peer.id, &token.claims.user)
        {
            return Err((&refusals::BUSY).into());
        }
        let (catalog, target) = self.catalog.as_ref().ok_or(&NO_CATALOGUE)?;
        provider.may(target, token)?;
        let query = request.uri.query().unwrap_or_default();
        let answer = package_search(catalog, Side::Limited, query).await;
        answer.map(Found::Own).map_err(refused)
    }
}

/// What the site refuses, as CADDE has it: a query that it does not take, and everything else.
fn refused(by_site: Refused) -> Refused {
    let row = if by_site.status == StatusCode::BAD_REQUEST {
        &QUERY_UNREADABLE
    } else {
        &CATALOGUE_REFUSED
    };
    let mut refused = row.naming(by_site.text());
    refused.status = by_site.status;
    refused.retry_after = by_site.retry_after;
    refused.because(by_site)
}
