use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::messages::{MORE, Message, Severity};
use crate::{dataset::Side, item::Item, text::Text};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What its author can mend.
    Author,
    /// What the site sets as well: nothing may be missing any more.
    Publishing,
}

/// Something that is wrong, or missing.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Whether it stands in the way of publishing.
    pub severity: Severity,
    /// What programs call it.
    pub kind: &'static str,
    /// The item that it is about.
    pub item: Option<&'static Item>,
    /// Where, as JSON pointer into the dataset: `/public/distributions/1/fields/url`.
    pub pointer: String,
    /// What people are told: what it is, and what to do.
    pub text: Text,
    /// What may be written there, where that is a list.
    pub allowed: Vec<Cow<'static, str>>,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 6)?;
        finding.serialize_field("severity", &self.severity)?;
        finding.serialize_field("kind", self.kind)?;
        finding.serialize_field("item", &self.item.map(|item| item.key))?;
        finding.serialize_field("pointer", &self.pointer)?;
        finding.serialize_field("text", &self.text)?;
        finding.serialize_field("allowed", &self.allowed)?;
        finding.end()
    }
}

/// Where something is found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct At {
    pub(super) side: Option<Side>,
    pub(super) distribution: Option<usize>,
}

impl At {
    /// Its JSON pointer, and `rest` behind it.
    pub(super) fn pointer(self, rest: &str) -> String {
        let side = self
            .side
            .map(|side| format!("/{}", side.name()))
            .unwrap_or_default();
        let distribution = self
            .distribution
            .map(|at| format!("/distributions/{at}"))
            .unwrap_or_default();
        format!("{side}{distribution}{rest}")
    }

    /// In words, in front of what is told.
    fn words(self) -> Text {
        match self.distribution {
            Some(at) => Text::of(
                format!("配信{}の", at + 1),
                format!("Distribution {}: ", at + 1),
            ),
            None => Text::new("", ""),
        }
    }
}

/// Findings as they are made, [`Findings::MOST`] of them.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// What nobody would read on behind.
    pub(super) const MOST: usize = 1000;

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    /// `message` about `item`; `value` is the number of the value among several.
    pub(super) fn about(
        &mut self,
        at: At,
        item: &'static Item,
        value: Option<usize>,
        message: &Message,
    ) -> Option<&mut Finding> {
        let label = item.label();
        let begins = message.text.en.starts_with("{}");
        let name = if begins {
            label.en.into_owned()
        } else {
            in_sentence(&label.en)
        };
        let text = message.text.naming(&Text::of(label.ja, name));
        let number = value.map(|value| format!("/{value}")).unwrap_or_default();
        let pointer = at.pointer(&format!("/fields/{}{number}", item.key));
        let finding = self.add(at, message, pointer, text)?;
        finding.item = Some(item);
        Some(finding)
    }

    /// `message` about something else, at `rest` behind `at`.
    pub(super) fn beside(&mut self, at: At, rest: &str, message: &Message, what: &str) {
        let text = message
            .text
            .naming(&Text::of(what.to_owned(), what.to_owned()));
        self.add(at, message, at.pointer(rest), text);
    }

    fn add(
        &mut self,
        at: At,
        message: &Message,
        pointer: String,
        text: Text,
    ) -> Option<&mut Finding> {
        let (at, message, pointer, text) = match self.0.len() {
            Self::MOST.. => return None,
            last if last + 1 == Self::MOST => {
                (At::default(), &MORE, String::new(), MORE.text.clone())
            }
            _ => (at, message, pointer, text),
        };
        let place = at.words();
        self.0.push(Finding {
            severity: message.severity,
            kind: message.kind,
            item: None,
            pointer,
            text: Text::of(
                format!("{}{}", place.ja, text.ja),
                format!("{}{}", place.en, text.en),
            ),
            allowed: Vec::new(),
        });
        self.0.last_mut()
    }
}

/// A name within a sentence: its first letter small, where it begins no abbreviation.
fn in_sentence(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next();
    match (first, chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => name.to_owned(),
    }
}
