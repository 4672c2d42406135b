//! `[catalog]` of the process that runs a catalogue.

use std::path::PathBuf;

use common::{
    config::ByteSize,
    process::{Findings, Section},
};
use serde::{Deserialize, Serialize};
use ui::Environment;

use crate::domain::PackageName;

/// The catalogue of a provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogConfig {
    /// Title of both sites.
    pub title: String,
    /// What the catalogue is about.
    #[serde(default)]
    pub description: String,
    /// Name of the organisation in addresses and queries.
    /// Allowed: small Latin letters, digits, `-` and `_`, 2 to 100 of them.
    pub organization: String,
    /// What the organisation is called. Its name, unless it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_title: Option<String>,
    /// Folder of the index, this process's own. It may be removed while the process does not run: it is built anew.
    pub index: PathBuf,
    /// Which environment the pages say that they are part of.
    #[serde(default = "production")]
    pub environment: Environment,
    /// How many publications are worked on at a time.
    /// Allowed: 1 to 16.
    #[serde(default = "two")]
    pub publishers: usize,
    /// How much of everything.
    #[serde(default)]
    pub limits: CatalogLimits,
}

/// How much of everything there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogLimits {
    /// Bytes of one view of a dataset.
    /// Allowed: 16KiB to 2MiB.
    pub dataset: ByteSize,
    /// Distributions of one view.
    /// Allowed: 1 to 10000.
    pub distributions: usize,
    /// Datasets in all.
    /// Allowed: at least 1.
    pub datasets: u32,
    /// Contents that are kept of a dataset, besides the one that is shown.
    /// Allowed: 1 to 10000.
    pub versions: u32,
    /// Publications that are under way.
    /// Allowed: at least 1.
    pub publications: u32,
    /// Packages in one answer.
    /// Allowed: 1 to 1000.
    pub rows: usize,
    /// Bytes of a query.
    /// Allowed: 256B to 64KiB.
    pub query: ByteSize,
}

impl Default for CatalogLimits {
    fn default() -> Self {
        Self {
            dataset: ByteSize(1 << 20),
            distributions: 1_000,
            datasets: 200_000,
            versions: 100,
            publications: 1_000,
            rows: 1_000,
            query: ByteSize(4 << 10),
        }
    }
}

fn production() -> Environment {
    Environment::Production
}

fn two() -> usize {
    2
}

impl Section for CatalogConfig {
    fn check(&self, findings: &mut Findings) {
        if self.title.trim().is_empty() {
            findings.error("title", &self.title, "may not be empty");
        }
        if let Err(error) = self.organization.parse::<PackageName>() {
            findings.error("organization", &self.organization, error);
        }
        findings.within("publishers", self.publishers, &(1..=16));
        findings.section("limits", &self.limits);
    }
}

impl Section for CatalogLimits {
    fn check(&self, findings: &mut Findings) {
        findings.within(
            "dataset",
            self.dataset,
            &(ByteSize(16 << 10)..=ByteSize(2 << 20)),
        );
        findings.within("distributions", self.distributions, &(1..=10_000));
        findings.at_least("datasets", self.datasets, 1);
        findings.within("versions", self.versions, &(1..=10_000));
        findings.at_least("publications", self.publications, 1);
        findings.within("rows", self.rows, &(1..=1_000));
        findings.within("query", self.query, &(ByteSize(256)..=ByteSize(64 << 10)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_key_is_named() {
        let config: CatalogConfig = toml::from_str(
            r#"
title = " "
organization = "市"
index = "/var/lib/x"
publishers = 0
[limits]
dataset = "1KiB"
distributions = 0
datasets = 0
versions = 0
publications = 0
rows = 1001
query = "1B"
"#,
        )
        .expect("a configuration");
        let findings = Findings::of(&config);
        let keys = [
            "title",
            "organization",
            "publishers",
            "limits.dataset",
            "limits.distributions",
            "limits.datasets",
            "limits.versions",
            "limits.publications",
            "limits.rows",
            "limits.query",
        ];
        for key in keys {
            let is_named = |error: &String| error.starts_with(&format!("{key} = "));
            assert!(
                findings.errors().iter().any(is_named),
                "{key}: {:?}",
                findings.errors()
            );
        }
        assert_eq!(findings.errors().len(), keys.len());
        assert_eq!(
            Findings::of(&CatalogLimits::default()).into_result(),
            Ok(())
        );
    }
}
