//! The authentication server's program.

use auth_server::{AuthServer, cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::init_if_asked().unwrap_or_else(common::service::main::<AuthServer>)
}
