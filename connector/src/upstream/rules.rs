//! Sets of URL prefixes, of which the most specific one decides.

use super::resource_url::{ResourceUrl, UrlPrefix};

/// Values under URL prefixes: the provider's data sources, or the receiver's egress list.
#[derive(Debug, Clone)]
pub struct PrefixSet<T> {
    /// Deepest prefix first.
    entries: Vec<(UrlPrefix, T)>,
}

impl<T> PrefixSet<T> {
    /// Orders the entries so that the most specific one is found first. Of two equal prefixes the first would count; who has
    /// them from a configuration refuses such a pair.
    pub fn new(entries: impl IntoIterator<Item = (UrlPrefix, T)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.depth()));
        Self { entries }
    }

    /// The value of the most specific prefix that covers `resource`.
    pub fn find(&self, resource: &ResourceUrl) -> Option<&T> {
        self.entries
            .iter()
            .find(|(prefix, _)| prefix.covers(resource))
            .map(|(_, value)| value)
    }

    /// All prefixes, most specific first.
    pub fn prefixes(&self) -> impl Iterator<Item = &UrlPrefix> {
        self.entries.iter().map(|(prefix, _)| prefix)
    }

    /// All values, most specific first.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> PrefixSet<&'static str> {
        PrefixSet::new(
            [
                ("http://d.example/", "root"),
                ("http://d.example/a/closed", "closed"),
                ("http://d.example/a", "a"),
            ]
            .map(|(prefix, value)| (UrlPrefix::parse(prefix).expect("a valid prefix"), value)),
        )
    }

    #[test]
    fn the_most_specific_prefix_decides() {
        let find = |url: &str| set().find(&ResourceUrl::parse(url).unwrap()).copied();
        assert_eq!(find("http://d.example/a/closed/x"), Some("closed"));
        assert_eq!(find("http://d.example/a/clos%65d/x"), Some("closed"));
        assert_eq!(find("http://d.example/a/closedx"), Some("a"));
        assert_eq!(find("http://d.example/b"), Some("root"));
        assert_eq!(find("http://other.example/a"), None);
    }
}
