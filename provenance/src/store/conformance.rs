//! What every database behind the ledger has to do; one function a rule, run for each of them through the real sequencer.

mod claims;
mod kit;
mod reading;
mod writing;

pub(crate) use self::kit::{Site, event};
pub(super) use self::{claims::*, reading::*, writing::*};

/// One test a rule, each on an empty ledger of its own: `$site::new()` makes one, which can be opened several times.
macro_rules! conforms {
    ($site:path) => {
        $crate::store::conformance::conforms!($site:
            places_have_no_gaps,
            a_repetition_is_answered_with_the_same_receipt,
            other_content_under_the_same_id_is_refused,
            what_was_recorded_is_there_after_a_restart,
            a_predecessor_may_arrive_later,
            a_predecessor_may_arrive_later_in_the_same_group,
            what_still_waits_is_told_again,
            no_event_becomes_its_own_ancestor,
            a_cycle_that_is_too_long_to_be_seen_is_walked_once,
            an_event_may_have_more_neighbours_than_the_writer_looks_at,
            who_waits_for_an_event_is_told_of_it_however_many_they_are,
            evidence_is_nobodys_predecessor,
            both_records_of_an_id_are_kept,
            a_squat_does_not_fill_the_place,
            an_event_comes_after_evidence_under_its_id,
            a_single_registration_wants_its_predecessors,
            a_key_is_good_for_one_request_until_it_is_forgotten,
            the_same_data_is_registered_once,
            an_original_is_linked_to_the_update_that_made_it,
            texts_may_be_long,
            a_transaction_that_is_dropped_leaves_no_trace,
            several_servers_give_places_without_gaps,
            lineages_are_walked_both_ways,
            a_lineage_that_is_too_large_is_refused,
            a_lineage_takes_so_many_bytes,
            bodies_are_for_parties,
            origins_are_shown_to_whoever_received,
            pages_miss_nothing,
            what_is_long_is_not_read_among_the_short,
        );
    };
    ($site:path: $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::store::conformance::$rule(<$site>::new()).await;
            }
        )+
    };
}
pub(super) use conforms;
