//! JSON-LD of the same triples: names are shortened by prefixes, and nothing else.

use oxrdf::{NamedNode, NamedOrBlankNode, Term};
use serde_json::{Map, Value as Json, json};

use super::{
    graph::{Graph, Thing},
    vocabulary::{PREFIXES, SIPX},
};

/// The document.
pub(super) fn document(graph: &Graph) -> Json {
    let mut context: Map<_, _> = PREFIXES
        .iter()
        .map(|(prefix, iri)| ((*prefix).to_owned(), Json::from(*iri)))
        .collect();
    // A prefix that ends in no sign of its own has to be called one.
    context.insert(
        SIPX.to_owned(),
        json!({ "@id": graph.sipx(), "@prefix": true }),
    );
    let things: Vec<_> = graph
        .things
        .iter()
        .map(|thing| node(graph, thing))
        .collect();
    json!({ "@context": context, "@graph": things })
}

fn node(graph: &Graph, thing: &Thing) -> Json {
    let mut node = Map::new();
    node.insert("@id".to_owned(), id(&thing.id).into());
    for (property, object) in &thing.said {
        let is_type = property.as_str() == "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
        let (key, value) = match object {
            Term::NamedNode(class) if is_type => ("@type".to_owned(), short(graph, class).into()),
            object => (short(graph, property), value(graph, object)),
        };
        match node.get_mut(&key) {
            None => drop(node.insert(key, value)),
            Some(Json::Array(several)) => several.push(value),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    Json::Object(node)
}

fn id(node: &NamedOrBlankNode) -> String {
    match node {
        NamedOrBlankNode::NamedNode(iri) => iri.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(blank) => format!("_:{}", blank.as_str()),
    }
}

fn value(graph: &Graph, object: &Term) -> Json {
    match object {
        Term::NamedNode(iri) => json!({ "@id": iri.as_str() }),
        Term::BlankNode(blank) => json!({ "@id": format!("_:{}", blank.as_str()) }),
        Term::Literal(literal) => {
            let kind = literal.datatype();
            if kind.as_str() == "http://www.w3.org/2001/XMLSchema#string" {
                json!(literal.value())
            } else {
                json!({ "@value": literal.value(), "@type": short(graph, &kind.into_owned()) })
            }
        }
    }
}

/// The name of a term, by its prefix where it has one.
fn short(graph: &Graph, iri: &NamedNode) -> String {
    let own = [(SIPX, graph.sipx())];
    let known = PREFIXES.into_iter().chain(own).find_map(|(prefix, begin)| {
        let rest = iri.as_str().strip_prefix(begin)?;
        let is_plain = !rest.is_empty() && !rest.starts_with("//");
        is_plain.then(|| format!("{prefix}:{rest}"))
    });
    known.unwrap_or_else(|| iri.as_str().to_owned())
}
