//! Who calls, what they may submit, and what they may read.

use async_trait::async_trait;
use common::ids::{ConnectorId, UserId};
use provenance_model::{
    batch::{ExchangeRole, Registration},
    core::{Actor, ActorAuth},
};
use serde::{Deserialize, Serialize};

use super::parties::{self, Facts, RECEIVED, SENT, Stranger};

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
        self.user(token).await.map(Member::of)
    }

    /// Who is or was registered under this user ID; `None` for nobody.
    ///
    /// # Errors
    /// [`AuthorityError::Unavailable`].
    async fn known(&self, user: &UserId) -> Result<Option<KnownUser>, AuthorityError>;

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
    /// Whom the token is meant for; nobody in particular where it is empty.
    pub audience: Vec<String>,
    /// The identifier of the token.
    pub jti: Option<String>,
}

impl Member {
    /// By a token about which nothing more is known.
    pub fn of(user: UserId) -> Self {
        Self {
            user,
            orgs: Vec::new(),
            audience: Vec::new(),
            jti: None,
        }
    }
}

/// What is known of a user whom an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownUser {
    /// Whether all of the provider connectors that work for them are ours, and deliver what they send by themselves; `None`
    /// where they have none.
    pub delivers: Option<bool>,
}

impl KnownUser {
    /// Whether a `Sent` of this provider may come by the token of somebody who is the provider (`is_own`) or not. Nobody can tell
    /// for a provider without connectors that it sent anything, but the provider; a token that is addressed to it is another's.
    pub fn takes_sent_by_token(self, is_own: bool) -> bool {
        self.delivers.map_or(is_own, |delivers| !delivers)
    }
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

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerCaller {
    /// As it will stand in the core of what they submit.
    pub actor: Actor,
    /// Organisations that they belong to, whose records they may read.
    pub orgs: Vec<String>,
    /// Whom their token is meant for; nobody in particular where it is empty.
    pub audience: Vec<String>,
    /// The identifier of their token.
    pub jti: Option<String>,
    /// The side on which the connector that calls takes part.
    pub side: Option<ExchangeRole>,
}

impl LedgerCaller {
    fn of(actor: Actor) -> Self {
        Self {
            actor,
            orgs: Vec::new(),
            audience: Vec::new(),
            jti: None,
            side: None,
        }
    }

    /// The holder of a token.
    pub fn user(user: &UserId) -> Self {
        Self::of(Actor {
            auth: ActorAuth::Bearer,
            cert: None,
            client: None,
            acts_for: None,
            user: user.as_str().to_owned(),
        })
    }

    /// The holder of a token with their organisations.
    pub fn member(member: Member) -> Self {
        let Member {
            user,
            orgs,
            audience,
            jti,
        } = member;
        Self {
            orgs,
            audience,
            jti,
            ..Self::user(&user)
        }
    }

    /// Somebody without a token, where a laboratory lets them. No user has an empty ID, so they are a party of what was
    /// recorded without a token, and of nothing else.
    pub fn nobody() -> Self {
        Self::of(Actor {
            auth: ActorAuth::None,
            cert: None,
            client: None,
            acts_for: None,
            user: String::new(),
        })
    }

    /// A connector, acting for `user`.
    pub fn connector(id: &ConnectorId, certificate_sha256: String, user: &UserId) -> Self {
        Self::of(Actor {
            auth: ActorAuth::Mtls,
            cert: Some(certificate_sha256),
            client: Some(id.as_str().to_owned()),
            acts_for: None,
            user: user.as_str().to_owned(),
        })
    }

    /// A connector of `registration`, acting for its participant.
    pub fn registered(
        id: &ConnectorId,
        certificate_sha256: String,
        registration: &Registration,
    ) -> Self {
        Self {
            side: Some(registration.side),
            ..Self::connector(id, certificate_sha256, &registration.user)
        }
    }

    /// Whether this is a laboratory's caller, about whom nobody is asked.
    pub fn is_nobody(&self) -> bool {
        self.actor.auth == ActorAuth::None
    }

    /// For whom what they register counts where that is bounded. A token that is addressed to somebody is used by whom it was
    /// passed to, who must not use up what its user may do.
    pub fn payer(&self) -> String {
        match self.audience.as_slice() {
            [] => self.actor.key(),
            audience => format!("addressed:{}", audience.join(" ")),
        }
    }

    /// The idempotency key `key` of this caller, which is none of their user's where the token is addressed to another.
    pub fn own_key(&self, key: String) -> String {
        match self.audience.as_slice() {
            [] => key,
            _ => format!("{}\n{key}", self.payer()),
        }
    }

    /// Who registers an event of `event_type` by `provider` for `consumer`, as its core will say.
    ///
    /// The holder of a token that is addressed to the provider registers nothing but a `Sent` of it to themselves, and that is the
    /// provider's act. A connector registers the events of its own side alone.
    ///
    /// # Errors
    /// [`Stranger`].
    pub fn registers(
        &self,
        event_type: &str,
        provider: Option<&str>,
        consumer: Option<&str>,
    ) -> Result<Actor, Stranger> {
        let user = Some(self.actor.user.as_str());
        if !self.audience.is_empty() {
            let addressed = provider.filter(|provider| {
                event_type == SENT
                    && consumer == user
                    && self.audience.iter().any(|one| one == provider)
            });
            let provider = addressed.ok_or(Stranger)?;
            return Ok(self.acting_for(Some(provider.to_owned())));
        }
        let is_own = match (self.side, event_type) {
            (Some(side), SENT) => side == ExchangeRole::Provider && provider == user,
            (Some(side), RECEIVED) => side == ExchangeRole::Receiver && consumer == user,
            _ => true,
        };
        if !is_own {
            return Err(Stranger);
        }
        parties::acts_for(&self.actor, &self.orgs, event_type, provider, consumer)
            .map(|party| self.acting_for(party))
    }

