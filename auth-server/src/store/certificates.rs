//! Certificates and one-time codes.

use async_trait::async_trait;
use auth_client::api::{Certificate, Event};
use common_db::{Corrupt, Row, Statement, Transaction, sql};
use time::OffsetDateTime;

use super::{
    SqlStore,
    kinship::{descendants, event_of},
    rows::{certificate, insert_event},
};
use crate::domain::{
    secrets::SecretHash,
    store::{AccountsError, CertificateRecord, Certificates, CodeRecord, Duplicate, NewCode},
};

fn by_serial(serial: &str) -> Statement<'_> {
    sql(
        "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, revoked_at \
         FROM certificates WHERE serial = $1",
    )
    .bind(serial)
}

#[async_trait]
impl Certificates for SqlStore {
    async fn replace_code(
        &self,
        client_id: &str,
        code: &NewCode,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            // One replacement after the other: none would see, and so remove, the code that another has not committed yet.
            lock(&mut tx, client_id).await?;
            tx.execute(
                sql("DELETE FROM enrolment_codes WHERE client_id = $1 AND serial IS NULL")
                    .bind(client_id),
            )
            .await?;
            insert_code(&mut tx, client_id, code).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<CodeRecord>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.snapshot().await?;
            let asked =
                sql("SELECT client_id, expires_at, serial FROM enrolment_codes WHERE hash = $1")
                    .bind(hash.as_slice());
            let Some(found) = tx.fetch_optional(asked).await? else {
                return Ok(None);
            };
            let code = found.of("enrolment_codes", "client_id");
            let spent_on = match code.get::<Option<String>>("serial")? {
                None => None,
                Some(serial) => tx.fetch_optional(by_serial(&serial)).await?,
            };
            tx.commit().await?;
            Ok(Some(CodeRecord {
                client_id: code.get("client_id")?,
                expires_at: code.get("expires_at")?,
                spent_on: spent_on.as_ref().map(certificate).transpose()?,
            }))
        };
        self.database.run(attempt).await
    }

    async fn record_enrolment(
        &self,
        code: &SecretHash,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<bool, AccountsError> {
        let attempt =
            || async {
                let mut tx = self.database.begin().await?;
                insert_certificate(&mut tx, certificate).await?;
                let spent = tx
                .execute(
                    sql("UPDATE enrolment_codes SET serial = $2 WHERE hash = $1 AND serial IS NULL")
                        .bind(code.as_slice())
                        .bind(&certificate.certificate.serial),
                )
                .await?;
                if spent == 1 {
                    insert_event(&mut tx, event).await?;
                }
                Ok(tx.commit_if(spent == 1).await?)
            };
        self.database.run(attempt).await
    }

    async fn is_certifiable(&self, certificate: &CertificateRecord) -> Result<bool, AccountsError> {
        let asked = sql(
            "SELECT EXISTS (SELECT 1 FROM certified_keys WHERE spki_sha256 = $1 AND (client_id <> $2 OR compromised)) \
             OR EXISTS (SELECT 1 FROM certificates WHERE serial = $3) AS is_taken",
        )
        .bind(certificate.spki_sha256.as_slice())
        .bind(certificate.certificate.subject.as_str())
        .bind(&certificate.certificate.serial);
        let found = self.database.fetch_one(asked).await?;
        Ok(!found.get::<bool>("is_taken")?)
    }

    async fn record_certificate(
        &self,
        certificate: &CertificateRecord,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_certificate(&mut tx, certificate).await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, AccountsError> {
        let found = self.database.fetch_optional(by_serial(serial)).await?;
        Ok(found.as_ref().map(shown).transpose()?)
    }

    async fn certificate_by_sha256(
        &self,
        sha256: &[u8; 32],
    ) -> Result<Option<Certificate>, AccountsError> {
        let asked = sql(
            "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, revoked_at \
             FROM certificates WHERE sha256 = $1 ORDER BY seq LIMIT 1",
        )
        .bind(sha256.as_slice());
        let found = self.database.fetch_optional(asked).await?;
        Ok(found.as_ref().map(shown).transpose()?)
    }

    async fn certificates(
        &self,
        of: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Certificate)>, AccountsError> {
        let asked = match of {
            Some(of) => sql(
                "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, \
                 revoked_at FROM certificates WHERE client_id = $3 AND seq > $1 ORDER BY seq LIMIT $2",
            )
            .bind(after)
            .bind(limit)
            .bind(of),
            None => sql(
                "SELECT seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, not_after, \
                 revoked_at FROM certificates WHERE seq > $1 ORDER BY seq LIMIT $2",
            )
            .bind(after)
            .bind(limit),
        };
        let found = self.database.fetch_all(asked).await?;
        let all = found.iter().map(|row| Ok((row.get("seq")?, shown(row)?)));
        all.collect()
    }

    async fn revoke(
        &self,
        serial: &str,
        at: OffsetDateTime,
        compromised: bool,
        event: &Event,
    ) -> Result<Option<Certificate>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let asked =
                sql("SELECT client_id, seq FROM certificates WHERE serial = $1").bind(serial);
            let Some(found) = tx.fetch_optional(asked).await? else {
                tx.rollback().await?;
                return Ok(None);
            };
            let client: String = found.get("client_id")?;
            lock(&mut tx, &client).await?;
            let family = if compromised {
                let later = sql("SELECT serial, parent FROM certificates \
                     WHERE client_id = $1 AND seq > $2 AND issued_here ORDER BY seq")
                .bind(&client)
                .bind(found.get::<i64>("seq")?);
                let later = tx.fetch_all(later).await?;
                let later = later
                    .iter()
                    .map(|row| Ok((row.get("serial")?, row.get("parent")?)));
                descendants(serial, later.collect::<sqlx::Result<_>>()?)
            } else {
                vec![serial.to_owned()]
            };
            let revoked = tx
                .fetch_all(
                    sql(
                        "UPDATE certificates SET revoked_at = $2 WHERE serial IN (SELECT value FROM json_each($1)) \
                         AND revoked_at IS NULL RETURNING serial",
                    )
                    .on_postgres(
                        "UPDATE certificates SET revoked_at = $2 WHERE serial = ANY($1) AND revoked_at IS NULL \
                         RETURNING serial",
                    )
                    .bind(family.as_slice())
                    .bind(at),
                )
                .await?;
            let revoked = revoked.iter().map(|row| row.get("serial"));
            let revoked: Vec<String> = revoked.collect::<sqlx::Result<_>>()?;
            if compromised {
                tx.execute(
                    sql(
                        "UPDATE certified_keys SET compromised = true WHERE spki_sha256 IN \
                         (SELECT spki_sha256 FROM certificates WHERE serial IN (SELECT value FROM json_each($1)))",
                    )
                    .on_postgres(
                        "UPDATE certified_keys SET compromised = true WHERE spki_sha256 IN \
                         (SELECT spki_sha256 FROM certificates WHERE serial = ANY($1))",
                    )
                    .bind(family.as_slice()),
                )
                .await?;
            }
            for other in revoked.iter().filter(|other| *other != serial) {
                insert_event(&mut tx, &event_of(other, event)).await?;
            }
            if compromised || revoked.iter().any(|one| one == serial) {
                insert_event(&mut tx, event).await?;
            }
            let after = tx.fetch_one(by_serial(serial)).await?;
            tx.commit().await?;
            Ok(Some(shown(&after)?))
        };
        self.database.run(attempt).await
    }

    async fn revoked(
        &self,
        since: OffsetDateTime,
    ) -> Result<Vec<(String, OffsetDateTime)>, AccountsError> {
        let asked = sql("SELECT serial, revoked_at FROM certificates \
             WHERE revoked_at IS NOT NULL AND not_after > $1 AND issued_here ORDER BY seq")
        .bind(since);
        let found = self.database.fetch_all(asked).await?;
        let all = found.iter().map(|row| {
            let row = row.of("certificates", "serial");
            Ok((row.get("serial")?, row.get("revoked_at")?))
        });
        all.collect()
    }
}

