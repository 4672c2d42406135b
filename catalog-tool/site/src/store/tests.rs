//! The rules of the store, on both databases.

use common_db::{Database, DatabaseConfig, Migrations};
use sqlx::migrate::Migrator;
use test_postgres::{Site, both, uses_index};

use super::{Catalog, conformance};

/// A process without a table of its own.
static HOST: Migrations = Migrations {
    sqlite: Migrator::DEFAULT,
    postgres: Migrator::DEFAULT,
};

async fn open(config: &DatabaseConfig) -> Catalog {
    let database = Database::open(config, &HOST).await.expect("a database");
    Catalog::open(database).await.expect("a catalogue")
}

both! { open in conformance:
    a_dataset_is_found_as_it_was_made,
    names_and_ids_are_one_datasets_alone,
    there_are_no_more_than_may_be,
    a_change_from_an_old_revision_is_refused,
    of_changes_at_the_same_time_one_wins,
    the_same_content_is_no_new_version,
    of_versions_the_newest_and_the_shown_are_kept,
    lists_go_from_the_newest_on_without_gap,
    both_views_are_shown_or_neither,
    what_is_shown_is_found_by_id_and_by_name,
    what_was_withdrawn_is_nowhere_and_can_come_back,
    a_deleted_dataset_is_gone_from_everywhere,
    a_distribution_belongs_to_one_dataset,
    an_address_has_one_origin_wherever_it_stands,
    whoever_follows_sees_every_change,
    from_the_beginning_changes_are_all_there_is,
    what_is_old_is_forgotten_but_for_what_counts,
    unknown_members_and_odd_texts_come_back,
    a_publication_is_of_the_newest_content_and_alone,
    one_at_a_time_has_a_publication,
    the_longest_due_is_taken_up_first,
    what_was_read_and_recorded_stays_so,
    the_same_bytes_at_the_same_place_have_one_event,
    events_that_were_there_before_stay,
    an_event_of_ones_own_in_a_content_does_not_stand_for_later_bytes,
    a_publication_that_stops_changes_nothing_on_the_sites,
    publications_that_have_ended_are_forgotten,
}

#[tokio::test]
async fn searches_use_an_index() {
    for site in Site::each() {
        let store = open(&site.config).await;
        for (query, sqlite, postgres) in [
            (
                "SELECT id FROM catalog_dataset WHERE state = 'draft' AND id < '01941f29-7c00-7000-8000-000000000001' \
                 ORDER BY id DESC LIMIT 2",
                "catalog_dataset_by_state",
                "catalog_dataset_by_state",
            ),
            (
                "SELECT id FROM catalog_package WHERE side = 'public' AND name = 'ab'",
                "catalog_package",
                "catalog_package_side_name_key",
            ),
            (
                "SELECT name FROM catalog_package WHERE side = 'public' ORDER BY name LIMIT 2",
                "catalog_package",
                "catalog_package_side_name_key",
            ),
            (
                "SELECT id FROM catalog_package WHERE dataset_id = '01941f29-7c00-7000-8000-000000000001'",
                "catalog_package",
                "catalog_package_dataset_id_side_key",
            ),
            (
                "SELECT dataset_id FROM catalog_resource WHERE url = 'u' AND tenant = '' AND path = ''",
                "catalog_resource_by_url",
                "catalog_resource_by_url",
            ),
            (
                "SELECT id FROM catalog_resource WHERE side = 'public' AND package_id = '01941f29-7c00-7000-8000-000000000001'",
                "catalog_resource_of_package",
                "catalog_resource_of_package",
            ),
            (
                "SELECT id FROM catalog_publication WHERE ended_at IS NULL ORDER BY due_at LIMIT 1",
                "catalog_publication_due",
                "catalog_publication_due",
            ),
        ] {
            let plan = uses_index(&store.database, query, sqlite, postgres).await;
            let sorts = |step: &String| step.contains("TEMP B-TREE") || step.contains("Sort");
            assert!(!plan.iter().any(sorts), "{query}: {plan:?}");
        }
    }
}
