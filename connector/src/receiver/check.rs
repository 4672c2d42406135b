//! What is wrong or risky about a configuration, beyond its form.

use auth_client::enrol::EnrolmentConfig;
use common::{listener::TlsMode, process::Finding, telemetry::Chain};

use super::{config::Config, egress::Egress};

impl Config {
    /// What is wrong with it beyond its form.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut problems: Vec<String> = Vec::new();
        if let Some(problem) = self.api.problem() {
            problems.push(format!("api: {problem}"));
        }
        if self.api.tls == TlsMode::Mutual {
            problems.push("api.tls: applications have no client certificate; use server, terminated-upstream or none".into());
        }
        let sections = [
            ("deadlines", self.deadlines.problems()),
            ("limits", self.limits.problems()),
            ("outbox", self.outbox.problems()),
            ("location", self.location.faults()),
            ("provenance", self.provenance.problems()),
        ];
        for (section, found) in sections {
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{section}: {problem}")),
            );
        }
        if let Err(error) = Egress::new(&self.egress) {
            problems.push(Chain(&error).to_string());
        }
        let warning = self.outbox.warning();
        let warning = warning.map(|text| Finding::Warning(format!("outbox: {text}")));
        let by_close = self.egress.iter().filter(|entry| entry.ends_by_close);
        let by_close = by_close.map(|entry| {
            Finding::Warning(format!(
                "egress {}: a body whose connection is closed early is taken for whole (ends_by_close = true)",
                entry.url
            ))
        });
        let problems = problems.into_iter().map(Finding::Error);
        let enrolment = self.enrolment.as_ref().and_then(EnrolmentConfig::finding);
        let tls = self.tls.findings();
        problems
            .chain(warning)
            .chain(by_close)
            .chain(enrolment)
            .chain(tls)
            .collect()
    }
}
