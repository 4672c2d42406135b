//! Decisions.

use std::collections::{HashMap, HashSet};

use super::grant::{Contract, Grant, Subject};

/// All grants of the provider by target, each list in order of registration.
#[derive(Debug, Default)]
pub struct GrantIndex {
    by_target: HashMap<String, Vec<Grant>>,
    len: usize,
}

/// Whether a resource may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Nobody was ever granted this resource.
    NotRegistered,
    /// Others were, this subject was not.
    Refused,
    /// It may. The contract is that of the matching grant registered last that has one.
    Granted(Option<&'a Contract>),
}

impl GrantIndex {
    /// Indexes grants that come in order of registration.
    pub fn new(grants: impl IntoIterator<Item = Grant>) -> Self {
        let mut index = Self::default();
        index.extend(grants);
        index
    }

    /// Puts `grants`, in order of registration, in place of all that there are on `targets`.
    pub fn replace(&mut self, targets: &HashSet<String>, grants: impl IntoIterator<Item = Grant>) {
        for target in targets {
            let gone = self.by_target.remove(target);
            self.len -= gone.map_or(0, |grants| grants.len());
        }
        self.extend(grants);
    }

    fn extend(&mut self, grants: impl IntoIterator<Item = Grant>) {
        for grant in grants {
            self.by_target
                .entry(grant.target.clone())
                .or_default()
                .push(grant);
            self.len += 1;
        }
    }

    /// Whether `subject` may fetch `target`. Targets are equal only if their texts are.
    pub fn decide(&self, target: &str, subject: &Subject<'_>) -> Decision<'_> {
        let Some(grants) = self.by_target.get(target) else {
            return Decision::NotRegistered;
        };
        let mut matching = grants
            .iter()
            .filter(|grant| grant.assignee.admits(subject))
            .peekable();
        if matching.peek().is_none() {
            return Decision::Refused;
        }
        Decision::Granted(
            matching
                .filter_map(|grant| grant.contract.as_ref())
                .next_back(),
        )
    }

    /// Whether there is any grant on `target`.
    pub fn has(&self, target: &str) -> bool {
        self.by_target.contains_key(target)
    }

    /// Number of grants.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use common::ids::UserId;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{
        super::grant::{Aal, Assignee},
        *,
    };

    const TARGET: &str = "https://data.example/a.csv";

    fn user(id: &str) -> UserId {
        UserId::parse(id).expect("a user ID")
    }

    fn assignee(
        id: Option<&str>,
        org: Option<&str>,
        aal: Option<u8>,
        extras: Option<&str>,
    ) -> Assignee {
        Assignee {
            user: id.map(user),
            org: org.map(user),
            aal: aal.and_then(Aal::new),
            extras: extras.map(Into::into),
        }
    }

    fn grant(assignee: Assignee, trade: Option<&str>) -> Grant {
        let contract = |trade: &str| Contract {
            trade_id: trade.to_owned(),
            contract_url: "https://market.example".to_owned(),
            contract_type: "standard".to_owned(),
        };
        Grant {
            target: TARGET.to_owned(),
            assignee,
            contract: trade.map(contract),
        }
    }

    fn allows(assignee: Assignee) -> bool {
        let (id, orgs) = (user("cadde.user.bb"), vec!["cadde.org.aab", "cadde.org.cc"]);
        let subject = Subject {
            user: &id,
            orgs,
            aal: 2,
            extras: Some("x.y"),
        };
        matches!(
            GrantIndex::new([grant(assignee, None)]).decide(TARGET, &subject),
            Decision::Granted(None)
        )
    }

