use auth_client::{ConnectorRole, Role, State as Standing};
use common::clock::SystemClock;
use common_db::DatabaseConfig;
use http::Request;
use rstest::rstest;
use tempfile::TempDir;
use test_kit::{
    FakeAuth,
    calls::{ask, certificate, connection},
    exchanged, managing, plain,
};
use time::OffsetDateTime;

use super::*;
use crate::authorization::{
    Decision, Subject,
    store::{GrantStore, Grants},
};

const PROVIDER: &str = "cadde.provider.aa";
const CONNECTOR: &str = "provider.a.example";
const TOOL: &str = "tool.example";
const TARGET: &str = "https://data.example/a.csv";

struct Site {
    _dir: TempDir,
    router: Router,
    book: Arc<GrantBook>,
    store: Grants,
}

impl Site {
    async fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let config =
            DatabaseConfig::new(format!("sqlite:{}", dir.path().join("grants.db").display()));
        let store = Grants::open(&config).await.expect("a database");
        let book = GrantBook::open(Arc::new(store.clone()))
            .await
            .expect("grants");
        let auth = Arc::new(FakeAuth::default());
        auth.register(TOOL, ConnectorRole::Receiver, PROVIDER, Standing::Active);
        let own = || plain(PROVIDER, &[]);
        let managed = |claims| Ok(managing(claims, &[CONNECTOR], &[]));
        auth.token("own", managed(own()));
        auth.token(
            "member",
            managed(plain("cadde.member.aa", &["cadde.other.zz", PROVIDER])),
        );
        auth.token(
            "stranger",
            managed(plain("cadde.stranger.cc", &["cadde.provider.aab"])),
        );
        auth.token(
            "operator",
            Ok(managing(
                plain("cadde.stranger.cc", &[]),
                &[CONNECTOR],
                &[Role::Operator],
            )),
        );
        auth.token("away", Err(TokenError::Unavailable("away".into())));
        auth.token("plain", Ok(own()));
        auth.token("for-another", Ok(managing(own(), &["other.example"], &[])));
        auth.token("for-nobody", Ok(managing(own(), &[], &[])));
        auth.token("addressed", Ok(exchanged(own(), TOOL, PROVIDER, None)));
        let thumbprint = Some(certificate(TOOL, 7).thumbprint());
        auth.token("bound", Ok(exchanged(own(), TOOL, CONNECTOR, thumbprint)));
        let api = AuthorizationApi {
            book: Arc::clone(&book),
            callers: auth.callers(),
            provider_id: PROVIDER.parse().expect("a user ID"),
            connector_id: CONNECTOR.parse().expect("a connector ID"),
            clock: Arc::new(SystemClock),
        };
        Self {
            _dir: dir,
            router: router(api),
            book,
            store,
        }
    }

    async fn ask(&self, method: &str, uri: &str, token: Option<&str>, body: &str) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body.to_owned()));
        let connection = connection(Some(certificate(TOOL, 7)));
        let answer = ask(&self.router, request.expect("a request"), connection).await;
        (answer.status.as_u16(), answer.body)
    }

    async fn post(&self, body: &Value) -> (u16, Value) {
        self.ask("POST", PATH, Some("own"), &body.to_string()).await
    }

    async fn delete(&self, body: &Value) -> (u16, Value) {
        self.ask("DELETE", PATH, Some("own"), &body.to_string())
            .await
    }

    async fn list(&self) -> Value {
        self.ask(
            "GET",
            &format!("{LIST}?assigner={PROVIDER}"),
            Some("own"),
            "",
        )
        .await
        .1
    }
}

const PATH: &str = "/cadde/api/v4/authorization";
const LIST: &str = "/cadde/api/v4/authorization_list";

fn grant(whom: impl Into<Value>) -> Value {
    let assignee = whom.into();
    json!({"permission": {"target": TARGET, "assigner": PROVIDER, "assignee": assignee}})
}

fn with_contract(whom: impl Into<Value>, trade_id: &str) -> Value {
    let mut body = grant(whom);
    body["contract"] = json!({"trade_id": trade_id, "contract_url": "https://market.example", "contract_type": "t"});
    body
}

