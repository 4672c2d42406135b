//! How long data, or a licence, is good for. Both are objects in the specification; other tools write them as lists of one, under other
//! names, with numbers as text, or as plain text.

use serde_json::{Map, Value as Json, json};

use crate::{date, text::Text, value::Value};

/// What tells the variants apart, in the specification.
pub(crate) const EFFECTIVE: &str = "effectivePeriodOfDataType";
/// The same of licences.
pub(crate) const LICENCE: &str = "expirationPeriodType";
/// Units in which a licence's duration is counted.
pub(crate) const UNITS: [&str; 4] = ["day", "week", "month", "year"];

/// How long data is good for, in its clean form.
pub(crate) fn effective(json: &Json) -> Option<Value> {
    read(json, EFFECTIVE, "dataEffectivePeriodType", |text| {
        let text = text.trim();
        let (start, end) = range(text)?;
        let mut days = Map::new();
        for (key, day) in [("startDate", start), ("endDate", end)] {
            if !day.is_empty() {
                days.insert(key.to_owned(), date::read(day).ok()?.into());
            }
        }
        (!days.is_empty()).then(|| json!({ EFFECTIVE: "startEndDate", "date": days }))
    })
}

/// How long a licence is good for, in its clean form.
pub(crate) fn licence(json: &Json) -> Option<Value> {
    read(json, LICENCE, "usageLicensePeriodType", |text| {
        if let Ok(day) = date::read(text) {
            return Some(json!({ LICENCE: "endDate", "endDate": day }));
        }
        let (value, unit) = duration(text)?;
        let period = json!({ "referenceDate": "purchasedDay", "value": value, "unit": unit });
        Some(json!({ LICENCE: "period", "period": period }))
    })
}

fn read(
    json: &Json,
    own: &str,
    other: &str,
    plain: impl Fn(&str) -> Option<Json>,
) -> Option<Value> {
    match json {
        Json::Null => None,
        Json::Object(object) => Some(Value::Json(clean(object, own, other))),
        Json::Array(list) if list.is_empty() => None,
        Json::Array(list) if list.len() == 1 => read(&list[0], own, other, plain),
        Json::String(text) if text.trim().is_empty() => None,
        Json::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Json::Object(_) | Json::Array(_))) if is_readable(&inner) => {
                read(&inner, own, other, plain)
            }
            Ok(Json::Array(list)) if list.is_empty() => None,
            // What only looks like JSON is kept for its author to mend.
            Err(_) if !text.trim_start().starts_with(['{', '[']) => {
                let note = || json!({ own: "note", "note": text.trim() });
                Some(Value::Json(plain(text).unwrap_or_else(note)))
            }
            _ => Some(Value::Text(text.trim().to_owned())),
        },
        other => Some(Value::Text(other.to_string())),
    }
}

/// Whether it is an object, or a list of one.
fn is_readable(json: &Json) -> bool {
    let list = json.as_array();
    list.map_or(json, |list| {
        if list.len() == 1 {
            &list[0]
        } else {
            &Json::Null
        }
    })
    .is_object()
}

/// The object under the specification's names, days in ISO 8601, numbers as numbers, without what is empty.
fn clean(object: &Map<String, Json>, own: &str, other: &str) -> Json {
    let members = object
        .iter()
        .filter(|(key, _)| *key != own && *key != other);
    let mut clean: Map<_, _> = members
        .filter_map(|(key, value)| Some((key.clone(), member(key, value)?)))
        .collect();
    let mut said = [own, other].into_iter().filter_map(|name| object.get(name));
    let said = said.find(|kind| !is_empty(kind)).cloned();
    let by_member = || {
        let kinds = [
            ("date", "startEndDate"),
            ("endDate", "endDate"),
            ("period", "period"),
            ("note", "note"),
        ];
        let kind = kinds
            .into_iter()
            .find(|(member, _)| clean.contains_key(*member));
        kind.map(|(_, kind)| Json::from(kind))
    };
    if let Some(kind) = said.or_else(by_member) {
        clean.insert(own.to_owned(), kind);
    }
    Json::Object(clean)
}

