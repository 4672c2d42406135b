//! A dataset: one object with a public and a limited view.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::name::PackageName;

/// The two sites, and so the two views of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The release site (横断検索用), which everybody may read.
    Public,
    /// The detail site (詳細検索用), which takes a right.
    Limited,
}

impl Side {
    /// Both, the public one first.
    pub const BOTH: [Self; 2] = [Self::Public, Self::Limited];

    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Limited => "limited",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a dataset stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// 下書き: the sites do not show it, and nobody has asked them to.
    Draft,
    /// 確認中: a publication is under way; the sites go on showing what they showed.
    Checking,
    /// 公開中: the sites show it.
    Published,
    /// 取り下げ: the sites showed it and do so no longer.
    Withdrawn,
}

impl State {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Checking => "checking",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Where a dataset stands when no publication is under way.
    pub fn at_rest(is_visible: bool, was_withdrawn: bool) -> Self {
        match (is_visible, was_withdrawn) {
            (true, _) => Self::Published,
            (false, true) => Self::Withdrawn,
            (false, false) => Self::Draft,
        }
    }
}

/// Under which ids the sites show the views. That of the limited one is the link between both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewIds {
    /// On the release site.
    pub public: Uuid,
    /// On the detail site.
    pub limited: Uuid,
}

impl ViewIds {
    /// The one for `side`.
    pub fn of(self, side: Side) -> Uuid {
        match side {
            Side::Public => self.public,
            Side::Limited => self.limited,
        }
    }
}

/// What a dataset says, both views together, in the form in which it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The whole, as JSON.
    pub json: Value,
    /// What it is called in lists.
    pub title: String,
    /// Which views there are: public, limited. At least one.
    pub has: (bool, bool),
}

impl Content {
    /// Whether there is a view for `side`.
    pub fn has(&self, side: Side) -> bool {
        match side {
            Side::Public => self.has.0,
            Side::Limited => self.has.1,
        }
    }
}

/// A dataset that is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDataset {
    /// Its id.
    pub id: Uuid,
    /// Its name on both sites; it stays.
    pub name: PackageName,
    /// The ids of its views; they stay.
    pub ids: ViewIds,
    /// What it says.
    pub content: Content,
}

/// A dataset as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: Uuid,
    /// Its name on both sites.
    pub name: PackageName,
    /// The ids of its views.
    pub ids: ViewIds,
    /// Where it stands.
    pub state: State,
    /// Another number after each change of whatever kind.
    pub revision: i64,
    /// The number of its newest content.
    pub version: i64,
    /// The number of the content that the sites show.
    pub visible_version: Option<i64>,
    /// The number of the content that is being published.
    pub checked_version: Option<i64>,
    /// Its title, as the newest content has it.
    pub title: String,
    /// Which views the newest content has: public, limited.
    pub has: (bool, bool),
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its content was changed last.
    pub modified_at: OffsetDateTime,
    /// When the sites first showed it.
    pub published_at: Option<OffsetDateTime>,
    /// When it was taken from the sites, if it was and has not been put back.
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// A dataset with its newest content.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// All but the content.
    pub summary: Summary,
    /// The newest content, as JSON.
    pub content: Value,
}

/// One content that a dataset has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSummary {
    /// Its number.
    pub number: i64,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub made_at: OffsetDateTime,
}

/// Who makes a change, as the history names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The user.
    pub user: String,
    /// The application or the tool that acts for the user.
    pub via: String,
    /// The request.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_rests_where_its_visibility_says() {
        assert_eq!(State::at_rest(true, false), State::Published);
        assert_eq!(State::at_rest(true, true), State::Published);
        assert_eq!(State::at_rest(false, true), State::Withdrawn);
        assert_eq!(State::at_rest(false, false), State::Draft);
    }

    #[test]
    fn words_are_the_same_everywhere() {
        for state in [
            State::Draft,
            State::Checking,
            State::Published,
            State::Withdrawn,
        ] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for side in Side::BOTH {
            assert_eq!(serde_json::to_value(side).unwrap(), side.as_str());
        }
    }
}
