//! Sites and their packages in SQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use common_db::{Corrupt, Json, Row, StoreError, Transaction, sql, up_to_nul};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::Store;
use crate::domain::{HarvestStore, Harvested, Record, SourceStatus, Trouble};

fn status(row: &Row) -> Result<SourceStatus, Corrupt> {
    let row = row.of("harvest_source", "id");
    let problem: Option<Json<Trouble>> = row.get("problem")?;
    let count = |name| row.with(name, |count: i64| u64::try_from(count));
    Ok(SourceStatus {
        id: row.get("id")?,
        title: row.get("title")?,
        asked_at: row.get("asked_at")?,
        answered_at: row.get("answered_at")?,
        silent_since: row.get("silent_since")?,
        swept_at: row.get("swept_at")?,
        skipped: count("skipped")?,
        problem: problem.map(|Json(problem)| problem),
        datasets: count("datasets")?,
    })
}

fn harvested(row: &Row) -> Result<Harvested, Corrupt> {
    let row = row.of("harvest_record", "id");
    let content = row.with("content", |text: Option<String>| {
        text.map(|text| serde_json::from_str::<Map<String, Value>>(&text))
            .transpose()
    })?;
    Ok(Harvested {
        source: row.get("source")?,
        id: row.get("id")?,
        name: row.get("name")?,
        content,
        number: row.get("number")?,
    })
}

/// The next number, which no other transaction takes before this one has ended.
async fn next(tx: &mut Transaction) -> sqlx::Result<i64> {
    let next = sql("UPDATE harvest_counter SET number = number + 1 WHERE id = 1 RETURNING number");
    tx.fetch_one(next).await?.get("number")
}

async fn gone(
    tx: &mut Transaction,
    source: &str,
    id: &str,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    let number = next(tx).await?;
    let gone = sql(
        "UPDATE harvest_record SET content = NULL, digest = '', number = $3, at = $4 \
         WHERE source = $1 AND id = $2 AND content IS NOT NULL",
    );
    tx.execute(gone.bind(source).bind(id).bind(number).bind(at))
        .await
        .map(drop)
}

const STATUS: &str = "SELECT *, (SELECT count(*) FROM harvest_record WHERE source = harvest_source.id AND content IS NOT NULL) \
     AS datasets FROM harvest_source WHERE id = $1";

/// Packages that are let go in one transaction.
const AT_ONCE: u32 = 500;

