//! Participants and users.

use common::ids::UserId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::OneTimeSecret;
use crate::Role;

/// Whether something takes part or is barred. Barring takes effect at once, in tokens, introspection and the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Takes part.
    Active,
    /// Barred: no new tokens, existing ones are inactive.
    Suspended,
}

impl State {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// Body of every `POST …/state`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeState {
    /// The new state.
    pub state: State,
    /// Why, for the audit trail.
    pub reason: String,
}

/// What a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParticipantKind {
    /// An organisation with a corporate number.
    Organisation,
    /// A private person; the server assigns the number, which is never a personal number in the sense of the law.
    Individual,
}

impl ParticipantKind {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Individual => "individual",
        }
    }
}

/// `POST /v1/participants`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateParticipant {
    /// Organisation or private person.
    pub kind: ParticipantKind,
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Corporate number (法人番号), 13 digits with a right check digit. Required of organisations, absent for individuals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corporate_number: Option<String>,
    /// Where the participant is reached, at most 254 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The domain (分野) that it belongs to, where screens are to show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<ParticipantDomain>,
}

/// A domain (分野), as screens show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantDomain {
    /// A capital letter of the Latin alphabet.
    pub letter: String,
    /// Its name in Japanese, 1 to 50 characters.
    pub name_ja: String,
    /// Its name in English, 1 to 50 characters.
    pub name_en: String,
}

/// `POST /v1/participants/{id}/domain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDomain {
    /// The domain from now on; none where it is null.
    pub domain: Option<ParticipantDomain>,
}

/// A participant (参加機関).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Participant {
    /// Identifier.
    pub id: Uuid,
    /// Organisation or private person.
    pub kind: ParticipantKind,
    /// Name.
    pub name: String,
    /// Corporate number, or the number that the server assigned; it stands in the user IDs of the participant.
    pub number: String,
    /// Where the participant is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The domain that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<ParticipantDomain>,
    /// A suspended participant bars its users and connectors.
    pub state: State,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// `POST /v1/users`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// The participant the user belongs to; its number goes into the user ID.
    pub participant: Uuid,
    /// Last part of the user ID: two lower-case letters or digits. The server picks a free one where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Name shown, 1 to 200 characters.
    pub name: String,
    /// Where the user is reached, at most 254 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Organisations the user belongs to, 50 at most, each an existing user ID. Absent: the user's own ID, as an organisation's own
    /// account carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub orgs: Option<Vec<UserId>>,
    /// What the user may do besides exchanging data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Opaque further attribute for authorization rules, at most 1000 characters, and 2000 bytes as a JSON string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<String>,
}

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct User {
    /// Internal identifier, `sub` of the user's tokens.
    pub id: Uuid,
    /// User ID (CADDEユーザID).
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// The participant the user belongs to.
    pub participant: Uuid,
    /// Name shown.
    pub name: String,
    /// Where the user is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Organisations the user belongs to.
    #[schema(value_type = Vec<String>)]
    pub orgs: Vec<UserId>,
    /// What the user may do besides.
    pub roles: Vec<Role>,
    /// Opaque further attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<String>,
    /// Own state; a suspended participant bars the user all the same.
    pub state: State,
    /// When the user was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Answer to `POST /v1/users`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The initial password, made by the server, shown once.
    #[schema(value_type = String)]
    pub initial_password: OneTimeSecret,
}

/// Answer to `POST /v1/users/{user_id}/password`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResetPassword {
    /// The new password, made by the server, shown once.
    #[schema(value_type = String)]
    pub password: OneTimeSecret,
}
