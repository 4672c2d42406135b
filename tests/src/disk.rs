//! A disk so small that a scenario can fill it: a tmpfs over a service's folder, seen by that service alone.
//!
//! It lives in a user and mount namespace of its own, so that an ordinary user can have one, and goes away
//! with the last process in it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// Mounts the tmpfs with what is in the folder already, then keeps the namespace until its input ends, which the kernel sees to
/// when the test process dies.
const HOLDER: &str = r#"
set -e
copy=$(mktemp -d)
cp -a "$1/." "$copy/"
mount -t tmpfs -o "size=$2,mode=700" tmpfs "$1"
cp -a "$copy/." "$1/"
rm -rf -- "$copy"
echo ready
exec cat >/dev/null
"#;

/// The mounted folder.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
    holder: Child,
    input: Option<ChildStdin>,
}

impl SmallDisk {
    /// Puts a disk of `mib` MiB over `folder`, with what is in there. `None`, and a line on the output, where the system lets
    /// this user have no namespaces: the scenario is to be skipped then.
    pub fn over(folder: &Path, mib: u32) -> Option<Self> {
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", HOLDER, "holder"])
            .arg(folder)
            .arg(format!("{mib}m"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux is installed");
        let input = holder.stdin.take();
        let mut line = String::new();
        let output = holder.stdout.take().expect("it is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("a pipe can be read");
        if line != "ready\n" {
            let _ = holder.wait();
            println!("skipped: no user namespace with a mount of its own can be made here");
            return None;
        }
        Some(Self {
            folder: folder.to_owned(),
            holder,
            input,
        })
    }

    /// What stands in front of a command line to run it where the disk is seen.
    pub fn enter(&self) -> [String; 6] {
        [
            "nsenter".to_owned(),
            "--user".to_owned(),
            "--mount".to_owned(),
            "--preserve-credentials".to_owned(),
            format!("--target={}", self.holder.id()),
            "--".to_owned(),
        ]
    }

    /// A path on the disk, as the harness reaches it.
    pub fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let folder = self.folder.strip_prefix("/").expect("it is absolute");
        root.join(folder).join(name)
    }

    /// Takes all room that is left.
    pub fn fill(&self) {
        let mut file = File::create(self.path("ballast")).expect("the folder is ours");
        for size in [64 << 10, 512] {
            let piece = vec![1; size];
            let error = loop {
                if let Err(error) = file.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Gives it back.
    pub fn free(&self) {
        std::fs::remove_file(self.path("ballast")).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.holder.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_and_nobody_else_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("known"), "before").unwrap();
        let Some(disk) = SmallDisk::over(folder.path(), 2) else {
            return;
        };
        assert_eq!(std::fs::read(disk.path("known")).unwrap(), b"before");
        disk.fill();
        std::fs::write(disk.path("more"), "x").unwrap_err();
        assert!(!folder.path().join("ballast").exists());
        disk.free();
        std::fs::write(disk.path("more"), "x").unwrap();
        let [program, arguments @ ..] = disk.enter();
        let seen = Command::new(program)
            .args(arguments)
            .arg("ls")
            .arg(folder.path())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&seen.stdout), "known\nmore\n");
    }
}
