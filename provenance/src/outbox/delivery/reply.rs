//! What an answer of the ledger means for a record.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::model::{
    batch::{ItemProblem, ItemStatus},
    commitment::{Commitment, Salt},
    json,
};

/// A result as it is read here. The form is that of [`ItemResult`](crate::model::batch::ItemResult); the receipt stays as the
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
    /// Keep the receipt (JSON), forget the record.
    Delivered(String),
    /// Set it aside: `problem` is one of a few words, `why` is for people.
    Park { problem: &'static str, why: String },
    /// Try again later.
    Retry,
}

pub(super) fn judge(item: &[u8], result: &ItemResult<'_>) -> Verdict {
    match result.status {
        ItemStatus::Created | ItemStatus::Exists => {
            let text = result.receipt.map_or("{}", RawValue::get);
            match verify(item, text, result.status) {
                Ok(()) => Verdict::Delivered(text.to_owned()),
                Err(why) => Verdict::Park {
                    problem: "receipt",
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
            let known = ["invalid", "forbidden", "conflict"]
                .into_iter()
                .find(|k| *k == kind);
            let why = problem.map_or_else(
                || "no reason given".to_owned(),
                |p| format!("{kind}: {}", p.detail),
            );
            Verdict::Park {
                problem: known.unwrap_or("other"),
                why,
            }
        }
    }
}

/// What a receipt is judged by.
#[derive(Deserialize)]
struct Receipt {
    leaf_hash: Option<String>,
    salt: Option<String>,
    core: Option<String>,
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
}

#[derive(Deserialize)]
struct Core<'t> {
    v: u64,
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
}

#[derive(Deserialize)]
struct Actor<'t> {
    #[serde(borrow)]
    user: &'t RawValue,
}

/// A member that the ledger adds to every event of its own accord.
const ORGANIZATION: &str = "\"cdlorganization\":";

/// Whether `receipt` shows that the ledger committed to what `item` says.
///
/// The commitment is recomputed from salt and core; where there is a log already, its leaf has to be the one that the receipt
/// names. What was sent has to stand in the core as it was sent, but for what the ledger adds. Erased records have neither salt nor
/// core; only one that had been there before can be.
fn verify(item: &[u8], receipt: &str, status: ItemStatus) -> Result<(), String> {
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
    let core: Core<'_> =
        serde_json::from_str(core_text).map_err(|e| format!("its core cannot be read: {e}"))?;
    let unread = |e: &dyn std::error::Error| format!("the item cannot be read: {e}");
    let item = std::str::from_utf8(item).map_err(|e| unread(&e))?;
    let sent: Item<'_> = serde_json::from_str(item).map_err(|e| unread(&e))?;
    if differing(&sent, &core).is_none() {
        return Ok(());
    }
    // A core is canonical; evidence, and items that an earlier version left in the file, are not.
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
                    if is_same_without(ORGANIZATION, sent.get(), event.get())),
        ),
        ("evidence", is_same(sent.evidence, core.evidence)),
        ("dig", is_same(sent.dig, core.dig)),
    ];
    members
        .into_iter()
        .find_map(|(name, same)| (!same).then_some(name))
}

fn is_same(sent: Option<&RawValue>, recorded: Option<&RawValue>) -> bool {
    sent.map(RawValue::get) == recorded.map(RawValue::get)
}

