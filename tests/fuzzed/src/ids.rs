//! Identifiers and addresses.

use common::{
    base_url::{is_loopback, is_same, normalise, text as spelling},
    ids::{ConnectorId, EventId, ExchangeId, UserId},
    profile::Profile,
};
use provenance_model::{
    batch::Jti,
    event_id::{Nonce, belongs_to, canonical, is_owned, looks_owned, may_be_of, unix_ms},
};
use url::Url;

use crate::bytes::{first_line, text};

/// Any of the identifiers that peers send.
pub fn id(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(user) = UserId::parse(text) {
        assert_eq!(user.as_str(), text);
    }
    if let Ok(connector) = ConnectorId::parse(text) {
        assert_eq!(ConnectorId::parse(connector.as_str()), Ok(connector));
    }
    if let Ok(exchange) = text.parse::<ExchangeId>() {
        assert_eq!(exchange.to_string(), text);
    }
    if let Ok(event) = text.parse::<EventId>() {
        assert_eq!(event.to_string().parse(), Ok(event));
    }
    if let Ok(profile) = text.parse::<Profile>() {
        assert_eq!(profile.as_str(), text);
    }
    if let Some(jti) = Jti::new(text) {
        assert_eq!(jti.as_str(), text);
    }
}

/// The first line is the id of an event, the second its nonce.
pub fn event_id(bytes: &[u8]) {
    let (id, nonce) = first_line(bytes);
    let (Some(id), Some(nonce)) = (text(id), text(nonce)) else {
        return;
    };
    let owner = ConnectorId::parse("provider.a.example").expect("a DNS name");
    let looks = looks_owned(id);
    let may_be = may_be_of(id, Some(nonce), &owner);
    let nonce = Nonce::parse(nonce);
    if let Some(read) = canonical(id) {
        assert_eq!(read.to_string(), id);
        assert_eq!(looks, is_owned(&read), "one spelling, two opinions");
        let _ = unix_ms(&read);
        let is_own = nonce.is_some_and(|nonce| belongs_to(&read, nonce, &owner));
        assert!(!is_own || may_be);
    } else {
        assert!(!may_be);
    }
}

/// The first line is an address, the second may be another spelling of it.
pub fn base_url(bytes: &[u8]) {
    let (one, other) = first_line(bytes);
    let (Some(one), Some(other)) = (text(one), text(other)) else {
        return;
    };
    assert_eq!(is_same(one, other), is_same(other, one));
    let Ok(url) = Url::parse(one) else { return };
    let _ = is_loopback(&url);
    if let Ok(normal) = normalise(&url) {
        let again = spelling(&normal).parse().map(|url| normalise(&url));
        assert_eq!(again, Ok(Ok(normal.clone())), "{one}");
        assert!(is_same(one, spelling(&normal)));
    }
}
