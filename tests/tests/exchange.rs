//! Every file of every domain reaches the users of the other two, and both sides have it in the ledger.

use std::path::{Path, PathBuf};

use tests::{
    Trial,
    client::{self, Answer},
    data,
    data::DataFolder,
    ledger,
    room::{Takes, room},
};
use url::Url;

/// The five header fields that every answer through a provider carries.
const CADDE_HEADERS: [&str; 5] = [
    "x-cadde-provenance",
    "x-cadde-provenance-management-service-url",
    "x-cadde-contract-id",
    "x-cadde-contract-type",
    "x-cadde-contract-management-service-url",
];

#[tokio::test]
async fn each_file_arrives_in_all_six_directions_and_is_recorded_on_both_sides() {
    let _room = room(Takes::ATrial).await;
    let Some(published) = data::published() else {
        // Without the published data beside the repository its own samples take the same way.
        let trial = Trial::start().with_own_samples().start();
        all_directions(&trial, None).await;
        return;
    };
    let trial = Trial::start().with_data_at(&published).start();
    let exchanges = all_directions(&trial, Some(&published)).await;
    // Each file goes to both other domains.
    assert_eq!(exchanges, 2 * files_below(&published).len());
}

#[tokio::test]
async fn the_trials_own_samples_arrive_in_all_six_directions() {
    let _room = room(Takes::ATrial).await;
    let trial = Trial::start().with_own_samples().start();
    assert!(all_directions(&trial, None).await >= 6);
}

/// Names as people give them, which programs trip over.
const NAMES: [&str; 5] = [
    // 40 characters, 360 of a URL.
    "令和六年能登半島地震避難所一覧（七尾市・輪島市・珠洲市・穴水町・能登町）第一版.csv",
    "日本 語.csv",
    "100%.csv",
    "it's $(touch here) & more #1?.csv",
    "empty.csv",
];

#[tokio::test]
async fn files_of_any_name_and_length_arrive_in_all_six_directions() {
    let _room = room(Takes::ATrial).await;
    let mut folder = DataFolder::usual();
    for domain in ["a", "b", "c"] {
        for name in NAMES {
            let content = if name == "empty.csv" { "" } else { name };
            let path = format!("domain-{domain}-tests/避難所 2024/{name}");
            folder = folder.with_file(&path, content.as_bytes());
        }
        // One that no server could be asked for unambiguously is passed over.
        folder = folder.with_file(&format!("domain-{domain}-tests/a;b.csv"), b"");
    }
    let files = folder.path().to_owned();
    let trial = Trial::start().with_data(folder).start();
    assert!(trial.printed().contains("a;b.csv"), "{}", trial.printed());
    let exchanges = all_directions(&trial, Some(&files)).await;
    // Three domains, each to both others; two of the usual files need a grant.
    assert_eq!(exchanges, 3 * 2 * (NAMES.len() + 2));
}

/// Fetches everything granted across domains; returns how many exchanges that were.
async fn all_directions(trial: &Trial, files: Option<&Path>) -> usize {
    let mut exchanges = 0;
    for to in ["a", "b", "c"] {
        let receiver = trial.domain(to);
        let token = receiver.token().await;
        for from in ["a", "b", "c"].into_iter().filter(|from| *from != to) {
            let provider = trial.domain(from);
            let granted = provider.ready.resources.iter().filter(|resource| {
                resource
                    .granted_to
                    .iter()
                    .any(|user| user == receiver.user_id())
            });
            let mut any = false;
            for resource in granted {
                let answer = receiver
                    .fetch(&resource.url)
                    .from_provider_of(from)
                    .token(&token)
                    .send()
                    .await;
                assert_eq!(
                    answer.status,
                    200,
                    "{} from {from} to {to}: {}",
                    resource.url,
                    answer.text()
                );
                if let Some(files) = files {
                    assert_eq!(
                        answer.sha256(),
                        client::sha256(&std::fs::read(file_of(files, &resource.url)).unwrap())
                    );
                }
                recorded(trial, from, to, &token, &answer).await;
                exchanges += 1;
                any = true;
            }
            assert!(any, "{from} offers nothing to {to}");
        }
    }
    exchanges
}

/// The lineage of `answer` is Create, Sent, Received, with the right parties and one digest.
async fn recorded(trial: &Trial, from: &str, to: &str, token: &str, answer: &Answer) {
    for name in CADDE_HEADERS {
        assert!(answer.headers.contains_key(name), "{name} is missing");
    }
    let received_id = answer.header("x-cadde-provenance").unwrap();
    let events = ledger::arrived(trial, received_id, 3, token).await;
    let kinds: Vec<&str> = events.iter().map(ledger::Event::kind).collect();
    assert_eq!(kinds, ["Create", "Sent", "Received"]);
    assert_eq!(events[2].id(), received_id);

    let (provider, user) = (trial.domain(from).provider_id(), trial.domain(to).user_id());
    assert_eq!(events[0].parties().0, provider);
    assert_eq!(events[1].parties(), (provider, user));
    assert_eq!(events[2].parties(), (provider, user));

    let expected = Some((answer.sha256(), answer.body.len() as u64));
    assert_eq!(
        events[1].digest(),
        expected,
        "the digest in Sent's core: {}",
        events[1].0
    );
    assert_eq!(
        events[2].digest(),
        expected,
        "the digest in Received's core: {}",
        events[2].0
    );

    let ledger_url = answer
        .header("x-cadde-provenance-management-service-url")
        .unwrap();
    assert_eq!(
        ledger_url,
        trial.at(&trial.ready.provenance.public, "/v2").as_str()
    );
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.parent() != Some(folder) || !folder.ends_with("data") {
            // The README of the data itself lies at the top, outside of every domain's folder.
            files.push(path);
        }
    }
    files
}

/// The file that `url` names below `folder`.
fn file_of(folder: &Path, url: &str) -> PathBuf {
    let url = Url::parse(url).unwrap();
    files_below(folder)
        .into_iter()
        .find(|path| {
            let below = Path::new("/").join(path.strip_prefix(folder).unwrap());
            Url::from_file_path(below).unwrap().path() == url.path()
        })
        .unwrap_or_else(|| panic!("no file for {url}"))
}
