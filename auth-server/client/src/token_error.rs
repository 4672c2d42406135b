//! Why a token was refused.

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no JWT in the shape that our issuer gives it.
    #[error("the token is malformed")]
    Malformed,
    /// Its issuer is not the configured one. Nobody was asked.
    #[error("the token comes from another issuer")]
    ForeignIssuer,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// No key of the issuer verifies it.
    #[error("the signature of the token does not verify")]
    BadSignature,
    /// The issuer says that it doesn't count any more.
    #[error("the token is not active")]
    Inactive,
    /// The issuer could not be asked.
    #[error("the authentication server cannot be asked about the token: {0}")]
    Unavailable(String),
    /// It is meant for somebody else.
    #[error("the token is meant for another audience")]
    WrongAudience,
    /// It is bound to another certificate.
    #[error("the token is bound to another certificate")]
    WrongBinding,
}

/// "Could not ask", with the chain of causes, which name no secret.
pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static)) -> TokenError {
    TokenError::Unavailable(common::telemetry::Chain(error).to_string())
}
