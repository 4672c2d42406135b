//! One view: what it has to say, and whether that fits together.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value as Json;

use super::{
    finding::{At, Finding, Findings, Scope},
    messages::{
        ADVISED, CONNECTOR, FOREIGN_CHARACTER, MISSING, NO_DISTRIBUTION, NOT_CHOSEN, NOT_FILLED,
        NOT_FOR_OPEN, ORDER, SLASH, TWICE, TWO_HISTORIES, WAY,
    },
    value,
};
use crate::{
    address,
    characters::unwelcome,
    dataset::{Distribution, View},
    item::{By, Case, Item, Level, Obligation},
    limits::escape,
    period::is_after,
    table::{dataset_item, distribution_item, items, keys},
    value::Fields,
};

impl View {
    /// What is wrong with it, or missing, in `case`.
    pub fn check(&self, case: Case, scope: Scope) -> Vec<Finding> {
        let mut findings = Findings::default();
        check(&mut findings, self, case, scope, At::default());
        findings.into_vec()
    }
}

/// Checks a view that stands at `at`.
pub(super) fn check(findings: &mut Findings, view: &View, case: Case, scope: Scope, at: At) {
    fields(findings, &view.fields, &[Level::Dataset], case, scope, at);
    own(findings, at, "extras", view.extras.iter());
    own(findings, at, "other", view.other.iter());
    let period = [keys::TEMPORAL_START, keys::TEMPORAL_END].map(|key| view.fields.text(key));
    if let ([Some(start), Some(end)], Some(item)) = (period, dataset_item(keys::TEMPORAL_END))
        && is_after(start, end)
    {
        findings.about(at, item, None, &ORDER);
    }
    if view.distributions.is_empty() {
        findings.beside(at, "/distributions", &NO_DISTRIBUTION, "");
    }
    for (number, each) in view.distributions.iter().enumerate() {
        let at = At {
            distribution: Some(number),
            ..at
        };
        distribution(findings, each, case, scope, at);
    }
    histories(findings, &view.distributions, at);
}

fn distribution(
    findings: &mut Findings,
    distribution: &Distribution,
    case: Case,
    scope: Scope,
    at: At,
) {
    let levels = [Level::Distribution, Level::DataService];
    fields(findings, &distribution.fields, &levels, case, scope, at);
    own(findings, at, "other", distribution.other.iter());
    let text = |key| distribution.fields.text(key);
    if let (Some(url), Some(item)) = (text(keys::URL), distribution_item(keys::URL)) {
        let schemes: &[&str] = match text(keys::RESOURCE_TYPE) {
            Some("file/http" | "api/ngsi") => &["http://", "https://"],
            Some("file/ftp") => &["ftp://", "ftps://"],
            _ => &[],
        };
        if !schemes.is_empty()
            && address::read(url).is_ok()
            && !schemes.iter().any(|scheme| url.starts_with(scheme))
        {
            findings.beside(
                at,
                &format!("/fields/{}", item.key),
                &WAY,
                &schemes.join(" / "),
            );
        }
        if case == Case::Limited && url.ends_with('/') {
            findings.about(at, item, None, &SLASH);
        }
    }
    let needs = text(keys::CONNECTOR_REQUIRED);
    if case == Case::LimitedPublic
        && needs == Some("要求しない")
        && let Some(item) = distribution_item(keys::CONNECTOR_REQUIRED)
    {
        findings.about(at, item, None, &CONNECTOR);
    }
}

/// What is missing, what is too much, and each value.
fn fields(
    findings: &mut Findings,
    fields: &Fields,
    levels: &[Level],
    case: Case,
    scope: Scope,
    at: At,
) {
    for item in items().filter(|item| levels.contains(&item.level)) {
        let said = fields.get(item.key);
        if let Some(said) = said {
            value::check(findings, at, item, said);
        }
        match item.obligation(case) {
            Obligation::Required | Obligation::Needed if said.is_none() => {
                missing(findings, fields, item, scope, at);
            }
            Obligation::NotSet if said.is_some() => {
                findings.about(at, item, None, &NOT_FOR_OPEN);
            }
            _ => {}
        }
    }
}

fn missing(findings: &mut Findings, fields: &Fields, item: &'static Item, scope: Scope, at: At) {
    let message = match item.by {
        By::Ckan => return,
        By::Site if scope == Scope::Author => return,
        By::Site => &NOT_FILLED,
        By::Author if item.instead.is_some_and(|key| fields.get(key).is_some()) => &ADVISED,
        By::Author if item.codes.is_some() => &NOT_CHOSEN,
        By::Author => &MISSING,
    };
    if let Some(finding) = findings.about(at, item, None, message) {
        finding.allowed = value::allowed(item);
    }
}

/// Looks for characters that can't be seen in what nobody here knows.
fn own<'m>(
    findings: &mut Findings,
    at: At,
    name: &str,
    members: impl Iterator<Item = (&'m String, &'m Json)>,
) {
    for (key, json) in members {
        let found = unwelcome(key, None).or_else(|| first_unwelcome(json));
        if let Some(c) = found {
            let pointer = format!("/{name}/{}", escape(key));
            findings.beside(at, &pointer, &FOREIGN_CHARACTER, &value::code_point(c));
        }
    }
}

fn first_unwelcome(json: &Json) -> Option<char> {
    match json {
        Json::String(text) => unwelcome(text, None),
        Json::Array(list) => list.iter().find_map(first_unwelcome),
        Json::Object(object) => object
            .iter()
            .find_map(|(key, each)| unwelcome(key, None).or_else(|| first_unwelcome(each))),
        _ => None,
    }
}

/// What a connector goes by when it looks for the history of a URL: there may be one alone.
fn histories(findings: &mut Findings, distributions: &[Distribution], at: At) {
    let mut seen: HashMap<[&str; 3], Option<&str>> = HashMap::new();
    for (number, each) in distributions.iter().enumerate() {
        let text = |key| each.fields.text(key).unwrap_or_default();
        let place = [keys::URL, keys::NGSI_TENANT, keys::NGSI_SERVICE_PATH].map(text);
        if place[0].is_empty() {
            continue;
        }
        let history = each.fields.text(keys::PROVENANCE_ID);
        let at = At {
            distribution: Some(number),
            ..at
        };
        let (message, key) = match seen.entry(place) {
            Entry::Vacant(free) => {
                free.insert(history);
                continue;
            }
            Entry::Occupied(mut first) => match (*first.get(), history) {
                (Some(one), Some(other)) if one != other => (&TWO_HISTORIES, keys::PROVENANCE_ID),
                (one, other) => {
                    first.insert(one.or(other));
                    (&TWICE, keys::URL)
                }
            },
        };
        if let Some(item) = distribution_item(key) {
            findings.about(at, item, None, message);
        }
    }
}
