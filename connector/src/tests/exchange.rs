//! Exchanges that succeed.

use provenance_model::event_id;
use serde_json::Value;

use super::{
    kit::{self, ConnectorFixture, FakeLedger, PARTICIPANT, PROVIDER, Plan, USER, fetch},
    origin::large,
};
use crate::exchange::BodyDigest;

/// The one record of `items` and its digest.
fn event(items: &[Value], kind: &str) -> Value {
    assert_eq!(items.len(), 1, "{items:?}");
    let item = items[0].clone();
    assert_eq!(item["kind"], "event");
    assert_eq!(item["event"]["cdleventtype"], kind);
    item
}

fn has_digest(item: &Value, bytes: &[u8]) -> bool {
    let digest = BodyDigest::of(bytes);
    item["dig"]["sha256"] == hex::encode(digest.sha256) && item["dig"]["len"] == digest.len
}

#[tokio::test]
async fn a_granted_file_arrives_and_stands_in_both_ledgers() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    let got = world.fetch("/closed/a.csv").await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "a,b\n1,2\n"));
    assert_eq!(got.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(got.header("content-length"), "8");
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=a.csv"
    );
    assert_eq!(got.header("cache-control"), "no-store");
    assert_eq!(
        got.header("x-cadde-provenance-management-service-url"),
        kit::LEDGER
    );
    for empty in [
        "x-cadde-contract-id",
        "x-cadde-contract-type",
        "x-cadde-contract-management-service-url",
    ] {
        assert_eq!(got.header(empty), "");
    }
    let (sent, received) = world.records().await;
    let (sent, received) = (event(&sent, "Sent"), event(&received, "Received"));
    assert_eq!(sent["user_id"], PROVIDER);
    assert_eq!(received["user_id"], USER);
    for item in [&sent, &received] {
        assert_eq!(item["event"]["dataprovider"], PROVIDER);
        assert_eq!(item["event"]["datauser"], USER);
        assert!(has_digest(item, got.text().as_bytes()));
        assert!(kit::is_recent(
            item["event"]["cdltimestamp"].as_str().unwrap()
        ));
    }
    assert_eq!(sent["exchange_id"], received["exchange_id"]);
    assert_eq!(sent["event"]["cdlpreviousevents"][0], "create-1");
    assert_eq!(
        received["event"]["cdlpreviousevents"][0],
        sent["event"]["cdleventid"]
    );
    assert_eq!(
        received["event"]["cdleventid"],
        got.header("x-cadde-provenance")
    );
    // Each side's id is its own, and that between the sides stays there.
    for (item, connector) in [
        (&sent, kit::PROVIDER_CONNECTOR),
        (&received, kit::RECEIVER_CONNECTOR),
    ] {
        let (id, nonce) = (&item["event"]["cdleventid"], item["nonce"].as_str());
        let owner = kit::connector_id(connector);
        assert!(nonce.is_some() && event_id::may_be_of(id.as_str().unwrap(), nonce, &owner));
    }
    assert!(!got.headers.contains_key("x-cadde-provenance-nonce"));
}

#[tokio::test]
async fn large_files_stream_with_and_without_a_length() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (number, path) in ["/closed/large", "/closed/chunked", "/closed/empty"]
        .into_iter()
        .enumerate()
    {
        world.grant(path).await;
        let got = world.fetch(path).await;
        let expected = if path == "/closed/empty" {
            bytes::Bytes::new()
        } else {
            large()
        };
        assert_eq!(got.status.as_u16(), 200, "{path}");
        assert!(got.body.as_ref() == Some(&expected), "{path}");
        let (sent, received) = world.records().await;
        assert_eq!((sent.len(), received.len()), (number + 1, number + 1));
        assert!(has_digest(&sent[number], &expected) && has_digest(&received[number], &expected));
    }
}

#[tokio::test]
async fn the_source_is_asked_for_the_file_and_told_nothing_else() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    fetch(
        world
            .ask("/closed/a.csv", Some("good"))
            .header("x-forwarded-for", "1.2.3.4")
            .header("cookie", "a=b"),
    )
    .await;
    let requests = world.requests.lock().unwrap().clone();
    let (_, headers) = &requests[0];
    let mut names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "cache-control",
            "host",
            "user-agent"
        ]
    );
    assert_eq!(headers["accept-encoding"], "identity");
}

#[tokio::test]
async fn our_connectors_use_bound_tokens_and_others_get_one_addressed_to_them() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    assert_eq!(world.fetch("/closed/a.csv").await.status.as_u16(), 200);
    assert_eq!(
        world.auth.exchanges(),
        [format!("good-bound-to-{}", kit::PROVIDER_CONNECTOR)]
    );
    let world = ConnectorFixture::start(Plan {
        profile: location_client::Profile::Cadde4,
        ..Plan::default()
    })
    .await;
    world.grant("/closed/a.csv").await;
    assert_eq!(world.fetch("/closed/a.csv").await.status.as_u16(), 200);
    assert_eq!(
        world.auth.exchanges(),
        [format!("good-addressed-to-{PROVIDER}")]
    );
}

