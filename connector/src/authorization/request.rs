//! Bodies and queries of the grant API, read strictly.
//!
//! A value that is not understood is refused: taken as "not set" it would widen a grant. The reference coerces numbers
//! into texts, `true` into level 1 and 2.9 into level 2, and keeps an empty text as a condition; none of that is wanted.

use common::ids::UserId;
use serde_json::{Map, Value};

use super::{
    grant::{Aal, Assignee, Contract, Grant},
    refusals::{self, GrantError},
};
use crate::upstream::{MAX_URL_BYTES, strip_slash};

/// Longest text besides the target, in characters (CADDE 4.0 basic design of authentication and authorization). That document
/// has it for the target too; but whatever the connectors fetch can be granted, and a Japanese name of 30 characters is
/// 270 of a URL.
const MAX_CHARS: usize = 255;

/// What a `DELETE` removes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// The grants of this trade.
    Trade(String),
    /// The grant without a contract whose conditions are exactly these.
    Assignee(Assignee),
}

/// A grant and whose it is to be.
#[derive(Debug)]
pub(super) struct Addressed<T> {
    pub assigner: UserId,
    pub target: String,
    pub content: T,
}

/// Reads the body of a `POST`.
pub(super) fn registration(body: &Value) -> Result<Addressed<Grant>, GrantError> {
    let body = object(body, &["body"])?;
    let (assigner, target, permission) = permission(body)?;
    let value = permission
        .get("assignee")
        .ok_or_else(|| missing(&["body", "permission", "assignee"]))?;
    let whom = assignee(value)?;
    if !whom.names_somebody() {
        return Err((&refusals::NOBODY).into());
    }
    let contract = match set(body, "contract") {
        None => None,
        Some(value) => Some(contract(object(value, &["body", "contract"])?)?),
    };
    Ok(Addressed {
        assigner,
        target: target.clone(),
        content: Grant {
            target,
            assignee: whom,
            contract,
        },
    })
}

/// Reads the body of a `DELETE`: a contract wins over the assignee, as existing callers send both.
pub(super) fn removal(body: &Value) -> Result<Addressed<Removal>, GrantError> {
    let body = object(body, &["body"])?;
    let (assigner, target, permission) = permission(body)?;
    let content = if let Some(contract) = set(body, "contract") {
        let contract = object(contract, &["body", "contract"])?;
        Removal::Trade(header_text(contract, "trade_id")?)
    } else if let Some(value) = set(permission, "assignee") {
        Removal::Assignee(assignee(value)?)
    } else {
        return Err((&refusals::NOBODY).into());
    };
    Ok(Addressed {
        assigner,
        target,
        content,
    })
}

/// Reads the query of a `GET`, with or without a target.
pub(super) fn query(
    query: &str,
    wants_target: bool,
) -> Result<(UserId, Option<String>), GrantError> {
    let assigner = parameter(query, "assigner")?.ok_or_else(|| missing(&["query", "assigner"]))?;
    let assigner = user_id(&assigner, &["query", "assigner"])?;
    let target = parameter(query, "target")?;
    match target.map(|target| strip_slash(&target).to_owned()) {
        None if wants_target => Err(missing(&["query", "target"])),
        target => Ok((assigner, target)),
    }
}

fn parameter(query: &str, name: &str) -> Result<Option<String>, GrantError> {
    let mut found = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        return Err(GrantError::at(
            &["query", name],
            "is given more than once",
            "value_error.duplicate",
        ));
    }
    Ok(first.map(String::from))
}

type Permission<'a> = (UserId, String, &'a Map<String, Value>);

fn permission(body: &Map<String, Value>) -> Result<Permission<'_>, GrantError> {
    let permission = set(body, "permission").ok_or_else(|| missing(&["body", "permission"]))?;
    let permission = object(permission, &["body", "permission"])?;
    let at = |name| ["body", "permission", name];
    let target = set(permission, "target").ok_or_else(|| missing(&at("target")))?;
    let target = short_text(target, &at("target"), MAX_URL_BYTES)?;
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "must be percent-encoded: printable ASCII without blanks";
        return Err(GrantError::at(&at("target"), message, "value_error.target"));
    }
    let assigner = set(permission, "assigner").ok_or_else(|| missing(&at("assigner")))?;
    let assigner = user_id(text(assigner, &at("assigner"))?, &at("assigner"))?;
    // Requests for a resource lose one trailing slash before anything is compared.
    Ok((assigner, strip_slash(target).to_owned(), permission))
}

