//! What somebody says in another's name: a receiver's connector of its user, and whoever was handed a token that is addressed to a
//! provider.

use rstest::rstest;

use super::{
    rights::{
        OTHER_RECEIVER, event,
        reading::{readable, story},
    },
    *,
};

impl LedgerFixture {
    /// A `Received` of `consumer` from `provider` that follows `previous`, as `connector` delivers it; its id.
    async fn delivered(
        &self,
        connector: &str,
        (provider, consumer): (&str, &str),
        previous: &str,
        jti: Option<&str>,
    ) -> String {
        let mut item = self.item("Received", consumer, "", previous);
        item["event"]["dataprovider"] = provider.into();
        item["event"]["datauser"] = consumer.into();
        if let Some(jti) = jti {
            item["jti"] = jti.into();
        }
        let (id, item) = self.owned(connector, item);
        let answer = self.deliver_as(connector, &[item]).await;
        assert_eq!(
            answer.body["results"][0]["status"], "created",
            "{}",
            answer.body
        );
        id
    }

    async fn lineage_at_peer(&self, connector: &str, id: &str) -> Answer {
        let request = Request::get(format!("/v2/lineage/{id}")).body(Body::empty());
        send(&self.peer, request.expect("a request"), Some(connector)).await
    }
}

/// Whatever a receiver's connector says of whose a `Received` is and of what it follows, neither its own people nor itself read by it
/// what they could not read before.
#[tokio::test]
async fn a_connector_reads_nothing_by_the_name_of_another() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    let told = [&story.create, &story.sent, &story.received, &story.update];
    let mut forged = Vec::new();
    for previous in told {
        for provider in [STRANGER, PROVIDER, CONSUMER] {
            for consumer in [CONSUMER, PROVIDER] {
                let parties = (provider, consumer);
                let id = world
                    .delivered(OTHER_RECEIVER, parties, previous, None)
                    .await;
                let seen = world.lineage_as(STRANGER, &id, &[]).await;
                let own = if provider == STRANGER {
                    &[id.as_str()][..]
                } else {
                    &[]
                };
                assert_eq!(readable(&seen), own, "{parties:?} after {previous}");
                let seen = world.lineage_at_peer(OTHER_RECEIVER, &id).await;
                assert_eq!(
                    readable(&seen),
                    [id.as_str()],
                    "{parties:?} after {previous}"
                );
                forged.push((parties, id));
            }
        }
    }
    // Nor does it stand in anybody's view of what came of an event, but where the data really passed between these two.
    for start in told {
        for who in [PROVIDER, CONSUMER] {
            let path = format!("{start}?direction=FORWARD");
            let seen = world.lineage_as(who, &path, &[]).await.body.to_string();
            for ((provider, consumer), id) in &forged {
                let is_theirs = (*provider, *consumer) == (PROVIDER, CONSUMER);
                assert!(is_theirs || !seen.contains(id), "{who} from {start}");
            }
        }
    }
}

/// A provider names what a `Received` follows; by naming something else of its user's it does not get to read that.
#[rstest]
#[case::by_our_connector(true)]
#[case::by_the_users_token(false)]
#[tokio::test]
async fn a_provider_reads_nothing_by_what_it_says_was_sent(#[case] by_connector: bool) {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    for previous in [&story.create, &story.sent, &story.received, &story.update] {
        let id = if by_connector {
            let parties = (STRANGER, CONSUMER);
            world
                .delivered(RECEIVER_CONNECTOR, parties, previous, Some("j"))
                .await
        } else {
            let mut received = event("Received", Some(STRANGER), Some(CONSUMER));
            received["cdlpreviousevents"] = json!([previous]);
            world.registered(CONSUMER, &received).await
        };
        let seen = world.lineage_as(STRANGER, &id, &[]).await;
        assert_eq!(readable(&seen), [id.as_str()], "after {previous}");
    }
}

/// Whoever brings a token that is addressed to a provider may be the provider or the receiver that got it.
#[tokio::test]
async fn an_addressed_token_leads_to_the_providers_originals_alone() {
    let world = LedgerFixture::new().await;
    let story = story(&world).await;
    let send = async |token: &str, (provider, consumer): (&str, &str), previous: &str| {
        let mut sent = event("Sent", Some(provider), Some(consumer));
        sent["cdlpreviousevents"] = json!([previous]);
        let answer = world.register_as(token, &sent, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body["cdleventid"].as_str().unwrap().to_owned()
    };
    // A stranger, with whose token a receiver got one for A: no more than whoever A sends something to.
    let stranger = format!("{STRANGER}-to-{PROVIDER}");
    for previous in [&story.create, &story.sent, &story.received, &story.update] {
        let id = send(&stranger, (PROVIDER, STRANGER), previous).await;
        let seen = world.lineage_as(STRANGER, &id, &[]).await;
        let expected = if *previous == story.create {
            vec![story.create.as_str(), &id]
        } else {
            vec![id.as_str()]
        };
        assert_eq!(readable(&seen), expected, "after {previous}");
    }
    // A provider, with the token that B's receiver sent it: nothing of what else B has.
    let provider = format!("{CONSUMER}-to-{STRANGER}");
    for previous in [&story.create, &story.sent, &story.received, &story.update] {
        let id = send(&provider, (STRANGER, CONSUMER), previous).await;
        let seen = world.lineage_as(STRANGER, &id, &[]).await;
        assert_eq!(readable(&seen), [id.as_str()], "after {previous}");
    }
}

/// A connector that was there reads the other side of its exchanges, and what that goes back to.
#[tokio::test]
async fn a_connector_reads_the_other_side_of_what_it_took_part_in() {
    let world = LedgerFixture::new().await;
    let create = world
        .registered(PROVIDER, &event("Create", Some(PROVIDER), None))
        .await;
    let guest = "guest-d";
    let mut sent = world.sent("", &create);
    sent["event"]["datauser"] = guest.into();
    sent["jti"] = "j".into();
    let (sent_id, sent) = world.owned(PROVIDER_CONNECTOR, sent);
    world.deliver_as(PROVIDER_CONNECTOR, &[sent]).await;
    for (jti, expected) in [(Some("j"), 3), (Some("k"), 1), (None, 1)] {
        let parties = (PROVIDER, guest);
        let id = world
            .delivered(RECEIVER_CONNECTOR, parties, &sent_id, jti)
            .await;
        let seen = world.lineage_at_peer(RECEIVER_CONNECTOR, &id).await;
        assert_eq!(readable(&seen).len(), expected, "{jti:?}");
        // The user whose it is reads all of it either way.
        assert_eq!(readable(&world.lineage_as(guest, &id, &[]).await).len(), 3);
    }
}

/// A provider that uses what it was passed uses up nothing of its user's.
#[tokio::test]
async fn an_addressed_token_takes_nothing_from_its_user() {
    let mut config = limits();
    (config.writes.per_second, config.writes.burst) = (1, 2);
    let world = LedgerFixture::with(config).await;
    let addressed = format!("{CONSUMER}-to-{PROVIDER}");
    let sent = event("Sent", Some(PROVIDER), Some(CONSUMER));
    let key = &[("idempotency-key", "the-users-next")];
    let first = world.register_as(&addressed, &sent, key).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let again = world.register_as(&addressed, &sent, key).await;
    assert_eq!(again.body, first.body);
    let more = world.register_as(&addressed, &sent, &[]).await;
    assert_eq!(more.status, StatusCode::TOO_MANY_REQUESTS);
    let own = event("Update", Some(CONSUMER), None);
    let answer = world.register_as(CONSUMER, &own, key).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}
