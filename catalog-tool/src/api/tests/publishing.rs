//! Publishing at a provider, and what becomes of it.

use std::sync::atomic::Ordering;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    fixture::{Fixture, OWN_PROVIDER, Person, kind},
    provider::{FakeProvider, Trouble},
};
use crate::domain::Providers;

/// A tool whose provider answers, and a steward.
pub struct Space {
    pub fixture: Fixture,
    pub provider: FakeProvider,
    pub steward: Person,
}

impl Space {
    pub async fn new() -> Self {
        let provider = FakeProvider::start().await;
        let mut own = super::fixture::provider(OWN_PROVIDER, "cadde.org");
        own.url = provider.address.parse().expect("a URL");
        let fixture = Fixture::with(|state| {
            state.providers = Providers::of(&[own]).expect("a client");
        })
        .await;
        let steward = fixture.steward("cadde.a").await;
        Self {
            fixture,
            provider,
            steward,
        }
    }

    /// A draft that may be published: its address.
    pub async fn draft(&self) -> String {
        let answer = self
            .steward
            .post("/v1/drafts", &json!({"dataset": ready("川の水位")}))
            .await;
        assert_eq!(answer.body["errors"], 0, "{:?}", answer.body["check"]);
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    pub async fn publish(&self, draft: &str) -> test_kit::calls::Answer {
        self.publish_as(draft, "*").await
    }

    async fn publish_as(&self, draft: &str, from: &str) -> test_kit::calls::Answer {
        let path = format!("{draft}/publication");
        self.steward.change(Method::POST, &path, from, None).await
    }

    async fn save(&self, draft: &str, title: &str) {
        let body = json!({"dataset": ready(title)});
        let saved = self
            .steward
            .change(Method::PUT, draft, "*", Some(&body))
            .await;
        assert_eq!(saved.status, StatusCode::OK, "{:?}", saved.body);
    }

    async fn look(&self, draft: &str) -> test_kit::calls::Answer {
        self.steward.get(&format!("{draft}/publication")).await
    }

    /// A draft that the sites show.
    pub async fn published(&self) -> String {
        let draft = self.draft().await;
        assert_eq!(self.publish(&draft).await.status, StatusCode::ACCEPTED);
        self.provider.ends("done", Value::Null);
        assert_eq!(self.look(&draft).await.body["state"], "done");
        draft
    }
}

pub fn ready(title: &str) -> Value {
    let sample = catalog_items::sample(
        "domain-b-rivers/open",
        "http://data.example",
        "https://about.example/",
    );
    let mut json = serde_json::to_value(sample.unwrap().unwrap()).unwrap();
    json["public"]["fields"]["title"] = title.into();
    json["public"]["distributions"][0]["other"]["id"] = "river-1".into();
    json
}

#[tokio::test]
async fn what_a_draft_says_is_written_and_shown_by_its_provider() {
    let space = Space::new().await;
    let draft = space.draft().await;
    let asked = space.publish_as(&draft, "\"1\"").await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{:?}", asked.body);
    assert_eq!(
        (&asked.body["state"], &asked.body["version"]),
        (&"queued".into(), &1.into())
    );
    assert_eq!(asked.body["parts"][0]["url"], "http://data.example/a.csv");
    let is = space.steward.get(&draft).await;
    assert_eq!(
        (&is.body["state"], is.headers["etag"].to_str().unwrap()),
        (&"checking".into(), "\"1\"")
    );
    assert_eq!(space.provider.dataset()["dataset"], ready("川の水位"));

    space.provider.ends("done", Value::Null);
    let seen = space.look(&draft).await.body;
    assert_eq!(
        (&seen["state"], &seen["is_stale"]),
        (&"done".into(), &false.into())
    );
    let is = space.steward.get(&draft).await.body;
    let dataset = space.provider.dataset();
    assert_eq!(
        (&is["state"], &is["has_unpublished_changes"]),
        (&"published".into(), &false.into())
    );
    assert_eq!(
        (&is["site"]["dataset_id"], &is["site"]["name"]),
        (&dataset["id"], &dataset["name"])
    );
    assert_eq!(
        (&is["site"]["public_id"], &is["site"]["published_version"]),
        (&dataset["ids"]["public"], &1.into())
    );

    // What is written on is a change that the sites don't show, until it is published, too.
    space.save(&draft, "川の水位と流量").await;
    assert_eq!(
        space.steward.get(&draft).await.body["has_unpublished_changes"],
        true
    );
    assert_eq!(space.publish(&draft).await.status, StatusCode::ACCEPTED);
    space.provider.ends("done", Value::Null);
    space.look(&draft).await;
    let is = space.steward.get(&draft).await.body;
    assert_eq!(
        (
            &is["has_unpublished_changes"],
            &is["site"]["published_version"]
        ),
        (&false.into(), &2.into())
    );
    assert_eq!(
        space.provider.dataset()["dataset"]["public"]["fields"]["title"],
        "川の水位と流量"
    );
    // In the steward's name at this provider, and in no other.
    let book = space.provider.book.lock().unwrap();
    assert!(
        book.asked
            .iter()
            .all(|(.., token)| token.ends_with("-steward-at-p.example"))
    );
}

#[tokio::test]
async fn distributions_keep_the_ids_that_they_are_given() {
    let space = Space::new().await;
    let mut dataset = ready("一");
    dataset["public"]["distributions"][0]["other"] = json!({});
    let made = space
        .steward
        .post("/v1/drafts", &json!({"dataset": dataset}))
        .await;
    let draft = made.headers["location"].to_str().unwrap().to_owned();
    let asked = space.publish(&draft).await;
    assert_eq!(
        asked.body["version"], 2,
        "an id is a change of what it says: {:?}",
        asked.body
    );
    let id = |json: &Value| json["dataset"]["public"]["distributions"][0]["other"]["id"].clone();
    let kept = id(&space.steward.get(&draft).await.body);
    assert!(kept.is_string());
    assert_eq!(kept, id(&space.provider.dataset()));
}

#[tokio::test]
async fn what_is_not_ready_is_not_asked_for() {
    let space = Space::new().await;
    let draft = space.steward.draft("題名だけ").await;
    let refused = space.publish(&draft).await;
    assert_eq!(
        (refused.status.as_u16(), kind(&refused).as_str()),
        (422, "draft-not-publishable")
    );
    assert!(refused.body["check"]["errors"].as_u64().unwrap() > 0);
    assert!(refused.body["check"]["findings"][0]["text"]["ja"].is_string());
    let old = space.publish_as(&space.draft().await, "\"7\"").await;
    assert_eq!(
        (old.status.as_u16(), kind(&old).as_str()),
        (412, "draft-changed")
    );
    assert_eq!(space.provider.asked(), []);
    assert_eq!(kind(&space.look(&draft).await), "publication-unknown");
}

#[tokio::test]
async fn whatever_answer_is_lost_there_is_one_dataset_and_one_publication() {
    // The first POST makes the dataset, the second asks for the publication.
    for before in [0, 1] {
        let space = Space::new().await;
        let draft = space.draft().await;
        for _ in 0..before {
            space.provider.fails(Method::POST, Trouble::None);
        }
        space.provider.fails(Method::POST, Trouble::Lost);
        assert_eq!(kind(&space.publish(&draft).await), "provider-away");
        let again = space.publish(&draft).await;
        assert_eq!(again.status, StatusCode::ACCEPTED, "{:?}", again.body);
        space.provider.dataset();
        let book = space.provider.book.lock().unwrap();
        assert_eq!(book.publications.len(), 1);
        assert_eq!(again.body["id"], book.publications[0]["id"]);
    }
}

#[tokio::test]
async fn a_publication_whose_answer_was_lost_is_the_same_one() {
    let space = Space::new().await;
    let draft = space.published().await;
    // Nothing has to be written, so this is the publication.
    space.provider.fails(Method::POST, Trouble::Lost);
    assert_eq!(kind(&space.publish(&draft).await), "provider-away");
    let again = space.publish(&draft).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{:?}", again.body);
    let book = space.provider.book.lock().unwrap();
    assert_eq!(book.publications.len(), 2);
    assert_eq!(again.body["id"], book.publications[1]["id"]);
}

#[tokio::test]
async fn one_that_is_under_way_is_not_overtaken_and_can_be_written_on() {
    let space = Space::new().await;
    let draft = space.draft().await;
    space.publish(&draft).await;
    space.save(&draft, "二").await;
    let refused = space.publish(&draft).await;
    assert_eq!(
        (refused.status.as_u16(), kind(&refused).as_str()),
        (409, "publication-under-way")
    );
    let deleted = space
        .steward
        .change(Method::DELETE, &draft, "*", None)
        .await;
    assert_eq!(
        (deleted.status.as_u16(), kind(&deleted).as_str()),
        (409, "draft-state")
    );
    // It ends, and shows what it was asked for.
    space.provider.ends("done", Value::Null);
    space.look(&draft).await;
    let is = space.steward.get(&draft).await.body;
    assert_eq!(
        (
            &is["site"]["published_version"],
            &is["has_unpublished_changes"]
        ),
        (&1.into(), &true.into())
    );
}

#[tokio::test]
async fn a_provider_that_is_away_has_said_something_before() {
    let space = Space::new().await;
    let draft = space.draft().await;
    space.publish(&draft).await;
    space
        .provider
        .fails(Method::GET, Trouble::Answer(503, Value::Null));
    let seen = space.look(&draft).await;
    assert_eq!(
        (seen.status, &seen.body["is_stale"], &seen.body["state"]),
        (StatusCode::OK, &true.into(), &"queued".into())
    );
    space
        .fixture
        .issuer
        .auth
        .is_away
        .store(true, Ordering::SeqCst);
    // The session is known from before; the token for the provider is not to be had.
    let seen = space.look(&draft).await;
    assert!(
        seen.body["is_stale"] == true || seen.status == StatusCode::SERVICE_UNAVAILABLE,
        "{:?}",
        seen.body
    );
    space
        .fixture
        .issuer
        .auth
        .is_away
        .store(false, Ordering::SeqCst);
    assert_eq!(space.look(&draft).await.body["is_stale"], false);
}

#[tokio::test]
async fn why_it_stopped_is_told_as_the_provider_tells_it() {
    let space = Space::new().await;
    let draft = space.draft().await;
    space.publish(&draft).await;
    let problem = json!({"kind": "source-refused", "ja": "応答がありません", "en": "No answer", "findings": []});
    space.provider.ends("stopped", problem.clone());
    let seen = space.look(&draft).await.body;
    assert_eq!(
        (&seen["state"], &seen["problem"]),
        (&"stopped".into(), &problem)
    );
    let is = space.steward.get(&draft).await.body;
    assert_eq!(
        (&is["state"], &is["publication"]["problem"]["kind"]),
        (&"draft".into(), &"source-refused".into())
    );
    // Mended, it is published.
    space.save(&draft, "二").await;
    assert_eq!(space.publish(&draft).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_publication_can_be_cancelled_while_it_is_under_way() {
    let space = Space::new().await;
    let draft = space.draft().await;
    space.publish(&draft).await;
    let path = format!("{draft}/publication");
    let cancelled = space.steward.send(Method::DELETE, &path, None).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["state"]),
        (StatusCode::OK, &"stopped".into())
    );
    assert_eq!(space.steward.get(&draft).await.body["state"], "draft");
    let again = space.steward.send(Method::DELETE, &path, None).await;
    assert_eq!(
        (again.status.as_u16(), kind(&again).as_str()),
        (409, "publication-ended")
    );
    // One that ended unseen.
    space.publish(&draft).await;
    space.provider.ends("done", Value::Null);
    let late = space.steward.send(Method::DELETE, &path, None).await;
    assert_eq!(kind(&late), "publication-ended");
    assert_eq!(space.steward.get(&draft).await.body["state"], "published");
}

#[tokio::test]
async fn what_others_made_of_it_at_the_provider_is_not_overwritten_unawares() {
    let space = Space::new().await;
    let draft = space.published().await;
    {
        let mut book = space.provider.book.lock().unwrap();
        let dataset = book.datasets.values_mut().next().unwrap();
        dataset["dataset"]["public"]["fields"]["title"] = "別の人の題名".into();
        dataset["version"] = 9.into();
        dataset["revision"] = 20.into();
    }
    space.save(&draft, "二").await;
    let refused = space.publish(&draft).await;
    assert_eq!(
        (refused.status.as_u16(), kind(&refused).as_str()),
        (409, "site-changed")
    );
    assert_eq!(refused.body["site_version"], 9);
    assert_eq!(
        space.provider.dataset()["dataset"]["public"]["fields"]["title"],
        "別の人の題名"
    );
    let path = format!("{draft}/publication?overwrite=true");
    let asked = space.steward.change(Method::POST, &path, "*", None).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{:?}", asked.body);
    assert_eq!(
        space.provider.dataset()["dataset"]["public"]["fields"]["title"],
        "二"
    );
}

#[tokio::test]
async fn it_is_withdrawn_and_then_deleted_on_both_sides() {
    let space = Space::new().await;
    let draft = space.published().await;
    let shown = space
        .steward
        .change(Method::DELETE, &draft, "*", None)
        .await;
    assert_eq!(
        (shown.status.as_u16(), kind(&shown).as_str()),
        (409, "draft-state")
    );
    let path = format!("{draft}/withdrawal");
    let missing = space.steward.send(Method::POST, &path, None).await;
    assert_eq!(missing.status.as_u16(), 428);
    let withdrawn = space
        .steward
        .change(Method::POST, &path, "\"1\"", None)
        .await;
    assert_eq!(
        (withdrawn.status, &withdrawn.body["state"]),
        (StatusCode::OK, &"withdrawn".into())
    );
    assert!(withdrawn.body["site"]["withdrawn_at"].is_string());
    let again = space.steward.change(Method::POST, &path, "*", None).await;
    assert_eq!(kind(&again), "draft-state");
    let gone = space
        .steward
        .change(Method::DELETE, &draft, "*", None)
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{:?}", gone.body);
    assert!(space.provider.book.lock().unwrap().datasets.is_empty());
    // It comes back as a draft that was never there.
    let back = space
        .steward
        .send(Method::POST, &format!("{draft}/restoration"), None)
        .await;
    assert_eq!(
        (&back.body["state"], &back.body["site"]),
        (&"draft".into(), &Value::Null)
    );
    assert_eq!(space.publish(&draft).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_dataset_that_the_provider_has_deleted_is_made_again() {
    let space = Space::new().await;
    let draft = space.published().await;
    space.provider.book.lock().unwrap().datasets.clear();
    assert_eq!(space.publish(&draft).await.status, StatusCode::ACCEPTED);
    assert_eq!(space.provider.dataset()["dataset"], ready("川の水位"));
}