    fn acting_for(&self, party: Option<String>) -> Actor {
        Actor {
            acts_for: party,
            ..self.actor.clone()
        }
    }
}

/// Who may read the body of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadPolicy {
    /// Provider, consumer and actor of the event.
    Party,
    /// Besides, for a party of an event, the events that it goes back to, as far as each step was made by a party of what it
    /// names: whoever received data may know its origin.
    #[default]
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
    pub fn new(caller: &LedgerCaller, policy: ReadPolicy) -> Self {
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

    /// Whether everything is shown, also what strangers attached to an event.
    pub fn sees_all(&self) -> bool {
        self.policy == ReadPolicy::Open
    }

    /// Whether they are a party of the event: its provider, its consumer, or whoever submitted it.
    pub fn is_party(&self, event: &Facts) -> bool {
        let client = event.made.as_ref().and_then(|made| made.client.as_ref());
        self.is_named(event) || (self.client.is_some() && self.client.as_ref() == client)
    }

    /// Whether they are a party of the event, and not only the connector that delivered it in somebody's name.
    pub fn is_named(&self, event: &Facts) -> bool {
        event
            .parties()
            .any(|party| self.user == party || self.orgs.iter().any(|org| org == party))
    }

    /// Whether they may read the body of the event.
    pub fn may_read(&self, event: &Facts) -> bool {
        self.sees_all() || self.is_party(event)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::parties::Made;

    fn viewer(user: &str, client: Option<&str>, policy: ReadPolicy) -> Viewer {
        Viewer {
            user: user.to_owned(),
            orgs: Vec::new(),
            client: client.map(str::to_owned),
            policy,
        }
    }

    fn event(client: Option<&str>) -> Facts {
        Facts {
            event_type: None,
            provider: Some("provider".to_owned()),
            consumer: Some("consumer".to_owned()),
            made: Some(Made {
                user: "clerk".to_owned(),
                client: client.map(str::to_owned),
                ..Made::default()
            }),
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
        let event = event(Some("c.example"));
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
        let event = event(None);
        let mut person = viewer("person", None, ReadPolicy::Party);
        assert!(!person.is_party(&event));
        person.orgs = vec!["other".to_owned(), "consumer".to_owned()];
        assert!(person.is_party(&event));
    }

    #[test]
    fn nobody_is_a_party_of_nothing() {
        let event = Facts {
            made: Some(Made {
                user: "a".to_owned(),
                ..Made::default()
            }),
            ..Facts::default()
        };
        assert!(!viewer("b", None, ReadPolicy::Party).is_party(&event));
        assert!(!viewer("b", None, ReadPolicy::Party).is_party(&Facts::default()));
    }

    fn caller(audience: &[&str], side: Option<ExchangeRole>) -> LedgerCaller {
        LedgerCaller {
            audience: audience.iter().map(|one| (*one).to_owned()).collect(),
            side,
            ..LedgerCaller::user(&UserId::parse("b").unwrap())
        }
    }

    #[rstest]
    #[case::of_the_addressed_provider(&["a"], "Sent", Some("a"), Some("b"), true)]
    #[case::among_others(&["x", "a"], "Sent", Some("a"), Some("b"), true)]
    #[case::of_another(&["x"], "Sent", Some("a"), Some("b"), false)]
    #[case::to_another(&["a"], "Sent", Some("a"), Some("c"), false)]
    #[case::to_nobody(&["a"], "Sent", Some("a"), None, false)]
    #[case::received(&["a"], "Received", Some("a"), Some("b"), false)]
    #[case::note(&["a"], "Update", None, None, false)]
    fn an_addressed_token_registers_a_sent_to_its_user_alone(
        #[case] audience: &[&str],
        #[case] event_type: &str,
        #[case] provider: Option<&str>,
        #[case] consumer: Option<&str>,
        #[case] is_taken: bool,
    ) {
        let found = caller(audience, None).registers(event_type, provider, consumer);
        let acts_for = found.map(|actor| actor.acts_for);
        assert_eq!(
            acts_for,
            if is_taken {
                Ok(Some("a".to_owned()))
            } else {
                Err(Stranger)
            }
        );
    }

    #[rstest]
    #[case("Sent", ExchangeRole::Provider, true)]
    #[case("Sent", ExchangeRole::Receiver, false)]
    #[case("Received", ExchangeRole::Receiver, true)]
    #[case("Received", ExchangeRole::Provider, false)]
    #[case("Update", ExchangeRole::Provider, true)]
    #[case("Update", ExchangeRole::Receiver, true)]
    fn a_connector_registers_what_its_side_does_and_its_participant(
        #[case] event_type: &str,
        #[case] side: ExchangeRole,
        #[case] is_taken: bool,
    ) {
        let found = caller(&[], Some(side)).registers(event_type, Some("b"), Some("b"));
        assert_eq!(found.is_ok(), is_taken);
        if event_type != "Update" {
            let ends = [("b", "c"), ("c", "b")];
            let [provider, consumer] = if side == ExchangeRole::Provider {
                [ends[1].0, ends[1].1]
            } else {
                [ends[0].0, ends[0].1]
            };
            caller(&[], Some(side))
                .registers(event_type, Some(provider), Some(consumer))
                .unwrap_err();
        }
    }
}
