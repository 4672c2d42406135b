//! Grants, contracts, and what has to be known to record an exchange.

use super::*;

#[tokio::test]
async fn grants_by_organisation_and_assurance_level_count() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let org = |id: &str| Some(UserId::parse(id).expect("a user ID"));
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                org: org("cadde.receiver.b"),
                ..Assignee::default()
            },
            None,
        )
        .await;
    let refused = world.fetch("/closed/a.csv").await;
    assert_eq!(refused.error().0, 403);
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                aal: Aal::new(3),
                ..Assignee::default()
            },
            None,
        )
        .await;
    assert_eq!(world.fetch("/closed/a.csv").await.error().0, 403);
    world.is_untouched().await;
    world
        .grant_to(
            "/closed/a.csv",
            Assignee {
                org: org(PARTICIPANT),
                aal: Aal::new(2),
                ..Assignee::default()
            },
            None,
        )
        .await;
    assert_eq!(world.fetch("/closed/a.csv").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_resource_without_any_grant_is_not_registered() {
    let world = ConnectorFixture::start(Plan::default()).await;
    assert_eq!(
        fetch(world.reference("/closed/a.csv", Some("good")))
            .await
            .error(),
        (404, "010002006E".to_owned())
    );
    assert_eq!(
        world.fetch("/closed/a.csv").await.error(),
        (404, "020004005E".to_owned())
    );
    world.is_untouched().await;
}

#[expect(clippy::unnecessary_wraps, reason = "beside a case without a contract")]
fn contract(trade_id: &str, contract_url: &str) -> Option<Contract> {
    let contract_type = "standard".to_owned();
    Some(Contract {
        trade_id: trade_id.to_owned(),
        contract_url: contract_url.to_owned(),
        contract_type,
    })
}

#[rstest]
#[case::none(None, 500, "010002007E")]
#[case::empty(contract("", ""), 500, "010002007E")]
#[case::no_address(contract("T-1", ""), 500, "010002008E")]
#[case::whole(contract("T-1", "https://market.example"), 200, "")]
#[tokio::test]
async fn a_source_with_contracts_wants_one(
    #[case] contract: Option<Contract>,
    #[case] status: u16,
    #[case] message_id: &str,
) {
    let world = ConnectorFixture::start(Plan {
        sources: Box::new(|port| {
            let mut closed = source(port, "/closed");
            (closed.contract, closed.record) = (true, Record::Off);
            vec![closed]
        }),
        // Nothing is recorded, so the receiver passes on what it knows itself.
        contract_services: vec!["https://market.example".parse().unwrap()],
        ..Plan::default()
    })
    .await;
    let assignee = Assignee {
        user: Some(kit::user_id(USER)),
        ..Assignee::default()
    };
    world.grant_to("/closed/a.csv", assignee, contract).await;
    let got = fetch(world.reference("/closed/a.csv", Some("good"))).await;
    if status == 200 {
        let through_both = world.fetch("/closed/a.csv").await;
        for got in [got, through_both] {
            assert_eq!(got.header("x-cadde-contract-id"), "T-1");
            assert_eq!(got.header("x-cadde-contract-type"), "standard");
            assert_eq!(
                got.header("x-cadde-contract-management-service-url"),
                "https://market.example"
            );
            assert_eq!(got.header("x-cadde-provenance"), "");
        }
        assert!(world.records().await.0.is_empty());
        return;
    }
    assert_eq!(got.error(), (status, message_id.to_owned()));
    world.is_untouched().await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_fetched() {
    let world = ConnectorFixture::start(Plan {
        sources: Box::new(|port| {
            let mut unknown = source(port, "/open");
            unknown.authorization = false;
            let mut with_user = source(port, "/closed");
            (with_user.authorization, with_user.record) = (false, Record::WithUser);
            with_user.provenance =
                [(kit::resource(port, "/closed/a.csv"), "create-1".to_owned())].into();
            vec![unknown, with_user]
        }),
        ..Plan::default()
    })
    .await;
    assert_eq!(
        fetch(world.reference("/open/a.csv", None)).await.error(),
        (500, "010002010E".to_owned())
    );
    assert_eq!(
        fetch(world.reference("/closed/a.csv", None)).await.error(),
        (401, "010002011E".to_owned())
    );
    world.is_untouched().await;
    assert_eq!(
        fetch(world.reference("/closed/a.csv", Some("good")))
            .await
            .status
            .as_u16(),
        200
    );
}
