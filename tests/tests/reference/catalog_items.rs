//! Every item of a catalogue entry, its lists, and what a check can find.

use std::{collections::BTreeSet, fmt::Write as _};

use catalog_items::{
    Case, CodeList, Item, Kind, Level, MESSAGES, Obligation, Place, Severity, items,
};

use super::check;

const SECTIONS: [(&str, &str, &[Level]); 4] = [
    (
        "Catalogue",
        "A site says them of itself, in its configuration.",
        &[Level::Catalog],
    ),
    (
        "Dataset",
        "Members of the package, or entries of its `extras`.",
        &[Level::Dataset],
    ),
    (
        "Distribution",
        "Members of the resource.",
        &[Level::Distribution],
    ),
    (
        "Data service",
        "Members of the resource that it stands behind.",
        &[Level::DataService],
    ),
];

fn line(page: &mut String, cells: &[String]) {
    writeln!(page, "| {} |", cells.join(" | ")).expect("a text takes it");
}

fn table(page: &mut String, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let head: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    page.push('\n');
    line(page, &head);
    writeln!(page, "|{}", "---|".repeat(columns.len())).expect("a text takes it");
    for row in rows {
        let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        line(page, &cells);
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Line => "text",
        Kind::Prose => "text of several lines",
        Kind::Date => "day, or day and time",
        Kind::Stamp => "day and time, by CKAN",
        Kind::Url => "address",
        Kind::UrlOrText => "address or text",
        Kind::Tags => "keywords",
        Kind::Bytes => "number",
        Kind::MediaType => "media type, as IRI",
        Kind::EffectivePeriod | Kind::LicencePeriod => "period",
        Kind::GeoJson => "GeoJSON",
        Kind::DataModel => "JSON",
    }
}

const fn letter(obligation: Obligation) -> &'static str {
    match obligation {
        Obligation::Required => "R",
        Obligation::Needed => "N",
        Obligation::Conditional => "C",
        Obligation::Optional => "O",
        Obligation::Automatic => "A",
        Obligation::NotSet => "–",
    }
}

fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{text}`")
    }
}

fn item(item: &Item) -> Vec<String> {
    let place = if item.place == Place::Extras {
        "extras:"
    } else {
        ""
    };
    let key = if item.key.is_empty() {
        String::new()
    } else {
        code(&format!("{place}{}", item.key))
    };
    let several = if item.many { ", several" } else { "" };
    let list = item
        .codes
        .map(|codes| format!("[{}](#list-{})", codes.sheet, codes.sheet))
        .unwrap_or_default();
    let twin = item.twin.map(|twin| twin.key);
    let legacy = item.legacy.iter().copied().filter(|key| Some(*key) != twin);
    let read = legacy
        .map(|key| format!("`{key}` read"))
        .chain(twin.map(|key| format!("`{key}` read and written")));
    let fields = item.search_fields().map(|field| code(&field));
    vec![
        item.number.to_string(),
        item.name.ja.to_string(),
        item.name.en.to_string(),
        key,
        read.collect::<Vec<_>>().join(", "),
        format!("{}{several}", kind(item.kind)),
        list,
        Case::ALL
            .map(|case| letter(item.obligation(case)))
            .join(" "),
        format!(
            "{} → {}, {}",
            code(item.property),
            item.range,
            item.cardinality
        ),
        fields.collect::<Vec<_>>().join(" "),
        format!("{} {}", item.help.ja, item.help.en),
    ]
}

fn lists() -> impl Iterator<Item = &'static CodeList> {
    let mut seen = BTreeSet::new();
    items()
        .filter_map(|item| item.codes)
        .filter(move |codes| seen.insert(codes.sheet))
}

fn list(page: &mut String, codes: &CodeList) {
    let used = items().filter(|item| item.codes.is_some_and(|own| own.sheet == codes.sheet));
    let used: Vec<_> = used.map(|item| code(item.key)).collect();
    write!(page, "\n### List {}\n\n{}", codes.sheet, used.join(", ")).expect("a text takes it");
    for (is_so, words) in [
        (codes.other, "; `その他(…)` takes a text of one's own"),
        (codes.closed, "; nothing else is taken"),
    ] {
        page.push_str(if is_so { words } else { "" });
    }
    page.push_str(".\n");
    table(
        page,
        &[
            "value", "Japanese", "reading", "English", "address", "read too",
        ],
        codes.codes.iter().map(|each| {
            vec![
                code(each.value),
                each.name.ja.to_string(),
                each.kana.to_owned(),
                each.name.en.to_string(),
                each.url.unwrap_or_default().to_owned(),
                each.aliases
                    .iter()
                    .copied()
                    .chain(each.id)
                    .map(code)
                    .collect::<Vec<_>>()
                    .join(", "),
            ]
        }),
    );
    if !codes.also.is_empty() {
        let also: Vec<_> = codes.also.iter().copied().map(code).collect();
        writeln!(
            page,
            "\nTaken from other software, not offered: {}.",
            also.join(", ")
        )
        .expect("a text takes it");
    }
}

#[test]
fn the_page_of_catalogue_items_is_current() {
    let mut page = "\
# Catalogue items

What a catalogue entry may say: CADDE's data catalogue items, as the table in `catalog-tool/items` has them. This page is written from it
(`tests/tests/reference`). Keys are those of CKAN. Obligations stand for open data on a release site, limited data on a release site, and
limited data on a detail site: R required, N needed (no document asks for it, but software fails without it), C conditional, O optional,
A filled in by software where its author leaves it empty, – left out. Several values stand in one text of CKAN, joined by commas.

Whatever else was ever written is read: the keys named below, a value's name, address or former spelling instead of the value, lists where
a text belongs, lists of one instead of an object, days as 2026/11/30 or 令和8年11月30日. One clean form is written. Keys that no item has and
values off the lists stay as they came.
"
    .to_owned();
    let columns = [
        "no.",
        "item",
        "in English",
        "key",
        "other keys",
        "value",
        "list",
        "obligation",
        "DCAT",
        "cross-domain search",
        "help",
    ];
    for (title, about, levels) in SECTIONS {
        write!(page, "\n## {title}\n\n{about}\n").expect("a text takes it");
        table(
            &mut page,
            &columns,
            items()
                .filter(|item| levels.contains(&item.level))
                .map(item),
        );
    }
    page.push_str("\n## Lists\n\nA value is found by its name, reading or code.\n");
    for codes in lists() {
        list(&mut page, codes);
    }
    page.push_str("\n## What a check can find\n\nErrors stand in the way of publishing, warnings don't. `{}` is the item, or what was found.\n");
    table(
        &mut page,
        &["name", "severity", "Japanese", "English"],
        MESSAGES.iter().map(|message| {
            let severity = if message.severity == Severity::Error {
                "error"
            } else {
                "warning"
            };
            vec![
                code(message.kind),
                severity.to_owned(),
                message.text.ja.to_string(),
                message.text.en.to_string(),
            ]
        }),
    );
    check("catalog-items.md", &page);
}

/// The form as the tool's pages get it, over which they are tried.
#[test]
fn form() {
    let mut text = serde_json::to_string_pretty(catalog_items::form()).expect("a form is JSON");
    text.push('\n');
    check("catalog-form.json", &text);
}