/// Whether the object `recorded` is the object `sent` with one more member, in the middle or at the end, whose name and colon are
/// `added`. Both are JSON without spaces.
fn is_same_without(added: &str, sent: &str, recorded: &str) -> bool {
    let Some((before, value)) = recorded.split_once(added) else {
        return false;
    };
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<&RawValue>();
    if !matches!(values.next(), Some(Ok(_))) {
        return false;
    }
    let after = &value[values.byte_offset()..];
    let (before, after) = match (after.strip_prefix(','), before.strip_suffix(',')) {
        (Some(after), _) => (before, after),
        (None, Some(before)) => (before, after),
        (None, None) => return false,
    };
    sent.strip_prefix(before) == Some(after)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn item() -> Value {
        json!({"kind": "event", "exchange_id": "x1", "user_id": "u", "event": {"cdleventid": "e1"}, "dig": {"len": 3, "sha256": "aa"}})
    }

    fn core() -> Value {
        json!({"v": 1, "xid": "x1", "actor": {"auth": "mtls", "user": "u"}, "prev": [], "rx": "t",
               "event": {"cdleventid": "e1", "cdlorganization": "org"}, "dig": {"len": 3, "sha256": "aa"}})
    }

    fn receipt(core: &Value) -> Value {
        let (salt, core) = (Salt([7; 32]), json::canonical(core));
        let leaf_hash = Commitment(Commitment::new(&salt, &core).leaf_hash()).to_base64();
        json!({"leaf_hash": leaf_hash, "salt": salt.to_base64(), "core": core})
    }

    fn verdict_on(item: &str, result: &Value) -> Verdict {
        let result = result.to_string();
        judge(item.as_bytes(), &serde_json::from_str(&result).unwrap())
    }

    fn verdict(status: &str, receipt: &Value) -> Verdict {
        let result = json!({"id": "e1", "status": status, "receipt": receipt});
        verdict_on(&item().to_string(), &result)
    }

    fn created(core: &Value) -> Verdict {
        verdict("created", &receipt(core))
    }

    #[test]
    fn a_receipt_for_what_was_sent_is_kept() {
        let receipt = receipt(&core());
        let kept = Verdict::Delivered(receipt.to_string());
        assert_eq!(verdict("created", &receipt), kept);
    }

    #[test]
    fn the_order_of_members_sent_does_not_matter() {
        let item = r#"{"kind": "event", "user_id": "u", "dig": {"sha256": "aa", "len": 3}, "exchange_id": "x1", "event": {"cdleventid": "\u0065\u0031"}}"#;
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
    #[case("/v", json!(2))]
    fn a_receipt_for_something_else_is_noticed(#[case] at: &str, #[case] value: Value) {
        let mut core = core();
        *core.pointer_mut(at).unwrap() = value;
        assert!(matches!(
            created(&core),
            Verdict::Park {
                problem: "receipt",
                ..
            }
        ));
    }

    #[rstest]
    #[case(r#"{"a":1,"c":2}"#, r#"{"a":1,"b":"x","c":2}"#, true)]
    #[case(r#"{"a":1}"#, r#"{"a":1,"b":"x"}"#, true)]
    #[case(r#"{"c":1}"#, r#"{"b":["x","\"}"],"c":1}"#, true)]
    #[case(r#"{"a":1}"#, r#"{"a":1}"#, false)]
    #[case(r#"{"a":1}"#, r#"{"a":2,"b":"x"}"#, false)]
    #[case(r#"{"a":1}"#, r#"{"a":1,"b":"x","c":2}"#, false)]
    #[case(r#"{"a":1,"c":2}"#, r#"{"a":1,"b":"x"}"#, false)]
    #[case(r#"{"a":1,"c":2}"#, r#"{"a":1,"b":"x","b":"x","c":2}"#, false)]
    #[case(r#"{"a":"\"b\":1"}"#, r#"{"a":"\"b\":1","b":"x"}"#, true)]
    #[case("{}", r#"{"b":"x"}"#, false)]
    fn one_member_may_be_added(#[case] sent: &str, #[case] recorded: &str, #[case] same: bool) {
        assert_eq!(is_same_without(r#""b":"#, sent, recorded), same);
    }

    #[test]
    fn a_leaf_hash_that_is_not_recomputed_is_noticed() {
        let mut receipt = receipt(&core());
        receipt["salt"] = Salt([8; 32]).to_base64().into();
        assert!(matches!(
            verdict("created", &receipt),
            Verdict::Park {
                problem: "receipt",
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
    #[case(json!({"salt": 1}))]
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
    #[case(Some(false), 409, Verdict::Park { problem: "conflict", why: "conflict: d".to_owned() })]
    #[case(None, 409, Verdict::Park { problem: "conflict", why: "conflict: d".to_owned() })]
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
}
