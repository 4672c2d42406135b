//! The provider connector's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::provider::PROGRAM.main()
}
