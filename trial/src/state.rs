//! What a trial remembers from one `up` to the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use common::ids::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    databases::DatabaseServer,
    layout::Domain,
    ready::{AppClient, Person},
};

/// The content of `state.json`. Members are filled as the registration proceeds, each written as soon
/// as it is known: an interrupted `up` continues where it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The lowest port.
    pub base: u16,
    /// The folder given with `--data`; the trial's own samples where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The server given with `--database`; a file for each service where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseServer>,
    /// The first operator, once the authentication server is initialised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What was registered for each domain.
    #[serde(default)]
    pub domains: BTreeMap<Domain, DomainState>,
    /// Resources with a Create event, by address.
    #[serde(default)]
    pub published: BTreeMap<String, Published>,
    /// Grants that were registered: address and user.
    #[serde(default)]
    pub granted: BTreeSet<(String, UserId)>,
    /// Domains whose provider has a location.
    #[serde(default)]
    pub located: BTreeSet<Domain>,
}

impl State {
    /// The first operator.
    ///
    /// # Errors
    /// Before there is one.
    pub fn operator(&self) -> anyhow::Result<Operator> {
        self.operator
            .clone()
            .context("no operator was registered yet")
    }
}

/// The first operator and the application they sign in with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operator {
    /// The operator.
    pub person: Person,
    /// The application.
    pub client: AppClient,
}

/// What was registered for one domain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DomainState {
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<Uuid>,
    /// The organisation's own user ID, under which it offers data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<UserId>,
    /// Its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Person>,
    /// The application that its user works with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_client: Option<AppClient>,
    /// Client secret of the receiver connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver_secret: Option<String>,
    /// Client secret of the provider connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_secret: Option<String>,
}

/// A resource in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its Create event.
    pub event_id: String,
    /// Length of the file then, bytes.
    pub bytes: u64,
    /// When the file was changed last then, as the file system tells it: milliseconds since 1970.
    pub modified_ms: u64,
}

/// The state on disk and in memory.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    state: Mutex<State>,
}

impl StateFile {
    /// Reads the state of the trial at `path`; `None` where there is none yet.
    pub fn read(path: &Path) -> anyhow::Result<Option<State>> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} can't be understood; put it right, or begin anew in another folder",
                    path.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Begins to keep `state` at `path`.
    pub fn create(path: PathBuf, state: State) -> anyhow::Result<Self> {
        let file = Self {
            path,
            state: Mutex::new(state),
        };
        file.update(|_| ())?;
        Ok(file)
    }

    /// The state as it is now.
    pub fn get(&self) -> State {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// One domain as it is now.
    pub fn domain(&self, domain: Domain) -> DomainState {
        self.get().domains.remove(&domain).unwrap_or_default()
    }

    /// Changes the state and writes it down.
    pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> anyhow::Result<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let json = serde_json::to_vec_pretty(&*state)?;
        // Secrets are in it, so it is its owner's alone. Written under the lock: a later state must not
        // be overtaken by an earlier one.
        common::config::write_file(&self.path, &json, true)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(result)
    }

    /// Changes what is known of one domain and writes it down.
    pub fn update_domain(
        &self,
        domain: Domain,
        change: impl FnOnce(&mut DomainState),
    ) -> anyhow::Result<()> {
        self.update(|state| change(state.domains.entry(domain).or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_registered_is_there_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t/state.json");
        assert!(StateFile::read(&path).unwrap().is_none());
        let file = StateFile::create(
            path.clone(),
            State {
                base: 20_000,
                ..State::default()
            },
        )
        .unwrap();
        let user = UserId::parse("cadde.1.aa").unwrap();
        file.update_domain(Domain::B, |domain| domain.organisation = Some(user.clone()))
            .unwrap();
        file.update(|state| {
            state
                .granted
                .insert(("http://x/y".to_owned(), user.clone()))
        })
        .unwrap();
        let again = StateFile::read(&path).unwrap().unwrap();
        assert_eq!(again.base, 20_000);
        assert_eq!(again.domains[&Domain::B].organisation, Some(user.clone()));
        assert!(again.granted.contains(&("http://x/y".to_owned(), user)));
    }
}
