//! The form, described: which items stand where, what each takes, and what to write. Browsers build it from this, and nothing else
//! knows an item.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Serialize;

use crate::{
    codes::{Code, CodeList},
    item::{By, Case, Group, Item, Kind, Obligation},
    table::{items, keys},
    text::Text,
};

/// The form.
#[derive(Debug, Serialize)]
pub struct Form {
    /// Its parts, in the order in which they stand; each has an item at least.
    pub sections: Vec<Section>,
    /// The lists that its items name, by sheet.
    pub lists: BTreeMap<&'static str, List>,
}

/// A part of the form.
#[derive(Debug, Serialize)]
pub struct Section {
    /// What programs call it.
    pub group: Group,
    /// What people call it.
    pub title: Text,
    /// What it is for.
    pub hint: Text,
    /// Whether it belongs to each distribution.
    pub of_distribution: bool,
    /// Whether it is folded until somebody wants it.
    pub folded: bool,
    /// The way of delivery for which alone it is shown, unless it says something already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_for: Option<&'static str>,
    /// Its items: those that are asked for first.
    pub items: Vec<Field>,
}

/// An item as it stands in the form.
#[derive(Debug, Serialize)]
pub struct Field {
    /// What it is called in `fields`.
    pub key: &'static str,
    /// Its number in CADDE's data catalogue items.
    pub number: u32,
    /// What the form calls it.
    pub label: Text,
    /// Its heading in the specification.
    pub name: Text,
    /// What to write, by example.
    pub help: Text,
    /// What it takes.
    pub kind: Kind,
    /// Whether it takes several.
    pub many: bool,
    /// The list that it is chosen from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<&'static str>,
    /// The item that is set with it, where it is chosen from the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<&'static str>,
    /// The item with which it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<&'static str>,
    /// Whether it is asked for, by case.
    pub obligation: BTreeMap<&'static str, Obligation>,
    /// What a new entry begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<&'static str>,
}

/// A list as the form searches it.
#[derive(Debug, Serialize)]
pub struct List {
    /// What is offered.
    pub codes: &'static [Code],
    /// What is taken, too.
    pub also: &'static [&'static str],
    /// Whether a text of one's own may stand behind "other".
    pub other: bool,
    /// Whether nothing else is taken.
    pub closed: bool,
}

impl From<&'static CodeList> for List {
    fn from(list: &'static CodeList) -> Self {
        Self {
            codes: list.codes,
            also: list.also,
            other: list.other,
            closed: list.closed,
        }
    }
}

/// What is known of a part of the form: whether it is one of each distribution, and whether it is folded.
struct Part {
    group: Group,
    title: Text,
    hint: Text,
    of_distribution: bool,
    folded: bool,
    only_for: Option<&'static str>,
}

const fn part(
    group: Group,
    ja: &'static str,
    en: &'static str,
    hint: &'static str,
    hint_en: &'static str,
) -> Part {
    Part {
        group,
        title: Text::new(ja, en),
        hint: Text::new(hint, hint_en),
        of_distribution: false,
        folded: false,
        only_for: None,
    }
}

impl Part {
    const fn of_distribution(mut self) -> Self {
        self.of_distribution = true;
        self
    }

    const fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    const fn only_for(mut self, way: &'static str) -> Self {
        self.only_for = Some(way);
        self
    }
}

/// In the order of the page. What the site sets itself is no part of it.
static PARTS: [Part; 10] = [
    part(
        Group::Basic,
        "基本",
        "Basics",
        "探す人が最初に読むところです。",
        "What people read first.",
    ),
    part(
        Group::Distribution,
        "配信",
        "Distribution",
        "ファイルやAPIを一つずつ登録します。",
        "Each file or API.",
    )
    .of_distribution(),
    part(
        Group::File,
        "ファイルの詳細",
        "About the file",
        "空けておけます。",
        "May stay empty.",
    )
    .of_distribution()
    .folded(),
    part(
        Group::Ngsi,
        "NGSI",
        "NGSI",
        "NGSIで提供するときに書きます。",
        "For delivery by NGSI.",
    )
    .of_distribution()
    .only_for("api/ngsi"),
    part(
        Group::DistributionTerms,
        "この配信だけの条件",
        "Terms of this distribution",
        "データセットの条件と違うときに書きます。",
        "Where they differ from the dataset's.",
    )
    .of_distribution()
    .folded(),
    part(
        Group::DataService,
        "データサービス",
        "Data service",
        "APIなどで提供するときに書きます。",
        "For delivery by an API.",
    )
    .of_distribution()
    .folded(),
    part(
        Group::Classification,
        "分類と地域",
        "Subject and region",
        "見つけてもらうための項目です。",
        "By which it is found.",
    ),
    part(
        Group::Terms,
        "利用条件",
        "Terms of use",
        "受け手が守る約束です。",
        "What receivers promise.",
    ),
    part(
        Group::Contact,
        "窓口と権利",
        "Contact and rights",
        "だれに聞けばよいか、だれのデータかです。",
        "Whom to ask, and whose data it is.",
    ),
    part(
        Group::More,
        "そのほか",
        "More",
        "すべて任意です。",
        "All optional.",
    )
    .folded(),
];

/// The form of every dataset.
pub fn form() -> &'static Form {
    static FORM: LazyLock<Form> = LazyLock::new(|| Form {
        sections: PARTS.iter().map(section).collect(),
        lists: fields()
            .filter_map(|item| item.codes)
            .map(|list| (list.sheet, list.into()))
            .collect(),
    });
    &FORM
}

/// The items that an author writes.
fn fields() -> impl Iterator<Item = &'static Item> {
    items().filter(|item| item.by == By::Author)
}

fn section(part: &Part) -> Section {
    let mut items: Vec<_> = fields().filter(|item| item.group == part.group).collect();
    let is_asked = |item: &Item| {
        let asked = |case| {
            matches!(
                item.obligation(case),
                Obligation::Required | Obligation::Needed
            )
        };
        Case::ALL.into_iter().any(asked)
    };
    // A name comes before all else, whatever is asked for.
    items.sort_by_key(|item| (item.key != keys::NAME, !is_asked(item)));
    Section {
        group: part.group,
        title: part.title.clone(),
        hint: part.hint.clone(),
        of_distribution: part.of_distribution,
        folded: part.folded,
        only_for: part.only_for,
        items: items.into_iter().map(field).collect(),
    }
}

fn field(item: &'static Item) -> Field {
    let set_by = fields().find(|other| other.level == item.level && other.pair == Some(item.key));
    let names = ["open", "limited_public", "limited"];
    Field {
        key: item.key,
        number: item.number,
        label: item.label(),
        name: item.name.clone(),
        help: item.help.clone(),
        kind: item.kind,
        many: item.many,
        list: item.codes.map(|list| list.sheet),
        sets: item.pair,
        set_by: set_by.map(|other| other.key),
        obligation: names.into_iter().zip(item.obligations).collect(),
        suggested: item.suggested,
    }
}
