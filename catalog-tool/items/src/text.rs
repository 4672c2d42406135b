//! What people are told, in both languages.

use std::borrow::Cow;

use serde::Serialize;

/// A text in Japanese and in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Japanese.
    pub ja: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A fixed text.
    pub const fn new(ja: &'static str, en: &'static str) -> Self {
        Self {
            ja: Cow::Borrowed(ja),
            en: Cow::Borrowed(en),
        }
    }

    /// A text made for the occasion.
    pub fn of(ja: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// This text with `what` where `{}` stands.
    #[must_use]
    pub fn naming(&self, what: &Self) -> Self {
        Self::of(
            self.ja.replace("{}", &what.ja),
            self.en.replace("{}", &what.en),
        )
    }
}
