//! What a grant is.

use common::ids::UserId;
use serde::{Deserialize, Serialize};

/// An assurance level (AAL, 当人認証保証レベル): 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String")]
pub struct Aal(u8);

impl Aal {
    /// The level, if it is one.
    pub fn new(level: u8) -> Option<Self> {
        (1..=3).contains(&level).then_some(Self(level))
    }

    /// The level as a number.
    pub fn level(self) -> u8 {
        self.0
    }
}

/// On the wire a level is text: existing callers read it so, whatever the schema says.
impl From<Aal> for String {
    fn from(aal: Aal) -> Self {
        aal.0.to_string()
    }
}

/// Whom a grant is for: everybody who meets all conditions that are set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Assignee {
    /// This user alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Members of this organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<UserId>,
    /// Users whose login had at least this level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aal: Option<Aal>,
    /// Users whose token carries exactly this further attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extras: Option<String>,
}

/// The contract that a grant belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// Trade ID (取引ID).
    pub trade_id: String,
    /// Address of the contract management service (契約管理サービスURL).
    pub contract_url: String,
    /// Form of the contract (契約形態).
    pub contract_type: String,
}

/// A permission to fetch one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// URL of the resource, compared exactly.
    pub target: String,
    /// For whom.
    pub assignee: Assignee,
    /// Under which contract, if under one.
    pub contract: Option<Contract>,
}

/// Whoever asks for a resource, as a verified token describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// User ID.
    pub user: &'a UserId,
    /// User IDs of the organisations that the user belongs to.
    pub orgs: Vec<&'a str>,
    /// Assurance level of the login; 0 if the token names none of the scale.
    pub aal: u8,
    /// Further attribute.
    pub extras: Option<&'a str>,
}

impl Assignee {
    /// Whether `subject` meets every condition that is set.
    ///
    /// All comparisons are exact; of organisations one of the subject's has to be equal.
    /// Source: CADDE 4.0, authorization function, decision by user, organisation and assurance level.
    pub fn admits(&self, subject: &Subject<'_>) -> bool {
        self.user.as_ref().is_none_or(|user| user == subject.user)
            && self
                .org
                .as_ref()
                .is_none_or(|org| subject.orgs.contains(&org.as_str()))
            && self.aal.is_none_or(|aal| subject.aal >= aal.level())
            && self
                .extras
                .as_deref()
                .is_none_or(|extras| subject.extras == Some(extras))
    }

    /// Whether it narrows anything. `extras` alone does not count: it is no identity.
    pub fn names_somebody(&self) -> bool {
        self.user.is_some() || self.org.is_some() || self.aal.is_some()
    }
}
