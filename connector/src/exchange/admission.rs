//! How many exchanges go on at a time, in all and for one caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
        if self.total > Semaphore::MAX_PERMITS {
            problems.push(format!("total is larger than {}", Semaphore::MAX_PERMITS));
        }
        problems
    }
}

/// Hands out places.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    per_caller: usize,
    callers: Mutex<HashMap<String, usize>>,
}

/// One exchange's place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    admission: Arc<Admission>,
    caller: String,
    _permit: OwnedSemaphorePermit,
}

impl Admission {
    /// All places are free.
    pub fn new(limits: ExchangeLimits) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(limits.total.min(Semaphore::MAX_PERMITS))),
            per_caller: limits.per_caller,
            callers: Mutex::default(),
        })
    }

    /// A place for `caller`, if there is one. Waiting for one would only hide from the caller that there is none.
    pub fn enter(self: &Arc<Self>, caller: &str) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut callers = self.callers();
        match callers.get_mut(caller) {
            Some(count) if *count >= self.per_caller => return None,
            Some(count) => *count += 1,
            None => {
                callers.insert(caller.to_owned(), 1);
            }
        }
        drop(callers);
        Some(Place {
            admission: Arc::clone(self),
            caller: caller.to_owned(),
            _permit: permit,
        })
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // Nothing between two changes of the map can panic.
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = self.admission.callers();
        if let Some(count) = callers.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                callers.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_gets_its_share_and_no_more() {
        let admission = Admission::new(ExchangeLimits {
            total: 3,
            per_caller: 2,
        });
        let first = admission.enter("a").unwrap();
        let _second = admission.enter("a").unwrap();
        assert!(admission.enter("a").is_none());
        let _third = admission.enter("b").unwrap();
        assert!(admission.enter("c").is_none());
        drop(first);
        assert!(admission.enter("c").is_some());
        assert_eq!(admission.callers().len(), 2);
    }
}
