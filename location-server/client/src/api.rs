//! The types of the location server's API.
//!
//! Source: CADDE 4.0, location server API description, and our additions: the members beside the two of the
//! original, paging of the list, `/v1/changes`.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::record::{LocationRecord, Profile};

/// Body of `POST` and `PUT /cadde/api/v4/location`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostLocationRequest {
    /// The provider's user ID.
    pub provider_id: String,
    /// Base address of its connector: `https`, no user information, query or fragment.
    pub provider_connector_url: String,
    /// The connector ID that the connector's certificate names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// What the connector speaks: `kakehashi/1`, or `cadde/4` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// Body of `PATCH /cadde/api/v4/location/{location_id}`: the members to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PatchLocationRequest {
    /// The new base address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_connector_url: Option<String>,
    /// The new connector ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    /// The new profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// Answer of `GET /cadde/api/v4/locations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationsResponse {
    /// The records in the order of their provider IDs.
    pub locations: Vec<LocationRecord>,
    /// Pass it as `cursor` for the next page. Only where `limit` was given and more follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answer that says something to a person, good or bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Response {
    /// What happened.
    pub message: String,
}

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// The record was made.
    Create,
    /// Its members were changed.
    Update,
    /// It was taken away.
    Delete,
}

impl ChangeKind {
    /// The spelling on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// The members of a record that people decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Base address of the connector, without a trailing slash.
    pub provider_connector_url: String,
    /// The connector ID that its certificate names.
    pub connector_id: Option<String>,
    /// What it speaks.
    pub profile: Profile,
}

/// One line of the history: who changed what, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Number of the change, ascending without reuse.
    pub id: i64,
    /// When it was committed.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    /// What was done.
    pub kind: ChangeKind,
    /// Whose record it is.
    pub provider_id: String,
    /// User ID of the operator; absent where a connector changed its own record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The connector ID of the certificate that the change came with.
    pub certificate_id: String,
    /// SHA-256 of that certificate, hexadecimal.
    pub certificate_sha256: String,
    /// The request that made the change, as in logs and problem documents.
    pub request_id: String,
    /// What stood there before; absent for a new record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Entry>,
    /// What stands there since; absent for a deleted record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Entry>,
}

/// Answer of `GET /v1/changes`, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangesResponse {
    /// The changes of this page.
    pub changes: Vec<Change>,
    /// Pass it as `cursor` for what follows; stays valid for changes that are yet to come.
    pub next_cursor: String,
}
