//! What an answer of the ledger means for a record.

use common::ids::ConnectorId;
use provenance_model::{
    batch::{ItemProblem, ItemStatus, Receipt},
    commitment::{Commitment, Salt},
    json,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Problem, packing::Packed};

/// A result as it is read here. The form is that of [`ItemResult`](provenance_model::batch::ItemResult); the receipt stays as the
/// ledger wrote it, for that is what is kept.
#[derive(Debug, Deserialize)]
pub(super) struct ItemResult<'t> {
    pub(super) id: Option<String>,
    pub(super) status: ItemStatus,
    #[serde(borrow, default)]
    receipt: Option<&'t RawValue>,
    #[serde(default)]
    retry: Option<bool>,
    #[serde(default)]
    problem: Option<ItemProblem>,
}

/// What to do with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Keep the receipt, forget the record.
    Delivered(Packed),
    /// Set it aside; `why` is for people.
    Park { problem: Problem, why: String },
    /// The ledger has something else of this connector under the id (this receipt): it is ahead of the outbox.
    Behind(Packed),
    /// Try again once the ledger is up to date: it does not know this.
    Older(String),
    /// Try again later.
    Retry,
}

pub(super) fn judge(item: &[u8], result: &ItemResult<'_>, connector: &ConnectorId) -> Verdict {
    match result.status {
        ItemStatus::Created | ItemStatus::Exists => {
            let packed = result.receipt.map_or_else(Packed::empty, Packed::new);
            let verified = match packed.core() {
                Some(core) => verify_core(item, core),
                None => verify(
                    item,
                    result.receipt.map_or("{}", RawValue::get),
                    result.status,
                ),
            };
            match verified {
                Ok(()) => Verdict::Delivered(packed),
                Err(why) => Verdict::Park {
                    problem: Problem::Receipt,
                    why: format!("the receipt does not fit the record: {why}"),
                },
            }
        }
        ItemStatus::Rejected => {
            let problem = result.problem.as_ref();
            if result
                .retry
                .unwrap_or_else(|| problem.is_some_and(|p| p.status == 503))
            {
                return Verdict::Retry;
            }
            let kind = problem.map_or("", |p| p.kind.rsplit(['/', ':']).next().unwrap_or_default());
            if let Some(unknown) = problem.filter(|_| kind == "invalid").and_then(unknown) {
                return Verdict::Older(unknown);
            }
            if let Some(receipt) = result.receipt.filter(|_| kind == "conflict")
                && is_own(receipt.get(), result.id.as_deref(), connector)
            {
                return Verdict::Behind(Packed::new(receipt));
            }
            let why = problem.map_or_else(
                || "no reason given".to_owned(),
                |p| format!("{kind}: {}", p.detail),
            );
            Verdict::Park {
                problem: Problem::named(kind),
                why,
            }
        }
    }
}

/// What an older ledger does not know of an item, if that is why it was refused.
fn unknown(problem: &ItemProblem) -> Option<String> {
    // The version before this one refused members, and said so in words alone.
    let in_words = || {
        problem
            .detail
            .split_once("unknown member ")
            .map(|(_, name)| name.trim_matches('"').to_owned())
    };
    problem.unknown.clone().or_else(in_words)
}

/// Whether `receipt` is for a record that `connector` registered under `id`.
fn is_own(receipt: &str, id: Option<&str>, connector: &ConnectorId) -> bool {
    #[derive(Deserialize)]
    struct Core {
        actor: Actor,
        #[serde(default)]
        event: Value,
        #[serde(default)]
        evidence: Value,
    }
    #[derive(Deserialize)]
    struct Actor {
        #[serde(default)]
        client: Option<String>,
    }

    // What derives `Deserialize` is read from an array as well.
    let object = Some(receipt).filter(|text| text.starts_with('{'));
    let Some(Ok(receipt)) = object.map(serde_json::from_str::<Receipt>) else {
        return false;
    };
    let Some(text) = receipt.core.as_deref() else {
        // Erased since: the ledger's word has to do, as where a record exists.
        return receipt.salt.is_none();
    };
    let Some(salt) = receipt.salt.as_deref().and_then(Salt::from_base64) else {
        return false;
    };
    let leaf = || Commitment(Commitment::new(&salt, text).leaf_hash()).to_base64();
    if receipt
        .leaf_hash
        .as_ref()
        .is_some_and(|hash| *hash != leaf())
    {
        return false;
    }
    let Ok(core) = serde_json::from_str::<Core>(text) else {
        return false;
    };
    let recorded = core.event.get("cdleventid").or(core.evidence.get("id"));
    core.actor.client.as_deref() == Some(connector.as_str())
        && id.is_some_and(|id| recorded.and_then(Value::as_str) == Some(id))
}

