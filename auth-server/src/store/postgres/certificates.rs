//! Certificates and one-time codes.

use super::{
    PostgresStore,
    rows::{CertificateRow, insert_event},
};
use crate::{
    domain::{
        secrets::SecretHash,
        store::{CertificateRecord, Certificates, CodeRecord, Duplicate, NewCode, StoreError},
    },
    store::{
        kinship::{descendants, event_of},
        reading::Reader,
    },
};
use async_trait::async_trait;
use auth_client::api::{Certificate, Event};
use sqlx::PgConnection;
use time::OffsetDateTime;

const BY_SERIAL: &str = "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
     not_after, revoked_at FROM certificates WHERE serial = $1";

const BY_SHA256: &str = "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
     not_after, revoked_at FROM certificates WHERE sha256 = $1 ORDER BY seq LIMIT 1";

#[async_trait]
impl Certificates for PostgresStore {
    async fn replace_code(
        &self,
        client_id: &str,
        code: &NewCode,
        event: &Event,
    ) -> Result<(), StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // One replacement after the other: none would see, and so remove, the code that another has not committed yet.
            sqlx::query("SELECT FROM clients WHERE client_id = $1 FOR NO KEY UPDATE")
                .bind(client_id)
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM enrolment_codes WHERE client_id = $1 AND serial IS NULL")
                .bind(client_id)
                .execute(&mut *tx)
                .await?;
            insert_code(&mut tx, client_id, code).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, StoreError> {
        let attempt = || async {
            let mut tx = self.database.snapshot().await?;
            let found: Option<(String, OffsetDateTime, Option<String>)> = sqlx::query_as(
                "SELECT client_id, expires_at, serial FROM enrolment_codes WHERE hash = $1",
            )
            .bind(hash.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
            let Some((client_id, expires_at, serial)) = found else {
                return Ok(None);
            };
            let spent_on = match serial {
                None => None,
                Some(serial) => sqlx::query_as::<_, CertificateRow>(BY_SERIAL)
                    .bind(serial)
                    .fetch_optional(&mut *tx)
                    .await?
                    .map(CertificateRecord::try_from)
                    .transpose()?,
            };
            tx.commit().await?;
            Ok(Some(CodeRecord {
                client_id,
                expires_at,
                spent_on,
            }))
        };
        self.database.run(attempt).await
    }

    async fn record_enrolment(
        &self,
        code: &SecretHash,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
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
                tx.rollback().await?;
                return Ok(false);
            }
            insert_event(&mut tx, event).await?;
            tx.commit().await?;
            Ok(true)
        };
        self.database.run(attempt).await
    }

    async fn is_certifiable(&self, certificate: &CertificateRecord) -> Result<bool, StoreError> {
        let attempt = || async {
            let is_taken: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM certified_keys WHERE spki_sha256 = $1 AND (client_id <> $2 OR compromised)) \
                 OR EXISTS (SELECT 1 FROM certificates WHERE serial = $3)",
            )
            .bind(certificate.spki_sha256.as_slice())
            .bind(certificate.certificate.subject.as_str())
            .bind(&certificate.certificate.serial)
            .fetch_one(&self.database.pool)
            .await?;
            Ok(!is_taken)
        };
        self.database.run(attempt).await
    }

    async fn record_certificate(
        &self,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<(), StoreError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_certificate(&mut tx, certificate).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        // A serial number comes from outside, and the server takes no NUL.
        if serial.contains('\0') {
            return Ok(None);
        }
        let attempt = || async {
            let row: Option<CertificateRow> = sqlx::query_as(BY_SERIAL)
                .bind(serial)
                .fetch_optional(&self.database.pool)
                .await?;
            Ok(row
                .map(CertificateRecord::try_from)
                .transpose()?
                .map(|record| record.certificate))
        };
        self.database.run(attempt).await
    }

    async fn certificate_by_sha256(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<Certificate>, StoreError> {
        let attempt = || async {
            let row: Option<CertificateRow> = sqlx::query_as(BY_SHA256)
                .bind(sha256.as_slice())
                .fetch_optional(&self.database.pool)
                .await?;
            Ok(row
                .map(CertificateRecord::try_from)
                .transpose()?
                .map(|record| record.certificate))
        };
        self.database.run(attempt).await
    }

    async fn certificates(
        &self,
        of: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Certificate)>, StoreError> {
        if of.is_some_and(|of| of.contains('\0')) {
            return Ok(Vec::new());
        }
        let attempt = || async {
            let query = match of {
                Some(of) => sqlx::query_as::<_, CertificateRow>(
                    "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, \
                     revoked_at FROM certificates WHERE client_id = $3 AND seq > $1 ORDER BY seq LIMIT $2",
                )
                .bind(after)
                .bind(limit)
                .bind(of),
                None => sqlx::query_as::<_, CertificateRow>(
                    "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, \
                     revoked_at FROM certificates WHERE seq > $1 ORDER BY seq LIMIT $2",
                )
                .bind(after)
                .bind(limit),
            };
            query
                .fetch_all(&self.database.pool)
                .await?
                .into_iter()
                .map(|row| Ok((row.seq, CertificateRecord::try_from(row)?.certificate)))
                .collect()
        };
        self.database.run(attempt).await
    }

    async fn revoke(
        &self,
        serial: &str,
        at: OffsetDateTime,
        compromised: bool,
        event: &Event,
    ) -> Result<Option<Certificate>, StoreError> {
        if serial.contains('\0') {
            return Ok(None);
        }
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let found: Option<(String, i64)> =
                sqlx::query_as("SELECT client_id, seq FROM certificates WHERE serial = $1")
                    .bind(serial)
                    .fetch_optional(&mut *tx)
                    .await?;
            let Some((client, seq)) = found else {
                tx.rollback().await?;
                return Ok(None);
            };
            lock(&mut tx, &client).await?;
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
            let revoked: Vec<String> = sqlx::query_scalar(
                "UPDATE certificates SET revoked_at = $2 \
                 WHERE serial = ANY($1) AND revoked_at IS NULL RETURNING serial",
            )
            .bind(&family)
            .bind(at)
            .fetch_all(&mut *tx)
            .await?;
            if compromised {
                sqlx::query(
                    "UPDATE certified_keys SET compromised = true WHERE spki_sha256 IN \
                     (SELECT spki_sha256 FROM certificates WHERE serial = ANY($1))",
                )
                .bind(&family)
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
        };
        self.database.run(attempt).await
    }

    async fn revoked(
        &self,
        since: OffsetDateTime,
    ) -> Result<Vec<(String, OffsetDateTime)>, StoreError> {
        let attempt = || async {
            Ok(sqlx::query_as(
                "SELECT serial, revoked_at FROM certificates \
                 WHERE revoked_at IS NOT NULL AND not_after > $1 AND issued_here ORDER BY seq",
            )
            .bind(since)
            .fetch_all(&self.database.pool)
            .await?)
        };
        self.database.run(attempt).await
    }
}

