//! The data server's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main::<connector::data_server::DataServer>()
}