/// What an outbox sent, in the parts that the ledger repeats.
#[derive(Deserialize)]
struct Item<'t> {
    #[serde(borrow)]
    exchange_id: &'t RawValue,
    #[serde(borrow)]
    user_id: &'t RawValue,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    evidence: Option<&'t RawValue>,
    #[serde(borrow)]
    dig: Option<&'t RawValue>,
    #[serde(borrow)]
    jti: Option<&'t RawValue>,
    #[serde(borrow)]
    end: Option<&'t RawValue>,
    #[serde(borrow)]
    nonce: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Core<'t> {
    v: u64,
    #[serde(borrow)]
    more: Option<More<'t>>,
    #[serde(borrow)]
    xid: Option<&'t RawValue>,
    #[serde(borrow)]
    actor: Actor<'t>,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    evidence: Option<&'t RawValue>,
    #[serde(borrow)]
    dig: Option<&'t RawValue>,
    #[serde(borrow)]
    jti: Option<&'t RawValue>,
    nonce: Option<&'t RawValue>,
}

/// Members of an item that are none of a core's own.
#[derive(Deserialize)]
struct More<'t> {
    #[serde(borrow)]
    end: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Actor<'t> {
    #[serde(borrow)]
    user: &'t RawValue,
}

/// Whether `receipt` shows that the ledger committed to what `item` says.
///
/// The commitment is recomputed from salt and core; where there is a log already, its leaf has to be the one that the receipt
/// names. What was sent has to stand in the core as it was sent, but for what the ledger adds. Erased records have neither salt nor
/// core; only one that had been there before can be.
fn verify(item: &[u8], receipt: &str, status: ItemStatus) -> Result<(), String> {
    // What derives `Deserialize` is read from an array as well.
    if !receipt.starts_with('{') {
        return Err("it is no object".to_owned());
    }
    let receipt: Receipt =
        serde_json::from_str(receipt).map_err(|e| format!("it cannot be read: {e}"))?;
    if status == ItemStatus::Exists && receipt.salt.is_none() && receipt.core.is_none() {
        return Ok(());
    }
    let core_text = receipt.core.as_deref().ok_or("it has no core")?;
    let salt = receipt
        .salt
        .as_deref()
        .and_then(Salt::from_base64)
        .ok_or("its salt is not 32 bytes in Base64")?;
    if let Some(leaf_hash) = &receipt.leaf_hash {
        let leaf = Commitment(Commitment::new(&salt, core_text).leaf_hash()).to_base64();
        if *leaf_hash != leaf {
            return Err("leaf_hash is not that of salt and core".to_owned());
        }
    }
    verify_core(item, core_text)
}

/// Whether `core_text` says what `item` does.
fn verify_core(item: &[u8], core_text: &str) -> Result<(), String> {
    let core: Core<'_> =
        serde_json::from_str(core_text).map_err(|e| format!("its core cannot be read: {e}"))?;
    let unread = |e: &dyn std::error::Error| format!("the item cannot be read: {e}");
    let item = std::str::from_utf8(item).map_err(|e| unread(&e))?;
    let sent: Item<'_> = serde_json::from_str(item).map_err(|e| unread(&e))?;
    if differing(&sent, &core).is_none() {
        return Ok(());
    }
    // A core is canonical; an item that an earlier version left in the file is not.
    let item: Value = serde_json::from_str(item).map_err(|e| unread(&e))?;
    let item = json::canonical_value(&item);
    let sent: Item<'_> = serde_json::from_str(&item).map_err(|e| unread(&e))?;
    match differing(&sent, &core) {
        None => Ok(()),
        Some(name) => Err(format!("{name} of its core is not what was sent")),
    }
}

