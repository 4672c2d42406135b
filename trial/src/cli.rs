//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::layout::Domain;

/// The whole trial of Kakehashi on this machine: three domains, their connectors, and the servers they share
#[derive(Debug, Parser)]
#[command(
    name = "trial",
    version,
    after_help = "Begin with `trial up`. In another terminal `trial exchange --from c --to a` \
    moves a file from domain C to domain A and shows its lineage; the file .trial/ready.json tells every address, ID and password."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the trial can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything, exchange one file from A to B, and keep running until Ctrl-C
    #[command(
        after_help = "Everything lies below DIR: a folder for each service with its configuration, log and data, and ready.json.\n\
        A second `up` in the same DIR goes on with the same IDs, ports and records; remove DIR to begin anew.\n\n\
        Ports: base + 0 auth-server, 10 location-server, 20 provenance-server; 100, 200, 300 receiver connector of A, B, C; \
        110, 210, 310 provider connector; 120, 220, 320 data server. Within each block 0 is mutual TLS (peer), 1 public (a receiver's api), \
        2 admin, 3 data."
    )]
    Up(Up),
    /// Fetch one resource of a domain through the receiver connector of another, compare digests, print its lineage
    Exchange(Exchange),
    /// Tell how each service of a running trial is
    Status(Status),
    /// Run one service (what `up` starts)
    #[command(hide = true)]
    Serve(Serve),
}

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Folder of the trial
    #[arg(long, value_name = "DIR", default_value = ".trial")]
    pub dir: PathBuf,
    /// Where to write addresses, IDs and secrets once everything is ready, besides DIR/ready.json
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Lowest port, 0 for free ones [default: 20000, or those that DIR has]
    #[arg(long, value_name = "N")]
    pub port_base: Option<u16>,
    /// Offer the files below DATA/domain-a…, DATA/domain-b… and DATA/domain-c… instead of the trial's own samples:
    /// granted to the users of the other two domains, or open to all where they lie in a folder `open`
    #[arg(long, value_name = "DATA")]
    pub data: Option<PathBuf>,
    /// Keep all records but the outboxes on a PostgreSQL server instead of in files: postgres://USER@HOST:PORT/NAME,
    /// whose user may make databases; their names begin with NAME
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// File with the password for it
    #[arg(long, value_name = "FILE", requires = "database")]
    pub database_password_file: Option<PathBuf>,
}

/// Options of `exchange`.
#[derive(Debug, Args)]
pub struct Exchange {
    /// Domain whose provider connector offers the data
    #[arg(long, value_name = "DOMAIN")]
    pub from: Domain,
    /// Domain whose receiver connector fetches it
    #[arg(long, value_name = "DOMAIN")]
    pub to: Domain,
    /// Address of the resource [default: the first one that needs a grant]
    #[arg(long, value_name = "URL")]
    pub resource: Option<String>,
    /// Folder of the trial
    #[arg(long, value_name = "DIR", default_value = ".trial")]
    pub dir: PathBuf,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Folder of the trial
    #[arg(long, value_name = "DIR", default_value = ".trial")]
    pub dir: PathBuf,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Name of the service
    pub name: String,
    /// Its configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// End when standard input ends
    #[arg(long)]
    pub while_stdin_open: bool,
    /// File to share a lock on while it runs
    #[arg(long, value_name = "FILE")]
    pub hold: Option<PathBuf>,
}
