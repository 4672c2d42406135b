//! What is wrong or risky about a configuration, beyond its form.

use common::{
    process::{Findings, Section},
    telemetry::Chain,
};

use super::{
    config::{Config, EgressConfig, ForeignConfig, ProvenanceConfig, SearchConfig},
    egress::Egress,
};
use crate::ledger;

common::configuration!(
    Config: api, tls, enrolment, auth, location, outbox, provenance, search, deadlines, limits
);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.api.check_is_not_mutual("api", findings);
        for entry in &self.egress {
            findings.entry("egress", &entry.url, entry);
        }
        for error in Egress::read(&self.egress).1 {
            findings.error_about("egress", Chain(&error));
        }
    }
}

impl Section for ProvenanceConfig {
    fn check(&self, findings: &mut Findings) {
        ledger::check(&self.public_url, &self.peer_url, findings);
        for entry in &self.foreign {
            findings.entry("foreign", &entry.client_id, entry);
        }
        for url in &self.contract_services {
            ledger::check_http("contract_services", url, findings);
        }
    }
}

impl Section for SearchConfig {
    fn check(&self, findings: &mut Findings) {
        ledger::check_http("url", &self.url, findings);
    }
}

impl Section for ForeignConfig {
    fn check(&self, findings: &mut Findings) {
        if self.url.scheme() == "https" {
            ledger::check_http("url", &self.url, findings);
        } else {
            findings.error(
                "url",
                &self.url,
                "must be an https address: a token of the user's goes there",
            );
        }
    }
}

impl Section for EgressConfig {
    fn check(&self, findings: &mut Findings) {
        if self.ends_by_close {
            findings.warning(
                "ends_by_close",
                &self.ends_by_close,
                "a body whose connection is closed early is taken for whole",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use test_kit::wrong::{CRL_MISSING, EXCHANGES, MEMBER, PROCESS, Wrong, assert_all_is_said};

    use super::*;

    const OWN: Wrong = (
        r#"
connector_id = "receiver.example"
[api]
listen = "192.0.2.1:1"
external_url = "http://a.example"
tls = "mutual"
proxy_protocol = "v2"
[location]
url = "http://a.example"
cache = "2h"
state_file = "none"
[location.static."cadde.1000000000001.aa"]
url = "http://a.example"
[provenance]
public_url = "https://a.example/v2?x"
peer_url = "http://a.example"
contract_services = ["ftp://a.example"]
foreign = [{ url = "http://a.example", client_id = "one" }, { url = "https://a.example/?x", client_id = "two" }]
[search]
url = "ftp://a.example/search"
[[egress]]
url = "http://u@d.example/a"
ends_by_close = true
[[egress]]
url = "http://d.example/b"
[[egress]]
url = "http://D.example:80/b/"
"#,
        &[
            "search.url = \"ftp://a.example/search\": must be an http or https address without a query",
            "api.proxy_protocol = \"v2\": needs trusted_proxies: a header from anybody could claim any address",
            "api.tls = \"mutual\": must be \"server\", \"terminated-upstream\" or \"none\": its callers have no certificates",
            "location.url = \"http://a.example/\": must be an https address",
            "location.cache = \"2h\": must be 1h at most: more hides a moved connector too long",
            "location.static.cadde.1000000000001.aa.url = \"http://a.example/\": the scheme has to be https",
            "provenance.public_url = \"https://a.example/v2?x\": must be an http or https address without a query",
            "provenance.peer_url = \"http://a.example/\": must be an https address: records are delivered with this connector's certificate",
            "provenance.foreign one: url = \"http://a.example/\": must be an https address: a token of the user's goes there",
            "provenance.foreign two: url = \"https://a.example/?x\": must be an http or https address without a query",
            "provenance.contract_services = \"ftp://a.example/\": must be an http or https address without a query",
            "egress: http://u@d.example/a: the URL carries a user name or password",
            "egress: http://d.example/b/ is there twice",
        ],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        let parts = [OWN, PROCESS, MEMBER, EXCHANGES];
        assert_all_is_said::<Config>(
            &parts,
            &[
                CRL_MISSING,
                "outbox.disk_headroom = \"0B\": no disk counts as too full, and a database on a full disk may be damaged",
                "egress http://u@d.example/a: ends_by_close = true: a body whose connection is closed early is taken for whole",
            ],
        );
    }
}
