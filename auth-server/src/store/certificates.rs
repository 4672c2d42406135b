//! Certificates and one-time codes.

use super::{
    SqliteStore, micros,
    rows::{CertificateRow, Reader, insert_event},
};
use crate::{
    domain::{
        secrets::SecretHash,
        store::{CertificateRecord, Certificates, CodeRecord, Duplicate, NewCode, StoreError},
    },
    store::kinship::{descendants, event_of},
};
use async_trait::async_trait;
use auth_client::api::{Certificate, Event};
use sqlx::SqliteConnection;
use time::OffsetDateTime;

const BY_SERIAL: &str = "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
     not_after, revoked_at FROM certificates WHERE serial = $1";

const BY_SHA256: &str = "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
     not_after, revoked_at FROM certificates WHERE sha256 = $1 ORDER BY seq LIMIT 1";

#[async_trait]
impl Certificates for SqliteStore {
    async fn replace_code(
        &self,
        client_id: &str,
        code: &NewCode,
        event: &Event,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM enrolment_codes WHERE client_id = $1 AND serial IS NULL")
            .bind(client_id)
            .execute(&mut *tx)
            .await?;
        insert_code(&mut tx, client_id, code).await?;
        insert_event(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, StoreError> {
        let found: Option<(String, i64, Option<String>)> = sqlx::query_as(
            "SELECT client_id, expires_at, serial FROM enrolment_codes WHERE hash = $1",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.database.reader)
        .await?;
        let Some((client_id, expires_at, serial)) = found else {
            return Ok(None);
        };
        let spent_on = match serial {
            None => None,
            Some(serial) => sqlx::query_as::<_, CertificateRow>(BY_SERIAL)
                .bind(serial)
                .fetch_optional(&self.database.reader)
                .await?
                .map(CertificateRecord::try_from)
                .transpose()?,
        };
        let expires_at = Reader {
            table: "enrolment_codes",
            key: &client_id,
        }
        .time(expires_at)?;
        Ok(Some(CodeRecord {
            client_id,
            expires_at,
            spent_on,
        }))
    }

    async fn record_enrolment(
        &self,
        code: &SecretHash,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        insert_certificate(&mut tx, certificate).await?;
        let spent = sqlx::query(
            "UPDATE enrolment_codes SET serial = $2 WHERE hash = $1 AND serial IS NULL",
        )
        .bind(code.as_slice())
        .bind(&certificate.certificate.serial)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if spent != 1 {
            return Ok(false);
        }
        insert_event(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn is_certifiable(&self, certificate: &CertificateRecord) -> Result<bool, StoreError> {
        let is_taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM certified_keys WHERE spki_sha256 = $1 AND (client_id <> $2 OR compromised)) \
             OR EXISTS (SELECT 1 FROM certificates WHERE serial = $3)",
        )
        .bind(certificate.spki_sha256.as_slice())
        .bind(certificate.certificate.subject.as_str())
        .bind(&certificate.certificate.serial)
        .fetch_one(&self.database.reader)
        .await?;
        Ok(!is_taken)
    }

    async fn record_certificate(
        &self,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert_certificate(&mut tx, certificate).await?;
        insert_event(&mut tx, event).await?;
        Ok(tx.commit().await?)
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        let row: Option<CertificateRow> = sqlx::query_as(BY_SERIAL)
            .bind(serial)
            .fetch_optional(&self.database.reader)
            .await?;
        Ok(row
            .map(CertificateRecord::try_from)
            .transpose()?
            .map(|record| record.certificate))
    }

    async fn certificate_by_sha256(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<Certificate>, StoreError> {
        let row: Option<CertificateRow> = sqlx::query_as(BY_SHA256)
            .bind(sha256.as_slice())
            .fetch_optional(&self.database.reader)
            .await?;
        Ok(row
            .map(CertificateRecord::try_from)
            .transpose()?
            .map(|record| record.certificate))
    }

    async fn certificates(
        &self,
        of: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Certificate)>, StoreError> {
        let rows: Vec<CertificateRow> = sqlx::query_as(
            "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, \
             revoked_at FROM certificates WHERE seq > $1 AND ($3 IS NULL OR client_id = $3) ORDER BY seq LIMIT $2",
        )
        .bind(after)
        .bind(limit)
        .bind(of)
        .fetch_all(&self.database.reader)
        .await?;
        rows.into_iter()
            .map(|row| Ok((row.seq, CertificateRecord::try_from(row)?.certificate)))
            .collect()
    }

    async fn revoke(
        &self,
        serial: &str,
        at: OffsetDateTime,
        compromised: bool,
        event: &Event,
    ) -> Result<Option<Certificate>, StoreError> {
        let mut tx = self.begin().await?;
        let found: Option<(String, i64)> =
            sqlx::query_as("SELECT client_id, seq FROM certificates WHERE serial = $1")
                .bind(serial)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((client, seq)) = found else {
            return Ok(None);
        };
        let family = if compromised {
            let later = sqlx::query_as(
                "SELECT serial, parent FROM certificates \
                 WHERE client_id = $1 AND seq > $2 AND issued_here ORDER BY seq",
            )
            .bind(client)
            .bind(seq)
            .fetch_all(&mut *tx)
            .await?;
            descendants(serial, later)
        } else {
            vec![serial.to_owned()]
        };
        let listed = serde_json::Value::from(family).to_string();
        let revoked: Vec<String> = sqlx::query_scalar(
            "UPDATE certificates SET revoked_at = $2 \
             WHERE serial IN (SELECT value FROM json_each($1)) AND revoked_at IS NULL RETURNING serial",
        )
        .bind(&listed)
        .bind(micros(at))
        .fetch_all(&mut *tx)
        .await?;
        if compromised {
            sqlx::query(
                "UPDATE certified_keys SET compromised = 1 WHERE spki_sha256 IN \
                 (SELECT spki_sha256 FROM certificates WHERE serial IN (SELECT value FROM json_each($1)))",
            )
            .bind(&listed)
            .execute(&mut *tx)
            .await?;
        }
        for other in revoked.iter().filter(|other| *other != serial) {
            insert_event(&mut tx, &event_of(other, event)).await?;
        }
        if compromised || revoked.iter().any(|one| one == serial) {
            insert_event(&mut tx, event).await?;
        }
        let row: CertificateRow = sqlx::query_as(BY_SERIAL)
            .bind(serial)
            .fetch_one(&mut *tx)
            .await?;
        let record = CertificateRecord::try_from(row)?;
        tx.commit().await?;
        Ok(Some(record.certificate))
    }

    async fn revoked(
        &self,
        since: OffsetDateTime,
    ) -> Result<Vec<(String, OffsetDateTime)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT serial, revoked_at FROM certificates \
             WHERE revoked_at IS NOT NULL AND not_after > $1 AND issued_here ORDER BY seq",
        )
        .bind(micros(since))
        .fetch_all(&self.database.reader)
        .await?;
        rows.into_iter()
            .map(|(serial, at)| {
                let at = Reader {
                    table: "certificates",
                    key: &serial,
                }
                .time(at)?;
                Ok((serial, at))
            })
            .collect()
    }
}

pub(super) async fn insert_code(
    connection: &mut SqliteConnection,
    client_id: &str,
    code: &NewCode,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO enrolment_codes (hash, client_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(code.hash.as_slice())
        .bind(client_id)
        .bind(micros(code.created_at))
        .bind(micros(code.expires_at))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records a certificate and binds its key to the client, for ever.
pub(super) async fn insert_certificate(
    connection: &mut SqliteConnection,
    record: &CertificateRecord,
) -> Result<(), StoreError> {
    let certificate = &record.certificate;
    if let Some(parent) = &record.parent {
        let is_good: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM certificates WHERE serial = $1 AND revoked_at IS NULL)",
        )
        .bind(parent)
        .fetch_one(&mut *connection)
        .await?;
        if !is_good {
            return Err(StoreError::Revoked);
        }
    }
    sqlx::query("INSERT INTO certified_keys (spki_sha256, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(record.spki_sha256.as_slice())
        .bind(certificate.subject.as_str())
        .execute(&mut *connection)
        .await?;
    let (owner, compromised): (String, bool) =
        sqlx::query_as("SELECT client_id, compromised FROM certified_keys WHERE spki_sha256 = $1")
            .bind(record.spki_sha256.as_slice())
            .fetch_one(&mut *connection)
            .await?;
    if owner != certificate.subject.as_str() || compromised {
        return Err(StoreError::Duplicate(Duplicate::Key));
    }
    let reader = Reader {
        table: "certificates",
        key: &certificate.serial,
    };
    let sha256 = reader.parsed(hex::decode(&certificate.sha256))?;
    sqlx::query(
        "INSERT INTO certificates (serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
         not_after, parent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&certificate.serial)
    .bind(certificate.subject.as_str())
    .bind(record.spki_sha256.as_slice())
    .bind(sha256)
    .bind(&record.chain_pem)
    .bind(record.issued_here)
    .bind(micros(certificate.not_before))
    .bind(micros(certificate.not_after))
    .bind(record.parent.as_ref().unwrap_or(&certificate.serial))
    .execute(connection)
    .await?;
    Ok(())
}
