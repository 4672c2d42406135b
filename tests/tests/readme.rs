//! The commands of the README work as they stand there.

use std::{os::unix::fs::symlink, process::Command};

use tests::{
    Trial, client, data,
    room::{Takes, room_blocking},
};

/// The blocks fenced as `sh`, in order.
fn commands(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in markdown.lines() {
        match (line, &mut block) {
            ("```sh", None) => block = Some(String::new()),
            ("```", Some(_)) => blocks.extend(block.take()),
            (line, Some(text)) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

#[test]
fn the_commands_of_the_readme_work_as_they_stand() {
    let _room = room_blocking(Takes::ATrial);
    let readme = std::fs::read_to_string(data::workspace().join("README.md")).unwrap();
    let blocks = commands(&readme);
    // The first starts the trial and never ends: the harness starts the same program, on free ports, in a folder that lies
    // where the other commands look for it.
    assert_eq!(blocks[0].trim(), "cargo run --release -p trial -- up");
    let folder = tempfile::tempdir().unwrap();
    let trial = Trial::start().with_own_samples().start();
    symlink(trial.directory(), folder.path().join(".trial")).unwrap();
    let program = folder.path().join("target/release/trial");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    symlink(tests::trial::program(), program).unwrap();

    let script = format!("set -euo pipefail\n{}", blocks[1..].concat());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");

    // What the reader is promised to see: the three events, and the digest of the file in both connectors' records.
    let fetched = std::fs::read(trial.directory().join("fetched")).unwrap();
    let digest = client::sha256(&fetched);
    let line = |kind: &str| {
        said.lines()
            .find(|line| line.starts_with(&format!("{kind}\t")))
            .unwrap_or_else(|| panic!("no {kind} in: {said}"))
            .to_owned()
    };
    line("Create");
    assert!(line("Sent").ends_with(&digest), "{said}");
    assert!(line("Received").ends_with(&digest), "{said}");
    assert!(
        said.contains(&format!("{digest}  .trial/fetched")),
        "{said}"
    );
}
