//! The configuration of the catalogue tool.

use std::path::PathBuf;

use auth_client::{AuthConfig, enrol::EnrolmentConfig};
use auth_sessions::SessionsConfig;
use catalog_items::Limits;
use common::{
    address_block::AddressBlock,
    addresses::AddressPolicy,
    config::{AdminConfig, ByteSize, Period},
    ids::{ConnectorId, UserId},
    listener::ListenerConfig,
    process::{Findings, Section},
    telemetry::TelemetryConfig,
    tls::TlsConfig,
};
use common_db::DatabaseConfig;
use serde::{Deserialize, Serialize};
use ui::Environment;
use url::Url;

/// Everything the catalogue tool is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which environment the pages say that they are part of.
    #[serde(default = "production")]
    pub environment: Environment,
    /// Health, readiness and metrics, on loopback.
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// Screens, their API, and the search over all domains.
    pub public: ListenerConfig,
    /// The server's certificate and whom it trusts.
    pub tls: TlsConfig,
    /// How it gets its first certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentConfig>,
    /// The authentication server.
    pub auth: AuthConfig,
    /// Drafts, sessions, and what was harvested.
    pub database: DatabaseConfig,
    /// How people stay signed in.
    pub sessions: SessionsConfig,
    /// How many drafts there may be, and how large.
    #[serde(default)]
    pub drafts: DraftsConfig,
    /// The search over all domains.
    pub search: SearchConfig,
    /// How what it finds is harvested.
    #[serde(default)]
    pub harvest: HarvestConfig,
    /// The providers whose stewards write here.
    #[serde(default, rename = "provider", skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderConfig>,
}

fn production() -> Environment {
    Environment::Production
}

/// The search over all domains.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Folder of the index, this process's own. It may be removed while the process does not run: it is built anew.
    pub index: PathBuf,
}

/// How often the release sites of providers are asked, and how much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HarvestConfig {
    /// How long after a site was asked it is asked again for what changed last.
    /// Allowed: 1s to 1d.
    pub interval: Period,
    /// How long after all of a site was read it is read again, whether or not anything seems to have changed.
    /// Allowed: `interval` to 30d.
    pub sweep: Period,
    /// Packages that are kept of one site.
    /// Allowed: at least 1.
    pub records: u32,
}

impl Default for HarvestConfig {
    fn default() -> Self {
        Self {
            interval: Period::seconds(60),
            sweep: Period::seconds(6 * 3600),
            records: 200_000,
        }
    }
}

/// A provider whose stewards write here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The ID of its connector, for which stewards' tokens are made.
    pub connector_id: ConnectorId,
    /// Its user ID. This user and the members of its organisation write for it, if they are stewards.
    pub provider_id: UserId,
    /// Address of the connector's `public` listener: its catalogue's API lies below `/v1`, its sites at `/release` and `/detail`.
    pub url: Url,
    /// Its release site, which is harvested; `/release` below `url` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Url>,
    /// Addresses beside public ones at which it may be asked: addresses, or networks such as `10.20.0.0/16`. What else its name
    /// resolves to is not connected to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressBlock>,
    /// What it is called; its ID unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NameConfig>,
}

impl ProviderConfig {
    /// Its release site, without a slash at the end.
    pub fn release(&self) -> String {
        let own = || format!("{}/release", self.url.as_str().trim_end_matches('/'));
        let told = self.release.as_ref();
        told.map_or_else(own, |url| url.as_str().trim_end_matches('/').to_owned())
    }

    /// What it is called, in Japanese as catalogues are.
    pub fn called(&self) -> String {
        let name = self.name.as_ref().map(|name| name.ja.clone());
        name.unwrap_or_else(|| self.provider_id.to_string())
    }

    /// Where it may be asked.
    pub fn policy(&self) -> AddressPolicy {
        AddressPolicy::PublicAnd(self.addresses.clone())
    }
}

/// A name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameConfig {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// How many drafts there may be, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DraftsConfig {
    /// Drafts of one provider, those that can still be brought back among them.
    /// Allowed: at least 1.
    pub per_provider: u32,
    /// Versions that are kept of a draft.
    /// Allowed: 2 to 1000.
    pub versions: u32,
    /// Bytes of one view of a dataset.
    /// Allowed: 16KiB to 2MiB.
    pub size: ByteSize,
    /// Distributions of one view.
    /// Allowed: 1 to 10000.
    pub distributions: usize,
    /// How long a draft that was deleted can be brought back.
    /// Allowed: at least 1d.
    pub keep_deleted: Period,
}

impl DraftsConfig {
    /// How large a dataset may be.
    pub fn of_dataset(&self) -> Limits {
        Limits {
            bytes: self.size.as_usize(),
            distributions: self.distributions,
        }
    }
}

impl Default for DraftsConfig {
    fn default() -> Self {
        Self {
            per_provider: 10_000,
            versions: 50,
            size: ByteSize(1 << 20),
            distributions: 1_000,
            keep_deleted: Period::seconds(30 * 86_400),
        }
    }
}

common::configuration!(Config: public, tls, enrolment, auth, database, sessions, drafts, search, harvest);

