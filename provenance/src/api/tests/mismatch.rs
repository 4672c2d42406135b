//! Both sides of an exchange, which do not say the same.

use rstest::rstest;

use super::*;

/// A `Sent` and the `Received` that names it, with the same token and the same bytes.
fn pair(world: &LedgerFixture) -> [Value; 2] {
    let (sent, received) = (world.id(), world.id());
    let mut pair = [
        world.sent(&sent, "origin"),
        world.received(&received, &sent),
    ];
    for item in &mut pair {
        item["jti"] = "token-1".into();
    }
    pair
}

impl LedgerFixture {
    async fn deliver_both(&self, [sent, received]: &[Value; 2], sent_first: bool) {
        let both = [(PROVIDER_CONNECTOR, sent), (RECEIVER_CONNECTOR, received)];
        let order = if sent_first { [0, 1] } else { [1, 0] };
        for at in order {
            let (connector, item) = both[at];
            let answer = self.deliver_as(connector, std::slice::from_ref(item)).await;
            assert_eq!(
                answer.body["results"][0]["status"], "created",
                "{}",
                answer.body
            );
        }
    }
}

#[rstest]
#[case::the_same("/jti", json!("token-1"), &[])]
#[case::another_token("/jti", json!("token-2"), &["jti"])]
#[case::no_token("/jti", json!(null), &[])]
#[case::another_digest("/dig/sha256", json!("cd".repeat(32)), &["dig"])]
#[case::another_length("/dig/len", json!(1023), &["dig"])]
#[case::another_provider("/event/dataprovider", json!(STRANGER), &["dataprovider"])]
#[case::another_user("/event/datauser", json!(STRANGER), &["datauser"])]
#[tokio::test]
async fn what_does_not_fit_is_recorded_and_marked_in_either_order(
    #[case] member: &str,
    #[case] value: Value,
    #[case] expected: &[&str],
) {
    for sent_first in [true, false] {
        let world = LedgerFixture::new().await;
        let mut pair = pair(&world);
        if value.is_null() {
            pair[1].as_object_mut().unwrap().remove("jti");
        } else {
            *pair[1].pointer_mut(member).unwrap() = value.clone();
        }
        pair[1]["user_id"] = pair[1]["event"]["datauser"].clone();
        world.deliver_both(&pair, sent_first).await;
        assert_eq!(
            (world.cores("Sent").len(), world.cores("Received").len()),
            (1, 1)
        );
        let marked = world.cores("mismatch");
        if expected.is_empty() {
            assert!(marked.is_empty(), "{marked:?}");
            continue;
        }
        let ids = pair.map(|item| item["event"]["cdleventid"].clone());
        let (last, first) = if sent_first {
            (&ids[1], &ids[0])
        } else {
            (&ids[0], &ids[1])
        };
        let [marked] = &marked[..] else {
            panic!("{marked:?}")
        };
        let evidence = &marked["evidence"];
        assert_eq!(evidence["cdleventid"], *last);
        let differs = json!([{ "cdleventid": first, "members": expected }]);
        assert_eq!(evidence["differs"], differs);
        // With both commitments, so that it stands for itself.
        assert_eq!(marked["prev"][0]["id"], *last);
        assert_eq!(marked["prev"][1]["id"], *first);
        assert!(
            marked["prev"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["c"].is_string())
        );
    }
}

#[tokio::test]
async fn a_registration_by_token_states_that_token() {
    let world = LedgerFixture::new().await;
    let pair = pair(&world);
    world.deliver_as(PROVIDER_CONNECTOR, &pair[..1]).await;
    let sent = pair[0]["event"]["cdleventid"].as_str().unwrap();
    let received = json!({
        "cdldatamodelversion": "2.0", "cdleventtype": "Received", "dataprovider": PROVIDER, "datauser": CONSUMER,
        "cdlpreviousevents": [sent],
    });
    world.registered(CONSUMER, &received).await;
    let core = world.cores("Received").pop().unwrap();
    assert_eq!(core["jti"], "jti-of-token-of-consumer-b");
    let evidence = &world.cores("mismatch")[0]["evidence"];
    assert_eq!(evidence["differs"][0]["members"], json!(["jti"]));
}