/// Renewals and revocations of one client come one after the other: a revocation sees all that descend from the certificate.
async fn lock(connection: &mut PgConnection, client_id: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT FROM clients WHERE client_id = $1 FOR NO KEY UPDATE")
        .bind(client_id)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn insert_code(
    connection: &mut PgConnection,
    client_id: &str,
    code: &NewCode,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO enrolment_codes (hash, client_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(code.hash.as_slice())
        .bind(client_id)
        .bind(code.created_at)
        .bind(code.expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Records a certificate and binds its key to the client, for ever.
pub(super) async fn insert_certificate(
    connection: &mut PgConnection,
    record: &CertificateRecord,
) -> Result<(), StoreError> {
    let certificate = &record.certificate;
    if let Some(parent) = &record.parent {
        lock(connection, certificate.subject.as_str()).await?;
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
    // Locked: a key that is condemned at this moment is condemned before or after, not in between.
    let (owner, compromised): (String, bool) = sqlx::query_as(
        "SELECT client_id, compromised FROM certified_keys WHERE spki_sha256 = $1 FOR SHARE",
    )
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
    let seq: i64 = sqlx::query_scalar("UPDATE last_certificate SET seq = seq + 1 RETURNING seq")
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO certificates (seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
         not_after, parent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(seq)
    .bind(&certificate.serial)
    .bind(certificate.subject.as_str())
    .bind(record.spki_sha256.as_slice())
    .bind(sha256)
    .bind(&record.chain_pem)
    .bind(record.issued_here)
    .bind(certificate.not_before)
    .bind(certificate.not_after)
    .bind(record.parent.as_ref().unwrap_or(&certificate.serial))
    .execute(connection)
    .await?;
    Ok(())
}
