//! The authentication server's program.

use std::process::ExitCode;

use auth_server::{AuthServer, cli};

fn main() -> ExitCode {
    cli::init_if_asked().unwrap_or_else(common::service::main::<AuthServer>)
}
