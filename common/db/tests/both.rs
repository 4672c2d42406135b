//! One statement, both databases: what is written, how it is stored, and what is read.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

use common_db::{
    Database, DatabaseConfig, Json, Migrations, Rfc3339, Statement, StoreError, is_unavailable,
    sql, up_to_nul,
};
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};
use test_postgres::Site;
use time::{OffsetDateTime, UtcOffset, macros::datetime};
use uuid::Uuid;

const AT: OffsetDateTime = datetime!(2026-11-30 15:30:01.234_567 UTC);
const ID: Uuid = Uuid::from_u128(0x0193_7e3a_0000_7000_8000_0000_0000_00ab);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Thing {
    name: String,
    parts: Vec<u8>,
}

fn thing() -> Thing {
    Thing {
        name: "\"橋\"\\".to_owned(),
        parts: vec![1, 2],
    }
}

fn migrator(text: &str) -> Migrator {
    let text = AssertSqlSafe(text.to_owned()).into_sql_str();
    let first = Migration::new(1, "first".into(), MigrationType::Simple, text, false);
    Migrator::with_migrations(vec![first])
}

/// A table with a column of each type, in the types that the migrations of the services use.
fn migrations() -> Migrations {
    Migrations {
        sqlite: migrator(
            "CREATE TABLE kept (id TEXT PRIMARY KEY, word TEXT, number INTEGER, small INTEGER, yes INTEGER, bytes BLOB, at INTEGER, \
             at_text TEXT, json TEXT) STRICT",
        ),
        postgres: migrator(
            "CREATE TABLE kept (id uuid PRIMARY KEY, word text, number bigint, small smallint, yes boolean, bytes bytea, \
             at timestamptz, at_text timestamptz, json jsonb)",
        ),
    }
}

async fn open(config: &DatabaseConfig) -> Database {
    Database::open(config, &migrations()).await.unwrap()
}

fn insert(id: Uuid, word: Option<&str>) -> Statement<'_> {
    sql("INSERT INTO kept (id, word) VALUES ($1, $2)")
        .bind(id)
        .bind(word)
}

async fn count(database: &Database) -> i64 {
    let all = sql("SELECT count(*) AS n FROM kept");
    database.fetch_one(all).await.unwrap().get("n").unwrap()
}

