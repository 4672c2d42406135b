//! Connectors, services, applications.

use async_trait::async_trait;
use auth_client::{
    Profile, State,
    api::{Event, GrantType, Purpose, RedirectUris},
};
use common::base_url;
use common_db::{Json, Transaction, sql};
use uuid::Uuid;

use super::{
    SqlStore,
    certificates::{insert_certificate, insert_code},
    families::FamiliesOf,
    rows::insert_event,
};
use crate::domain::{
    client::{Client, ClientKind},
    secrets::SecretHash,
    store::{AccountsError, CertificateRecord, Clients, NewCode},
};

#[async_trait]
impl Clients for SqlStore {
    async fn insert_client(
        &self,
        client: &Client,
        code: Option<&NewCode>,
        certificate: Option<&CertificateRecord>,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            insert_client(&mut tx, client).await?;
            if let Some(code) = code {
                insert_code(&mut tx, &client.id, code).await?;
            }
            if let Some(certificate) = certificate {
                insert_certificate(&mut tx, certificate).await?;
            }
            insert_event(&mut tx, event).await?;
            Ok(tx.commit().await?)
        };
        self.database.run(attempt).await
    }

    async fn set_client_state(
        &self,
        id: &str,
        state: State,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let update = sql("UPDATE clients SET state = $2 WHERE client_id = $1")
            .bind(id)
            .bind(state.as_str());
        let ends = (state == State::Suspended).then_some(FamiliesOf::Client(id));
        self.change(update, ends, event).await
    }

    async fn set_profile(
        &self,
        id: &str,
        profile: Profile,
        over: bool,
        event: &Event,
    ) -> Result<bool, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            let set = tx
                .execute(
                    sql("UPDATE clients SET profile = $2 \
                         WHERE client_id = $1 AND kind = 'connector' AND ($3 OR profile IS NULL)")
                    .bind(id)
                    .bind(profile.as_str())
                    .bind(over),
                )
                .await?;
            if set > 0 {
                insert_event(&mut tx, event).await?;
            }
            Ok(tx.commit_if(set > 0).await?)
        };
        self.database.run(attempt).await
    }

    async fn set_purpose(
        &self,
        id: &str,
        purpose: &Purpose,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let update = sql("UPDATE clients SET purpose = $2 WHERE client_id = $1 AND kind = 'app'")
            .bind(id)
            .bind(Json(purpose));
        self.change(update, None, event).await.map(drop)
    }

    async fn set_redirects(
        &self,
        id: &str,
        redirects: &RedirectUris,
        grants: &[GrantType],
        event: &Event,
    ) -> Result<(), AccountsError> {
        let update = sql("UPDATE clients SET redirects = $2, grants = $3 WHERE client_id = $1")
            .bind(id)
            .bind(Json(redirects))
            .bind(Json(grants));
        self.change(update, None, event).await.map(drop)
    }

    async fn set_client_secret(
        &self,
        id: &str,
        hash: &SecretHash,
        event: &Event,
    ) -> Result<(), AccountsError> {
        let update = sql("UPDATE clients SET secret_hash = $2 WHERE client_id = $1")
            .bind(id)
            .bind(hash.as_slice());
        self.change(update, None, event).await.map(drop)
    }
}

pub(super) async fn insert_client(
    tx: &mut Transaction,
    client: &Client,
) -> Result<(), AccountsError> {
    let (kind, role, base_url, profile, service_kind, purpose) = match &client.kind {
        ClientKind::Connector {
            role,
            base_url,
            profile,
        } => (
            "connector",
            Some(role.as_str()),
            base_url.as_ref().map(base_url::text),
            profile.map(Profile::as_str),
            None,
            None,
        ),
        ClientKind::Service(kind) => ("service", None, None, None, Some(kind.as_str()), None),
        ClientKind::App(purpose) => ("app", None, None, None, None, Some(purpose)),
    };
    tx.execute(
        sql(
            "INSERT INTO clients (client_id, kind, name, user_id, secret_hash, secret_on_public, grants, connector_role, \
             base_url, service_kind, state, created_at, profile, purpose, redirects) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(&client.id)
        .bind(kind)
        .bind(&client.name)
        .bind(client.user.as_ref().map(AsRef::<str>::as_ref))
        .bind(client.secret_hash.as_ref().map(SecretHash::as_slice))
        .bind(client.secret_on_public)
        .bind(Json(&client.grants))
        .bind(role)
        .bind(base_url)
        .bind(service_kind)
        .bind(client.state.as_str())
        .bind(client.created_at)
        .bind(profile)
        .bind(purpose.map(Json))
        .bind(Json(&client.redirects)),
    )
    .await?;
    Ok(())
}
