//! JSON that means one thing only: strict reading, canonical writing.
//!
//! What is read here can be written in canonical form and read again by any other implementation without a difference, so
//! everything that readers are known to treat differently is refused: a member that occurs twice, integers that a double
//! cannot hold exactly, lone surrogates, deep nesting.

use std::fmt::{self, Write as _};

use serde::{
    Serialize,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 32;

/// 2^53 − 1, the largest integer up to which every integer has a double of its own (RFC 7493 §2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a text was not read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(serde_json::Error);

/// Reads one JSON value.
///
/// # Errors
/// [`JsonError`] on anything but exactly one JSON value in UTF-8 (RFC 8259), a member name that occurs twice in an object, an
/// integer beyond ±(2^53 − 1), a number that no finite double is near, a lone surrogate, or nesting beyond [`MAX_DEPTH`].
/// An integer is a number that is written without fraction and exponent, there or in its canonical form.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    if let Some(number) = long_integer(text) {
        return Err(JsonError(serde_json::Error::custom(too_large(number))));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: MAX_DEPTH }
        .deserialize(&mut reader)
        .map_err(JsonError)?;
    reader.end().map_err(JsonError)?;
    Ok(value)
}

/// The canonical form of `value` (RFC 8785).
///
/// # Panics
/// If `value` has a map with keys that are not strings: types of this crate have none.
pub fn canonical<T: Serialize>(value: &T) -> String {
    canonical_value(&serde_json::to_value(value).expect("only string keys are written"))
}

/// The same of what is JSON already.
pub fn canonical_value(value: &Value) -> String {
    let mut out = String::new();
    push_value(&mut out, value);
    out
}

/// The same of the members of an object.
pub fn canonical_object(object: &Map<String, Value>) -> String {
    let mut out = String::new();
    push_object(&mut out, object);
    out
}

// Written here instead of by a general library: every event passes several times, and a serialiser that sorts what it has
// written took half of the ledger's time for it.
fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_f64() => {
            let text = serde_json_canonicalizer::to_string(number);
            out.push_str(&text.expect("a number that was read is finite"));
        }
        Value::Number(integer) => {
            let _ = write!(out, "{integer}");
        }
        Value::String(text) => push_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_value(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => push_object(out, object),
    }
}

fn push_object(out: &mut String, object: &Map<String, Value>) {
    // By UTF-16 code units (RFC 8785 §3.2.3). That is the order of bytes, in which maps are kept, up to the characters that take
    // four of them.
    let has_pairs = |name: &String| name.bytes().any(|byte| byte >= 0xf0);
    if object.keys().is_sorted() && !object.keys().any(has_pairs) {
        push_members(out, object.iter());
    } else {
        let mut members: Vec<_> = object.iter().collect();
        members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        push_members(out, members.into_iter());
    }
}

fn push_members<'m>(out: &mut String, members: impl Iterator<Item = (&'m String, &'m Value)>) {
    out.push('{');
    for (i, (name, value)) in members.enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_string(out, name);
        out.push(':');
        push_value(out, value);
    }
    out.push('}');
}

/// `text` as a JSON string.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

/// Appends `text` as a JSON string. The canonical form of a string is the one that `serde_json` writes.
pub fn push_string(out: &mut String, text: &str) {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Without a way out in the middle, many bytes are looked at in one step.
    if text.bytes().fold(false, |any, byte| any | is_special(byte)) {
        out.push_str(&serde_json::to_string(text).expect("a string can be written"));
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

#[derive(Clone, Copy)]
struct Strict {
    /// How many more levels may open.
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        depth
            .map(|depth| Self { depth })
            .ok_or_else(|| E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_INTEGER {
            return Err(E::custom(too_large(value)));
        }
        Ok(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return Err(E::custom(too_large(value)));
        }
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the limit is the last integer for which nothing is lost"
        )]
        let exact = value.abs() <= MAX_INTEGER as f64;
        // From 10^21 on the canonical form has an exponent; `1e16` would become an integer that is refused when read again.
        if value.fract() == 0.0 && !exact && value.abs() < 1e21 {
            return Err(E::custom(too_large(value)));
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "member {name:?} occurs twice"
                )));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The first number of `text` that has neither fraction nor exponent and more than 16 digits: 2^53 has 16, and the parser
