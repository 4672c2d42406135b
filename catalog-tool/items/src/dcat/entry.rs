//! A dataset and its distributions, item by item, by the range that the table gives each.

use oxrdf::{NamedNode, NamedOrBlankNode};
use serde_json::Value as Json;

use super::graph::{Graph, iri};
use crate::{
    dataset::{Distribution, View},
    item::{Item, Kind},
    period::EFFECTIVE,
    value::{Fields, Value},
};

/// Items that several of make one thing: they are said with it.
const TOGETHER: [&str; 24] = [
    "publisher_name",
    "publisher_uri",
    "creator_name",
    "creator_url",
    "contact_name",
    "contact_url",
    "spatial_url",
    "spatial_text",
    "spatial",
    "temporal_start",
    "temporal_end",
    "license_title",
    "license_url",
    "access_rights",
    "access_rights_url",
    "metadata_created",
    "metadata_modified",
    "created",
    "last_modified",
    "data_effective_period",
    "explain_url",
    "data_service_title",
    "data_service_endpoint_url",
    "data_service_endpoint_description",
];

/// Says everything of `view`, whose IRI is `own`.
pub(super) fn dataset(graph: &mut Graph, own: &str, view: &View) -> NamedOrBlankNode {
    let dataset = graph.thing(Some(NamedNode::new_unchecked(own)), "dcat:Dataset");
    let fields = &view.fields;
    each(graph, &dataset, fields);
    agent(
        graph,
        &dataset,
        "dct:publisher",
        fields.text("publisher_uri"),
        fields.text("publisher_name"),
    );
    let several = |key: &str| -> Vec<String> {
        fields
            .get(key)
            .map(|value| value.parts().map(std::borrow::Cow::into_owned).collect())
            .unwrap_or_default()
    };
    let (names, addresses) = (several("creator_name"), several("creator_url"));
    for at in 0..names.len().max(addresses.len()) {
        let (address, name) = (addresses.get(at), names.get(at));
        agent(
            graph,
            &dataset,
            "dct:creator",
            address.map(String::as_str),
            name.map(String::as_str),
        );
    }
    contact(graph, &dataset, fields);
    regions(
        graph,
        &dataset,
        &several("spatial_url"),
        &several("spatial_text"),
        fields.text("spatial"),
    );
    let period = ["temporal_start", "temporal_end"].map(|key| fields.text(key));
    span(graph, &dataset, "dct:temporal", period);
    effective(graph, &dataset, fields);
    rights(graph, &dataset, fields);
    for (at, distribution) in view.distributions.iter().enumerate() {
        let id = distribution.other.get("id").and_then(Json::as_str);
        let id = id
            .filter(|id| is_plain(id))
            .map_or_else(|| (at + 1).to_string(), str::to_owned);
        let one = self::distribution(graph, &format!("{own}/resource/{id}"), distribution, fields);
        graph.add(&dataset, "dcat:distribution", one);
    }
    dataset
}

/// Whether `id` may stand in an IRI as it is.
pub(super) fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn distribution(
    graph: &mut Graph,
    own: &str,
    distribution: &Distribution,
    of: &Fields,
) -> NamedOrBlankNode {
    let one = graph.thing(Some(NamedNode::new_unchecked(own)), "dcat:Distribution");
    let fields = &distribution.fields;
    each(graph, &one, fields);
    // How it is got is said at its page, or else it is got right away.
    let page = fields
        .text("explain_url")
        .or_else(|| fields.text("url"))
        .or_else(|| of.text("url"));
    if let Some(page) = page.and_then(iri) {
        graph.add(&one, "dcat:accessURL", page);
    }
    for (own, automatic, property) in [
        ("issued", "created", "dct:issued"),
        ("modified", "last_modified", "dct:modified"),
    ] {
        if let Some(day) = fields.text(own).or_else(|| fields.text(automatic)) {
            graph.date(&one, property, day);
        }
    }
    rights(graph, &one, fields);
    service(graph, &one, fields);
    one
}