#[tokio::test]
async fn a_grant_is_registered_once_listed_and_removed() {
    let site = Site::new().await;
    let body = grant(json!({"user": "u", "org": "o", "aal": 2, "extras": "e"}));
    for _ in 0..2 {
        let (status, answer) = site.post(&body).await;
        assert_eq!(status, 200);
        assert!(answer["message"].is_string());
    }
    let expected = json!([{"permission": {
        "target": TARGET, "assigner": PROVIDER, "assignee": {"user": "u", "org": "o", "aal": "2", "extras": "e"}
    }}]);
    assert_eq!(site.list().await, expected);
    let uri = format!("{PATH}?assigner={PROVIDER}&target=https%3A%2F%2Fdata.example%2Fa.csv");
    assert_eq!(
        site.ask("GET", &uri, Some("member"), "").await,
        (200, expected)
    );
    let other = format!("{PATH}?assigner={PROVIDER}&target=https%3A%2F%2Fdata.example%2FA.csv");
    assert_eq!(
        site.ask("GET", &other, Some("own"), "").await,
        (200, json!([]))
    );
    assert_eq!(site.delete(&body).await.0, 200);
    assert_eq!(site.delete(&body).await.0, 404);
    assert_eq!(site.list().await, json!([]));
}

#[tokio::test]
async fn a_change_counts_at_once() {
    let site = Site::new().await;
    let user = "u".parse().unwrap();
    let subject = Subject {
        user: &user,
        orgs: vec![],
        aal: 1,
        extras: None,
    };
    let decide = |site: &Site| match site.book.current().unwrap().decide(TARGET, &subject) {
        Decision::Granted(contract) => Some(contract.cloned()),
        _ => None,
    };
    assert_eq!(decide(&site), None);
    site.post(&grant(json!({"user": "u"}))).await;
    assert_eq!(decide(&site), Some(None));
    site.post(&with_contract(json!({"user": "u"}), "T-1")).await;
    assert_eq!(decide(&site).unwrap().unwrap().trade_id, "T-1");
    site.delete(&grant(json!({"user": "u"}))).await;
    assert!(decide(&site).is_some());
    site.delete(&with_contract(json!({}), "T-1")).await;
    assert_eq!(decide(&site), None);
}