/// The first member of `core` that does not say what was sent.
fn differing(sent: &Item<'_>, core: &Core<'_>) -> Option<&'static str> {
    let members = [
        ("v", core.v == 1),
        ("xid", is_same(Some(sent.exchange_id), core.xid)),
        ("actor", is_same(Some(sent.user_id), Some(core.actor.user))),
        (
            "event",
            is_same(sent.event, core.event)
                || matches!((sent.event, core.event), (Some(sent), Some(event))
                    if is_same_but_organization(sent.get(), event.get())),
        ),
        ("evidence", is_same(sent.evidence, core.evidence)),
        ("dig", is_same(sent.dig, core.dig)),
        ("jti", is_same(sent.jti, core.jti)),
        (
            "end",
            is_same(sent.end, core.more.as_ref().and_then(|more| more.end)),
        ),
        ("nonce", is_same(sent.nonce, core.nonce)),
    ];
    members
        .into_iter()
        .find_map(|(name, same)| (!same).then_some(name))
}

fn is_same(sent: Option<&RawValue>, recorded: Option<&RawValue>) -> bool {
    sent.map(RawValue::get) == recorded.map(RawValue::get)
}

/// Whether the object `recorded` is the object `sent`, which has members, with the one more that the ledger adds to every event of its
/// own accord. Both are JSON without spaces.
fn is_same_but_organization(sent: &str, recorded: &str) -> bool {
    #[derive(Deserialize)]
    struct Event<'t> {
        #[serde(borrow)]
        cdlorganization: &'t RawValue,
    }

    // Read as a member of the object itself, and only once there.
    let Ok(event) = serde_json::from_str::<Event<'_>>(recorded) else {
        return false;
    };
    let value = event.cdlorganization.get();
    let begin = value.as_ptr().addr() - recorded.as_ptr().addr();
    let (before, after) = (&recorded[..begin], &recorded[begin + value.len()..]);
    let Some(before) = before.strip_suffix("\"cdlorganization\":") else {
        return false;
    };
    let (before, after) = match (after.strip_prefix(','), before.strip_suffix(',')) {
        (Some(after), _) => (before, after),
        (None, Some(before)) => (before, after),
        (None, None) => return false,
    };
    sent.strip_prefix(before) == Some(after)
}

#[cfg(test)]
mod tests {
    use common::ids::{ConnectorId, ExchangeId, UserId};
    use proptest::prelude::*;
    use provenance_model::event_id::EventIds;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{AbortReason, Digest, Kind, Reservation};

    fn connector() -> ConnectorId {
        ConnectorId::parse("c.example").unwrap()
    }

    fn item() -> Value {
        json!({"kind": "event", "exchange_id": "x1", "user_id": "u", "event": {"cdleventid": "e1"}, "dig": {"len": 3, "sha256": "aa"},
               "jti": "j", "nonce": "00"})
    }

    fn core() -> Value {
        json!({"v": 1, "xid": "x1", "actor": {"auth": "mtls", "user": "u"}, "prev": [], "rx": "t",
               "event": {"cdleventid": "e1", "cdlorganization": "org"}, "dig": {"len": 3, "sha256": "aa"}, "jti": "j", "nonce": "00"})
    }

    fn receipt(core: &Value) -> Value {
        let (salt, core) = (Salt([7; 32]), json::canonical(core));
        let leaf_hash = Commitment(Commitment::new(&salt, &core).leaf_hash()).to_base64();
        json!({"leaf_hash": leaf_hash, "salt": salt.to_base64(), "core": core})
    }

    fn verdict_on(item: &str, result: &Value) -> Verdict {
        let result = result.to_string();
        judge(
            item.as_bytes(),
            &serde_json::from_str(&result).unwrap(),
            &connector(),
        )
    }

