//! Every key of every service. Names, types and meanings stand in the source text of the structures that are read, defaults are what
//! a configuration without the key comes out with, and what is said to be allowed is tried.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use tests::data;
use toml::Value;

use super::{
    check,
    services::{self, Example},
    structures::{Absent, Choice, Field, Kind, Shape, Sources, shape},
};

/// A structure: the file where it stands, and its name.
type Id = (PathBuf, String);

/// Where a structure is met.
#[derive(Default)]
struct Met {
    /// Names of sections, each with its services.
    sections: BTreeMap<String, Vec<&'static str>>,
    /// For each key its default, by service.
    defaults: BTreeMap<String, Vec<(String, &'static str)>>,
}

impl Met {
    /// Where a link leads.
    fn anchor(&self) -> String {
        let (section, services) = self.sections.iter().next().expect("it is met somewhere");
        let name = format!("{} {section}", services[0]);
        let words = name.split(|c: char| !c.is_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// A number, a size or a duration that a service can be told.
pub(super) struct Measure<'e> {
    pub(super) example: &'e Example,
    /// Keys, and a place in a list.
    pub(super) path: Vec<String>,
    pub(super) kind: &'static str,
    pub(super) allowed: Option<String>,
}

/// What was found while the structures were gone through, in the order in which they were met.
pub(super) struct Found<'e> {
    sources: Sources,
    order: Vec<Id>,
    met: BTreeMap<Id, Met>,
    pub(super) measures: Vec<Measure<'e>>,
}

/// A structure's place in the configuration of a service.
#[derive(Clone)]
struct At<'e> {
    example: &'e Example,
    section: String,
    /// Whether there may be several of it.
    is_list: bool,
    path: Vec<String>,
    /// Its value, as far as it is there, where only what is required is said, and where all is.
    least: Option<&'e Value>,
    full: Option<&'e Value>,
}

impl<'e> At<'e> {
    fn value(&self, key: &str) -> Option<&'e Value> {
        self.least.or(self.full)?.get(key)
    }

    /// What stands under `key`, or in the first element there.
    fn below(&self, key: &str, shape: Shape) -> Self {
        let mut section = self.section.clone();
        if !section.is_empty() {
            section.push('.');
        }
        section.push_str(key);
        let full = self.full.and_then(|value| value.get(key));
        let mut path = self.path.clone();
        path.push(key.to_owned());
        let mut below = Self {
            example: self.example,
            section,
            is_list: shape == Shape::List,
            path,
            least: self.least.and_then(|value| value.get(key)),
            full,
        };
        let first = match shape {
            Shape::One => return below,
            Shape::List => Some("0".to_owned()),
            Shape::Table => {
                below.section.push_str(".…");
                let table = full.and_then(Value::as_table);
                table.and_then(|table| table.keys().next()).cloned()
            }
        };
        below.least = None;
        below.full = first.as_ref().and_then(|first| element(full?, first));
        below.path.extend(first);
        below
    }

    /// The section as it is written in a file.
    fn name(&self) -> String {
        if self.is_list {
            format!("`[[{}]]`", self.section)
        } else {
            format!("`[{}]`", self.section)
        }
    }
}

fn element<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(all) => all.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    }
}

impl<'e> Found<'e> {
    pub(super) fn new(examples: &'e [Example]) -> Self {
        let mut found = Self {
            sources: Sources::read(data::workspace()),
            order: Vec::new(),
            met: BTreeMap::new(),
            measures: Vec::new(),
        };
        for example in examples {
            let at = At {
                example,
                section: String::new(),
                is_list: false,
                path: Vec::new(),
                least: Some(&example.least),
                full: Some(&example.full),
            };
            found.walk(&data::workspace().join(example.file), "Config", &at);
        }
        found
    }

    /// Goes through the structure `name`, met in the file `near`, which stands at `at`.
    fn walk(&mut self, near: &Path, name: &str, at: &At<'e>) {
        let structure = self.sources.structure(near, name);
        let id = (structure.file.clone(), name.to_owned());
        if !self.met.contains_key(&id) {
            self.order.push(id.clone());
        }
        let met = self.met.entry(id).or_default();
        let services = met.sections.entry(at.name()).or_default();
        services.push(at.example.name);
        for field in &structure.fields {
            let defaults = met.defaults.entry(field.key.clone()).or_default();
            defaults.push((default(field, at.value(&field.key)), at.example.name));
        }
        for field in &structure.fields {
            let below = at.below(&field.key, field.shape);
            self.descend(&structure.file, &field.type_name, field, &below);
        }
    }

