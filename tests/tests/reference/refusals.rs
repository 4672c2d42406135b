//! Every refusal, as the tables of refusals have it.

use std::{collections::BTreeSet, fmt::Write as _};

use common::http::Refusal;
use connector::{authorization, data_server, exchange, search};

use super::check;

type Table = &'static [&'static Refusal];

/// A section with a table of `rows`.
fn section<const N: usize>(
    page: &mut String,
    title: &str,
    columns: [&str; N],
    table: Table,
    cells: impl Fn(&Refusal) -> [String; N],
) {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head = line(&columns.map(str::to_owned));
    writeln!(page, "\n## {title}\n\n{head}\n|{}", "---|".repeat(N)).expect("a text takes it");
    for row in table {
        writeln!(page, "{}", line(&cells(row))).expect("a text takes it");
    }
}

fn after(row: &Refusal) -> String {
    let seconds = row.retry_after;
    seconds.map_or_else(String::new, |seconds| format!("{seconds} s"))
}

fn told(text: &str) -> String {
    text.replace("{}", "…").replace('|', "\\|")
}

const COLUMNS: [&str; 7] = [
    "message id",
    "name",
    "status",
    "again after",
    "log",
    "Japanese",
    "English",
];

fn message(row: &Refusal) -> [String; 7] {
    let [provider, receiver] = row.ids;
    let ids = if provider == receiver {
        format!("`{provider}`")
    } else {
        format!("`{provider}` `{receiver}`")
    };
    [
        ids,
        format!("`{}`", row.kind),
        row.status.to_string(),
        after(row),
        row.level.to_string().to_lowercase(),
        told(&row.text.ja),
        told(&row.text.en),
    ]
}

#[test]
fn the_page_of_messages_is_current() {
    let mut page = "\
# Messages

Every way in which a connector refuses, as the tables in `connector/src/exchange/refusals.rs`, `connector/src/search/refusals.rs` and
`connector/src/authorization/refusals.rs` have them: this page is written from them (`tests/tests/reference`). Message ids are those of CADDE 4.0; where it has none, the function
number is 90. Where there are two, the first is the provider connector's and the second the receiver connector's. The name stands in the
log, before the reason; texts are in the language of `Accept-Language`, Japanese by default.

What an application gets of a provider connector's refusal is `provider-refused` (`020004005E`), with the provider's own id and text inside its text.
"
    .to_owned();
    let exchanges = exchange::refusals::TABLE;
    let title = "Exchanges (`GET /cadde/api/v4/file`)";
    section(&mut page, title, COLUMNS, exchanges, message);
    let title = "Searches (`GET /cadde/api/v4/catalog`)";
    section(&mut page, title, COLUMNS, search::TABLE, message);
    let title = "Grants (`/cadde/api/v4/authorization`, `/cadde/api/v4/authorization_list`)";
    section(&mut page, title, COLUMNS, authorization::REFUSALS, message);
    check("messages.md", &page);
}

/// The tables of what has names for message ids.
const NAMED: [(&str, Table); 9] = [
    ("Everywhere", common::http::refusals::TABLE),
    ("Authentication server", auth_server::REFUSALS),
    ("Servers with screens", auth_sessions::REFUSALS),
    ("Location server", location_server::REFUSALS),
    ("Catalogue tool", catalog_tool::REFUSALS),
    ("Ledger", provenance::REFUSALS),
    ("Data server", data_server::REFUSALS),
    ("Catalogue: stewards' API", catalog_site::api::REFUSALS),
    ("Catalogue: CKAN sites", catalog_site::api::ACTION_REFUSALS),
];

#[test]
fn the_page_of_problems_is_current() {
    let mut page = "\
# Problems

Errors of our own APIs are problem documents (RFC 9457, `application/problem+json`). `type` is `urn:kakehashi:problem:` and one of the
names below; programs go by it, and by nothing else in the document. `instance` is the request's id, under which the server's log has the
cause. `errors` names each member or parameter that is wrong. The paths of CADDE 4.0 have the members of their specification instead; where
those carry a `message_id` in words, it is one of these names, too. Ten digits or letters there are [messages](messages.md) of connectors.
This page is written from the tables of refusals (`tests/tests/reference`).
"
    .to_owned();
    let columns = ["name", "status", "again after", "meaning", "what to do"];
    for (title, table) in NAMED {
        section(&mut page, title, columns, table, |row| {
            [
                format!("`{}`", row.kind),
                row.status.to_string(),
                after(row),
                told(&row.text.en),
                told(row.advice),
            ]
        });
    }
    check("problems.md", &page);
}

#[test]
fn a_name_stands_once_in_a_table_and_is_made_of_words() {
    let connectors = [
        ("Exchanges", exchange::refusals::TABLE),
        ("Searches", search::TABLE),
        ("Grants", authorization::REFUSALS),
    ];
    for (title, table) in NAMED.into_iter().chain(connectors) {
        let mut seen = BTreeSet::new();
        for row in table {
            let is_word =
                |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
            assert!(row.kind.split('-').all(is_word), "{}", row.kind);
            assert!(seen.insert((row.kind, row.status)), "{title}: {}", row.kind);
            let gap = |text: &str| text.contains("{}");
            assert_eq!(
                gap(&row.text.ja),
                gap(&row.text.en),
                "{title}: {}",
                row.kind
            );
        }
    }
}