#[async_trait]
impl HarvestStore for Store {
    async fn claim(
        &self,
        source: &str,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Option<SourceStatus>, StoreError> {
        let known = sql("INSERT INTO harvest_source (id) VALUES ($1) ON CONFLICT (id) DO NOTHING");
        self.database.execute(known.bind(source)).await?;
        let claim = sql(
            "UPDATE harvest_source SET claimed_until = $2 WHERE id = $1 AND (claimed_until IS NULL OR claimed_until <= $3)",
        );
        let claim = claim.bind(source).bind(until).bind(now);
        if self.database.execute(claim).await? == 0 {
            return Ok(None);
        }
        let row = self.database.fetch_one(sql(STATUS).bind(source)).await?;
        Ok(Some(status(&row)?))
    }

    async fn tell(&self, is: &SourceStatus) -> Result<(), StoreError> {
        let tell = sql(
            "UPDATE harvest_source SET title = $2, asked_at = $3, answered_at = $4, silent_since = $5, swept_at = $6, skipped = $7, \
             problem = $8, claimed_until = NULL WHERE id = $1",
        );
        let skipped = i64::try_from(is.skipped).unwrap_or(i64::MAX);
        let tell = tell
            .bind(&is.id)
            .bind(&is.title)
            .bind(is.asked_at)
            .bind(is.answered_at)
            .bind(is.silent_since)
            .bind(is.swept_at)
            .bind(skipped)
            .bind(is.problem.as_ref().map(Json));
        self.database.execute(tell).await?;
        Ok(())
    }

    async fn sources(&self) -> Result<Vec<SourceStatus>, StoreError> {
        let asked = sql(
            "SELECT *, (SELECT count(*) FROM harvest_record WHERE source = harvest_source.id AND content IS NOT NULL) AS datasets \
             FROM harvest_source ORDER BY id",
        );
        let found = self.database.fetch_all(asked).await?;
        Ok(found.iter().map(status).collect::<Result<_, _>>()?)
    }

    async fn keep(
        &self,
        source: &str,
        records: &[Record],
        at: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let attempt = || async {
            let known = sql(
                "SELECT id, digest FROM harvest_record WHERE source = $1 AND id IN (SELECT value FROM json_each($2))",
            )
            .on_postgres("SELECT id, digest FROM harvest_record WHERE source = $1 AND id = ANY($2)");
            let known = self
                .database
                .fetch_all(known.bind(source).bind(ids.as_slice()))
                .await?;
            let known: BTreeMap<String, String> = known
                .iter()
                .map(|row| Ok::<_, sqlx::Error>((row.get("id")?, row.get("digest")?)))
                .collect::<Result<_, _>>()?;
            let is_other = |record: &&Record| known.get(&record.id) != Some(&record.digest);
            let others: Vec<_> = records.iter().filter(is_other).collect();
            if others.is_empty() {
                return Ok(0);
            }
            let mut tx = self.database.begin().await?;
            for record in &others {
                let number = next(&mut tx).await?;
                let text = Value::Object(record.content.clone()).to_string();
                tx.execute(
                    sql(
                        "INSERT INTO harvest_record (source, id, name, content, digest, number, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                         ON CONFLICT (source, id) DO UPDATE SET name = excluded.name, content = excluded.content, \
                         digest = excluded.digest, number = excluded.number, at = excluded.at",
                    )
                    .bind(source)
                    .bind(&record.id)
                    .bind(&record.name)
                    .bind(text)
                    .bind(&record.digest)
                    .bind(number)
                    .bind(at),
                )
                .await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>(others.len())
        };
        self.database.run(attempt).await
    }

    async fn drop_records(
        &self,
        source: &str,
        ids: &[String],
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            for id in ids {
                gone(&mut tx, source, id, at).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        self.database.run(attempt).await
    }

    async fn ids(&self, source: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let asked = sql(
            "SELECT id FROM harvest_record WHERE source = $1 AND id > $2 AND content IS NOT NULL ORDER BY id LIMIT $3",
        );
        let found = self
            .database
            .fetch_all(asked.bind(source).bind(after).bind(limit))
            .await?;
        Ok(found
            .iter()
            .map(|row| row.get("id"))
            .collect::<Result<_, _>>()?)
    }

    async fn count(&self, source: &str) -> Result<u64, StoreError> {
        let asked = sql(
            "SELECT count(*) AS n FROM harvest_record WHERE source = $1 AND content IS NOT NULL",
        );
        let row = self.database.fetch_one(asked.bind(source)).await?;
        Ok(row
            .of("harvest_record", "n")
            .with("n", |n: i64| u64::try_from(n))?)
    }

    async fn forget(&self, source: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        loop {
            let ids = self.ids(source, "", AT_ONCE).await?;
            if ids.is_empty() {
                break;
            }
            self.drop_records(source, &ids, at).await?;
        }
        let forget = sql("DELETE FROM harvest_source WHERE id = $1").bind(source);
        self.database.execute(forget).await?;
        Ok(())
    }

    async fn records(&self, keys: &[(String, String)]) -> Result<Vec<Harvested>, StoreError> {
        let ids: Vec<String> = keys.iter().map(|(_, id)| id.clone()).collect();
        let asked = sql(
            "SELECT * FROM harvest_record WHERE id IN (SELECT value FROM json_each($1)) AND content IS NOT NULL",
        )
        .on_postgres("SELECT * FROM harvest_record WHERE id = ANY($1) AND content IS NOT NULL");
        let found = self.database.fetch_all(asked.bind(ids.as_slice())).await?;
        let found = found.iter().map(harvested).collect::<Result<Vec<_>, _>>()?;
        let is_asked = |one: &Harvested| {
            keys.iter()
                .any(|(source, id)| *source == one.source && *id == one.id)
        };
        Ok(found.into_iter().filter(is_asked).collect())
    }

    async fn by_name(&self, source: &str, name: &str) -> Result<Option<Harvested>, StoreError> {
        let asked = sql(
            "SELECT * FROM harvest_record WHERE source = $1 AND name = $2 AND content IS NOT NULL ORDER BY id LIMIT 1",
        );
        let asked = asked.bind(up_to_nul(source)).bind(up_to_nul(name));
        let found = self.database.fetch_optional(asked).await?;
        Ok(found.as_ref().map(harvested).transpose()?)
    }

    async fn by_id(&self, id: &str) -> Result<Option<Harvested>, StoreError> {
        let asked = sql(
            "SELECT * FROM harvest_record WHERE id = $1 AND content IS NOT NULL ORDER BY source LIMIT 1",
        );
        let found = self
            .database
            .fetch_optional(asked.bind(up_to_nul(id)))
            .await?;
        Ok(found.as_ref().map(harvested).transpose()?)
    }

    async fn progress(&self) -> Result<(String, i64), StoreError> {
        let asked = sql("SELECT identity, number FROM harvest_counter WHERE id = 1");
        let row = self.database.fetch_one(asked).await?;
        Ok((row.get("identity")?, row.get("number")?))
    }

    async fn changes(&self, after: i64, limit: u32) -> Result<Vec<Harvested>, StoreError> {
        let asked = sql("SELECT * FROM harvest_record WHERE number > $1 ORDER BY number LIMIT $2");
        let found = self
            .database
            .fetch_all(asked.bind(after).bind(limit))
            .await?;
        Ok(found.iter().map(harvested).collect::<Result<_, _>>()?)
    }
}
