//! Variables of the environment that override keys of a configuration.
//!
//! Which part of a name stands for a key of ours, in whatever case, and which for a name of the operator's own, a served folder for
//! example, only the structure knows that is read. It says so by what it refuses: a key that it does not have, with those that it
//! has. So the configuration is read until nothing is refused any more that is put right here.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use figment::{
    Error, Figment, Metadata, Profile, Provider,
    error::{Actual, Kind},
    value::{Dict, Map, Value},
};
use serde::de::DeserializeOwned;

use super::{error::ConfigError, loaded::Loaded};

/// Prefix of environment variables that override keys.
const PREFIX: &str = "KAKEHASHI_";

/// Seconds by which a process's clock is moved, for rehearsals: the one variable of ours that overrides no key.
pub const CLOCK_SKEW: &str = "KAKEHASHI_CLOCK_SKEW";

/// Whether a variable of this name is meant for a configuration.
pub fn is_override(name: &str) -> bool {
    name.starts_with(PREFIX) && name != CLOCK_SKEW
}

/// One variable.
struct Variable {
    name: String,
    /// The key that it overrides, as it is spelt so far.
    path: Vec<String>,
    text: String,
    /// Whether `text` is what the variable holds.
    is_text: bool,
    value: Value,
    /// Why it was no fit before it was taken for text.
    before: Option<Error>,
}

impl Variable {
    fn new(name: &OsStr, text: &OsStr) -> Option<Self> {
        let name = name.to_string_lossy().into_owned();
        if !is_override(&name) {
            return None;
        }
        let is_text = text.to_str().is_some();
        let text = text.to_string_lossy().into_owned();
        Some(Self {
            path: name[PREFIX.len()..]
                .split("__")
                .map(str::to_owned)
                .collect(),
            value: read_value(&text),
            name,
            text,
            is_text,
            before: None,
        })
    }

    /// Whether `error` is about its value, or about its being there where the file has something else.
    fn caused(&self, error: &Error) -> bool {
        let stands_there = || {
            !error.path.is_empty()
                && matches!(error.kind, Kind::InvalidType(Actual::Map, _))
                && self.path.starts_with(&error.path)
        };
        error.path.starts_with(&self.path) || stands_there()
    }
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone()).interpolater(|_: &Profile, path: &[&str]| path.join("."))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let wrap = |inner: Value, key: &String| Value::from(Dict::from([(key.clone(), inner)]));
        let whole = self.path.iter().rev().fold(self.value.clone(), wrap);
        let dict = whole.into_dict().unwrap_or_default();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

/// One value of TOML, or text.
fn read_value(text: &str) -> Value {
    let mut parsed = toml::from_str::<Dict>(&format!("v = {text}")).unwrap_or_default();
    match parsed.remove("v") {
        // More than one value would be read in part.
        Some(value) if parsed.is_empty() => value,
        _ => Value::from(text),
    }
}

