//! What is known of an item of a catalogue entry.

use std::borrow::Cow;

use serde::Serialize;

use crate::{codes::CodeList, text::Text};

/// What an item describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A whole site.
    Catalog,
    /// A dataset.
    Dataset,
    /// One way to get a dataset.
    Distribution,
    /// The service behind a distribution; CKAN has it in the same resource.
    DataService,
}

/// Where CKAN keeps an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a site's configuration.
    Config,
    /// Nowhere: CKAN has no place for it.
    Nowhere,
    /// A member of the package.
    Package,
    /// An entry of the package's `extras`.
    Extras,
    /// A member of the resource.
    Resource,
}

/// Whose eyes an entry is for, on which its obligations depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Open data on the release site.
    Open,
    /// Limited data on the release site.
    LimitedPublic,
    /// Limited data on the detail site.
    Limited,
}

impl Case {
    /// All of them, in the order of [`Item::obligations`].
    pub const ALL: [Self; 3] = [Self::Open, Self::LimitedPublic, Self::Limited];
}

/// Whether an item is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// The specification asks for it.
    Required,
    /// No document asks for it, but software fails without it.
    Needed,
    /// Where its help says so.
    Conditional,
    /// As its author likes.
    Optional,
    /// Filled in by software where its author doesn't.
    Automatic,
    /// Left out.
    NotSet,
}

/// Who writes an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The author, in the form.
    Author,
    /// The site, from its configuration or while it publishes.
    Site,
    /// CKAN: a value that is sent doesn't count.
    Ckan,
}

/// What an item's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line of text.
    Line,
    /// Text of several lines.
    Prose,
    /// A day, with the time of the day where that is known.
    Date,
    /// When CKAN did something; as CKAN writes it.
    Stamp,
    /// An address.
    Url,
    /// An address, or a text in its place.
    UrlOrText,
    /// Keywords: CKAN's tags.
    Tags,
    /// A number of bytes.
    Bytes,
    /// A media type of IANA's list, as IRI.
    MediaType,
    /// How long data is good for.
    EffectivePeriod,
    /// How long a licence is good for.
    LicencePeriod,
    /// A geometry.
    GeoJson,
    /// Attributes of NGSI entities.
    DataModel,
}

/// The part of the form in which an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What is read first.
    Basic,
    /// Who may get it.
    Sharing,
    /// What a distribution is, and how it is got.
    Distribution,
    /// Subject, region, time, language.
    Classification,
    /// What whoever gets it promises.
    Terms,
    /// Who is responsible, and rights.
    Contact,
    /// Everything else about a dataset.
    More,
    /// What is known of a distribution's file.
    File,
    /// NGSI.
    Ngsi,
    /// Terms of one distribution.
    DistributionTerms,
    /// The service behind a distribution.
    DataService,
    /// A site's own.
    Site,
}

/// A member of CKAN's own that repeats an item in CKAN's manner.
#[derive(Debug, Clone, Copy)]
pub struct Twin {
    /// The member.
    pub key: &'static str,
    /// Its value, made from the item's; `None` where it can't be made.
    pub of: fn(&str) -> Option<String>,
}

/// An item of a catalogue entry: one row of the table.
#[derive(Debug)]
pub struct Item {
    /// Its number in CADDE's data catalogue items.
    pub number: u32,
    /// What it describes.
    pub level: Level,
    /// Where CKAN keeps it.
    pub place: Place,
    /// What it is called in CKAN, and in our JSON; empty where CKAN has no place for it.
    pub key: &'static str,
    /// Its heading in the specification; the English one is ours.
    pub name: Text,
    /// What the form calls it, where that isn't made from `name`.
    pub(crate) label: Option<[&'static str; 2]>,
    /// What to write, by example.
    pub help: Text,
    /// Its property in DCAT.
    pub property: &'static str,
    /// The property's range.
    pub range: &'static str,
    /// How often the property may stand there.
    pub cardinality: &'static str,
    /// Keys under which others keep it, which are read.
    pub legacy: &'static [&'static str],
    /// What its value is.
    pub kind: Kind,
    /// Whether it has several values.
    pub many: bool,
    /// The list that its values are taken from.
    pub codes: Option<&'static CodeList>,
    /// The item that names the same choice by its address, and is set with it.
    pub pair: Option<&'static str>,
    /// The item that does in its stead where this one is missing.
    pub instead: Option<&'static str>,
    /// A member of CKAN's own with the same meaning.
    pub twin: Option<Twin>,
    /// Whether it is asked for, in the order of [`Case::ALL`].
    pub obligations: [Obligation; 3],
    /// Who writes it.
    pub by: By,
    /// What the form begins with.
    pub suggested: Option<&'static str>,
    /// Where it stands in the form.
    pub group: Group,
    /// Its fields in the cross-domain search, where they don't follow from its key.
    pub(crate) found_as: &'static [&'static str],
}

