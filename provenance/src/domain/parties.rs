//! Whose an event is: who may write it, what it gives its readers a right to, and whether both sides of an exchange say the same.

use std::borrow::Cow;

use provenance_model::{
    batch::{Dig, Jti},
    core::{Actor, ActorAuth},
};
use serde::{Deserialize, Serialize};

/// `cdleventtype` of what a provider sent.
pub const SENT: &str = "Sent";
/// `cdleventtype` of what a receiver received.
pub const RECEIVED: &str = "Received";

/// What a record's core says of who made it and what passed, kept beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The user who acted.
    pub user: String,
    /// The party for whom they acted, where that is another.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none", default)]
    pub acts_for: Option<String>,
    /// The token that the provider checked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jti: Option<String>,
    /// SHA-256 of the exchanged bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// How many bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub len: Option<u64>,
    /// The connector that submitted it; known where its core was read.
    #[serde(skip)]
    pub client: Option<String>,
    /// Nobody kept it: it was concluded from what else is known, and its core may say more.
    #[serde(skip)]
    pub is_concluded: bool,
}

impl Made {
    /// By `actor`.
    pub fn by(actor: &Actor, jti: Option<&Jti>, dig: Option<&Dig>) -> Self {
        Self {
            user: actor.user.clone(),
            acts_for: actor.acts_for.clone(),
            jti: jti.map(|jti| jti.as_str().to_owned()),
            sha256: dig.map(|dig| dig.sha256.clone()),
            len: dig.map(|dig| dig.len),
            client: actor.client.clone(),
            is_concluded: false,
        }
    }

    /// What `core` says of it.
    ///
    /// # Errors
    /// [`serde_json::Error`]: it is no core.
    pub fn of_core(core: &str) -> Result<Self, serde_json::Error> {
        let Core { actor, dig, jti } = serde_json::from_str(core)?;
        Ok(Self {
            user: actor.user.into_owned(),
            client: actor.client.map(Cow::into_owned),
            acts_for: actor.acts_for.map(Cow::into_owned),
            jti: jti.map(Cow::into_owned),
            len: dig.as_ref().map(|dig| dig.len),
            sha256: dig.map(|dig| dig.sha256.into_owned()),
            is_concluded: false,
        })
    }

    /// As it is kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it has only strings and a number")
    }
}

#[derive(Deserialize)]
struct Core<'c> {
    #[serde(borrow)]
    actor: CoreActor<'c>,
    #[serde(borrow, default)]
    dig: Option<CoreDig<'c>>,
    #[serde(borrow, default)]
    jti: Option<Cow<'c, str>>,
}

#[derive(Deserialize)]
struct CoreActor<'c> {
    #[serde(borrow)]
    user: Cow<'c, str>,
    #[serde(rename = "for", borrow, default)]
    acts_for: Option<Cow<'c, str>>,
    #[serde(borrow, default)]
    client: Option<Cow<'c, str>>,
}

#[derive(Deserialize)]
struct CoreDig<'c> {
    #[serde(borrow)]
    sha256: Cow<'c, str>,
    len: u64,
}

/// What an event is judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `cdleventtype`.
    pub event_type: Option<String>,
    /// `dataprovider`.
    pub provider: Option<String>,
    /// `datauser`.
    pub consumer: Option<String>,
    /// Who made it; `None` where that is not known without its core.
    pub made: Option<Made>,
}

impl Facts {
    /// What `core`, that of an event, says.
    ///
    /// # Errors
    /// [`serde_json::Error`]: it is no core.
    pub fn of_core(core: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Of {
            #[serde(default)]
            event: Named,
        }
        #[derive(Default, Deserialize)]
        struct Named {
            cdleventtype: Option<String>,
            dataprovider: Option<String>,
            datauser: Option<String>,
        }
        let Of { event } = serde_json::from_str(core)?;
        Ok(Self {
            event_type: event.cdleventtype,
            provider: event.dataprovider,
            consumer: event.datauser,
            made: Some(Made::of_core(core)?),
        })
    }

