//! The rules of the store, on both databases.

use common_db::DatabaseConfig;
use test_postgres::{Site, both, uses_index};

use super::{Store, conformance};

async fn open(config: &DatabaseConfig) -> Store {
    Store::open(config).await.expect("a database")
}

both! { open in conformance:
    a_draft_is_found_as_it_was_made,
    there_are_no_more_than_may_be,
    a_change_from_an_old_revision_is_refused_and_says_who_was_first,
    of_saves_at_the_same_time_one_wins,
    the_same_content_is_no_new_version,
    a_restored_content_is_a_new_version_even_if_it_is_the_same,
    the_last_versions_are_kept,
    lists_are_of_those_providers_and_count_by_state,
    texts_are_looked_for_as_they_are,
    lists_have_an_order_and_pages_without_gap,
    a_deleted_draft_is_nowhere_and_can_be_brought_back,
    what_was_deleted_long_ago_is_forgotten,
}

mod harvest {
    use test_postgres::both;

    use super::{super::conformance::harvest as rules, open};

    both! { open in rules:
        packages_are_kept_found_and_counted,
        what_says_the_same_changes_nothing,
        what_went_is_among_the_changes_and_can_come_back,
        a_site_is_asked_by_one_at_a_time,
        of_a_site_that_is_forgotten_nothing_is_found,
    }
}

#[tokio::test]
async fn searches_use_an_index() {
    for site in Site::each() {
        let store = open(&site.config).await;
        for (query, index) in [
            (
                "SELECT id FROM draft WHERE provider = 'p' AND deleted_at IS NULL",
                "draft_of_provider",
            ),
            (
                "SELECT id FROM draft WHERE deleted_at IS NOT NULL AND deleted_at < '2026-01-01'",
                "draft_deleted",
            ),
        ] {
            uses_index(store.database(), query, index, index).await;
        }
        uses_index(
            store.database(),
            "SELECT number FROM draft_version WHERE draft_id = '01941f29-7c00-7000-8000-000000000001' AND number < 7 \
             ORDER BY number DESC LIMIT 1",
            "sqlite_autoindex_draft_version_1",
            "draft_version_pkey",
        )
        .await;
    }
}
