//! Where people are sent back to, as it is registered.

use auth_client::api::{AppClient, Connector, Service};
use http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::fixture::Fixture;

const BACK: &str = "https://tool.example/session/callback";

#[tokio::test]
async fn addresses_are_kept_as_they_are_registered_and_replaced_as_a_whole() {
    let (mut fixture, domain) = Fixture::with_domain().await;
    let body = json!({
        "name": "応用", "client_id": "app", "grants": ["authorization-code", "refresh-token"],
        "redirect_uris": [BACK, BACK, "http://localhost:3000/cb"], "post_logout_redirect_uris": ["https://tool.example/"],
    });
    let app: AppClient = fixture
        .operate("/v1/clients", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(app.redirect_uris, [BACK, "http://localhost:3000/cb"]);
    assert_eq!(app.post_logout_redirect_uris, ["https://tool.example/"]);

    let body = json!({ "service_id": "tool.example", "kind": "server", "name": "A", "redirect_uris": [BACK] });
    let service: Service = fixture
        .operate("/v1/services", &body)
        .await
        .read(StatusCode::CREATED);
    assert_eq!(service.redirect_uris, [BACK]);

    let provider = &domain.provider.connector.connector_id;
    let path = format!("/v1/connectors/{provider}/redirect-uris");
    let connector: Connector = fixture
        .operate(&path, &json!({ "redirect_uris": [BACK] }))
        .await
        .read(StatusCode::OK);
    assert_eq!(connector.redirect_uris, [BACK]);
    let grants = |fixture: &Fixture, id: &str| {
        let client = fixture.app.directory.client(id).unwrap();
        let words = client.grants.iter().map(|grant| grant.as_str());
        words.collect::<Vec<_>>()
    };
    assert_eq!(
        grants(&fixture, provider.as_str()),
        ["authorization-code", "client-credentials", "refresh-token"]
    );
    let connector: Connector = fixture
        .operate(&path, &json!({}))
        .await
        .read(StatusCode::OK);
    assert!(connector.redirect_uris.is_empty());
    assert_eq!(grants(&fixture, provider.as_str()), ["client-credentials"]);

    let moved = "https://tool.example/elsewhere";
    for path in ["/v1/clients/app", "/v1/services/tool.example"] {
        let body = json!({ "redirect_uris": [moved] });
        fixture
            .operate(&format!("{path}/redirect-uris"), &body)
            .await
            .expect(StatusCode::OK);
    }
    fixture.restart().await;
    for (path, ways) in [
        ("/v1/clients/app", "app"),
        ("/v1/services/tool.example", "tool.example"),
    ] {
        let shown = fixture.get(&fixture.operator(), path).await.json();
        assert_eq!(shown["redirect_uris"], json!([moved]));
        assert_eq!(shown.get("post_logout_redirect_uris"), None);
        assert_eq!(
            grants(&fixture, ways),
            ["authorization-code", "refresh-token"]
        );
    }
}

#[rstest]
#[case(json!({ "grants": ["authorization-code"] }))]
#[case(json!({ "grants": ["password"], "redirect_uris": [BACK] }))]
#[case(json!({ "grants": ["authorization-code"], "redirect_uris": ["http://tool.example/cb"] }))]
#[case(json!({ "grants": ["authorization-code"], "redirect_uris": vec![BACK; 17] }))]
#[tokio::test]
async fn an_application_gets_the_code_where_it_has_an_address_for_it(#[case] mut body: Value) {
    body["name"] = json!("A");
    Fixture::assert_misfit("/v1/clients", &body, "redirect_uris").await;
}

#[tokio::test]
async fn an_application_loses_its_last_address_with_its_grant_alone() {
    let fixture = Fixture::new().await;
    let body = json!({
        "name": "A", "client_id": "app", "grants": ["authorization-code"], "redirect_uris": [BACK],
    });
    fixture
        .operate("/v1/clients", &body)
        .await
        .expect(StatusCode::CREATED);
    let path = "/v1/clients/app/redirect-uris";
    fixture
        .operate(path, &json!({}))
        .await
        .assert_misfit("redirect_uris");
    let misfit =
        json!({ "redirect_uris": [BACK], "post_logout_redirect_uris": ["javascript:alert(1)"] });
    fixture
        .operate(path, &misfit)
        .await
        .assert_misfit("post_logout_redirect_uris");
    fixture
        .operate("/v1/services/app/redirect-uris", &json!({}))
        .await
        .assert_problem(StatusCode::NOT_FOUND, "unknown-service");
}
