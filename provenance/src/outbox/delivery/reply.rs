//! What an answer of the ledger means for a record.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::model::{
    batch::{ItemResult, ItemStatus, Receipt},
    commitment::{Commitment, Salt},
};

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

pub(super) fn judge(item: &[u8], result: &ItemResult) -> Verdict {
    match result.status {
        ItemStatus::Created | ItemStatus::Exists => {
            let nothing = Receipt::default();
            let receipt = result.receipt.as_ref().unwrap_or(&nothing);
            let is_erased = result.status == ItemStatus::Exists
                && receipt.salt.is_none()
                && receipt.core.is_none();
            match if is_erased {
                Ok(())
            } else {
                verify(item, receipt)
            } {
                Ok(()) => Verdict::Delivered(
                    serde_json::to_string(receipt).expect("a receipt has only strings and numbers"),
                ),
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

/// What an outbox sent, in the parts that are compared as they stand.
#[derive(Deserialize)]
struct Item<'t> {
    #[serde(borrow)]
    exchange_id: Cow<'t, str>,
    #[serde(borrow)]
    user_id: Cow<'t, str>,
    #[serde(borrow)]
    event: Option<Members<'t>>,
    #[serde(borrow)]
    evidence: Option<Members<'t>>,
    #[serde(borrow)]
    dig: Option<Members<'t>>,
}

#[derive(Deserialize)]
struct Core<'t> {
    v: u64,
    #[serde(borrow)]
    xid: Option<Cow<'t, str>>,
    #[serde(borrow)]
    actor: Actor<'t>,
    #[serde(borrow)]
    event: Option<Members<'t>>,
    #[serde(borrow)]
    evidence: Option<Members<'t>>,
    #[serde(borrow)]
    dig: Option<Members<'t>>,
}

#[derive(Deserialize)]
struct Actor<'t> {
    #[serde(borrow)]
    user: Cow<'t, str>,
}

/// A member that the ledger adds to every event of its own accord.
const ORGANIZATION: &str = "cdlorganization";

/// Whether `receipt` shows that the ledger committed to what `item` says.
///
/// The commitment is recomputed from salt and core; where there is a log already, its leaf has to be the one that the receipt
/// names. That the core says what was sent is checked member by member, for the ledger adds some of its own.
fn verify(item: &[u8], receipt: &Receipt) -> Result<(), String> {
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
    let item = std::str::from_utf8(item).map_err(|e| format!("the item cannot be read: {e}"))?;
    let item: Item<'_> =
        serde_json::from_str(item).map_err(|e| format!("the item cannot be read: {e}"))?;
    let core: Core<'_> =
        serde_json::from_str(core_text).map_err(|e| format!("its core cannot be read: {e}"))?;
    let fits = [
        ("v", core.v == 1),
        ("xid", core.xid.as_ref() == Some(&item.exchange_id)),
        ("actor", core.actor.user == item.user_id),
        (
            "event",
            same_members(item.event.as_ref(), core.event.as_ref(), &[ORGANIZATION]),
        ),
        (
            "evidence",
            same_members(item.evidence.as_ref(), core.evidence.as_ref(), &[]),
        ),
        (
            "dig",
            same_members(item.dig.as_ref(), core.dig.as_ref(), &[]),
        ),
    ];
    match fits.iter().find(|(_, same)| !same) {
        Some((name, _)) => Err(format!("{name} of its core is not what was sent")),
        None => Ok(()),
    }
}

/// The members of an object, of which there are less than ten, with their values as they are written.
struct Members<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'t> Members<'t> {
    fn value(&self, name: &str) -> Option<&'t str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.get())
    }
}

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Whether two objects have the same members, in whatever order, but for `added` ones that only the record has. A record with a
/// member twice is none of what was sent.
fn same_members(
    sent: Option<&Members<'_>>,
    recorded: Option<&Members<'_>>,
    added: &[&str],
) -> bool {
    let (sent, recorded) = match (sent, recorded) {
        (None, None) => return true,
        (Some(sent), Some(recorded)) => (sent, recorded),
        _ => return false,
    };
    let more = recorded
        .0
        .iter()
        .filter(|(name, _)| sent.value(name).is_none());
    sent.0.len() + more.clone().count() == recorded.0.len()
        && more.clone().count() <= added.len()
        && more.clone().all(|(name, _)| added.contains(&&**name))
        && sent.0.iter().all(|(name, value)| {
            recorded
                .value(name)
                .is_some_and(|recorded| same_value(value.get(), recorded))
        })
}

