//! Commands that one service has beside those that all have.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

/// A command of a service's own.
#[derive(Debug)]
pub struct OwnCommand<C> {
    /// Its command line; `--config` is added to it, or to each of its own commands.
    pub command: Command,
    /// Does it.
    pub run: fn(&C, &ArgMatches) -> ExitCode,
}
