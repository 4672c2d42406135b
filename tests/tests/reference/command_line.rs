//! What each program says of its command line. The trial's binary is the program of a service where it is called as one.

use std::{
    fmt::Write as _,
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use tests::trial;

use super::check;

const PROGRAMS: [&str; 8] = [
    "auth-server",
    "location-server",
    "catalog-server",
    "provenance-server",
    "provider-connector",
    "receiver-connector",
    "data-server",
    "trial",
];

/// What `program` says when it is asked for help about `command`.
fn help(program: &str, command: &[&str]) -> String {
    let output = Command::new(trial::program())
        .arg0(program)
        .args(command)
        .arg("--help")
        // Without a terminal this is how wide a line may be.
        .env("COLUMNS", "120")
        .stdin(Stdio::null())
        .output()
        .expect("a program that can be run");
    assert!(output.status.success(), "{program} {command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The commands that `help` names.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty());
    // What is further in goes on with the words about the command before.
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names
        .filter(|name| !name.is_empty() && *name != "help")
        .collect()
}

/// Adds what `program` says about `command`, and about the commands below it.
fn describe(page: &mut String, program: &str, command: &[&str]) {
    let help = help(program, command);
    let words: Vec<&str> = std::iter::once(&program).chain(command).copied().collect();
    let level = if command.is_empty() { "##" } else { "###" };
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    let _ = write!(
        page,
        "\n{level} `{}`\n\n```text\n{}\n```\n",
        words.join(" "),
        text.trim_end()
    );
    for name in commands(&help) {
        describe(page, program, &[command, &[name]].concat());
    }
}

#[test]
fn the_page_of_command_lines_is_current() {
    let mut page = "\
# Command lines

What each program says about itself and its commands (`--help`). [Operating](../guides/operate.md) and [the trial](../guides/trial.md) show them in use.
This page is written from the programs (`tests/tests/reference`).
"
    .to_owned();
    for program in PROGRAMS {
        describe(&mut page, program, &[]);
    }
    check("command-line.md", &page);
}
