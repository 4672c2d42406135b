//! Ids that somebody else used first.

use provenance_model::commitment::{Commitment, Salt};
use rstest::rstest;

use super::{
    batch::{problem, statuses},
    *,
};

const SECOND: &str = "second.b.example";
const OTHER_PROVIDER: &str = "provider.c.example";

/// By which way somebody puts something of theirs under an id that they have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Submission {
    Token,
    OwnToken,
    Event,
    ProvidersEvent,
    Aborted,
    Direct,
    Unsent,
}

pub(super) const WAYS: [Submission; 7] = [
    Submission::Token,
    Submission::OwnToken,
    Submission::Event,
    Submission::ProvidersEvent,
    Submission::Aborted,
    Submission::Direct,
    Submission::Unsent,
];

impl LedgerFixture {
    /// Puts something under `id`, and its nonce beside it where one was seen. True if the ledger took it.
    pub(super) async fn squat(&self, way: Submission, id: &str, nonce: Option<&Value>) -> bool {
        let time = "2025-01-01T00:00:05.000Z";
        let fetched = |kind: &str, more: Value| {
            let mut evidence = json!({ "type": kind, "id": id, "source_url": "https://x.example/", "datauser": CONSUMER, "time": time,
                                       "reason": "timeout", "len": 0 });
            for (name, value) in more.as_object().expect("an object") {
                evidence[name] = value.clone();
            }
            json!({ "kind": "evidence", "exchange_id": self.id(), "user_id": CONSUMER, "evidence": evidence })
        };
        let token = |user: &str| json!({ "cdldatamodelversion": "2.0", "cdleventtype": "Create", "cdleventid": id, "dataprovider": user });
        let (connector, mut item) = match way {
            Submission::Token => {
                let answer = self.register_as(STRANGER, &token(STRANGER), &[]).await;
                return answer.status == StatusCode::OK;
            }
            Submission::OwnToken => {
                let answer = self.register_as(CONSUMER, &token(CONSUMER), &[]).await;
                return answer.status == StatusCode::OK;
            }
            Submission::Event => (SECOND, self.received(id, "x")),
            Submission::ProvidersEvent => {
                let mut item = self.sent(id, "x");
                item["user_id"] = STRANGER.into();
                item["event"]["dataprovider"] = STRANGER.into();
                (OTHER_PROVIDER, item)
            }
            Submission::Aborted => (SECOND, self.aborted("Received", CONSUMER, id, "x")),
            Submission::Direct => (SECOND, fetched("direct", json!({}))),
            Submission::Unsent => (
                SECOND,
                fetched("received-unsent", json!({ "dataprovider": PROVIDER })),
            ),
        };
        if let Some(nonce) = nonce {
            item["nonce"] = nonce.clone();
        }
        let answer = self.deliver_as(connector, &[item]).await;
        statuses(&answer) == ["created"]
    }
}

fn commitment(answer: &Answer) -> String {
    let receipt = &answer.body["results"][0]["receipt"];
    let salt = Salt::from_base64(receipt["salt"].as_str().expect("a salt")).expect("a salt");
    Commitment::new(&salt, receipt["core"].as_str().expect("a core")).to_base64()
}

