//! The catalogue tool as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    catalog_tool::PROGRAM.main()
}