/// Both sides write strings and integers alike, so that the same text is the rule.
fn same_value(sent: &str, recorded: &str) -> bool {
    sent == recorded
        || matches!(
            (serde_json::from_str::<Value>(sent), serde_json::from_str::<Value>(recorded)),
            (Ok(sent), Ok(recorded)) if sent == recorded
        )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::{batch::ItemProblem, json};

    fn item() -> Value {
        json!({"kind": "event", "exchange_id": "x1", "user_id": "u", "event": {"cdleventid": "e1"}, "dig": {"len": 3, "sha256": "aa"}})
    }

    fn core() -> Value {
        json!({"v": 1, "xid": "x1", "actor": {"auth": "mtls", "user": "u"}, "prev": [], "rx": "t",
               "event": {"cdleventid": "e1", "cdlorganization": "org"}, "dig": {"len": 3, "sha256": "aa"}})
    }

    fn created(core: &Value) -> ItemResult {
        let (salt, core) = (Salt([7; 32]), json::canonical(core));
        let leaf_hash = Commitment(Commitment::new(&salt, &core).leaf_hash()).to_base64();
        ItemResult {
            id: Some("e1".to_owned()),
            status: ItemStatus::Created,
            pending: Vec::new(),
            receipt: Some(Receipt {
                leaf_hash: Some(leaf_hash),
                salt: Some(salt.to_base64()),
                core: Some(core),
                ..Receipt::default()
            }),
            retry: None,
            problem: None,
        }
    }

    fn verdict(result: &ItemResult) -> Verdict {
        judge(item().to_string().as_bytes(), result)
    }

    #[test]
    fn a_receipt_for_what_was_sent_is_kept() {
        assert!(matches!(verdict(&created(&core())), Verdict::Delivered(_)));
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
            verdict(&created(&core)),
            Verdict::Park {
                problem: "receipt",
                ..
            }
        ));
    }

    #[rstest]
    #[case(r#"{"a": 1}"#, r#"{ "a":1 }"#, true)]
    #[case(r#"{"a": 1, "b": "x"}"#, r#"{"b": "x", "a": 1}"#, true)]
    #[case(r#"{"a": "\u00e9"}"#, r#"{"\u0061": "é"}"#, true)]
    #[case(r#"{"a": 1}"#, r#"{"a": 1, "ours": 2}"#, true)]
    #[case(r#"{"a": 1, "ours": 1}"#, r#"{"a": 1, "ours": 2}"#, false)]
    #[case(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false)]
    #[case(r#"{"a": 1}"#, r#"{"a": 1, "a": 2}"#, false)]
    #[case(r#"{"a": 1}"#, r#"{"a": 1, "ours": 2, "ours": 3}"#, false)]
    #[case(r#"{"a": 1, "a": 1}"#, r#"{"a": 1, "b": 2}"#, false)]
    #[case(r#"{"a": 1}"#, r#"{"a": "1"}"#, false)]
    #[case(r"{}", r#"{"a": 1}"#, false)]
    fn members_are_compared_whatever_their_order(
        #[case] sent: &str,
        #[case] recorded: &str,
        #[case] same: bool,
    ) {
        let read = |text| serde_json::from_str::<Members<'_>>(text).unwrap();
        assert_eq!(
            same_members(Some(&read(sent)), Some(&read(recorded)), &["ours"]),
            same
        );
    }

    #[test]
    fn a_leaf_hash_that_is_not_recomputed_is_noticed() {
        let mut result = created(&core());
        result.receipt.as_mut().unwrap().salt = Some(Salt([8; 32]).to_base64());
        assert!(matches!(
            verdict(&result),
            Verdict::Park {
                problem: "receipt",
                ..
            }
        ));
    }

    #[test]
    fn only_an_earlier_record_may_have_been_erased() {
        let mut result = created(&core());
        result.receipt = None;
        assert!(matches!(verdict(&result), Verdict::Park { .. }));
        result.status = ItemStatus::Exists;
        assert!(matches!(verdict(&result), Verdict::Delivered(_)));
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
        let result = ItemResult {
            id: None,
            status: ItemStatus::Rejected,
            pending: Vec::new(),
            receipt: None,
            retry,
            problem: Some(ItemProblem {
                kind: "urn:x:conflict".to_owned(),
                title: String::new(),
                status,
                detail: "d".to_owned(),
            }),
        };
        assert_eq!(verdict(&result), expected);
    }
}
