//! How the index follows what was harvested.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use catalog_site::index::{Change, Source, SourceError, SourceState};

use super::record::{document, key};
use crate::domain::HarvestStore;

/// Packages that are read at once, each of which may be as large as one may be.
const AT_ONCE: usize = 50;

/// What was harvested, as the index reads it.
pub struct HarvestSource {
    /// Packages.
    pub store: Arc<dyn HarvestStore>,
    /// What sites are called, by the connector IDs of their providers.
    pub names: BTreeMap<String, String>,
}

#[async_trait]
impl Source for HarvestSource {
    async fn state(&self) -> Result<SourceState, SourceError> {
        let (identity, number) = self.store.progress().await?;
        Ok(SourceState {
            identity,
            counter: u64::try_from(number)?,
        })
    }

    async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, SourceError> {
        let limit = u32::try_from(limit.min(AT_ONCE))?;
        let changes = self.store.changes(i64::try_from(after)?, limit).await?;
        let changes = changes.into_iter().map(|one| {
            let name = self.names.get(&one.source).unwrap_or(&one.source);
            let content = one.content.as_ref();
            let found = content.and_then(|content| document(&one.source, name, &one.name, content));
            Ok(Change {
                counter: u64::try_from(one.number)?,
                id: key(&one.source, &one.id),
                documents: found.into_iter().collect(),
            })
        });
        changes.collect()
    }
}