fn member(key: &str, value: &Json) -> Option<Json> {
    if is_empty(value) {
        return None;
    }
    match (key, value) {
        ("date" | "period", Json::Object(inner)) => {
            let inner: Map<_, _> = inner
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), member(key, value)?)))
                .collect();
            (!inner.is_empty()).then_some(Json::Object(inner))
        }
        ("startDate" | "endDate", Json::String(day)) => Some(
            date::read(day)
                .unwrap_or_else(|_| day.trim().to_owned())
                .into(),
        ),
        ("value", Json::String(number)) => {
            let number = number.trim();
            Some(
                number
                    .parse::<i64>()
                    .map_or_else(|_| number.into(), Json::from),
            )
        }
        (_, value) => Some(value.clone()),
    }
}

fn is_empty(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// `2016/04/01-2016/07/01`, an end of which may be missing; a stroke between wavy lines too.
fn range(text: &str) -> Option<(&str, &str)> {
    if let Some((start, end)) = text.split_once(['~', '〜', '～']) {
        return Some((start.trim(), end.trim()));
    }
    if text.contains('/') || text.contains('年') {
        let (start, end) = text.split_once('-')?;
        return Some((start.trim(), end.trim()));
    }
    None
}

/// `６カ月`, `1年`: how many of which unit.
fn duration(text: &str) -> Option<(i64, &'static str)> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(half_width)
        .collect();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "日" | "日間" => "day",
        "週" | "週間" => "week",
        "月" | "か月" | "カ月" | "ヶ月" | "ヵ月" | "ケ月" | "箇月" | "か月間" | "カ月間"
        | "ヶ月間" => "month",
        "年" | "年間" => "year",
        _ => return None,
    };
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some((number, unit))
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// What is wrong with a period that is kept, if anything.
pub(crate) fn fault(period: &Json, own: &str) -> Option<Text> {
    let kind = period.get(own).and_then(Json::as_str);
    let text_of = |key: &str| period.get(key).and_then(Json::as_str);
    match kind {
        Some("startEndDate") if own == EFFECTIVE => {
            let days = period.get("date");
            let day = |key: &str| days.and_then(|days| days.get(key)?.as_str());
            let (start, end) = (day("startDate"), day("endDate"));
            if start.is_none() && end.is_none() {
                return Some(Text::new(
                    "開始日か終了日のどちらかを書いてください",
                    "Enter a first or a last day",
                ));
            }
            let wrong = [start, end]
                .into_iter()
                .flatten()
                .find_map(|day| date::read(day).err());
            if let Some(wrong) = wrong {
                return Some(wrong.text());
            }
            let (start, end) = (start?, end?);
            is_after(start, end).then(|| ORDER.clone())
        }
        Some("endDate") if own == LICENCE => match text_of("endDate") {
            Some(day) => date::read(day).err().map(|wrong| wrong.text()),
            None => Some(Text::new("期限の日を書いてください", "Enter the last day")),
        },
        Some("period") if own == LICENCE => {
            let inner = |key: &str| period.get("period").and_then(|inner| inner.get(key));
            let is_number = inner("value")
                .and_then(Json::as_i64)
                .is_some_and(|number| number > 0);
            let is_unit = inner("unit")
                .and_then(Json::as_str)
                .is_some_and(|unit| UNITS.contains(&unit));
            (!is_number || !is_unit).then(|| {
                Text::new(
                    "長さを1以上の数と、日・週・月・年のどれかで書いてください",
                    "Enter a number of 1 or more in days, weeks, months or years",
                )
            })
        }
        Some("note") => match text_of("note") {
            Some(_) => None,
            None => Some(Text::new(
                "期間を文で書いてください",
                "Enter the period as text",
            )),
        },
        _ => Some(Text::new(
            "期間の書き方を選び直してください",
            "Choose again how the period is written",
        )),
    }
}

static ORDER: Text = Text::new(
    "終わりの日が始まりの日より前です。日付を直してください",
    "The last day is before the first. Correct the dates",
);

/// Whether the day `start` is after `end`, both in ISO 8601; times of the day don't count.
pub(crate) fn is_after(start: &str, end: &str) -> bool {
    matches!((start.get(..10), end.get(..10)), (Some(start), Some(end)) if start > end)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use super::{EFFECTIVE, LICENCE, effective, fault, licence};
    use crate::value::Value;

    fn months(start: &str, end: &str) -> Json {
        json!({ EFFECTIVE: "startEndDate", "date": { "startDate": start, "endDate": end } })
    }

    #[rstest]
    #[case::specification(json!({"effectivePeriodOfDataType": "startEndDate", "date": {"startDate": "2024-04-01", "endDate": "2025-03-31"}}))]
    #[case::document(json!([{"effectivePeriodOfDataType": "startEndDate", "date": {"startDate": "2024-04-01", "endDate": "2025-03-31"}}]))]
    #[case::tool(json!([{"dataEffectivePeriodType": "startEndDate", "date": {"startDate": "2024/04/01", "endDate": "令和7年3月31日"}}]))]
    #[case::as_text(json!("[{\"dataEffectivePeriodType\": \"startEndDate\", \"date\": {\"startDate\": \"2024-04-01\", \"endDate\": \"2025-03-31\"}}]"))]
    #[case::slashes(json!("2024/04/01-2025/03/31"))]
    #[case::wave(json!("2024-04-01〜2025-03-31"))]
    #[case::unnamed(json!({"date": {"startDate": "2024-04-01", "endDate": "2025-03-31"}}))]
    fn an_effective_period_is_read_in_each_shape(#[case] shape: Json) {
        let clean = months("2024-04-01", "2025-03-31");
        assert_eq!(effective(&shape), Some(Value::Json(clean.clone())));
        assert_eq!(fault(&clean, EFFECTIVE), None);
    }

    #[test]
    fn an_end_may_be_missing() {
        let clean = json!({ EFFECTIVE: "startEndDate", "date": { "startDate": "2016-04-01" } });
        assert_eq!(
            effective(&json!("2016/04/01-")),
            Some(Value::Json(clean.clone()))
        );
        let shape = json!([{"dataEffectivePeriodType": "startEndDate", "date": {"startDate": "2016-04-01", "endDate": ""}}]);
        assert_eq!(effective(&shape), Some(Value::Json(clean)));
    }

    #[rstest]
    #[case(json!("2021-12-31"), json!({ LICENCE: "endDate", "endDate": "2021-12-31" }))]
    #[case(json!([{"usageLicensePeriodType": "endDate", "endDate": "2021/12/31"}]), json!({ LICENCE: "endDate", "endDate": "2021-12-31" }))]
    #[case(json!("６カ月"), json!({ LICENCE: "period", "period": { "referenceDate": "purchasedDay", "value": 6, "unit": "month" } }))]
    #[case(json!([{"usageLicensePeriodType": "period", "period": {"referenceDate": "purchasedDay", "value": "6", "unit": "month"}}]), json!({ LICENCE: "period", "period": { "referenceDate": "purchasedDay", "value": 6, "unit": "month" } }))]
    #[case(json!("契約による"), json!({ LICENCE: "note", "note": "契約による" }))]
    #[case(json!({"usageLicensePeriodType": "note", "note": "契約による", "more": 1}), json!({ LICENCE: "note", "note": "契約による", "more": 1 }))]
    fn a_licence_period_is_read_in_each_shape(#[case] shape: Json, #[case] clean: Json) {
        assert_eq!(licence(&shape), Some(Value::Json(clean.clone())));
        assert_eq!(
            licence(&clean),
            Some(Value::Json(clean.clone())),
            "what is kept is read again"
        );
        assert_eq!(fault(&clean, LICENCE), None);
    }

    #[rstest]
    fn what_cannot_be_read_survives(#[values("{\"a\":", "[1,2]", "[{},{}]", "{")] text: &str) {
        assert_eq!(licence(&json!(text)), Some(Value::Text(text.to_owned())));
    }

    #[rstest]
    #[case(json!(""))]
    #[case(json!("[]"))]
    #[case(json!([]))]
    #[case(Json::Null)]
    fn what_is_empty_is_no_period(#[case] shape: Json) {
        assert_eq!(effective(&shape), None);
    }

    #[rstest]
    #[case(months("2025-03-31", "2024-04-01"))]
    #[case(months("2025-02-30", "2026-04-01"))]
    #[case(json!({ EFFECTIVE: "startEndDate" }))]
    #[case(json!({ EFFECTIVE: "note" }))]
    #[case(json!({ EFFECTIVE: "endDate", "endDate": "2024-04-01" }))]
    #[case(json!({ "what": 1 }))]
    fn a_faulty_period_is_told(#[case] period: Json) {
        assert!(fault(&period, EFFECTIVE).is_some());
    }
}