    #[rstest]
    #[case(Some("cadde.user.bb"), None, None, None, true)]
    #[case(Some("cadde.user.b"), None, None, None, false)]
    #[case(Some("CADDE.user.bb"), None, None, None, false)]
    #[case(Some(".*"), None, None, None, false)]
    #[case(None, Some("cadde.org.aab"), None, None, true)]
    #[case(None, Some("cadde.org.aa"), None, None, false)]
    #[case(None, Some("cadde.org.cc"), None, None, true)]
    #[case(None, None, Some(1), None, true)]
    #[case(None, None, Some(2), None, true)]
    #[case(None, None, Some(3), None, false)]
    #[case(None, None, Some(1), Some("x.y"), true)]
    #[case(None, None, Some(1), Some("xzy"), false)]
    #[case(
        Some("cadde.user.bb"),
        Some("cadde.org.cc"),
        Some(2),
        Some("x.y"),
        true
    )]
    #[case(
        Some("cadde.user.bb"),
        Some("cadde.org.dd"),
        Some(2),
        Some("x.y"),
        false
    )]
    fn every_condition_that_is_set_has_to_be_met_exactly(
        #[case] id: Option<&str>,
        #[case] org: Option<&str>,
        #[case] aal: Option<u8>,
        #[case] extras: Option<&str>,
        #[case] allowed: bool,
    ) {
        assert_eq!(allows(assignee(id, org, aal, extras)), allowed);
    }

    #[test]
    fn a_resource_nobody_was_granted_is_not_registered_even_if_only_letter_case_differs() {
        let index = GrantIndex::new([grant(assignee(Some("u"), None, None, None), None)]);
        let id = user("u");
        let subject = Subject {
            user: &id,
            orgs: vec![],
            aal: 1,
            extras: None,
        };
        assert_eq!(
            index.decide("https://data.example/A.csv", &subject),
            Decision::NotRegistered
        );
        assert_eq!(
            index.decide("https://data.example/a.csv/", &subject),
            Decision::NotRegistered
        );
    }

    #[test]
    fn the_last_matching_contract_counts_and_those_of_others_do_not() {
        let index = GrantIndex::new([
            grant(assignee(Some("u"), None, None, None), Some("T-1")),
            grant(assignee(None, None, Some(1), None), Some("T-2")),
            grant(assignee(Some("u"), None, Some(1), None), None),
            grant(assignee(Some("other"), None, None, None), Some("T-3")),
        ]);
        let id = user("u");
        let trade = |aal| match index.decide(
            TARGET,
            &Subject {
                user: &id,
                orgs: vec![],
                aal,
                extras: None,
            },
        ) {
            Decision::Granted(contract) => contract.map(|contract| contract.trade_id.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(trade(1).as_deref(), Some("T-2"));
        assert_eq!(trade(0).as_deref(), Some("T-1"));
    }

    fn any_assignee() -> impl Strategy<Value = Assignee> {
        let id = || prop::option::of("[ab]{1,2}");
        (id(), id(), prop::option::of(1u8..=3), id()).prop_map(|(id, org, aal, extras)| {
            assignee(id.as_deref(), org.as_deref(), aal, extras.as_deref())
        })
    }

    proptest! {
        /// More conditions never admit more people.
        #[test]
        fn a_narrower_grant_admits_nobody_else(wide in any_assignee(), other in any_assignee(), who in "[ab]{1,2}",
                                               org in "[ab]{1,2}", aal in 0u8..=3) {
            let id = user(&who);
            let subject = Subject { user: &id, orgs: vec![org.as_str()], aal, extras: Some("a") };
            let narrow = Assignee {
                user: wide.user.clone().or(other.user),
                org: wide.org.clone().or(other.org),
                aal: wide.aal.max(other.aal),
                extras: wide.extras.clone().or(other.extras),
            };
            prop_assert!(!narrow.admits(&subject) || wide.admits(&subject));
        }

        /// Access is granted if and only if some grant on its own would grant it.
        #[test]
        fn a_decision_is_the_union_of_its_grants(assignees in prop::collection::vec(any_assignee(), 0..5), aal in 0u8..=3) {
            let id = user("a");
            let subject = Subject { user: &id, orgs: vec!["b", "ab"], aal, extras: None };
            let any = assignees.iter().any(|assignee| assignee.admits(&subject));
            let index = GrantIndex::new(assignees.iter().cloned().map(|assignee| grant(assignee, None)));
            let expected = match (assignees.is_empty(), any) {
                (true, _) => Decision::NotRegistered,
                (false, true) => Decision::Granted(None),
                (false, false) => Decision::Refused,
            };
            prop_assert_eq!(index.decide(TARGET, &subject), expected);
        }
    }
}