fn assignee(value: &Value) -> Result<Assignee, GrantError> {
    let at = |name| ["body", "permission", "assignee", name];
    let members = object(value, &["body", "permission", "assignee"])?;
    let id = |name| match set(members, name) {
        None => Ok(None),
        Some(value) => user_id(text(value, &at(name))?, &at(name)).map(Some),
    };
    Ok(Assignee {
        user: id("user")?,
        org: id("org")?,
        aal: set(members, "aal")
            .map(|value| level(value, &at("aal")))
            .transpose()?,
        extras: match set(members, "extras") {
            None => None,
            Some(value) => Some(text(value, &at("extras"))?.to_owned()),
        },
    })
}

fn contract(members: &Map<String, Value>) -> Result<Contract, GrantError> {
    Ok(Contract {
        trade_id: header_text(members, "trade_id")?,
        contract_url: header_text(members, "contract_url")?,
        contract_type: header_text(members, "contract_type")?,
    })
}

/// A text that will stand in a header of an answer: existing receivers break on anything but ASCII there. It may be
/// empty, as in the sample of the reference.
fn header_text(members: &Map<String, Value>, name: &str) -> Result<String, GrantError> {
    let at = ["body", "contract", name];
    let value = members.get(name).ok_or_else(|| missing(&at))?;
    let Value::String(text) = value else {
        return Err(GrantError::at(&at, "must be a text", "type_error.str"));
    };
    let text = text.trim();
    if text.len() > MAX_CHARS || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = "must be at most 255 characters of printable ASCII: it is sent in a header";
        return Err(GrantError::at(&at, message, "value_error.header"));
    }
    Ok(text.to_owned())
}

fn level(value: &Value, at: &[&str]) -> Result<Aal, GrantError> {
    let number = match value {
        // A fraction is no level, and 2.0 is written by somebody who means something else.
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            number.as_i64().unwrap_or(i64::MAX)
        }
        Value::String(text) if is_number(text) => text.parse().unwrap_or(i64::MAX),
        _ => {
            return Err(GrantError::at(
                at,
                "must be an integer from 1 to 3",
                "type_error.integer",
            ));
        }
    };
    u8::try_from(number)
        .ok()
        .and_then(Aal::new)
        .ok_or_else(|| (&refusals::LEVEL).into())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn user_id(text: &str, at: &[&str]) -> Result<UserId, GrantError> {
    UserId::parse(text)
        .map_err(|error| GrantError::at(at, &error.to_string(), "value_error.user_id"))
}

/// A text that is a condition or a name: never empty.
fn text<'a>(value: &'a Value, at: &[&str]) -> Result<&'a str, GrantError> {
    short_text(value, at, MAX_CHARS)
}

/// A text of at most `max` characters.
fn short_text<'a>(value: &'a Value, at: &[&str], max: usize) -> Result<&'a str, GrantError> {
    let Value::String(text) = value else {
        return Err(GrantError::at(at, "must be a text", "type_error.str"));
    };
    if text.is_empty() {
        return Err(GrantError::at(
            at,
            "may not be empty; leave it out or send null",
            "value_error.empty",
        ));
    }
    if text.chars().count() > max || text.chars().any(char::is_control) {
        let message = format!("must be at most {max} characters without control characters");
        return Err(GrantError::at(at, &message, "value_error.text"));
    }
    Ok(text)
}

/// A member that is there and not null.
fn set<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn object<'a>(value: &'a Value, at: &[&str]) -> Result<&'a Map<String, Value>, GrantError> {
    value
        .as_object()
        .ok_or_else(|| GrantError::at(at, "must be an object", "type_error.dict"))
}

fn missing(at: &[&str]) -> GrantError {
    GrantError::at(at, "is required", "value_error.missing")
}

#[cfg(test)]
mod tests {
    use common::http::Refusal;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn body(whom: impl Into<Value>) -> Value {
        let assignee = whom.into();
        json!({"permission": {"target": "https://d.example/a", "assigner": "cadde.p.aa", "assignee": assignee}})
    }

    #[test]
    fn a_registration_is_read() {
        let mut body = body(json!({"user": "u", "org": null, "aal": "2", "extras": "e"}));
        body["contract"] = json!({"trade_id": "", "contract_url": "", "contract_type": ""});
        let read = registration(&body).unwrap();
        assert_eq!(read.assigner.as_str(), "cadde.p.aa");
        assert_eq!(read.content.assignee.aal, Aal::new(2));
        assert_eq!(read.content.assignee.org, None);
        assert_eq!(read.content.contract.unwrap().trade_id, "");
    }

    fn is(error: &GrantError, refusal: &Refusal) -> bool {
        matches!(error, GrantError::Refused(refused) if std::ptr::eq(refused.refusal, refusal))
    }