    fn verdict(status: &str, receipt: &Value) -> Verdict {
        let result = json!({"id": "e1", "status": status, "receipt": receipt});
        verdict_on(&item().to_string(), &result)
    }

    fn packed(receipt: &Value) -> Packed {
        Packed::new(&serde_json::value::to_raw_value(receipt).unwrap())
    }

    fn created(core: &Value) -> Verdict {
        verdict("created", &receipt(core))
    }

    #[test]
    fn a_receipt_for_what_was_sent_is_kept() {
        let mut receipt = receipt(&core());
        receipt["more"] = "of a later version".into();
        let kept = Verdict::Delivered(packed(&receipt));
        assert_eq!(verdict("created", &receipt), kept);
    }

    #[test]
    fn how_the_body_ended_is_committed_to() {
        let mut item = item();
        item["end"] = "close".into();
        let of = |core: &Value| {
            let result = json!({"id": "e1", "status": "created", "receipt": receipt(core)});
            verdict_on(&item.to_string(), &result)
        };
        let mut core = core();
        assert!(matches!(of(&core), Verdict::Park { .. }));
        core["more"] = json!({"end": "close", "other": 1});
        assert!(matches!(of(&core), Verdict::Delivered(_)));
        core["more"] = json!({"end": "open"});
        assert!(matches!(of(&core), Verdict::Park { .. }));
    }

    #[test]
    fn the_order_of_members_sent_does_not_matter() {
        let item = r#"{"kind": "event", "user_id": "u", "dig": {"sha256": "aa", "len": 3}, "exchange_id": "x1", "event": {"cdleventid": "\u0065\u0031"}, "jti": "\u006a", "nonce": "00"}"#;
        let result = json!({"id": "e1", "status": "created", "receipt": receipt(&core())});
        assert!(matches!(verdict_on(item, &result), Verdict::Delivered(_)));
    }

    #[rstest]
    #[case("/xid", json!("x2"))]
    #[case("/actor/user", json!("other"))]
    #[case("/event/cdleventid", json!("e2"))]
    #[case("/event", json!({"cdleventid": "e1", "more": 1}))]
    #[case("/dig/sha256", json!("bb"))]
    #[case("/dig", json!(null))]
    #[case("/jti", json!("k"))]
    #[case("/jti", json!(null))]
    #[case("/nonce", json!("01"))]
    #[case("/nonce", json!(null))]
    #[case("/v", json!(2))]
    fn a_receipt_for_something_else_is_noticed(#[case] at: &str, #[case] value: Value) {
        let mut core = core();
        *core.pointer_mut(at).unwrap() = value;
        assert!(matches!(
            created(&core),
            Verdict::Park {
                problem: Problem::Receipt,
                ..
            }
        ));
    }

