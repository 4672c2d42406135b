//! What is wrong or risky about a configuration, beyond its form.

use auth_client::enrol::EnrolmentConfig;
use common::{listener::TlsMode, process::Finding, telemetry::Chain};

use super::{
    config::{Config, Record, SourceConfig, SourceCredentials},
    sources::Sources,
};

impl Config {
    /// What is wrong with it beyond its form.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.database.findings();
        findings.extend(self.retention.findings());
        findings.extend(self.tls.findings());
        findings.extend(self.enrolment.as_ref().and_then(EnrolmentConfig::finding));
        if let Some(problem) = self.peer.problem() {
            findings.push(Finding::Error(format!("peer: {problem}")));
        }
        if self.peer.tls != TlsMode::Mutual {
            findings.push(Finding::Error(
                "peer.tls: receivers are known by their certificates, so this listener has to be mutual".into(),
            ));
        }
        let sections = [
            ("deadlines", self.deadlines.problems()),
            ("limits", self.limits.problems()),
            ("outbox", self.outbox.problems()),
            ("provenance", self.provenance.problems()),
        ];
        let warning = self.outbox.warning();
        findings.extend(warning.map(|text| Finding::Warning(format!("outbox: {text}"))));
        for (section, problems) in sections {
            findings.extend(
                problems
                    .into_iter()
                    .map(|problem| Finding::Error(format!("{section}: {problem}"))),
            );
        }
        if self.sources.is_empty() {
            findings.push(Finding::Warning("no [[source]]: nothing is offered".into()));
        }
        for source in &self.sources {
            findings.extend(source.findings());
        }
        if let Err(error) = Sources::new(&self.sources) {
            findings.push(Finding::Error(Chain(&error).to_string()));
        }
        findings
    }
}

impl SourceConfig {
    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let at = |text: &str| format!("source {}: {text}", self.url);
        if self.contract && !self.authorization {
            findings.push(Finding::Error(at(
                "contract = true needs authorization = true: contracts come with grants, so every fetch would fail",
            )));
        }
        if self.contract {
            findings.push(Finding::Warning(at(
                "contract = true demands a grant with a contract and names it to receivers; the contract management service is not \
                 told of exchanges",
            )));
        }
        if !self.authorization {
            findings.push(Finding::Warning(at(
                "open to every registered receiver connector (authorization = false)",
            )));
        }
        if self.record == Record::Off {
            findings.push(Finding::Warning(at(
                "exchanges are not recorded (record = \"off\")",
            )));
        }
        if self.record != Record::Off
            && self.provenance.is_empty()
            && self.provenance_file.is_none()
        {
            findings.push(Finding::Warning(at(
                "no provenance ids: every fetch fails with 010002010E until a resource's Create event is named",
            )));
        }
        if self.ends_by_close {
            findings.push(Finding::Warning(at(
                "a body whose connection is closed early is taken for whole (ends_by_close = true)",
            )));
        }
        let has_colon = |credentials: &SourceCredentials| credentials.id.contains(':');
        if self.credentials.as_ref().is_some_and(has_colon) {
            findings.push(Finding::Error(at(
                "credentials.id: a user name with a colon cannot be told from its password (RFC 7617)",
            )));
        }
        if self.url.scheme() == "http" && self.upstream.is_none() && self.credentials.is_some() {
            findings.push(Finding::Warning(at("the credentials travel in the clear")));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use common::config::SecretFile;
    use url::Url;

    use super::*;

    #[test]
    fn what_a_source_does_not_do_is_said() {
        let url: Url = "https://d.example/a".parse().unwrap();
        let mut source = SourceConfig::new(url);
        let says = |source: &SourceConfig, part: &str| {
            let findings = source.findings();
            findings
                .iter()
                .any(|finding| format!("{finding:?}").contains(part))
        };
        assert!(!says(&source, "not told of exchanges") && !says(&source, "colon"));
        source.contract = true;
        source.credentials = Some(SourceCredentials {
            id: "a:b".to_owned(),
            password_file: SecretFile(PathBuf::from("p")),
        });
        assert!(says(&source, "not told of exchanges") && says(&source, "colon"));
    }
}
