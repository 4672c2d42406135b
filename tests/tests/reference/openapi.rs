//! What each service says of its API at `/openapi.json`, so that a change of an API is seen where changes are read.

use serde::Serialize;

use super::check;

fn check_description(service: &str, description: &impl Serialize) {
    let text = serde_json::to_string_pretty(description).expect("a description is JSON");
    check(&format!("openapi/{service}.json"), &(text + "\n"));
}

#[test]
fn the_descriptions_of_apis_are_current() {
    check_description("auth-server", &auth_server::api::openapi());
    check_description("location-server", &location_server::api::openapi());
    check_description("catalog-site", &catalog_site::api::openapi());
    check_description("catalog-server", &catalog_tool::openapi());
    check_description("provenance-server", &provenance::api::openapi());
}
