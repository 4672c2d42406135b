use std::collections::{BTreeMap, BTreeSet};

use oxrdf::{Term, Triple};
use oxttl::TurtleParser;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::samples;
use crate::{Case, Catalog, Dataset, Item, Level, Limits, View, items};

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

fn catalog() -> Catalog {
    Catalog {
        address: "https://catalog.example.jp/release".to_owned(),
        title: "例市データカタログ".to_owned(),
        description: "例市の公開データ".to_owned(),
        homepage: Some("https://catalog.example.jp/".to_owned()),
        publisher_name: "例市".to_owned(),
        publisher_uri: Some("https://www.example.jp/".to_owned()),
        sipx: Catalog::SIPX.to_owned(),
    }
}

fn view(package: &Json) -> View {
    View::from_ckan(package.as_object().unwrap(), &Limits::default()).unwrap()
}

pub(super) fn triples(turtle: &str) -> Vec<Triple> {
    TurtleParser::new()
        .for_slice(turtle)
        .map(|triple| triple.unwrap())
        .collect()
}

/// The same triples read from JSON-LD, as far as we write it: prefixes, types, values.
fn triples_of(document: &Json) -> BTreeSet<String> {
    let context = document["@context"].as_object().unwrap();
    let expand = |name: &str| -> String {
        let (prefix, rest) = name.split_once(':').unwrap();
        let begin = context
            .get(prefix)
            .map(|begin| begin.get("@id").unwrap_or(begin).as_str().unwrap());
        begin.map_or_else(|| name.to_owned(), |begin| format!("{begin}{rest}"))
    };
    let node = |id: &str| {
        if id.starts_with("_:") {
            id.to_owned()
        } else {
            format!("<{id}>")
        }
    };
    let quoted = |text: &str| oxrdf::Literal::new_simple_literal(text).to_string();
    let mut found = BTreeSet::new();
    for thing in document["@graph"].as_array().unwrap() {
        let subject = node(thing["@id"].as_str().unwrap());
        for (key, values) in thing.as_object().unwrap() {
            let values = values
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![values.clone()]);
            for value in values {
                let (property, object) = match (key.as_str(), &value) {
                    ("@id", _) => continue,
                    ("@type", Json::String(class)) => {
                        (TYPE.to_owned(), format!("<{}>", expand(class)))
                    }
                    (key, Json::String(text)) => (expand(key), quoted(text)),
                    (key, value) => {
                        let object = if let Some(id) = value.get("@id") {
                            node(id.as_str().unwrap())
                        } else {
                            let text = quoted(value["@value"].as_str().unwrap());
                            format!("{text}^^<{}>", expand(value["@type"].as_str().unwrap()))
                        };
                        (expand(key), object)
                    }
                };
                found.insert(format!("{subject} <{property}> {object}"));
            }
        }
    }
    found
}

fn open() -> View {
    view(&json!({
        "name": "river", "id": "1", "title": "河川水位 <b>", "notes": "観測値", "url": "https://www.example.jp/river/",
        "license_title": "CC BY 4.0", "metadata_modified": "2026-11-30T04:58:41.123456", "tags": [{ "name": "水位" }],
        "extras": [
            { "key": "issued", "value": "2024-04-01" }, { "key": "language", "value": "ja,en" },
            { "key": "frequency", "value": "毎日" }, { "key": "theme", "value": "国土・気象,国際" },
            { "key": "publisher_name", "value": "例市" }, { "key": "publisher_uri", "value": "https://www.example.jp/" },
            { "key": "contact_name", "value": "防災課" }, { "key": "contact_url", "value": "mailto:bosai@example.jp" },
            { "key": "temporal_start", "value": "2024-04-01" }, { "key": "spatial_text", "value": "日本>例市" },
            { "key": "fee", "value": "無償" }, { "key": "access_rights", "value": "公開" },
        ],
        "resources": [{
            "id": "r1", "name": "10分毎", "url": "https://data.example.jp/川.csv", "size": 20480, "mime_type": "text/csv", "format": "CSV",
            "data_service_endpoint_url": "https://api.example.jp/", "caddec_resource_type": "file/http",
        }],
    }))
}

