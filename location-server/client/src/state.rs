//! The last known records and keys, on disk for the time when the location server is away.
//!
//! The file is read once at start and written by a task of its own, so no lookup ever waits for the
//! disk. Each write takes the old file's place as a whole, so a start after a crash finds the one or
//! the other.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use common::ids::UserId;
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::record::LocationRecord;

/// 10,000 providers: far more than one receiver talks to within a record's lifetime.
const MAX_RECORDS: usize = 10_000;

/// The file's content.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Content {
    jwks: JwkSet,
    records: BTreeMap<UserId, LocationRecord>,
}

/// What is known, in memory, and the way to the disk.
pub(crate) struct State {
    content: Arc<Mutex<Content>>,
    changed: watch::Sender<()>,
}

impl State {
    /// Reads `path`. A file that is absent or not readable as such means that nothing is known.
    pub(crate) fn load(path: &Path) -> Self {
        let content = match read(path) {
            Ok(content) => content,
            Err(error) => {
                tracing::warn!(
                    path = %path.display(),
                    error = %error,
                    "last known locations are not readable; starting without them"
                );
                None
            }
        };
        let content = content.unwrap_or_else(|| Content {
            jwks: JwkSet { keys: Vec::new() },
            records: BTreeMap::new(),
        });
        Self {
            content: Arc::new(Mutex::new(content)),
            changed: watch::Sender::new(()),
        }
    }

    /// The keys as of the last time the server was heard.
    pub(crate) fn jwks(&self) -> JwkSet {
        self.lock().jwks.clone()
    }

    /// The last record of a provider, not verified.
    pub(crate) fn record(&self, provider: &UserId) -> Option<LocationRecord> {
        self.lock().records.get(provider).cloned()
    }

    /// Keeps a key set.
    pub(crate) fn put_jwks(&self, jwks: JwkSet) {
        let mut content = self.lock();
        if content.jwks != jwks {
            content.jwks = jwks;
            drop(content);
            self.changed.send_replace(());
        }
    }

    /// Keeps a verified record; expired ones leave, and the one that ends first where all places are taken.
    pub(crate) fn put_record(&self, record: LocationRecord, now: OffsetDateTime) {
        let mut content = self.lock();
        let provider = record.members.provider_id.clone();
        if content.records.get(&provider) == Some(&record) {
            return;
        }
        content
            .records
            .retain(|_, known| known.members.expires_at > now);
        if content.records.len() >= MAX_RECORDS && !content.records.contains_key(&provider) {
            let first = content
                .records
                .iter()
                .min_by_key(|(_, known)| known.members.expires_at);
            if let Some(first) = first.map(|(id, _)| id.clone()) {
                content.records.remove(&first);
            }
        }
        content.records.insert(provider, record);
        drop(content);
        self.changed.send_replace(());
    }

    /// Drops the record of a provider that the server no longer knows.
    pub(crate) fn forget(&self, provider: &UserId) {
        if self.lock().records.remove(provider).is_some() {
            self.changed.send_replace(());
        }
    }

    /// A task that writes each change to `path` and ends when `self` is dropped, after the last write.
    pub(crate) fn writer(&self, path: PathBuf) -> impl Future<Output = ()> + Send + use<> {
        let mut changes = self.changed.subscribe();
        let content = Arc::clone(&self.content);
        async move {
            while changes.changed().await.is_ok() {
                // Changes during a write are met by the next round, all of them together.
                let content = lock(&content).clone();
                let target = path.clone();
                let written = tokio::task::spawn_blocking(move || write(&target, &content)).await;
                if let Ok(Err(error)) = written {
                    tracing::warn!(
                        path = %path.display(),
                        error = %error,
                        "last known locations could not be written; an outage of the location server after a restart will find older ones"
                    );
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        lock(&self.content)
    }
}

fn lock(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    // Nothing panics while the lock is held in a way that leaves the map half-changed.
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(path: &Path) -> std::io::Result<Option<Content>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, content: &Content) -> std::io::Result<()> {
    common::config::write_file(path, &serde_json::to_vec_pretty(content)?, true)
}
