//! What an operator writes: values with units, variables that override keys.

use std::{collections::BTreeMap, ffi::OsString, os::unix::ffi::OsStringExt as _, path::Path};

use common::config::{ByteSize, Loaded, Period, load_with};
use serde::{Deserialize, Serialize};

use crate::bytes::{first_line, text};

/// Sizes and durations.
pub fn units(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(size) = text.parse::<ByteSize>() {
        assert_eq!(size.to_string().parse(), Ok(size));
    }
    if let Ok(period) = text.parse::<Period>() {
        assert_eq!(period.to_string().parse(), Ok(period));
    }
}

/// One key of each form that a variable may stand for.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    name: Option<String>,
    list: Vec<u16>,
    wait: Option<Period>,
    limit: Option<ByteSize>,
    inner: BTreeMap<String, Inner>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    is_on: bool,
}

/// Lines of the names of variables, each followed by its value.
pub fn environment(bytes: &[u8]) {
    let mut rest = bytes;
    let mut variables = Vec::new();
    while !rest.is_empty() && variables.len() < 16 {
        let (name, after) = first_line(rest);
        let (value, after) = first_line(after);
        rest = after;
        let name = [b"KAKEHASHI_".as_slice(), name].concat();
        variables.push((OsString::from_vec(name), OsString::from_vec(value.to_vec())));
    }
    let number = variables.len();
    // A file that is there on every machine, and empty.
    let loaded = load_with::<Settings>(Path::new("/dev/null"), variables.into_iter());
    if let Ok(Loaded { config, unused }) = loaded {
        assert!(unused.len() <= number);
        let written = serde_json::to_value(&config).expect("settings are JSON");
        let again = serde_json::from_value::<Settings>(written);
        assert_eq!(again.ok(), Some(config));
    }
}
