//! The provenance server as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    provenance::PROGRAM.main()
}
