//! Values that an item may have, made up.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::{
    Case, Item, Kind, Level, Obligation,
    codes::{CodeList, OTHER},
    items,
};

/// A line in which whatever people write may stand, HTML and quotes too.
pub(super) fn line() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9あ-んア-ンー一-龠・「」<>&;\"'\\\\/{}()\\[\\]=:%# 　]{1,30}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("not empty", |text| !text.is_empty())
}

/// The same, as one of several: no comma, no brackets that aren't closed.
fn part() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9あ-んア-ンー一-龠<>&;\"' 　]{1,20}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("not empty", |text| !text.is_empty())
}

pub(super) fn address() -> impl Strategy<Value = String> {
    "https://[a-z]{1,10}\\.example\\.jp/[a-zA-Z0-9/._?=&%-]{0,30}"
}

fn day() -> impl Strategy<Value = String> {
    (1873..=2100_u16, 1..=12_u8, 1..=28_u8).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"))
}

fn code(codes: &'static CodeList) -> BoxedStrategy<String> {
    let listed = proptest::sample::select(codes.codes).prop_map(|code| code.value.to_owned());
    if codes.other {
        let other = part().prop_map(|text| format!("{OTHER}({text})"));
        prop_oneof![4 => listed, 1 => other].boxed()
    } else {
        listed.boxed()
    }
}

fn period(own: &'static str) -> BoxedStrategy<Json> {
    let note = part().prop_map(move |note| json!({ own: "note", "note": note }));
    if own == "expirationPeriodType" {
        let until = day().prop_map(move |day| json!({ own: "endDate", "endDate": day }));
        let units = proptest::sample::select(vec!["day", "week", "month", "year"]);
        let span = (1..1000_i64, units).prop_map(move |(value, unit)| {
            json!({ own: "period", "period": { "referenceDate": "purchasedDay", "value": value, "unit": unit } })
        });
        return prop_oneof![note, until, span].boxed();
    }
    let days = (day(), day()).prop_map(move |(one, other)| {
        let (start, end) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        json!({ own: "startEndDate", "date": { "startDate": start, "endDate": end } })
    });
    prop_oneof![note, days].boxed()
}

/// What `item` may say, in its clean form.
pub(super) fn value(item: &'static Item) -> BoxedStrategy<Json> {
    let one: BoxedStrategy<String> = match (item.codes, item.kind) {
        (Some(codes), _) => code(codes),
        (None, Kind::Prose) => (line(), line())
            .prop_map(|(one, other)| format!("{one}\n{other}"))
            .boxed(),
        (None, Kind::Date) => day().boxed(),
        (None, Kind::Stamp) => Just("2026-11-30T04:58:41.123456".to_owned()).boxed(),
        (None, Kind::Url) => address().boxed(),
        (None, Kind::UrlOrText) => prop_oneof![address(), part()].boxed(),
        (None, Kind::Tags) => "[a-zあ-んア-ン一-龠ー_.-]{2,20}".boxed(),
        (None, Kind::Bytes) => return (0..i64::MAX).prop_map(Json::from).boxed(),
        (None, Kind::EffectivePeriod) => return period("effectivePeriodOfDataType"),
        (None, Kind::LicencePeriod) => return period("expirationPeriodType"),
        (None, Kind::GeoJson) => {
            let point = (-180.0..180.0_f64, -90.0..90.0_f64);
            return point
                .prop_map(|(x, y)| {
                    json!({ "type": "Point", "coordinates": [x, y] })
                        .to_string()
                        .into()
                })
                .boxed();
        }
        (None, Kind::DataModel) => {
            return (part(), line())
                .prop_map(|(name, text)| {
                    json!({ "attrs": { name: { "type": "Number", "description": text } } })
                        .to_string()
                        .into()
                })
                .boxed();
        }
        (None, _) if item.key == "caddec_provider_id" => "cadde\\.[0-9]{13}\\.[a-z0-9]{2}".boxed(),
        (None, _) if item.many => part().boxed(),
        (None, _) => line().boxed(),
    };
    if item.many {
        let several = proptest::collection::btree_set(one, 1..4);
        several
            .prop_map(|parts| parts.into_iter().collect())
            .boxed()
    } else {
        one.prop_map(Json::from).boxed()
    }
}

/// Items of `levels` that say something: all that are required in `case`, and others by chance.
pub(super) fn fields(
    levels: &'static [Level],
    case: Case,
) -> impl Strategy<Value = Map<String, Json>> {
    let wanted = items().filter(move |item| levels.contains(&item.level));
    let each = wanted
        .filter(move |item| item.obligation(case) != Obligation::NotSet)
        .map(move |item| {
            let is_asked = matches!(
                item.obligation(case),
                Obligation::Required | Obligation::Needed
            );
            let said = value(item).prop_map(move |said| Some((item.key.to_owned(), said)));
            if is_asked {
                said.boxed()
            } else {
                prop_oneof![Just(None), said].boxed()
            }
        });
    let each: Vec<_> = each.collect();
    each.prop_map(|said| said.into_iter().flatten().collect())
}

/// Members that no item has.
pub(super) fn own() -> impl Strategy<Value = Map<String, Json>> {
    let value = prop_oneof![
        line().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        Just(Json::Null),
        Just(json!("")),
        Just(json!([{ "id": "g1", "name": "safety" }])),
    ];
    let members = proptest::collection::btree_map("own_[a-zA-Z_]{1,12}", value, 0..4);
    members.prop_map(|members| members.into_iter().collect())
}

/// A view as a form sends it.
pub(super) fn view(case: Case) -> impl Strategy<Value = Json> {
    let distribution = (
        fields(&[Level::Distribution, Level::DataService], case),
        own(),
    )
        .prop_map(|(fields, other)| json!({ "fields": fields, "other": other }));
    let distributions = proptest::collection::vec(distribution, 1..4);
    (fields(&[Level::Dataset], case), distributions, own(), own()).prop_map(|(fields, distributions, extras, other)| {
        json!({ "fields": fields, "distributions": distributions, "extras": extras, "other": other })
    })
}
