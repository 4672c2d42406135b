use common::clock::ManualClock;
use time::macros::datetime;

use super::*;

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn throttle() -> (Throttle, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(datetime!(2026-01-01 0:00 UTC)));
    (
        Throttle::new(clock.clone(), 3, Duration::from_secs(30)),
        clock,
    )
}

fn from(address: IpAddr) -> Origin<'static> {
    Origin {
        client: "app",
        address,
    }
}

impl Throttle {
    /// An attempt that fails; how long it has to wait, if it does.
    fn fails(&self, user: &str, from: Origin<'_>) -> Option<Duration> {
        match self.begin(user, from) {
            Ok(_) => None,
            Err(Wait::Failures(wait)) => Some(wait),
            Err(Wait::Crowd) => panic!("there is no crowd"),
        }
    }

    /// An attempt that succeeds; whether it may.
    fn signs_in(&self, user: &str, from: Origin<'_>) -> bool {
        self.begin(user, from).map(Attempt::succeeded).is_ok()
    }

    fn fails_until_it_waits(&self, user: &str, from: Origin<'_>) -> u32 {
        (0..1000)
            .find(|_| self.fails(user, from).is_some())
            .unwrap()
    }
}

#[test]
fn after_a_few_failures_a_guesser_waits() {
    let (throttle, clock) = throttle();
    for _ in 0..3 {
        assert_eq!(throttle.fails("cadde.a", from(HOME)), None);
    }
    let half_a_minute = Some(Duration::from_secs(30));
    assert_eq!(throttle.fails("CADDE.A", from(HOME)), half_a_minute);
    clock.advance(Duration::from_secs(30));
    assert_eq!(throttle.fails("cadde.a", from(HOME)), None);
    assert_eq!(throttle.fails("cadde.a", from(HOME)), half_a_minute);
}

#[test]
fn strangers_of_a_place_take_turns_and_those_who_get_in_hold_nobody_up() {
    let (throttle, clock) = throttle();
    let pause = |user: &str, from| throttle.begin(user, from).unwrap().pause();
    assert_eq!(pause("nobody.1", from(HOME)), Duration::ZERO);
    assert_eq!(pause("nobody.2", from(HOME)), STRANGERS_EVERY);
    assert_eq!(pause("nobody.3", from(HOME)), 2 * STRANGERS_EVERY);
    assert_eq!(pause("nobody.3", from(AWAY)), Duration::ZERO);
    clock.advance(3 * STRANGERS_EVERY);
    for number in 0..3 {
        let attempt = throttle.begin(&format!("cadde.{number}"), from(HOME));
        let attempt = attempt.unwrap();
        assert_eq!(attempt.pause(), Duration::ZERO);
        attempt.succeeded();
    }
    pause("nobody.4", from(HOME));
    assert_eq!(pause("cadde.0", from(HOME)), Duration::ZERO);
}

#[test]
fn a_stranger_does_not_lock_a_user_out() {
    let (throttle, _) = throttle();
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    // From many places, until strangers wait wherever they are.
    for last in 0..200 {
        throttle.fails("cadde.a", from(IpAddr::from([198, 51, 100, last])));
    }
    assert!(throttle.fails("cadde.a", from(AWAY)).is_some());
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    // Other users are none of their business.
    assert!(throttle.signs_in("cadde.b", from(AWAY)));
}

#[test]
fn what_comes_through_one_application_bars_nobody_at_another() {
    let (throttle, _) = throttle();
    let at = |client| Origin {
        client,
        address: HOME,
    };
    for number in 0..500 {
        throttle.fails("cadde.operator", at("evil"));
        throttle.fails(&format!("cadde.{number}"), at("evil"));
    }
    assert!(throttle.fails("cadde.operator", at("evil")).is_some());
    assert!(throttle.signs_in("cadde.operator", at("operator-console")));
    assert!(throttle.signs_in("cadde.7", at("app")));
}

#[test]
fn an_application_goes_on_for_those_who_used_it_before() {
    let (throttle, clock) = throttle();
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    for number in 0..1000 {
        throttle.fails(&format!("nobody.{number}"), from(HOME));
    }
    assert!(throttle.fails("nobody.1001", from(HOME)).is_some());
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    // Those who did not get in soon, for a place is forgiven faster than a pair.
    clock.advance(Duration::from_secs(2));
    assert!(throttle.signs_in("cadde.b", from(HOME)));
}

