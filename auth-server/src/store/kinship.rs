//! Which certificates descend from which.

use std::collections::HashSet;

use auth_client::api::Event;
use common::ids::uuid_v7;

/// `serial` and all of `later` that descend from it. `later` are certificates of the same client in the order in which they were
/// recorded, with their parents; where nobody wrote the parent down, it may have been any earlier one.
pub(super) fn descendants(serial: &str, later: Vec<(String, Option<String>)>) -> Vec<String> {
    let mut family = HashSet::from([serial.to_owned()]);
    let mut found = vec![serial.to_owned()];
    for (one, parent) in later {
        if parent.is_none_or(|parent| family.contains(&parent)) && family.insert(one.clone()) {
            found.push(one);
        }
    }
    found
}

/// What tells that `descendant` was revoked with the certificate that `event` is about.
pub(super) fn event_of(descendant: &str, event: &Event) -> Event {
    Event {
        id: uuid_v7(event.at),
        subject: descendant.to_owned(),
        reason: Some(format!("descends from {}", event.subject)),
        ..event.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::descendants;

    #[test]
    fn a_family_is_who_descends_and_who_may() {
        let own = |serial: &str| (serial.to_owned(), Some(serial.to_owned()));
        let child = |serial: &str, parent: &str| (serial.to_owned(), Some(parent.to_owned()));
        let unknown = |serial: &str| (serial.to_owned(), None);
        let later = vec![
            child("b", "a"),
            own("c"),
            unknown("d"),
            child("e", "c"),
            child("f", "b"),
            child("g", "d"),
        ];
        assert_eq!(descendants("a", later), ["a", "b", "d", "f", "g"]);
        assert_eq!(descendants("a", vec![own("a")]), ["a"]);
    }
}