/// Items that stand for themselves.
fn each(graph: &mut Graph, subject: &NamedOrBlankNode, fields: &Fields) {
    for (item, value) in fields
        .entries()
        .filter(|(item, _)| !TOGETHER.contains(&item.key))
    {
        for part in value.parts() {
            say(graph, subject, item, &part);
        }
    }
}

/// The class of what a property leads to; `None` where that is a text or any address.
fn class(item: &Item) -> Option<&'static str> {
    match item.property {
        "dct:accrualPeriodicity" => return Some("dct:Frequency"),
        "dcat:landingPage" => return Some("foaf:Document"),
        _ => {}
    }
    let classes = ["dct:", "skos:", "foaf:", "odrl:", "prov:", "vcard:"];
    let is_class = classes.iter().any(|prefix| item.range.starts_with(prefix));
    is_class.then_some(item.range)
}

fn say(graph: &mut Graph, subject: &NamedOrBlankNode, item: &Item, part: &str) {
    match (item.kind, class(item)) {
        (Kind::Date | Kind::Stamp, _) => graph.date(subject, item.property, part),
        (Kind::Bytes, _) => graph.typed(subject, item.property, part, "xsd:nonNegativeInteger"),
        (_, Some(class)) => {
            let thing = thing(graph, class, part);
            graph.add(subject, item.property, thing);
        }
        (Kind::Url | Kind::UrlOrText, None) if item.property != "dct:identifier" => match iri(part)
        {
            Some(iri) => graph.add(subject, item.property, iri),
            None => graph.text(subject, item.property, part),
        },
        _ => graph.text(subject, item.property, part),
    }
}

/// A thing of `class`, by its address or by its name.
fn thing(graph: &mut Graph, class: &str, said: &str) -> NamedOrBlankNode {
    let address = if class == "dct:LinguisticSystem" && said.len() == 2 && is_plain(said) {
        Some(graph.named(&format!("lang:{said}")))
    } else {
        iri(said)
    };
    let is_named = address.is_none();
    let thing = graph.thing(address, class);
    if is_named {
        let name = if class == "skos:Concept" {
            "skos:prefLabel"
        } else {
            "rdfs:label"
        };
        graph.text(&thing, name, said);
    }
    thing
}

fn agent(
    graph: &mut Graph,
    subject: &NamedOrBlankNode,
    property: &str,
    address: Option<&str>,
    name: Option<&str>,
) {
    let Some(known) = name.or(address) else {
        return;
    };
    let agent = graph.thing(address.and_then(iri), "foaf:Agent");
    graph.text(&agent, "foaf:name", known);
    graph.add(subject, property, agent);
}

fn contact(graph: &mut Graph, subject: &NamedOrBlankNode, fields: &Fields) {
    let (name, address) = (fields.text("contact_name"), fields.text("contact_url"));
    let Some(known) = name.or(address) else {
        return;
    };
    let contact = graph.thing(None, "vcard:Kind");
    graph.text(&contact, "vcard:fn", known);
    if let Some(address) = address.and_then(iri) {
        let is_mail = address.as_str().starts_with("mailto:");
        let property = if is_mail {
            "vcard:hasEmail"
        } else {
            "vcard:hasURL"
        };
        graph.add(&contact, property, address);
    }
    graph.add(subject, "dcat:contactPoint", contact);
}

/// Where several regions have as many names, each has its own.
fn regions(
    graph: &mut Graph,
    subject: &NamedOrBlankNode,
    addresses: &[String],
    names: &[String],
    shape: Option<&str>,
) {
    for at in 0..addresses.len().max(names.len()) {
        let address = addresses.get(at);
        let region = graph.thing(address.and_then(|address| iri(address)), "dct:Location");
        let encoded = address.filter(|address| iri(address).is_none());
        for name in names.get(at).into_iter().chain(encoded) {
            graph.text(&region, "rdfs:label", name);
        }
        graph.add(subject, "dct:spatial", region);
    }
    if let Some(shape) = shape {
        let region = graph.thing(None, "dct:Location");
        graph.typed(
            &region,
            "locn:geometry",
            shape,
            "iana:application/vnd.geo+json",
        );
        graph.add(subject, "dct:spatial", region);
    }
}