    fn descend(&mut self, near: &Path, type_name: &str, field: &Field, at: &At<'e>) {
        match self.sources.kind(near, type_name) {
            Kind::Structure(inner) => {
                assert!(
                    at.full.is_some(),
                    "the example of {} has no {}",
                    at.example.name,
                    at.section
                );
                self.walk(near, &inner, at);
            }
            Kind::Choice(choices) => {
                for choice in choices {
                    if let Some(content) = &choice.content {
                        let (shape, inner) = shape(content);
                        let below = at.below(&choice.name, shape);
                        if matches!(self.sources.kind(near, inner), Kind::Structure(_)) {
                            self.descend(near, inner, field, &below);
                        }
                    }
                }
            }
            Kind::Plain(kind @ ("number" | "size" | "duration")) if field.shape == Shape::One => {
                self.measures.push(Measure {
                    example: at.example,
                    path: at.path.clone(),
                    kind,
                    allowed: field.allowed.clone(),
                });
            }
            Kind::Plain(_) => {}
        }
    }

    /// The type of a field in the words of whoever writes it, a structure with where it is described.
    fn type_of(&self, near: &Path, type_name: &str, shape: Shape) -> String {
        let many = |one: String, several: String| match shape {
            Shape::One => one,
            Shape::List => format!("list of {several}"),
            Shape::Table => format!("table of {several}"),
        };
        match self.sources.kind(near, type_name) {
            Kind::Structure(name) => {
                let owner = self.sources.structure(near, &name).file;
                let anchor = self.met[&(owner, name)].anchor();
                many(
                    format!("[section](#{anchor})"),
                    format!("[sections](#{anchor})"),
                )
            }
            Kind::Choice(_) => many("choice".to_owned(), "choices".to_owned()),
            Kind::Plain("address") => many("address".to_owned(), "addresses".to_owned()),
            Kind::Plain("text") => many("text".to_owned(), "texts".to_owned()),
            Kind::Plain(one) => many(one.to_owned(), format!("{one}s")),
        }
    }

    /// What is allowed, and what the field means.
    fn words(&self, near: &Path, field: &Field) -> (String, String) {
        let Kind::Choice(choices) = self.sources.kind(near, &field.type_name) else {
            return (
                field.allowed.clone().unwrap_or_default(),
                field.meaning.clone(),
            );
        };
        let spelt = |choice: &Choice| match &choice.content {
            None => format!("`{}`", choice.name),
            Some(content) => {
                let (shape, inner) = shape(content);
                format!(
                    "`{{ {} = … }}` with a {}",
                    choice.name,
                    self.type_of(near, inner, shape)
                )
            }
        };
        let allowed: Vec<_> = choices.iter().map(spelt).collect();
        let mut meaning = field.meaning.clone();
        for choice in &choices {
            let _ = write!(meaning, " `{}`: {}", choice.name, choice.meaning);
        }
        (allowed.join(", "), meaning)
    }
}

fn default(field: &Field, value: Option<&Value>) -> String {
    match (field.absent, value) {
        (Absent::Never, _) => "required".to_owned(),
        (Absent::Default, None) if field.type_name == "bool" => "`false`".to_owned(),
        (Absent::Nothing, _) | (_, None) => "none".to_owned(),
        (_, Some(Value::Table(_))) if field.shape == Shape::One => "its own".to_owned(),
        (_, Some(Value::Table(all))) if all.is_empty() => "none".to_owned(),
        (_, Some(Value::Array(all))) if all.is_empty() => "none".to_owned(),
        (_, Some(Value::String(text))) if text.is_empty() => "none".to_owned(),
        (_, Some(value)) => format!("`{value}`"),
    }
}

