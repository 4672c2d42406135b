//! The authentication server's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    auth_server::PROGRAM.main()
}
