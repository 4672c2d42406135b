//! Sessions at the login page, and the codes that lead from them to families.

use async_trait::async_trait;
use auth_client::api::Event;
use common_db::{Record, Row, Transaction, sql};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    SqlStore,
    families::{FamiliesOf, insert_token},
    rows::insert_event,
};
use crate::domain::{
    secrets::SecretHash,
    store::{
        AccountsError, Begun, Coded, Family, LoginSession, NewAuthorizationCode, NewLoginSession,
        Redeemed, Redemption, SignIns,
    },
};

/// Sessions that a user has at most: the latest.
const SESSIONS_EACH: i64 = 32;

/// Codes that one session has under way at most.
const CODES_EACH: i64 = 16;

/// Families that live at most of those that began by one session: the latest.
const FAMILIES_EACH: i64 = 64;

/// Ends the sessions at the login page of somebody who is barred or got another password, and the codes of a client that is.
pub(super) async fn end_sign_ins(
    tx: &mut Transaction,
    of: FamiliesOf<'_>,
) -> Result<(), AccountsError> {
    let deletion = match of {
        FamiliesOf::User(user) => {
            sql("DELETE FROM login_sessions WHERE user_id = $1").bind(user.as_str())
        }
        FamiliesOf::Participant(id) => sql(
            "DELETE FROM login_sessions WHERE user_id IN (SELECT user_id FROM users WHERE participant = $1)",
        )
        .bind(id),
        FamiliesOf::Client(id) => {
            sql("DELETE FROM authorization_codes WHERE client_id = $1").bind(id)
        }
    };
    tx.execute(deletion).await?;
    Ok(())
}

#[async_trait]
impl SignIns for SqlStore {
    async fn open_login_session(
        &self,
        session: &NewLoginSession,
        password_hash: &str,
    ) -> Result<bool, AccountsError> {
        self.database
            .run(|| self.open_once(session, password_hash))
            .await
    }

    async fn login_session(
        &self,
        hash: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<LoginSession>, AccountsError> {
        let asked = sql("SELECT hash, user_id, created_at FROM login_sessions \
             WHERE hash = $1 AND idle_until > $2 AND ends_at > $2")
        .bind(hash.as_slice())
        .bind(now);
        let found = self.database.fetch_optional(asked).await?;
        let session = |row: &Row| {
            let row = row.of("login_sessions", "user_id");
            Ok(LoginSession {
                user_id: row.parse("user_id")?,
                created_at: row.get("created_at")?,
            })
        };
        found.as_ref().map(session).transpose()
    }

    async fn insert_code_of(
        &self,
        code: &NewAuthorizationCode<'_>,
    ) -> Result<Coded, AccountsError> {
        self.database.run(|| self.insert_code_once(code)).await
    }

    async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        reused: &Event,
        superseded: &Event,
    ) -> Result<Redeemed, AccountsError> {
        self.database
            .run(|| self.redeem_once(redemption, reused, superseded))
            .await
    }

