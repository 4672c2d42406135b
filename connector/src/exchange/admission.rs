//! How many exchanges go on at a time, in all and for one caller.

use std::{net::IpAddr, sync::Arc};

use common::{
    concurrency::ConcurrencyLimit,
    ids::{ConnectorId, UserId},
    process::{Findings, Section},
};
use serde::{Deserialize, Serialize};

/// Limits on exchanges under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExchangeLimits {
    /// Exchanges at a time; further ones are refused with 503. One with a large file and a slow caller holds up to about
    /// 0.7 MiB: two reads of 256 KiB from the upstream, 128 KiB towards the caller. Where there are many of them it is a
    /// sixth of that. A quarter is for callers without a token.
    /// Allowed: at least 1.
    pub total: usize,
    /// Exchanges at a time for one caller: a connector, a user, or without a token an address (IPv6: one /64). With the
    /// default it takes eight to have all places. Without a token a quarter of it; of a connector's, one of its users has
    /// three quarters.
    /// Allowed: at least 1.
    pub per_caller: usize,
}

impl Default for ExchangeLimits {
    fn default() -> Self {
        Self {
            total: 4096,
            per_caller: 512,
        }
    }
}

impl Section for ExchangeLimits {
    fn check(&self, findings: &mut Findings) {
        findings.at_least("total", self.total, 1);
        findings.at_least("per_caller", self.per_caller, 1);
    }
}

impl ExchangeLimits {
    /// The places for exchanges, all of them free.
    pub fn admission(self) -> Arc<Admission> {
        let open = (self.total / OPEN_SHARE).max(1);
        let open_each = (self.per_caller / OPEN_SHARE).max(1);
        Arc::new(Admission {
            all: ConcurrencyLimit::new(
                self.total,
                self.per_caller,
                metrics::gauge!("exchanges_under_way"),
            ),
            open: ConcurrencyLimit::new(
                open,
                open_each,
                metrics::gauge!("exchanges_under_way_without_token"),
            ),
            users: ConcurrencyLimit::new(
                usize::MAX,
                (self.per_caller - self.per_caller / OPEN_SHARE).max(1),
                metrics::gauge!("exchanges_under_way_of_users"),
            ),
        })
    }
}

/// Callers without a token have one part of so many of the places, in all and each: whoever signs in has always the rest.
const OPEN_SHARE: usize = 4;

/// Who asks for an exchange, as far as places are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asking {
    /// A user, by token.
    User(UserId),
    /// A connector, by certificate.
    Connector(ConnectorId),
    /// Somebody of this network, without a token.
    Network(IpAddr),
    /// Somebody whose address is not known.
    Unknown,
}

/// The place of one exchange.
#[derive(Debug)]
pub struct Permit {
    #[expect(dead_code, reason = "held, not read")]
    one: common::concurrency::Permit<Asking>,
    /// The one among those without a token.
    #[expect(dead_code, reason = "held, not read")]
    open: Option<common::concurrency::Permit<Asking>>,
    /// The one of a user among their connector's.
    user: Option<common::concurrency::Permit<UserOf>>,
}

/// A user, by the connector that they come through.
type UserOf = (ConnectorId, UserId);

/// The places for exchanges, by caller.
#[derive(Debug)]
pub struct Admission {
    all: Arc<ConcurrencyLimit<Asking>>,
    open: Arc<ConcurrencyLimit<Asking>>,
    users: Arc<ConcurrencyLimit<UserOf>>,
}

impl Admission {
    /// A place for `asking`, if there is one, it has not its share already, and, where it comes without a token, those who do have
    /// not theirs.
    pub fn enter(&self, asking: Asking, has_token: bool) -> Option<Permit> {
        let open = if has_token {
            None
        } else {
            Some(self.open.enter_as(asking.clone())?)
        };
        Some(Permit {
            one: self.all.enter_as(asking)?,
            open,
            user: None,
        })
    }

    /// Counts `place`, which is one of the connector's, for its user too. `false` if that one has so many of them already that the
    /// rest is its other users'.
    pub fn is_shared(&self, place: &mut Permit, connector: &ConnectorId, user: &UserId) -> bool {
        place.user = self.users.enter_as((connector.clone(), user.clone()));
        place.user.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_without_a_token_leaves_most_places_to_others() {
        let admission = ExchangeLimits {
            total: 16,
            per_caller: 8,
        }
        .admission();
        let network = |last| Asking::Network(IpAddr::from([192, 0, 2, last]));
        let user = |name: &str| Asking::User(UserId::parse(name).expect("a user ID"));
        let mut open: Vec<_> = (0..2)
            .map(|_| admission.enter(network(1), false).unwrap())
            .collect();
        assert!(admission.enter(network(1), false).is_none(), "its share");
        open.push(admission.enter(network(2), false).unwrap());
        open.push(admission.enter(network(3), false).unwrap());
        assert!(admission.enter(network(4), false).is_none(), "that of all");
        let mut known: Vec<_> = (0..8)
            .map(|_| admission.enter(user("a"), true).unwrap())
            .collect();
        assert!(admission.enter(user("a"), true).is_none());
        known.extend((0..4).map(|_| admission.enter(user("b"), true).unwrap()));
        assert!(admission.enter(user("b"), true).is_none(), "no more at all");
        open.pop();
        assert!(admission.enter(network(4), false).is_some());
    }

    #[test]
    fn one_user_leaves_places_to_the_others_of_a_connector() {
        let limits = ExchangeLimits {
            total: 16,
            per_caller: 4,
        };
        let admission = limits.admission();
        let id = |name: &str| ConnectorId::parse(name).expect("a connector ID");
        let enter = |connector: &str, user: &str| {
            let mut place = admission.enter(Asking::Connector(id(connector)), true)?;
            let user = UserId::parse(user).expect("a user ID");
            let is_shared = admission.is_shared(&mut place, &id(connector), &user);
            is_shared.then_some(place)
        };
        let mut held: Vec<_> = (0..3).map(|_| enter("b.example", "x").unwrap()).collect();
        assert!(enter("b.example", "x").is_none());
        held.push(enter("b.example", "y").unwrap());
        assert!(enter("b.example", "z").is_none(), "all of the connector's");
        held.push(enter("c.example", "x").unwrap());
        drop(held);
        assert!(enter("b.example", "x").is_some());
    }
}
