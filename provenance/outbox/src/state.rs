//! How far a record has come.

use serde::Serialize;

/// How far a record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its transfer has not ended.
    Open,
    /// It waits for the ledger.
    Waiting,
    /// The ledger refused it for good.
    Parked,
    /// It was handed over.
    HandedOver,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Waiting, Self::Parked, Self::HandedOver];

    /// Its name, as in JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::HandedOver => "handed-over",
        }
    }
}
