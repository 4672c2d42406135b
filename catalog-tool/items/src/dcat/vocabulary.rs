//! Prefixes, and what they stand for.

/// Each prefix with its IRI; what CADDE calls `sipx` has none of its own, and so gets one from the site.
pub(super) const PREFIXES: [(&str, &str); 15] = [
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("odrl", "http://www.w3.org/ns/odrl/2/"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("schema", "http://schema.org/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("void", "http://rdfs.org/ns/void#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("iana", "http://www.iana.org/assignments/media-types/"),
    ("lang", "http://id.loc.gov/vocabulary/iso639-1/"),
];

/// The prefix of CADDE's own terms.
pub(super) const SIPX: &str = "sipx";