/// Every way, before the true record comes: nothing has the id that is its connector's, and whatever has an id of before does not
/// keep the true record out.
#[rstest]
#[case::sent(PROVIDER_CONNECTOR)]
#[case::received(RECEIVER_CONNECTOR)]
#[tokio::test]
async fn the_true_record_is_always_taken(#[case] connector: &str) {
    for way in WAYS {
        for is_owned in [true, false] {
            let world = LedgerFixture::new().await;
            let create = world.registered(PROVIDER, &create()).await;
            let item = |id: &str| {
                if connector == PROVIDER_CONNECTOR {
                    world.sent(id, &create)
                } else {
                    world.received(id, &create)
                }
            };
            let (id, item) = if is_owned {
                world.owned(connector, item(""))
            } else {
                let id = world.id();
                let item = item(&id);
                (id, item)
            };
            let nonce = item.get("nonce");
            let is_taken = world.squat(way, &id, nonce).await;
            assert_eq!(is_taken, !is_owned, "{way:?}");
            let items = std::slice::from_ref(&item);
            let first = world.deliver_as(connector, items).await;
            assert_eq!(statuses(&first), ["created"], "{way:?}: {}", first.body);
            let result = &first.body["results"][0];
            assert_eq!(result["id"], id);
            let core: Value =
                serde_json::from_str(result["receipt"]["core"].as_str().unwrap()).unwrap();
            assert_eq!(core["event"]["cdleventid"], id);
            assert_eq!(core["dig"], item["dig"]);
            let again = world.deliver_as(connector, items).await;
            assert_eq!(statuses(&again), ["exists"]);
            assert_eq!(again.body["results"][0]["receipt"], result["receipt"]);
            let mut changed = item.clone();
            changed["dig"]["len"] = 7.into();
            let answer = world.deliver_as(connector, &[changed]).await;
            assert_eq!(problem(&answer, 0).0, "conflict");

            let corrections = world.cores("correction");
            assert_eq!(corrections.len(), usize::from(is_taken));
            for correction in &corrections {
                assert_eq!(correction["evidence"]["cdleventid"], id);
                assert_eq!(correction["prev"][0]["id"], id);
                assert_eq!(correction["prev"][1]["c"], commitment(&first));
            }
            let of_connectors = matches!(way, Submission::Event | Submission::ProvidersEvent);
            assert_eq!(
                world.cores("mismatch").len(),
                usize::from(is_taken && of_connectors)
            );
        }
    }
}

#[tokio::test]
async fn a_lineage_goes_through_the_true_record() {
    for way in WAYS {
        let world = LedgerFixture::new().await;
        let create = world.registered(PROVIDER, &create()).await;
        let (sent, early, late) = (world.id(), world.id(), world.id());
        assert!(world.squat(way, &sent, None).await);
        let receive = async |id: &str| {
            let answer = world
                .deliver_as(RECEIVER_CONNECTOR, &[world.received(id, &sent)])
                .await;
            assert_eq!(statuses(&answer), ["created"]);
        };
        receive(&early).await;
        let item = world.sent(&sent, &create);
        let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item]).await;
        assert_eq!(statuses(&answer), ["created"]);
        receive(&late).await;
        for received in [&early, &late] {
            let lineage = world.lineage_as(CONSUMER, received, &[]).await;
            assert_eq!(ids(&lineage), [&create, &sent, received], "{way:?}");
            assert_eq!(lineage.body[1]["cdleventtype"], "Sent", "{way:?}");
            assert_eq!(lineage.body[1]["dataprovider"], PROVIDER, "{way:?}");
        }
    }
}

/// The id of an original is seen in a catalogue: nobody takes its place by sending something under it.
#[tokio::test]
async fn an_original_keeps_its_place() {
    let world = LedgerFixture::new().await;
    let mut original = create();
    original["cdleventid"] = world.id().into();
    let create = world.registered(PROVIDER, &original).await;
    let mut squat = world.sent(&create, "x");
    squat["user_id"] = STRANGER.into();
    squat["event"]["dataprovider"] = STRANGER.into();
    squat["event"]["datauser"] = PROVIDER.into();
    let answer = world.deliver_as(OTHER_PROVIDER, &[squat]).await;
    assert_eq!(statuses(&answer), ["created"]);
    let (sent, item) = world.owned(PROVIDER_CONNECTOR, world.sent("", &create));
    let answer = world.deliver_as(PROVIDER_CONNECTOR, &[item]).await;
    assert_eq!(statuses(&answer), ["created"]);
    let lineage = world.lineage_as(PROVIDER, &sent, &[]).await;
    assert_eq!(ids(&lineage), [&create, &sent]);
    assert_eq!(lineage.body[0]["cdleventtype"], "Create");
}

#[tokio::test]
async fn ids_without_an_owner_can_be_refused() {
    let world = LedgerFixture::with(LedgerConfig {
        v7_ids: false,
        ..limits()
    })
    .await;
    let answer = world
        .deliver_as(RECEIVER_CONNECTOR, &[world.received(&world.id(), "x")])
        .await;
    assert_eq!(problem(&answer, 0), ("forbidden".to_owned(), 403, false));
    let (_, item) = world.owned(RECEIVER_CONNECTOR, world.received("", "x"));
    let answer = world.deliver_as(RECEIVER_CONNECTOR, &[item]).await;
    assert_eq!(statuses(&answer), ["created"]);
}
