//! What the callers saw, kept apart from everything that the services record.

use std::sync::{Mutex, PoisonError};

/// How a transfer was cut for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The body broke off.
    Broken,
    /// The caller left.
    Left,
}

/// How one attempt ended for its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Everything arrived.
    Whole {
        /// The `x-cadde-provenance` of the answer.
        event: String,
        /// SHA-256 of what arrived, lower-case hex.
        sha256: String,
        /// How many bytes arrived.
        len: u64,
    },
    /// Headers arrived, and not everything after them.
    Cut {
        /// The `x-cadde-provenance` of the answer.
        event: String,
        /// How.
        how: Cut,
    },
    /// An answer that is not the resource.
    Refused {
        /// Its status.
        status: u16,
        /// Its message id, if it was whole and had one.
        message_id: String,
    },
    /// No answer: the connection was refused, or broke before the headers.
    Unanswered,
}

/// One attempt to fetch something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// User ID of the caller.
    pub user: String,
    /// What was asked for.
    pub resource: String,
    /// How it ended.
    pub end: End,
}

/// All attempts of a load.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<Attempt>>);

impl Journal {
    /// Notes one.
    pub fn note(&self, attempt: Attempt) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(attempt);
    }

    /// All of them so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many arrived whole so far.
    pub fn whole(&self) -> usize {
        let attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attempts
            .iter()
            .filter(|attempt| matches!(attempt.end, End::Whole { .. }))
            .count()
    }

    /// Those that failed without their caller's doing.
    pub fn failures(&self) -> Vec<Attempt> {
        let mut attempts = self.attempts();
        attempts.retain(|attempt| {
            !matches!(
                attempt.end,
                End::Whole { .. } | End::Cut { how: Cut::Left, .. }
            )
        });
        attempts
    }
}