/// turns integers beyond 64 bits into doubles without a word.
fn long_integer(text: &[u8]) -> Option<&str> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => {
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'0'..=b'9' => {
                let token = text[at..]
                    .iter()
                    .take_while(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
                let len = token.count();
                let number = &text[at..at + len];
                if len > 16 && number.iter().all(u8::is_ascii_digit) {
                    return std::str::from_utf8(number).ok();
                }
                at += len;
            }
            _ => at += 1,
        }
    }
    None
}

fn too_large(number: impl fmt::Display) -> String {
    format!("number {number} is an integer beyond 2^53 - 1; send it as a string")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::twice(r#"{"a":1,"a":1}"#)]
    #[case::twice_inside(r#"[{"b":{"a":1,"\u0061":2}}]"#)]
    #[case::large("9007199254740992")]
    #[case::large_negative("-9007199254740992")]
    #[case::larger_than_u64("18446744073709551616")]
    #[case::larger_than_its_canonical_exponent("10000000000000000000000000")]
    #[case::large_with_exponent("1e16")]
    #[case::large_inside(r#"{"a":[1,-12345678901234567890123]}"#)]
    #[case::infinite("1e400")]
    #[case::nan("NaN")]
    #[case::high_surrogate(r#""\ud800""#)]
    #[case::low_surrogate(r#""\udc00""#)]
    #[case::surrogate_in_a_name(r#"{"\ud800":1}"#)]
    #[case::two_values("1 2")]
    #[case::trailing_comma("[1,]")]
    #[case::not_utf8("\"\u{0}\"")]
    #[case::empty("")]
    fn ambiguous_json_is_refused(#[case] text: &str) {
        parse(text.as_bytes()).unwrap_err();
    }

    #[test]
    fn invalid_utf8_is_refused() {
        parse(b"\"\xff\"").unwrap_err();
    }

    #[rstest]
    #[case("9007199254740991", json!(9_007_199_254_740_991_u64))]
    #[case("-9007199254740991", json!(-9_007_199_254_740_991_i64))]
    #[case(r#"{"a":[1.5,null,true,"\ud83d\ude00"]}"#, json!({"a": [1.5, null, true, "😀"]}))]
    fn plain_json_is_read(#[case] text: &str, #[case] value: Value) {
        assert_eq!(parse(text.as_bytes()).unwrap(), value);
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        parse(nested(MAX_DEPTH).as_bytes()).unwrap();
        parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
        parse(nested(100_000).as_bytes()).unwrap_err();
    }

    /// Input and output files of the reference implementation (cyberphone/json-canonicalization, Apache-2.0).
    #[rstest]
    #[case(include_bytes!("../testdata/jcs/arrays.in.json"), include_bytes!("../testdata/jcs/arrays.out.json"))]
    #[case(include_bytes!("../testdata/jcs/french.in.json"), include_bytes!("../testdata/jcs/french.out.json"))]
    #[case(include_bytes!("../testdata/jcs/structures.in.json"), include_bytes!("../testdata/jcs/structures.out.json"))]
    #[case(include_bytes!("../testdata/jcs/unicode.in.json"), include_bytes!("../testdata/jcs/unicode.out.json"))]
    #[case(include_bytes!("../testdata/jcs/values.in.json"), include_bytes!("../testdata/jcs/values.out.json"))]
    #[case(include_bytes!("../testdata/jcs/weird.in.json"), include_bytes!("../testdata/jcs/weird.out.json"))]
    fn the_published_vectors_come_out(#[case] input: &[u8], #[case] output: &[u8]) {
        assert_eq!(canonical(&parse(input).unwrap()).as_bytes(), output);
    }

    #[test]
    fn digits_inside_strings_are_no_numbers() {
        let text = r#"["\"123456789012345678901234567890", "\\", 1]"#;
        assert_eq!(parse(text.as_bytes()).unwrap()[2], json!(1));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            (-1.0e9..1.0e9).prop_map(|n: f64| Value::from(n + 0.5)),
            (1.0e21..1.0e300).prop_map(|n: f64| Value::from(n)),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_read_back_and_stays(value in any_json()) {
            let text = canonical(&value);
            let again = parse(text.as_bytes()).unwrap();
            prop_assert_eq!(canonical(&again), &*text);
            prop_assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), text);
        }

        #[test]
        fn strings_are_written_in_canonical_form(text in ".*") {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(out, serde_json_canonicalizer::to_string(&text).unwrap());
        }

        #[test]
        fn whatever_is_accepted_is_json(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if parse(&bytes).is_ok() {
                serde_json::from_slice::<Value>(&bytes).unwrap();
            }
        }
    }
}
