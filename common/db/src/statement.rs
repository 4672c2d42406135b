//! A statement with its values, for either database.

use std::borrow::Cow;

use common::clock::rfc3339_millis;
use serde::Serialize;
use sqlx::{
    Arguments as _, AssertSqlSafe,
    error::BoxDynError,
    postgres::{PgArguments, Postgres},
    query::Query,
    sqlite::{Sqlite, SqliteArguments},
    types::JsonRawValue,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// One value of a statement. Each is kept in the type that its column has: nothing is turned into text on the way to a database that
/// has a type for it.
#[derive(Debug, Clone)]
pub enum Value<'q> {
    /// `TEXT`; `text`.
    Text(Option<Cow<'q, str>>),
    /// `INTEGER`; `bigint`, and what a bigint is compared with or assigned to.
    Integer(Option<i64>),
    /// `INTEGER`, 0 or 1; `boolean`.
    Bool(Option<bool>),
    /// `BLOB`; `bytea`.
    Bytes(Option<Cow<'q, [u8]>>),
    /// `INTEGER`, microseconds since 1970-01-01T00:00:00Z; `timestamptz`.
    Time(Option<OffsetDateTime>),
    /// `TEXT`; `timestamptz`: [`Rfc3339`].
    TimeText(OffsetDateTime),
    /// `TEXT`, in groups with hyphens; `uuid`.
    Uuid(Option<Uuid>),
    /// `TEXT`; `jsonb`.
    Json(Option<Box<JsonRawValue>>),
    /// A list to be searched: `TEXT` for `json_each`; `text[]` for `ANY`.
    Texts(&'q [String]),
    /// What cannot be written, and why.
    Unfit(String),
}

/// A value that is kept as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// A time in a column that is text in `SQLite`: RFC 3339, UTC, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Rfc3339(pub OffsetDateTime);

macro_rules! values {
    ($($from:ty => $variant:ident: |$value:ident| $into:expr;)+) => { $(
        impl<'q> From<$from> for Value<'q> {
            fn from($value: $from) -> Self {
                Self::$variant(Some($into))
            }
        }

        impl<'q> From<Option<$from>> for Value<'q> {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map(|$value| $into))
            }
        }
    )+ };
}

values! {
    &'q str => Text: |text| text.into();
    &'q String => Text: |text| text.as_str().into();
    String => Text: |text| text.into();
    i32 => Integer: |number| number.into();
    u32 => Integer: |number| number.into();
    i64 => Integer: |number| number;
    bool => Bool: |yes| yes;
    &'q [u8] => Bytes: |bytes| bytes.into();
    Vec<u8> => Bytes: |bytes| bytes.into();
    OffsetDateTime => Time: |at| at;
    Uuid => Uuid: |id| id;
}

impl<'q> From<&'q Option<String>> for Value<'q> {
    fn from(text: &'q Option<String>) -> Self {
        text.as_deref().into()
    }
}

impl<'q> From<&'q [String]> for Value<'q> {
    fn from(texts: &'q [String]) -> Self {
        Self::Texts(texts)
    }
}

impl From<Rfc3339> for Value<'_> {
    fn from(Rfc3339(at): Rfc3339) -> Self {
        Self::TimeText(at)
    }
}

impl<T: Serialize> From<Json<T>> for Value<'_> {
    fn from(value: Json<T>) -> Self {
        Some(value).into()
    }
}

impl<T: Serialize> From<Option<Json<T>>> for Value<'_> {
    fn from(value: Option<Json<T>>) -> Self {
        match value
            .map(|json| serde_json::value::to_raw_value(&json.0))
            .transpose()
        {
            Ok(json) => Self::Json(json),
            Err(error) => Self::Unfit(error.to_string()),
        }
    }
}

impl Value<'_> {
    /// Whether it is a text that no column holds: PostgreSQL takes no NUL, so neither database is given one.
    fn has_nul(&self) -> bool {
        match self {
            Self::Text(Some(text)) => text.contains('\0'),
            Self::Texts(texts) => texts.iter().any(|text| text.contains('\0')),
            _ => false,
        }
    }
}