impl Section for Config {
    fn check(&self, findings: &mut Findings) {
        self.public.check_is_not_mutual("public", findings);
        let external = &self.public.external_url;
        SessionsConfig::check_address("public.external_url", external, findings);
        if self.providers.is_empty() {
            findings.warning_about("provider", "there is none: nobody can write anything");
        }
        for (at, provider) in self.providers.iter().enumerate() {
            let id = &provider.connector_id;
            findings.entry("provider", id, provider);
            if self.providers[..at]
                .iter()
                .any(|other| other.connector_id == *id)
            {
                findings.error_about(&format!("provider {id}"), "is there twice");
            }
        }
    }
}

impl Section for ProviderConfig {
    fn check(&self, findings: &mut Findings) {
        if self.url.scheme() != "https" && !common::base_url::is_loopback(&self.url) {
            findings.error(
                "url",
                &self.url,
                "must be an https address: stewards' tokens go there",
            );
        }
        if !self.policy().may_allow(&self.url) {
            findings.error(
                "url",
                &self.url,
                "is no public address: name its network in addresses, if it is meant",
            );
        }
        if let Some(release) = &self.release
            && !self.policy().may_allow(release)
        {
            findings.error(
                "release",
                release,
                "is no public address: name its network in addresses, if it is meant",
            );
        }
        if self.url.query().is_some() || self.url.fragment().is_some() {
            findings.error("url", &self.url, "must have neither query nor fragment");
        }
    }
}

impl Section for SearchConfig {
    fn check(&self, findings: &mut Findings) {
        if self.index.as_os_str().is_empty() {
            findings.error("index", &self.index, "must name a folder");
        }
    }
}

impl Section for HarvestConfig {
    fn check(&self, findings: &mut Findings) {
        findings.within(
            "interval",
            self.interval,
            &(Period::seconds(1)..=Period::seconds(86_400)),
        );
        if self.sweep < self.interval || self.sweep > Period::seconds(30 * 86_400) {
            let interval = self.interval;
            findings.error(
                "sweep",
                &self.sweep,
                format_args!("must be interval, {interval}, to 30d"),
            );
        }
        findings.at_least("records", self.records, 1);
    }
}

impl Section for DraftsConfig {
    fn check(&self, findings: &mut Findings) {
        findings.at_least("per_provider", self.per_provider, 1);
        findings.within("versions", self.versions, &(2..=1000));
        findings.within("size", self.size, &(ByteSize(16 << 10)..=ByteSize(2 << 20)));
        findings.within("distributions", self.distributions, &(1..=10_000));
        findings.at_least("keep_deleted", self.keep_deleted, Period::seconds(86_400));
    }
}

#[cfg(test)]
mod tests {
    use test_kit::wrong::{CRL_MISSING, MEMBER, PROCESS, Wrong, assert_all_is_said};

    use super::*;

    const OWN: Wrong = (
        r#"
[public]
listen = "192.0.2.1:1"
external_url = "http://a.example/catalog"
tls = "mutual"
[database]
url = "sqlite:x.db"
max_connections = 3
[sessions]
key_file = ""
[drafts]
per_provider = 0
versions = 1
size = "1KiB"
distributions = 0
keep_deleted = "1h"
[search]
index = ""
[harvest]
interval = "0s"
sweep = "31d"
records = 0
[[provider]]
connector_id = "p.example"
provider_id = "cadde.a"
url = "http://p.example/?x"
[[provider]]
connector_id = "p.example"
provider_id = "cadde.a"
url = "https://p.example/"
[[provider]]
connector_id = "l.example"
provider_id = "cadde.a"
url = "http://127.0.0.1:1/"
release = "http://[::1]/release"
addresses = ["10.0.0.0/8"]
"#,
        &[
            "public.tls = \"mutual\": must be \"server\", \"terminated-upstream\" or \"none\": its callers have no certificates",
            "public.external_url = \"http://a.example/catalog\": must be an https address: whoever reads a session's cookie on its way \
             is signed in",
            "public.external_url = \"http://a.example/catalog\": must have no path: a session's cookie counts for all of an origin",
            "database.max_connections = 3: is for postgres:// alone",
            "sessions.key_file = \"\": must name a file",
            "drafts.per_provider = 0: must be at least 1",
            "drafts.versions = 1: must be 2 to 1000",
            "drafts.size = \"1KiB\": must be 16KiB to 2MiB",
            "drafts.distributions = 0: must be 1 to 10000",
            "drafts.keep_deleted = \"1h\": must be at least 1d",
            "search.index = \"\": must name a folder",
            "harvest.interval = \"0ms\": must be 1s to 1d",
            "harvest.sweep = \"31d\": must be interval, 0ms, to 30d",
            "harvest.records = 0: must be at least 1",
            "provider l.example: release = \"http://[::1]/release\": is no public address: name its network in addresses, if it is meant",
            "provider p.example: url = \"http://p.example/?x\": must be an https address: stewards' tokens go there",
            "provider p.example: url = \"http://p.example/?x\": must have neither query nor fragment",
            "provider p.example: is there twice",
            "provider l.example: url = \"http://127.0.0.1:1/\": is no public address: name its network in addresses, if it is meant",
        ],
    );

    #[test]
    fn every_wrong_key_is_named_at_once_with_its_value_and_what_is_allowed() {
        assert_all_is_said::<Config>(&[OWN, PROCESS, MEMBER], &[CRL_MISSING]);
    }
}
