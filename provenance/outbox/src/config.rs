//! The `[outbox]` section of a connector's configuration.

use std::path::PathBuf;

use common::{
    config::{ByteSize, Period},
    disk,
    process::{Findings, Section},
};
use provenance_model::batch::MAX_ITEMS;
use serde::{Deserialize, Serialize};

/// Where the outbox lies and how much it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxConfig {
    /// The file of the outbox. One process at a time may have it open.
    pub path: PathBuf,
    /// Most records that are not delivered yet, open transfers included. New exchanges are refused from there on, until a tenth of
    /// them has gone.
    /// Allowed: at least 1.
    #[serde(default = "defaults::max_records")]
    pub max_records: u64,
    /// Age of the oldest finished record that is not delivered, from which on new exchanges are refused, until it is a tenth
    /// below.
    #[serde(default = "defaults::max_age")]
    pub max_age: Period,
    /// Most bytes of records and receipts. From there on the oldest receipts give way; where there are none left, new exchanges
    /// are refused, until a tenth has gone. The file keeps the size that it once had and fills it again.
    /// Allowed: at least 1MiB.
    #[serde(default = "defaults::max_bytes")]
    pub max_bytes: ByteSize,
    /// Most bytes of parked records, which the ledger refused for good: they count against no other limit. New exchanges are
    /// refused from there on, until a tenth of them was requeued or handed over.
    /// Allowed: at least 1MiB.
    #[serde(default = "defaults::max_parked_bytes")]
    pub max_parked_bytes: ByteSize,
    /// Share of the disk in use, in percent, from which on new exchanges are refused, until it is a point below, where less than
    /// `disk_headroom` is free too.
    /// Allowed: 1 to 100.
    #[serde(default = "defaults::disk_watermark_percent")]
    pub disk_watermark_percent: u8,
    /// Free bytes that are enough whatever the share. Once there were less, a tenth more is needed. `"0B"` is no watermark.
    #[serde(default = "defaults::disk_headroom")]
    pub disk_headroom: ByteSize,
    /// Whether an exchange that cannot be recorded is refused.
    #[serde(default = "defaults::required")]
    pub required: bool,
    /// How long the writer may be at one group before `/readyz` says that it is stuck.
    #[serde(default = "defaults::writer_patience")]
    pub writer_patience: Period,
    /// How long receipts of delivered records are kept, counted from delivery in whole days, while `max_bytes` allows. It must
    /// outlast the time between two backups of the ledger by a week: a restored ledger gets lost bodies back from here. A
    /// receipt has about 1 KiB.
    #[serde(default = "defaults::keep_receipts")]
    pub keep_receipts: Period,
    /// Most records in one request to the ledger.
    /// Allowed: 1 to 1024.
    #[serde(default = "defaults::batch")]
    pub batch: usize,
    /// Least time between the starts of two requests, unless a batch is full or somebody waits for it: an idle outbox
    /// delivers at once, a busy one in few requests.
    #[serde(default = "defaults::pace")]
    pub pace: Period,
    /// Pause after a first failure to reach the ledger, doubled with each further one.
    #[serde(default = "defaults::min_backoff")]
    pub min_backoff: Period,
    /// Longest pause between two attempts while the ledger cannot be reached.
    #[serde(default = "defaults::max_backoff")]
    pub max_backoff: Period,
}

impl OutboxConfig {
    /// The defaults for an outbox in the file `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            max_records: defaults::max_records(),
            max_age: defaults::max_age(),
            max_bytes: defaults::max_bytes(),
            max_parked_bytes: defaults::max_parked_bytes(),
            disk_watermark_percent: defaults::disk_watermark_percent(),
            disk_headroom: defaults::disk_headroom(),
            required: defaults::required(),
            writer_patience: defaults::writer_patience(),
            keep_receipts: defaults::keep_receipts(),
            batch: defaults::batch(),
            pace: defaults::pace(),
            min_backoff: defaults::min_backoff(),
            max_backoff: defaults::max_backoff(),
        }
    }
}

impl Section for OutboxConfig {
    fn check(&self, findings: &mut Findings) {
        if self.path.as_os_str().is_empty() {
            findings.error("path", &self.path, "must name a file");
        }
        findings.at_least("max_records", self.max_records, 1);
        findings.at_least("max_bytes", self.max_bytes, MIN_BYTES);
        findings.at_least("max_parked_bytes", self.max_parked_bytes, MIN_BYTES);
        disk::check_watermark(self.disk_watermark_percent, self.disk_headroom, findings);
        findings.within("batch", self.batch, &(1..=MAX_ITEMS));
    }
}

/// 1 MiB: less would be full with what one burst leaves.
const MIN_BYTES: ByteSize = ByteSize(1 << 20);

mod defaults {
    use super::{ByteSize, Period};

    pub(super) const fn max_records() -> u64 {
        100_000
    }

    /// 14,400 s: the time after which X-Road stops exchanging messages that it could not timestamp.
    pub(super) const fn max_age() -> Period {
        Period::seconds(14_400)
    }

    /// 8 GiB: some eight million receipts, a small share of the disks that connectors have.
    pub(super) const fn max_bytes() -> ByteSize {
        ByteSize(8 << 30)
    }

    /// 1 GiB: about a million records, long after the first of them has raised its alarm.
    pub(super) const fn max_parked_bytes() -> ByteSize {
        ByteSize(1 << 30)
    }

    pub(super) const fn disk_watermark_percent() -> u8 {
        common::disk::WATERMARK_PERCENT
    }

    pub(super) const fn disk_headroom() -> ByteSize {
        common::disk::HEADROOM
    }

    pub(super) const fn required() -> bool {
        true
    }

    pub(super) const fn writer_patience() -> Period {
        Period::seconds(10)
    }

    pub(super) const fn keep_receipts() -> Period {
        Period::seconds(30 * 86_400)
    }

    pub(super) const fn batch() -> usize {
        512
    }

    pub(super) const fn pace() -> Period {
        Period::millis(100)
    }

    pub(super) const fn min_backoff() -> Period {
        Period::millis(200)
    }

    pub(super) const fn max_backoff() -> Period {
        Period::seconds(30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        let findings = Findings::of(&OutboxConfig::new("outbox.db"));
        assert_eq!(findings.errors(), [""; 0]);
        assert_eq!(findings.warnings(), [""; 0]);
    }

    #[test]
    fn each_bad_value_is_named() {
        let bad = OutboxConfig {
            max_records: 0,
            max_bytes: ByteSize(0),
            max_parked_bytes: ByteSize(0),
            disk_watermark_percent: 0,
            batch: 2000,
            ..OutboxConfig::new("")
        };
        assert_eq!(Findings::of(&bad).errors().len(), 6);
    }

    #[test]
    fn an_outbox_without_a_watermark_is_warned_of() {
        let mut config = OutboxConfig::new("outbox.db");
        config.disk_headroom = ByteSize(0);
        let findings = Findings::of(&config);
        assert!(
            findings.warnings()[0].starts_with("disk_headroom = \"0B\": "),
            "{findings:?}"
        );
    }
}
