//! Lists of values. What stands on none survives; what says the same in another way is read as the value on the list.

mod frequency;
mod languages;
mod media;
mod policy;
mod rights;
mod themes;

use std::borrow::Cow;

use serde::Serialize;

pub(crate) use self::media::{bare_media_type, media_type};
pub use self::{
    frequency::FREQUENCY,
    languages::LANGUAGES,
    media::{COMPRESSION, MEDIA_TYPES, PACKAGING},
    policy::{
        CONNECTOR, CONTRACT_CHECK, CONTRACT_TYPE, DISCLOSURE, FEE, LAW, NDA, PERSONAL_DATA, REGION,
        RESOURCE_TYPE, SCHEMA_TYPE, USAGE, WARRANTY,
    },
    rights::{ACCESS_RIGHTS, DISTRIBUTION_ACCESS_RIGHTS, DISTRIBUTION_LICENCES, LICENCES},
    themes::THEMES,
};
use crate::text::Text;

/// A value on a list.
#[derive(Debug, Clone, Serialize)]
pub struct Code {
    /// What CKAN holds.
    pub value: &'static str,
    /// The address that goes with it, which the item's pair holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'static str>,
    /// Its id in CKAN's register of licences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'static str>,
    /// What people call it.
    pub name: Text,
    /// How its Japanese name is read, in hiragana.
    pub kana: &'static str,
    /// Other spellings of it that are found.
    pub aliases: &'static [&'static str],
}

impl Code {
    pub(crate) const fn new(value: &'static str, name: Text, kana: &'static str) -> Self {
        Self {
            value,
            url: None,
            id: None,
            name,
            kana,
            aliases: &[],
        }
    }

    pub(crate) const fn url(mut self, url: &'static str) -> Self {
        self.url = Some(url);
        self
    }

    pub(crate) const fn id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

/// A list of values.
#[derive(Debug)]
pub struct CodeList {
    /// Its sheet in the specification.
    pub sheet: &'static str,
    /// What the values begin with that are addresses, and may be left out.
    pub base: &'static str,
    /// What is offered.
    pub codes: &'static [Code],
    /// What other software offers instead: taken, not offered.
    pub also: &'static [&'static str],
    /// Whether a text of one's own may stand behind "other".
    pub other: bool,
    /// Whether software fails on anything else.
    pub closed: bool,
}

/// "Other", as it is kept; a text of one's own may follow in brackets.
pub const OTHER: &str = "その他";

impl CodeList {
    pub(crate) const fn new(sheet: &'static str, codes: &'static [Code]) -> Self {
        Self {
            sheet,
            base: "",
            codes,
            also: &[],
            other: false,
            closed: false,
        }
    }

    pub(crate) const fn base(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    pub(crate) const fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    pub(crate) const fn with_other(mut self) -> Self {
        self.other = true;
        self
    }

    pub(crate) const fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// The value on the list that `text` spells, by value, address, name, or another spelling of it.
    pub fn find(&self, text: &str) -> Option<&'static Code> {
        let exact = self.codes.iter().find(|code| code.value == text);
        exact.or_else(|| self.find_spelling(text))
    }

    fn find_spelling(&self, text: &str) -> Option<&'static Code> {
        let is_same = |one: &str| one.eq_ignore_ascii_case(text);
        let says = |code: &&Code| {
            same_address(code.value, text)
                || !self.base.is_empty() && code.value.strip_prefix(self.base).is_some_and(is_same)
                || code.url.is_some_and(|url| same_address(url, text))
                || code.id.is_some_and(is_same)
                || code.aliases.iter().any(|alias| is_same(alias))
        };
        if let Some(code) = self.codes.iter().find(says) {
            return Some(code);
        }
        // Two media types are called "xml".
        let is_named = |code: &&Code| is_same(&code.name.ja) || is_same(&code.name.en);
        let mut named = self.codes.iter().filter(is_named);
        named.next().filter(|_| named.next().is_none())
    }

    /// The code whose address is `url`.
    pub fn by_url(&self, url: &str) -> Option<&'static Code> {
        let is_it = |code: &&Code| code.url.is_some_and(|own| same_address(own, url));
        self.codes.iter().find(is_it)
    }

    /// Whether `value` is one that the list knows, offered or not.
    pub fn knows(&self, value: &str) -> bool {
        self.codes.iter().any(|code| code.value == value)
            || self.also.contains(&value)
            || self.other && is_other(value)
    }

    /// `text` as the list has it, or as it came.
    pub(crate) fn read(&self, text: &str) -> String {
        if let Some(code) = self.find(text) {
            return code.value.to_owned();
        }
        if !self.other {
            return text.to_owned();
        }
        match other_text(text) {
            Some("") => OTHER.to_owned(),
            Some(own) => format!("{OTHER}({own})"),
            None => text.to_owned(),
        }
    }

    /// What may be written, for people and programs.
    pub fn allowed(&self) -> Vec<Cow<'static, str>> {
        let values = self.codes.iter().map(|code| Cow::Borrowed(code.value));
        let other = self.other.then(|| Cow::Owned(format!("{OTHER}(…)")));
        values.chain(other).collect()
    }
}

/// Whether `value` is "other", with or without a text of one's own.
pub fn is_other(value: &str) -> bool {
    other_text(value).is_some()
}

/// The text of one's own behind "other", in whichever brackets; empty where there is none.
pub fn other_text(value: &str) -> Option<&str> {
    let rest = value.strip_prefix(OTHER)?.trim();
    if rest.is_empty() {
        return Some("");
    }
    let inner = rest.strip_prefix(['(', '（'])?;
    inner.strip_suffix([')', '）']).map(str::trim)
}

/// Whether two addresses differ in no more than http and https, a slash at the end, or case.
fn same_address(one: &str, other: &str) -> bool {
    let bare = |url: &'_ str| -> Option<String> {
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        Some(rest.trim_end_matches('/').to_ascii_lowercase())
    };
    match (bare(one), bare(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Rows of a list: `value "Japanese" "reading" "English" .option(…);`.
macro_rules! codes {
    ($($value:expr, $ja:literal $kana:literal $en:literal $(.$option:ident($($of:expr),*))*;)+) => {
        {
            const CODES: &[$crate::codes::Code] = &[$(
                $crate::codes::Code::new($value, $crate::text::Text::new($ja, $en), $kana)
                    $(.$option($($of),*))*
            ),+];
            CODES
        }
    };
}
pub(crate) use codes;
