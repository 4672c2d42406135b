//! The trial as a program.

use std::process::ExitCode;

use clap::Parser as _;
use trial::cli::{Cli, Command};

fn main() -> ExitCode {
    if let Some(ended) = trial::serve::by_name() {
        return ended;
    }
    let cli = Cli::parse();
    let ended = match cli.command {
        Command::Serve(serve) => {
            return trial::serve::serve(
                &serve.name,
                &serve.config,
                serve.while_stdin_open,
                serve.hold.as_deref(),
            );
        }
        Command::Up(options) => trial::run(trial::up::run(options)),
        Command::Exchange(options) => trial::run(trial::ask::exchange(options)),
        Command::Status(options) => trial::run(trial::ask::status(options)),
        Command::Peer(options) => trial::run(trial::ask::peer(options)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
