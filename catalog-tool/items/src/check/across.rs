//! A dataset as a whole: which views it has to have, and whether they belong together.

use std::collections::HashMap;

use super::{
    finding::{At, Finding, Findings, Scope},
    messages::{NO_LIMITED_VIEW, NO_PUBLIC_VIEW, NO_VIEW, TWO_HISTORIES, TWO_LINKS},
    view,
};
use crate::{
    dataset::{Dataset, Sharing, Side},
    table::{dataset_item, distribution_item, keys},
};

impl Dataset {
    /// What is wrong with it, or missing. It may be published where no finding is an error.
    pub fn check(&self, scope: Scope) -> Vec<Finding> {
        let mut findings = Findings::default();
        let missing = match (self.sharing, &self.public, &self.limited) {
            (_, None, None) => Some(&NO_VIEW),
            (Sharing::Open, None, _) => Some(&NO_PUBLIC_VIEW),
            (Sharing::Limited, _, None) => Some(&NO_LIMITED_VIEW),
            _ => None,
        };
        if let Some(message) = missing {
            findings.beside(At::default(), "", message, "");
        }
        for (side, view) in self.views() {
            let at = At {
                side: Some(side),
                distribution: None,
            };
            view::check(&mut findings, view, self.case(side), scope, at);
        }
        self.pair(&mut findings);
        findings.into_vec()
    }

    /// What both views say has to be one.
    fn pair(&self, findings: &mut Findings) {
        let (Some(public), Some(limited)) = (&self.public, &self.limited) else {
            return;
        };
        let at = At {
            side: Some(Side::Limited),
            distribution: None,
        };
        let links = [public, limited].map(|view| view.fields.text(keys::DETAIL_ID));
        if let ([Some(one), Some(other)], Some(item)) = (links, dataset_item(keys::DETAIL_ID))
            && one != other
        {
            findings.about(at, item, None, &TWO_LINKS);
        }
        let place = |distribution: &crate::Distribution| {
            let text = |key| distribution.fields.text(key).unwrap_or_default().to_owned();
            [keys::URL, keys::NGSI_TENANT, keys::NGSI_SERVICE_PATH].map(text)
        };
        let known: HashMap<_, _> = public
            .distributions
            .iter()
            .filter_map(|each| Some((place(each), each.fields.text(keys::PROVENANCE_ID)?)))
            .collect();
        for (number, each) in limited.distributions.iter().enumerate() {
            let (one, other) = (
                known.get(&place(each)),
                each.fields.text(keys::PROVENANCE_ID),
            );
            let differs = one.zip(other).is_some_and(|(one, other)| *one != other);
            if let Some(item) = distribution_item(keys::PROVENANCE_ID).filter(|_| differs) {
                let at = At {
                    distribution: Some(number),
                    ..at
                };
                findings.about(at, item, None, &TWO_HISTORIES);
            }
        }
    }
}
