//! The command line that all services have.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Arg, ArgMatches, Command, value_parser};
use serde::de::DeserializeOwned;

use super::{Service, documents, findings, serve};
use crate::{
    config::{self, Loaded},
    process::Shutdown,
    telemetry::Chain,
};

/// The whole of a service's `main`.
pub fn main<S: Service>() -> ExitCode {
    let matches = command::<S>().get_matches();
    match matches.subcommand() {
        None => serve::<S>(path(&matches), &Shutdown::default()),
        Some(("check-config", matches)) => check_config::<S>(path(matches)),
        Some((documents::NAME, matches)) => documents::run(command::<S>(), matches),
        Some((name, matches)) => own_command::<S>(name, matches),
    }
}

fn own_command<S: Service>(name: &str, matches: &ArgMatches) -> ExitCode {
    let own = S::commands()
        .into_iter()
        .find(|own| own.command.get_name() == name)
        .expect("clap knows no others");
    let mut innermost = matches;
    while let Some((_, matches)) = innermost.subcommand() {
        innermost = matches;
    }
    match load(path(innermost)) {
        Ok(loaded) => {
            print_warnings(&loaded);
            (own.run)(&loaded.config, matches)
        }
        Err(failed) => failed,
    }
}

/// For people who wait for the outcome: an error is said here.
fn load<C: DeserializeOwned>(path: &Path) -> Result<Loaded<C>, ExitCode> {
    config::load(path).map_err(|error| {
        eprintln!("error: {}", Chain(&error));
        ExitCode::FAILURE
    })
}

fn print_warnings<C>(loaded: &Loaded<C>) {
    for warning in loaded.warnings() {
        eprintln!("warning: {warning}");
    }
}

fn path(matches: &ArgMatches) -> &Path {
    matches
        .get_one::<PathBuf>("config")
        .expect("the argument is required")
}

fn command<S: Service>() -> Command {
    let config = Arg::new("config")
        .long("config")
        .short('c')
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .required(true)
        .help("Configuration (TOML); a key a.b is overridden by the environment variable KAKEHASHI_A__B");
    let own = S::commands()
        .into_iter()
        .map(|own| with_config(own.command, &config));
    Command::new(S::NAME)
        .about(S::ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help("Without a command the service runs until SIGINT or SIGTERM. SIGHUP reloads certificates.")
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .arg(config.clone())
        .subcommand(
            Command::new("check-config")
                .about("Read the configuration, say what is wrong or risky, print what is in effect; start nothing")
                .arg(config.clone()),
        )
        .subcommands(own)
        .subcommand(documents::command())
}

/// `command` with the argument where it does something: a required argument cannot stand above that.
fn with_config(command: Command, config: &Arg) -> Command {
    if command.has_subcommands() {
        command.mut_subcommands(|inner| with_config(inner, config))
    } else {
        command.arg(config.clone())
    }
}

fn check_config<S: Service>(path: &Path) -> ExitCode {
    let loaded: Loaded<S::Config> = match load(path) {
        Ok(loaded) => loaded,
        Err(failed) => return failed,
    };
    print_warnings(&loaded);
    let config = loaded.config;
    // Secrets are paths to files, so nothing in the configuration needs hiding.
    match toml::to_string_pretty(&config) {
        Ok(text) => print!("{text}"),
        Err(error) => eprintln!("error: {error}"),
    }
    let findings = findings(&config);
    for message in findings.errors() {
        eprintln!("error: {message}");
    }
    for message in findings.warnings() {
        eprintln!("warning: {message}");
    }
    if findings.errors().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
