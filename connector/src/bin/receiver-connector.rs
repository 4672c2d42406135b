//! The receiver connector's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main::<connector::receiver::ReceiverConnector>()
}