#[test]
fn an_entry_is_said_in_the_terms_of_dcat() {
    let turtle = catalog().turtle([&open()]);
    let said: BTreeSet<String> = triples(&turtle).iter().map(ToString::to_string).collect();
    let dataset = "<https://catalog.example.jp/release/dataset/river>";
    let distribution = "<https://catalog.example.jp/release/dataset/river/resource/r1>";
    for (subject, property, object) in [
        (dataset, TYPE, "<http://www.w3.org/ns/dcat#Dataset>"),
        (
            dataset,
            "http://purl.org/dc/terms/title",
            "\"河川水位 <b>\"",
        ),
        (
            dataset,
            "http://purl.org/dc/terms/issued",
            "\"2024-04-01\"^^<http://www.w3.org/2001/XMLSchema#date>",
        ),
        (
            dataset,
            "http://purl.org/dc/terms/language",
            "<http://id.loc.gov/vocabulary/iso639-1/ja>",
        ),
        (
            dataset,
            "http://purl.org/dc/terms/accrualPeriodicity",
            "<http://publications.europa.eu/resource/authority/frequency/DAILY>",
        ),
        (
            "<http://publications.europa.eu/resource/authority/frequency/DAILY>",
            TYPE,
            "<http://purl.org/dc/terms/Frequency>",
        ),
        (
            dataset,
            "http://purl.org/dc/terms/publisher",
            "<https://www.example.jp/>",
        ),
        (
            "<https://www.example.jp/>",
            "http://xmlns.com/foaf/0.1/name",
            "\"例市\"",
        ),
        (
            dataset,
            "http://purl.org/dc/terms/license",
            "<https://creativecommons.org/licenses/by/4.0/>",
        ),
        (
            dataset,
            "http://www.w3.org/ns/dcat#landingPage",
            "<https://www.example.jp/river/>",
        ),
        (dataset, "urn:cadde:sipx:fee", "\"無償\""),
        (
            dataset,
            "http://www.w3.org/ns/dcat#distribution",
            distribution,
        ),
        (
            distribution,
            "http://www.w3.org/ns/dcat#accessURL",
            "<https://data.example.jp/川.csv>",
        ),
        (
            distribution,
            "http://www.w3.org/ns/dcat#downloadURL",
            "<https://data.example.jp/川.csv>",
        ),
        (
            distribution,
            "http://www.w3.org/ns/dcat#mediaType",
            "<http://www.iana.org/assignments/media-types/text/csv>",
        ),
        (
            distribution,
            "http://www.w3.org/ns/dcat#byteSize",
            "\"20480\"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>",
        ),
    ] {
        let triple = format!("{subject} <{property}> {object}");
        assert!(said.contains(&triple), "{triple}\n{turtle}");
    }
    for object in [
        "\"水位\"",
        "\"国土・気象\"",
        "<mailto:bosai@example.jp>",
        "\"2026-11-30T04:58:41.123456Z\"^^",
    ] {
        assert!(
            said.iter().any(|triple| triple.contains(object)),
            "{object}\n{turtle}"
        );
    }
}

/// What DCAT-AP 3.0 asks: class, property, how often it may be there, class of what it leads to.
const RULES: &str = "
dcat:Catalog dct:title 1 99 -
dcat:Catalog dct:description 1 99 -
dcat:Catalog dct:publisher 1 1 foaf:Agent
dcat:Dataset dct:title 1 99 -
dcat:Dataset dct:description 1 99 -
dcat:Dataset dct:publisher 0 1 foaf:Agent
dcat:Dataset dct:accrualPeriodicity 0 1 dct:Frequency
dcat:Dataset dct:issued 0 1 -
dcat:Dataset dct:modified 0 1 -
dcat:Dataset dct:accessRights 0 1 dct:RightsStatement
dcat:Dataset dct:temporal 0 99 dct:PeriodOfTime
dcat:Dataset dct:spatial 0 99 dct:Location
dcat:Dataset dct:language 0 99 dct:LinguisticSystem
dcat:Dataset dcat:theme 0 99 skos:Concept
dcat:Dataset dcat:contactPoint 0 99 vcard:Kind
dcat:Dataset dcat:distribution 0 99 dcat:Distribution
dcat:Distribution dcat:accessURL 1 99 -
dcat:Distribution dct:license 0 1 dct:LicenseDocument
dcat:Distribution dct:rights 0 1 dct:RightsStatement
dcat:Distribution dct:format 0 1 dct:MediaTypeOrExtent
dcat:Distribution dcat:mediaType 0 1 dct:MediaType
dcat:Distribution dcat:compressFormat 0 1 dct:MediaType
dcat:Distribution dcat:packageFormat 0 1 dct:MediaType
dcat:Distribution dcat:byteSize 0 1 -
dcat:Distribution dct:issued 0 1 -
dcat:Distribution dct:modified 0 1 -
dcat:Distribution dcat:accessService 0 99 dcat:DataService
dcat:DataService dct:title 1 99 -
dcat:DataService dcat:endpointURL 1 99 -
dct:PeriodOfTime dcat:startDate 0 1 -
dct:PeriodOfTime dcat:endDate 0 1 -
skos:Concept skos:prefLabel 1 99 -
foaf:Agent foaf:name 1 99 -
";

