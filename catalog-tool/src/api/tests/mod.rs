//! The paths as browsers meet them: the real router over a real database, with people who are signed in.

mod at_provider;
mod drafts;
mod fixture;
mod form;
mod history;
mod provider;
mod publishing;
mod rights;
mod search;

use super::*;

#[test]
fn description_covers_every_path_of_the_table() {
    let description = openapi();
    for endpoint in endpoints() {
        let item = description.paths.paths.get(endpoint.path);
        let described = item.is_some_and(|item| match endpoint.method {
            "GET" => item.get.is_some(),
            "POST" => item.post.is_some(),
            "PUT" => item.put.is_some(),
            _ => item.delete.is_some(),
        });
        let undescribed = endpoint.path == "/openapi.json";
        assert_ne!(
            described, undescribed,
            "{} {}",
            endpoint.method, endpoint.path
        );
    }
}