#[tokio::test]
async fn an_open_file_without_a_token_is_recorded_under_the_participant() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = fetch(world.ask("/open/a.csv", None)).await;
    assert_eq!(got.status.as_u16(), 200);
    let (sent, received) = world.records().await;
    let (sent, received) = (event(&sent, "Sent"), event(&received, "Received"));
    assert_eq!(sent["event"]["datauser"], PARTICIPANT);
    assert_eq!(
        (&received["user_id"], &received["event"]["datauser"]),
        (&PARTICIPANT.into(), &PARTICIPANT.into())
    );
    assert_eq!(
        received["event"]["cdleventid"],
        got.header("x-cadde-provenance")
    );
}

#[tokio::test]
async fn direct_mode_is_recorded_as_evidence() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (number, (path, token, user)) in [
        ("/open/a.csv", None, PARTICIPANT),
        ("/open/large", Some("good"), USER),
    ]
    .into_iter()
    .enumerate()
    {
        let got = fetch(world.ask_url(&world.resource(path), token)).await;
        assert_eq!(got.status.as_u16(), 200, "{path}");
        for name in crate::exchange::headers::ANSWER_HEADERS {
            assert_eq!(got.header(name.as_str()), "");
        }
        let (sent, received) = world.records().await;
        assert!(sent.is_empty());
        let item = &received[number];
        assert_eq!(
            (&item["kind"], &item["evidence"]["type"]),
            (&"evidence".into(), &"direct".into())
        );
        assert_eq!(item["evidence"]["datauser"], user);
        assert!(item.to_string().contains(&world.resource(path)));
        assert!(has_digest(item, got.body.as_ref().unwrap()));
    }
    // The source saw no token.
    assert!(
        world
            .requests
            .lock()
            .unwrap()
            .iter()
            .all(|(_, headers)| !headers.contains_key("authorization"))
    );
}

#[tokio::test]
async fn a_reference_receiver_finds_its_sent_in_the_ledger_before_the_last_byte() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for path in ["/closed/a.csv", "/closed/large"] {
        world.grant(path).await;
        let got = fetch(world.reference(path, Some("good"))).await;
        assert_eq!(got.status.as_u16(), 200);
        // Not waited for: it has to be there already.
        let items = world.provider_ledger.items();
        let last = items.last().expect("a record");
        assert_eq!(
            last["event"]["cdleventid"],
            got.header("x-cadde-provenance")
        );
        assert_eq!(last["event"]["datauser"], USER);
        // It takes the id as it is.
        assert!(!got.headers.contains_key("x-cadde-provenance-nonce"));
        assert!(has_digest(last, got.body.as_ref().unwrap()));
    }
}

#[tokio::test]
async fn a_reference_receiver_without_a_token_gets_empty_headers_and_is_recorded() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let got = fetch(world.reference("/open/a.csv", None)).await;
    assert_eq!(got.status.as_u16(), 200);
    for name in crate::exchange::headers::ANSWER_HEADERS {
        assert_eq!(got.header(name.as_str()), "");
    }
    let (sent, _) = world.records().await;
    assert_eq!(event(&sent, "Sent")["event"]["datauser"], PARTICIPANT);
}

#[tokio::test]
async fn an_exchange_id_of_another_form_is_served_and_recorded_under_one_of_ours() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    let own = "01941f29-7c00-7000-8000-000000000001";
    let texts: [&[u8]; 9] = [
        own.as_bytes(),
        b"5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b",
        b"c232ab00-9414-11ec-b3c8-9f6bdeced846",
        b"00000000-0000-0000-0000-000000000000",
        b"{01941f29-7c00-7000-8000-000000000001}",
        b"01941F29-7C00-7000-8000-00000000000A",
        b"urn:uuid:01941f29-7c00-7000-8000-000000000001",
        b"\xe7\x95\xaa\xe5\x8f\xb7",
        &[b'7'; 8000],
    ];
    for text in texts {
        let value = http::HeaderValue::from_bytes(text).unwrap();
        for (path, token) in [("/closed/a.csv", Some("good")), ("/open/a.csv", None)] {
            let request = world.reference(path, token);
            let got = fetch(request.header("x-cadde-exchange-id", value.clone())).await;
            assert_eq!(got.status.as_u16(), 200, "{text:?}");
        }
    }
    // The ledger of these tests reads what it gets as a real one does.
    let (sent, _) = world.records().await;
    assert_eq!(sent.len(), 2 * texts.len());
    let kept = sent
        .iter()
        .filter(|item| item["exchange_id"] == own)
        .count();
    assert_eq!(kept, 2);
    assert_eq!(world.provider_outbox.status().parked, 0);
}