#[tokio::test]
async fn every_type_is_read_as_it_was_written() {
    for site in Site::each() {
        let database = open(&site.config).await;
        let elsewhere = AT.to_offset(UtcOffset::from_hms(9, 0, 0).unwrap());
        let all = sql(
            "INSERT INTO kept (id, word, number, small, yes, bytes, at, at_text, json) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(ID)
        .bind("語")
        .bind(i64::MIN)
        .bind(3)
        .bind(true)
        .bind([0, 255].as_slice())
        .bind(elsewhere)
        .bind(Rfc3339(elsewhere))
        .bind(Json(thing()));
        assert_eq!(database.execute(all).await.unwrap(), 1);
        let row = database
            .fetch_one(sql("SELECT * FROM kept WHERE id = $1").bind(ID))
            .await
            .unwrap();
        let record = row.of("kept", "id");
        assert_eq!(row.get::<Uuid>("id").unwrap(), ID);
        assert_eq!(row.get::<String>("word").unwrap(), "語");
        assert_eq!(row.get::<i64>("number").unwrap(), i64::MIN);
        assert_eq!(row.get::<Option<i64>>("small").unwrap(), Some(3));
        assert!(row.get::<bool>("yes").unwrap());
        assert_eq!(row.get::<Vec<u8>>("bytes").unwrap(), [0, 255]);
        assert_eq!(record.get::<OffsetDateTime>("at").unwrap(), AT);
        assert_eq!(row.get::<Json<Thing>>("json").unwrap(), Json(thing()));

        // Each in the type of its column: what other programs, and the versions before, read there.
        let (asked, stored) = match &database {
            Database::Sqlite(_) => (
                "SELECT id || ' ' || at || ' ' || at_text || ' ' || json AS all_of_it FROM kept",
                "01937e3a-0000-7000-8000-0000000000ab 1796052601234567 2026-11-30T15:30:01.234Z \
                 {\"name\":\"\\\"橋\\\"\\\\\",\"parts\":[1,2]}",
            ),
            Database::Postgres(_) => (
                "SELECT id || ' ' || extract(epoch FROM at) || ' ' || (at = at_text) || ' ' || jsonb_typeof(json) AS all_of_it \
                 FROM kept",
                "01937e3a-0000-7000-8000-0000000000ab 1796052601.234567 true object",
            ),
        };
        let row = database.fetch_one(sql(asked)).await.unwrap();
        assert_eq!(row.get::<String>("all_of_it").unwrap(), stored);
    }
}

#[tokio::test]
async fn nothing_is_null_whatever_its_type() {
    for site in Site::each() {
        let database = open(&site.config).await;
        let nulls = sql(
            "INSERT INTO kept (id, word, number, small, yes, bytes, at, json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(ID)
        .bind(&None::<String>)
        .bind(None::<i64>)
        .bind(None::<i64>)
        .bind(None::<bool>)
        .bind(None::<&[u8]>)
        .bind(None::<OffsetDateTime>)
        .bind(None::<Json<Thing>>);
        database.execute(nulls).await.unwrap();
        let row = database.fetch_one(sql("SELECT * FROM kept")).await.unwrap();
        assert_eq!(row.get::<Option<String>>("word").unwrap(), None);
        assert_eq!(row.get::<Option<i64>>("small").unwrap(), None);
        assert_eq!(row.get::<Option<bool>>("yes").unwrap(), None);
        assert_eq!(row.get::<Option<Vec<u8>>>("bytes").unwrap(), None);
        assert_eq!(row.get::<Option<OffsetDateTime>>("at").unwrap(), None);
        assert_eq!(row.get::<Option<Json<Thing>>>("json").unwrap(), None);
        // What is not null is told apart from what is.
        let same = "SELECT id FROM kept WHERE word IS NOT DISTINCT FROM $1";
        let found = database.fetch_all(sql(same).bind(None::<&str>)).await;
        assert_eq!(found.unwrap().len(), 1);
        let found = database.fetch_all(sql(same).bind("")).await;
        assert_eq!(found.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    for site in Site::each() {
        let database = open(&site.config).await;
        database.execute(insert(ID, Some("x"))).await.unwrap();
        let row = database.fetch_one(sql("SELECT * FROM kept")).await.unwrap();
        let row = row.of("kept", "id");
        for wrong in [
            row.parse::<u8>("word").unwrap_err(),
            row.get::<i64>("word").unwrap_err(),
            row.get::<String>("number").unwrap_err(),
            row.get::<String>("nowhere").unwrap_err(),
            row.word::<bool>("word").unwrap_err(),
        ] {
            let told = StoreError::from(wrong).to_string();
            assert!(
                told.contains(&ID.to_string()) && told.contains("kept"),
                "{told}"
            );
        }
        assert_eq!(row.parse_some::<u8>("number").unwrap(), None);
    }
}

#[tokio::test]
async fn a_text_with_nul_is_nowhere_and_stays_so() {
    for site in Site::each() {
        let database = open(&site.config).await;
        database.execute(insert(ID, Some("b"))).await.unwrap();
        let other = Uuid::from_u128(2);
        database
            .execute(insert(other, Some("b\0c")))
            .await
            .unwrap_err();
        let mut tx = database.begin().await.unwrap();
        tx.execute(insert(other, Some("\0"))).await.unwrap_err();
        // It was not asked, so the transaction goes on.
        let named = |word| sql("SELECT id FROM kept WHERE word = $1").bind(word);
        assert!(tx.fetch_all(named("b\0c")).await.unwrap().is_empty());
        assert!(tx.fetch_optional(named("b\0")).await.unwrap().is_none());
        tx.commit().await.unwrap();
        assert!(database.fetch_all(named("b\0")).await.unwrap().is_empty());
        assert_eq!(count(&database).await, 1);
        assert_eq!(up_to_nul("b\0c"), "b");
        assert_eq!(up_to_nul("b"), "b");

        let texts = ["b".to_owned(), "c".to_owned()];
        let any = sql("SELECT id FROM kept WHERE word IN (SELECT value FROM json_each($1))")
            .on_postgres("SELECT id FROM kept WHERE word = ANY($1)")
            .bind(texts.as_slice());
        assert_eq!(database.fetch_all(any).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_transaction_counts_whole_or_not_at_all() {
    for site in Site::each() {
        let database = open(&site.config).await;
        let one = |n| insert(Uuid::from_u128(n), None);
        let mut dropped = database.begin().await.unwrap();
        dropped.execute(one(1)).await.unwrap();
        drop(dropped);
        let mut undone = database.begin().await.unwrap();
        undone.execute(one(2)).await.unwrap();
        undone.rollback().await.unwrap();
        assert_eq!(count(&database).await, 0);

        let mut before = database.snapshot().await.unwrap();
        let all = || sql("SELECT id FROM kept");
        assert!(before.fetch_all(all()).await.unwrap().is_empty());
        let mut committed = database.begin().await.unwrap();
        committed.execute(one(3)).await.unwrap();
        committed.commit().await.unwrap();
        assert!(before.fetch_all(all()).await.unwrap().is_empty());
        before.commit().await.unwrap();
        assert_eq!(count(&database).await, 1);
    }
}

/// Read and written again by several at a time: none is lost, with the lock that the statement asks for.
#[tokio::test]
async fn what_a_transaction_decides_by_stays_until_it_has_ended() {
    for site in Site::each() {
        let database = open(&site.config).await;
        database.execute(insert(ID, None)).await.unwrap();
        let set = |n: i64| {
            sql("UPDATE kept SET number = $2 WHERE id = $1")
                .bind(ID)
                .bind(n)
        };
        database.execute(set(0)).await.unwrap();
        let add_one = || {
            database.run(|| async {
                let mut tx = database.begin().await?;
                let asked = sql("SELECT number FROM kept WHERE id = $1")
                    .bind(ID)
                    .for_update();
                let number: i64 = tx.fetch_one(asked).await?.get("number")?;
                tx.execute(set(number + 1)).await?;
                tx.commit().await
            })
        };
        for outcome in futures_util::future::join_all((0..4).map(|_| add_one())).await {
            outcome.unwrap();
        }
        let row = database
            .fetch_one(sql("SELECT number FROM kept"))
            .await
            .unwrap();
        assert_eq!(row.get::<i64>("number").unwrap(), 4);
    }
}

#[tokio::test]
async fn a_mistake_is_no_absence() {
    for site in Site::each() {
        let database = open(&site.config).await;
        let wrong = database.fetch_optional(sql("SELECT * FROM nothing")).await;
        assert!(!is_unavailable(&wrong.unwrap_err()));
        database.execute(insert(ID, None)).await.unwrap();
        let twice = database.execute(insert(ID, None)).await.unwrap_err();
        assert!(twice.as_database_error().unwrap().is_unique_violation());
        let none = database
            .fetch_one(sql("SELECT id FROM kept WHERE number = 1"))
            .await;
        assert!(matches!(none.unwrap_err(), sqlx::Error::RowNotFound));
    }
}

/// A part of a database keeps its own book of steps: neither it nor the owner misses the other's.
#[tokio::test]
async fn a_part_has_migrations_of_its_own() {
    let part = Migrations {
        sqlite: migrator("CREATE TABLE guest (id INTEGER)"),
        postgres: migrator("CREATE TABLE guest (id bigint)"),
    };
    let part = part.of_part("guest");
    for site in Site::each() {
        for _ in 0..2 {
            let database = open(&site.config).await;
            database.migrate(&part).await.unwrap();
            let write = sql("INSERT INTO guest (id) VALUES ($1)").bind(1);
            assert_eq!(database.execute(write).await.unwrap(), 1);
        }
    }
}
