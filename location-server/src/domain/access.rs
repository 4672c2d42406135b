//! Who is calling, and what they may do.

use auth_client::{ConnectorRole, Party, api::ServiceKind};
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

impl From<Party> for Holder {
    fn from(party: Party) -> Self {
        match party {
            Party::Connector(found) => match found.role {
                ConnectorRole::Provider => Self::Provider(found.user_id),
                ConnectorRole::Receiver => Self::Receiver(found.user_id),
            },
            Party::Service(found) => match found.kind {
                ServiceKind::Server => Self::Service,
                ServiceKind::OperatorTool => Self::OperatorTool,
            },
        }
    }
}

/// Whom a good token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their user ID.
    pub user: UserId,
    /// Whether the token carries the role `operator`.
    pub is_operator: bool,
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationCaller {
    /// What the certificate stands for.
    pub holder: Holder,
    /// The name in the certificate.
    pub certificate_id: ConnectorId,
    /// The person, where a token came along.
    pub person: Option<Person>,
}

/// Why a caller may not do what they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessDenied {
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

impl LocationCaller {
    /// The right to read all records and the history: operators.
    pub fn may_review(&self) -> Result<&UserId, AccessDenied> {
        match &self.person {
            None => Err(AccessDenied::NoToken),
            Some(person) if !person.is_operator => Err(AccessDenied::NotOperator),
            Some(person) => Ok(&person.user),
        }
    }

    /// The right to write any record: an operator behind an operator's certificate. Neither a stolen
    /// token nor a stolen certificate is enough to lead the data of a provider elsewhere.
    pub fn may_write(&self) -> Result<&UserId, AccessDenied> {
        let user = self.may_review()?;
        if self.holder == Holder::OperatorTool {
            Ok(user)
        } else {
            Err(AccessDenied::NotOperatorsCertificate)
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

    fn caller(holder: Holder, is_operator: Option<bool>) -> LocationCaller {
        LocationCaller {
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
    #[case(Holder::OperatorTool, Some(false), Some(AccessDenied::NotOperator))]
    #[case(Holder::OperatorTool, None, Some(AccessDenied::NoToken))]
    #[case(
        Holder::Service,
        Some(true),
        Some(AccessDenied::NotOperatorsCertificate)
    )]
    #[case(
        Holder::Provider(user()),
        Some(true),
        Some(AccessDenied::NotOperatorsCertificate)
    )]
    #[case(
        Holder::Receiver(user()),
        Some(true),
        Some(AccessDenied::NotOperatorsCertificate)
    )]
    fn writing_takes_role_and_certificate(
        #[case] holder: Holder,
        #[case] is_operator: Option<bool>,
        #[case] refusal: Option<AccessDenied>,
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
