//! Records that the ledger refused for good, and what an operator can have done about one.

use bytes::Bytes;
use common::ids::EventId;
use provenance_model::batch::Receipt;
use serde::{Deserialize, Serialize};

/// Of what kind the refusal was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The ledger's reader does not take it.
    Invalid,
    /// This connector may not submit it.
    Forbidden,
    /// The ledger has something else under its id.
    Conflict,
    /// The receipt is not one for this record.
    Receipt,
    /// The ledger refused a request in which it was alone.
    RefusedAlone,
    /// Something else.
    Other,
}

impl Problem {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Invalid,
        Self::Forbidden,
        Self::Conflict,
        Self::Receipt,
        Self::RefusedAlone,
        Self::Other,
    ];

    /// The value of the metrics label `problem`, and what the file has.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::Receipt => "receipt",
            Self::RefusedAlone => "refused-alone",
            Self::Other => "other",
        }
    }

    /// The problem with this label; [`Problem::Other`] for every other text.
    pub fn named(label: &str) -> Self {
        let known = Self::ALL.into_iter().find(|p| p.label() == label);
        known.unwrap_or(Self::Other)
    }
}

/// A record that the ledger refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The id of its event or evidence.
    pub event_id: EventId,
    /// When the transfer ended, in milliseconds since 1970.
    pub ended_ms: i64,
    /// What was fetched.
    pub resource: Option<String>,
    /// Of what kind the refusal was.
    pub problem: Problem,
    /// Why the ledger refused it.
    pub reason: String,
    /// The batch item.
    pub item: Bytes,
}

/// What an operator wants done with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Deliver it again, after its cause was put right.
    Requeue,
    /// Deliver it as evidence that it cannot be registered.
    HandOver {
        /// Why, for those who read the ledger.
        reason: String,
    },
}

/// What became of a [`Wish`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Done {
    /// It waits for delivery again.
    Requeued,
    /// The evidence waits for delivery.
    HandedOver {
        /// Its id.
        evidence: EventId,
    },
    /// That was done before, and nothing was done now.
    HandedOverBefore {
        /// The id of the evidence of then.
        evidence: EventId,
        /// The ledger's receipt for it, once it is delivered and while it is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
    },
    /// Nothing was done.
    Refused {
        /// Why not.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_found_by_its_label() {
        for (number, problem) in Problem::ALL.into_iter().enumerate() {
            assert_eq!(Problem::named(problem.label()), problem);
            assert_eq!(problem as usize, number);
            let json = serde_json::to_value(problem).unwrap();
            assert_eq!(json, problem.label());
        }
        assert_eq!(Problem::named("of a later version"), Problem::Other);
    }
}
