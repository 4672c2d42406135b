//! What the documentation of a number, a size or a duration says to be allowed, tried on the services' own checks.

use common::config::{ByteSize, Period};
use toml::Value;

use super::{configuration::Found, services};

/// The ends of what is allowed, as values of TOML, and what lies just beyond them.
struct Ends {
    inside: Vec<Value>,
    outside: Vec<Value>,
}

/// `allowed` as [`Ends`]; ends that are no values, but other keys, are left out.
fn ends(kind: &str, allowed: Option<&str>) -> Ends {
    let zero = read(
        kind,
        match kind {
            "size" => "0B",
            "duration" => "0s",
            _ => "0",
        },
    );
    let (least, most) = match allowed {
        None => (zero, None),
        Some(text) => match (
            text.strip_prefix("at least "),
            text.strip_prefix("at most "),
            text.split_once(" to "),
        ) {
            (Some(least), ..) => (read(kind, least), None),
            (_, Some(most), _) => (zero, read(kind, most)),
            (_, _, Some((least, most))) => (read(kind, least), read(kind, most)),
            _ => (None, None),
        },
    };
    let below = least.filter(|least| *least > 0).map(|least| least - 1);
    let above = most.map(|most| most + 1);
    let values =
        |ends: [Option<u64>; 2]| ends.into_iter().flatten().map(|n| write(kind, n)).collect();
    Ends {
        inside: values([least, most]),
        outside: values([below, above]),
    }
}

/// In bytes, milliseconds or ones.
fn read(kind: &str, text: &str) -> Option<u64> {
    match kind {
        "size" => text.parse::<ByteSize>().ok().map(ByteSize::bytes),
        "duration" => text
            .parse::<Period>()
            .ok()
            .map(|period| u64::try_from(period.get().as_millis()).expect("it was read so")),
        _ => text.replace(',', "").parse().ok(),
    }
}

fn write(kind: &str, number: u64) -> Value {
    match kind {
        "size" => Value::String(ByteSize(number).to_string()),
        "duration" => Value::String(Period::millis(number).to_string()),
        _ => Value::Integer(i64::try_from(number).expect("a small number")),
    }
}

fn set(config: &mut Value, path: &[String], value: Value) {
    match (config, path) {
        (Value::Table(table), [key]) => {
            table.insert(key.clone(), value);
        }
        (Value::Table(table), [key, rest @ ..]) => set(&mut table[key], rest, value),
        (Value::Array(all), [at, rest @ ..]) => {
            set(&mut all[at.parse::<usize>().expect("a place")], rest, value);
        }
        (config, _) => panic!("{config} holds nothing"),
    }
}

/// A key without a word about what is allowed takes zero.
#[test]
fn what_is_said_to_be_allowed_is_and_nothing_beyond_it() {
    let examples = services::all();
    let found = Found::new(&examples);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for measure in &found.measures {
        let before = measure.example.errors(measure.example.full.clone());
        let ends = ends(measure.kind, measure.allowed.as_deref());
        let inside = ends.inside.into_iter().map(|value| (value, true));
        for (value, is_inside) in inside.chain(ends.outside.into_iter().map(|value| (value, false)))
        {
            let mut config = measure.example.full.clone();
            set(&mut config, &measure.path, value.clone());
            let errors = measure.example.errors(config);
            let new: Vec<_> = errors
                .iter()
                .filter(|error| !before.contains(error))
                .collect();
            if new.is_empty() != is_inside {
                let (name, key) = (measure.example.name, measure.path.join("."));
                let allowed = measure.allowed.as_deref().unwrap_or("everything");
                wrong.push(format!(
                    "{name}: {key} = {value}, allowed {allowed}: {new:?}"
                ));
            }
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} values tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
