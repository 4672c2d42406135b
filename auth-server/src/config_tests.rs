use common::service::findings;
use rstest::rstest;
use test_kit::wrong::{CRL_MISSING, DATABASE, PEER, PROCESS, Wrong, assert_all_is_said};

use super::*;

/// The configuration that the README shows.
fn readme() -> &'static str {
    let text = include_str!("../README.md");
    let start = text
        .find("```toml\n")
        .expect("the README shows a configuration")
        + 8;
    let end = text[start..].find("```").expect("the block ends") + start;
    &text[start..end]
}

fn load(text: &str) -> Config {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a writable file");
    let loaded = common::config::load_with(file.path(), std::iter::empty());
    loaded.expect("a configuration").config
}

fn errors(config: &Config) -> Vec<String> {
    findings(config).errors().to_vec()
}

#[test]
fn the_configuration_of_the_readme_is_a_good_one() {
    let config = load(readme());
    assert_eq!(errors(&config), Vec::<String>::new());
    assert_eq!(config.issuer(), "http://127.0.0.1:20001");
    assert_eq!(config.tokens.access, Period::seconds(3600));
    // What is printed is read back.
    let printed = toml::to_string_pretty(&config).expect("TOML");
    assert_eq!(errors(&load(&printed)), Vec::<String>::new());
}

#[rstest]
#[case::peer_without_certificates("tls = \"mutual\"", "tls = \"none\"", "peer.tls")]
#[case::public_with_certificates("tls = \"none\"", "tls = \"mutual\"", "public.tls")]
#[case::issuer_with_a_path("http://127.0.0.1:20001\"", "http://127.0.0.1:20001/auth\"", "no path")]
#[case::no_list("crl = \"auth/crl.pem\"\n", "", "tls.crl: is missing")]
#[case::fetched_list(
    "crl = \"auth/crl.pem\"",
    "crl = \"auth/crl.pem\"\ncrl_url = \"http://127.0.0.1/\"",
    "must be left out"
)]
#[case::bound_for_long("[tokens]", "[tokens]\nbound = \"6m\"", "must be 1m to 5m")]
#[case::bound_for_no_time("[tokens]", "[tokens]\nbound = \"30s\"", "must be 1m to 5m")]
#[case::idle_beyond_the_end("[tokens]", "[tokens]\nrefresh_idle = \"11h\"", "refresh_max")]
#[case::no_folder(
    "directory = ",
    "code_lifetime = \"1h\" # ",
    "ca.directory: is missing"
)]
#[case::two_authorities("[ca]", "[ca]\nexternal = true", "no meaning beside external")]
#[case::late_list("[ca]", "[ca]\ncrl_refresh = \"7d\"", "crl_refresh")]
fn a_configuration_that_cannot_work_is_refused_with_the_reason(
    #[case] good: &str,
    #[case] bad: &str,
    #[case] reason: &str,
) {
    let config = load(&readme().replacen(good, bad, 1));
    let errors = errors(&config);
    assert!(
        errors.iter().any(|error| error.contains(reason)),
        "{errors:?}"
    );
}

#[test]
fn loopback_names_off_loopback_are_risky() {
    let text = readme().replace("127.0.0.1:20000\"\nexternal", "0.0.0.0:20000\"\nexternal");
    let findings = findings(&load(&text));
    let found = findings
        .warnings()
        .iter()
        .any(|text| text.starts_with("ca.loopback_names"));
    assert!(found, "{findings:?}");
}

const OWN: Wrong = (
    r#"
[identity]
service_id = "auth.example"
[public]
listen = "192.0.2.1:2"
external_url = "http://a.example/auth"
tls = "mutual"
[ca]
loopback_names = true
crl_lifetime = "1h"
crl_refresh = "1h"
[tokens]
key_directory = "none"
bound = "6m"
refresh_idle = "2h"
refresh_max = "1h"
[login]
hashes_at_once = 0
failures = 0
session_idle = "2h"
session_max = "1h"
"#,
    &[
        "ca.directory: is missing: it holds the authority's certificates and keys",
        "ca.crl_refresh = \"1h\": must be shorter than crl_lifetime, 1h",
        "tokens.bound = \"6m\": must be 1m to 5m",
        "tokens.refresh_idle = \"2h\": must not exceed refresh_max, 1h",
        "login.hashes_at_once = 0: must be at least 1",
        "login.failures = 0: must be at least 1",
        "login.session_idle = \"2h\": must not exceed session_max, 1h",
        "public.tls = \"mutual\": must be \"server\", \"terminated-upstream\" or \"none\": its callers have no certificates",
        "public.external_url = \"http://a.example/auth\": is the issuer of tokens and must have no path: discovery documents lie at its origin",
        "tls.crl: is missing: it names the file to which this server writes its revocation lists",
        "tls.crl_url = [\"http://a.example/\"]: must be left out: this server writes the revocation lists itself",
    ],
);

#[test]
fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
    let risky = "ca.loopback_names = true: puts localhost into every certificate; it is meant for a trial on one machine";
    assert_all_is_said::<Config>(&[OWN, PROCESS, PEER, DATABASE], &[CRL_MISSING, risky]);
}
