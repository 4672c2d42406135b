//! What every database behind [`Store`](crate::domain::store::Store) has to do; one function a rule, run for each of them.

mod certificates;
mod entries;
mod families;
mod people;

pub(super) use self::{
    certificates::*,
    entries::{AT, event, participant},
    families::*,
    people::*,
};

/// One test a rule, each with a store of its own: `$open` answers with it and with what has to live as long.
macro_rules! conforms {
    ($open:path) => {
        $crate::store::conformance::conforms!($open:
            nothing_is_initialised_before_all_of_it_is,
            what_was_registered_is_loaded_again,
            numbers_ids_and_addresses_are_taken_once,
            of_the_same_registration_at_the_same_time_one_succeeds,
            references_have_to_exist,
            a_refused_registration_leaves_no_trace,
            states_passwords_and_secrets_change_with_their_event,
            a_profile_is_learnt_once_and_set_whenever,
            a_purpose_is_kept,
            events_are_paged_from_the_newest,
            crl_numbers_grow,
            changes_are_counted,
            a_code_is_spent_once,
            a_new_code_replaces_those_that_were_not_spent,
            of_codes_made_at_the_same_time_one_is_left,
            a_key_belongs_to_one_client_for_ever,
            a_compromised_key_is_never_certified_again,
            a_compromised_certificate_takes_its_family,
            nothing_renews_what_was_revoked_meanwhile,
            certificates_are_found_by_their_hash,
            certificates_are_paged_from_the_oldest,
            revocation_happens_once_and_shows_while_it_matters,
            a_refresh_token_is_replaced,
            a_family_begins_only_by_what_is_still_true,
            of_a_login_and_a_suspension_at_once_no_family_is_left,
            a_token_that_does_not_fit_is_refused,
            a_token_used_again_ends_its_family,
            of_a_token_presented_at_once_there_is_one_successor,
            a_successor_is_forgotten_after_the_grace,
            a_token_without_a_successor_gets_one_within_its_grace,
            of_a_token_presented_twice_at_once_both_or_one_is_answered,
            families_end_with_whom_they_belong_to,
            what_has_ended_is_forgotten,
        );
    };
    ($open:path: $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let (store, _keep) = $open().await;
                $crate::store::conformance::$rule(store).await;
            }
        )+
    };
}
pub(super) use conforms;
