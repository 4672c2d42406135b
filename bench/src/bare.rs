//! The floor: the same hops made of the libraries alone that connectors are made of. Two processes of `bare-hop`.

use std::{net::SocketAddr, path::Path, process::Command};

use tempfile::TempDir;
use tests::ports::free_address;

use crate::{children::Children, hops::Certificates};

/// Two bare hops in a row.
#[derive(Debug)]
pub struct Bare {
    /// Where the client asks.
    pub address: SocketAddr,
    children: Children,
    _folder: TempDir,
}

impl Bare {
    /// Starts the chain in front of `data`.
    ///
    /// # Errors
    /// Where `bare-hop` does not lie beside this program or does not come up.
    pub fn start(data: SocketAddr, certificates: &Certificates<'_>) -> anyhow::Result<Self> {
        // Where the trial has its outboxes too, so that all sync the same disk.
        let folder = tempfile::tempdir()?;
        let program = std::env::current_exe()?.with_file_name("bare-hop");
        let hop = |name: &str,
                   listen: SocketAddr,
                   next: SocketAddr,
                   side: &str,
                   (cert, key): (&Path, &Path)| {
            let mut command = Command::new(&program);
            command
                .args(["--listen", &listen.to_string(), "--next", &next.to_string()])
                .arg("--rows")
                .arg(folder.path().join(format!("{name}.db")))
                .args(["--tls", side, "--cert"])
                .arg(cert)
                .arg("--key")
                .arg(key)
                .arg("--ca")
                .arg(certificates.ca);
            command
        };
        let [receiver, provider] = [free_address(), free_address()];
        let mut children = Children::default();
        let mut second = hop("provider", provider, data, "server", certificates.server);
        children.start("provider", &mut second, provider)?;
        let mut first = hop(
            "receiver",
            receiver,
            provider,
            "client",
            certificates.client,
        );
        children.start("receiver", &mut first, receiver)?;
        Ok(Self {
            address: receiver,
            children,
            _folder: folder,
        })
    }

    /// Name and process ID of each hop.
    pub fn processes(&self) -> impl Iterator<Item = (String, u32)> {
        self.children.ids()
    }
}
