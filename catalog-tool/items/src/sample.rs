//! Datasets of the trial's own files, one a folder: what a catalogue has in it before anybody wrote anything.

use crate::{
    dataset::Dataset,
    limits::{Limits, ReadError},
};

macro_rules! samples {
    ($($folder:literal $file:literal),+ $(,)?) => {
        /// Each folder of files with its dataset.
        const SAMPLES: &[(&str, &str)] = &[$(($folder, include_str!(concat!("../samples/", $file)))),+];
    };
}

samples! {
    "domain-a-shelters" "shelters.json",
    "domain-a-shelters/open" "shelters-open.json",
    "domain-b-rivers" "rivers.json",
    "domain-b-rivers/open" "rivers-open.json",
    "domain-c-roads" "roads.json",
    "domain-c-roads/open" "roads-open.json",
}

/// The folders of which there is a dataset.
pub fn sample_folders() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().map(|(folder, _)| *folder)
}

/// The dataset of a folder of the trial's own files; `None` of any other.
///
/// Its files lie below `data`, an address without a slash at its end, and `about` is a page that says how to get them.
pub fn sample(folder: &str, data: &str, about: &str) -> Option<Result<Dataset, ReadError>> {
    let (_, text) = SAMPLES.iter().find(|(known, _)| *known == folder)?;
    let text = text
        .replace("{data}", &inside(data))
        .replace("{about}", &inside(about));
    Some(Dataset::from_json(text.as_bytes(), &Limits::default()))
}

/// A text as it stands between the quotes of JSON.
fn inside(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
