//! Who calls, what they may submit, and what they may read.

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};
use serde::{Deserialize, Serialize};

use crate::model::{
    batch::{InBody, InItem, Side},
    core::{Actor, ActorAuth},
};

/// What the ledger asks the authentication server.
#[async_trait]
pub trait Authority: Send + Sync {
    /// The user of a token that comes without a client certificate.
    ///
    /// # Errors
    /// [`AuthorityError`].
    async fn user(&self, token: &str) -> Result<UserId, AuthorityError>;

    /// The same user with their organisations, whose records they may read.
    ///
    /// # Errors
    /// [`AuthorityError`].
    async fn member(&self, token: &str) -> Result<Member, AuthorityError> {
        let user = self.user(token).await?;
        Ok(Member {
            user,
            orgs: Vec::new(),
        })
    }

    /// For whom a connector is registered; `None` unless it is registered and active.
    ///
    /// # Errors
    /// [`AuthorityError::Unavailable`].
    async fn connector(&self, id: &ConnectorId) -> Result<Option<Registration>, AuthorityError>;
}

/// A user with their organisations. An organisation has a user ID too, and its members act for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: UserId,
    /// User IDs of their organisations.
    pub orgs: Vec<String>,
}

/// Why the authentication server gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The token is not good.
    #[error("{0}")]
    Refused(String),
    /// The authentication server cannot be reached.
    #[error("the authentication server cannot be reached: {0}")]
    Unavailable(String),
}

/// For whom a connector is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The side on which it takes part.
    pub side: Side,
    /// Its participant.
    pub user: UserId,
}

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As it will stand in the core of what they submit.
    pub actor: Actor,
    /// Organisations that they belong to, whose records they may read.
    pub orgs: Vec<String>,
}

impl Caller {
    /// The holder of a token.
    pub fn user(user: &UserId) -> Self {
        let actor = Actor {
            auth: ActorAuth::Bearer,
            cert: None,
            client: None,
            user: user.as_str().to_owned(),
        };
        Self {
            actor,
            orgs: Vec::new(),
        }
    }

    /// The holder of a token with their organisations.
    pub fn member(member: Member) -> Self {
        Self {
            orgs: member.orgs,
            ..Self::user(&member.user)
        }
    }

    /// Somebody without a token, where a laboratory lets them. No user has an empty ID, so they are a party of what was
    /// recorded without a token, and of nothing else.
    pub fn nobody() -> Self {
        let actor = Actor {
            auth: ActorAuth::None,
            cert: None,
            client: None,
            user: String::new(),
        };
        Self {
            actor,
            orgs: Vec::new(),
        }
    }

    /// A connector, acting for `user`.
    pub fn connector(id: &ConnectorId, certificate_sha256: String, user: &UserId) -> Self {
        let actor = Actor {
            auth: ActorAuth::Mtls,
            cert: Some(certificate_sha256),
            client: Some(id.as_str().to_owned()),
            user: user.as_str().to_owned(),
        };
        Self {
            actor,
            orgs: Vec::new(),
        }
    }
}

/// Whether a connector may submit `item`: one registered for the provider what the provider did, one registered as a receiver
/// what a receiver did. That the user of a receiver was really there, only the connector knows; `actor` shows that it said so.
///
/// # Errors
/// Why not.
pub fn may_submit(registration: &Registration, item: &InItem) -> Result<(), String> {
    let user = &item.user_id;
    match item.side {
        Side::Provider => {
            if registration.side != Side::Provider
                || Some(&registration.user) != item.provider.as_ref()
            {
                return Err(
                    "this connector is not registered for the provider dataprovider".to_owned(),
                );
            }
            if Some(user) != item.provider.as_ref() {
                return Err("user_id of what a provider sent must be dataprovider".to_owned());
            }
        }
        Side::Receiver => {
            if registration.side != Side::Receiver {
                return Err("this connector is not registered as a receiver".to_owned());
            }
            // Evidence follows the rule of its side as well: the user whose transfer it was.
            if Some(user) != item.consumer.as_ref() {
                let what = if matches!(item.body, InBody::Event { .. }) {
                    "received"
                } else {
                    "a receiver did"
                };
                return Err(format!("user_id of what {what} must be datauser"));
            }
        }
    }
    Ok(())
}

