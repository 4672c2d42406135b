//! The command `auth-server init`. All other commands are those of every service.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Parser};
use common::{
    clock::SystemClock,
    config::{Loaded, load},
    service::{self, Program},
    telemetry::Chain,
};

use crate::{
    config::Config,
    init::{InitOptions, InitOutcome, Organisation, init},
    service::AuthServer,
};

/// Make a new installation: certificate authority, signing key, own certificate, first operator.
///
/// The operator's password and the secret of the operator's client are printed once, on standard output.
#[derive(Debug, Parser)]
#[command(name = "auth-server init", version)]
struct InitCommand {
    /// Configuration (TOML).
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Name of the first operator.
    #[arg(long, value_name = "NAME", default_value = "Operator")]
    operator: String,
    #[command(flatten)]
    organisation: OrganisationArguments,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct OrganisationArguments {
    /// Name of the operator's organisation.
    #[arg(long, value_name = "NAME", requires = "corporate_number")]
    organisation: Option<String>,
    /// Corporate number (法人番号) of the operator's organisation.
    #[arg(long, value_name = "NUMBER", requires = "organisation")]
    corporate_number: Option<String>,
}

/// The server's program.
pub static PROGRAM: Program = Program::of::<AuthServer>().with_main(main);

/// Runs `init` if the command line asks for it, and otherwise what every service has.
fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_none_or(|command| command != "init") {
        return service::main::<AuthServer>();
    }
    arguments.remove(1);
    run(InitCommand::parse_from(arguments))
}

fn run(command: InitCommand) -> ExitCode {
    match try_run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", Chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn try_run(command: InitCommand) -> anyhow::Result<()> {
    let loaded: Loaded<Config> = load(&command.config)?;
    for warning in loaded.warnings() {
        eprintln!("warning: {warning}");
    }
    let config = loaded.config;
    let options = InitOptions {
        operator_name: command.operator,
        organisation: command
            .organisation
            .organisation
            .zip(command.organisation.corporate_number)
            .map(|(name, corporate_number)| Organisation {
                name,
                corporate_number,
            }),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(init(&config, options, Arc::new(SystemClock)))?;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print_for_people(&config, &outcome);
    }
    Ok(())
}

fn print_for_people(config: &Config, outcome: &InitOutcome) {
    println!("The installation is ready. These secrets are not shown again:");
    println!();
    println!("  operator       {}", outcome.operator_user_id);
    println!("  password       {}", outcome.operator_password.expose());
    println!("  client id      {}", outcome.operator_client_id);
    println!(
        "  client secret  {}",
        outcome.operator_client_secret.expose()
    );
    println!();
    println!(
        "Trust anchor for all other processes: {}",
        outcome.ca_pem.display()
    );
    if !config.ca.external {
        println!(
            "The key of the root, {}, may now be moved to a safe place.",
            config.ca.directory.join("root.key").display()
        );
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        InitCommand::command().debug_assert();
    }

    #[test]
    fn an_organisation_needs_its_number() {
        InitCommand::try_parse_from(["init", "-c", "x", "--organisation", "A"]).unwrap_err();
        InitCommand::try_parse_from([
            "init",
            "-c",
            "x",
            "--organisation",
            "A",
            "--corporate-number",
            "7000012050002",
        ])
        .unwrap();
    }
}
