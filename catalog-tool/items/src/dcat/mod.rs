//! Catalogues as DCAT-AP, in Turtle and in JSON-LD of the same triples.
//!
//! Properties and ranges are those of the table. Coded values are things of their class, as DCAT-AP 3.0 wants them: languages, frequencies,
//! subjects, media types, licences, rights, agents, contacts. What CADDE alone has, is said as text under its own terms (`sipx:`).

mod entry;
mod graph;
mod json_ld;
mod vocabulary;

use oxrdf::{NamedNode, TripleRef};
use oxttl::TurtleSerializer;
use serde_json::Value as Json;

use self::{
    graph::{Graph, iri},
    vocabulary::{PREFIXES, SIPX},
};
use crate::dataset::View;

/// What a site says of itself.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Its address, without a slash at the end: what is listed lies below it.
    pub address: String,
    /// Its title (10010).
    pub title: String,
    /// What it has (10020).
    pub description: String,
    /// Its home page (10030).
    pub homepage: Option<String>,
    /// Who publishes it (10040).
    pub publisher_name: String,
    /// Their address (10050).
    pub publisher_uri: Option<String>,
    /// What CADDE's own terms begin with, for which it has named nothing: [`Catalog::SIPX`] unless configured.
    pub sipx: String,
}

impl Catalog {
    /// What CADDE's own terms begin with.
    pub const SIPX: &str = "urn:cadde:sipx:";

    /// The address of a dataset's page: by its name, or else its id.
    fn page(&self, view: &View, at: usize) -> String {
        let mut known = ["name", "id"]
            .into_iter()
            .filter_map(|key| view.other.get(key)?.as_str());
        let name = known.find(|name| entry::is_plain(name));
        let number = (at + 1).to_string();
        format!("{}/dataset/{}", self.address, name.unwrap_or(&number))
    }

    fn graph<'v>(&self, views: impl IntoIterator<Item = &'v View>) -> Graph {
        let mut graph = Graph::new(&self.sipx);
        let catalog = graph.thing(
            Some(NamedNode::new_unchecked(&self.address)),
            "dcat:Catalog",
        );
        graph.text(&catalog, "dct:title", &self.title);
        graph.text(&catalog, "dct:description", &self.description);
        if let Some(home) = self.homepage.as_deref().and_then(iri) {
            let home = graph.thing(Some(home), "foaf:Document");
            graph.add(&catalog, "foaf:homepage", home);
        }
        let publisher = graph.thing(self.publisher_uri.as_deref().and_then(iri), "foaf:Agent");
        graph.text(&publisher, "foaf:name", &self.publisher_name);
        graph.add(&catalog, "dct:publisher", publisher);
        for (at, view) in views.into_iter().enumerate() {
            let page = self.page(view, at);
            let dataset = entry::dataset(&mut graph, &page, view);
            graph.add(&catalog, "dcat:dataset", dataset.clone());
            let Some(modified) = view.fields.text("metadata_modified") else {
                continue;
            };
            let record = graph.thing(None, "dcat:CatalogRecord");
            graph.add(&record, "foaf:primaryTopic", dataset);
            graph.date(&record, "dct:modified", &utc(modified));
            if let Some(created) = view.fields.text("metadata_created") {
                graph.date(&record, "dct:issued", &utc(created));
            }
            graph.add(&catalog, "dcat:record", record);
        }
        graph
    }

    /// The catalogue of `views` in Turtle.
    pub fn turtle<'v>(&self, views: impl IntoIterator<Item = &'v View>) -> String {
        let graph = self.graph(views);
        let mut turtle = TurtleSerializer::new();
        for (prefix, begin) in PREFIXES.into_iter().chain([(SIPX, self.sipx.as_str())]) {
            // A site's own beginning may be no IRI: then terms are written in full.
            turtle = turtle.clone().with_prefix(prefix, begin).unwrap_or(turtle);
        }
        let mut written = turtle.for_writer(Vec::new());
        for thing in &graph.things {
            for (property, object) in &thing.said {
                let triple = TripleRef::new(&thing.id, property, object);
                written
                    .serialize_triple(triple)
                    .expect("memory takes what is written");
            }
        }
        let bytes = written.finish().expect("memory takes what is written");
        String::from_utf8(bytes).expect("Turtle is UTF-8")
    }

    /// The catalogue of `views` in JSON-LD.
    pub fn json_ld<'v>(&self, views: impl IntoIterator<Item = &'v View>) -> Json {
        json_ld::document(&self.graph(views))
    }
}

/// CKAN's times have no zone: they are UTC.
fn utc(stamp: &str) -> String {
    let has_zone = stamp.ends_with(['Z', 'z']) || stamp.rfind(['+', '-']).is_some_and(|at| at > 10);
    if has_zone || stamp.len() <= 10 {
        stamp.to_owned()
    } else {
        format!("{stamp}Z")
    }
}
