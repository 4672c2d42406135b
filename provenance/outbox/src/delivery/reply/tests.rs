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
    let problem = json!({"type": "urn:x:conflict", "title": "", "status": status, "detail": "d"});
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
