//! The rules of all stores.

use super::SqliteStore;
use crate::store::conformance::conforms;
use common_db::DatabaseConfig;
use tempfile::TempDir;

async fn store() -> (SqliteStore, TempDir) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = DatabaseConfig::new(format!("sqlite:{}", dir.path().join("auth.db").display()));
    (SqliteStore::open(&config).await.expect("a database"), dir)
}

conforms!(store);

/// What the version before registered counts as it did: the operator manages, connectors have said nothing of what they speak.
#[tokio::test]
async fn registrations_of_before_get_their_purpose() {
    use crate::domain::store::Installation as _;
    use auth_client::api::Purpose;

    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", dir.path().join("auth.db").display());
    let config = DatabaseConfig::new(url);
    let before = sqlx::migrate::Migrator::with_migrations(
        super::MIGRATOR
            .iter()
            .filter(|migration| migration.version < 6)
            .cloned()
            .collect(),
    );
    let old = common_db::open_sqlite(&config, &before).await.unwrap();
    for (id, kind, role) in [
        ("operator", "app", None),
        ("other", "app", None),
        ("r.example", "connector", Some("receiver")),
    ] {
        sqlx::query(
            "INSERT INTO clients (client_id, kind, name, secret_on_public, grants, connector_role, state, created_at) \
             VALUES ($1, $2, '', 1, '[]', $3, 'active', 0)",
        )
        .bind(id)
        .bind(kind)
        .bind(role)
        .execute(&old.writer)
        .await
        .unwrap();
    }
    old.writer.close().await;
    let store = SqliteStore::open(&config).await.unwrap();
    let all = store.load(time::OffsetDateTime::UNIX_EPOCH).await.unwrap();
    let purpose = |id: &str| {
        let client = all.clients.iter().find(|client| client.id == id).unwrap();
        client.to_app().unwrap().purpose
    };
    assert_eq!(
        purpose("operator"),
        Purpose::Management {
            servers: true,
            ids: Vec::new()
        }
    );
    assert_eq!(purpose("other"), Purpose::Application);
    assert!(format!("{:?}", all.clients).contains("profile: None"));
}
