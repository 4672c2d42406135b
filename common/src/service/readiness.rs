//! What works and what does not, for `/readyz`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The readiness of a process: all of its checks, and whether it has started.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    started: bool,
    checks: BTreeMap<&'static str, Result<(), String>>,
}

/// One thing that has to work.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    readiness: Readiness,
}

impl Check {
    /// Says whether it works, or why not.
    pub fn set(&self, state: Result<(), String>) {
        let mut all = self
            .readiness
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let previous = all.checks.insert(self.name, state.clone());
        if previous.as_ref().map(Result::is_ok) == Some(state.is_ok()) {
            return;
        }
        match (state, previous) {
            (Err(reason), _) => tracing::warn!(check = self.name, reason, "not ready"),
            (Ok(()), Some(Err(_))) => tracing::info!(check = self.name, "ready again"),
            (Ok(()), _) => {}
        }
    }
}

impl Readiness {
    /// Adds a check, which works until it says otherwise.
    pub fn register(&self, name: &'static str) -> Check {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .checks
            .insert(name, Ok(()));
        Check {
            name,
            readiness: self.clone(),
        }
    }

    /// Says that the process serves.
    pub fn started(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .started = true;
    }

    /// What does not work, by name; `None` where all does.
    pub fn problems(&self) -> Option<BTreeMap<&'static str, String>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut problems: BTreeMap<_, _> = state
            .checks
            .iter()
            .filter_map(|(name, state)| Some((*name, state.as_ref().err()?.clone())))
            .collect();
        if !state.started {
            problems.insert("start", "the service is still starting".into());
        }
        (!problems.is_empty()).then_some(problems)
    }
}
