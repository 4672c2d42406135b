//! How much is read, and why something is not.

use serde::Serialize;
use serde_json::Value as Json;

use crate::text::Text;

/// How large a dataset may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one view as JSON.
    pub bytes: usize,
    /// Distributions of one view.
    pub distributions: usize,
}

impl Default for Limits {
    /// 1 MiB, 1,000 distributions.
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            distributions: 1000,
        }
    }
}

/// Why a text is no dataset, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More bytes than are read.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// What is read at most.
        limit: usize,
    },
    /// More distributions than are read.
    #[error("{found} distributions, at most {limit} are allowed")]
    TooManyDistributions {
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// It is no JSON.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Where, counted from 1.
        line: usize,
        /// Where, counted from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// Something of another shape is expected.
    #[error("{pointer}: expected {expected}")]
    Shape {
        /// Where, as JSON pointer.
        pointer: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A text holds the character U+0000, which no database keeps.
    #[error("{pointer} holds the character U+0000")]
    Nul {
        /// Where, as JSON pointer.
        pointer: String,
    },
    /// An item that there isn't.
    #[error("{pointer}: there is no item {key}")]
    UnknownItem {
        /// Where, as JSON pointer.
        pointer: String,
        /// What it is called there.
        key: String,
    },
    /// An extra that is there twice.
    #[error("extras: {key} is there twice")]
    Duplicate {
        /// Its key.
        key: String,
    },
}

impl ReadError {
    /// What programs call it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "dataset-too-large",
            Self::TooManyDistributions { .. } => "too-many-distributions",
            Self::Syntax { .. } => "no-json",
            Self::Shape { .. } => "unexpected-shape",
            Self::Nul { .. } => "nul-character",
            Self::UnknownItem { .. } => "unknown-item",
            Self::Duplicate { .. } => "duplicate-extra",
        }
    }

    /// Where it is, as JSON pointer; empty for the whole.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Shape { pointer, .. }
            | Self::Nul { pointer }
            | Self::UnknownItem { pointer, .. } => pointer,
            Self::TooManyDistributions { .. } => "/distributions",
            Self::Duplicate { .. } => "/extras",
            _ => "",
        }
    }

    /// What people are told.
    pub fn text(&self) -> Text {
        match self {
            Self::TooLarge { limit } => Text::of(
                format!("データセットが大きすぎます。{limit}バイトまでです"),
                format!("The dataset is too large. At most {limit} bytes"),
            ),
            Self::TooManyDistributions { found, limit } => Text::of(
                format!("配信が{found}件あります。{limit}件までです。データセットを分けてください"),
                format!("{found} distributions, at most {limit}. Split the dataset"),
            ),
            Self::Syntax { line, column, .. } => Text::of(
                format!("{line}行{column}文字目からJSONとして読めません"),
                format!("No JSON from line {line}, column {column}"),
            ),
            Self::Shape { pointer, expected } => Text::of(
                format!("{pointer} を読めません（求める形：{expected}）"),
                format!("{pointer} can't be read: expected {expected}"),
            ),
            Self::Nul { pointer } => Text::of(
                format!("{pointer} に文字 U+0000 が入っています。消してください"),
                format!("{pointer} holds the character U+0000. Remove it"),
            ),
            Self::UnknownItem { pointer, key } => Text::of(
                format!(
                    "{pointer}：項目 {key} はありません。独自の項目は extras か other に入れてください"
                ),
                format!(
                    "{pointer}: there is no item {key}. Keys of your own go into extras or other"
                ),
            ),
            Self::Duplicate { key } => Text::of(
                format!("extras に {key} が2つあります。1つにしてください"),
                format!("extras has {key} twice. Keep one"),
            ),
        }
    }

    /// The same, further in.
    #[must_use]
    pub(crate) fn below(mut self, place: &str) -> Self {
        if let Self::Shape { pointer, .. }
        | Self::Nul { pointer }
        | Self::UnknownItem { pointer, .. } = &mut self
        {
            pointer.insert_str(0, place);
        }
        self
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax {
            line: error.line(),
            column: error.column(),
            reason: error.to_string(),
        }
    }
}

impl Limits {
    /// Reads JSON of at most so many bytes, without the character that no database keeps.
    pub(crate) fn parse(self, bytes: &[u8]) -> Result<Json, ReadError> {
        self.admit_bytes(bytes)?;
        let json = serde_json::from_slice(bytes)?;
        refuse_nul(&json)?;
        Ok(json)
    }

    pub(crate) const fn admit_bytes(self, bytes: &[u8]) -> Result<(), ReadError> {
        if bytes.len() > self.bytes {
            return Err(ReadError::TooLarge { limit: self.bytes });
        }
        Ok(())
    }

    /// Whether `value` has no more bytes as JSON than are read.
    pub(crate) fn admit(self, value: &impl Serialize) -> Result<(), ReadError> {
        struct Count(usize);
        impl std::io::Write for Count {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0 = self
                    .0
                    .checked_sub(bytes.len())
                    .ok_or(std::io::ErrorKind::FileTooLarge)?;
                Ok(bytes.len())
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let counted = serde_json::to_writer(Count(self.bytes), value);
        counted.map_err(|_| ReadError::TooLarge { limit: self.bytes })
    }

    pub(crate) const fn admit_distributions(self, found: usize) -> Result<(), ReadError> {
        if found > self.distributions {
            return Err(ReadError::TooManyDistributions {
                found,
                limit: self.distributions,
            });
        }
        Ok(())
    }
}

/// The first text or key that holds U+0000 is named.
pub(crate) fn refuse_nul(json: &Json) -> Result<(), ReadError> {
    fn find(json: &Json) -> Option<String> {
        match json {
            Json::String(text) => text.contains('\0').then(String::new),
            Json::Array(list) => list
                .iter()
                .enumerate()
                .find_map(|(at, each)| Some(format!("/{at}{}", find(each)?))),
            Json::Object(object) => object.iter().find_map(|(key, each)| {
                if key.contains('\0') {
                    return Some(format!("/{}", key.replace('\0', "\u{fffd}")));
                }
                Some(format!("/{}{}", escape(key), find(each)?))
            }),
            _ => None,
        }
    }
    find(json).map_or(Ok(()), |pointer| Err(ReadError::Nul { pointer }))
}

/// A key as part of a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
