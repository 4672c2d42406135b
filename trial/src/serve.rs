//! The trial's binary as one of its services, or as the program of one.

use std::{fs::File, io, path::Path, process::ExitCode};

use common::{process::Shutdown, service::Program};

/// The programs of all services.
static PROGRAMS: [&Program; 7] = [
    &auth_server::PROGRAM,
    &location_server::PROGRAM,
    &provenance::PROGRAM,
    &catalog_tool::PROGRAM,
    &connector::receiver::PROGRAM,
    &connector::provider::PROGRAM,
    &connector::data_server::PROGRAM,
];

fn program(name: &str) -> Option<&'static Program> {
    PROGRAMS.into_iter().find(|program| program.name() == name)
}

/// Under the name of a service this binary is that service's own program, with all its commands: a link is enough. `None` under any
/// other name.
pub fn by_name() -> Option<ExitCode> {
    let started_as = std::env::args_os().next()?;
    let name = Path::new(&started_as).file_name()?.to_str()?;
    program(name).map(Program::main)
}

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
    let Some(program) = program(name) else {
        eprintln!("there is no service {name}");
        return ExitCode::FAILURE;
    };
    program.serve(config, &shutdown)
}

/// The lock goes with the process.
fn share(path: &Path) -> io::Result<File> {
    let file = crate::private::open(path)?;
    file.lock_shared()?;
    Ok(file)
}