    #[rstest]
    #[case(json!({"user": ""}))]
    #[case(json!({"org": ""}))]
    #[case(json!({"user": "u", "extras": ""}))]
    #[case(json!({"user": 5}))]
    #[case(json!({"user": "a,b"}))]
    #[case(json!({"aal": true}))]
    #[case(json!({"aal": 2.9}))]
    #[case(json!({"aal": 2.0}))]
    #[case(json!({"aal": "two"}))]
    #[case(json!({"aal": ""}))]
    #[case(json!({"aal": [2]}))]
    #[case(json!("u"))]
    fn a_condition_that_is_not_understood_is_never_dropped(#[case] assignee: Value) {
        assert!(matches!(
            registration(&body(assignee)),
            Err(GrantError::Schema(_))
        ));
    }

    #[rstest]
    #[case(json!({"aal": 0}))]
    #[case(json!({"aal": 4}))]
    #[case(json!({"aal": -1}))]
    #[case(json!({"aal": "99999999999999999999"}))]
    fn a_level_outside_the_scale_is_refused(#[case] assignee: Value) {
        let refused = registration(&body(assignee)).unwrap_err();
        assert!(is(&refused, &refusals::LEVEL));
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({"user": null, "org": null, "aal": null}))]
    #[case(json!({"extras": "e"}))]
    fn a_grant_to_nobody_in_particular_is_refused(#[case] assignee: Value) {
        let refused = registration(&body(assignee)).unwrap_err();
        assert!(is(&refused, &refusals::NOBODY));
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!({}))]
    #[case(json!({"permission": {"assigner": "p", "assignee": {"user": "u"}}}))]
    #[case(json!({"permission": {"target": "", "assigner": "p", "assignee": {"user": "u"}}}))]
    #[case(json!({"permission": {"target": "https://d/あ", "assigner": "p", "assignee": {"user": "u"}}}))]
    #[case(json!({"permission": {"target": "https://d/a", "assignee": {"user": "u"}}}))]
    #[case(json!({"permission": {"target": "https://d/a", "assigner": "p"}}))]
    #[case(json!({"permission": {"target": "https://d/a", "assigner": "p", "assignee": {"user": "u"}},
                  "contract": {"trade_id": "t"}}))]
    #[case(json!({"permission": {"target": "https://d/a", "assigner": "p", "assignee": {"user": "u"}},
                  "contract": {"trade_id": "t", "contract_url": "u", "contract_type": "契約"}}))]
    fn a_body_that_does_not_fit_is_refused(#[case] body: Value) {
        assert!(matches!(registration(&body), Err(GrantError::Schema(_))));
    }

    #[test]
    fn a_target_is_as_long_as_a_url_that_is_fetched() {
        let of = |len: usize| {
            let mut body = body(json!({"user": "u"}));
            body["permission"]["target"] = "x".repeat(len).into();
            registration(&body).is_ok()
        };
        assert!(of(MAX_URL_BYTES) && !of(MAX_URL_BYTES + 1));
    }

    #[test]
    fn a_target_loses_the_slash_that_requests_lose() {
        let mut body = body(json!({"user": "u"}));
        body["permission"]["target"] = "https://d.example/folder/".into();
        let read = registration(&body).unwrap();
        assert_eq!(read.target, "https://d.example/folder");
        assert_eq!(read.content.target, read.target);
        let asked = query("assigner=p&target=https://d.example/folder/", true);
        assert_eq!(asked.unwrap().1.unwrap(), read.target);
    }

    #[test]
    fn a_removal_goes_by_the_trade_if_there_is_one() {
        let mut by_both = body(json!({"user": "u"}));
        by_both["contract"] = json!({"trade_id": "T-1"});
        assert_eq!(
            removal(&by_both).unwrap().content,
            Removal::Trade("T-1".into())
        );
        let by_assignee = removal(&body(json!({"aal": 1}))).unwrap().content;
        assert_eq!(
            by_assignee,
            Removal::Assignee(Assignee {
                aal: Aal::new(1),
                ..Assignee::default()
            })
        );
        let refused = removal(&body(Value::Null)).unwrap_err();
        assert!(is(&refused, &refusals::NOBODY));
    }

    #[test]
    fn a_query_names_each_parameter_once() {
        let (assigner, target) = query(
            "assigner=cadde.p.aa&target=https%3A%2F%2Fd%2Fa%3Fx%3D1%26y",
            true,
        )
        .unwrap();
        assert_eq!(
            (assigner.as_str(), target.as_deref()),
            ("cadde.p.aa", Some("https://d/a?x=1&y"))
        );
        for bad in [
            "target=x",
            "assigner=p",
            "assigner=p&assigner=q&target=x",
            "assigner=&target=x",
        ] {
            assert!(
                matches!(query(bad, true), Err(GrantError::Schema(_))),
                "{bad}"
            );
        }
        assert!(query("assigner=p", false).is_ok());
    }
}