    #[rstest]
    #[case(r#"{"a":1,"d":2}"#, r#"{"a":1,"cdlorganization":"x","d":2}"#, true)]
    #[case(r#"{"a":1}"#, r#"{"a":1,"cdlorganization":"x"}"#, true)]
    #[case(r#"{"d":1}"#, r#"{"cdlorganization":["x","\"}"],"d":1}"#, true)]
    #[case(
        r#"{"a":"\"cdlorganization\":1"}"#,
        r#"{"a":"\"cdlorganization\":1","cdlorganization":"x"}"#,
        true
    )]
    #[case(r#"{"a":1}"#, r#"{"a":1}"#, false)]
    #[case(r#"{"a":1}"#, r#"{"a":2,"cdlorganization":"x"}"#, false)]
    #[case(r#"{"a":1}"#, r#"{"a":1,"cdlorganization":"x","d":2}"#, false)]
    #[case(r#"{"a":1,"d":2}"#, r#"{"a":1,"cdlorganization":"x"}"#, false)]
    #[case(
        r#"{"a":1,"d":2}"#,
        r#"{"a":1,"cdlorganization":"x","cdlorganization":"x","d":2}"#,
        false
    )]
    #[case(
        r#"{"a":1,"d":2}"#,
        r#"{"a":1,"cdlorganizatio\u006e":"x","d":2}"#,
        false
    )]
    #[case(r#"{"a":{"x":1}}"#, r#"{"a":{"cdlorganization":"o","x":1}}"#, false)]
    #[case(
        r#"{"a":{"x":1},"d":1}"#,
        r#"{"a":{"cdlorganization":"o","x":1},"cdlorganization":"x","d":1}"#,
        false
    )]
    #[case("{}", r#"{"cdlorganization":"x"}"#, false)]
    fn only_the_organization_may_be_added(
        #[case] sent: &str,
        #[case] recorded: &str,
        #[case] same: bool,
    ) {
        assert_eq!(is_same_but_organization(sent, recorded), same);
    }

    fn reservation(user: &UserId, predecessor: String, kind: usize) -> Reservation {
        let (provider, now) = (user.clone(), time::OffsetDateTime::UNIX_EPOCH);
        let owned = EventIds::new(ConnectorId::parse("c.example").unwrap()).next(now);
        Reservation {
            exchange_id: ExchangeId::new_v7(now),
            event_id: owned.id,
            nonce: Some(owned.nonce),
            jti: None,
            kind: match kind {
                0 => Kind::Sent {
                    provider,
                    predecessor,
                },
                1 => Kind::Received {
                    provider,
                    predecessor,
                },
                2 => Kind::Direct {
                    source_url: predecessor,
                },
                _ => Kind::Unsent {
                    provider,
                    source_url: predecessor,
                },
            },
            consumer: user.clone(),
            user_id: user.clone(),
            end: None,
            resource: None,
        }
    }

    proptest! {
        /// Not by way of the canonical form either, which would cost more for every record.
        #[test]
        fn what_an_outbox_writes_stands_in_a_core_as_it_was_written(
            user in "[a-z0-9.-]{1,40}", text in ".{1,60}", kind in 0..4_usize, whole in any::<bool>(), len in any::<u32>(),
        ) {
            let reservation = reservation(&UserId::parse(&user).unwrap(), text, kind);
            let at = time::OffsetDateTime::UNIX_EPOCH;
            let item = if whole {
                let digest = Digest { sha256: [7; 32], sha512: Some([8; 64]), len: len.into() };
                reservation.completed(&digest, at)
            } else {
                reservation.aborted(AbortReason::Timeout, Some(len.into()), at)
            };
            let sent: Value = serde_json::from_slice(&item).unwrap();
            let mut core = json!({"v": 1, "xid": sent["exchange_id"], "actor": {"user": sent["user_id"]}});
            for name in ["event", "evidence", "dig", "jti", "nonce"] {
                if let Some(value) = sent.get(name) {
                    core[name] = value.clone();
                }
            }
            if sent["kind"] == "event" {
                core["event"]["cdlorganization"] = "架け橋 \"x\"".into();
            }
            let core_text = json::canonical(&core);
            prop_assert_eq!(
                differing(&serde_json::from_slice(&item).unwrap(), &serde_json::from_str(&core_text).unwrap()),
                None
            );
            let result = json!({"id": null, "status": "created", "receipt": receipt(&core)});
            let verdict = verdict_on(std::str::from_utf8(&item).unwrap(), &result);
            prop_assert!(matches!(verdict, Verdict::Delivered(_)), "{:?}", verdict);
        }
    }

    #[test]
    fn a_leaf_hash_that_is_not_recomputed_is_noticed() {
        let mut receipt = receipt(&core());
        receipt["salt"] = Salt([8; 32]).to_base64().into();
        assert!(matches!(
            verdict("created", &receipt),
            Verdict::Park {
                problem: Problem::Receipt,
                ..
            }
        ));
    }

    #[rstest]
    #[case(json!(null))]
    #[case(json!({}))]
    #[case(json!({"index": 7}))]
    fn only_an_earlier_record_may_have_been_erased(#[case] receipt: Value) {
        assert!(matches!(verdict("created", &receipt), Verdict::Park { .. }));
        assert!(matches!(verdict("exists", &receipt), Verdict::Delivered(_)));
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!("x"))]
    #[case(json!([null, null, null, null, null]))]
    #[case(json!({"salt": 1}))]
    #[case(json!({"index": "7"}))]
    #[case(json!({"index": -1}))]
    #[case(json!({"origin": 5}))]
    fn what_is_no_receipt_is_not_kept(#[case] receipt: Value) {
        for status in ["created", "exists"] {
            assert!(
                matches!(verdict(status, &receipt), Verdict::Park { .. }),
                "{status}"
            );
        }
    }

    #[rstest]
    #[case(Some(true), 422, Verdict::Retry)]
    #[case(None, 503, Verdict::Retry)]
    #[case(Some(false), 409, Verdict::Park { problem: Problem::Conflict, why: "conflict: d".to_owned() })]
    #[case(None, 409, Verdict::Park { problem: Problem::Conflict, why: "conflict: d".to_owned() })]
    fn the_ledger_says_whether_to_try_again(
        #[case] retry: Option<bool>,
        #[case] status: u16,
        #[case] expected: Verdict,
    ) {
        let problem =
            json!({"type": "urn:x:conflict", "title": "", "status": status, "detail": "d"});
        let result = json!({"id": null, "status": "rejected", "retry": retry, "problem": problem});
        assert_eq!(verdict_on(&item().to_string(), &result), expected);
    }

    fn refused(problem: &Value, receipt: &Value) -> Verdict {
        let result = json!({"id": "e1", "status": "rejected", "retry": false, "problem": problem, "receipt": receipt});
        verdict_on(&item().to_string(), &result)
    }

    #[rstest]
    #[case(json!({"detail": "unknown member \"nonce\""}), Some("nonce"))]
    #[case(json!({"detail": "evidence: type \"x\" is not taken here", "unknown": "x"}), Some("x"))]
    #[case(json!({"detail": "user_id is missing"}), None)]
    fn what_only_a_later_ledger_knows_waits(#[case] members: Value, #[case] unknown: Option<&str>) {
        for (kind, waits) in [("invalid", true), ("forbidden", false)] {
            let mut problem = json!({"type": format!("urn:x:{kind}"), "title": "", "status": 422});
            for (name, value) in members.as_object().unwrap() {
                problem[name] = value.clone();
            }
            let verdict = refused(&problem, &json!(null));
            match unknown.filter(|_| waits) {
                Some(name) => assert_eq!(verdict, Verdict::Older(name.to_owned())),
                None => assert!(matches!(verdict, Verdict::Park { .. }), "{verdict:?}"),
            }
        }
    }

    #[test]
    fn what_this_connector_has_in_the_ledger_closes_its_record() {
        let conflict = json!({"type": "urn:x:conflict", "title": "", "status": 409, "detail": "d"});
        let mut other = core();
        other["actor"]["client"] = "c.example".into();
        other["xid"] = "x2".into();
        let own = receipt(&other);
        assert_eq!(refused(&conflict, &own), Verdict::Behind(packed(&own)));
        other["event"]["cdleventid"] = "e2".into();
        let of_another_id = receipt(&other);
        other["event"]["cdleventid"] = "e1".into();
        other["actor"]["client"] = "d.example".into();
        let of_another_connector = receipt(&other);
        let mut forged = own;
        forged["leaf_hash"] = "AAAA".into();
        for bad in [
            of_another_id,
            of_another_connector,
            forged,
            json!(null),
            json!([1]),
            json!({"core": "x"}),
        ] {
            let verdict = refused(&conflict, &bad);
            assert!(
                matches!(
                    verdict,
                    Verdict::Park {
                        problem: Problem::Conflict,
                        ..
                    }
                ),
                "{verdict:?}"
            );
        }
        let invalid = json!({"type": "urn:x:invalid", "title": "", "status": 422, "detail": "d"});
        other["actor"]["client"] = "c.example".into();
        assert!(matches!(
            refused(&invalid, &receipt(&other)),
            Verdict::Park { .. }
        ));
    }
}
