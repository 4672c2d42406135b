//! The rules of the store, on both databases.

use common_db::{DatabaseConfig, sql};
use test_postgres::{Site, both, kept};
use time::Duration;

use super::{GrantStore as _, Grants, Which, conformance, grants::MIGRATIONS};

async fn open(config: &DatabaseConfig) -> Grants {
    Grants::open(config).await.expect("a database")
}

impl Grants {
    /// Who changed what: action, user and connector, oldest first.
    pub(crate) async fn changes(&self) -> Vec<(String, String, String)> {
        let all = sql("SELECT action, actor, via FROM grant_changes ORDER BY seq");
        let rows = self.database().fetch_all(all).await.expect("changes");
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
    news_are_what_changed,
    of_the_same_grant_at_the_same_time_one_is_registered,
}

#[tokio::test]
async fn changes_are_written_down() {
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
    }
}

/// Whoever changes them, and whatever is kept of that.
#[tokio::test]
async fn what_others_change_is_news() {
    for site in Site::each() {
        let store = open(&site.config).await;
        conformance::a_trade_is_removed_whole(store.clone()).await;
        let (before, all) = store.load().await.unwrap();
        let others = async |statement| {
            store.database().execute(statement).await.unwrap();
            let known = store.load().await.unwrap().0;
            (
                known,
                store.news(before).await.unwrap().expect("it changed"),
            )
        };
        // A grant that moves changes two targets.
        let (moved, news) = others(sql(
            "UPDATE grants SET target = 'https://x/' WHERE trade_id IS NULL",
        ))
        .await;
        assert_eq!(news.targets.unwrap().len(), 2);
        assert_eq!((news.revision, news.grants.len()), (moved, all.len()));
        let (emptied, news) = others(sql("DELETE FROM grants")).await;
        assert_eq!((news.revision, news.grants.len()), (emptied, 0));
        assert_eq!(news.targets.unwrap().len(), 2);
        // What is not kept any more.
        store
            .database()
            .execute(sql("DELETE FROM grant_edits"))
            .await
            .unwrap();
        let news = store.news(before).await.unwrap().expect("it changed");
        assert_eq!((news.targets, news.grants.len()), (None, 0));
        if matches!(store.database(), common_db::Database::Postgres(_)) {
            let (_, news) = others(sql("TRUNCATE grants")).await;
            assert_eq!(news.targets, None);
        }
    }
}

/// Changes are kept for a while, and no more of them than that.
#[tokio::test]
async fn what_is_kept_of_changes_is_bounded() {
    for site in Site::each() {
        let store = open(&site.config).await;
        conformance::a_trade_is_removed_whole(store.clone()).await;
        // Two grants, two numbers each.
        let mut tx = store.database().begin().await.unwrap();
        for n in 0..1100 {
            let update = sql("UPDATE grants SET extras = $1").bind(n.to_string());
            tx.execute(update).await.unwrap();
        }
        tx.commit().await.unwrap();
        let count = sql("SELECT count(*) AS n FROM grant_edits");
        let kept = store.database().fetch_one(count).await.unwrap();
        assert_eq!(kept.get::<i64>("n").unwrap(), 4096);
    }
}

/// Databases of versions before open, and everything that they hold is there.
#[tokio::test]
async fn what_versions_before_wrote_is_whole() {
    for kept in kept!("before-1" at 1, "before-2" at 1) {
        for site in Site::each_with(&MIGRATIONS, &kept).await {
            let store = open(&site.config).await;
            let (revision, all) = store.load().await.unwrap();
            assert_eq!((revision, all.len()), (5, 4));
            let users = ["cadde.3999900000030.01", "cadde.7999900000010.01"];
            for grant in &all {
                assert!(grant.target.starts_with("http://127.0.0.1:"));
                assert!(users.contains(&grant.assignee.user.as_ref().unwrap().as_str()));
                assert_eq!((&grant.assignee.org, &grant.contract), (&None, &None));
                assert!(!conformance::register(&store, grant).await, "it is there");
            }
            assert_eq!(store.changes().await.len(), 4);
            // And it goes on from there: changes from now on are news.
            let which = Which::Assignee(&all[1].assignee);
            assert_eq!(conformance::remove(&store, &all[1].target, which).await, 1);
            let news = store.news(revision).await.unwrap().expect("it changed");
            assert_eq!(
                (news.revision, news.targets.map(|on| on.len())),
                (6, Some(1))
            );
            assert_eq!(store.load().await.unwrap().1.len(), 3);
            // Whoever knew an earlier revision than is told about reads everything.
            assert_eq!(
                store.news(1).await.unwrap().expect("it changed").targets,
                None
            );
        }
    }
}

#[tokio::test]
async fn changes_are_forgotten_once_they_are_old() {
    for site in Site::each() {
        let store = open(&site.config).await;
        conformance::a_trade_is_removed_whole(store.clone()).await;
        let at = conformance::AT;
        let copies = sql(
            "INSERT INTO grant_changes (at, action, actor, via, content) \
             SELECT one.at, one.action, one.actor, one.via, one.content FROM grant_changes one, grant_changes two, \
             grant_changes three, grant_changes four",
        );
        store.database().execute(copies).await.unwrap();
        let (revision, grants) = store.load().await.unwrap();
        assert_eq!(store.forget_changes(at).await.unwrap(), 0);
        let later = at + Duration::MILLISECOND;
        let all = 6 + 6 * 6 * 6 * 6;
        assert_eq!(store.forget_changes(later).await.unwrap(), all);
        assert_eq!(store.forget_changes(later).await.unwrap(), 0);
        assert!(store.changes().await.is_empty());
        assert_eq!(store.load().await.unwrap(), (revision, grants));
    }
}
