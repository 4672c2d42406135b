//! Who is calling, and what they may do.

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};

/// To whom a client certificate was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A provider connector of this participant.
    Provider(UserId),
    /// A receiver connector of this participant.
    Receiver(UserId),
    /// One of the data space's own services.
    Service,
    /// A tool of the data space's operators.
    OperatorTool,
}

/// Whom a good token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their user ID.
    pub user: UserId,
    /// Whether the token carries the role `operator`.
    pub is_operator: bool,
}

/// Why nothing can be said about a credential.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The credential is no good.
    #[error("the token is not accepted: {0}")]
    Refused(String),
    /// The authentication server can't be asked.
    #[error("the authentication server can't be asked")]
    Unavailable(#[source] anyhow::Error),
}

/// What the authentication server knows; a trait so that the rules are tested without one.
#[async_trait]
pub trait Authority: Send + Sync {
    /// The holder of the certificate that names `id`; `None` if it is not registered or suspended.
    async fn holder(&self, id: &ConnectorId) -> Result<Option<Holder>, AuthorityError>;

    /// Whether a provider is suspended: the user, its participant, or the connector that its record names; without one, all of its
    /// connectors.
    async fn is_suspended(
        &self,
        provider: &UserId,
        connector: Option<&ConnectorId>,
    ) -> Result<bool, AuthorityError>;

    /// The person whom `token` names. `thumbprint` is that of the caller's certificate, for tokens
    /// that are bound to one.
    async fn person(&self, token: &str, thumbprint: &str) -> Result<Person, AuthorityError>;
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the certificate stands for.
    pub holder: Holder,
    /// The name in the certificate.
    pub certificate_id: ConnectorId,
    /// The person, where a token came along.
    pub person: Option<Person>,
}

/// Why a caller may not do what they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A token is needed.
    #[error("a token is needed")]
    NoToken,
    /// The person has no such role.
    #[error("the role operator is needed")]
    NotOperator,
    /// The person may, but not from there.
    #[error("an operator's certificate is needed")]
    NotOperatorsCertificate,
    /// A connector asks for more than the address of its own record.
    #[error("a provider's connector changes the address of its own record alone")]
    NotOwn,
}

impl Caller {
    /// The right to read all records and the history: operators.
    pub fn may_review(&self) -> Result<&UserId, Refusal> {
        match &self.person {
            None => Err(Refusal::NoToken),
            Some(person) if !person.is_operator => Err(Refusal::NotOperator),
            Some(person) => Ok(&person.user),
        }
    }

    /// The right to write any record: an operator behind an operator's certificate. Neither a stolen
    /// token nor a stolen certificate is enough to lead the data of a provider elsewhere.
    pub fn may_write(&self) -> Result<&UserId, Refusal> {
        let user = self.may_review()?;
        if self.holder == Holder::OperatorTool {
            Ok(user)
        } else {
            Err(Refusal::NotOperatorsCertificate)
        }
    }

    /// The provider whose connector is calling on its own behalf, without a token.
    pub fn own_provider(&self) -> Option<&UserId> {
        match (&self.holder, &self.person) {
            (Holder::Provider(user), None) => Some(user),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn user() -> UserId {
        UserId::parse("cadde.1.aa").expect("a user ID")
    }

    fn caller(holder: Holder, is_operator: Option<bool>) -> Caller {
        Caller {
            holder,
            certificate_id: ConnectorId::parse("c.example").expect("a connector ID"),
            person: is_operator.map(|is_operator| Person {
                user: user(),
                is_operator,
            }),
        }
    }

    #[rstest]
    #[case(Holder::OperatorTool, Some(true), None)]
    #[case(Holder::OperatorTool, Some(false), Some(Refusal::NotOperator))]
    #[case(Holder::OperatorTool, None, Some(Refusal::NoToken))]
    #[case(Holder::Service, Some(true), Some(Refusal::NotOperatorsCertificate))]
    #[case(
        Holder::Provider(user()),
        Some(true),
        Some(Refusal::NotOperatorsCertificate)
    )]
    #[case(
        Holder::Receiver(user()),
        Some(true),
        Some(Refusal::NotOperatorsCertificate)
    )]
    fn writing_takes_role_and_certificate(
        #[case] holder: Holder,
        #[case] is_operator: Option<bool>,
        #[case] refusal: Option<Refusal>,
    ) {
        assert_eq!(caller(holder, is_operator).may_write().err(), refusal);
    }

    #[test]
    fn token_takes_precedence_over_a_providers_own_right() {
        assert_eq!(
            caller(Holder::Provider(user()), None).own_provider(),
            Some(&user())
        );
        assert_eq!(
            caller(Holder::Provider(user()), Some(false)).own_provider(),
            None
        );
        assert_eq!(caller(Holder::Receiver(user()), None).own_provider(), None);
    }
}
