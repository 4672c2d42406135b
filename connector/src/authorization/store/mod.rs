//! Where grants are kept.

#[cfg(test)]
mod conformance;
mod grants;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};
pub use common_db::StoreError;
pub use grants::Grants;
use time::OffsetDateTime;

use super::grant::{Assignee, Grant};

/// Who changes a grant, and when.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The user of the token.
    pub actor: &'a UserId,
    /// The connector or service of the certificate.
    pub via: &'a ConnectorId,
    /// Now.
    pub at: OffsetDateTime,
}

/// Which grants on a target are removed.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Those of this trade.
    Trade(&'a str),
    /// The one without a contract that has exactly these conditions.
    Assignee(&'a Assignee),
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct News {
    /// The revision now.
    pub revision: i64,
    /// On which targets; `None` if that is not known any more, so that everything was read again.
    pub targets: Option<HashSet<String>>,
    /// The grants on them, or all, in order of registration.
    pub grants: Vec<Grant>,
}

/// The provider's grants.
#[async_trait]
pub trait GrantStore: Send + Sync + std::fmt::Debug {
    /// Adds a grant; `false` if the same one is there already.
    async fn register(&self, grant: &Grant, change: &Change<'_>) -> Result<bool, StoreError>;

    /// Removes grants on `target` and returns how many there were.
    async fn remove(
        &self,
        target: &str,
        which: Which<'_>,
        change: &Change<'_>,
    ) -> Result<u64, StoreError>;

    /// The grants on `target`, or all, in order of registration.
    async fn list(&self, target: Option<&str>) -> Result<Vec<Grant>, StoreError>;

    /// All grants with the revision that they are of: another number after every change, whoever made it.
    async fn load(&self) -> Result<(i64, Vec<Grant>), StoreError>;

    /// What changed after the revision `since`, whoever changed it; `None` if nothing has. It takes as long as there is news.
    async fn news(&self, since: i64) -> Result<Option<News>, StoreError>;

    /// Forgets who changed what before `before`, in small steps, and returns how many changes that were. The grants stay.
    async fn forget_changes(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