/// The defaults of one key, each once; with the services where they differ.
fn said(defaults: &[(String, &'static str)]) -> String {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for (text, service) in defaults {
        match all.iter_mut().find(|(known, _)| known == text) {
            Some((_, services)) if services.contains(service) => {}
            Some((_, services)) => services.push(service),
            None => all.push((text, vec![service])),
        }
    }
    if let [(one, _)] = all.as_slice() {
        return (*one).to_owned();
    }
    let each = |(text, services): &(&str, Vec<&str>)| format!("{text} ({})", services.join(", "));
    all.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// Whose sections of this form are.
fn owners(met: &Met) -> String {
    let mut by_services: BTreeMap<&[&str], Vec<&str>> = BTreeMap::new();
    for (section, services) in &met.sections {
        by_services.entry(services).or_default().push(section);
    }
    let each = |(services, sections): (&[&str], Vec<&str>)| {
        let services = services.join(", ");
        if sections.len() == met.sections.len() {
            format!("of {services}")
        } else {
            format!("{} of {services}", sections.join(", "))
        }
    };
    by_services
        .into_iter()
        .map(each)
        .collect::<Vec<_>>()
        .join("; ")
}

/// The names of the sections.
fn title(met: &Met) -> String {
    let names: Vec<&str> = met.sections.keys().map(String::as_str).collect();
    names.join(", ")
}

/// The keys by which what grows is kept within bounds.
const RETENTION: [(&str, &str, &str); 9] = [
    ("auth-server", "retention.history", "the audit trail"),
    (
        "location-server",
        "retention.history",
        "who changed which record",
    ),
    (
        "provider-connector",
        "retention.history",
        "who changed which grant",
    ),
    ("catalog-server", "drafts.keep_deleted", "deleted drafts"),
    (
        "provenance-server",
        "ledger.keep_idempotency_keys",
        "idempotency keys",
    ),
    (
        "provider-connector, receiver-connector",
        "outbox.keep_receipts",
        "receipts of delivered records",
    ),
    (
        "provider-connector, receiver-connector",
        "outbox.max_bytes",
        "records and receipts",
    ),
    (
        "provider-connector, receiver-connector",
        "outbox.max_records",
        "records that are not delivered",
    ),
    (
        "provider-connector, receiver-connector",
        "outbox.max_parked_bytes",
        "parked records",
    ),
];

fn retention(examples: &[Example]) -> String {
    let mut text = "\
\n## What grows, and the keys that bound it\n
What is not listed here is kept for good or bounded by what is registered: see [operating](../guides/operate.md#what-grows-and-how-long-it-is-kept).\n
| what | service | key | default |\n|---|---|---|---|\n"
        .to_owned();
    for (services, key, what) in RETENTION {
        let name = services.split(", ").next();
        let example = examples.iter().find(|example| Some(example.name) == name);
        let value = example.and_then(|example| {
            key.split('.')
                .try_fold(&example.least, |at, key| at.get(key))
        });
        let value = value.unwrap_or_else(|| panic!("{services} has no {key}"));
        let _ = writeln!(text, "| {what} | {services} | `{key}` | `{value}` |");
    }
    text
}

fn page(examples: &[Example], found: &Found<'_>) -> String {
    let mut page = "\
# Configuration

Every key of every service, made from the structures that are read (`tests/tests/reference`). [Operating](../guides/operate.md) says how they
belong together.

A service reads one TOML file. A key `a.b` is overridden by the environment variable `KAKEHASHI_A__B`, a key `a` outside of a section by
`KAKEHASHI_A`. Durations are whole numbers of `ms`, `s`, `m`, `h` or `d` (`\"90d\"`), sizes of `B`, `KiB`, `MiB` or `GiB` (`\"16MiB\"`). Sections
whose default is \"its own\" may be left out. `check-config` prints what is in effect and says everything that is not allowed.
"
    .to_owned();
    page.push_str(&retention(examples));
    // The services first, then the sections that they have.
    let is_service = |id: &Id| id.1 == "Config";
    let (services, sections): (Vec<&Id>, Vec<&Id>) =
        found.order.iter().partition(|id| is_service(id));
    for id in services.into_iter().chain(sections) {
        let (file, name) = id;
        let met = &found.met[id];
        let structure = found.sources.structure(file, name);
        let _ = write!(page, "\n<a id=\"{}\"></a>\n\n", met.anchor());
        if is_service(id) {
            let service = met
                .sections
                .values()
                .flatten()
                .next()
                .expect("it is met somewhere");
            let _ = write!(page, "## `{service}`\n\n");
        } else {
            let _ = write!(
                page,
                "## {}\n\n{} ({})\n\n",
                title(met),
                structure.meaning,
                owners(met)
            );
        }
        let root = data::workspace();
        let source = file.strip_prefix(root).unwrap_or(file).display();
        let _ = write!(page, "From `{source}`.\n\n");
        page.push_str("| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n");
        for field in &structure.fields {
            let (allowed, meaning) = found.words(file, field);
            let cells = [
                format!("`{}`", field.key),
                found.type_of(file, &field.type_name, field.shape),
                said(&met.defaults[&field.key]),
                allowed,
                meaning.replace('|', "\\|"),
            ];
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
    }
    page
}

#[test]
fn the_page_of_configurations_is_current() {
    let examples = services::all();
    let found = Found::new(&examples);
    check("configuration.md", &page(&examples, &found));
}

#[test]
fn every_key_has_a_meaning_and_says_nothing_of_its_default() {
    let examples = services::all();
    let found = Found::new(&examples);
    for (file, name) in &found.order {
        for field in found.sources.structure(file, name).fields {
            let place = format!("{}: {name}::{}", file.display(), field.key);
            assert!(!field.meaning.is_empty(), "{place} has no documentation");
            assert!(
                !field.meaning.contains("Default"),
                "{place}: its default is on the page anyway"
            );
        }
    }
}