#[tokio::test]
async fn a_sent_is_compared_with_everything_that_waited_for_it() {
    let world = LedgerFixture::new().await;
    let pair = pair(&world);
    let sent = pair[0]["event"]["cdleventid"].as_str().unwrap();
    let items: Vec<Value> = (0..300)
        .map(|i| {
            let mut item = world.received(&world.id(), sent);
            item["dig"]["len"] = (1024 + i % 2).into();
            item
        })
        .collect();
    world.deliver_as(RECEIVER_CONNECTOR, &items).await;
    world.deliver_as(PROVIDER_CONNECTOR, &pair[..1]).await;
    // So many wait that they are told in steps.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let marked = world.cores("mismatch");
        let differs = marked.iter().map(|core| &core["evidence"]["differs"]);
        let found: usize = differs.map(|all| all.as_array().unwrap().len()).sum();
        if found == 150 {
            break;
        }
        assert!(found < 150, "{found}");
        assert!(tokio::time::Instant::now() < deadline, "{found}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[rstest]
#[case(json!(""))]
#[case(json!("a b"))]
#[case(json!(7))]
#[case(json!("j".repeat(257)))]
#[tokio::test]
async fn a_jti_is_short_and_visible(#[case] jti: Value) {
    let world = LedgerFixture::new().await;
    let mut item = world.sent(&world.id(), "origin");
    item["jti"] = jti;
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item]).await;
    assert_eq!(answer.body["results"][0]["problem"]["status"], 422);
}

/// A ledger of the version before, which kept digests in cores alone.
#[tokio::test]
async fn what_was_recorded_before_is_compared_too() {
    let world = LedgerFixture::new().await;
    let mut pair = pair(&world);
    pair[1]["dig"]["len"] = 1.into();
    world.deliver_as(PROVIDER_CONNECTOR, &pair[..1]).await;
    let path = world.folder.path().join("ledger.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute("UPDATE record SET made = NULL", []).unwrap();
    drop(conn);
    world.deliver_as(RECEIVER_CONNECTOR, &pair[1..]).await;
    let evidence = &world.cores("mismatch")[0]["evidence"];
    assert_eq!(evidence["differs"][0]["members"], json!(["dig"]));
}

/// A `Received` of version 7 whose `Sent` was squatted is held against the true one as soon as that is there.
#[rstest]
#[case::that_fits("token-1", None)]
#[case::with_another_token("token-2", Some(json!(["jti"])))]
#[tokio::test]
async fn what_takes_the_place_of_a_squat_is_compared_too(
    #[case] jti: &str,
    #[case] expected: Option<Value>,
) {
    let world = LedgerFixture::new().await;
    let mut pair = pair(&world);
    pair[1]["jti"] = jti.into();
    let mut squat = pair[0].clone();
    squat["user_id"] = STRANGER.into();
    squat["event"]["dataprovider"] = STRANGER.into();
    let all = [
        ("provider.c.example", &squat),
        (RECEIVER_CONNECTOR, &pair[1]),
        (PROVIDER_CONNECTOR, &pair[0]),
    ];
    for (connector, item) in all {
        let answer = world
            .deliver_as(connector, std::slice::from_ref(item))
            .await;
        let status = &answer.body["results"][0]["status"];
        assert_eq!(status, "created", "{}", answer.body);
    }
    let (sent, received) = (
        &pair[0]["event"]["cdleventid"],
        &pair[1]["event"]["cdleventid"],
    );
    let marked = world.cores("mismatch");
    let of_the_true_one = marked.iter().find(|core| {
        core["evidence"]["cdleventid"] == *sent && core["evidence"]["differs"].is_array()
    });
    let differs = of_the_true_one.map(|core| core["evidence"]["differs"].clone());
    let expected = expected.map(|members| json!([{ "cdleventid": received, "members": members }]));
    assert_eq!(differs, expected);
}
