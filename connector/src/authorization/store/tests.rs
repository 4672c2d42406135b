//! The rules of the store, on both databases.

use common_db::{DatabaseConfig, sql};
use test_postgres::{Site, both};

use super::{GrantStore as _, Grants, conformance};

async fn open(config: &DatabaseConfig) -> Grants {
    Grants::open(config).await.expect("a database")
}

impl Grants {
    /// Who changed what: action, user and connector, oldest first.
    pub(crate) async fn changes(&self) -> Vec<(String, String, String)> {
        let all = sql("SELECT action, actor, via FROM grant_changes ORDER BY seq");
        let rows = self.database.fetch_all(all).await.expect("changes");
        let text = |row: &common_db::Row, name| row.get(name).expect("a text");
        rows.iter()
            .map(|row| (text(row, "action"), text(row, "actor"), text(row, "via")))
            .collect()
    }
}

both! { open in conformance:
    a_grant_is_registered_once,
    grants_that_differ_in_anything_are_different,
    grants_are_listed_in_order_of_registration,
    only_the_exact_assignee_is_removed,
    a_trade_is_removed_whole,
    a_target_with_nul_has_no_grants,
    every_change_has_another_revision,
    of_the_same_grant_at_the_same_time_one_is_registered,
}

#[tokio::test]
async fn changes_are_written_down_and_what_others_change_is_counted() {
    for site in Site::each() {
        let store = open(&site.config).await;
        conformance::a_trade_is_removed_whole(store.clone()).await;
        let actions: Vec<_> = store
            .changes()
            .await
            .into_iter()
            .map(|(action, ..)| action)
            .collect();
        assert_eq!(
            actions,
            [
                "registered",
                "registered",
                "registered",
                "registered",
                "removed",
                "removed"
            ]
        );
        let before = store.revision().await.unwrap();
        store
            .database
            .execute(sql("DELETE FROM grants"))
            .await
            .unwrap();
        assert_ne!(store.revision().await.unwrap(), before);
    }
}
