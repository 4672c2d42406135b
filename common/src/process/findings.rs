//! What is wrong or risky about a configuration, beyond its form.

use std::{fmt::Display, ops::RangeInclusive};

use serde::Serialize;

/// A section of a configuration, as far as it can be wrong in more than its form.
pub trait Section {
    /// Says all that is wrong or risky about it.
    fn check(&self, findings: &mut Findings);
}

/// A section that may be left out.
impl<S: Section> Section for Option<S> {
    fn check(&self, findings: &mut Findings) {
        if let Some(section) = self {
            section.check(findings);
        }
    }
}

/// What was found: a line for each key, with its value and what is allowed.
#[derive(Debug, Default)]
pub struct Findings {
    errors: Vec<String>,
    warnings: Vec<String>,
    /// Beginning of the names of keys: the section that is being looked at.
    at: String,
}

impl Findings {
    /// What `section` says of itself.
    pub fn of(section: &dyn Section) -> Self {
        let mut findings = Self::default();
        section.check(&mut findings);
        findings
    }

    /// With these the service would not start, or not safely.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// With these it starts, but the operator should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The first error, where one is enough.
    ///
    /// # Errors
    /// It.
    pub fn into_result(self) -> Result<(), String> {
        self.errors.into_iter().next().map_or(Ok(()), Err)
    }

    /// Checks the section `name` of what is being looked at.
    pub fn section(&mut self, name: &str, section: &dyn Section) {
        self.inside(&format!("{name}."), section);
    }

    /// Checks one entry of the list `list`, told from the others by `which`.
    pub fn entry(&mut self, list: &str, which: &dyn Display, entry: &dyn Section) {
        self.inside(&format!("{list} {which}: "), entry);
    }

    fn inside(&mut self, name: &str, section: &dyn Section) {
        let outer = self.at.len();
        self.at.push_str(name);
        section.check(self);
        self.at.truncate(outer);
    }

    /// `key` must not have this `value`.
    pub fn error(&mut self, key: &str, value: &impl Serialize, reason: impl Display) {
        self.error_about(&with_value(key, value), reason);
    }

    /// It is risky that `key` has this `value`.
    pub fn warning(&mut self, key: &str, value: &impl Serialize, reason: impl Display) {
        self.warning_about(&with_value(key, value), reason);
    }

    /// Something is wrong about `what` that is no single value: a key that is missing, a whole list.
    pub fn error_about(&mut self, what: &str, reason: impl Display) {
        self.errors.push(format!("{}{what}: {reason}", self.at));
    }

    /// Something is risky about `what` that is no single value.
    pub fn warning_about(&mut self, what: &str, reason: impl Display) {
        self.warnings.push(format!("{}{what}: {reason}", self.at));
    }

    /// `key` must be at least `least`.
    pub fn at_least<V>(&mut self, key: &str, value: V, least: V)
    where
        V: Copy + PartialOrd + Display + Serialize,
    {
        if value < least {
            self.error(key, &value, format_args!("must be at least {least}"));
        }
    }

    /// `key` must lie in `range`.
    pub fn within<V>(&mut self, key: &str, value: V, range: &RangeInclusive<V>)
    where
        V: Copy + PartialOrd + Display + Serialize,
    {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            self.error(key, &value, format_args!("must be {least} to {most}"));
        }
    }
}

/// As it stands in the file. What no file can hold has no value to show.
fn with_value(key: &str, value: &impl Serialize) -> String {
    toml::Value::try_from(value).map_or_else(|_| key.to_owned(), |value| format!("{key} = {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Inner {
        size: u8,
        name: Option<&'static str>,
    }

    impl Section for Inner {
        fn check(&self, findings: &mut Findings) {
            findings.within("size", self.size, &(1..=9));
            findings.warning("name", &self.name, "is odd");
            findings.error_about("file", "is missing");
        }
    }

    struct Outer(Inner, Option<Inner>);

    impl Section for Outer {
        fn check(&self, findings: &mut Findings) {
            findings.section("inner", &self.0);
            findings.section("absent", &self.1);
            findings.entry("list", &"https://x.example", &self.0);
            findings.at_least("count", 0_usize, 1);
        }
    }

    #[test]
    fn every_finding_names_the_whole_key_its_value_and_what_is_allowed() {
        let inner = Inner {
            size: 10,
            name: Some("x"),
        };
        let findings = Findings::of(&Outer(inner, None));
        assert_eq!(
            findings.errors(),
            [
                "inner.size = 10: must be 1 to 9",
                "inner.file: is missing",
                "list https://x.example: size = 10: must be 1 to 9",
                "list https://x.example: file: is missing",
                "count = 0: must be at least 1",
            ]
        );
        assert_eq!(
            findings.warnings(),
            [
                "inner.name = \"x\": is odd",
                "list https://x.example: name = \"x\": is odd",
            ]
        );
        assert_eq!(
            findings.into_result(),
            Err("inner.size = 10: must be 1 to 9".to_owned())
        );
    }
}