#[test]
fn a_user_who_is_known_has_more_patience_but_not_any() {
    let (throttle, _) = throttle();
    assert_eq!(throttle.fails_until_it_waits("cadde.b", from(HOME)), 3);
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    assert_eq!(throttle.fails_until_it_waits("cadde.a", from(HOME)), 12);
}

#[test]
fn guessing_from_many_places_is_noticed() {
    let (throttle, _) = throttle();
    for last in 0..30 {
        throttle.fails("cadde.a", from(IpAddr::from([198, 51, 100, last])));
    }
    assert!(throttle.fails("cadde.a", from(HOME)).is_some());
    assert_eq!(throttle.fails("cadde.b", from(HOME)), None);
}

#[test]
fn the_addresses_of_one_network_are_one_place() {
    let (throttle, _) = throttle();
    let at = |last: u16| from(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
    for last in 0..3 {
        assert_eq!(throttle.fails("cadde.a", at(last)), None);
    }
    assert!(throttle.fails("cadde.a", at(99)).is_some());
}

#[test]
fn logins_that_succeed_are_not_counted() {
    let (throttle, _) = throttle();
    for number in 0..1000 {
        assert!(throttle.signs_in(&format!("cadde.{}", number % 3), from(HOME)));
    }
    assert!(throttle.table().debts.0.is_empty());
    for _ in 0..1000 {
        let attempt = throttle.begin("cadde.x", from(AWAY)).unwrap();
        attempt.is_no_failure();
    }
    assert!(throttle.table().debts.0.is_empty());
}

#[test]
fn strangers_have_so_many_places_and_who_is_known_needs_none() {
    let (throttle, _) = throttle();
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    let mut trying: Vec<_> = (0..STRANGERS_OF_A_PLACE)
        .map(|n| throttle.begin(&format!("nobody.{n}"), from(HOME)).unwrap())
        .collect();
    let more = throttle.begin("nobody.x", from(HOME));
    assert!(matches!(more, Err(Wait::Crowd)));
    assert!(throttle.signs_in("cadde.a", from(HOME)));
    assert!(throttle.signs_in("cadde.b", from(AWAY)));
    trying.pop();
    assert!(throttle.begin("nobody.x", from(HOME)).is_ok());
}

#[test]
fn the_tables_stay_bounded() {
    let (throttle, _) = throttle();
    for number in 0..60_000u32 {
        let [a, b, c, d] = number.to_be_bytes();
        throttle.fails(&format!("cadde.{number}"), from(IpAddr::from([a, b, c, d])));
    }
    assert!(throttle.table().debts.0.len() <= MAX_ENTRIES + 3);
    for last in 0..100 {
        assert!(throttle.signs_in("cadde.a", from(IpAddr::from([203, 0, 113, last]))));
    }
    let table = throttle.table();
    assert_eq!(table.known.len(), 1);
    assert!(table.known.values().all(|pairs| pairs.len() == KNOWN_EACH));
}

#[test]
fn who_is_known_has_so_many_attempts_at_a_time() {
    let (throttle, _) = throttle();
    for user in ["cadde.a", "cadde.b"] {
        assert!(throttle.signs_in(user, from(HOME)));
    }
    // Their failures are counted besides, so these are taken back.
    let mut trying = Vec::new();
    for _ in 0..2 {
        trying.extend((0..KNOWN_AT_ONCE / 2).map(|_| throttle.begin("cadde.a", from(HOME))));
        for attempt in &trying {
            let keys = attempt.as_ref().unwrap().keys;
            throttle.table().debts.0.remove(&Key::Pair(keys.pair));
        }
    }
    let more = throttle.begin("cadde.a", from(HOME));
    assert!(matches!(more, Err(Wait::Crowd)));
    assert!(throttle.signs_in("cadde.b", from(HOME)));
    trying.pop();
    assert!(throttle.begin("cadde.a", from(HOME)).is_ok());
}

#[test]
fn who_is_refused_too_often_is_told_to_wait() {
    let clock = Arc::new(ManualClock::new(datetime!(2026-01-01 0:00 UTC)));
    let refused = Rate::of_refused_clients(clock.clone());
    for _ in 0..refused.at_once {
        assert_eq!(refused.add(network(HOME)), None);
    }
    assert_eq!(refused.add(network(HOME)), Some(refused.every));
    assert_eq!(refused.add(network(AWAY)), None);
    clock.advance(refused.every);
    assert_eq!(refused.add(network(HOME)), None);
}
