//! Whose suspension ends a transfer that is under way.
//!
//! Before a transfer begins everybody in it was asked about. While it runs the registry is asked again, about each party once,
//! however many transfers it has: suspended, it loses them all. Small bodies are gone before that could matter.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_client::{Registrations, RegistryError, api::Suspensions};
use common::{
    ids::{ConnectorId, UserId},
    process::Shutdown,
};
use tokio_util::sync::CancellationToken;

/// How often the registry is asked about those who have transfers under way.
const INTERVAL: Duration = Duration::from_secs(15);

/// Somebody without whom a transfer does not go on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Party {
    /// The connector at the other end.
    Connector(ConnectorId),
    /// In whose name data is fetched, or offered.
    User(UserId),
    /// Whoever offers, where nobody says by which connector.
    Provider(UserId),
}

/// The transfers under way, by whom they depend on. Clones are the same.
#[derive(Clone)]
pub struct Running(Arc<Inner>);

struct Inner {
    registrations: Arc<dyn Registrations>,
    next: AtomicU64,
    transfers: Mutex<HashMap<Party, HashMap<u64, CancellationToken>>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

/// A transfer's place among those under way, for as long as it is held.
#[derive(Debug)]
pub(super) struct Stay {
    running: Running,
    number: u64,
    parties: Vec<Party>,
    suspended: CancellationToken,
}

impl Running {
    /// None under way yet.
    pub fn new(registrations: Arc<dyn Registrations>) -> Self {
        Self(Arc::new(Inner {
            registrations,
            next: AtomicU64::new(0),
            transfers: Mutex::default(),
        }))
    }

    /// One begins that depends on `parties`.
    pub(super) fn enter(&self, parties: Vec<Party>) -> Stay {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let suspended = CancellationToken::new();
        let mut transfers = self.0.transfers();
        for party in &parties {
            let of_party = transfers.entry(party.clone()).or_default();
            of_party.insert(number, suspended.clone());
        }
        drop(transfers);
        Stay {
            running: self.clone(),
            number,
            parties,
            suspended,
        }
    }

    /// Asks the registry now and then, until `shutdown`.
    pub fn spawn_checks(&self, shutdown: Shutdown) {
        let running = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(INTERVAL) => running.check().await,
                }
            }
        });
    }

    /// Asks about everybody who has a transfer under way, and ends those of whoever is suspended. A registry that is out of reach
    /// ends none: what began goes on.
    pub(crate) async fn check(&self) {
        let parties: Vec<_> = self.0.transfers().keys().cloned().collect();
        for some in parties.chunks(Suspensions::MAX) {
            match self.0.registrations.suspensions(&question(some)).await {
                Ok(suspended) => self.end(&answer(suspended)),
                Err(RegistryError::Barred) => {
                    tracing::warn!("this connector is suspended; its transfers end");
                    self.end(&parties);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "whether anybody with a transfer under way was suspended is not known");
                    return;
                }
            }
        }
    }

    fn end(&self, parties: &[Party]) {
        let transfers = self.0.transfers();
        for party in parties {
            let of_party = transfers.get(party).into_iter().flatten();
            for (_, suspended) in of_party {
                suspended.cancel();
            }
        }
    }
}

