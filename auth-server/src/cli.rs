//! The command `auth-server init`. All other commands are those of every service.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use common::{clock::SystemClock, service::OwnCommand, telemetry::Chain};

use crate::{
    config::Config,
    init::{InitOptions, InitOutcome, Organisation, init},
};

/// Make a new installation: certificate authority, signing key, own certificate, first operator.
///
/// The operator's password and the secret of the operator's client are printed once, on standard output, or written to a file.
#[derive(Debug, Args)]
struct InitCommand {
    /// Name of the first operator.
    #[arg(long, value_name = "NAME", default_value = "Operator")]
    operator: String,
    #[command(flatten)]
    organisation: OrganisationArguments,
    /// Print the outcome as JSON.
    #[arg(long, conflicts_with = "secrets_file")]
    json: bool,
    /// Write the outcome with its secrets to a new file as JSON, for its owner alone, and print no secret: for terminals
    /// that are recorded.
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
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

/// `init`, as a command of the server.
pub(crate) fn command() -> OwnCommand<Config> {
    OwnCommand {
        command: InitCommand::augment_args(Command::new("init")),
        run,
    }
}

fn run(config: &Config, matches: &ArgMatches) -> ExitCode {
    let done = InitCommand::from_arg_matches(matches)
        .map_err(anyhow::Error::from)
        .and_then(|command| try_run(config, command));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", Chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn try_run(config: &Config, command: InitCommand) -> anyhow::Result<()> {
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
        secrets_file: command.secrets_file.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(init(config, options, Arc::new(SystemClock)))?;
    if command.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print_for_people(config, &outcome, command.secrets_file.as_deref());
    }
    Ok(())
}

fn print_for_people(config: &Config, outcome: &InitOutcome, secrets_file: Option<&Path>) {
    if let Some(path) = secrets_file {
        println!(
            "The installation is ready. Its first operator is {}, whose secrets are in {}.",
            outcome.operator_user_id,
            path.display()
        );
    } else {
        println!("The installation is ready. These secrets are not shown again:");
        println!();
        println!("  operator       {}", outcome.operator_user_id);
        println!("  password       {}", outcome.operator_password.expose());
        println!("  client id      {}", outcome.operator_client_id);
        println!(
            "  client secret  {}",
            outcome.operator_client_secret.expose()
        );
    }
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
    use super::*;

    fn parse(arguments: &[&str]) -> Result<InitCommand, clap::Error> {
        let matches = command().command.try_get_matches_from(arguments)?;
        InitCommand::from_arg_matches(&matches)
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().command.debug_assert();
    }

    #[test]
    fn an_organisation_needs_its_number() {
        parse(&["init", "--organisation", "A"]).unwrap_err();
        parse(&[
            "init",
            "--organisation",
            "A",
            "--corporate-number",
            "7000012050002",
        ])
        .unwrap();
    }

    #[test]
    fn secrets_go_to_a_file_or_to_standard_output() {
        parse(&["init", "--json", "--secrets-file", "x"]).unwrap_err();
        let command = parse(&["init", "--secrets-file", "x"]).unwrap();
        assert_eq!(command.secrets_file.as_deref(), Some(Path::new("x")));
    }
}