impl Item {
    /// Whether it is asked for in `case`.
    pub const fn obligation(&self, case: Case) -> Obligation {
        self.obligations[case as usize]
    }

    /// What the form calls it: its heading without the words that say what it belongs to.
    pub fn label(&self) -> Text {
        if let Some([ja, en]) = self.label {
            return Text::new(ja, en);
        }
        let ja = &self.name.ja;
        let short = ["データセットの", "配信の", "データサービスの"]
            .into_iter()
            .find_map(|of| ja.strip_prefix(of));
        Text::of(short.unwrap_or(ja).to_owned(), self.name.en.clone())
    }

    /// Its fields in the cross-domain search.
    pub fn search_fields(&self) -> impl Iterator<Item = Cow<'static, str>> {
        let by_rule = match (self.found_as.is_empty(), self.place) {
            (true, Place::Extras) => Some(Cow::Owned(format!("extras_{}", self.key))),
            (true, Place::Resource) => Some(Cow::Owned(format!("resources.{}", self.key))),
            (true, Place::Package) => Some(Cow::Borrowed(self.key)),
            _ => None,
        };
        let named = self.found_as.iter().map(|name| Cow::Borrowed(*name));
        by_rule.into_iter().chain(named)
    }
}

/// How the table's rows are made.
impl Item {
    pub(crate) const fn new(
        number: u32,
        key: &'static str,
        name: Text,
        property: &'static str,
        help: Text,
    ) -> Self {
        Self {
            number,
            level: Level::Dataset,
            place: Place::Extras,
            key,
            name,
            label: None,
            help,
            property,
            range: "rdfs:Literal",
            cardinality: "0..1",
            legacy: &[],
            kind: Kind::Line,
            many: false,
            codes: None,
            pair: None,
            instead: None,
            twin: None,
            obligations: [Obligation::Optional; 3],
            by: By::Author,
            suggested: None,
            group: Group::More,
            found_as: &[],
        }
    }

    pub(crate) const fn at(mut self, level: Level, place: Place) -> Self {
        self.level = level;
        self.place = place;
        self
    }

    pub(crate) const fn label_is(mut self, ja: &'static str, en: &'static str) -> Self {
        self.label = Some([ja, en]);
        self
    }

    pub(crate) const fn range(mut self, range: &'static str, cardinality: &'static str) -> Self {
        self.range = range;
        self.cardinality = cardinality;
        self
    }

    pub(crate) const fn legacy(mut self, legacy: &'static [&'static str]) -> Self {
        self.legacy = legacy;
        self
    }

    pub(crate) const fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    pub(crate) const fn codes(mut self, codes: &'static CodeList) -> Self {
        self.codes = Some(codes);
        self
    }

    pub(crate) const fn pair(mut self, key: &'static str) -> Self {
        self.pair = Some(key);
        self
    }

    pub(crate) const fn instead(mut self, key: &'static str) -> Self {
        self.instead = Some(key);
        self
    }

    pub(crate) const fn twin(mut self, key: &'static str, of: fn(&str) -> Option<String>) -> Self {
        self.twin = Some(Twin { key, of });
        self
    }

    pub(crate) const fn obliged(
        mut self,
        open: Obligation,
        public: Obligation,
        limited: Obligation,
    ) -> Self {
        self.obligations = [open, public, limited];
        self
    }

    pub(crate) const fn required(self) -> Self {
        self.obliged(
            Obligation::Required,
            Obligation::Required,
            Obligation::Required,
        )
    }

    pub(crate) const fn automatic(self) -> Self {
        self.obliged(
            Obligation::Automatic,
            Obligation::Automatic,
            Obligation::Automatic,
        )
    }

    pub(crate) const fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    pub(crate) const fn suggested(mut self, value: &'static str) -> Self {
        self.suggested = Some(value);
        self
    }

    pub(crate) const fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    pub(crate) const fn found_as(mut self, fields: &'static [&'static str]) -> Self {
        self.found_as = fields;
        self
    }
}

/// A part of the table: `NAME: Level, Place, Group; NUMBER "key" "Japanese heading", "English heading", "property" .option(…), "help in
/// Japanese", "help in English";`, a row an item.
macro_rules! items {
    (
        $(#[$about:meta])*
        $table:ident: $level:ident, $place:ident, $group:ident;
        $($number:literal $key:literal $ja:literal, $en:literal, $property:literal $(.$option:ident($($value:expr),*))*, $help:literal, $help_en:literal;)+
    ) => {
        $(#[$about])*
        pub(super) static $table: &[$crate::item::Item] = &[$(
            $crate::item::Item::new(
                $number,
                $key,
                $crate::text::Text::new($ja, $en),
                $property,
                $crate::text::Text::new($help, $help_en),
            )
            .at($crate::item::Level::$level, $crate::item::Place::$place)
            .group($crate::item::Group::$group)
            $(.$option($($value),*))*
        ),+];
    };
}
pub(crate) use items;