    /// Of a record of before, for which nobody kept who made it: the user in its actor's name, else of what a connector delivered
    /// the one whose act it was.
    #[must_use]
    pub fn or_by(mut self, actor: &str) -> Self {
        if self.made.is_none() {
            let user = match actor.strip_prefix("user:") {
                Some(user) => Some(user.to_owned()),
                None if self.is(SENT) => self.provider.clone(),
                None if self.is(RECEIVED) => self.consumer.clone(),
                None => None,
            };
            self.made = user.map(|user| Made {
                user,
                is_concluded: true,
                ..Made::default()
            });
        }
        self
    }

    /// Whether its core says more than is known of it.
    pub fn is_concluded(&self) -> bool {
        self.made.as_ref().is_none_or(|made| made.is_concluded)
    }

    /// Whether it is what a provider sent.
    pub fn is_sent(&self) -> bool {
        self.is(SENT)
    }

    /// Whether it is what a receiver received.
    pub fn is_received(&self) -> bool {
        self.is(RECEIVED)
    }

    fn is(&self, event_type: &str) -> bool {
        self.event_type.as_deref() == Some(event_type)
    }

    /// The user who made it, and the party for whom.
    fn makers(&self) -> impl Iterator<Item = &str> {
        let made = self.made.as_ref();
        let user = made.map(|made| made.user.as_str());
        user.into_iter()
            .chain(made.and_then(|made| made.acts_for.as_deref()))
    }

    /// Everybody whose it is: its provider, its consumer, and whoever submitted it.
    pub fn parties(&self) -> impl Iterator<Item = &str> {
        let named = [&self.provider, &self.consumer];
        named
            .into_iter()
            .filter_map(|party| party.as_deref())
            .chain(self.makers())
    }

    /// Whether its provider made it.
    pub fn is_the_providers(&self) -> bool {
        self.provider
            .as_deref()
            .is_some_and(|provider| self.makers().any(|maker| maker == provider))
    }

    /// Whether what may be read of this event gives a right to `previous`, which it names: only what a party of `previous` made
    /// does. Anybody may name any event.
    ///
    /// Two kinds of events are named by another than their makers, and give less. What a `Received` follows, its provider says, and
    /// whose it is, the receiver's connector: it leads to a `Sent` of that provider to that user, and to nothing else. What was
    /// made with a token that is addressed to the provider may be the work of whoever passed the token on: it leads to what the
    /// provider has made by itself, and not to what others have to do with.
    pub fn gives_right_to(&self, previous: &Self) -> bool {
        if self.is_received() {
            return self.follows(previous);
        }
        if self.is_by_addressed_token() {
            return previous.provider == self.provider
                && previous.is_the_providers()
                && !previous.is_of_an_exchange();
        }
        self.makers()
            .any(|maker| previous.parties().any(|party| party == maker))
    }

    /// Whether this is a `Received` and `sent` a `Sent` of the same provider to the same user.
    pub fn follows(&self, sent: &Self) -> bool {
        self.is_received()
            && sent.is_sent()
            && self.provider.is_some()
            && self.consumer.is_some()
            && (&self.provider, &self.consumer) == (&sent.provider, &sent.consumer)
    }

    /// Whether it is a `Sent` that its consumer registered in the provider's name, which takes a token addressed to the provider.
    fn is_by_addressed_token(&self) -> bool {
        self.is_sent()
            && self.made.as_ref().is_some_and(|made| {
                made.acts_for.is_some()
                    && made.acts_for == self.provider
                    && Some(&made.user) == self.consumer.as_ref()
            })
    }

    /// Whether this `Received` and the `Sent` state one token, which its two sides alone know.
    pub fn is_of_the_token_of(&self, sent: &Self) -> bool {
        let jti = |facts: &Self| facts.made.as_ref().and_then(|made| made.jti.clone());
        jti(self).is_some_and(|own| Some(own) == jti(sent))
    }

    /// Whether `claimed`, one of several records under an id that this event names, is the one that it means: a `Received` means
    /// the `Sent` of its provider to its user, anything else what its own maker made.
    pub fn means(&self, claimed: &Self) -> bool {
        if self.is(RECEIVED) {
            self.follows(claimed) && claimed.is_the_providers()
        } else {
            self.makers()
                .any(|maker| claimed.makers().any(|other| other == maker))
        }
    }