/// Who may read the body of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadPolicy {
    /// Provider, consumer and actor of the event.
    #[default]
    Party,
    /// Besides, for a party of an event, the events that it goes back to: whoever received data may know its origin.
    Lineage,
    /// Whoever is let in at all, as in existing ledgers.
    Open,
}

/// Whoever reads, as far as that decides what they see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    user: String,
    orgs: Vec<String>,
    client: Option<String>,
    policy: ReadPolicy,
}

impl Viewer {
    /// What `caller` is to see under `policy`.
    pub fn new(caller: &Caller, policy: ReadPolicy) -> Self {
        Self {
            user: caller.actor.user.clone(),
            orgs: caller.orgs.clone(),
            client: caller.actor.client.clone(),
            policy,
        }
    }

    /// Whether they may read what an event of theirs goes back to.
    pub fn follows_lineage(&self) -> bool {
        self.policy == ReadPolicy::Lineage
    }

    /// Whether they are a party of the event: its provider, its consumer, or whoever submitted it.
    pub fn is_party(&self, event: &Parties<'_>) -> bool {
        let named = [event.provider, event.consumer, Some(event.actor_user)];
        let is_named = std::iter::once(&self.user)
            .chain(&self.orgs)
            .any(|one| named.contains(&Some(one.as_str())));
        is_named || (self.client.is_some() && event.actor_client == self.client.as_deref())
    }

    /// Whether they may read the body of the event.
    pub fn may_read(&self, event: &Parties<'_>) -> bool {
        self.policy == ReadPolicy::Open || self.is_party(event)
    }
}

/// Who is concerned by an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties<'e> {
    /// `dataprovider`.
    pub provider: Option<&'e str>,
    /// `datauser`.
    pub consumer: Option<&'e str>,
    /// The user who submitted it.
    pub actor_user: &'e str,
    /// The connector that submitted it.
    pub actor_client: Option<&'e str>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn viewer(user: &str, client: Option<&str>, policy: ReadPolicy) -> Viewer {
        Viewer {
            user: user.to_owned(),
            orgs: Vec::new(),
            client: client.map(str::to_owned),
            policy,
        }
    }

    #[rstest]
    #[case("provider", None, true)]
    #[case("consumer", None, true)]
    #[case("clerk", None, true)]
    #[case("stranger", None, false)]
    #[case("stranger", Some("c.example"), true)]
    #[case("stranger", Some("d.example"), false)]
    fn parties_are_provider_consumer_and_actor(
        #[case] user: &str,
        #[case] client: Option<&str>,
        #[case] is_party: bool,
    ) {
        let event = Parties {
            provider: Some("provider"),
            consumer: Some("consumer"),
            actor_user: "clerk",
            actor_client: Some("c.example"),
        };
        assert_eq!(
            viewer(user, client, ReadPolicy::Party).may_read(&event),
            is_party
        );
        assert_eq!(
            viewer(user, client, ReadPolicy::Open).is_party(&event),
            is_party
        );
        assert!(viewer(user, client, ReadPolicy::Open).may_read(&event));
    }

    #[test]
    fn members_of_an_organisation_are_parties_of_its_events() {
        let event = Parties {
            provider: Some("provider"),
            consumer: Some("consumer"),
            actor_user: "clerk",
            actor_client: None,
        };
        let mut person = viewer("person", None, ReadPolicy::Party);
        assert!(!person.is_party(&event));
        person.orgs = vec!["other".to_owned(), "consumer".to_owned()];
        assert!(person.is_party(&event));
    }

    #[test]
    fn nobody_is_a_party_of_nothing() {
        let event = Parties {
            provider: None,
            consumer: None,
            actor_user: "a",
            actor_client: None,
        };
        assert!(!viewer("b", None, ReadPolicy::Party).is_party(&event));
    }
}
