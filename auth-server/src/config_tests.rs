use rstest::rstest;

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
    let errors = config
        .findings()
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Error(message) => Some(message),
            Finding::Warning(_) => None,
        });
    errors.collect()
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
#[case::peer_without_certificates("tls = \"mutual\"", "tls = \"none\"", "[peer]")]
#[case::public_with_certificates("tls = \"none\"", "tls = \"mutual\"", "[public]")]
#[case::issuer_with_a_path("http://127.0.0.1:20001\"", "http://127.0.0.1:20001/auth\"", "no path")]
#[case::no_list("crl = \"auth/crl.pem\"\n", "", "crl is missing")]
#[case::fetched_list(
    "crl = \"auth/crl.pem\"",
    "crl = \"auth/crl.pem\"\ncrl_url = \"http://127.0.0.1/\"",
    "crl_url must be left out"
)]
#[case::bound_for_long("[tokens]", "[tokens]\nbound = \"6m\"", "must not exceed 5m")]
#[case::bound_for_no_time("[tokens]", "[tokens]\nbound = \"30s\"", "at least 1m")]
#[case::idle_beyond_the_end("[tokens]", "[tokens]\nrefresh_idle = \"11h\"", "refresh_max")]
#[case::no_folder(
    "directory = ",
    "code_lifetime = \"1h\" # ",
    "[ca] directory is missing"
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
    assert!(
        load(&text)
            .findings()
            .iter()
            .any(|finding| matches!(finding, Finding::Warning(_)))
    );
}