    async fn end_family(
        &self,
        family: Uuid,
        client: &str,
        also: Option<&SecretHash>,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let begun = sql(
                "SELECT id, user_id, login_session FROM token_families WHERE id = $1 AND client_id = $2",
            )
            .bind(family)
            .bind(client)
            .for_update();
            let (mut user, mut session) = (event.subject.clone(), None);
            if let Some(row) = tx.fetch_optional(begun).await? {
                let row = row.of("token_families", "id");
                user = row.get("user_id")?;
                session = row.get::<Option<Vec<u8>>>("login_session")?;
            }
            let ended = revoke(&mut tx, family, client, event).await?;
            let sessions = [session.as_deref(), also.map(SecretHash::as_slice)];
            let mut closed = 0;
            for hash in sessions.into_iter().flatten() {
                let deletion = sql("DELETE FROM login_sessions WHERE hash = $1 AND user_id = $2");
                closed += tx.execute(deletion.bind(hash).bind(&user)).await?;
            }
            if ended.is_some() || closed > 0 {
                insert_event(&mut tx, event).await?;
            }
            tx.commit().await?;
            Ok(ended.into_iter().collect())
        };
        self.database.run(attempt).await
    }

    async fn end_login_session(
        &self,
        hash: &SecretHash,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let deletion = sql("DELETE FROM login_sessions WHERE hash = $1");
            if tx.execute(deletion.bind(hash.as_slice())).await? == 0 {
                tx.rollback().await?;
                return Ok(Vec::new());
            }
            let update = sql(
                "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 \
                 WHERE login_session = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id",
            );
            let update = update.bind(hash.as_slice());
            let ended = tx
                .fetch_all(update.bind(event.at).bind(&event.kind))
                .await?;
            insert_event(&mut tx, event).await?;
            tx.commit().await?;
            ids(&ended)
        };
        self.database.run(attempt).await
    }

    async fn revoke_family(
        &self,
        family: Uuid,
        client: &str,
        event: &Event,
    ) -> Result<Option<Uuid>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let ended = revoke(&mut tx, family, client, event).await?;
            if ended.is_some() {
                let user = sql("SELECT user_id FROM token_families WHERE id = $1").bind(family);
                let subject = tx.fetch_one(user).await?.get("user_id")?;
                let event = Event {
                    subject,
                    ..event.clone()
                };
                insert_event(&mut tx, &event).await?;
            }
            tx.commit().await?;
            Ok(ended)
        };
        self.database.run(attempt).await
    }

    async fn family_of(&self, token: &SecretHash) -> Result<Option<Uuid>, AccountsError> {
        let asked = sql("SELECT family FROM refresh_tokens WHERE hash = $1");
        let found = self
            .database
            .fetch_optional(asked.bind(token.as_slice()))
            .await?;
        Ok(found.map(|row| row.get("family")).transpose()?)
    }

    async fn purge_sign_ins(&self, before: OffsetDateTime) -> Result<u64, AccountsError> {
        let codes = sql("DELETE FROM authorization_codes WHERE expires_at < $1").bind(before);
        let sessions =
            sql("DELETE FROM login_sessions WHERE idle_until < $1 OR ends_at < $1").bind(before);
        Ok(self.database.execute(codes).await? + self.database.execute(sessions).await?)
    }
}

