//! The search over all domains, as receivers and pages meet it.

use std::{sync::Arc, time::Duration};

use catalog_items::Limits;
use common::process::Shutdown;
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use super::fixture::{Fixture, OWN_PROVIDER, kind};
use crate::harvest::{HarvestSource, judge};

async fn harvested() -> Fixture {
    let fixture = Fixture::new().await;
    let told = [
        json!({"id": "1", "name": "river", "title": "河川の水位", "notes": "川の高さ", "tags": [{"name": "川"}],
            "metadata_modified": "2026-04-01T09:00:00.000001", "organization": {"name": "o", "title": "河川局"},
            "extras": [{"key": "Mine", "value": "x"}], "resources": [{"id": "r", "url": "http://d.example/a.csv", "format": "CSV"}]}),
        json!({"id": "2", "name": "road", "title": "道路", "metadata_modified": "2026-04-02T09:00:00"}),
    ];
    let records: Vec<_> = told
        .iter()
        .map(|one| judge(one, &Limits::default()).expect("a record"))
        .collect();
    let store = &fixture.state.harvest;
    store
        .keep(OWN_PROVIDER, &records, datetime!(2026-04-03 9:00 UTC))
        .await
        .unwrap();
    let followed = HarvestSource {
        store: Arc::clone(store),
        names: [(OWN_PROVIDER.to_owned(), "河川局".to_owned())].into(),
    };
    let index = Arc::clone(&fixture.state.index);
    tokio::spawn(Arc::clone(&index).follow(Arc::new(followed), Shutdown::default()));
    assert!(index.reached(2, Duration::from_secs(20)).await);
    fixture
}

async fn names(fixture: &Fixture, query: &str) -> Vec<String> {
    let answer = fixture
        .nobody()
        .get(&format!("/backend/api/package_search?{query}"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {:?}", answer.body);
    let results = answer.body["result"]["results"].as_array().unwrap().clone();
    results
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn packages_are_found_and_shown_in_the_shape_of_the_public_search() {
    let fixture = harvested().await;
    let answer = fixture
        .nobody()
        .get("/backend/api/package_search?q=%E5%B7%9D")
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let result = &answer.body["result"];
    assert_eq!(
        (&answer.body["success"], &result["count"], &result["q"]),
        (&true.into(), &1.into(), &"川".into())
    );
    assert_eq!(result["facets"]["facet_fields"]["tags"], json!(["川", 1]));
    assert_eq!(
        result["facets"]["facet_fields"]["xckan_site_name"],
        json!(["河川局", 1])
    );
    assert!(result["qtime"].is_number());
    let found = &result["results"][0];
    assert_eq!(
        (&found["xckan_id"], &found["title"]),
        (&"p.example:river".into(), &"河川の水位".into())
    );
    assert_eq!(
        found["xckan_site_url"],
        "https://p.example/release/dataset/river"
    );
    assert_eq!(found["extras"], json!([{"key": "Mine", "value": "x"}]));
    assert!(found["score"].as_f64().unwrap() > 0.0);
}

#[rstest]
#[case("", &["road", "river"])]
#[case("sort=metadata_modified+asc", &["river", "road"])]
#[case("q=title:%E9%81%93%E8%B7%AF", &["road"])]
#[case("q=extras_mine:x", &["river"])]
#[case("q=*:*&fq=res_format:CSV", &["river"])]
#[case("fq=res_format:CSV&fq=title:%E9%81%93%E8%B7%AF", &["river"])]
#[case("q=resources.url:%22http://d.example/a.csv%22", &["river"])]
#[case("q=%E9%81%93%E8%B7%AF+%E5%B7%9D&sort=name+asc", &["river", "road"])]
#[case("rows=1&start=1&sort=name+asc", &["road"])]
#[case("rows=0", &[])]
#[case("q=xckan_last_updated:[2026-04-02T00:00:00Z+TO+*]", &["road"])]
#[tokio::test]
async fn queries_find_what_they_say(#[case] query: &str, #[case] expected: &[&str]) {
    let fixture = harvested().await;
    let mut found = names(&fixture, query).await;
    let mut expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    if !query.contains("sort") {
        found.sort();
        expected.sort();
    }
    assert_eq!(found, expected);
}

#[rstest]
#[case("package_search?q=title:(", 400, "query-unreadable")]
#[case("package_search?rows=-1", 400, "query-unreadable")]
#[case("package_search?start=x", 400, "query-unreadable")]
#[case("package_search?sort=x", 400, "query-unreadable")]
#[case("package_show", 400, "package-id-missing")]
#[case("package_show?id=nothing", 404, "package-unknown")]
#[case("package_show?id=p.example:nothing", 404, "package-unknown")]
#[case("package_show?id=a%00b", 404, "package-unknown")]
#[tokio::test]
async fn what_cannot_be_answered_is_told_in_that_shape(
    #[case] path: &str,
    #[case] status: u16,
    #[case] problem: &str,
) {
    let fixture = harvested().await;
    let answer = fixture.nobody().get(&format!("/backend/api/{path}")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["error"]["__type"]),
        (status, &problem.into()),
        "{:?}",
        answer.body
    );
    assert_eq!(answer.body["success"], false);
    assert!(!answer.body["error"]["message"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn packages_are_shown_by_both_ids_and_listed() {
    let fixture = harvested().await;
    let nobody = fixture.nobody();
    for id in ["1", "p.example:river"] {
        let answer = nobody
            .get(&format!("/backend/api/package_show?id={id}"))
            .await;
        assert_eq!(
            answer.body["result"]["title"], "河川の水位",
            "{id}: {:?}",
            answer.body
        );
    }
    let list = nobody.get("/backend/api/package_list").await.body;
    let mut listed: Vec<_> = list["result"].as_array().unwrap().clone();
    listed.sort_by_key(Value::to_string);
    assert_eq!(listed, ["p.example:river", "p.example:road"]);
    let one = nobody
        .get("/backend/api/package_list?limit=1&offset=1")
        .await
        .body;
    assert_eq!(one["result"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_index_that_is_being_built_says_so_and_showing_goes_on() {
    let fixture = Fixture::new().await;
    let record = judge(&json!({"id": "1", "name": "river"}), &Limits::default()).unwrap();
    fixture
        .state
        .harvest
        .keep(OWN_PROVIDER, &[record], datetime!(2026-04-03 9:00 UTC))
        .await
        .unwrap();
    let nobody = fixture.nobody();
    let answer = nobody.get("/backend/api/package_search").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["error"]["__type"]),
        (503, &"search-rebuilding".into())
    );
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(
        nobody.get("/backend/api/package_show?id=1").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn stewards_see_how_sites_answer() {
    let fixture = harvested().await;
    let steward = fixture.steward("cadde.a").await;
    let sources = steward.get("/v1/sources").await.body;
    let expected = json!({"sources": [{"id": OWN_PROVIDER, "name": "河川局", "release": "https://p.example/release",
        "state": "not-checked", "datasets": 0, "skipped": 0}]});
    assert_eq!(sources, expected);
    let store = &fixture.state.harvest;
    let now = datetime!(2026-04-03 9:00 UTC);
    let mut status = store.claim(OWN_PROVIDER, now, now).await.unwrap().unwrap();
    (status.answered_at, status.silent_since) = (Some(now), Some(now));
    store.tell(&status).await.unwrap();
    let source = &steward.get("/v1/sources").await.body["sources"][0];
    assert_eq!(
        (&source["state"], &source["datasets"]),
        (&"no-answer".into(), &2.into())
    );
    assert_eq!(
        kind(&fixture.nobody().get("/v1/sources").await),
        "not-signed-in"
    );
}
