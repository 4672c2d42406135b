//! What the ledger is sent, and what it answers.

use common::ids::ConnectorId;
use http::{HeaderMap, Uri};
use provenance::{
    api::{is_query, items_of},
    domain::lineage::Bookmark,
};
use provenance_model::{
    batch::{InItem, MAX_ITEMS, Receipt},
    commitment::{Commitment, Salt},
    event::Event,
    json as strict,
};
use provenance_outbox::is_delivered;

use crate::bytes::{first_line, text};

/// Strict JSON and its canonical form.
pub fn json(bytes: &[u8]) {
    let Ok(value) = strict::parse(bytes) else {
        return;
    };
    serde_json::from_slice::<serde_json::Value>(bytes).expect("what is strict is JSON");
    let canonical = strict::canonical_value(&value);
    let again = strict::parse(canonical.as_bytes()).expect("what is canonical is strict");
    assert_eq!(strict::canonical_value(&again), canonical);
}

/// An event by itself.
pub fn event(bytes: &[u8]) {
    let Ok(event) = Event::parse(bytes) else {
        return;
    };
    let _ = (
        event.single_tag(),
        event.tags(),
        event.id(),
        event.timestamp(),
    );
    let canonical = event.canonical();
    let again = Event::parse(canonical.as_bytes()).expect("an event stays one");
    assert_eq!(again.canonical(), canonical);
}

/// One item of a batch.
pub fn batch_item(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let types = ["Sent".to_owned(), "Received".to_owned()];
    let connector = ConnectorId::parse("provider.a.example").expect("a DNS name");
    if let Ok(item) = InItem::parse(text, &types, &connector) {
        let value = strict::parse(bytes).expect("it was read so");
        let canonical = strict::canonical_value(&value);
        let again = InItem::parse(&canonical, &types, &connector);
        assert_eq!(
            again.as_ref(),
            Ok(&item),
            "the canonical form is another item"
        );
    }
}

/// What a connector gets back: a receipt with its salt and its leaf.
pub fn commitment(bytes: &[u8]) {
    let Ok(receipt) = serde_json::from_slice::<Receipt>(bytes) else {
        return;
    };
    let salt = receipt.salt.as_deref().and_then(Salt::from_base64);
    if let (Some(salt), Some(core)) = (salt, &receipt.core) {
        let commitment = Commitment::new(&salt, core);
        let _ = commitment.leaf_hash();
        assert_eq!(
            Commitment::from_base64(&commitment.to_base64()),
            Some(commitment)
        );
    }
    if let Some(hash) = &receipt.leaf_hash
        && let Some(read) = Commitment::from_base64(hash)
    {
        assert_eq!(&read.to_base64(), hash, "Base64 has one spelling");
    }
}

/// The first line is a batch item as it was sent, the second what the ledger answers about it.
pub fn receipt(bytes: &[u8]) {
    let (item, answer) = first_line(bytes);
    let connector = ConnectorId::parse("provider.a.example").expect("a DNS name");
    let Some(answer) = text(answer) else { return };
    if is_delivered(item, answer, &connector) == Some(true) {
        let answer: serde_json::Value = serde_json::from_str(answer).expect("it was read so");
        assert_ne!(
            answer["status"], "rejected",
            "what was refused counts as delivered"
        );
    }
}

/// The body of a batch.
pub fn batch(bytes: &[u8]) {
    if let Some((number, are_too_many)) = items_of(bytes) {
        assert!(number <= MAX_ITEMS && (!are_too_many || number == MAX_ITEMS));
    }
}

/// Which lineage is asked for: the target of the request.
pub fn lineage_query(bytes: &[u8]) {
    if let Ok(target) = Uri::try_from(bytes) {
        let _ = is_query(&target, &HeaderMap::new());
    }
}

/// Where a page of a lineage ended.
pub fn bookmark(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(bookmark) = text.parse::<Bookmark>() {
        assert_eq!(bookmark.to_string().parse(), Ok(bookmark));
    }
}
