//! Which event made what lies at an address, in memory: asked for each exchange, in step with the database within a second.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use common::{process::Shutdown, telemetry::Chain};
use uuid::Uuid;

use crate::domain::{OriginChange, SiteStore, StoreError};

/// How often the database is asked whether something changed: half of the second that is promised.
const INTERVAL: Duration = Duration::from_millis(500);

/// Datasets that are read at once: two views each, with as many distributions as a dataset may have.
const AT_ONCE: u32 = 20;

/// The addresses that the sites name, each with the event that made what lies there.
#[derive(Debug, Default)]
pub struct Origins {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Of which database, and as of which change.
    identity: String,
    number: i64,
    by_url: HashMap<Arc<str>, Named>,
    by_dataset: HashMap<Uuid, Vec<Arc<str>>>,
}

#[derive(Debug)]
struct Named {
    event_id: Arc<str>,
    /// The datasets that name the address.
    by: usize,
}

impl Origins {
    /// The event that made what lies at `url`, if the sites name the address.
    pub fn event_of(&self, url: &str) -> Option<Arc<str>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .by_url
            .get(key(url))
            .map(|named| Arc::clone(&named.event_id))
    }

    /// Takes over what changed in `store`.
    ///
    /// # Errors
    /// [`StoreError`]; what was taken over before stays.
    pub async fn refresh(&self, store: &dyn SiteStore) -> Result<(), StoreError> {
        let progress = store.progress().await?;
        let mut after = {
            let mut known = self.write();
            if known.identity != progress.identity || known.number > progress.number {
                // Another database counts for itself.
                *known = Known {
                    identity: progress.identity,
                    ..Known::default()
                };
            }
            known.number
        };
        while after < progress.number {
            let changes = store.origin_changes(after, AT_ONCE).await?;
            let Some(last) = changes.last() else { break };
            after = last.number;
            let mut known = self.write();
            for change in changes {
                known.take(change);
            }
        }
        Ok(())
    }

    /// Calls [`Origins::refresh`] until `shutdown`. One task alone does so.
    pub fn spawn(self: &Arc<Self>, store: Arc<dyn SiteStore>, shutdown: Shutdown) {
        let origins = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
                if let Err(error) = origins.refresh(store.as_ref()).await {
                    tracing::warn!(error = %Chain(&error), "the catalogue cannot be asked which events made its data");
                }
            }
        });
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        // Nothing between two changes can panic.
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn take(&mut self, change: OriginChange) {
        self.number = change.number;
        for url in self
            .by_dataset
            .remove(&change.dataset_id)
            .unwrap_or_default()
        {
            if let Some(named) = self.by_url.get_mut(&url) {
                named.by -= 1;
                if named.by == 0 {
                    self.by_url.remove(&url);
                }
            }
        }
        let mut urls = BTreeSet::new();
        for (url, event_id) in change.origins {
            let url: Arc<str> = key(&url).into();
            let event_id: Arc<str> = event_id.into();
            let named = self.by_url.entry(Arc::clone(&url)).or_insert(Named {
                event_id: Arc::clone(&event_id),
                by: 0,
            });
            // The same for all that name the address; the newest change has read it last.
            named.event_id = event_id;
            if urls.insert(Arc::clone(&url)) {
                named.by += 1;
            }
        }
        if !urls.is_empty() {
            self.by_dataset
                .insert(change.dataset_id, urls.into_iter().collect());
        }
    }
}

/// Requests lose one slash at the end before anything is compared.
fn key(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(number: i64, dataset: u128, origins: &[(&str, &str)]) -> OriginChange {
        OriginChange {
            number,
            dataset_id: Uuid::from_u128(dataset),
            origins: origins
                .iter()
                .map(|(url, event)| ((*url).to_owned(), (*event).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn an_address_is_known_as_long_as_a_dataset_names_it() {
        let origins = Origins::default();
        let event = |url: &str| origins.event_of(url).map(|event| event.to_string());
        let take = |change| origins.write().take(change);
        assert_eq!(event("http://d/a"), None);
        take(change(
            1,
            1,
            &[
                ("http://d/a", "e"),
                ("http://d/a", "e"),
                ("http://d/b/", "f"),
            ],
        ));
        take(change(2, 2, &[("http://d/a", "e")]));
        assert_eq!(
            (event("http://d/a"), event("http://d/b")),
            (Some("e".to_owned()), Some("f".to_owned()))
        );
        assert_eq!(event("http://d/a/"), Some("e".to_owned()));
        take(change(3, 1, &[("http://d/c", "g")]));
        assert_eq!(
            (
                event("http://d/a"),
                event("http://d/b"),
                event("http://d/c")
            ),
            (Some("e".to_owned()), None, Some("g".to_owned()))
        );
        // Other bytes at the same address: whoever names it.
        take(change(4, 2, &[("http://d/a", "h")]));
        assert_eq!(event("http://d/a"), Some("h".to_owned()));
        take(change(5, 2, &[]));
        take(change(6, 1, &[]));
        assert_eq!(event("http://d/a"), None);
        let known = origins.write();
        assert!(known.by_url.is_empty() && known.by_dataset.is_empty());
        assert_eq!(known.number, 6);
    }
}
