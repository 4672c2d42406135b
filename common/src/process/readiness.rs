//! What works and what does not, for `/readyz`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// The readiness of a process: all of its checks, and whether it has started.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    started: bool,
    checks: BTreeMap<&'static str, Result<(), String>>,
    beats: Vec<(&'static str, Heartbeat)>,
    counts: BTreeMap<&'static str, u64>,
}

/// A number of things that want a person and keep nothing from working.
#[derive(Debug, Clone)]
pub struct Count {
    name: &'static str,
    readiness: Readiness,
}

impl Count {
    /// Says how many there are.
    pub fn set(&self, number: u64) {
        self.readiness.state().counts.insert(self.name, number);
    }
}

/// Shows of something that works in turns that each of them ends. Whoever is stuck can't say so: it is looked at instead.
#[derive(Debug, Clone)]
pub struct Heartbeat(Arc<Beat>);

#[derive(Debug)]
struct Beat {
    start: Instant,
    patience: Duration,
    /// When the turn under way began, in milliseconds since `start`, plus one; 0 while there is none.
    since: AtomicU64,
}

/// A turn under way; it ends where this is dropped.
#[derive(Debug)]
pub struct Turn<'b>(&'b Beat);

impl Heartbeat {
    /// Of something whose turns end within `patience`, or something is wrong.
    pub fn new(patience: Duration) -> Self {
        Self(Arc::new(Beat {
            start: Instant::now(),
            patience,
            since: AtomicU64::new(0),
        }))
    }

    /// Begins a turn.
    pub fn turn(&self) -> Turn<'_> {
        self.0.since.store(self.0.now() + 1, Relaxed);
        Turn(&self.0)
    }

    /// How long the turn under way has lasted, if that is too long.
    fn overdue(&self) -> Option<Duration> {
        let since = self.0.since.load(Relaxed).checked_sub(1)?;
        let lasts = Duration::from_millis(self.0.now().saturating_sub(since));
        (lasts > self.0.patience).then_some(lasts)
    }
}

impl Beat {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.since.store(0, Relaxed);
    }
}

/// One thing that has to work.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    readiness: Readiness,
}

impl Check {
    /// It works only as long as the turns of `beat` end in time.
    pub fn watch(&self, beat: &Heartbeat) {
        self.readiness
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .beats
            .push((self.name, beat.clone()));
    }

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

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a number that is told beside the checks.
    pub fn count(&self, name: &'static str) -> Count {
        self.state().counts.insert(name, 0);
        Count {
            name,
            readiness: self.clone(),
        }
    }

    /// The numbers that were added.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.state().counts.clone()
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
        for (name, beat) in &state.beats {
            if let Some(lasts) = beat.overdue() {
                problems.entry(name).or_insert_with(|| {
                    format!("at one piece of work for {} s already", lasts.as_secs())
                });
            }
        }
        if !state.started {
            problems.insert("start", "the service is still starting".into());
        }
        (!problems.is_empty()).then_some(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_get_to_the_end_of_its_turn_is_not_ready_until_it_does() {
        let readiness = Readiness::default();
        readiness.started();
        let check = readiness.register("writer");
        let (beat, patient) = (
            Heartbeat::new(Duration::ZERO),
            Heartbeat::new(Duration::MAX),
        );
        check.watch(&beat);
        check.watch(&patient);
        let others = patient.turn();
        assert_eq!(readiness.problems(), None, "nothing is overdue");
        let turn = beat.turn();
        let deadline = Instant::now() + Duration::from_secs(10);
        while readiness.problems().is_none() {
            assert!(Instant::now() < deadline, "it is noticed");
            std::thread::yield_now();
        }
        assert!(
            readiness
                .problems()
                .is_some_and(|all| all["writer"].contains("one piece of work"))
        );
        // What the check itself says goes first.
        check.set(Err("the disk is gone".to_owned()));
        assert!(
            readiness
                .problems()
                .is_some_and(|all| all["writer"] == "the disk is gone")
        );
        check.set(Ok(()));
        drop(turn);
        assert_eq!(readiness.problems(), None, "it is ready again");
        drop(others);
    }
}
