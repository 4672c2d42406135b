//! The location server as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main::<location_server::LocationServer>()
}
