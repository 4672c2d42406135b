//! Providers for whom somebody may write.

use axum::Json;

use super::{access::Steward, wire::ProviderList};

/// Lists the providers for whom one may write.
#[utoipa::path(
    get,
    path = "/v1/providers",
    operation_id = "list_providers",
    tag = "providers",
    responses(
        (status = 200, body = ProviderList),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "Not a steward")
    )
)]
pub(super) async fn list(steward: Steward) -> Json<ProviderList> {
    let providers = steward.providers.iter().map(|one| one.as_ref().into());
    Json(ProviderList {
        providers: providers.collect(),
    })
}
