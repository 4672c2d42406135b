//! How a database fails.

use common_db::Corrupt;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// Something unique exists already.
    #[error("{0:?} is taken")]
    Duplicate(Duplicate),
    /// Something that is referred to does not exist.
    #[error("a referenced entry does not exist")]
    Reference,
    /// The certificate that was to be renewed is revoked.
    #[error("the certificate to be renewed is revoked")]
    Revoked,
    /// A row cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// A participant's number.
    Number,
    /// A user ID.
    UserId,
    /// A client id: of a connector, a service or an application.
    ClientId,
    /// A connector's address.
    BaseUrl,
    /// A key: another client was certified with it, or it is known to be compromised.
    Key,
}
