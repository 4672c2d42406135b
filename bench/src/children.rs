//! Processes that are measured, killed when they are no longer needed.

use std::{
    net::{SocketAddr, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::Context as _;

/// Children in the order of their start.
#[derive(Debug, Default)]
pub struct Children(Vec<(&'static str, Child)>);

impl Children {
    /// Starts `command` and waits until it listens on `address`.
    ///
    /// # Errors
    /// Where it does not start, ends, or listens to nothing within ten seconds.
    pub fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
        address: SocketAddr,
    ) -> anyhow::Result<()> {
        let child = command.spawn().with_context(|| {
            format!("{name}: {} does not start", command.get_program().display())
        })?;
        self.0.push((name, child));
        let until = Instant::now() + Duration::from_secs(10);
        while let Err(error) = TcpStream::connect(address) {
            if let Some((_, child)) = self.0.last_mut()
                && let Some(status) = child.try_wait()?
            {
                anyhow::bail!("{name} ended: {status}");
            }
            if Instant::now() > until {
                return Err(error).with_context(|| format!("{name} did not come up"));
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Name and process ID of each.
    pub fn ids(&self) -> impl Iterator<Item = (String, u32)> {
        self.0
            .iter()
            .map(|(name, child)| ((*name).to_owned(), child.id()))
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            // It may be gone already; there is nothing else to do for it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