/// As the API shows it.
fn shown(row: &Row) -> Result<Certificate, Corrupt> {
    Ok(certificate(row)?.certificate)
}

/// What changes one client's certificates or codes comes one after the other: a revocation sees all that descend from the certificate.
async fn lock(tx: &mut Transaction, client_id: &str) -> Result<(), AccountsError> {
    let client = sql("SELECT client_id FROM clients WHERE client_id = $1").bind(client_id);
    tx.fetch_optional(client.for_update()).await?;
    Ok(())
}

pub(super) async fn insert_code(
    tx: &mut Transaction,
    client_id: &str,
    code: &NewCode,
) -> Result<(), AccountsError> {
    tx.execute(
        sql("INSERT INTO enrolment_codes (hash, client_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(code.hash.as_slice())
            .bind(client_id)
            .bind(code.created_at)
            .bind(code.expires_at),
    )
    .await?;
    Ok(())
}

/// Records a certificate and binds its key to the client, for ever.
pub(super) async fn insert_certificate(
    tx: &mut Transaction,
    record: &CertificateRecord,
) -> Result<(), AccountsError> {
    let certificate = &record.certificate;
    let subject = certificate.subject.as_str();
    if let Some(parent) = &record.parent {
        lock(tx, subject).await?;
        let good = sql("SELECT seq FROM certificates WHERE serial = $1 AND revoked_at IS NULL");
        if tx.fetch_optional(good.bind(parent)).await?.is_none() {
            return Err(AccountsError::Revoked);
        }
    }
    tx.execute(
        sql("INSERT INTO certified_keys (spki_sha256, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(record.spki_sha256.as_slice())
            .bind(subject),
    )
    .await?;
    // Locked: a key that is condemned at this moment is condemned before or after, not in between.
    let key = sql("SELECT client_id, compromised FROM certified_keys WHERE spki_sha256 = $1")
        .bind(record.spki_sha256.as_slice())
        .for_share();
    let key = tx.fetch_one(key).await?;
    if key.get::<String>("client_id")? != subject || key.get("compromised")? {
        return Err(AccountsError::Duplicate(Duplicate::Key));
    }
    let sha256 = hex::decode(&certificate.sha256).map_err(|error| Corrupt {
        table: "certificates",
        key: certificate.serial.clone(),
        reason: error.to_string(),
    })?;
    // A file counts by itself, and only one writes. At a server numbers are committed in their order because of a counter
    // whose row is locked.
    let next = tx
        .fetch_one(
            sql("SELECT NULL AS seq")
                .on_postgres("UPDATE last_certificate SET seq = seq + 1 RETURNING seq"),
        )
        .await?;
    tx.execute(
        sql(
            "INSERT INTO certificates (seq, serial, client_id, spki_sha256, sha256, chain_pem, issued_here, not_before, \
             not_after, parent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(next.get::<Option<i64>>("seq")?)
        .bind(&certificate.serial)
        .bind(subject)
        .bind(record.spki_sha256.as_slice())
        .bind(sha256)
        .bind(&record.chain_pem)
        .bind(record.issued_here)
        .bind(certificate.not_before)
        .bind(certificate.not_after)
        .bind(record.parent.as_ref().unwrap_or(&certificate.serial)),
    )
    .await?;
    Ok(())
}