impl Inner {
    fn transfers(&self) -> MutexGuard<'_, HashMap<Party, HashMap<u64, CancellationToken>>> {
        // Every change is complete before anything that could panic.
        self.transfers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stay {
    /// Cancelled when somebody whom the transfer depends on is suspended.
    pub(super) fn suspended(&self) -> &CancellationToken {
        &self.suspended
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut transfers = self.running.0.transfers();
        for party in &self.parties {
            if let Some(of_party) = transfers.get_mut(party) {
                of_party.remove(&self.number);
                if of_party.is_empty() {
                    transfers.remove(party);
                }
            }
        }
    }
}

fn question(parties: &[Party]) -> Suspensions {
    let mut asked = Suspensions::default();
    for party in parties {
        match party.clone() {
            Party::Connector(id) => asked.connectors.push(id),
            Party::User(id) => asked.users.push(id),
            Party::Provider(id) => asked.providers.push(id),
        }
    }
    asked
}

fn answer(suspended: Suspensions) -> Vec<Party> {
    let connectors = suspended.connectors.into_iter().map(Party::Connector);
    let users = suspended.users.into_iter().map(Party::User);
    let providers = suspended.providers.into_iter().map(Party::Provider);
    connectors.chain(users).chain(providers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Book {
        answers: Mutex<Vec<Result<Suspensions, RegistryError>>>,
        asked: Mutex<Vec<Suspensions>>,
    }

    #[async_trait::async_trait]
    impl Registrations for Book {
        async fn connector(
            &self,
            _: &ConnectorId,
        ) -> Result<Option<auth_client::ConnectorRegistration>, RegistryError> {
            Ok(None)
        }

        async fn suspensions(&self, asked: &Suspensions) -> Result<Suspensions, RegistryError> {
            self.asked.lock().unwrap().push(asked.clone());
            let mut answers = self.answers.lock().unwrap();
            answers.pop().unwrap_or_else(|| Ok(Suspensions::default()))
        }

        async fn is_suspended(
            &self,
            _: &UserId,
            _: Option<&ConnectorId>,
        ) -> Result<bool, RegistryError> {
            Ok(false)
        }
    }

    fn user(number: usize) -> Party {
        Party::User(UserId::parse(&format!("cadde.{number}.aa")).unwrap())
    }

    fn connector() -> Party {
        Party::Connector(ConnectorId::parse("receiver.b.example").unwrap())
    }

    #[tokio::test]
    async fn each_party_is_asked_about_once_and_only_while_it_has_a_transfer() {
        let book = Arc::new(Book::default());
        let running = Running::new(Arc::clone(&book) as _);
        running.check().await;
        assert!(book.asked.lock().unwrap().is_empty(), "nobody to ask about");
        let stays: Vec<_> = (0..600)
            .map(|number| running.enter(vec![connector(), user(number % 300)]))
            .collect();
        running.check().await;
        let asked = std::mem::take(&mut *book.asked.lock().unwrap());
        assert!(asked.iter().all(|one| one.len() <= Suspensions::MAX));
        let total: usize = asked.iter().map(Suspensions::len).sum();
        assert_eq!(total, 301);
        drop(stays);
        running.check().await;
        assert!(book.asked.lock().unwrap().is_empty());
        assert!(running.0.transfers().is_empty());
    }

    #[tokio::test]
    async fn whoever_is_suspended_loses_all_transfers_and_nobody_else_does() {
        let book = Arc::new(Book::default());
        let running = Running::new(Arc::clone(&book) as _);
        let stays = [
            running.enter(vec![connector(), user(1)]),
            running.enter(vec![connector(), user(2)]),
            running.enter(vec![user(1)]),
        ];
        let ended = |stays: &[Stay]| -> Vec<bool> {
            stays
                .iter()
                .map(|stay| stay.suspended().is_cancelled())
                .collect()
        };
        let away = RegistryError::Unavailable("away".to_owned());
        book.answers.lock().unwrap().push(Err(away));
        running.check().await;
        assert_eq!(ended(&stays), [false, false, false]);
        let Party::User(suspended) = user(1) else {
            unreachable!()
        };
        let answer = Suspensions {
            users: vec![suspended],
            ..Suspensions::default()
        };
        book.answers.lock().unwrap().push(Ok(answer));
        running.check().await;
        assert_eq!(ended(&stays), [true, false, true]);
        book.answers
            .lock()
            .unwrap()
            .push(Err(RegistryError::Barred));
        running.check().await;
        assert_eq!(ended(&stays), [true, true, true]);
    }
}
