//! Calls the reader that `FUZZED` names with whatever libFuzzer makes up. One program for all: linking takes longer than anything else.

#![no_main]

use std::{env, sync::LazyLock};

use libfuzzer_sys::fuzz_target;

static READER: LazyLock<fuzzed::Target> = LazyLock::new(|| {
    let name = env::var("FUZZED").unwrap_or_default();
    let known = fuzzed::TARGETS.map(|(name, _)| name).join(", ");
    fuzzed::target(&name).unwrap_or_else(|| panic!("FUZZED={name}: it is one of {known}"))
});

fuzz_target!(|bytes: &[u8]| READER(bytes));