/// Reads `file`, the configuration at `path`, with what of `environment` overrides its keys.
pub(super) fn read<C: DeserializeOwned>(
    path: &Path,
    file: &Figment,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Loaded<C>, ConfigError> {
    let mut reading = Reading {
        variables: environment
            .filter_map(|(name, text)| Variable::new(&name, &text))
            .collect(),
        unused: Vec::new(),
    };
    loop {
        match reading.over(file).extract() {
            Ok(config) => {
                let unused = reading.end()?;
                return Ok(Loaded { config, unused });
            }
            Err(error) => reading.put_right(path, error)?,
        }
    }
}

/// What of the variables is in use so far. It knows nothing of the structure's type, so it is compiled once for all of them.
struct Reading {
    variables: Vec<Variable>,
    unused: Vec<String>,
}

impl Reading {
    fn over(&self, file: &Figment) -> Figment {
        self.variables.iter().fold(file.clone(), Figment::merge)
    }

    /// Removes the cause of `error`, if it lies in a variable and can be removed.
    fn put_right(&mut self, path: &Path, error: Error) -> Result<(), ConfigError> {
        if put_right(&error, &mut self.variables, &mut self.unused) {
            Ok(())
        } else {
            Err(blame(path, error, std::mem::take(&mut self.variables)))
        }
    }

    /// The variables that override nothing.
    fn end(self) -> Result<Vec<String>, ConfigError> {
        match self
            .variables
            .into_iter()
            .find(|variable| !variable.is_text)
        {
            Some(Variable { name, .. }) => Err(ConfigError::VariableNotText { name }),
            None => Ok(self.unused),
        }
    }
}

/// Spells a variable's key as the configuration does, passes over one that it does not have, or takes a value for text; whether there
/// was anything to do. Each time there is less left to do.
fn put_right(error: &Error, variables: &mut Vec<Variable>, unused: &mut Vec<String>) -> bool {
    if let Kind::UnknownField(field, keys) = &error.kind {
        let at = error.path.len().saturating_sub(1);
        let is_it = |variable: &Variable| {
            variable.path.starts_with(&error.path) && variable.path.get(at) == Some(field)
        };
        let key = keys.iter().find(|key| key.eq_ignore_ascii_case(field));
        let before = variables.len();
        let mut found = false;
        variables.retain_mut(|variable| match key {
            _ if !is_it(variable) => true,
            Some(key) => {
                found = true;
                (*key).clone_into(&mut variable.path[at]);
                true
            }
            None => {
                unused.push(std::mem::take(&mut variable.name));
                false
            }
        });
        return found || variables.len() < before;
    }
    let fits_not = |variable: &&mut Variable| {
        variable.before.is_none()
            && variable.value.as_str().is_none()
            && variable.path == error.path
    };
    let Some(variable) = variables.iter_mut().find(fits_not) else {
        return false;
    };
    variable.value = Value::from(variable.text.as_str());
    variable.before = Some(error.clone());
    true
}

/// The file's fault or a variable's.
fn blame(path: &Path, error: Error, variables: Vec<Variable>) -> ConfigError {
    let culprit = variables.into_iter().find(|one| one.caused(&error));
    match culprit {
        Some(variable) => ConfigError::Variable {
            name: variable.name,
            source: Box::new(variable.before.unwrap_or(error)),
        },
        None => ConfigError::Content {
            path: path.into(),
            source: Box::new(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, os::unix::ffi::OsStringExt as _};

    use figment::providers::{Format as _, Toml};
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;
    use crate::{
        config::{AdminConfig, ByteSize, Period},
        telemetry::Chain,
    };

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        admin: AdminConfig,
        #[serde(default)]
        provider_id: Option<String>,
        #[serde(default)]
        folders: BTreeMap<String, String>,
        #[serde(default)]
        sites: BTreeMap<String, Site>,
        wait: Period,
        #[serde(default)]
        limit: Option<ByteSize>,
        #[serde(default)]
        list: Vec<u16>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Site {
        url: String,
    }

    const FILE: &str = "wait = '5s'\n[admin]\nlisten = '127.0.0.1:1'\n[folders]\na = '/a'\n";

    fn load_bytes(variables: &[(&[u8], &[u8])]) -> Result<Loaded<Config>, ConfigError> {
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let variables = variables
            .iter()
            .map(|(name, value)| (text(name), text(value)));
        read(
            Path::new("/etc/x.toml"),
            &Figment::from(Toml::string(FILE)),
            variables,
        )
    }

    fn load(variables: &[(&str, &str)]) -> Result<Loaded<Config>, ConfigError> {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        load_bytes(&variables)
    }

    fn words(error: &ConfigError) -> String {
        Chain(error).to_string()
    }

    #[rstest]
    #[case("KAKEHASHI_ADMIN__LISTEN")]
    #[case("KAKEHASHI_admin__listen")]
    #[case("KAKEHASHI_Admin__LISTEN")]
    fn a_key_is_overridden_in_whatever_case_it_is_spelt(#[case] name: &str) {
        let loaded = load(&[(name, "127.0.0.1:2"), ("OTHER__X", "1"), ("HOME", "/")]).unwrap();
        assert_eq!(loaded.config.admin.listen.port(), 2);
        assert!(loaded.unused.is_empty());
        assert_eq!(loaded.config.wait, Period::seconds(5));
    }

    #[test]
    fn keys_outside_of_sections_are_overridden_too() {
        let loaded = load(&[
            ("KAKEHASHI_PROVIDER_ID", "x"),
            ("KAKEHASHI_WAIT", "7s"),
            ("KAKEHASHI_LIST", "[1, 2]"),
            ("KAKEHASHI_LIMIT", "1MiB"),
        ]);
        let Loaded { config, unused } = loaded.unwrap();
        assert_eq!(config.provider_id.as_deref(), Some("x"));
        assert_eq!((config.wait, config.list), (Period::seconds(7), vec![1, 2]));
        assert_eq!(config.limit, Some(ByteSize(1 << 20)));
        assert!(unused.is_empty());
    }

    #[rstest]
    #[case("1234567890123")]
    #[case("true")]
    #[case("2024-01-09")]
    #[case("[x")]
    #[case("x\ny = 1")]
    #[case("1\nlist = [1]")]
    fn a_text_may_look_like_something_else(#[case] text: &str) {
        let loaded = load(&[("KAKEHASHI_PROVIDER_ID", text)]).unwrap();
        assert_eq!(loaded.config.provider_id.as_deref(), Some(text));
        assert!(loaded.config.list.is_empty());
    }

    #[test]
    fn names_of_the_operators_own_keep_their_case() {
        let loaded = load(&[
            ("KAKEHASHI_FOLDERS__Shelters", "/s"),
            ("KAKEHASHI_FOLDERS__UPPER", "/u"),
            ("KAKEHASHI_SITES__North__URL", "http://n"),
        ]);
        let Loaded { config, unused } = loaded.unwrap();
        let folders: Vec<_> = config.folders.keys().map(String::as_str).collect();
        assert_eq!(folders, ["Shelters", "UPPER", "a"]);
        assert_eq!(config.sites["North"].url, "http://n");
        assert!(unused.is_empty());
    }

    #[test]
    fn what_names_no_key_is_named() {
        let names = [
            "KAKEHASHI_NOSUCH",
            "KAKEHASHI_NOSUCH__X",
            "KAKEHASHI_ADMIN__NOSUCH",
            "KAKEHASHI_SITES__a__NOSUCH",
            "KAKEHASHI_",
            "KAKEHASHI_ADMIN__",
            "KAKEHASHI___LISTEN",
        ];
        let mut variables: Vec<_> = names.iter().map(|name| (*name, "1")).collect();
        variables.push(("KAKEHASHI_SITES__a__URL", "u"));
        variables.push((CLOCK_SKEW, "1"));
        let loaded = load(&variables).unwrap();
        let mut unused = loaded.unused.clone();
        unused.sort_unstable();
        let mut expected = names.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(unused, expected);
        assert!(loaded.warnings().all(|line| line.contains("KAKEHASHI_")));
    }

    #[rstest]
    #[case("KAKEHASHI_ADMIN__LISTEN", "nowhere", "admin.listen")]
    #[case("KAKEHASHI_ADMIN__LISTEN", "5", "admin.listen")]
    #[case("KAKEHASHI_WAIT", "5", "wait")]
    #[case("KAKEHASHI_LIST", "[1, 70000]", "list")]
    #[case("KAKEHASHI_LIST__X", "1", "list")]
    #[case("KAKEHASHI_ADMIN", "5", "admin")]
    #[case("KAKEHASHI_ADMIN", "{ listen = '127.0.0.1:1', nosuch = 1 }", "nosuch")]
    #[case("KAKEHASHI_PROVIDER_ID__X", "1", "provider_id")]
    #[case("KAKEHASHI_SITES__North", "[1]", "sites.North")]
    fn a_value_that_does_not_fit_is_the_variables_fault(
        #[case] name: &str,
        #[case] value: &str,
        #[case] key: &str,
    ) {
        let error = load(&[("KAKEHASHI_FOLDERS__B", "/b"), (name, value)]).unwrap_err();
        let words = words(&error);
        assert!(words.contains(name) && words.contains(key), "{words}");
        assert!(
            !words.contains("/etc/x.toml") && !words.contains(".rs"),
            "{words}"
        );
    }

    #[test]
    fn what_is_wrong_in_the_file_stays_its_own_fault() {
        let file = Figment::from(Toml::string("wait = 5\n[admin]\nlisten = '127.0.0.1:1'\n"));
        let variables = [("KAKEHASHI_ADMIN__LISTEN".into(), "127.0.0.1:2".into())];
        let read = read::<Config>(Path::new("/etc/x.toml"), &file, variables.into_iter());
        let words = words(&read.unwrap_err());
        assert!(
            words.contains("/etc/x.toml") && words.contains("wait"),
            "{words}"
        );
        assert!(!words.contains("KAKEHASHI"), "{words}");
    }

    #[test]
    fn what_is_no_text_is_refused_where_it_overrides_a_key_and_named_where_not() {
        let other: &[_] = &[
            (b"\x8e\xa9".as_slice(), b"1".as_slice()),
            (b"LANG_NAME", b"\x93\xfa"),
        ];
        assert!(load_bytes(other).unwrap().unused.is_empty());
        let error = load_bytes(&[(b"KAKEHASHI_PROVIDER_ID", b"\xff")]).unwrap_err();
        assert!(words(&error).contains("KAKEHASHI_PROVIDER_ID"));
        let loaded =
            load_bytes(&[(b"KAKEHASHI_NOSUCH", b"\xff"), (b"KAKEHASHI_\xff", b"1")]).unwrap();
        assert_eq!(loaded.unused.len(), 2);
    }
}
