//! The floor: the same hops made of the libraries alone that connectors are made of. Two processes of `bare-hop`.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::hops::{Certificates, free, reachable};

/// Two bare hops in a row.
#[derive(Debug)]
pub struct Bare {
    /// Where the client asks.
    pub address: SocketAddr,
    processes: [(&'static str, Child); 2],
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
        let [receiver, provider] = [free()?, free()?];
        let start = |name: &str,
                     listen: SocketAddr,
                     next: SocketAddr,
                     side: &str,
                     identity: (&Path, &Path)| {
            let program = std::env::current_exe()?.with_file_name("bare-hop");
            let child = Command::new(&program)
                .args(["--listen", &listen.to_string(), "--next", &next.to_string()])
                .arg("--rows")
                .arg(folder.path().join(format!("{name}.db")))
                .args(["--tls", side, "--cert"])
                .arg(identity.0)
                .arg("--key")
                .arg(identity.1)
                .arg("--ca")
                .arg(certificates.ca)
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| format!("{} does not start", program.display()))?;
            reachable(listen).with_context(|| format!("the bare {name} did not come up"))?;
            anyhow::Ok(child)
        };
        let processes = [
            (
                "provider",
                start("provider", provider, data, "server", certificates.server)?,
            ),
            (
                "receiver",
                start(
                    "receiver",
                    receiver,
                    provider,
                    "client",
                    certificates.client,
                )?,
            ),
        ];
        Ok(Self {
            address: receiver,
            processes,
            _folder: folder,
        })
    }

    /// Name and process ID of each hop.
    pub fn processes(&self) -> impl Iterator<Item = (String, u32)> {
        self.processes
            .iter()
            .map(|(name, child)| ((*name).to_owned(), child.id()))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        for (_, child) in &mut self.processes {
            // It may be gone already; there is nothing else to do for it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
