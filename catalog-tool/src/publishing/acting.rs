//! Who acts at a provider, and what that may come to.

use auth_client::{TokenError, VerifiedToken};
use catalog_items::ReadError;

use crate::{
    catalogue::CatalogueError,
    domain::{By, ChangeError, Check, Draft, Provider, StoreError},
};

/// Who does something at which provider.
#[derive(Clone, Copy)]
pub struct Acting<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The person's token, for this server.
    pub token: &'a VerifiedToken,
    /// The person, and now.
    pub by: By<'a>,
}

/// Why something was not done at the provider.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is not ready.
    #[error("the dataset has {} errors", .0.errors)]
    NotReady(Box<Check>),
    /// A publication of it is under way.
    #[error("a publication of it is under way")]
    UnderWay,
    /// The provider's copy was changed past this server.
    #[error("the dataset was changed at the provider, which has version {0}")]
    SiteChanged(i64),
    /// The provider has no such dataset, or there never was a publication.
    #[error("there is nothing of it at the provider")]
    Nothing,
    /// The publication has ended.
    #[error("the publication has ended")]
    Ended,
    /// There is no token for the provider.
    #[error("there is no steward's token for the provider")]
    Token(#[source] TokenError),
    /// The provider did not do it.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The draft was not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// What is kept can't be read any more.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

/// A draft with what its provider says.
#[derive(Debug)]
pub struct Looked {
    /// The draft, as it is kept now.
    pub draft: Draft,
    /// Whether the provider did not answer just now.
    pub is_stale: bool,
}
