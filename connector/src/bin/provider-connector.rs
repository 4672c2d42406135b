//! The provider connector's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main::<connector::provider::ProviderConnector>()
}