/// A time from one day to another, of which one may be open.
fn span(graph: &mut Graph, subject: &NamedOrBlankNode, property: &str, days: [Option<&str>; 2]) {
    if days == [None, None] {
        return;
    }
    let span = graph.thing(None, "dct:PeriodOfTime");
    for (day, end) in days.into_iter().zip(["dcat:startDate", "dcat:endDate"]) {
        if let Some(day) = day {
            graph.date(&span, end, day);
        }
    }
    graph.add(subject, property, span);
}

fn effective(graph: &mut Graph, subject: &NamedOrBlankNode, fields: &Fields) {
    const PROPERTY: &str = "sipx:dataEffectivePeriod";
    let Some(value) = fields.get("data_effective_period") else {
        return;
    };
    let text = |json: Option<&Json>, key: &str| {
        json.and_then(|json| json.get(key)?.as_str().map(str::to_owned))
    };
    if let Value::Json(period) = value {
        let days = period.get("date");
        let days = [text(days, "startDate"), text(days, "endDate")];
        if text(Some(period), EFFECTIVE).as_deref() == Some("startEndDate") {
            return span(
                graph,
                subject,
                PROPERTY,
                days.each_ref().map(Option::as_deref),
            );
        }
        if let Some(note) = text(Some(period), "note") {
            let span = graph.thing(None, "dct:PeriodOfTime");
            graph.text(&span, "rdfs:label", &note);
            return graph.add(subject, PROPERTY, span);
        }
    }
    graph.text(subject, PROPERTY, &value.text());
}

/// Licence and access rights: an address, a name, or both.
fn rights(graph: &mut Graph, subject: &NamedOrBlankNode, fields: &Fields) {
    for (name, address, property, class) in [
        (
            "license_title",
            "license_url",
            "dct:license",
            "dct:LicenseDocument",
        ),
        (
            "access_rights",
            "access_rights_url",
            "dct:accessRights",
            "dct:RightsStatement",
        ),
    ] {
        let (name, address) = (fields.text(name), fields.text(address));
        if name.is_none() && address.is_none() {
            continue;
        }
        let iri = address.and_then(iri);
        let known = name.or(address.filter(|_| iri.is_none()));
        let thing = graph.thing(iri, class);
        if let Some(known) = known {
            graph.text(&thing, "rdfs:label", known);
        }
        graph.add(subject, property, thing);
    }
}

/// The service behind a distribution; without an address it is none, and said in words.
fn service(graph: &mut Graph, subject: &NamedOrBlankNode, fields: &Fields) {
    let [title, endpoint, description] = [
        "data_service_title",
        "data_service_endpoint_url",
        "data_service_endpoint_description",
    ]
    .map(|key| fields.text(key));
    let Some(endpoint) = endpoint.and_then(iri) else {
        for (text, property) in [
            (title, "sipx:dataServiceTitle"),
            (description, "sipx:dataServiceDescription"),
        ] {
            if let Some(text) = text {
                graph.text(subject, property, text);
            }
        }
        return;
    };
    let service = graph.thing(None, "dcat:DataService");
    let title = title
        .or_else(|| fields.text("name"))
        .unwrap_or(endpoint.as_str())
        .to_owned();
    graph.text(&service, "dct:title", &title);
    graph.add(&service, "dcat:endpointURL", endpoint);
    match description.map(|description| (iri(description), description)) {
        Some((Some(iri), _)) => graph.add(&service, "dcat:endpointDescription", iri),
        Some((None, text)) => graph.text(&service, "dct:description", text),
        None => {}
    }
    graph.add(subject, "dcat:accessService", service);
}