fn expand(name: &str) -> String {
    let (prefix, rest) = name.split_once(':').unwrap();
    let known = [
        ("dcat", "http://www.w3.org/ns/dcat#"),
        ("dct", "http://purl.org/dc/terms/"),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("skos", "http://www.w3.org/2004/02/skos/core#"),
        ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ];
    let begin = known.into_iter().find(|(own, _)| *own == prefix).unwrap().1;
    format!("{begin}{rest}")
}

pub(super) fn conforms(triples: &[Triple]) -> Result<(), String> {
    let mut things: BTreeMap<String, Vec<(&str, &Term)>> = BTreeMap::new();
    for triple in triples {
        let said = things.entry(triple.subject.to_string()).or_default();
        said.push((triple.predicate.as_str(), &triple.object));
    }
    let is_a = |thing: &str, class: &str| {
        let class = format!("<{}>", expand(class));
        let is_class =
            |(property, object): &(&str, &Term)| *property == TYPE && object.to_string() == class;
        things
            .get(thing)
            .is_some_and(|said| said.iter().any(is_class))
    };
    for rule in RULES.trim().lines() {
        let [class, property, least, most, leads] =
            rule.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let often = least.parse::<usize>().unwrap()..=most.parse().unwrap();
        let property = expand(property);
        for (thing, said) in things.iter().filter(|(thing, _)| is_a(thing, class)) {
            let objects = said.iter().filter(|(own, _)| *own == property);
            let objects: Vec<_> = objects.map(|(_, object)| object.to_string()).collect();
            if !often.contains(&objects.len()) {
                return Err(format!("{thing} has {} of {property}", objects.len()));
            }
            let stray = objects
                .iter()
                .find(|object| leads != "-" && !is_a(object, leads));
            if let Some(stray) = stray {
                return Err(format!("{thing} {property} {stray}"));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever keeps to the table conforms to DCAT-AP, and both documents have the same triples.
    #[test]
    fn every_catalogue_conforms_and_is_one_graph(said in samples::view(Case::Open)) {
        let said = json!({ "sharing": "open", "public": said });
        let dataset = Dataset::from_json(said.to_string().as_bytes(), &Limits::default()).unwrap();
        let view = dataset.public.unwrap();
        let turtle = catalog().turtle([&view]);
        let found = triples(&turtle);
        prop_assert_eq!(conforms(&found), Ok(()), "{}", turtle);
        let found: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
        prop_assert_eq!(found, triples_of(&catalog().json_ld([&view])));
    }
}

/// Each item alone leaves a trace.
#[test]
fn no_item_is_passed_over() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let bare = |key: Option<(&'static Item, Json)>| {
        let mut fields = json!({ "title": "t", "notes": "n" });
        let mut distribution = json!({ "url": "https://a.jp/" });
        if let Some((item, said)) = key {
            let place = if item.level == Level::Dataset {
                &mut fields
            } else {
                &mut distribution
            };
            place[item.key] = said;
        }
        let said = json!({ "sharing": "open", "public": { "fields": fields, "distributions": [{ "fields": distribution }] } });
        let dataset = Dataset::from_json(said.to_string().as_bytes(), &Limits::default()).unwrap();
        catalog().turtle([&dataset.public.unwrap()])
    };
    let without = bare(None);
    for item in
        items().filter(|item| item.level != Level::Catalog && item.key != "metadata_created")
    {
        let said = samples::value(item)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        assert_ne!(bare(Some((item, said))), without, "{}", item.key);
    }
}

#[test]
fn a_site_may_name_terms_of_its_own() {
    let own = Catalog {
        sipx: "https://sipx.example.jp/terms#".to_owned(),
        ..catalog()
    };
    let turtle = own.turtle([&open()]);
    assert!(
        turtle.contains("@prefix sipx: <https://sipx.example.jp/terms#>"),
        "{turtle}"
    );
    assert!(turtle.contains("sipx:fee"), "{turtle}");
}

#[test]
fn an_address_that_browsers_take_is_an_iri() {
    let said = json!({ "title": "t", "notes": "n", "resources": [{ "url": "https://a.jp/100%/x|y?q=[1]#a%2" }] });
    let turtle = catalog().turtle([&view(&said)]);
    assert!(
        turtle.contains("<https://a.jp/100%25/x%7Cy?q=%5B1%5D#a%252>"),
        "{turtle}"
    );
    assert!(!triples(&turtle).is_empty());
}