    /// Whether it is what a provider sent or a receiver received.
    pub fn is_of_an_exchange(&self) -> bool {
        self.is(SENT) || self.is(RECEIVED)
    }

    /// What this `Received` states otherwise than the `Sent` that it names; empty where it agrees, or where they are no such
    /// pair. What one of them does not state is not compared.
    pub fn differs_from(&self, sent: &Self) -> Vec<&'static str> {
        if !self.is(RECEIVED) || !sent.is(SENT) {
            return Vec::new();
        }
        let (made, sent_made) = (self.made.as_ref(), sent.made.as_ref());
        let text = |of: fn(&Made) -> Option<&String>| {
            let both = made.and_then(of).zip(sent_made.and_then(of));
            both.is_some_and(|(one, other)| one != other)
        };
        let len = made
            .and_then(|made| made.len)
            .zip(sent_made.and_then(|made| made.len))
            .is_some_and(|(one, other)| one != other);
        let named = |one: &Option<String>, other: &Option<String>| {
            one.as_ref()
                .zip(other.as_ref())
                .is_some_and(|(one, other)| one != other)
        };
        [
            ("dataprovider", named(&self.provider, &sent.provider)),
            ("datauser", named(&self.consumer, &sent.consumer)),
            ("dig", text(|made| made.sha256.as_ref()) || len),
            ("jti", text(|made| made.jti.as_ref())),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// The party for whom `actor` makes an event of `event_type` by `provider` for `consumer`: themselves (`None`), or an
/// organisation of theirs. An event that names neither is its actor's own.
///
/// # Errors
/// [`Stranger`]: they are no party of it.
pub fn acts_for(
    actor: &Actor,
    orgs: &[String],
    event_type: &str,
    provider: Option<&str>,
    consumer: Option<&str>,
) -> Result<Option<String>, Stranger> {
    // A laboratory, where nobody shows who they are. The record says so.
    if actor.auth == ActorAuth::None {
        return Ok(None);
    }
    let parties = if event_type == RECEIVED {
        [consumer, provider]
    } else {
        [provider, consumer]
    };
    let mut named = parties.into_iter().flatten().peekable();
    if named.peek().is_none() || parties.contains(&Some(actor.user.as_str())) {
        return Ok(None);
    }
    named
        .find(|party| orgs.iter().any(|org| org == party))
        .map(|party| Some(party.to_owned()))
        .ok_or(Stranger)
}

/// Whoever is no party of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "only a party of an event may register it: its provider, its consumer, or a member of one of them"
)]
pub struct Stranger;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn actor(user: &str) -> Actor {
        Actor {
            auth: ActorAuth::Bearer,
            cert: None,
            client: None,
            acts_for: None,
            user: user.to_owned(),
        }
    }

    #[rstest]
    #[case("a", &[], Some("a"), Some("b"), Ok(None))]
    #[case("b", &[], Some("a"), Some("b"), Ok(None))]
    #[case("c", &[], Some("a"), Some("b"), Err(Stranger))]
    #[case("c", &["a"], Some("a"), Some("b"), Ok(Some("a")))]
    #[case("c", &["d", "b"], Some("a"), Some("b"), Ok(Some("b")))]
    #[case("c", &["b", "a"], Some("a"), Some("b"), Ok(Some("a")))]
    #[case("a", &["b"], Some("a"), Some("b"), Ok(None))]
    #[case("c", &[], None, None, Ok(None))]
    #[case("c", &[], None, Some("b"), Err(Stranger))]
    #[case("c", &[], Some("C"), None, Err(Stranger))]
    fn an_actor_is_a_party_or_acts_for_one(
        #[case] user: &str,
        #[case] orgs: &[&str],
        #[case] provider: Option<&str>,
        #[case] consumer: Option<&str>,
        #[case] expected: Result<Option<&str>, Stranger>,
    ) {
        let orgs: Vec<String> = orgs.iter().map(|org| (*org).to_owned()).collect();
        let found = acts_for(&actor(user), &orgs, SENT, provider, consumer);
        assert_eq!(found, expected.map(|party| party.map(str::to_owned)));
    }

    #[test]
    fn what_is_received_is_received_for_the_consumer() {
        let orgs = ["a".to_owned(), "b".to_owned()];
        let found = acts_for(&actor("c"), &orgs, RECEIVED, Some("a"), Some("b"));
        assert_eq!(found, Ok(Some("b".to_owned())));
    }

    fn facts(event_type: &str, provider: &str, consumer: &str, user: &str) -> Facts {
        Facts {
            event_type: Some(event_type.to_owned()),
            provider: Some(provider.to_owned()),
            consumer: Some(consumer.to_owned()),
            made: Some(Made {
                user: user.to_owned(),
                ..Made::default()
            }),
        }
    }

    #[rstest]
    #[case::provider("a", None, true)]
    #[case::consumer("b", None, true)]
    #[case::whoever_registered_it("clerk", None, true)]
    #[case::member("d", Some("a"), true)]
    #[case::stranger("c", None, false)]
    #[case::member_of_another("c", Some("d"), false)]
    fn an_edge_gives_a_right_where_a_party_made_it(
        #[case] user: &str,
        #[case] acts_for: Option<&str>,
        #[case] expected: bool,
    ) {
        let previous = facts("Received", "a", "b", "clerk");
        // Whatever it says of its own parties.
        let mut note = facts("Update", "a", "b", user);
        if let Some(made) = &mut note.made {
            made.acts_for = acts_for.map(str::to_owned);
        }
        assert_eq!(note.gives_right_to(&previous), expected);
        note.made = None;
        assert!(!note.gives_right_to(&previous));
    }

    #[rstest]
    #[case("j", "j", Some("d"), Some("d"), &[])]
    #[case("j", "k", Some("d"), Some("d"), &["jti"])]
    #[case("j", "k", Some("d"), Some("e"), &["dig", "jti"])]
    #[case("j", "j", None, Some("e"), &[])]
    fn what_both_state_is_compared(
        #[case] sent_jti: &str,
        #[case] jti: &str,
        #[case] sent_sha256: Option<&str>,
        #[case] sha256: Option<&str>,
        #[case] expected: &[&str],
    ) {
        let with = |event_type, jti: &str, sha256: Option<&str>| Facts {
            made: Some(Made {
                jti: Some(jti.to_owned()),
                sha256: sha256.map(str::to_owned),
                ..Made::default()
            }),
            ..facts(event_type, "a", "b", "b")
        };
        let sent = with(SENT, sent_jti, sent_sha256);
        let received = with(RECEIVED, jti, sha256);
        assert_eq!(received.differs_from(&sent), expected);
        // Only such a pair is one.
        assert!(sent.differs_from(&received).is_empty());
        let unsaid = Facts {
            provider: None,
            made: None,
            ..received.clone()
        };
        assert!(unsaid.differs_from(&sent).is_empty());
        let other = facts(RECEIVED, "c", "d", "d");
        assert_eq!(other.differs_from(&sent), ["dataprovider", "datauser"]);
    }

    #[test]
    fn a_core_says_who_made_it_and_what_passed() {
        let core = r#"{"actor":{"auth":"mtls","for":"o","user":"u\n"},"dig":{"len":3,"sha256":"ab"},"event":{},"jti":"j","prev":[],"v":1}"#;
        let made = Made {
            user: "u\n".to_owned(),
            acts_for: Some("o".to_owned()),
            jti: Some("j".to_owned()),
            sha256: Some("ab".to_owned()),
            len: Some(3),
            client: None,
            is_concluded: false,
        };
        assert_eq!(Made::of_core(core).unwrap(), made);
        assert_eq!(serde_json::from_str::<Made>(&made.to_json()).unwrap(), made);
        let core = r#"{"actor":{"auth":"bearer","user":"u"},"event":{},"prev":[],"v":1}"#;
        assert_eq!(Made::of_core(core).unwrap().user, "u");
    }
}