#[tokio::test]
async fn a_redirect_inside_the_source_is_followed() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for path in ["/closed/moved-inside", "/closed/moved-raw"] {
        world.grant(path).await;
        let got = world.fetch(path).await;
        assert_eq!((got.status.as_u16(), got.text()), (200, "a,b\n1,2\n"));
    }
    let direct = fetch(world.ask_url(&world.resource("/open/moved-open"), None)).await;
    assert_eq!((direct.status.as_u16(), direct.text()), (200, "a,b\n1,2\n"));
}

/// A `.csv.gz` that its server calls a coded CSV: what goes on are its bytes, and what they are.
#[tokio::test]
async fn what_lies_coded_goes_on_with_its_coding() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (number, path) in ["/closed/coded", "/closed/coded-in-part"]
        .into_iter()
        .enumerate()
    {
        world.grant(path).await;
        let got = world.fetch(path).await;
        assert_eq!((got.status.as_u16(), got.text()), (200, "a"));
        assert_eq!(got.header("content-encoding"), "gzip");
        let (sent, received) = world.records().await;
        for items in [&sent, &received] {
            assert_eq!(items.len(), number + 1);
            assert!(has_digest(&items[number], b"a"));
        }
    }
    let direct = fetch(world.ask_url(&world.resource("/open/coded"), None)).await;
    assert_eq!((direct.status.as_u16(), direct.text()), (200, "a"));
    assert_eq!(direct.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn a_coding_that_cannot_be_passed_on_is_named() {
    let world = ConnectorFixture::start(Plan::default()).await;
    for path in ["/closed/coded", "/closed/coded-oddly"] {
        world.grant(path).await;
    }
    // Reference receivers decode what comes, and break.
    let reference = fetch(world.reference("/closed/coded", Some("good"))).await;
    assert_eq!(reference.error(), (500, "000201008E".to_owned()));
    assert!(reference.text().contains("gzip"), "{}", reference.text());
    let odd = world.fetch("/closed/coded-oddly").await;
    assert_eq!(odd.error(), (500, "020004005E".to_owned()));
    assert!(odd.text().contains("gzip;q=1"), "{}", odd.text());
    let direct = fetch(world.ask_url(&world.resource("/open/coded-oddly"), None)).await;
    assert_eq!(direct.error(), (500, "000201008E".to_owned()));
    assert!(direct.text().contains("gzip;q=1"), "{}", direct.text());
    let (sent, received) = world.records().await;
    assert!(sent.is_empty() && received.is_empty());
}

#[tokio::test]
async fn one_exchange_is_one_trace() {
    let world = ConnectorFixture::start(Plan::default()).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let got = fetch(world.ask("/open/a.csv", None).header("traceparent", trace)).await;
    assert_eq!(got.status.as_u16(), 200);
}

#[tokio::test]
async fn the_ledger_may_be_away_unless_the_exchange_waits_for_it() {
    let world = ConnectorFixture::granting("/closed/a.csv").await;
    let set = |ledger: &FakeLedger, is_away| {
        ledger
            .is_away
            .store(is_away, std::sync::atomic::Ordering::SeqCst);
    };
    set(&world.provider_ledger, true);
    set(&world.receiver_ledger, true);
    assert_eq!(world.fetch("/closed/a.csv").await.status.as_u16(), 200);
    let refused = fetch(world.reference("/closed/a.csv", Some("good"))).await;
    assert_eq!(refused.error(), (503, "010002012E".to_owned()));
    assert!(refused.headers.contains_key("retry-after"));
    set(&world.provider_ledger, false);
    set(&world.receiver_ledger, false);
    let (of_provider, of_receiver) = world.records().await;
    assert!(!of_provider.is_empty() && of_receiver.len() == 1);
}

#[tokio::test]
async fn a_sent_whose_bytes_were_not_released_is_followed_by_a_record_that_says_so() {
    let world = ConnectorFixture::start(Plan {
        delivery: crate::provider::Delivery::Sync,
        ..Plan::default()
    })
    .await;
    for path in ["/closed/a.csv", "/closed/large"] {
        world.grant(path).await;
        // It takes what it is given, and its answers are lost.
        let is_mute = &world.provider_ledger.is_mute;
        is_mute.store(true, std::sync::atomic::Ordering::SeqCst);
        let got = fetch(world.reference(path, Some("good"))).await;
        assert!(got.status.as_u16() == 503 || got.body.is_none(), "{path}");
        is_mute.store(false, std::sync::atomic::Ordering::SeqCst);
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            assert!(tokio::time::Instant::now() < deadline, "{path}: no record");
            let (items, _) = world.records().await;
            let sent = items.iter().rfind(|item| item["kind"] == "event").unwrap();
            let id = &sent["event"]["cdleventid"];
            let refused = items
                .iter()
                .find(|item| item["evidence"]["cdlpreviousevents"][0] == *id);
            if let Some(refused) = refused {
                let evidence = &refused["evidence"];
                assert_eq!(evidence["type"], "transfer-aborted");
                assert_eq!(evidence["reason"], "refused");
                assert_eq!(refused["exchange_id"], sent["exchange_id"]);
                break;
            }
        }
    }
}