impl SqlStore {
    async fn open_once(
        &self,
        session: &NewLoginSession,
        password_hash: &str,
    ) -> Result<bool, AccountsError> {
        let mut tx = self.database.begin().await?;
        // Locked, as where a family begins: who bars the user, or changes the password, is seen, or ends this session.
        let still_true = sql(
            "SELECT u.user_id FROM users u JOIN participants p ON p.id = u.participant \
             WHERE u.user_id = $1 AND u.password_hash = $2 AND u.state = 'active' AND p.state = 'active'",
        )
        .bind(session.user_id.as_str())
        .bind(password_hash)
        .for_share();
        if tx.fetch_optional(still_true).await?.is_none() {
            tx.rollback().await?;
            return Ok(false);
        }
        if let Some(before) = &session.replaces {
            let deletion = sql("DELETE FROM login_sessions WHERE hash = $1");
            tx.execute(deletion.bind(before.as_slice())).await?;
        }
        let insertion = sql(
            "INSERT INTO login_sessions (hash, user_id, created_at, idle_until, ends_at) VALUES ($1, $2, $3, $4, $5)",
        );
        tx.execute(
            insertion
                .bind(session.hash.as_slice())
                .bind(session.user_id.as_str())
                .bind(session.created_at)
                .bind(session.idle_until)
                .bind(session.ends_at),
        )
        .await?;
        let too_many = sql(
            "DELETE FROM login_sessions WHERE user_id = $1 AND hash NOT IN \
             (SELECT hash FROM login_sessions WHERE user_id = $1 ORDER BY created_at DESC, hash LIMIT $2)",
        );
        tx.execute(too_many.bind(session.user_id.as_str()).bind(SESSIONS_EACH))
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn insert_code_once(
        &self,
        code: &NewAuthorizationCode<'_>,
    ) -> Result<Coded, AccountsError> {
        let mut tx = self.database.begin().await?;
        // The row of the session is what requests of one session wait for.
        let used = sql(
            "UPDATE login_sessions SET idle_until = CASE WHEN $3 < ends_at THEN $3 ELSE ends_at END \
             WHERE hash = $1 AND idle_until > $2 AND ends_at > $2",
        )
        .on_postgres(
            "UPDATE login_sessions SET idle_until = least($3, ends_at) \
             WHERE hash = $1 AND idle_until > $2 AND ends_at > $2",
        );
        let used = used
            .bind(code.session.as_slice())
            .bind(code.created_at)
            .bind(code.session_idle_until);
        if tx.execute(used).await? == 0 {
            tx.rollback().await?;
            return Ok(Coded::SessionEnded);
        }
        let late =
            sql("DELETE FROM authorization_codes WHERE login_session = $1 AND expires_at <= $2");
        tx.execute(late.bind(code.session.as_slice()).bind(code.created_at))
            .await?;
        let under_way =
            sql("SELECT count(*) AS n FROM authorization_codes WHERE login_session = $1");
        let under_way = tx
            .fetch_one(under_way.bind(code.session.as_slice()))
            .await?;
        if under_way.get::<i64>("n")? >= CODES_EACH {
            tx.rollback().await?;
            return Ok(Coded::TooMany);
        }
        let insertion = sql(
            "INSERT INTO authorization_codes (hash, login_session, client_id, redirect_uri, challenge, nonce, scope, \
             created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        );
        tx.execute(
            insertion
                .bind(code.hash.as_slice())
                .bind(code.session.as_slice())
                .bind(code.client_id)
                .bind(code.redirect_uri)
                .bind(code.challenge.as_slice())
                .bind(code.nonce)
                .bind(code.scope)
                .bind(code.created_at)
                .bind(code.expires_at),
        )
        .await?;
        tx.commit().await?;
        Ok(Coded::Kept)
    }

    async fn redeem_once(
        &self,
        redemption: &Redemption<'_>,
        reused: &Event,
        superseded: &Event,
    ) -> Result<Redeemed, AccountsError> {
        let mut tx = self.database.begin().await?;
        // Gone with the first who shows it: of two at once the second finds the family, or nothing.
        let taken = sql(
            "DELETE FROM authorization_codes WHERE hash = $1 AND client_id = $2 \
             RETURNING client_id, login_session, redirect_uri, challenge, nonce, scope, expires_at",
        )
        .bind(redemption.code.as_slice())
        .bind(redemption.client_id);
        let Some(row) = tx.fetch_optional(taken).await? else {
            return reuse(tx, redemption, reused).await;
        };
        let code = row.of("authorization_codes", "client_id");
        let begun = match session_of(&mut tx, &code, redemption).await? {
            Some(session) if fits(&code, redemption)? => {
                Some(begin(&mut tx, &code, session, redemption).await?)
            }
            _ => None,
        };
        let Some(begun) = begun else {
            // The code is gone all the same: it was shown.
            tx.commit().await?;
            return Ok(Redeemed::Refused);
        };
        let session: Vec<u8> = code.get("login_session")?;
        let too_many = sql(
            "UPDATE token_families SET revoked_at = $2, revoked_reason = $3 WHERE id IN \
             (SELECT id FROM token_families WHERE login_session = $1 AND revoked_at IS NULL AND expires_at > $2 \
             ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $4) RETURNING id",
        )
        .bind(session)
        .bind(redemption.now)
        .bind(&superseded.kind)
        .bind(FAMILIES_EACH);
        let ended = ids(&tx.fetch_all(too_many).await?)?;
        if !ended.is_empty() {
            let event = Event {
                subject: begun.family.user_id.to_string(),
                ..superseded.clone()
            };
            insert_event(&mut tx, &event).await?;
        }
        tx.commit().await?;
        Ok(Redeemed::Begun(begun, ended))
    }
}

/// What a code that is not there was used for before, if it was this client's.
async fn reuse(
    mut tx: Transaction,
    redemption: &Redemption<'_>,
    reused: &Event,
) -> Result<Redeemed, AccountsError> {
    let update = sql(
        "UPDATE token_families SET revoked_at = $3, revoked_reason = $4 \
         WHERE code = $1 AND client_id = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING id, user_id",
    )
    .bind(redemption.code.as_slice())
    .bind(redemption.client_id)
    .bind(redemption.now)
    .bind(&reused.kind);
    let Some(row) = tx.fetch_optional(update).await? else {
        tx.rollback().await?;
        return Ok(Redeemed::Refused);
    };
    let event = Event {
        subject: row.get("user_id")?,
        ..reused.clone()
    };
    insert_event(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(Redeemed::Reused(ids(&[row])?))
}

/// Whether the code is shown in time, and with what it was made for.
fn fits(code: &Record<'_>, redemption: &Redemption<'_>) -> Result<bool, AccountsError> {
    Ok(code.get::<OffsetDateTime>("expires_at")? > redemption.now
        && code.get::<String>("redirect_uri")? == redemption.redirect_uri
        && code.get::<Vec<u8>>("challenge")? == redemption.challenge)
}

/// The session that the code was made by, if it goes on, and neither user, participant nor client is barred.
async fn session_of(
    tx: &mut Transaction,
    code: &Record<'_>,
    redemption: &Redemption<'_>,
) -> Result<Option<Row>, AccountsError> {
    let session: Vec<u8> = code.get("login_session")?;
    let still_true = sql(
        "SELECT s.user_id, s.created_at FROM clients c, login_sessions s JOIN users u ON u.user_id = s.user_id \
         JOIN participants p ON p.id = u.participant \
         WHERE s.hash = $1 AND s.ends_at > $2 AND c.client_id = $3 \
         AND c.state = 'active' AND u.state = 'active' AND p.state = 'active'",
    )
    .bind(session)
    .bind(redemption.now)
    .bind(redemption.client_id)
    .for_share();
    Ok(tx.fetch_optional(still_true).await?)
}

async fn begin(
    tx: &mut Transaction,
    code: &Record<'_>,
    session: Row,
    redemption: &Redemption<'_>,
) -> Result<Begun, AccountsError> {
    let session = session.of("login_sessions", "user_id");
    let family = Family {
        id: redemption.family,
        client_id: redemption.client_id.to_owned(),
        user_id: session.parse("user_id")?,
        aal: redemption.aal.to_owned(),
        scope: code.get("scope")?,
        created_at: redemption.now,
        expires_at: redemption.now.saturating_add(redemption.max),
    };
    let by: Vec<u8> = code.get("login_session")?;
    tx.execute(
        sql(
            "INSERT INTO token_families (id, client_id, user_id, aal, scope, created_at, expires_at, code, login_session) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(family.id)
        .bind(&family.client_id)
        .bind(family.user_id.as_str())
        .bind(&family.aal)
        .bind(&family.scope)
        .bind(family.created_at)
        .bind(family.expires_at)
        .bind(redemption.code.as_slice())
        .bind(by),
    )
    .await?;
    if let Some(token) = &redemption.token {
        insert_token(tx, &family, token, redemption.now, redemption.idle).await?;
    }
    Ok(Begun {
        family,
        signed_in_at: session.get("created_at")?,
        nonce: code.get("nonce")?,
    })
}

/// Ends a family of a client's; returns it if it was alive.
async fn revoke(
    tx: &mut Transaction,
    family: Uuid,
    client: &str,
    event: &Event,
) -> Result<Option<Uuid>, AccountsError> {
    let update = sql(
        "UPDATE token_families SET revoked_at = $3, revoked_reason = $4 \
         WHERE id = $1 AND client_id = $2 AND revoked_at IS NULL AND expires_at > $3",
    )
    .bind(family)
    .bind(client)
    .bind(event.at)
    .bind(&event.kind);
    Ok((tx.execute(update).await? > 0).then_some(family))
}

fn ids(rows: &[Row]) -> Result<Vec<Uuid>, AccountsError> {
    let ids = rows
        .iter()
        .map(|row| row.of("token_families", "id").get("id"));
    Ok(ids.collect::<Result<_, _>>()?)
}
