//! What is said of each thing, in the order in which it was first named.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

use super::vocabulary::{PREFIXES, SIPX};
use crate::{address, date};

/// A thing, and what is said of it.
pub(super) struct Thing {
    pub(super) id: NamedOrBlankNode,
    pub(super) said: Vec<(NamedNode, Term)>,
}

/// The triples of a catalogue, each once.
pub(super) struct Graph {
    pub(super) things: Vec<Thing>,
    places: HashMap<NamedOrBlankNode, usize>,
    known: HashSet<Triple>,
    sipx: String,
    blank: usize,
}

impl Graph {
    /// Empty; CADDE's own terms begin with `sipx`.
    pub(super) fn new(sipx: &str) -> Self {
        Self {
            things: Vec::new(),
            places: HashMap::new(),
            known: HashSet::new(),
            sipx: sipx.to_owned(),
            blank: 0,
        }
    }

    /// What CADDE's own terms begin with.
    pub(super) fn sipx(&self) -> &str {
        &self.sipx
    }

    /// The IRI that `name` shortens.
    fn expand(&self, name: &str) -> NamedNode {
        let (prefix, rest) = name.split_once(':').unwrap_or_default();
        let known = PREFIXES
            .iter()
            .find(|(own, _)| *own == prefix)
            .map(|(_, iri)| *iri);
        let begin = if prefix == SIPX {
            self.sipx.as_str()
        } else {
            known.unwrap_or_default()
        };
        NamedNode::new_unchecked(format!("{begin}{rest}"))
    }

    pub(super) fn add(
        &mut self,
        subject: &NamedOrBlankNode,
        property: &str,
        object: impl Into<Term>,
    ) {
        let triple = Triple::new(subject.clone(), self.expand(property), object);
        if !self.known.insert(triple.clone()) {
            return;
        }
        let place = *self
            .places
            .entry(triple.subject.clone())
            .or_insert_with(|| {
                self.things.push(Thing {
                    id: triple.subject.clone(),
                    said: Vec::new(),
                });
                self.things.len() - 1
            });
        self.things[place]
            .said
            .push((triple.predicate, triple.object));
    }

    pub(super) fn text(&mut self, subject: &NamedOrBlankNode, property: &str, text: &str) {
        self.add(subject, property, Literal::new_simple_literal(text));
    }

    pub(super) fn typed(
        &mut self,
        subject: &NamedOrBlankNode,
        property: &str,
        text: &str,
        kind: &str,
    ) {
        let kind = self.expand(kind);
        self.add(subject, property, Literal::new_typed_literal(text, kind));
    }

    /// A day or a time; what is neither stays a text. CKAN writes times without their zone, which is UTC.
    pub(super) fn date(&mut self, subject: &NamedOrBlankNode, property: &str, text: &str) {
        match date::read(text) {
            Ok(day) if day.len() == 10 => self.typed(subject, property, &day, "xsd:date"),
            Ok(time) => self.typed(subject, property, &time, "xsd:dateTime"),
            Err(_) => self.text(subject, property, text),
        }
    }

    /// A thing of a class: by its IRI where it has one, else without a name.
    pub(super) fn thing(&mut self, iri: Option<NamedNode>, class: &str) -> NamedOrBlankNode {
        let thing = iri.map_or_else(|| self.nameless().into(), NamedOrBlankNode::from);
        let class = self.expand(class);
        self.add(&thing, "rdf:type", class);
        thing
    }

    /// The IRI that a name of a vocabulary shortens, as somebody's IRI.
    pub(super) fn named(&self, name: &str) -> NamedNode {
        self.expand(name)
    }

    fn nameless(&mut self) -> BlankNode {
        self.blank += 1;
        BlankNode::new_unchecked(format!("b{}", self.blank))
    }
}

/// `text` as IRI, where it is an address.
pub(super) fn iri(text: &str) -> Option<NamedNode> {
    let url = address::read(text).ok()?;
    // Letters of Japanese are fine in an IRI; some signs that browsers take are not.
    let as_it_is = NamedNode::new(text).or_else(|_| NamedNode::new(url.as_str()));
    as_it_is
        .or_else(|_| NamedNode::new(encoded(url.as_str())))
        .ok()
}

/// An address in which every sign that no IRI has is written by its number.
fn encoded(address: &str) -> String {
    let bytes = address.as_bytes();
    let mut encoded = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let is_number = || {
            let digits = bytes.get(at + 1..at + 3);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        let is_fine = match byte {
            b'%' => is_number(),
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(byte),
        };
        if is_fine {
            encoded.push(char::from(*byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
