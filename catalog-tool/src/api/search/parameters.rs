//! Parameters of the search: of one that is there several times the first counts.

use std::collections::BTreeMap;

use common::http::{Refused, Text};

use crate::api::refusals;

#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn read(query: &str) -> Self {
        let mut first = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            first
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Self(first)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A number that is called by one of `names`.
    pub(super) fn number(&self, names: &[&str]) -> Result<Option<usize>, Refused> {
        let said = names
            .iter()
            .find_map(|name| Some((*name, self.text(name)?.trim())));
        let Some((name, text)) = said.filter(|(_, text)| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            refusals::QUERY_UNREADABLE.saying(Text::of(
                format!("{name} は 0 以上の整数です"),
                format!("{name} is a whole number from 0 on"),
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_counts() {
        let read = Parameters::read("q=%E5%B7%9D+a&fq=x&fq=y&limit=5&start=&rows=-1");
        assert_eq!((read.text("q"), read.text("fq")), (Some("川 a"), Some("x")));
        assert_eq!(read.number(&["limit"]).ok(), Some(Some(5)));
        assert_eq!(read.number(&["start", "offset"]).ok(), Some(None));
        let refused = read.number(&["rows", "limit"]).unwrap_err();
        assert_eq!(refused.refusal.kind, "query-unreadable");
    }
}