/// What stands before a NUL in a cursor that comes from outside. No text that is stored has one, so the same texts sort behind it.
pub fn up_to_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// A statement and its values. The text is the program's own, never put together from what comes from outside.
#[derive(Debug, Clone)]
pub struct Statement<'q> {
    sqlite: &'static str,
    postgres: &'static str,
    lock: &'static str,
    values: Vec<Value<'q>>,
}

/// A statement that both databases take; `$1` is its first value.
pub fn sql<'q>(text: &'static str) -> Statement<'q> {
    Statement {
        sqlite: text,
        postgres: text,
        lock: "",
        values: Vec::new(),
    }
}

impl<'q> Statement<'q> {
    /// What PostgreSQL is told instead, with the same values.
    #[must_use]
    pub fn on_postgres(mut self, text: &'static str) -> Self {
        self.postgres = text;
        self
    }

    /// Locks the rows that are read until the transaction ends, against all who would change them and all who lock them so.
    /// In `SQLite` a transaction that writes is alone anyway.
    #[must_use]
    pub fn for_update(mut self) -> Self {
        self.lock = " FOR NO KEY UPDATE";
        self
    }

    /// Locks the rows that are read until the transaction ends, against all who would change them.
    #[must_use]
    pub fn for_share(mut self) -> Self {
        self.lock = " FOR SHARE";
        self
    }

    /// The next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Whether it asks for a text that no row has, since it has a NUL.
    pub(crate) fn is_in_vain(&self) -> bool {
        self.values.iter().any(Value::has_nul)
    }

    pub(crate) fn to_sqlite(&self) -> sqlx::Result<Query<'static, Sqlite, SqliteArguments>> {
        let arguments = self.sqlite_arguments().map_err(sqlx::Error::Encode)?;
        Ok(sqlx::query_with(self.sqlite, arguments))
    }

    pub(crate) fn to_postgres(&self) -> sqlx::Result<Query<'static, Postgres, PgArguments>> {
        let arguments = self.postgres_arguments().map_err(sqlx::Error::Encode)?;
        Ok(if self.lock.is_empty() {
            sqlx::query_with(self.postgres, arguments)
        } else {
            // Both parts are the program's own.
            let text = AssertSqlSafe([self.postgres, self.lock].concat());
            sqlx::query_with(text, arguments)
        })
    }

    fn sqlite_arguments(&self) -> Result<SqliteArguments, BoxDynError> {
        let mut arguments = SqliteArguments::default();
        for value in &self.values {
            match value {
                Value::Text(text) => arguments.add(text.as_deref()),
                Value::Integer(number) => arguments.add(number),
                Value::Bool(yes) => arguments.add(yes),
                Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
                Value::Time(at) => arguments.add(at.map(micros)),
                Value::TimeText(at) => arguments.add(rfc3339_millis(*at)),
                Value::Uuid(id) => arguments.add(id.map(|id| id.to_string())),
                Value::Json(json) => arguments.add(json.as_deref().map(JsonRawValue::get)),
                Value::Texts(texts) => arguments.add(serde_json::to_string(texts)?),
                Value::Unfit(why) => Err(why.as_str().into()),
            }?;
        }
        Ok(arguments)
    }

    fn postgres_arguments(&self) -> Result<PgArguments, BoxDynError> {
        let mut arguments = PgArguments::default();
        for value in &self.values {
            match value {
                Value::Text(text) => arguments.add(text.as_deref()),
                Value::Integer(number) => arguments.add(number),
                Value::Bool(yes) => arguments.add(yes),
                Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
                Value::Time(at) => arguments.add(at),
                Value::TimeText(at) => arguments.add(at),
                Value::Uuid(id) => arguments.add(id),
                Value::Json(json) => arguments.add(json.as_deref().map(sqlx::types::Json)),
                Value::Texts(texts) => arguments.add(texts),
                Value::Unfit(why) => Err(why.as_str().into()),
            }?;
        }
        Ok(arguments)
    }
}

/// Microseconds since 1970-01-01T00:00:00Z.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
