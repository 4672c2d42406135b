//! The data server's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::data_server::PROGRAM.main()
}
