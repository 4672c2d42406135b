//! Why a database cannot be opened.

use common::config::ConfigError;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The scheme of `database.url` is not known.
    #[error("database.url must begin with sqlite: or postgres://")]
    Scheme,
    /// The file or its folder could not be made.
    #[error("cannot make the file of the database")]
    File(#[source] std::io::Error),
    /// `database.password_file` could not be read.
    #[error("cannot read the password of the database")]
    Password(#[source] ConfigError),
    /// The server is not one that this program can use.
    #[error("the database server cannot be used: {0}")]
    Unfit(String),
    /// The database could not be opened.
    #[error("cannot open the database")]
    Open(#[from] sqlx::Error),
    /// A migration failed.
    #[error("cannot bring the database to its current schema")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
