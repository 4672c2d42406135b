//! The trial's binary as one of its services.

use std::path::Path;
use std::process::ExitCode;

use common::service::{Shutdown, try_serve};

/// Runs the service `name` with the configuration at `config`.
///
/// With `while_stdin_open` it also ends when its standard input does. `trial up` holds the other end of
/// that pipe, and the kernel closes it however `trial up` ends, so no service outlives its trial.
pub fn serve(name: &str, config: &Path, while_stdin_open: bool) -> ExitCode {
    let shutdown = Shutdown::default();
    if while_stdin_open {
        let shutdown = shutdown.clone();
        std::thread::spawn(move || {
            // An error means that nothing more will come, too.
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            shutdown.cancel();
        });
    }
    let ended = match name {
        "auth-server" => try_serve::<auth_server::AuthServer>(config, &shutdown),
        "location-server" => try_serve::<location_server::LocationServer>(config, &shutdown),
        "provenance-server" => try_serve::<provenance::ProvenanceServer>(config, &shutdown),
        "receiver-connector" => {
            try_serve::<connector::receiver::ReceiverConnector>(config, &shutdown)
        }
        "provider-connector" => {
            try_serve::<connector::provider::ProviderConnector>(config, &shutdown)
        }
        "data-server" => try_serve::<connector::data_server::DataServer>(config, &shutdown),
        other => Err(anyhow::anyhow!("there is no service {other}")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
