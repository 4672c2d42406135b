//! How many exchanges go on at a time, in all and for one caller.

use std::net::IpAddr;
use std::sync::Arc;

use common::ids::{ConnectorId, UserId};
use common::places::Places;
use serde::{Deserialize, Serialize};

/// Limits on exchanges under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExchangeLimits {
    /// Exchanges at a time; further ones are refused with 503. Default 4096. One with a large file and a slow
    /// caller holds up to about 0.7 MiB: two reads of 256 KiB from the upstream, 128 KiB towards the caller; few callers are.
    pub total: usize,
    /// Exchanges at a time for one caller: a connector, a user, or without a token an address (IPv6: one /64). Default 512, so
    /// that it takes eight to have all places.
    pub per_caller: usize,
}

impl Default for ExchangeLimits {
    fn default() -> Self {
        Self {
            total: 4096,
            per_caller: 512,
        }
    }
}

impl ExchangeLimits {
    /// What `check-config` has to say.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.total == 0 || self.per_caller == 0 {
            problems.push("a limit of zero refuses every exchange".to_owned());
        }
        problems
    }

    /// The places for exchanges, all of them free.
    pub fn admission(self) -> Arc<Admission> {
        Places::new(
            self.total,
            self.per_caller,
            metrics::gauge!("exchanges_under_way"),
        )
    }
}

/// Who asks for an exchange, as far as places are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asking {
    /// A user, by token.
    User(UserId),
    /// A connector, by certificate.
    Connector(ConnectorId),
    /// Somebody of this network, without a token.
    Network(IpAddr),
    /// Somebody whose address is not known.
    Unknown,
}

/// The place of one exchange.
pub type Place = common::places::Place<Asking>;

/// The places for exchanges, by caller.
pub type Admission = Places<Asking>;
