//! Rows, and reading them.

use std::{fmt::Display, str::FromStr};

use serde::de::DeserializeOwned;
use sqlx::{
    Column as _, Row as _, TypeInfo as _, ValueRef as _,
    error::UnexpectedNullError,
    postgres::PgRow,
    sqlite::{Sqlite, SqliteRow},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::statement::Json;

/// A row that was read.
#[derive(Debug)]
pub enum Row {
    /// From a file.
    Sqlite(SqliteRow),
    /// From a server.
    Postgres(PgRow),
}

/// A row that cannot be read: what it holds, nothing that this program writes can hold.
#[derive(Debug, thiserror::Error)]
#[error("row {key} of table {table} can't be read: {reason}")]
pub struct Corrupt {
    /// The table.
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

/// What a store can fail of that has no errors of its own.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, or an error of the database.
    #[error("the database did not do it")]
    Database(#[from] sqlx::Error),
    /// A row that this version can't read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// What a column is read as.
pub trait Column: Sized {
    /// From a file.
    ///
    /// # Errors
    /// [`sqlx::Error`]: there is no such column, or it holds something else.
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self>;
    /// From a server.
    ///
    /// # Errors
    /// [`sqlx::Error`]: there is no such column, or it holds something else.
    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self>;
}

macro_rules! the_same_in_both {
    ($($type:ty),+) => { $(
        impl Column for $type {
            fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
                present(row, name)
            }

            fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
                row.try_get(name)
            }
        }
    )+ };
}

the_same_in_both!(String, bool, Vec<u8>);

impl Column for i64 {
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
        present(row, name)
    }

    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
        match row.try_column(name)?.type_info().name() {
            "INT2" => row.try_get::<i16, _>(name).map(Into::into),
            "INT4" => row.try_get::<i32, _>(name).map(Into::into),
            _ => row.try_get(name),
        }
    }
}

impl Column for OffsetDateTime {
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
        let micros: i64 = present(row, name)?;
        Self::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .map_err(|error| unreadable(name, error))
    }

    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
        row.try_get(name)
    }
}

impl Column for Uuid {
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
        let text: &str = present(row, name)?;
        text.parse().map_err(|error| unreadable(name, error))
    }

    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
        row.try_get(name)
    }
}

impl<T: DeserializeOwned> Column for Json<T> {
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
        present(row, name).map(|sqlx::types::Json(value)| Self(value))
    }

    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
        row.try_get(name)
            .map(|sqlx::types::Json(value)| Self(value))
    }
}

impl<T: Column> Column for Option<T> {
    fn from_sqlite(row: &SqliteRow, name: &str) -> sqlx::Result<Self> {
        let is_null = row.try_get_raw(name)?.is_null();
        (!is_null).then(|| T::from_sqlite(row, name)).transpose()
    }

    fn from_postgres(row: &PgRow, name: &str) -> sqlx::Result<Self> {
        let is_null = row.try_get_raw(name)?.is_null();
        (!is_null).then(|| T::from_postgres(row, name)).transpose()
    }
}

/// A value that is there: the driver for `SQLite` takes none for an empty text, and for zero.
fn present<'r, T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>>(
    row: &'r SqliteRow,
    name: &str,
) -> sqlx::Result<T> {
    if row.try_get_raw(name)?.is_null() {
        return Err(unreadable(name, UnexpectedNullError));
    }
    row.try_get(name)
}

fn unreadable(name: &str, error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: name.to_owned(),
        source: error.into(),
    }
}

impl Row {
    /// The column `name`.
    ///
    /// # Errors
    /// [`sqlx::Error`]: there is no such column, or it holds something else.
    pub fn get<T: Column>(&self, name: &str) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => T::from_sqlite(row, name),
            Self::Postgres(row) => T::from_postgres(row, name),
        }
    }

    /// The row as one of `table` whose column `key` tells which: what cannot be read is reported with both.
    pub fn of(&self, table: &'static str, key: &'static str) -> Record<'_> {
        Record {
            row: self,
            table,
            key,
        }
    }
}

/// A row of a table that is known by its name and the row's key.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    row: &'r Row,
    table: &'static str,
    key: &'static str,
}

impl Record<'_> {
    /// The column `name`.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn get<T: Column>(&self, name: &str) -> Result<T, Corrupt> {
        self.row.get(name).map_err(|error| self.corrupt(error))
    }

    /// What `read` makes of the column `name`.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn with<C: Column, T, E: Display>(
        &self,
        name: &str,
        read: impl FnOnce(C) -> Result<T, E>,
    ) -> Result<T, Corrupt> {
        read(self.get(name)?).map_err(|error| self.corrupt(format_args!("{name}: {error}")))
    }

    /// The text in the column `name`, parsed.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Corrupt> {
        self.with(name, |text: String| text.parse())
    }

    /// The text in the column `name`, parsed, if there is one.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn parse_some<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Corrupt> {
        self.with(name, |text: Option<String>| {
            text.map(|text| text.parse()).transpose()
        })
    }

    /// The text in the column `name`, a word of an enumeration, spelled as in the API.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> Result<T, Corrupt> {
        self.with(name, |word: String| serde_json::from_value(word.into()))
    }

    /// Says what is wrong with this row.
    pub fn corrupt(&self, reason: impl Display) -> Corrupt {
        // The key of a row that cannot be read may be what cannot be read.
        let key = self
            .row
            .get(self.key)
            .or_else(|_| self.row.get::<i64>(self.key).map(|key| key.to_string()))
            .or_else(|_| self.row.get::<Uuid>(self.key).map(|key| key.to_string()))
            .unwrap_or_else(|_| "?".to_owned());
        Corrupt {
            table: self.table,
            key,
            reason: reason.to_string(),
        }
    }
}
