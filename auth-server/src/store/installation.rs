//! The installation as a whole.

use std::collections::HashMap;

use async_trait::async_trait;
use auth_client::api::Event;
use common::{clock::rfc3339_millis, ids::UserId};
use common_db::{Row, Transaction, sql};
use time::OffsetDateTime;

use super::{
    SqlStore,
    certificates::insert_certificate,
    clients::insert_client,
    people::{insert_participant, insert_user},
    rows::{client, insert_event, participant, user},
};
use crate::domain::store::{AccountsError, FirstEntries, Installation, News, Snapshot};

#[async_trait]
impl Installation for SqlStore {
    async fn is_initialised(&self) -> Result<bool, AccountsError> {
        let asked = sql("SELECT value FROM meta WHERE key = 'initialised_at'");
        Ok(self.database.fetch_optional(asked).await?.is_some())
    }

    async fn initialise(&self, first: &FirstEntries, event: &Event) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_participant(&mut tx, &first.participant).await?;
            insert_user(&mut tx, &first.user, &first.password_hash).await?;
            for client in &first.clients {
                insert_client(&mut tx, client).await?;
            }
            insert_certificate(&mut tx, &first.certificate).await?;
            tx.execute(
                sql("INSERT INTO meta (key, value) VALUES ('initialised_at', $1)")
                    .bind(rfc3339_millis(event.at)),
            )
            .await?;
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn load(&self, families_since: OffsetDateTime) -> Result<Snapshot, AccountsError> {
        Ok(self.news(None, families_since).await?.entries)
    }

    async fn news(
        &self,
        since: Option<i64>,
        families_since: OffsetDateTime,
    ) -> Result<News, AccountsError> {
        self.database
            .run(|| self.read_news(since, families_since))
            .await
    }

    async fn changes(&self) -> Result<i64, AccountsError> {
        Ok(self
            .database
            .fetch_one(sql(CHANGES))
            .await?
            .get("changes")?)
    }

    async fn next_crl_number(&self, at_least: i64) -> Result<i64, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let number = tx
                .fetch_one(
                    sql(
                        "INSERT INTO meta (key, value) VALUES ('crl_number', CAST(CAST($1 AS bigint) AS text)) \
                         ON CONFLICT (key) DO UPDATE SET value = CAST(CASE WHEN CAST(meta.value AS bigint) < $1 THEN $1 \
                         ELSE CAST(meta.value AS bigint) + 1 END AS text) RETURNING key, value",
                    )
                    .bind(at_least),
                )
                .await?;
            tx.commit().await?;
            Ok(number.of("meta", "key").parse("value")?)
        };
        self.database.run(attempt).await
    }
}

const CHANGES: &str = "SELECT CAST(value AS bigint) AS changes FROM meta WHERE key = 'changes'";

/// The keys of entries that changed.
#[derive(Default)]
struct Edited {
    participants: Vec<String>,
    users: Vec<String>,
    clients: Vec<String>,
}

impl Edited {
    /// What the events in `edits` are about; `None` if one of them says too little for that.
    fn by(edits: &[Row]) -> sqlx::Result<Option<Self>> {
        let mut edited = Self::default();
        for edit in edits {
            let kind: String = edit.get("kind")?;
            let about = match kind.split('.').next() {
                Some("participant") => &mut edited.participants,
                Some("user") => &mut edited.users,
                Some("connector" | "service" | "app" | "client") => &mut edited.clients,
                // Neither is among the entries that are held in memory.
                Some("certificate" | "session") => continue,
                _ => return Ok(None),
            };
            about.push(edit.get("subject")?);
        }
        Ok(Some(edited))
    }
}

impl SqlStore {
    async fn read_news(
        &self,
        since: Option<i64>,
        families_since: OffsetDateTime,
    ) -> Result<News, AccountsError> {
        // All tables at one moment.
        let mut tx = self.database.snapshot().await?;
        let changes: i64 = tx.fetch_one(sql(CHANGES)).await?.get("changes")?;
        let mut edited = None;
        if let Some(since) = since {
            let edits = sql("SELECT kind, subject FROM registration_edits WHERE change > $1");
            let edits = tx.fetch_all(edits.bind(since)).await?;
            // One line for each change in between, or there were more than are kept, or a copy of before was put in place.
            if i64::try_from(edits.len()).is_ok_and(|known| known == changes - since) {
                edited = Edited::by(&edits)?;
            }
        }
        let entries = entries(&mut tx, edited.as_ref(), families_since).await?;
        tx.commit().await?;
        Ok(News {
            changes,
            is_whole: edited.is_none(),
            entries,
        })
    }
}

