//! A service as a program.

use std::{path::Path, process::ExitCode};

use super::{Service, main, serve};
use crate::process::Shutdown;

/// The program of a service: for its binary, and for one that is several services.
///
/// It stands as a `static` in the service's library, so that all that is made of the service's types is compiled there, once.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    name: &'static str,
    main: fn() -> ExitCode,
    serve: fn(&Path, &Shutdown) -> ExitCode,
}

impl Program {
    /// That of `S`.
    pub const fn of<S: Service>() -> Self {
        Self {
            name: S::NAME,
            main: main::<S>,
            serve: serve::<S>,
        }
    }

    /// Name of the binary.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The whole of a binary's `main`, by the command line of the process.
    pub fn main(&self) -> ExitCode {
        (self.main)()
    }

    /// Runs the service with the configuration at `path` until SIGINT or SIGTERM, or until `shutdown` is cancelled.
    pub fn serve(&self, path: &Path, shutdown: &Shutdown) -> ExitCode {
        (self.serve)(path, shutdown)
    }
}
