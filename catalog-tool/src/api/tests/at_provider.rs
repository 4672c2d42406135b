//! What providers have, what they refuse, and how much is asked of them.

use common::concurrency::ConcurrencyLimit;
use http::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    fixture::{Fixture, OWN_PROVIDER, kind, provider},
    provider::{FakeProvider, Trouble},
    publishing::{Space, ready},
};
use crate::domain::Providers;

#[tokio::test]
async fn what_the_provider_has_is_listed_and_taken_over_once() {
    let space = Space::new().await;
    let own = space.published().await;
    let foreign = uuid::Uuid::now_v7();
    {
        let mut book = space.provider.book.lock().unwrap();
        let mut dataset = book.datasets.values().next().unwrap().clone();
        dataset["id"] = foreign.to_string().into();
        dataset["ids"] = json!({"public": uuid::Uuid::new_v4(), "limited": uuid::Uuid::new_v4()});
        book.datasets.insert(foreign, dataset);
    }
    let listed = space
        .steward
        .get("/v1/providers/p.example/datasets?state=published&limit=5")
        .await;
    assert_eq!(listed.status, StatusCode::OK, "{:?}", listed.body);
    let drafts: Vec<_> = listed.body["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["draft"].clone())
        .collect();
    assert_eq!(
        drafts,
        [Value::Null, own.rsplit('/').next().unwrap().into()]
    );
    let taken = space
        .steward
        .post("/v1/drafts", &json!({"site_dataset": foreign}))
        .await;
    assert_eq!(
        (taken.status, &taken.body["state"]),
        (StatusCode::CREATED, &"published".into())
    );
    assert_eq!(taken.body["has_unpublished_changes"], false);
    assert_eq!(taken.body["dataset"], ready("川の水位"));
    let again = space
        .steward
        .post("/v1/drafts", &json!({"site_dataset": foreign}))
        .await;
    assert_eq!(
        (again.status, &again.body["id"]),
        (StatusCode::OK, &taken.body["id"])
    );
    let nothing = space
        .steward
        .post("/v1/drafts", &json!({"site_dataset": uuid::Uuid::nil()}))
        .await;
    assert_eq!(
        (nothing.status.as_u16(), kind(&nothing).as_str()),
        (404, "dataset-unknown")
    );
    for (path, status, problem) in [
        ("/v1/providers/q.example/datasets", 404, "provider-unknown"),
        (
            "/v1/providers/p.example/datasets?limit=201",
            400,
            "parameter-does-not-fit",
        ),
        (
            "/v1/providers/p.example/datasets?state=x%26limit%3D1",
            400,
            "parameter-does-not-fit",
        ),
        (
            "/v1/providers/p.example/datasets?colour=red",
            400,
            "parameter-does-not-fit",
        ),
    ] {
        let refused = space.steward.get(path).await;
        assert_eq!(
            (refused.status.as_u16(), kind(&refused).as_str()),
            (status, problem),
            "{path}"
        );
    }
}

#[rstest]
#[case::not_a_steward_there(403, json!({"type": "urn:kakehashi:problem:role-missing"}), 403, "provider-not-steward")]
#[case::refused(409, json!({"type": "urn:kakehashi:problem:catalogue-full", "detail": "full"}), 502, "provider-refused")]
#[case::no_catalogue(404, json!({"nothing": "here"}), 502, "provider-refused")]
#[case::another_answer(200, json!({"nothing": "here"}), 502, "provider-refused")]
#[case::led_elsewhere(307, json!({}), 502, "provider-refused")]
#[case::busy(429, json!({"type": "urn:kakehashi:problem:busy"}), 503, "provider-away")]
#[case::failing(500, json!({}), 503, "provider-away")]
#[tokio::test]
async fn what_the_provider_does_not_do_is_told(
    #[case] status: u16,
    #[case] body: Value,
    #[case] told: u16,
    #[case] problem: &str,
) {
    let space = Space::new().await;
    let draft = space.draft().await;
    space
        .provider
        .fails(Method::POST, Trouble::Answer(status, body.clone()));
    let refused = space.publish(&draft).await;
    assert_eq!(
        (refused.status.as_u16(), kind(&refused).as_str()),
        (told, problem),
        "{:?}",
        refused.body
    );
    if status == 409 {
        assert_eq!(refused.body["provider_problem"], body);
    }
    assert_eq!(space.steward.get(&draft).await.body["state"], "draft");
}

#[tokio::test]
async fn a_provider_on_this_machine_is_asked_where_the_configuration_says_so_alone() {
    let there = FakeProvider::start().await;
    let mut own = provider(OWN_PROVIDER, "cadde.org");
    own.url = there.address.parse().expect("a URL");
    own.addresses.clear();
    let fixture = Fixture::with(|state| {
        state.providers = Providers::of(&[own]).expect("a client");
    })
    .await;
    let steward = fixture.steward("cadde.a").await;
    let listed = steward.get("/v1/providers/p.example/datasets").await;
    assert_eq!(
        (listed.status.as_u16(), kind(&listed).as_str()),
        (503, "provider-away")
    );
    assert_eq!(there.asked(), []);
}

#[tokio::test]
async fn providers_are_asked_so_much_at_a_time() {
    let there = FakeProvider::start().await;
    let mut own = provider(OWN_PROVIDER, "cadde.org");
    own.url = there.address.parse().expect("a URL");
    let fixture = Fixture::with(|state| {
        state.providers = Providers::of(&[own]).expect("a client");
        state.turns = ConcurrencyLimit::new(8, 0, metrics::gauge!("turns"));
    })
    .await;
    let steward = fixture.steward("cadde.a").await;
    let listed = steward.get("/v1/providers/p.example/datasets").await;
    assert_eq!(
        (listed.status.as_u16(), kind(&listed).as_str()),
        (503, "busy")
    );
}
