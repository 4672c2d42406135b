//! `trial peer`: a connector of another make joins a running trial.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tests::{
    Trial,
    certs::{Authority, Wanted},
    client::{self, Answer},
    ledger,
    operator::Operator,
    ready::Credentials,
    tls::Identity,
};

/// Runs the command with `arguments` at the trial in `dir`.
fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(tests::trial::program())
        .arg("peer")
        .args(arguments)
        .arg("--dir")
        .arg(dir)
        .output()
        .unwrap()
}

/// What it printed, where nothing was wrong.
fn registered(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn sheet(dir: &Path, arguments: &[&str]) -> Value {
    let printed = registered(dir, &[arguments, &["--json"]].concat());
    serde_json::from_str(&printed).unwrap()
}

/// What it said, where something was.
fn refusal(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    assert!(!output.status.success(), "{arguments:?} is refused");
    String::from_utf8(output.stderr).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is text in {value}"))
}

/// The content of a file that is its owner's alone.
fn private(path: &str) -> String {
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{path}");
    std::fs::read_to_string(path).unwrap()
}

/// Fetches from the provider of A as an existing receiver does.
async fn fetch(trial: &Trial, identity: Identity, resource: &str, token: Option<&str>) -> Answer {
    let provider = &trial.domain("a").ready.provider.peer;
    let mut request = client::with_certificate(&trial.ready.ca, identity)
        .get(trial.at(provider, "/cadde/api/v4/file"))
        .header("x-cadde-resource-url", resource)
        .header("x-cadde-resource-api-type", "file/http")
        .header("x-cadde-options", "");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::read(request.send().await.unwrap()).await.unwrap()
}

/// Files of a certificate that `authority` issued, and the authority's own.
struct Files {
    folder: tempfile::TempDir,
    identity: Identity,
}

impl Files {
    fn of(authority: &Authority, wanted: &Wanted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = authority.issue_pem(wanted);
        let identity = Identity::of_pem(&certificate, &key);
        std::fs::write(folder.path().join("own.pem"), certificate).unwrap();
        std::fs::write(folder.path().join("own.key"), key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), &authority.chain_pem).unwrap();
        Self { folder, identity }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn nameless() -> Wanted {
    Wanted::good("x").with_dns_names(&["localhost"])
}

#[tokio::test]
async fn a_receiver_gets_all_it_needs_to_fetch_a_file() {
    let trial = Trial::shared();
    let receiver = ["--domain", "b", "--role", "receiver"];
    let sheet = sheet(trial.directory(), &receiver);
    assert_eq!(text(&sheet, "profile"), "cadde/4");
    let issued = &sheet["certificate"]["issued"];
    private(text(issued, "key"));
    let identity = Identity::read(
        Path::new(text(issued, "certificate")),
        Path::new(text(issued, "key")),
    );
    let secret = private(text(&sheet, "connector_secret_file"));
    let password = private(text(&sheet, "password_file"));
    let folder = PathBuf::from(text(&sheet, "folder"));
    assert!(!folder.join("enrolment-code").exists());

    // What goes into the files of the reference implementation.
    let file = |name: &str| -> Value {
        serde_json::from_str(&private(folder.join(name).to_str().unwrap())).unwrap()
    };
    let connector = file("connector.json");
    assert_eq!(text(&connector, "consumer_connector_secret"), secret);
    assert_eq!(
        connector["consumer_connector_id"], sheet["connector_id"],
        "{connector}"
    );
    let ledger_url = file("provenance.json");
    let ledger_url = text(&ledger_url, "provenance_management_api_url");
    assert!(ledger_url.ends_with("/v2"), "{ledger_url}");
    // Where it says that locations are told, they are told it, by its certificate alone.
    let provider_id = trial.domain("a").provider_id();
    let location = text(&connector, "location_service_url");
    let located = client::with_certificate(&trial.ready.ca, identity.clone())
        .get(format!("{location}/cadde/api/v4/location/{provider_id}"))
        .send()
        .await
        .unwrap();
    assert_eq!(located.status(), 200);

    // A user of the domain through it, with a grant, and a record in the ledger of it.
    let domain = trial.domain("b");
    let resource = trial.domain("a").granted_resource("b");
    let token = domain.token().await;
    let answer = fetch(trial, identity.clone(), &resource.url, Some(&token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = answer.header("x-cadde-provenance").unwrap();
    ledger::arrived(trial, sent, 2, &token).await;
    // Its own user, who has no grant.
    let user = Credentials {
        user_id: text(&sheet, "user_id").to_owned(),
        password: password.clone(),
    };
    let token = domain.token_of(&user).await;
    let answer = fetch(trial, identity.clone(), &resource.url, Some(&token)).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    let open = &trial.domain("a").open_resource().url;
    let answer = fetch(trial, identity, open, Some(&token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    // Secrets are shown in neither form, and the next one is another.
    let printed = registered(trial.directory(), &receiver);
    for name in ["/password", "/connector-secret"] {
        let named = printed.lines().find(|line| line.ends_with(name)).unwrap();
        let file = named.rsplit(' ').next().unwrap();
        assert!(!printed.contains(&private(file)), "{printed}");
    }
    let json = sheet.to_string();
    assert!(!json.contains(&secret) && !json.contains(&password));
    assert!(!printed.contains(text(&sheet, "connector_id")));
}

#[tokio::test]
async fn a_receiver_with_a_certificate_of_an_authority_that_the_trial_knows_works_at_once() {
    let trial = Trial::shared();
    let files = Files::of(Trial::another_authority(), &nameless());
    let certificate = files.at("own.pem");
    let arguments = [
        "--domain",
        "c",
        "--role",
        "receiver",
        "--certificate",
        &certificate,
    ];
    let sheet = sheet(trial.directory(), &arguments);
    assert_eq!(sheet["certificate"]["recorded"]["known"], true, "{sheet}");
    let resource = trial.domain("a").granted_resource("c");
    let token = trial.domain("c").token().await;
    let answer = fetch(trial, files.identity.clone(), &resource.url, Some(&token)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The same certificate is nobody else's.
    let said = refusal(trial.directory(), &arguments);
    assert!(said.contains("duplicate-key"), "{said}");
}

#[tokio::test]
async fn a_provider_is_located_and_its_authority_known_from_the_next_start_on() {
    let trial = Trial::shared();
    let name = format!("data-{}.city.example", uuid::Uuid::new_v4().simple());
    let files = Files::of(&Authority::foreign(), &Wanted::good(&name));
    let url = format!("https://{name}/cadde");
    let sheet = sheet(
        trial.directory(),
        &[
            "--domain",
            "a",
            "--role",
            "provider",
            "--url",
            &url,
            "--certificate",
            &files.at("own.pem"),
            "--ca",
            &files.at("ca.pem"),
        ],
    );
    // A name in the certificate is its own.
    assert_eq!(text(&sheet, "connector_id"), name);
    let recorded = &sheet["certificate"]["recorded"];
    assert_eq!(recorded["known"], false, "{sheet}");
    let anchor = Path::new(text(recorded, "anchor"));
    assert_eq!(anchor.parent().unwrap(), trial.directory().join("anchors"));
    assert_eq!(
        std::fs::read_to_string(anchor).unwrap(),
        std::fs::read_to_string(files.at("ca.pem")).unwrap()
    );

    let tool = Operator::of(trial).await.new_tool().await;
    let path = format!("/cadde/api/v4/location/{}", text(&sheet, "user_id"));
    let located = client::with_certificate(&trial.ready.ca, tool)
        .get(trial.at(&trial.ready.location.peer, &path))
        .send()
        .await
        .unwrap();
    let located = Answer::read(located).await.unwrap();
    assert_eq!(located.status, 200, "{}", located.text());
    assert_eq!(text(&located.json(), "provider_connector_url"), url);
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_registered() {
    let trial = Trial::shared();
    let dir = trial.directory();
    let good = Files::of(Trial::another_authority(), &nameless());
    let wrong = Files::of(
        Trial::another_authority(),
        &Wanted::good("server.only.example").with_wrong_usage(),
    );
    let expired = Files::of(
        Trial::another_authority(),
        &Wanted::good("expired.example").expired(),
    );
    let taken = trial.domain("b").ready.receiver.connector_id.as_str();
    let taken_files = Files::of(Trial::another_authority(), &Wanted::good(taken));
    let unknown = Files::of(&Authority::foreign(), &Wanted::good("unknown.example"));
    let url = "https://unknown.example";
    for (options, reason) in [
        (vec!["--domain", "d", "--role", "receiver"], "a, b or c"),
        (vec!["--domain", "b", "--role", "broker"], "receiver"),
        (vec!["--domain", "b", "--role", "provider"], "--url"),
        (
            vec!["--domain", "b", "--role", "receiver", "--url", url],
            "for providers",
        ),
        (
            vec![
                "--domain",
                "b",
                "--role",
                "provider",
                "--url",
                "http://x.example",
            ],
            "https",
        ),
        (
            vec![
                "--domain",
                "b",
                "--role",
                "provider",
                "--url",
                "https://x.example/?q",
            ],
            "query",
        ),
    ] {
        let said = refusal(dir, &options);
        assert!(said.contains(reason), "{options:?}: {said}");
    }
    let with = |files: &Files, name: &str, ca: Option<&Files>, reason: &str| {
        let (certificate, ca) = (files.at(name), ca.map(|files| files.at("ca.pem")));
        let mut options = vec!["--domain", "b", "--role", "receiver", "--certificate"];
        options.push(&certificate);
        options.extend(ca.iter().flat_map(|ca| ["--ca", ca.as_str()]));
        let said = refusal(dir, &options);
        assert!(said.contains(reason), "{options:?}: {said}");
    };
    let ca = good.at("ca.pem");
    let said = refusal(dir, &["--domain", "b", "--role", "receiver", "--ca", &ca]);
    assert!(said.contains("--certificate"), "{said}");
    with(&good, "missing.pem", None, "cannot read");
    with(&good, "own.key", None, "certificate");
    with(&good, "ca.pem", None, "authority's own");
    with(&wrong, "own.pem", None, "clientAuth");
    with(&expired, "own.pem", None, "ran out");
    with(&unknown, "own.pem", None, "--ca");
    with(&unknown, "own.pem", Some(&good), "does not come from");
    with(&taken_files, "own.pem", None, "duplicate-id");
    std::fs::write(good.at("text.pem"), "no certificate at all").unwrap();
    with(&good, "text.pem", None, "text.pem");
    for name in [
        taken,
        "unknown.example",
        "expired.example",
        "server.only.example",
    ] {
        assert!(!dir.join("peers").join(name).exists(), "{name}");
    }

    let nowhere = tempfile::tempdir().unwrap();
    let receiver = ["--domain", "b", "--role", "receiver"];
    let said = refusal(&nowhere.path().join("none"), &receiver);
    assert!(said.contains("trial up"), "{said}");
    let said = refusal(nowhere.path(), &receiver);
    assert!(said.contains("trial up"), "{said}");
}