#[tokio::test]
async fn a_change_by_somebody_else_is_noticed() {
    let site = Site::new().await;
    site.post(&grant(json!({"user": "u"}))).await;
    let before = site.store.load().await.unwrap().0;
    let change = Change {
        actor: &PROVIDER.parse().unwrap(),
        via: &"tool.example".parse().unwrap(),
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let assignee = crate::authorization::Assignee {
        user: Some("u".parse().unwrap()),
        ..Default::default()
    };
    site.store
        .remove(TARGET, Which::Assignee(&assignee), &change)
        .await
        .unwrap();
    assert_ne!(site.store.load().await.unwrap().0, before);
    assert_eq!(site.book.current().unwrap().len(), 1);
    site.book.refresh().await.unwrap();
    assert!(site.book.current().unwrap().is_empty());
}

#[tokio::test]
async fn a_trade_is_removed_by_its_id_and_nothing_else_is() {
    let site = Site::new().await;
    site.post(&with_contract(json!({"user": "u"}), "T-1")).await;
    site.post(&with_contract(json!({"user": "u"}), "T-11"))
        .await;
    site.post(&with_contract(json!({"user": "u"}), "")).await;
    site.post(&grant(json!({"user": "u"}))).await;
    assert_eq!(site.list().await.as_array().unwrap().len(), 4);
    // Both are sent by existing callers: the contract counts, the assignee does not.
    assert_eq!(
        site.delete(&with_contract(json!({"user": "somebody else"}), "T-1"))
            .await
            .0,
        200
    );
    assert_eq!(site.delete(&with_contract(json!(null), "T-1")).await.0, 404);
    assert_eq!(site.list().await.as_array().unwrap().len(), 3);
    assert_eq!(site.delete(&with_contract(json!({}), "")).await.0, 200);
    assert_eq!(
        site.delete(&grant(json!({"user": "u", "aal": 1}))).await.0,
        404
    );
    assert_eq!(site.delete(&grant(json!(null))).await.0, 400);
    let left = site.list().await;
    assert_eq!(
        left[0]["contract"],
        json!({"trade_id": "T-11", "contract_url": "https://market.example", "contract_type": "t"})
    );
    assert_eq!(left[1].get("contract"), None);
}

#[rstest]
#[case::no_token(None, 422)]
#[case::bad_token(Some("bad"), 403)]
#[case::the_providers_own_but_plain(Some("plain"), 403)]
#[case::bound_for_this_connector(Some("bound"), 403)]
#[case::addressed_to_the_provider(Some("addressed"), 403)]
#[case::for_managing_another(Some("for-another"), 403)]
#[case::for_managing_nothing(Some("for-nobody"), 403)]
#[case::an_operator(Some("operator"), 403)]
#[case::somebody_else(Some("stranger"), 403)]
#[case::auth_server_away(Some("away"), 503)]
#[tokio::test]
async fn only_the_providers_own_people_handle_its_grants(
    #[case] token: Option<&str>,
    #[case] status: u16,
) {
    let site = Site::new().await;
    let body = grant(json!({"user": "u"})).to_string();
    for (method, uri) in [
        ("GET", format!("{LIST}?assigner={PROVIDER}")),
        ("GET", format!("{PATH}?assigner={PROVIDER}&target=x")),
        ("POST", PATH.to_owned()),
        ("DELETE", PATH.to_owned()),
    ] {
        let (found, answer) = site.ask(method, &uri, token, &body).await;
        assert_eq!(found, status, "{method} {uri}");
        let member = if status == 422 { "detail" } else { "message" };
        assert!(answer.get(member).is_some(), "{answer}");
    }
    assert_eq!(site.list().await, json!([]));
}

#[tokio::test]
async fn another_provider_has_no_grants_here() {
    let site = Site::new().await;
    let (status, answer) = site
        .ask(
            "GET",
            &format!("{LIST}?assigner=cadde.other.zz"),
            Some("own"),
            "",
        )
        .await;
    assert_eq!((status, &answer["message_id"]), (404, &"010490003E".into()));
    let mut body = grant(json!({"user": "u"}));
    body["permission"]["assigner"] = "cadde.stranger.cc".into();
    assert_eq!(
        site.ask("POST", PATH, Some("stranger"), &body.to_string())
            .await
            .0,
        404
    );
}

#[rstest]
#[case(grant(json!({"user": ""})), 422)]
#[case(grant(json!({"aal": true})), 422)]
#[case(grant(json!({"aal": 2.9})), 422)]
#[case(grant(json!({"extras": "e"})), 400)]
#[case(grant(json!({})), 400)]
#[case(grant(json!({"aal": 4})), 400)]
#[case(json!("text"), 422)]
#[tokio::test]
async fn a_grant_that_is_not_understood_is_refused(#[case] body: Value, #[case] status: u16) {
    let site = Site::new().await;
    assert_eq!(site.post(&body).await.0, status);
    assert_eq!(site.ask("POST", PATH, Some("own"), "{").await.0, 422);
    assert_eq!(site.list().await, json!([]));
}

#[tokio::test]
async fn a_numeric_text_is_a_level() {
    let site = Site::new().await;
    assert_eq!(site.post(&grant(json!({"aal": "3"}))).await.0, 200);
    assert_eq!(
        site.list().await[0]["permission"]["assignee"],
        json!({"aal": "3"})
    );
}

#[rstest]
#[case("PUT", PATH)]
#[case("HEAD", PATH)]
#[case("POST", LIST)]
#[case("HEAD", LIST)]
#[tokio::test]
async fn other_methods_are_refused(#[case] method: &str, #[case] path: &str) {
    let site = Site::new().await;
    assert_eq!(site.ask(method, path, Some("own"), "").await.0, 405);
}

#[tokio::test]
async fn every_change_is_written_down_with_its_author() {
    let site = Site::new().await;
    site.ask(
        "POST",
        PATH,
        Some("member"),
        &grant(json!({"user": "u"})).to_string(),
    )
    .await;
    site.delete(&grant(json!({"user": "u"}))).await;
    let changes = site.store.changes().await;
    let found: Vec<_> = changes
        .iter()
        .map(|(action, actor, via)| (action.as_str(), actor.as_str(), via.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("registered", "cadde.member.aa", "tool.example"),
            ("removed", PROVIDER, "tool.example")
        ]
    );
}

/// Whoever is refused for who they are sends their body for nothing.
#[rstest]
#[tokio::test]
async fn nobody_has_a_body_read(
    #[values("POST", "DELETE")] method: &str,
    #[values(None, Some("nobody's"), Some("for-another"))] token: Option<&str>,
) {
    let site = Site::new().await;
    let unread = futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<bytes::Bytes, std::io::Error>>> {
            panic!("it is not to be read")
        },
    );
    let mut request = Request::builder().method(method).uri(PATH);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from_stream(unread)).expect("a request");
    let connection = connection(Some(certificate(TOOL, 7)));
    let answer = ask(&site.router, request, connection).await;
    // 422 is the specification's for a token that is not there.
    assert!([403, 422].contains(&answer.status.as_u16()), "{answer:?}");
}
