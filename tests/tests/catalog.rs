//! A provider's catalogue, from a steward who publishes to another domain's user who finds, reads and fetches.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    Trial,
    client::{self, Answer},
    data::DataFolder,
    ledger,
    operator::Operator,
    room::{Takes, room},
    wait,
};
use url::Url;

/// 20 s: what is read, recorded and indexed takes a second or so; a loaded machine may need some more.
const PUBLISHED: Duration = Duration::from_secs(20);

/// 避難所.
const SHELTER: &str = "q=%E9%81%BF%E9%9B%A3%E6%89%80";

const SHELTERS: &[u8] = "名称,定員\n七尾市避難所,120\n".as_bytes();

/// A's catalogue, in the hands of one of its stewards.
struct Steward<'a> {
    trial: &'a Trial,
    token: String,
}

impl<'a> Steward<'a> {
    /// Somebody of A who has the role.
    async fn of_a(trial: &'a Trial) -> Self {
        let operator = Operator::of(trial).await;
        let a = trial.domain("a");
        let person = json!({"orgs": [a.provider_id()], "roles": ["steward"]});
        let person = operator.new_person("A steward of A", person).await;
        let connector = &a.ready.provider.connector_id;
        let token = operator.management_token(connector, &person).await;
        Self { trial, token }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let url = self
            .trial
            .at(&self.trial.domain("a").ready.provider.public, path);
        let request = self.trial.http().request(method, url);
        let request = request
            .bearer_auth(&self.token)
            .header("if-match", "*")
            .json(body);
        Answer::read(request.send().await.unwrap()).await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    /// Makes a dataset; its id.
    async fn made(&self, dataset: &Value) -> String {
        let made = self
            .post("/v1/datasets", &json!({"dataset": dataset}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// Has a dataset published, and looks on until that has ended.
    async fn published(&self, id: &str) -> Value {
        let asked = self
            .post("/v1/publications", &json!({"dataset_id": id}))
            .await;
        assert_eq!(asked.status, 202, "{}", asked.text());
        let path = format!("/v1/publications/{}", asked.json()["id"].as_str().unwrap());
        wait::until("the publication has ended", PUBLISHED, async || {
            let now = self.call(Method::GET, &path, &Value::Null).await.json();
            matches!(now["state"].as_str(), Some("done" | "stopped")).then_some(now)
        })
        .await
    }
}

/// Shelters for whoever has a grant, at `url`.
fn shelters(url: &str) -> Value {
    let fields = json!({
        "title": "七尾市の避難所一覧", "notes": "市が開設した避難所の名称と定員です。", "issued": "2026-11-30",
        "tags": ["避難所", "防災"],
    });
    let distribution = json!({"fields": {
        "name": "避難所 CSV", "url": url, "explain_url": "https://www.example.jp/shelters/", "format": "CSV",
        "caddec_resource_type": "file/http", "caddec_contract_required": "要求しない", "caddec_required": "要求する",
    }});
    let view = json!({"fields": fields, "distributions": [distribution]});
    json!({"sharing": "limited", "public": view, "limited": view})
}

/// A file that A offers and nobody has published: its address.
fn new_file(trial: &Trial) -> Url {
    let known = trial.domain("a").granted_resource("b");
    let folder = trial
        .data()
        .expect("the scenario's own data")
        .path()
        .join("domain-a-tests");
    std::fs::write(folder.join("shelters.csv"), SHELTERS).unwrap();
    Url::parse(&known.url)
        .unwrap()
        .join("shelters.csv")
        .unwrap()
}

/// Gives B's user a grant on `target`.
async fn granted_to_b(trial: &Trial, target: &Url) {
    let a = trial.domain("a");
    let client = client::with_certificate(&trial.ready.ca, trial.domain("b").receiver_identity());
    let grant = json!({"permission": {
        "target": target.as_str(), "assigner": a.provider_id(), "assignee": {"user": trial.domain("b").user_id()},
    }});
    let address = trial.at(&a.ready.provider.peer, "/cadde/api/v4/authorization");
    let request = client.post(address).bearer_auth(a.management_token().await);
    let answer = request.json(&grant).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// What B's receiver connector answers to a search.
async fn searched(trial: &Trial, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut url = trial.at(
        &trial.domain("b").ready.receiver.api,
        "/cadde/api/v4/catalog",
    );
    url.set_query(Some(query));
    let mut request = trial.http().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await.unwrap()
}

/// The shelters on the site of A, first with an address at which nothing lies: the dataset's id, and the event that says that they
/// were made.
async fn published_once_mended(steward: &Steward<'_>, url: &Url) -> (String, String) {
    // A dead address is told before and when it is published, and nothing is shown.
    let dead = shelters(url.join("nowhere.csv").unwrap().as_str());
    let looked = steward
        .post("/v1/readiness", &json!({"dataset": dead}))
        .await
        .json();
    assert_eq!(looked["is_ready"], false, "{looked}");
    let bad = |kind: &str| {
        let checks = looked["checks"].as_array().unwrap();
        checks
            .iter()
            .any(|check| check["kind"] == kind && check["outcome"] == "bad")
    };
    assert!(
        bad("answers") && bad("grant") && !bad("source") && !bad("registration"),
        "{looked}"
    );
    let id = steward.made(&dead).await;
    let stopped = steward.published(&id).await;
    assert_eq!(
        (&stopped["state"], &stopped["problem"]["kind"]),
        (&json!("stopped"), &json!("source-without-resource"))
    );

    // Mended, it is published: what was read is what lies there, and one event says that it was made.
    let mended = json!({"dataset": shelters(url.as_str())});
    let written = steward
        .call(Method::PUT, &format!("/v1/datasets/{id}"), &mended)
        .await;
    assert_eq!(written.status, 200, "{}", written.text());
    let done = steward.published(&id).await;
    assert_eq!(done["state"], "done", "{done}");
    let part = &done["parts"][0];
    assert_eq!(part["sha256"], client::sha256(SHELTERS));
    let event = part["event_id"].as_str().unwrap().to_owned();
    // A second publication finds the same bytes, and their event.
    assert_eq!(steward.published(&id).await["parts"][0]["event_id"], event);
    (id, event)
}

/// How many the search over all domains finds by a word of the title, asked by B's receiver connector without a token, and the first.
async fn found_everywhere(trial: &Trial) -> (Value, Value) {
    let answer = searched(trial, SHELTER, &[("x-cadde-search", "meta")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut result = answer.json()["result"].take();
    (result["count"].take(), result["results"][0].take())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_steward_publishes_is_found_read_and_fetched_by_another_domain() {
    let _room = room(Takes::ATrial).await;
    let trial = &Trial::start().with_data(DataFolder::usual()).start();
    let steward = Steward::of_a(trial).await;
    let url = new_file(trial);

    let (id, event) = published_once_mended(&steward, &url).await;

    // Everybody finds it on the release site.
    let a = trial.domain("a");
    let search = trial.at(
        &a.ready.provider.public,
        &format!("/release/api/3/action/package_search?{SHELTER}"),
    );
    let found = wait::until("it is found", PUBLISHED, async || {
        let answer = trial.http().get(search.clone()).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        (answer["result"]["count"] == 1).then_some(answer)
    })
    .await;
    let package = &found["result"]["results"][0];
    let extra = |key: &str| {
        let extras = package["extras"].as_array().unwrap();
        let found = extras.iter().find(|extra| extra["key"] == key);
        found.unwrap_or_else(|| panic!("no {key}: {package}"))["value"]
            .as_str()
            .unwrap()
    };
    assert_eq!(extra("caddec_provider_id"), a.provider_id());
    let link = extra("caddec_dataset_id_for_detail");

    // B finds it among those of all domains, as the site has it.
    let everywhere = wait::until("it is found everywhere", PUBLISHED, async || {
        let (count, first) = found_everywhere(trial).await;
        (count == 1).then_some(first)
    })
    .await;
    for member in ["id", "name", "title", "extras", "resources"] {
        assert_eq!(everywhere[member], package[member], "{member}");
    }
    let name = package["name"].as_str().unwrap();
    let xckan_id = format!("{}:{name}", a.ready.provider.connector_id);
    assert_eq!(everywhere["xckan_id"], xckan_id);

    // B reads the detail through both connectors, with a grant on the detail site.
    let token = trial.domain("b").token().await;
    let bearer = format!("Bearer {token}");
    let by_link = format!("fq=caddec_dataset_id_for_detail:{link}");
    let detail = searched(
        trial,
        &by_link,
        &[
            ("x-cadde-search", "detail"),
            ("x-cadde-provider", a.provider_id()),
            ("authorization", &bearer),
        ],
    )
    .await;
    assert_eq!(detail.status, 200, "{}", detail.text());
    let detail = detail.json();
    assert_eq!(
        (&detail["success"], &detail["result"]["count"]),
        (&json!(true), &json!(1))
    );
    let resource = &detail["result"]["results"][0]["resources"][0];
    assert_eq!(resource["url"], url.as_str());
    assert_eq!(resource["caddec_resource_id_for_provenance"], event);

    // Without a grant on the file it is refused, with one it arrives, and its lineage begins at that event.
    let fetch = || trial.domain("b").fetch(url.as_str()).from_provider_of("a");
    fetch()
        .token(&token)
        .send()
        .await
        .assert_refused_by_provider(404, "010002006E");
    granted_to_b(trial, &url).await;
    wait::until("the grant is known", PUBLISHED, async || {
        let answer = fetch().token(&token).send().await;
        (answer.status == 200).then_some(())
    })
    .await;
    let (answer, events) = ledger::recorded(trial, fetch(), &token).await;
    assert_eq!(answer.body.as_ref(), SHELTERS);
    let kinds: Vec<&str> = events.iter().map(ledger::Event::kind).collect();
    assert_eq!(kinds, ["Create", "Sent", "Received"]);
    assert_eq!(events[0].id(), event);
    let creates = ledger::records(trial, "Create");
    let of_it = creates
        .iter()
        .filter(|core| core.to_string().contains("shelters.csv"));
    assert_eq!(of_it.count(), 1);

    // Withdrawn, it is found no more, and its event no longer counts.
    let gone = steward
        .post(&format!("/v1/datasets/{id}/withdrawal"), &Value::Null)
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    wait::until("it is found nowhere", PUBLISHED, async || {
        (found_everywhere(trial).await.0 == 0).then_some(())
    })
    .await;
    wait::until("it is forgotten", PUBLISHED, async || {
        let answer = fetch().token(&token).send().await;
        (answer.status != 200).then_some(())
    })
    .await;
    fetch()
        .token(&token)
        .send()
        .await
        .assert_refused_by_provider(500, "010002010E");
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_refused_with_the_ids_of_a_catalogue() {
    let trial = Trial::shared();
    let a = trial.domain("a").provider_id();
    let token = trial.domain("b").token().await;
    let bearer = format!("Bearer {token}");
    let nobody = Operator::of(trial)
        .await
        .new_user("Nobody in particular")
        .await;
    let stranger = format!("Bearer {}", trial.domain("c").token_of(&nobody).await);
    let detail = ("x-cadde-search", "detail");
    let of_a = ("x-cadde-provider", a);
    for (headers, status, id) in [
        (&[][..], 400, "020090001E"),
        (&[("x-cadde-search", "foo")], 400, "020001002E"),
        (&[detail], 400, "020000002E"),
        (&[detail, ("x-cadde-provider", "../x")], 400, "020090003E"),
        (
            &[
                ("x-cadde-search", "meta"),
                ("authorization", "Bearer nonsense"),
            ],
            401,
            "020001003E",
        ),
        (
            &[detail, of_a, ("authorization", "Bearer nonsense")],
            401,
            "020001003E",
        ),
        (
            &[
                detail,
                ("x-cadde-provider", "cadde.nobody.zz"),
                ("authorization", &bearer),
            ],
            500,
            "020001004E",
        ),
        (&[detail, of_a], 401, "020001005E"),
        (
            &[detail, of_a, ("authorization", &stranger)],
            403,
            "020090008E",
        ),
    ] {
        let answer = searched(trial, "q=x", headers).await;
        assert_eq!(
            (answer.status, answer.message_id().as_deref()),
            (status, Some(id)),
            "{headers:?} {}",
            answer.text()
        );
    }
    // The search over all domains takes no token, and what it says of a query reaches whoever wrote it, too.
    let meta = [("x-cadde-search", "meta")];
    let answer = searched(trial, "q=title:(", &meta).await;
    assert_eq!(
        (answer.status, answer.message_id().as_deref()),
        (400, Some("020001005E"))
    );
    assert!(
        answer.text().contains("検索条件を読めません"),
        "{}",
        answer.text()
    );
    let answer = searched(trial, "q=%22a%26b%3Dc%2Bd%22&rows=1", &meta).await;
    assert_eq!(
        (answer.status, &answer.json()["result"]["q"]),
        (200, &json!("\"a&b=c+d\"")),
        "{}",
        answer.text()
    );
    // What the site says of a query reaches whoever wrote it, and the query reaches the site as it was written.
    let good = [detail, of_a, ("authorization", bearer.as_str())];
    let answer = searched(trial, "q=title:(", &good).await;
    assert_eq!(
        (answer.status, answer.message_id().as_deref()),
        (400, Some("020001005E"))
    );
    assert!(answer.text().contains("000101002E"), "{}", answer.text());
    let answer = searched(
        trial,
        "q=%22a%26b%3Dc%2Bd%22&fq=name:x&fq=name:y&rows=1",
        &good,
    )
    .await;
    assert_eq!(
        (answer.status, &answer.json()["result"]["count"]),
        (200, &json!(0)),
        "{}",
        answer.text()
    );
}
