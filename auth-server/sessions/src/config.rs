//! The `[sessions]` section of a server with screens.

use std::{ops::RangeInclusive, path::PathBuf};

use common::{
    base_url,
    config::Period,
    process::{Findings, Section},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// How long people stay signed in, and what seals what is kept of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsConfig {
    /// File of the key that seals the tokens of sessions. The first start makes it, readable by its owner alone. Processes that
    /// share a database have the same; without it everybody has to sign in again.
    pub key_file: PathBuf,
    /// How long a session lasts that nobody uses.
    /// Allowed: 1m to `max`.
    #[serde(default = "default_idle")]
    pub idle: Period,
    /// How long after the sign-in a session ends, however it is used.
    /// Allowed: `idle` to 30d.
    #[serde(default = "default_max")]
    pub max: Period,
    /// Sessions that one user may have at a time. With one more the one ends that was not used for the longest time.
    /// Allowed: 1 to 1000.
    #[serde(default = "default_per_user")]
    pub per_user: u32,
    /// How long somebody may take to sign in.
    /// Allowed: 1m to 1h.
    #[serde(default = "default_sign_in")]
    pub sign_in: Period,
}

/// A minute: what is shorter ends while somebody reads a page.
const LEAST: Period = Period::seconds(60);

/// 30 days: whoever has not signed in for so long is asked who they are.
const MAX: RangeInclusive<Period> = LEAST..=Period::seconds(30 * 86_400);

const PER_USER: RangeInclusive<u32> = 1..=1000;

const SIGN_IN: RangeInclusive<Period> = LEAST..=Period::seconds(3600);

impl SessionsConfig {
    /// The defaults, with the key in `key_file`.
    pub fn new(key_file: PathBuf) -> Self {
        Self {
            key_file,
            idle: default_idle(),
            max: default_max(),
            per_user: default_per_user(),
            sign_in: default_sign_in(),
        }
    }

    /// Checks the address `key` under which browsers reach the screens: a server that has this section says so in its own check,
    /// for what a cookie is worth depends on both.
    pub fn check_address(key: &str, external_url: &Url, findings: &mut Findings) {
        if external_url.scheme() != "https" && !base_url::is_loopback(external_url) {
            findings.error(
                key,
                external_url,
                "must be an https address: whoever reads a session's cookie on its way is signed in",
            );
        }
        if !matches!(external_url.path(), "" | "/") {
            findings.error(
                key,
                external_url,
                "must have no path: a session's cookie counts for all of an origin",
            );
        }
    }
}

impl Section for SessionsConfig {
    fn check(&self, findings: &mut Findings) {
        if self.key_file.as_os_str().is_empty() {
            findings.error("key_file", &self.key_file, "must name a file");
        }
        findings.within("max", self.max, &MAX);
        if self.idle < LEAST || self.idle > self.max {
            let max = self.max;
            findings.error(
                "idle",
                &self.idle,
                format_args!("must be {LEAST} to max, {max}"),
            );
        }
        findings.within("per_user", self.per_user, &PER_USER);
        findings.within("sign_in", self.sign_in, &SIGN_IN);
    }
}

/// As long as the authentication server keeps a refresh token that nobody uses.
fn default_idle() -> Period {
    Period::seconds(2 * 3600)
}

/// As long as the authentication server's own sessions.
fn default_max() -> Period {
    Period::seconds(10 * 3600)
}

fn default_per_user() -> u32 {
    20
}

fn default_sign_in() -> Period {
    Period::seconds(600)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let config: SessionsConfig = toml::from_str(text).expect("the form is right");
        Findings::of(&config).errors().to_vec()
    }

    #[test]
    fn the_least_that_is_said_is_right() {
        assert_eq!(errors("key_file = 'k'"), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_wrong_is_said() {
        let text = "key_file = ''\nidle = '59s'\nmax = '31d'\nper_user = 0\nsign_in = '2h'";
        assert_eq!(
            errors(text),
            [
                "key_file = \"\": must name a file",
                "max = \"31d\": must be 1m to 30d",
                "idle = \"59s\": must be 1m to max, 31d",
                "per_user = 0: must be 1 to 1000",
                "sign_in = \"2h\": must be 1m to 1h",
            ]
        );
    }

    #[test]
    fn nobody_is_idle_for_longer_than_a_session_lasts() {
        let text = "key_file = 'k'\nidle = '2h'\nmax = '1h'";
        assert_eq!(errors(text), ["idle = \"2h\": must be 1m to max, 1h"]);
    }

    #[rstest]
    #[case("https://catalog.example", true)]
    #[case("https://catalog.example/", true)]
    #[case("http://127.0.0.1:20031", true)]
    #[case("http://localhost:20031", true)]
    #[case("http://catalog.example", false)]
    #[case("http://10.0.0.1", false)]
    #[case("https://example/catalog", false)]
    fn a_cookie_goes_where_nobody_else_reads_it(#[case] url: &str, #[case] is_good: bool) {
        let mut findings = Findings::default();
        let url = url.parse().unwrap();
        SessionsConfig::check_address("public.external_url", &url, &mut findings);
        assert_eq!(findings.errors().is_empty(), is_good, "{findings:?}");
    }
}
