//! What can be wrong with a query.

use std::fmt;

/// A query that cannot be read: what is wrong with it, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.en())]
pub struct QueryError {
    /// What.
    pub fault: Fault,
    /// At which character, from 1.
    pub at: usize,
}

/// What is wrong with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// More bytes than are read.
    TooLong(usize),
    /// More words, phrases and ranges than are looked for.
    TooManyClauses(usize),
    /// More parentheses in each other than are read.
    TooDeep(usize),
    /// A quotation mark opens a phrase that nothing closes.
    OpenPhrase,
    /// A parenthesis that nothing closes.
    OpenGroup,
    /// A parenthesis that nothing opened, or a bracket.
    Unopened(char),
    /// Parentheses with nothing between them.
    EmptyGroup,
    /// A range that is not `[from TO to]`.
    Range,
    /// A field with nothing to look for in it.
    NoValue,
    /// An operator with nothing at one of its sides.
    NoOperand,
    /// A backslash at the end.
    Backslash,
    /// `^` without a number.
    Boost,
    /// `:` without a field before it.
    NoField,
    /// `~`.
    Similar,
    /// `{!`: parameters within a query.
    LocalParameters,
}

impl QueryError {
    /// In Japanese.
    pub fn ja(&self) -> String {
        let what: &dyn fmt::Display = match &self.fault {
            Fault::TooLong(limit) => &format!("検索式が {limit} バイトを超えています"),
            Fault::TooManyClauses(limit) => {
                &format!("検索語・句・範囲の数が {limit} を超えています")
            }
            Fault::TooDeep(limit) => &format!("括弧の入れ子が {limit} 段を超えています"),
            Fault::OpenPhrase => &"引用符「\"」が閉じられていません",
            Fault::OpenGroup => &"括弧「(」が閉じられていません",
            Fault::Unopened(c) => &format!("対応する開き括弧のない「{c}」があります"),
            Fault::EmptyGroup => &"括弧の中に検索語がありません",
            Fault::Range => &"範囲は [下限 TO 上限] または {下限 TO 上限} の形で指定してください",
            Fault::NoValue => &"項目名の後に検索語がありません",
            Fault::NoOperand => &"演算子の前または後に検索語がありません",
            Fault::Backslash => &"末尾の「\\」の後に文字がありません",
            Fault::Boost => &"「^」の後に数値がありません",
            Fault::NoField => &"「:」の前に項目名がありません",
            Fault::Similar => &"「~」によるあいまい検索・近接検索はできません",
            Fault::LocalParameters => &"「{!」で始まる指定はできません",
        };
        format!("{} 文字目: {what}", self.at)
    }

    /// In English.
    pub fn en(&self) -> String {
        let what: &dyn fmt::Display = match &self.fault {
            Fault::TooLong(limit) => &format!("the query has more than {limit} bytes"),
            Fault::TooManyClauses(limit) => {
                &format!("the query has more than {limit} words, phrases and ranges")
            }
            Fault::TooDeep(limit) => &format!("more than {limit} parentheses in each other"),
            Fault::OpenPhrase => &"the quotation mark is not closed",
            Fault::OpenGroup => &"the parenthesis is not closed",
            Fault::Unopened(c) => &format!("nothing opened what {c:?} closes"),
            Fault::EmptyGroup => &"nothing stands between the parentheses",
            Fault::Range => &"a range has the form [from TO to] or {from TO to}",
            Fault::NoValue => &"nothing is said to look for in the field",
            Fault::NoOperand => &"the operator needs something before and after it",
            Fault::Backslash => &"nothing follows the backslash",
            Fault::Boost => &"no number follows \"^\"",
            Fault::NoField => &"no field stands before \":\"",
            Fault::Similar => &"\"~\" (similar or near words) is not searched",
            Fault::LocalParameters => &"\"{!\" (parameters within a query) is not taken",
        };
        format!("character {}: {what}", self.at)
    }
}
