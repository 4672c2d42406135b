//! The location server as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    location_server::PROGRAM.main()
}
