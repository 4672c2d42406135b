//! The trial's binary as one of its services.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use common::service::{Shutdown, try_serve};

/// Runs the service `name` with the configuration at `config`.
///
/// With `while_stdin_open` it also ends when its standard input does. `trial up` holds the other end of
/// that pipe, and the kernel closes it however `trial up` ends, so no service outlives its trial by more than the time
/// that running requests get. All the while it shares a lock on the file `running`, by which the next `trial up` knows.
pub fn serve(
    name: &str,
    config: &Path,
    while_stdin_open: bool,
    running: Option<&Path>,
) -> ExitCode {
    let _lock = match running.map(share).transpose() {
        Ok(lock) => lock,
        Err(error) => {
            eprintln!("{name}: the trial's folder can't be held: {error}");
            return ExitCode::FAILURE;
        }
    };
    let shutdown = Shutdown::default();
    if while_stdin_open {
        let shutdown = shutdown.clone();
        std::thread::spawn(move || {
            // An error means that nothing more will come, too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
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

/// The lock goes with the process.
fn share(path: &Path) -> io::Result<File> {
    let file = crate::private::open(path)?;
    file.lock_shared()?;
    Ok(file)
}
