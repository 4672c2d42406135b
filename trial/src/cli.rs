//! The command line.

use std::path::PathBuf;

use auth_client::api::ConnectorRole;
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

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
    /// Register a connector of another make (profile cadde/4) at a running trial, with a user of its own
    #[command(
        after_help = "Everything that its operator needs is written into a folder below DIR/peers, secrets and private keys readable by you alone, \
        and printed without the secrets. Each call registers another one.\n\n\
        The certificate: without --certificate the trial's own authority issues one, with its key, into that folder. With --certificate FILE \
        the one that another authority issued to the connector is recorded, and nobody sees its key; a DNS name in it becomes the connector ID. \
        --ca FILE is that authority: it is put into DIR/anchors, and believed of what is recorded from the next `trial up` on. A revocation list goes \
        beside it with the ending .crl.\n\n\
        A receiver that anybody of domain B works with:\n  trial peer --domain b --role receiver\n\
        A provider with a certificate of its own:\n  trial peer --domain b --role provider --url https://data.city.example --certificate city.pem --ca its-authority.pem"
    )]
    Peer(Peer),
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

/// Options of `peer`.
#[derive(Debug, Args)]
pub struct Peer {
    /// Domain through whose application its user signs in
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Domain,
    /// Which side it plays
    #[arg(long)]
    pub role: Role,
    /// Where a provider is called, up to what stands before /cadde/api/v4; registered as its location
    #[arg(long, value_name = "https://HOST[:PORT]")]
    pub url: Option<Url>,
    /// Its certificate (PEM), where it has one of another authority [default: the trial issues one]
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// That authority (PEM), unless DIR/anchors has it
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub ca: Option<PathBuf>,
    /// Print what was registered as JSON
    #[arg(long)]
    pub json: bool,
    /// Folder of the trial
    #[arg(long, value_name = "DIR", default_value = ".trial")]
    pub dir: PathBuf,
}

/// What a connector does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Fetches data
    Receiver,
    /// Offers data
    Provider,
}

impl From<Role> for ConnectorRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Receiver => Self::Receiver,
            Role::Provider => Self::Provider,
        }
    }
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