/// The entries that were edited, or all.
async fn entries(
    tx: &mut Transaction,
    edited: Option<&Edited>,
    families_since: OffsetDateTime,
) -> Result<Snapshot, AccountsError> {
    let [participants, users, memberships, clients] = match edited {
        None => [
            sql("SELECT id, kind, name, number, email, state, created_at, domain FROM participants"),
            sql(
                "SELECT id, user_id, participant, name, email, roles, extras, state, created_at FROM users",
            ),
            sql("SELECT user_id, org FROM user_orgs ORDER BY user_id, position"),
            sql(
                "SELECT client_id, kind, name, user_id, secret_hash, secret_on_public, grants, connector_role, base_url, \
                 service_kind, state, created_at, profile, purpose, redirects FROM clients",
            ),
        ],
        Some(edited) => [
            sql(
                "SELECT id, kind, name, number, email, state, created_at, domain FROM participants \
                 WHERE id IN (SELECT value FROM json_each($1))",
            )
            .on_postgres(
                "SELECT id, kind, name, number, email, state, created_at, domain FROM participants \
                 WHERE id = ANY(CAST(CAST($1 AS text[]) AS uuid[]))",
            )
            .bind(edited.participants.as_slice()),
            sql(
                "SELECT id, user_id, participant, name, email, roles, extras, state, created_at FROM users \
                 WHERE user_id IN (SELECT value FROM json_each($1))",
            )
            .on_postgres(
                "SELECT id, user_id, participant, name, email, roles, extras, state, created_at FROM users \
                 WHERE user_id = ANY($1)",
            )
            .bind(edited.users.as_slice()),
            sql(
                "SELECT user_id, org FROM user_orgs WHERE user_id IN (SELECT value FROM json_each($1)) \
                 ORDER BY user_id, position",
            )
            .on_postgres(
                "SELECT user_id, org FROM user_orgs WHERE user_id = ANY($1) ORDER BY user_id, position",
            )
            .bind(edited.users.as_slice()),
            sql(
                "SELECT client_id, kind, name, user_id, secret_hash, secret_on_public, grants, connector_role, base_url, \
                 service_kind, state, created_at, profile, purpose, redirects FROM clients \
                 WHERE client_id IN (SELECT value FROM json_each($1))",
            )
            .on_postgres(
                "SELECT client_id, kind, name, user_id, secret_hash, secret_on_public, grants, connector_role, base_url, \
                 service_kind, state, created_at, profile, purpose, redirects FROM clients WHERE client_id = ANY($1)",
            )
            .bind(edited.clients.as_slice()),
        ],
    };
    let participants = tx.fetch_all(participants).await?;
    let users = tx.fetch_all(users).await?;
    let mut orgs: HashMap<String, Vec<UserId>> = HashMap::new();
    for row in &tx.fetch_all(memberships).await? {
        let row = row.of("user_orgs", "user_id");
        orgs.entry(row.get("user_id")?)
            .or_default()
            .push(row.parse("org")?);
    }
    let users = users.iter().map(|row| {
        let mut user = user(row)?;
        user.orgs = orgs.remove(user.user_id.as_str()).unwrap_or_default();
        Ok(user)
    });
    let clients = tx.fetch_all(clients).await?;
    let revoked = sql("SELECT id, revoked_at FROM token_families WHERE revoked_at >= $1");
    let revoked = tx.fetch_all(revoked.bind(families_since)).await?;
    let revoked = revoked.iter().map(|row| {
        let row = row.of("token_families", "id");
        Ok((row.get("id")?, row.get("revoked_at")?))
    });
    Ok(Snapshot {
        participants: participants
            .iter()
            .map(participant)
            .collect::<Result<_, _>>()?,
        users: users.collect::<Result<_, AccountsError>>()?,
        clients: clients.iter().map(client).collect::<Result<_, _>>()?,
        revoked_families: revoked.collect::<Result<_, AccountsError>>()?,
    })
}
