//! What one search may cost.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Places of words kept at once, at most: some 50 MB.
const MAX_PLACES: u64 = 4_000_000;

/// Ends a search that takes too long. Whatever goes through many terms or documents asks it now and then.
#[derive(Debug)]
pub(super) struct Budget {
    until: Instant,
    places: AtomicU64,
    is_spent: AtomicBool,
}

/// There is nothing left of it.
#[derive(Debug, thiserror::Error)]
#[error("the search costs more than one may")]
pub(super) struct Spent;

impl From<Spent> for tantivy::TantivyError {
    fn from(spent: Spent) -> Self {
        Self::InternalError(spent.to_string())
    }
}

impl Budget {
    pub(super) fn of(time: Duration) -> Self {
        Self {
            until: Instant::now() + time,
            places: AtomicU64::new(MAX_PLACES),
            is_spent: AtomicBool::new(false),
        }
    }

    /// Whether an error of tantivy's is that the budget was spent.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }

    /// Asks whether there is time left.
    pub(super) fn check(&self) -> Result<(), Spent> {
        if self.is_spent() || Instant::now() > self.until {
            return self.spent();
        }
        Ok(())
    }

    /// Takes memory for that many places of words.
    pub(super) fn take_places(&self, count: usize) -> Result<(), Spent> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let left = self
            .places
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(count)
            });
        match left {
            Ok(_) => Ok(()),
            Err(_) => self.spent(),
        }
    }

    fn spent(&self) -> Result<(), Spent> {
        self.is_spent.store(true, Ordering::Relaxed);
        Err(Spent)
    }
}
