//! The receiver connector's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::receiver::PROGRAM.main()
}
