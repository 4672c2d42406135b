//! What a failure of a database means for whoever asked: try again at once, try again later, or tell an operator.

use std::error::Error;

/// Whether the database did nothing because another transaction was in the way (SQLSTATE 40001, 40P01): the same again may
/// work at once.
///
/// `error` may be any error with the driver's among its causes.
pub fn is_conflict(error: &(dyn Error + 'static)) -> bool {
    sqlstate(error).is_some_and(|state| matches!(state.as_str(), "40001" | "40P01"))
}

/// Whether the database is away, locked, full or overloaded, rather than that it was asked something wrong: whoever asked is
/// answered 503 and may ask again later.
///
/// `error` may be any error with the driver's among its causes.
pub fn is_unavailable(error: &(dyn Error + 'static)) -> bool {
    match causes(error).find_map(|cause| cause.downcast_ref::<sqlx::Error>()) {
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            // The server went away in the middle of an answer.
            | sqlx::Error::Protocol(_),
        ) => true,
        Some(sqlx::Error::Database(inner)) => {
            let code = inner.code().unwrap_or_default();
            // SQLSTATEs have five characters. Extended codes of SQLite may have five digits as well; asking for the driver
            // tells them apart.
            if inner.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                postgres_is_unavailable(&code)
            } else {
                code.parse().is_ok_and(sqlite_is_unavailable)
            }
        }
        _ => false,
    }
}

/// Source: PostgreSQL, appendix A, error codes.
fn postgres_is_unavailable(state: &str) -> bool {
    // Connection exceptions, conflicts that outlasted their retries, insufficient resources, operator intervention, errors
    // of the server's system.
    ["08", "40", "53", "57", "58"].iter().any(|class| state.starts_with(class))
        // A lock was not to be had in time; a transaction stood idle too long; a primary has become a replica.
        || matches!(state, "55P03" | "25P03" | "25P04" | "25006")
}

/// Like [`is_unavailable`], for a result code of `SQLite`, extended or not.
///
/// Source: `SQLite`, result and error codes.
pub fn sqlite_is_unavailable(code: i32) -> bool {
    // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
    matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14)
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

fn sqlstate(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<sqlx::Error>())?
        .as_database_error()?
        .code()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the store failed")]
    struct Wrapped(#[source] Box<dyn Error + Send + Sync>);

    #[test]
    fn a_cause_is_found_below_other_errors() {
        let away = Wrapped(Box::new(sqlx::Error::PoolTimedOut));
        assert!(is_unavailable(&away));
        assert!(!is_conflict(&away));
        let wrong = Wrapped(Box::new(sqlx::Error::RowNotFound));
        assert!(!is_unavailable(&wrong));
        assert!(!is_unavailable(&Wrapped("something else".into())));
    }

    #[test]
    fn states_are_told_apart() {
        for away in [
            "08006", "40001", "53300", "55P03", "57014", "57P01", "57P03", "25006",
        ] {
            assert!(postgres_is_unavailable(away), "{away}");
        }
        for wrong in ["22021", "23505", "23503", "42P01", "42601", "25P02"] {
            assert!(!postgres_is_unavailable(wrong), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_locked_file_is_unavailable_and_a_mistake_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", dir.path().join("x.db").display());
        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::query("PRAGMA busy_timeout = 0")
                        .execute(connection)
                        .await
                        .map(drop)
                })
            })
            .connect(&url)
            .await
            .unwrap();
        let _first = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let locked = pool.begin_with("BEGIN IMMEDIATE").await.unwrap_err();
        assert!(is_unavailable(&locked), "{locked:?}");
        let wrong = sqlx::query("SELECT * FROM nothing")
            .execute(&pool)
            .await
            .unwrap_err();
        assert!(!is_unavailable(&wrong), "{wrong:?}");
    }
}
