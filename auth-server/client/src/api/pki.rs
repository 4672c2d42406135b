//! Certificates and the audit trail.

use common::ids::ConnectorId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::OneTimeSecret;

/// A code with which a process gets its first certificate, once.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EnrolmentCode {
    /// The code, shown once.
    #[schema(value_type = String)]
    pub code: OneTimeSecret,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// `POST /v1/enrolments`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The one-time code.
    #[schema(value_type = String)]
    pub code: OneTimeSecret,
    /// PKCS #10 request in PEM. Only its key counts: names and uses come from the registration.
    pub csr: String,
}

/// `POST /v1/certificates/renewal`, with the old certificate.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// PKCS #10 request in PEM, for a new key. Only its key counts.
    pub csr: String,
}

/// A fresh certificate.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IssuedCertificate {
    /// PEM chain: the certificate, then the intermediate.
    pub certificate: String,
    /// End of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

/// A certificate as the server knows it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Certificate {
    /// Serial number, lower-case hexadecimal without leading zeros.
    pub serial: String,
    /// The connector or service it names.
    #[schema(value_type = String)]
    pub subject: ConnectorId,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub sha256: String,
    /// Start of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    /// End of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// When it was revoked.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub revoked_at: Option<OffsetDateTime>,
}

/// `POST /v1/connectors/{id}/certificates`, `POST /v1/services/{id}/certificates`: a certificate that another authority issued.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCertificate {
    /// The certificate in PEM. Its one DNS name besides `localhost` is the ID; one that has none, or several, counts where its
    /// authority is trusted with what is recorded (scope `recorded`). What follows it is kept with it.
    pub certificate: String,
    /// Whether its one DNS name may be another than the ID.
    #[serde(default)]
    pub any_name: bool,
}

/// `POST /v1/certificates/{serial}/revocation`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeCertificate {
    /// Why, for the audit trail.
    pub reason: String,
    /// Whether the key is in wrong hands, which is assumed where nothing is said: whoever has it may have renewed the certificate,
    /// so all that descend from it are revoked with it, and none of their keys can ever be certified again.
    #[serde(default = "assumed")]
    pub key_compromised: bool,
}

fn assumed() -> bool {
    true
}

/// Answer to `GET /v1/registry/certificates/{sha256}`, for peers: whose certificate exactly this one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordedCertificate {
    /// The connector or service; active, as its participant.
    #[schema(value_type = String)]
    pub subject: ConnectorId,
    /// End of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

/// One entry of the audit trail.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// Identifier; later events have greater ones.
    pub id: Uuid,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it: a user ID, a client id, or `system`.
    pub actor: String,
    /// What was done, for example `connector.suspended`.
    pub kind: String,
    /// To what: an identifier of the kind that `kind` speaks of.
    pub subject: String,
    /// Reason or circumstances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
