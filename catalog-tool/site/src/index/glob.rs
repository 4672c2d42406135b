//! Words with wildcards.

use super::query::{Part, Pattern};

/// A pattern that terms of the index are compared with.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

impl Glob {
    pub(super) fn new(pattern: &Pattern) -> Self {
        Self {
            parts: pattern.0.clone(),
        }
    }

    /// With what every match begins.
    pub(super) fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether it is the whole of `text`.
    ///
    /// A star takes as little as the rest lets it: what stands behind it is sought from the left, so that each part is looked for once.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut pieces = self.parts.split(|part| *part == Part::Any);
        // `split` always gives one.
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = after(text, first) else {
            return false;
        };
        let mut pieces: Vec<&[Part]> = pieces.collect();
        let Some(last) = pieces.pop() else {
            return rest.is_empty();
        };
        for piece in pieces {
            match sought(rest, piece) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        ends(rest, last)
    }
}

/// What follows `piece` in `text`, if it begins with it.
fn after<'a>(text: &'a str, piece: &[Part]) -> Option<&'a str> {
    piece.iter().try_fold(text, |text, part| match part {
        Part::Text(wanted) => text.strip_prefix(&**wanted),
        Part::Any | Part::One => {
            let mut characters = text.chars();
            characters.next().map(|_| characters.as_str())
        }
    })
}

/// What follows the first `piece` in `text`.
fn sought<'a>(text: &'a str, piece: &[Part]) -> Option<&'a str> {
    if let [Part::Text(wanted)] = piece {
        return text.find(&**wanted).map(|at| &text[at + wanted.len()..]);
    }
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.into_iter().find_map(|at| after(&text[at..], piece))
}

fn ends(text: &str, piece: &[Part]) -> bool {
    let mut rest = text;
    for part in piece.iter().rev() {
        let left = match part {
            Part::Text(wanted) => rest.strip_suffix(&**wanted),
            Part::Any | Part::One => {
                let mut characters = rest.chars();
                characters.next_back().map(|_| characters.as_str())
            }
        };
        match left {
            Some(left) => rest = left,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::query, *};

    fn glob(pattern: &str) -> Glob {
        let query = query::parse(pattern, query::Operator::Or, &query::Limits::default()).unwrap();
        match &query.clauses[0].1.clause {
            query::Clause::Word { pattern, .. } => Glob::new(pattern),
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("東京*", "東京都", true)]
    #[case("東京*", "東京", true)]
    #[case("東京*", "北東京", false)]
    #[case("*市", "福井市", true)]
    #[case("*市", "市川", false)]
    #[case("*市*", "市川", true)]
    #[case("a*a", "a", false)]
    #[case("a*a", "aa", true)]
    #[case("a*ab", "aab", true)]
    #[case("*ab*ab", "abab", true)]
    #[case("*ab*ab", "aab", false)]
    #[case("te?t", "test", true)]
    #[case("te?t", "tet", false)]
    #[case("?", "川", true)]
    #[case("??", "川", false)]
    #[case("*b?d*", "abbccde", false)]
    #[case("*b?d*", "abbbdx", true)]
    #[case("x*?", "x", false)]
    fn wildcards_stand_for_characters(#[case] pattern: &str, #[case] text: &str, #[case] is: bool) {
        assert_eq!(glob(pattern).matches(text), is);
    }

    #[test]
    fn a_pattern_made_to_cost_much_does_not() {
        let text = "a".repeat(1024);
        let pattern = glob(&format!("{}b", "*a?".repeat(340)));
        let begin = std::time::Instant::now();
        assert!(!pattern.matches(&text));
        assert!(begin.elapsed().as_secs() < 1);
    }
}
