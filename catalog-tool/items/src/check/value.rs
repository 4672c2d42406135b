//! One value, by what its item is.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{
    finding::{At, Findings},
    geometry,
    messages::{
        ADDRESS, CHARACTER, COMMA, DATA_MODEL, DATE, GEOMETRY, KEYWORD, LONG_ADDRESS, Message,
        NOT_LISTED, NUMBER, OFF_LIST, PASSWORD, PERIOD, PERIOD_SHAPE, SCHEME, SWAPPED, USER_ID,
    },
};
use crate::{
    address::{self, AddressError},
    characters::{is_for_keywords, unwelcome},
    codes::CodeList,
    date,
    item::{Item, Kind},
    period,
    read::{is_joined, is_one},
    table::keys,
    text::Text,
    value::Value,
};

/// Checks what `item` says.
pub(super) fn check(findings: &mut Findings, at: At, item: &'static Item, value: &Value) {
    for (number, part) in value.parts().enumerate() {
        let number = item.many.then_some(number);
        if let Some(c) = unwelcome(&part, Some(item.kind)) {
            let found = findings.about(at, item, number, &CHARACTER);
            append(found, &Text::of(code_point(c), code_point(c)));
            continue;
        }
        if is_joined(item) && !is_one(&part) {
            findings.about(at, item, number, &COMMA);
        }
        match item.codes {
            Some(codes) => listed(findings, at, item, number, codes, &part),
            None => plain(findings, at, item, number, &part, value),
        }
    }
}

/// A character that isn't seen, by its number.
pub(super) fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

fn append(finding: Option<&mut super::Finding>, text: &Text) {
    if let Some(finding) = finding {
        finding.text.ja.to_mut().push_str(&text.ja);
        finding.text.en.to_mut().push_str(&text.en);
    }
}

fn listed(
    findings: &mut Findings,
    at: At,
    item: &'static Item,
    number: Option<usize>,
    codes: &'static CodeList,
    part: &str,
) {
    let is_typed = || item.kind == Kind::MediaType && crate::codes::media_type(part).is_some();
    if codes.knows(part) || is_typed() {
        return;
    }
    let message = if codes.closed { &NOT_LISTED } else { &OFF_LIST };
    if let Some(finding) = findings.about(at, item, number, message) {
        finding.allowed = codes.allowed();
    }
}

fn plain(
    findings: &mut Findings,
    at: At,
    item: &'static Item,
    number: Option<usize>,
    part: &str,
    value: &Value,
) {
    let mut tell = |message: &Message| {
        findings.about(at, item, number, message);
    };
    match item.kind {
        Kind::Url => address(&mut tell, part),
        Kind::UrlOrText if address::looks_like_one(part) => address(&mut tell, part),
        Kind::Date => {
            if let Err(wrong) = date::read(part) {
                let found = findings.about(at, item, number, &DATE);
                append(found, &wrong.text());
            }
        }
        Kind::Tags => {
            let length = part.chars().count();
            if !(2..=100).contains(&length) || !part.chars().all(is_for_keywords) {
                tell(&KEYWORD);
            }
        }
        Kind::Bytes if !matches!(value, Value::Json(Json::Number(_))) => tell(&NUMBER),
        Kind::GeoJson => match serde_json::from_str(part).map(|shape| geometry::fault(&shape)) {
            Ok(None) => {}
            Ok(Some(geometry::Fault::Swapped)) => tell(&SWAPPED),
            Ok(Some(geometry::Fault::Shape)) | Err(_) => tell(&GEOMETRY),
        },
        Kind::DataModel if serde_json::from_str::<Json>(part).is_err() => tell(&DATA_MODEL),
        Kind::EffectivePeriod | Kind::LicencePeriod => {
            let own = if item.kind == Kind::EffectivePeriod {
                period::EFFECTIVE
            } else {
                period::LICENCE
            };
            match value {
                Value::Json(shape) => {
                    if let Some(fault) = period::fault(shape, own) {
                        append(findings.about(at, item, number, &PERIOD), &fault);
                    }
                }
                _ => tell(&PERIOD_SHAPE),
            }
        }
        _ if item.key == keys::PROVIDER_ID && common_ids::UserId::parse(part).is_err() => {
            tell(&USER_ID);
        }
        _ => {}
    }
}

fn address(tell: &mut impl FnMut(&Message), part: &str) {
    match address::read(part) {
        Ok(_) => {}
        Err(AddressError::Form) => tell(&ADDRESS),
        Err(AddressError::Scheme) => tell(&SCHEME),
        Err(AddressError::Password) => tell(&PASSWORD),
        Err(AddressError::Length) => tell(&LONG_ADDRESS),
    }
}

/// What may be written where a list says so.
pub(super) fn allowed(item: &Item) -> Vec<Cow<'static, str>> {
    item.codes.map(CodeList::allowed).unwrap_or_default()
}
