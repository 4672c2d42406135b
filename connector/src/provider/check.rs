//! What is wrong or risky about a configuration, beyond its form.

use auth_sessions::SessionsConfig;
use common::{
    process::{Findings, Section},
    telemetry::Chain,
};

use super::{
    config::{Config, ProvenanceConfig, Record, SourceConfig},
    sources::Sources,
};
use crate::ledger;

common::configuration!(
    Config: peer, public, catalog, sessions, tls, enrolment, auth, database, retention, outbox, provenance, deadlines, limits
);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.peer.check_is_mutual("peer", findings);
        match (&self.public, &self.catalog) {
            (None, Some(_)) => {
                findings.error_about("catalog", "needs a listener `public`, where it is answered");
            }
            (Some(_), None) => {
                findings.error_about("public", "answers nothing without `catalog`");
            }
            (Some(public), Some(_)) => public.check_is_not_mutual("public", findings),
            (None, None) => {}
        }
        match (&self.public, &self.sessions) {
            (Some(public), Some(_)) => {
                SessionsConfig::check_address(
                    "public.external_url",
                    &public.external_url,
                    findings,
                );
            }
            (None, Some(_)) => {
                findings.error_about(
                    "sessions",
                    "needs a listener `public`, where people sign in",
                );
            }
            (_, None) => {}
        }
        if self.sources.is_empty() {
            findings.warning_about("source", "there is none: nothing is offered");
        }
        for source in &self.sources {
            findings.entry("source", &source.url, source);
        }
        for error in Sources::read(&self.sources).1 {
            findings.error_about("source", Chain(&error));
        }
    }
}

impl Section for ProvenanceConfig {
    fn check(&self, findings: &mut Findings) {
        ledger::check(&self.public_url, &self.peer_url, findings);
    }
}

impl Section for SourceConfig {
    fn check(&self, findings: &mut Findings) {
        if self.contract && !self.authorization {
            findings.error(
                "contract",
                &self.contract,
                "needs authorization = true: contracts come with grants, so every fetch would fail",
            );
        }
        if self.contract {
            findings.warning(
                "contract",
                &self.contract,
                "demands a grant with a contract and names it to receivers; the contract management service is not told of exchanges",
            );
        }
        if !self.authorization {
            findings.warning(
                "authorization",
                &self.authorization,
                "open to every registered receiver connector",
            );
        }
        if self.record == Record::Off {
            findings.warning("record", &self.record, "exchanges are not recorded");
        } else if self.provenance.is_empty() && self.provenance_file.is_none() {
            findings.warning_about(
                "provenance",
                "no ids: every fetch fails with 010002010E until a resource's Create event is named",
            );
        }
        if self.ends_by_close {
            findings.warning(
                "ends_by_close",
                &self.ends_by_close,
                "a body whose connection is closed early is taken for whole",
            );
        }
        if let Some(credentials) = &self.credentials {
            if credentials.id.contains(':') {
                findings.error(
                    "credentials.id",
                    &credentials.id,
                    "a user name with a colon cannot be told from its password (RFC 7617)",
                );
            }
            if self.url.scheme() == "http" && self.upstream.is_none() {
                findings.warning_about("credentials", "they travel in the clear");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use common::config::SecretFile;
    use test_kit::wrong::{
        CRL_MISSING, DATABASE, EXCHANGES, MEMBER, PEER, PROCESS, Wrong, assert_all_is_said,
    };
    use url::Url;

    use super::*;
    use crate::provider::SourceCredentials;

    #[test]
    fn what_a_source_does_not_do_is_said() {
        let url: Url = "https://d.example/a".parse().unwrap();
        let mut source = SourceConfig::new(url);
        let says = |source: &SourceConfig, part: &str| {
            let findings = Findings::of(source);
            let mut said = findings.errors().iter().chain(findings.warnings());
            said.any(|finding| finding.contains(part))
        };
        assert!(!says(&source, "not told of exchanges") && !says(&source, "colon"));
        source.contract = true;
        source.credentials = Some(SourceCredentials {
            id: "a:b".to_owned(),
            password_file: SecretFile(PathBuf::from("p")),
        });
        assert!(says(&source, "not told of exchanges") && says(&source, "colon"));
    }

    const OWN: Wrong = (
        r#"
provider_id = "cadde.1000000000001.aa"
connector_id = "provider.example"
[provenance]
public_url = "ftp://a.example/v2"
peer_url = "http://a.example"
[catalog]
title = " "
organization = "xx"
index = "x"
[sessions]
key_file = ""
[[source]]
url = "http://u@d.example/a"
upstream = "ftp://d.example/a"
authorization = false
contract = true
options = ["host", "X"]
ends_by_close = true
credentials = { id = "a:b", password_file = "/none" }
provenance_file = "/none"
provenance = { "http://d.example/a/b" = "" }
[[source]]
url = "http://d.example/b"
record = "off"
credentials = { id = "a", password_file = "/none" }
[[source]]
url = "http://D.example:80/b/"
"#,
        &[
            "provenance.public_url = \"ftp://a.example/v2\": must be an http or https address without a query",
            "provenance.peer_url = \"http://a.example/\": must be an https address: records are delivered with this connector's certificate",
            "catalog: needs a listener `public`, where it is answered",
            "catalog.title = \" \": may not be empty",
            "sessions: needs a listener `public`, where people sign in",
            "sessions.key_file = \"\": must name a file",
            "source http://u@d.example/a: contract = true: needs authorization = true: contracts come with grants, so every fetch would fail",
            "source http://u@d.example/a: credentials.id = \"a:b\": a user name with a colon cannot be told from its password (RFC 7617)",
            "source: ftp://d.example/a: the URL's scheme is neither http nor https",
            "source: http://u@d.example/a: the URL carries a user name or password",
            "source: http://u@d.example/a: the option X may not be set by receivers",
            "source: http://u@d.example/a: the option host may not be set by receivers",
            "source: http://u@d.example/a: no password: cannot read /none: No such file or directory (os error 2)",
            "source: cannot read the provenance ids in /none: No such file or directory (os error 2)",
            "source: http://u@d.example/a: the provenance id of http://d.example/a/b is not 1 to 256 printable ASCII characters",
            "source: http://d.example/b: no password: cannot read /none: No such file or directory (os error 2)",
            "source: http://d.example/b/ is there twice",
        ],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        let parts = [OWN, PROCESS, MEMBER, PEER, DATABASE, EXCHANGES];
        assert_all_is_said::<Config>(
            &parts,
            &[
                CRL_MISSING,
                "outbox.disk_headroom = \"0B\": no disk counts as too full, and a database on a full disk may be damaged",
                "source http://u@d.example/a: contract = true: demands a grant with a contract and names it to receivers; the contract management service is not told of exchanges",
                "source http://u@d.example/a: authorization = false: open to every registered receiver connector",
                "source http://u@d.example/a: ends_by_close = true: a body whose connection is closed early is taken for whole",
                "source http://d.example/b: record = \"off\": exchanges are not recorded",
                "source http://d.example/b: credentials: they travel in the clear",
                "source http://d.example/b/: provenance: no ids: every fetch fails with 010002010E until a resource's Create event is named",
            ],
        );
    }
}
