//! The whole trial on one machine.
//!
//! `trial up` builds a certificate authority, the shared servers, and for each of three domains a
//! provider connector, a receiver connector and a data server, each a process of its own: the program
//! runs itself again as that service ([`serve`]). Everything is registered through the servers' real
//! APIs ([`register`], [`publish`]); nothing is written into anybody's database.
//!
//! * [`layout`]: services, ports, folders; [`configs`]: the services' configurations;
//! * [`state`]: what one `up` tells the next; [`ready`]: what it tells tests and people;
//! * [`supervise`]: child processes that are watched and never outlive the trial;
//! * [`offer`]: the files on offer; [`exchange`]: one exchange with its lineage;
//! * `peer`: connectors of another make.

pub mod ask;
pub mod cli;
pub mod configs;
pub mod console;
pub mod databases;
pub mod exchange;
mod guide;
mod initialise;
pub mod layout;
pub mod offer;
pub mod party;
mod peer;
pub mod ports;
pub mod prepare;
mod private;
pub mod publish;
pub mod ready;
pub mod register;
mod samples;
pub mod serve;
pub mod session;
mod signals;
pub mod state;
pub mod status;
pub mod supervise;
pub mod up;

/// Runs a command to its end on a runtime of its own.
///
/// # Errors
/// What the command says, or that there is no runtime.
pub fn run(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(command);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ended
}
