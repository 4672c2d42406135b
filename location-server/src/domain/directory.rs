//! The directory of locations: each change with its rules, its history and its signature.

use std::sync::Arc;

use common::{clock::SharedClock, ids::UserId};
use location_client::{
    LocationRecord,
    api::{Change, Entry},
};
use time::OffsetDateTime;

use super::{
    access::{AccessDenied, LocationCaller},
    entry::{NewEntry, Patch},
    signer::{RecordSigner, SignerError},
    store::{Author, LocationStore, StoreError, Stored},
};

/// How often a change is tried again when others change the same record meanwhile.
const ATTEMPTS: usize = 5;

/// What has to hold of the record before a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing was said.
    #[default]
    None,
    /// `If-Match: *`: there is one.
    Exists,
    /// `If-Match`: it stands at one of these versions.
    VersionIn(Vec<i64>),
}

impl Precondition {
    fn holds(&self, stored: &Stored) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::VersionIn(versions) => versions.contains(&stored.version),
        }
    }
}

/// Why a record was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The caller may not.
    #[error(transparent)]
    Refused(#[from] AccessDenied),
    /// The provider has a record already.
    #[error("{0} has a location already")]
    Duplicate(UserId),
    /// The provider has none.
    #[error("{0} has no location")]
    Unknown(UserId),
    /// The record is not what the caller thinks it is.
    #[error("the location of {0} was changed by somebody else")]
    Outdated(UserId),
    /// Others changed it again and again meanwhile.
    #[error("the location of {0} is being changed by others")]
    Contended(UserId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The directory.
pub struct Directory {
    store: Box<dyn LocationStore>,
    signer: RecordSigner,
    clock: SharedClock,
}

/// A record, ready to be sent, with the version it stands for.
pub struct Signed {
    /// The record.
    pub record: Arc<LocationRecord>,
    /// Its version.
    pub version: i64,
}

/// Why a record can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signature failed.
    #[error("the record could not be signed")]
    Signer(#[from] Arc<SignerError>),
}

impl Directory {
    /// A directory over `store`.
    pub fn new(store: Box<dyn LocationStore>, signer: RecordSigner, clock: SharedClock) -> Self {
        Self {
            store,
            signer,
            clock,
        }
    }

    /// The keys that sign.
    pub fn signer(&self) -> &RecordSigner {
        &self.signer
    }

    /// The record of a provider.
    pub async fn get(&self, provider: &UserId) -> Result<Option<Signed>, ReadError> {
        match self.store.get(provider).await? {
            Some(stored) => Ok(Some(self.sign(&stored).await?)),
            None => Ok(None),
        }
    }

    /// At most `limit` records after `after`, in the order of provider IDs.
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Signed>, ReadError> {
        let mut page = Vec::new();
        for stored in self.store.list(after, limit).await? {
            page.push(self.sign(&stored).await?);
        }
        Ok(page)
    }

    /// At most `limit` changes after number `after`, oldest first.
    pub async fn changes(
        &self,
        provider: Option<&UserId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        self.store.changes(provider, after, limit).await
    }

    /// Forgets changes of before `before`, as far as no record stands on them, and returns how many.
    pub async fn forget_changes(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.store.forget_changes(before).await
    }

    /// Makes a record: operators.
    pub async fn create(
        &self,
        caller: &LocationCaller,
        new: &NewEntry,
        author: &Author,
    ) -> Result<Stored, ChangeError> {
        caller.may_write()?;
        self.store
            .create(&new.provider, &new.entry, author, self.clock.now())
            .await?
            .ok_or_else(|| ChangeError::Duplicate(new.provider.clone()))
    }

    /// Changes a record by `patch`: operators, and a provider's own connector the address.
    pub async fn change(
        &self,
        caller: &LocationCaller,
        provider: &UserId,
        patch: &Patch,
        precondition: &Precondition,
        author: &Author,
    ) -> Result<Stored, ChangeError> {
        self.rewrite(caller, provider, precondition, author, |before| {
            patch.apply(before)
        })
        .await
    }

    /// Replaces a record: as [`Self::change`], every member.
    pub async fn replace(
        &self,
        caller: &LocationCaller,
        new: &NewEntry,
        keep: Keep,
        precondition: &Precondition,
        author: &Author,
    ) -> Result<Stored, ChangeError> {
        self.rewrite(caller, &new.provider, precondition, author, |before| {
            Entry {
                provider_connector_url: new.entry.provider_connector_url.clone(),
                connector_id: if keep.connector_id {
                    before.connector_id.clone()
                } else {
                    new.entry.connector_id.clone()
                },
                profile: if keep.profile {
                    before.profile
                } else {
                    new.entry.profile
                },
            }
        })
        .await
    }

    /// Takes a record away: operators.
    pub async fn delete(
        &self,
        caller: &LocationCaller,
        provider: &UserId,
        precondition: &Precondition,
        author: &Author,
    ) -> Result<(), ChangeError> {
        caller.may_write()?;
        for _ in 0..ATTEMPTS {
            let before = self.current(provider, precondition).await?;
            if self.store.delete(&before, author, self.clock.now()).await? {
                return Ok(());
            }
        }
        Err(ChangeError::Contended(provider.clone()))
    }

    async fn rewrite(
        &self,
        caller: &LocationCaller,
        provider: &UserId,
        precondition: &Precondition,
        author: &Author,
        rewrite: impl Fn(&Entry) -> Entry + Send,
    ) -> Result<Stored, ChangeError> {
        // Judged before the record is looked up, so that nobody learns from the answer which exist.
        let own = caller.own_provider() == Some(provider);
        if caller.own_provider().is_some() && !own {
            return Err(AccessDenied::NotOwn.into());
        }
        if !own {
            caller.may_write()?;
        }
        for _ in 0..ATTEMPTS {
            let before = self.current(provider, precondition).await?;
            let after = rewrite(&before.entry);
            if own && !is_own_change(caller, &before.entry, &after) {
                return Err(AccessDenied::NotOwn.into());
            }
            if after == before.entry {
                return Ok(before);
            }
            if let Some(stored) = self
                .store
                .replace(&before, &after, author, self.clock.now())
                .await?
            {
                return Ok(stored);
            }
        }
        Err(ChangeError::Contended(provider.clone()))
    }

    async fn current(
        &self,
        provider: &UserId,
        precondition: &Precondition,
    ) -> Result<Stored, ChangeError> {
        match self.store.get(provider).await? {
            None => Err(ChangeError::Unknown(provider.clone())),
            Some(stored) if precondition.holds(&stored) => Ok(stored),
            Some(_) => Err(ChangeError::Outdated(provider.clone())),
        }
    }

    /// The record of what is stored, signed.
    pub async fn sign(&self, stored: &Stored) -> Result<Signed, Arc<SignerError>> {
        let record = self.signer.record(stored, self.clock.now()).await?;
        Ok(Signed {
            record,
            version: stored.version,
        })
    }
}

/// Members of a replacement that were not sent and therefore stay: a client that knows the two
/// members of CADDE 4.0 alone must not wipe out the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// `connector_id` was not sent.
    pub connector_id: bool,
    /// `profile` was not sent.
    pub profile: bool,
}

/// A connector may move the record that names it, or that names nobody yet; nothing but the address.
fn is_own_change(caller: &LocationCaller, before: &Entry, after: &Entry) -> bool {
    let names_caller = before
        .connector_id
        .as_deref()
        .is_none_or(|id| id == caller.certificate_id.as_str());
    names_caller && before.connector_id == after.connector_id && before.profile == after.profile
}
